"""In a real browser: the window by keys, a length of known millimetres, a mask over the image, places, three planes."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from live import CHROMIUM, Live, live
from ward import Clock, Ward, open_ward

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("pydicom", reason="the extra imaging is not installed")
from PIL import Image

from suwen.cli.ward_images import Painted, painted_ct, painted_outline, painted_radiograph
from suwen.consult.imaging import Stowed, store_objects
from suwen.govern import Role
from suwen.server.pages.images_series import key_of
from suwen.server.showing import styles
from suwen.server.visitors import SESSION

if not styles("src/images.js"):
    pytest.skip("web is not built; run: make web", allow_module_level=True)

MM = 360 / 1024  # of a pixel of the painted radiograph
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with open_ward(tmp_path_factory.mktemp("viewer") / "store", clock=Clock(time.time())) as ward:
        yield ward


@pytest.fixture(scope="module")
def server(ward: Ward, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(ward, tmp_path_factory.mktemp("tls")) as server:
        yield server


@pytest.fixture(scope="module")
def browser(server: Live) -> Iterator[Any]:
    """Chromium that draws WebGL without a graphics card."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    arguments = [
        *("--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
        *("--disable-background-networking", "--disable-component-update"),
        f"--ignore-certificate-errors-spki-list={server.key}",
    ]
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def own(ward: Ward) -> str:
    return ward.patient(1)


@pytest.fixture
def page(browser: Any, server: Live, ward: Ward) -> Iterator[Any]:
    """A page of somebody signed in; what its console complains of is a failure."""
    actor = ward[Role.PHYSICIAN]
    context = browser.new_context(locale="en-GB", viewport={"width": 1400, "height": 1000})
    context.add_cookies(
        [{"name": SESSION, "value": f"{actor.id}.{actor.token}", "url": server.address, "secure": True}]
    )
    page = context.new_page()
    page.set_default_timeout(12_000)
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda one: said.append(one.text) if "Content Security Policy" in one.text else None)
    yield page
    context.close()
    assert said == []


def kept(ward: Ward, objects: list[bytes]) -> Stowed:
    fates = store_objects(ward[Role.PHYSICIAN], ward.records, objects)
    assert {one.reason for one in fates} == {0}
    return fates[0]


def whose() -> Painted:
    taken = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    return Painted("MRN-1", "Testpatient^Ward", "19110304", "F", taken, lambda: f"1.2.5.{next(_NUMBERS)}")


@pytest.fixture(scope="module")
def radiograph(ward: Ward, own: str) -> str:
    return f"/patients/{own}/images/{key_of(kept(ward, [painted_radiograph(whose())]).series)}/1"


@pytest.fixture(scope="module")
def volume(ward: Ward, own: str) -> str:
    objects = painted_ct(whose())
    return f"/patients/{own}/images/{key_of(kept(ward, [*objects, painted_outline(objects, whose())]).series)}/1"


def opened(page: Any, server: Live, path: str) -> Any:
    page.goto(server.address + path)
    page.wait_for_selector("[data-viewer][data-loaded='true']")
    return page.locator("[data-part='canvas']")


def until(page: Any, said: str) -> None:
    """Wait until something holds; Playwright's own waiting evaluates text, which the policy forbids to pages."""
    deadline = time.monotonic() + 12
    while not page.evaluate(said):
        assert time.monotonic() < deadline, said
        time.sleep(0.05)


def spot(page: Any, x: float, y: float) -> tuple[float, float]:
    """Where a point of the image lies on the screen."""
    found = page.evaluate("([x, y]) => document.querySelector('[data-viewer]').view.toScreen({x, y})", [x, y])
    return found["x"], found["y"]


def test_the_window_changes_by_keys_and_the_picture_with_it(page: Any, server: Live, radiograph: str) -> None:
    canvas = opened(page, server, radiograph)
    canvas.focus()
    before, shown = page.locator("[data-viewer]").get_attribute("data-centre"), canvas.screenshot()
    for _ in range(5):
        page.keyboard.press("Shift+ArrowUp")
    after = page.locator("[data-viewer]").get_attribute("data-centre")
    assert float(after) > float(before)
    assert canvas.screenshot() != shown
    page.keyboard.press("r")
    assert page.locator("[data-viewer]").get_attribute("data-centre") == before


def test_a_length_is_measured_in_millimetres(page: Any, server: Live, radiograph: str) -> None:
    canvas = opened(page, server, radiograph)
    page.get_by_role("radio", name="Length").check()
    canvas.scroll_into_view_if_needed()
    for column in (300.0, 300.0 + 100 / MM):  # 100 mm apart
        page.mouse.click(*spot(page, column, 500.0))
    said = page.locator("[data-part='measures'] li").inner_text()
    assert said.startswith("Length ≤ ")
    assert float(said.split()[2]) == pytest.approx(100, abs=0.8)


def test_a_length_is_measured_by_keys(page: Any, server: Live, radiograph: str) -> None:
    canvas = opened(page, server, radiograph)
    canvas.focus()
    for key in ("l", "Enter", *["Shift+ArrowRight"] * 10, "Enter"):
        page.keyboard.press(key)
    said = page.locator("[data-part='measures'] li").inner_text()
    assert float(said.split()[2]) == pytest.approx(100 * MM, abs=0.06)


def test_an_ellipse_knows_what_lies_in_it(page: Any, server: Live, volume: str) -> None:
    canvas = opened(page, server, volume)
    canvas.focus()
    page.keyboard.press("e")
    canvas.scroll_into_view_if_needed()
    page.evaluate("document.querySelector('[data-viewer]').view.show(25)")
    page.wait_for_timeout(200)
    for point in ((36.0, 67.0), (54.0, 85.0)):  # within the right lung
        page.mouse.click(*spot(page, *point))
    said = page.locator("[data-part='measures'] li").inner_text()
    mean = float(said.split("mean ")[1].split()[0])
    assert -1000 < mean < 100
    assert "HU" in said
    assert "≤" not in said


def test_a_layer_lies_over_the_image_and_a_row_shows_its_place(page: Any, server: Live, radiograph: str) -> None:
    pytest.importorskip("torch", reason="PyTorch reads radiographs and is not installed")
    page.goto(server.address + radiograph)
    page.get_by_role("button", name="Read this image").click()
    page.wait_for_url("**/jobs/*")
    deadline = time.monotonic() + 60
    canvas = opened(page, server, radiograph)
    while not page.locator("[data-layer='shadows']").count() and time.monotonic() < deadline:
        time.sleep(0.5)
        canvas = opened(page, server, radiograph)
    until(page, "Boolean(document.querySelector('[data-viewer]').view.layers[0].picture)")
    lit = canvas.screenshot()
    page.locator("[data-layer='shadows']").uncheck()
    assert canvas.screenshot() != lit
    page.locator("[data-layer='heat-pneumonia']").check()
    until(page, "Boolean(document.querySelector('[data-viewer]').view.layers.at(-1).picture)")
    page.locator("[data-layer='shadows']").check()
    page.locator("[data-place] button").first.click()
    place = page.evaluate("document.querySelector('[data-viewer]').view.place")
    assert 0 <= place["low"]["x"] < place["high"]["x"] <= 1024
    assert page.locator("[data-place][aria-current='true']").count() == 1


def test_a_measurement_beside_the_heat_map_is_kept_and_shown_again(page: Any, server: Live, radiograph: str) -> None:
    pytest.importorskip("torch", reason="PyTorch reads radiographs and is not installed")
    canvas = opened(page, server, radiograph)  # it was read by the test before
    page.locator("[data-layer='heat-opacity']").check()
    page.get_by_role("radio", name="Length").check()
    canvas.scroll_into_view_if_needed()
    for column in (228.0, 296.0):  # across the shadow
        page.mouse.click(*spot(page, column, 427.0))
    page.keyboard.press("k")
    page.wait_for_selector("[data-kept-show]")
    shown = page.locator("[data-kept-show]").inner_text()
    assert float(shown.split()[2]) == pytest.approx(68 * MM, abs=0.8)
    until(page, "document.querySelector('[data-viewer]').view?.measures.length === 0")
    opened(page, server, radiograph)
    assert page.locator("[data-kept-show]").inner_text() == shown
    assert page.evaluate("document.querySelector('[data-viewer]').view.kept.length") == 1
    page.get_by_role("button", name=f"Withdraw: {shown}").click()
    page.wait_for_selector("[data-kept-show]", state="detached")
    until(page, "document.querySelector('[data-viewer]').view?.kept.length === 0")


def test_slices_go_by_keys_and_three_planes_are_drawn(page: Any, server: Live, volume: str, tmp_path: Path) -> None:
    canvas = opened(page, server, volume)
    canvas.focus()
    start = page.evaluate("document.querySelector('[data-viewer]').view.slice")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.querySelector('[data-viewer]').view.slice") == start + 1
    if not page.evaluate("Boolean(document.createElement('canvas').getContext('webgl2'))"):
        pytest.skip("this browser has no WebGL 2")
    assert page.locator("[data-layer]").count() == 3  # the segmentation of the study
    page.get_by_role("button", name="Load the volume").click()
    page.wait_for_selector("[data-part='volume-canvas'][data-loaded='true']", timeout=60_000)
    page.wait_for_timeout(500)
    page.locator("[data-part='volume-canvas']").screenshot(path=tmp_path / "planes.png")
    assert (
        page.locator("[data-part='volume-canvas']").get_attribute("data-outlines") == "2"
    )  # the nodule lies over a lung
    with Image.open(tmp_path / "planes.png") as shown:
        assert len(set(shown.convert("L").tobytes())) > 20
