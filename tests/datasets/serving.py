"""A small web site on the loopback address, and the data sets that point at it."""

from __future__ import annotations

import hashlib
import http.server
import io
import ssl
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

from suwen.datasets import Dataset, File

BODY = b"HP:0000001\tAll\n" * 1000
SHA = hashlib.sha256(BODY).hexdigest()


class Site:
    """A small web site: what each path answers, and which paths were asked for."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.status: dict[str, int] = {}
        self.redirects: dict[str, str] = {}
        self.claimed_length: dict[str, int] = {}
        self.without_length: set[str] = set()
        self.asked: list[str] = []
        self.base = ""


def _handler(site: Site) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            body = site.bodies.get(self.path, b"")
            self.send_response(site.status.get(self.path, 200 if self.path in site.bodies else 404))
            if self.path in site.redirects:
                self.send_header("Location", site.redirects[self.path])
            if self.path not in site.without_length:
                self.send_header("Content-Length", str(site.claimed_length.get(self.path, len(body))))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def serve(context: ssl.SSLContext | None = None) -> Iterator[Site]:
    site = Site()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a refused handshake is what a test wants
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    site.base = f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield site
    server.shutdown()
    thread.join()
    server.server_close()


def row(*files: File, accept: bool = False, name: str = "trial") -> Dataset:
    return Dataset(
        name=name,
        what="a set for tests",
        where="area/trial",
        version="1",
        licence="Test Licence 1.0",
        licence_url="https://example.org/licence",
        home="https://example.org",
        weights=False,
        accept=accept,
        files=files,
    )


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return out.getvalue()


def everything(place: Path) -> list[str]:
    return sorted(str(one.relative_to(place)) for one in place.rglob("*"))
