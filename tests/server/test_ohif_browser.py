"""The viewer OHIF itself, in a real browser, from an address of its own: signs in here, lists, opens and draws.

It needs Chromium, Playwright and `python tests/peers/ohif/fetch.py` (50 MB from npm, once).
"""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from live import CHROMIUM, Live, free_port, live
from ward import Clock, open_ward

pytest.importorskip("pydicom", reason="the extra imaging is not installed")
pytest.importorskip("playwright", reason="playwright is not installed")
import numpy as np
from ohif_made import SCOPE, Shown, ohif_app, shown
from PIL import Image

from suwen.consult.imaging import store_objects
from suwen.govern import Role
from suwen.server.visitors import SESSION

DIST = Path(__file__).parents[1] / "peers" / "ohif" / "node_modules" / "@ohif" / "app" / "dist"
pytestmark = [
    pytest.mark.skipif(not (DIST / "index.html").is_file(), reason="run: python tests/peers/ohif/fetch.py"),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed"),
]


def settings(address: str) -> str:
    """What the viewer is told of this server: where its DICOMweb is, and how a person signs in."""
    at = f"{address}/dicom-web"
    source = {
        "friendlyName": "Suwen",
        "qidoRoot": at,
        "wadoRoot": at,
        "wadoUriRoot": at,
        "imageRendering": "wadors",
        "thumbnailRendering": "wadors",
        "enableStudyLazyLoad": True,
        "supportsFuzzyMatching": False,
        "supportsWildcard": True,
        "omitQuotationForMultipartRequest": True,
    }
    known = {
        "issuer": address,
        "authorization_endpoint": f"{address}/oauth/authorize",
        "token_endpoint": f"{address}/oauth/token",
    }
    signing_in = {
        "authority": address,
        "metadata": known,
        "client_id": "ohif",
        "redirect_uri": "/callback",
        "response_type": "code",
        "scope": SCOPE,
        "extraQueryParams": {"aud": f"{address}/fhir"},
        "automaticSilentRenew": False,
        "loadUserInfo": False,
    }
    named = "@ohif/extension-default.dataSourcesModule.dicomweb"
    said = {
        "routerBasename": "/",
        "extensions": [],
        "modes": [],
        "showStudyList": True,
        "maxNumberOfWebWorkers": 1,
        "showWarningMessageForCrossOrigin": False,
        "investigationalUseDialog": {"option": "never"},
        "oidc": [signing_in],
        "defaultDataSourceName": "suwen",
        "dataSources": [{"namespace": named, "sourceName": "suwen", "configuration": source}],
    }
    return f"window.config = {json.dumps(said)};"


@contextmanager
def site_of(port: int, config: str) -> Iterator[str]:
    """The viewer on an address of its own, with its settings."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given, directory=str(DIST))

        def do_GET(self) -> None:
            if self.path == "/app-config.js":
                self.send_response(200)
                self.send_header("content-type", "text/javascript")
                self.end_headers()
                self.wfile.write(config.encode())
                return
            if not (DIST / self.path.partition("?")[0].lstrip("/")).is_file():
                self.path = "/index.html"
            super().do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            """A browser that leaves a page leaves its downloads: nothing to tell."""

    with Server(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://localhost:{port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def viewing(folder: Path) -> Iterator[tuple[Live, str, Any, list[str]]]:
    """The server, the viewer's address, a page of a browser of somebody signed in, and what it was answered."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    port = free_port()
    with open_ward(folder / "store", clock=Clock(time.time())) as ward:
        actor = ward[Role.PHYSICIAN]
        ward.patient(1)
        objects: Shown = shown()
        store_objects(actor, ward.records, objects.all)
        here = f"http://localhost:{port}"
        with (
            live(ward, folder, apps=(ohif_app(here),), origins=(here,), a_minute=100_000) as server,
            site_of(port, settings(server.address)) as address,
            sync_playwright() as started,
        ):
            arguments = [
                *("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
                *("--disable-background-networking", "--disable-component-update"),
                f"--ignore-certificate-errors-spki-list={server.key}",
            ]
            browser = started.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
            context = browser.new_context(locale="en-GB", viewport={"width": 1400, "height": 900})
            cookie = {"name": SESSION, "value": f"{actor.id}.{actor.token}", "url": server.address, "secure": True}
            context.add_cookies([cookie])
            page = context.new_page()
            page.set_default_timeout(60_000)
            refused: list[str] = []
            page.on("response", lambda one: refused.append(one.url) if one.status >= 400 else None)
            page.on("pageerror", lambda error: refused.append(str(error)))
            yield server, address, page, refused
            browser.close()


def drawn(page: Any) -> Any:
    """The greys of the image that is shown."""
    picture = page.locator(".cornerstone-canvas").first.screenshot()
    return np.asarray(Image.open(io.BytesIO(picture)).convert("L"), float)


def wait_until_drawn(page: Any) -> Any:
    """Until the body is bright in the middle and the air around it is dark."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        greys = drawn(page)
        rows, columns = greys.shape
        if greys[rows // 2, columns // 2] > 150 and greys[rows // 20, columns // 2] < 100:
            return greys
        page.wait_for_timeout(200)
    pytest.fail("no image was drawn")


def test_the_viewer_signs_in_lists_finds_opens_and_draws(tmp_path: Path) -> None:
    with viewing(tmp_path) as (_, address, page, refused):
        page.goto(address)
        page.click("button[value=allow]")  # the question of this server, to which the viewer has sent the person
        page.wait_for_url(f"{address}/**")
        page.wait_for_selector("text=Painted Chest 6 mm")
        assert page.get_by_text("Testpatient, Ward").count() == 4
        page.locator("table input").first.fill("nobody")
        page.get_by_text("Painted Chest 6 mm").wait_for(state="detached")
        page.locator("table input").first.fill("testp")
        page.get_by_text("Painted Chest 6 mm").dblclick()
        page.wait_for_selector(".cornerstone-canvas")
        first = wait_until_drawn(page)
        page.get_by_text("1500").first.wait_for()  # the window of the object itself
        skip = page.get_by_text("Skip all")
        if skip.count():
            skip.first.click()
        page.mouse.move(800, 450)
        page.mouse.wheel(0, 100)
        page.get_by_text("(2/48)").wait_for()
        page.mouse.down()
        page.mouse.move(700, 450, steps=4)
        page.mouse.up()
        page.get_by_text("1500").first.wait_for(state="detached")
        assert np.abs(drawn(page) - first).mean() > 1  # another slice in another window
        assert page.locator("img[src^=data], img[src^=blob]").count() >= 1  # the small picture of the series
        assert refused == []
