"""Built files are kept by browsers and sent packed to those that unpack; what is of somebody is never packed."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from served import Served
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from suwen.govern import Role
from suwen.server.static import ASSETS, Assets

PLAIN, BROTLI = b"let one = 1;" * 9, b"as if packed with brotli"
NAME = "/app-c6be0f19.js"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("assets")
    for ending, content in (("", PLAIN), (".br", BROTLI), (".gz", gzip.compress(PLAIN, mtime=0))):
        (folder / f"{NAME[1:]}{ending}").write_bytes(content)
    (folder / "mark.svg").write_bytes(b"<svg/>")
    (folder / "set-of-marks.svg").write_bytes(b"<svg/>")
    with TestClient(Starlette(routes=[Mount("/", Assets(folder))])) as client:
        yield client


def sent(client: TestClient, path: str, accepted: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    with client.stream("GET", path, headers={"accept-encoding": accepted, **headers}) as answer:
        return answer.status_code, dict(answer.headers), b"".join(answer.iter_raw())


@pytest.mark.parametrize(
    ("accepted", "coding", "body"),
    [
        ("gzip, deflate, br, zstd", "br", BROTLI),
        ("BR;q=0.5, gzip", "br", BROTLI),
        ("br;q=0, gzip", "gzip", gzip.compress(PLAIN, mtime=0)),
        ("br; q = 0.000 ,gzip; q=0", "", PLAIN),
        ("gzip", "gzip", gzip.compress(PLAIN, mtime=0)),
        ("", "", PLAIN),
        ("identity, brotli, xgzip", "", PLAIN),
    ],
)
def test_a_browser_gets_what_it_unpacks(client: TestClient, accepted: str, coding: str, body: bytes) -> None:
    status, headers, raw = sent(client, NAME, accepted)
    assert (status, headers.get("content-encoding", "")) == (200, coding)
    assert (gzip.decompress(raw) if coding == "gzip" else raw) == (PLAIN if coding == "gzip" else body)
    assert headers["content-type"].startswith("text/javascript")
    assert int(headers["content-length"]) == len(raw)
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["vary"] == "accept-encoding"


def test_what_was_kept_is_not_sent_again_and_each_form_has_its_own_tag(client: TestClient) -> None:
    tags = {accepted: sent(client, NAME, accepted)[1]["etag"] for accepted in ("br", "gzip", "")}
    assert len(set(tags.values())) == 3
    for accepted, tag in tags.items():
        status, headers, raw = sent(client, NAME, accepted, **{"if-none-match": tag})
        assert (status, raw, headers["vary"]) == (304, b"", "accept-encoding")
        assert "content-encoding" not in headers


@pytest.mark.parametrize("path", ["/mark.svg", "/set-of-marks.svg"])
def test_what_has_no_digest_is_asked_for_again(client: TestClient, path: str) -> None:
    status, headers, _ = sent(client, path, "br, gzip")
    assert (status, headers["cache-control"]) == (200, "public, max-age=3600")
    assert "content-encoding" not in headers


@pytest.mark.parametrize("ending", [".br", ".gz"])
def test_packed_files_have_no_address_of_their_own(client: TestClient, ending: str) -> None:
    assert sent(client, f"{NAME}{ending}", "br, gzip")[0] == 404


@pytest.mark.parametrize("path", ["/sign-in", "/worklist", "/patients/{own}", "/fhir/Patient/{own}", "/security"])
def test_what_holds_secrets_is_never_packed(served: Served, path: str) -> None:
    client = served.client(None if path == "/sign-in" else Role.PHYSICIAN)
    _, headers, raw = sent(client, path.format(own=served.own), "br, gzip, deflate, zstd")
    assert "content-encoding" not in headers
    assert raw


def test_the_build_packs_every_file_that_lasts() -> None:
    lasting = [one for one in ASSETS.glob("*-*.*") if one.suffix in {".js", ".css", ".json", ".wasm"}]
    if not lasting:
        pytest.skip("web is not built; run: make web")
    for one in lasting:
        assert gzip.decompress(Path(f"{one}.gz").read_bytes()) == one.read_bytes(), one.name
        assert 0 < Path(f"{one}.br").stat().st_size < one.stat().st_size, one.name
