"""DICOMweb with Orthanc: stored, found and fetched as it was; TLS always verified, no credential goes astray."""

from __future__ import annotations

import http.server
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from exchange_peers import (
    DICOMWEB,
    Authority,
    Orthanc,
    dataset_bytes,
    free_port,
    orthanc,
    packaged,
    read,
    secured,
    serving,
    slice_of,
)

from suwen.errors import AccessError, FormatError, InputError, NetworkError, NotFoundError
from suwen.exchange import Fate, Level, Query, Tls, Web, fetch_web, find_web, store_web

WANG, ZHANG = "Wang^XiaoDong=王^小东", "张^伟"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    if not DICOMWEB.exists():
        pytest.skip("Orthanc's DICOMweb plugin is not installed")
    users = {"AuthenticationEnabled": True, "RegisteredUsers": {"reader": "secret"}, "DefaultEncoding": "Chinese"}
    with orthanc(tmp_path_factory.mktemp("orthanc"), {}, **users) as started:
        yield started


@pytest.fixture(scope="module")
def web(server: Orthanc) -> Web:
    return Web(server.web, user="reader", password="secret")  # noqa: S106


def test_stored_over_the_web_found_and_fetched(web: Web, tmp_path: Path) -> None:
    made = [slice_of(tmp_path / "out", number, study="1.2.4.1", name=WANG, charset="GB18030") for number in (1, 2, 3)]
    made += [
        slice_of(tmp_path / "out2", 1, study="1.2.4.2", name=ZHANG, charset="ISO_IR 192"),
        packaged("MR_small_jp2klossless.dcm"),
    ]
    (tmp_path / "out" / "note.txt").write_text("no image")
    sent = store_web(web, [*made, tmp_path / "out" / "note.txt"])
    assert [one.fate for one in sent.outcomes] == [*[Fate.SENT] * 5, Fate.UNREADABLE]
    found = find_web(web, Query(keys={"StudyInstanceUID": "1.2.4.1"}))
    assert [one["PatientName"] for one in found] == [WANG]
    assert len(find_web(web, Query(Level.SERIES, {"StudyInstanceUID": "1.2.4.1"}))) == 1
    assert (
        len(find_web(web, Query(Level.IMAGE, {"StudyInstanceUID": "1.2.4.1", "SeriesInstanceUID": "1.2.4.1.1"}))) == 3
    )
    assert len(find_web(web, Query(Level.IMAGE), limit=2)) == 2
    fetched = fetch_web(web, tmp_path / "in", "1.2.4.1")
    assert sorted(dataset_bytes(one.file) for one in fetched.stored) == sorted(dataset_bytes(one) for one in made[:3])
    compressed = read(made[4])
    back = fetch_web(web, tmp_path / "in", compressed.StudyInstanceUID, compressed.SeriesInstanceUID)
    assert read(back.stored[0].file).file_meta.TransferSyntaxUID == compressed.file_meta.TransferSyntaxUID
    assert read(back.stored[0].file).PixelData == compressed.PixelData
    one = fetch_web(web, tmp_path / "in2", "1.2.4.1", "1.2.4.1.1", "1.2.4.1.1.2")
    assert [made_.instance for made_ in one.stored] == ["1.2.4.1.1.2"]


def test_what_is_not_there_over_the_web(web: Web, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        fetch_web(web, tmp_path, "1.2.99.99")
    with pytest.raises(NotFoundError):
        find_web(Web(web.url + "-none", user=web.user, password=web.password), Query())
    with pytest.raises(NetworkError, match="cannot be reached"):
        find_web(Web(f"http://127.0.0.1:{free_port()}/dicom-web"), Query())
    with pytest.raises(InputError):
        fetch_web(web, tmp_path, "../1.2")


def test_mutual_tls_over_the_web(server: Orthanc, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "certificates")
    ours, (certificate, key) = authority.tls("ours"), authority.certificate("theirs")
    login = {"user": "reader", "password": "secret"}
    with secured(server.http, certificate, key, authority.file) as port:
        url = f"https://localhost:{port}/dicom-web"
        given = Web(url, ours, **login)
        assert store_web(given, [slice_of(tmp_path / "out", study="1.2.5.1")]).complete
        assert len(find_web(given, Query(keys={"StudyInstanceUID": "1.2.5.1"}))) == 1
        with pytest.raises(AccessError, match="401"):
            find_web(Web(url, ours), Query())
        with pytest.raises(AccessError, match="vouches"):
            find_web(Web(url, **login), Query())
        with pytest.raises(AccessError, match="vouches"):
            find_web(Web(url, Authority(tmp_path / "stranger").tls("us"), **login), Query())
        with pytest.raises((AccessError, NetworkError)):  # no certificate of ours
            find_web(Web(url, Tls(ca=authority.file), **login), Query())
        named = Tls(ours.certificate, ours.key, ours.ca, name="pacs.example.org")
        with pytest.raises(AccessError, match="another host"):
            find_web(Web(url, named, **login), Query())
    old = authority.certificate("old", expired=True)
    with secured(server.http, *old, None) as port, pytest.raises(AccessError, match="expired"):
        find_web(Web(f"https://localhost:{port}/dicom-web", ours, **login), Query())


class Teller(http.server.BaseHTTPRequestHandler):
    """Answers as the test says, and remembers what it was sent."""

    status, headers_out, body = 200, {}, b"[]"
    heard: list[tuple[str, str]] = []  # noqa: RUF012

    def do_GET(self) -> None:
        type(self).heard.append((self.path, self.headers.get("Authorization", "")))
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        self.send_response(self.status)
        for name, value in {"Content-Type": "application/dicom+json", **self.headers_out}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    do_POST = do_GET  # noqa: N815  # the library's name

    def log_message(self, *_: object) -> None:
        pass


def teller(status: int = 200, body: bytes = b"[]", **headers: str) -> type[Teller]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return type("Told", (Teller,), {"status": status, "headers_out": named, "body": body, "heard": []})


def test_a_redirect_to_another_host_is_not_followed(tmp_path: Path) -> None:
    thief = teller()
    with serving(thief) as elsewhere, serving(teller(307, Location=f"http://127.0.0.1:{elsewhere}/x")) as port:
        given = Web(f"http://127.0.0.1:{port}/dicom-web", token="hush")  # noqa: S106
        with pytest.raises(NetworkError, match="another host"):
            find_web(given, Query())
        with pytest.raises(NetworkError, match="another host"):
            store_web(given, [slice_of(tmp_path)])
    assert thief.heard == []


def test_the_token_goes_to_its_host_and_no_netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login stray password stray")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    told = teller()
    with serving(told) as port:
        assert find_web(Web(f"http://127.0.0.1:{port}", token="hush"), Query()) == ()  # noqa: S106
        assert find_web(Web(f"http://127.0.0.1:{port}"), Query()) == ()
    assert [authorization for _, authorization in told.heard] == ["Bearer hush", ""]


def test_a_chinese_name_is_asked_for_in_utf_8() -> None:
    # This Orthanc's plugin does not decode what is percent-encoded, so that the question itself is looked at.
    told = teller()
    with serving(told) as port:
        find_web(Web(f"http://127.0.0.1:{port}"), Query(keys={"PatientName": "*王*"}))
    asked = parse_qs(urlsplit(told.heard[0][0]).query)
    assert asked["PatientName"] == ["*王*"]
    assert "ModalitiesInStudy" in asked["includefield"]


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [(401, AccessError, "token"), (403, AccessError, "403"), (404, NotFoundError, "404"), (500, NetworkError, "500")],
)
def test_what_the_server_answers_is_one_clear_error(status: int, error: type[Exception], said: str) -> None:
    with serving(teller(status)) as port, pytest.raises(error, match=said) as caught:
        find_web(Web(f"http://127.0.0.1:{port}"), Query(keys={"PatientName": "Secret"}))
    assert "Secret" not in str(caught.value)


@pytest.mark.parametrize("body", [b"<html>", b"{", b"[1]", b'[{"00100010": 3}]'])
def test_an_answer_that_is_none_is_a_format_error(body: bytes) -> None:
    with serving(teller(body=body)) as port, pytest.raises(FormatError):
        find_web(Web(f"http://127.0.0.1:{port}"), Query())


def test_what_a_server_sends_unasked_is_not_kept(tmp_path: Path) -> None:
    other = slice_of(tmp_path / "out", study="1.2.7").read_bytes()
    part = b"--x\r\nContent-Type: application/dicom\r\n\r\n" + other + b"\r\n--x--"
    kind = 'multipart/related; type="application/dicom"; boundary=x'
    with serving(teller(body=part, Content_Type=kind)) as port, pytest.raises(FormatError, match="another study"):
        fetch_web(Web(f"http://127.0.0.1:{port}"), tmp_path / "in", "1.2.8")
    assert list((tmp_path / "in").rglob("*.dcm")) == []


def test_what_the_server_refuses_is_said_of_each(tmp_path: Path) -> None:
    made = [slice_of(tmp_path, number, study="1.2.9") for number in (1, 2)]
    item = {"00081155": {"vr": "UI", "Value": ["1.2.9.1.2"]}, "00081197": {"vr": "US", "Value": [0xA700]}}
    body = json.dumps({"00081198": {"vr": "SQ", "Value": [item]}}).encode()
    for status in (202, 409):
        with serving(teller(status, body)) as port:
            sent = store_web(Web(f"http://127.0.0.1:{port}"), made)
        assert [(one.fate, one.status) for one in sent.outcomes] == [(Fate.SENT, 0), (Fate.REFUSED, 0xA700)]
        assert sent.outcomes[1].why.en == "out of resources"


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("ftp://x", InputError),
        ("pacs", InputError),
        ("https://u:p@pacs/x", InputError),
        ("https://pacs/x?y=1", InputError),
        ("http://pacs.example.org/x", AccessError),
    ],
)
def test_addresses_that_are_not_used(url: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        Web(url)


def test_no_secret_shows_and_no_log_holds_a_query(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(teller()) as port:
        given = Web(f"http://127.0.0.1:{port}", token="hush")  # noqa: S106
        find_web(given, Query(keys={"PatientName": "Secret"}))
    assert "hush" not in repr(given)
    assert [one for one in caplog.records if one.name != "asyncio"] == []
    with pytest.raises(InputError, match="not both"):
        Web("https://x", token="a", user="b")  # noqa: S106
