"""A real server of a ward on a free port of loopback, and a real browser that trusts its certificate alone."""

from __future__ import annotations

import base64
import hashlib
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

sys.path.insert(0, str(Path(__file__).parents[1] / "records"))
from ward import Ward

from suwen.server.house import House, Science
from suwen.server.serving import server_for
from suwen.server.settings import Settings
from suwen.server.tls.certificates import own_certificate
from suwen.server.tls.socket import bound

CHROMIUM = Path("/usr/bin/chromium")


@dataclass
class Live:
    """A server that takes requests at `address`; `key`: SHA-256 (base64) of its certificate's public key."""

    house: House
    address: str
    key: str


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(house: House, folder: Path) -> Iterator[House]:
    """Serve a house until the block ends, with a certificate made in `folder`; yields it with its port."""
    certificate, key = own_certificate(folder, "localhost")
    settings = replace(house.settings, port=free_port(), certificate=certificate, key=key)
    served = replace(house, settings=settings)
    ready = threading.Event()
    server = server_for(served, started=ready.set)
    with bound("127.0.0.1", settings.port) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        assert ready.wait(30), "the server did not start"
        try:
            yield served
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive(), "the server did not stop"


@contextmanager
def live(ward: Ward, folder: Path, *, science: Callable[[], Any] = lambda: None, **settings: Any) -> Iterator[Live]:
    """Serve a ward until the block ends."""
    given = {"tries": 1000, **settings}
    with running(House(ward.records, Settings(store=ward.home, **given), Science(science)), folder) as house:
        assert house.settings.certificate is not None
        yield Live(house, house.settings.address, _key(house.settings.certificate))


def _key(certificate: Path) -> str:
    public = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    return base64.b64encode(
        hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    ).decode()


@contextmanager
def browser_for(server: Live) -> Iterator[Any]:
    """A headless Chromium for which the server's own certificate is no error: an error would forbid passkeys."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed")
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        f"--ignore-certificate-errors-spki-list={server.key}",
    ]
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        try:
            yield browser
        finally:
            browser.close()
