"""Fetching against a real server: what arrives, and every way it can fail."""

from __future__ import annotations

import http.server
import json
import os
import ssl
import stat
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from serving import BODY, SHA, Site, everything, row

from suwen.datasets import File, fetch
from suwen.datasets import download as download_module
from suwen.datasets.digests import NAME as LOCK
from suwen.errors import DataError, DigestError, LicenceError, NetworkError


def test_fetch_keeps_the_bytes_and_reports_them(site: Site, data: Path) -> None:
    site.bodies["/terms.tsv"] = BODY
    seen: list[tuple[str, int, int | None]] = []
    one = row(File("area/trial/terms.tsv", site.base + "/terms.tsv", sha256=SHA))
    (got,) = fetch(one, progress=lambda file, done, total: seen.append((file.path, done, total)))
    assert got.path == data / "area/trial/terms.tsv"
    assert got.path.read_bytes() == BODY
    assert (got.sha256, got.size, got.held_to) == (SHA, len(BODY), "table")
    assert seen[-1] == ("area/trial/terms.tsv", len(BODY), len(BODY))
    assert everything(data) == ["area", "area/trial", "area/trial/terms.tsv"]


def test_what_is_there_is_not_fetched_again_unless_asked(site: Site, data: Path) -> None:
    site.bodies["/terms.tsv"] = BODY
    one = row(File("area/trial/terms.tsv", site.base + "/terms.tsv"))
    place = data / "area/trial/terms.tsv"
    place.parent.mkdir(parents=True)
    place.write_bytes(b"by hand")
    assert [got.held_to for got in fetch(one)] == ["present"]
    assert site.asked == []
    assert place.read_bytes() == b"by hand"
    fetch(one, again=True)
    assert place.read_bytes() == BODY


def test_a_fetched_file_has_the_rights_of_any_other(site: Site, data: Path) -> None:
    site.bodies["/a"] = BODY
    fetch(row(File("area/a", site.base + "/a")))
    (data / "plain").touch()
    assert stat.S_IMODE((data / "area/a").stat().st_mode) == stat.S_IMODE((data / "plain").stat().st_mode)


def test_a_wrong_digest_keeps_nothing_and_shows_both(site: Site, data: Path) -> None:
    site.bodies["/terms.tsv"] = BODY
    wrong = "0" * 64
    with pytest.raises(DigestError) as caught:
        fetch(row(File("area/trial/terms.tsv", site.base + "/terms.tsv", sha256=wrong)))
    assert wrong in str(caught.value)
    assert SHA in str(caught.value)
    assert everything(data) == []


def test_one_bad_file_leaves_none_of_the_set(site: Site, data: Path) -> None:
    site.bodies |= {"/a": BODY, "/b": BODY}
    with pytest.raises(DigestError):
        fetch(row(File("area/a", site.base + "/a"), File("area/b", site.base + "/b", sha256="0" * 64)))
    assert everything(data) == []


def test_a_file_that_cannot_be_moved_in_undoes_the_others(site: Site, data: Path) -> None:
    site.bodies |= {"/a": BODY, "/b": BODY}
    (data / "taken").write_text("a file where a folder is wanted")
    (data / "a").write_bytes(b"old")
    with pytest.raises(DataError, match="cannot be written"):
        fetch(row(File("a", site.base + "/a"), File("taken/b", site.base + "/b")), again=True)
    assert everything(data) == ["a", "taken"]
    assert (data / "a").read_bytes() == b"old"


def test_the_first_download_binds_the_later_ones(site: Site, data: Path) -> None:
    site.bodies["/terms.tsv"] = BODY
    one = row(File("area/trial/terms.tsv", site.base + "/terms.tsv"))
    assert [got.held_to for got in fetch(one)] == ["first"]
    assert json.loads((data / LOCK).read_text()) == {"format": 1, "digests": {site.base + "/terms.tsv": SHA}}
    assert [got.held_to for got in fetch(one, again=True)] == ["lock"]
    site.bodies["/terms.tsv"] = BODY + b"more"
    with pytest.raises(DigestError, match="first download"):
        fetch(one, again=True)
    assert (data / "area/trial/terms.tsv").read_bytes() == BODY


def test_a_failed_fetch_binds_nothing(site: Site, data: Path) -> None:
    site.bodies["/a"] = BODY
    with pytest.raises(NetworkError):
        fetch(row(File("area/a", site.base + "/a"), File("area/b", site.base + "/b")))
    assert not (data / LOCK).exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 2, "digests": {}}', '{"format": 1, "digests": {"u": 3}}'])
def test_a_damaged_lock_stops_the_fetch(site: Site, data: Path, text: str) -> None:
    site.bodies["/a"] = BODY
    (data / LOCK).write_text(text)
    with pytest.raises(DataError, match=LOCK):
        fetch(row(File("area/a", site.base + "/a")))
    assert everything(data) == [LOCK]


def test_a_licence_is_accepted_before_anything_is_asked(site: Site, data: Path) -> None:
    site.bodies["/a"] = BODY
    one = row(File("area/a", site.base + "/a"), accept=True)
    with pytest.raises(LicenceError, match=r"Test Licence 1.0.*--accept-licence"):
        fetch(one)
    assert site.asked == []
    fetch(one, accept_licence=True)
    assert (data / "area/a").exists()


def test_a_set_without_address_says_where_it_is_to_be_had(data: Path) -> None:
    with pytest.raises(DataError, match=r"no address.*https://example.org"):
        fetch(row())
    assert everything(data) == []


# The network failing


def test_a_refused_connection(site: Site, data: Path) -> None:
    port = urlsplit(site.base).port
    free = _unused_port(port)
    with pytest.raises(NetworkError, match=r"could not be reached.*HTTPS_PROXY.*SUWEN_DATA"):
        fetch(row(File("area/a", f"http://127.0.0.1:{free}/a")))
    assert everything(data) == []


def _unused_port(other: int | None) -> int:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        assert server.server_port != other
        return server.server_port


def test_an_unknown_host_without_network(data: Path) -> None:
    with pytest.raises(NetworkError, match=r"suwen\.invalid"):
        fetch(row(File("area/a", "https://suwen.invalid/a")))
    assert everything(data) == []


@pytest.mark.parametrize(("status", "said"), [(404, "moved or removed"), (503, "try again later"), (403, "browser")])
def test_an_http_status(site: Site, data: Path, status: int, said: str) -> None:
    site.bodies["/a"] = b"an error page"
    site.status["/a"] = status
    with pytest.raises(NetworkError, match=rf"HTTP status {status}.*{said}"):
        fetch(row(File("area/a", site.base + "/a")))
    assert everything(data) == []


def test_a_body_cut_short(site: Site, data: Path) -> None:
    site.bodies["/a"] = BODY
    site.claimed_length["/a"] = len(BODY) + 1
    with pytest.raises(NetworkError, match=f"broke off after {len(BODY)} of {len(BODY) + 1} bytes"):
        fetch(row(File("area/a", site.base + "/a")))
    assert everything(data) == []


def test_an_endless_body_is_cut_off(site: Site, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_module, "MOST_BYTES", len(BODY) - 1)
    site.bodies |= {"/a": BODY, "/b": BODY}
    site.without_length.add("/b")
    for name in "ab":
        with pytest.raises(NetworkError, match=f"{len(BODY) - 1}"):
            fetch(row(File("area/a", f"{site.base}/{name}")))
    assert everything(data) == []


def test_a_server_that_never_answers(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_module, "TIMEOUT_S", 0.2)
    silent = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    with silent, pytest.raises(NetworkError, match="no answer within"):
        fetch(row(File("area/a", f"http://127.0.0.1:{silent.server_port}/a")))
    assert everything(data) == []


@pytest.mark.parametrize("url", ["http://example.org/a", "ftp://127.0.0.1/a", "file:///etc/hostname", "a"])
def test_only_https_is_spoken(data: Path, url: str) -> None:
    with pytest.raises(NetworkError, match="only https"):
        fetch(row(File("area/a", url)))
    assert everything(data) == []


def test_redirects_are_followed_but_not_to_plain_http(site: Site, data: Path) -> None:
    site.bodies |= {"/new": BODY}
    site.status |= {"/old": 302, "/away": 302}
    site.redirects |= {"/old": site.base + "/new", "/away": "http://example.org/a"}
    fetch(row(File("area/a", site.base + "/old")))
    assert (data / "area/a").read_bytes() == BODY
    with pytest.raises(NetworkError, match="not https"):
        fetch(row(File("area/b", site.base + "/away")))


def test_a_proxy_is_not_asked_for_this_machine(site: Site, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site.bodies["/a"] = BODY
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    fetch(row(File("area/a", site.base + "/a")))
    assert (data / "area/a").exists()


def test_a_dead_proxy_is_a_network_error(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    with pytest.raises(NetworkError, match="HTTPS_PROXY"):
        fetch(row(File("area/a", "https://example.org/a")))
    assert everything(data) == []


def test_https_with_a_certificate_that_is_not_trusted(secure_site: tuple[Site, Path], data: Path) -> None:
    site, cert = secure_site
    site.bodies["/a"] = BODY
    one = row(File("area/a", site.base + "/a"))
    with pytest.raises(NetworkError, match=r"certificate is not trusted.*SSL_CERT_FILE"):
        fetch(one)
    assert everything(data) == []
    trusting = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(cert))),
    )
    fetch(one, opener=trusting)
    assert (data / "area/a").read_bytes() == BODY


# The disk failing


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_read_only_folder(site: Site, data: Path) -> None:
    site.bodies["/a"] = BODY
    data.chmod(0o555)
    try:
        with pytest.raises(DataError, match="cannot be written"):
            fetch(row(File("area/a", site.base + "/a")))
    finally:
        data.chmod(0o755)


def test_a_full_disk(site: Site, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site.bodies["/a"] = BODY
    genuine = Path.open

    def full(self: Path, *args: str, **kwargs: str) -> object:
        if self.suffix == ".raw":
            raise OSError(28, "No space left on device")
        return genuine(self, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(DataError, match="No space left on device") as caught:
        fetch(row(File("area/a", site.base + "/a")))
    assert not isinstance(caught.value, NetworkError)
    assert everything(data) == []
