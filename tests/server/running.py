"""A real server in a thread on a free loopback port, and a real browser before it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suwen.server.house import House
from suwen.server.serving import server_for
from suwen.server.tls.certificates import own_certificate
from suwen.server.tls.socket import bound

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def running(house: House, folder: Path) -> Iterator[str]:
    """Serve a house over TLS until the block ends; yields its address."""
    certificate, key = own_certificate(folder, "localhost")
    with bound("127.0.0.1", 0) as listening:
        port = int(listening.getsockname()[1])
        settings = replace(house.settings, certificate=certificate, key=key, port=port)
        up = threading.Event()
        server = server_for(replace(house, settings=settings), started=up.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            assert up.wait(30), "the server did not start"
            yield f"https://localhost:{port}"
        finally:
            server.should_exit = True
            thread.join(20)


@contextmanager
def chromium(**context: Any) -> Iterator[Any]:
    """A browser context of the system's Chromium, which accepts the server's own certificate. Skips without it."""
    if not shutil.which("chromium"):
        pytest.skip("Chromium is not installed")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser.new_context(ignore_https_errors=True, **context)
        finally:
            browser.close()
