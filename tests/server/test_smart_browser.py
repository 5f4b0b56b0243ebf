"""In a real browser: an app of another site asks, the person signs in and allows, and the browser lets them back.

What only a browser holds against it: the session is a strict cookie, which it keeps back on what another site has
begun, and the page's policy is held against where its form ends.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from live import Live, browser_for, free_port, live
from smart_app import CHALLENGE, VERIFIER
from ward import PASSWORD, open_ward

from suwen.govern import Role
from suwen.server.settings import SmartClient
from suwen.server.showing import styles
from suwen.server.smart.grants import grants_of

pytest.importorskip("playwright", reason="playwright is not installed")
if not styles("src/app.js"):
    pytest.skip("web is not built; run: make web", allow_module_level=True)


@contextmanager
def app_on(port: int, asks: str) -> Iterator[str]:
    """An app on another site than the server: its first page links to what it asks, others say nothing."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(f'<a id="ask" href="{escape(asks)}">connect</a>'.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def launched(folder: Path) -> Iterator[tuple[Live, Any, str, str]]:
    """The server, a browser, the app's address, and the patient of the physician."""
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    scopes = ("patient/Observation.rs",)
    app = SmartClient(id="growth", name="Growth", redirects=(f"{site}/back",), scopes=scopes, launch=f"{site}/launch")
    with open_ward(folder / "store") as ward:
        ward[Role.PHYSICIAN]
        patient = ward.patient(1)
        with live(ward, folder, apps=(app,)) as server, browser_for(server) as browser:
            given = {
                "response_type": "code",
                "client_id": "growth",
                "redirect_uri": f"{site}/back",
                "scope": "launch/patient patient/Observation.rs",
                "state": "s",
                "aud": f"{server.address}/fhir",
                "code_challenge": CHALLENGE,
                "code_challenge_method": "S256",
            }
            with app_on(port, f"{server.address}/oauth/authorize?{urlencode(given)}") as address:
                yield server, browser, address, patient


def test_an_app_of_another_site_asks_and_gets_its_answer(tmp_path: Path) -> None:
    with launched(tmp_path) as (server, browser, address, patient):
        context = browser.new_context(locale="en-GB")
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda one: complaints.append(one.text) if "Content Security Policy" in one.text else None)

        def ask() -> None:
            page.goto(address)
            page.click("#ask")

        ask()
        page.wait_for_url("**/sign-in")
        page.fill("input[name=login]", "physician")
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.wait_for_url("**/apps/consent/**")  # where the app's question waits
        page.wait_for_selector("select[name=patient]")
        ask()  # with a session, begun by another site: no sign-in in between
        page.wait_for_url("**/apps/consent/**")
        page.select_option("select[name=patient]", patient)
        page.click("button[value=allow]")
        page.wait_for_url(f"{address}/back?**")
        said = {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
        assert said["state"] == "s"
        fits = {"client": "growth", "redirect": f"{address}/back", "verifier": VERIFIER}
        found = grants_of(server.house).redeem(said["code"], **fits)
        assert found is not None
        assert found[1].patient == patient
        ask()
        page.wait_for_url("**/apps/consent/**")
        page.click("button[value=deny]")
        page.wait_for_url(f"{address}/back?error=access_denied**")
        page.goto(f"{server.address}/patients/{patient}/apps")
        page.click("main section button")
        page.wait_for_url(f"{address}/launch?**")
        assert complaints == []
