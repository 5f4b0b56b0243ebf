"""In a real browser: a slider that changes the risk, a place on the ECG, a molecule pasted and one drawn; axe on each.

What the console complains of (a breach of the Content-Security-Policy among it), and every serious or critical finding
of axe, is a failure.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from clinical import patient_resource, put
from live import Live, browser_for, live
from ward import Ward, open_ward

sys.path.insert(0, str(Path(__file__).parents[1] / "consult"))
from test_heart_page_served import measured, smoking
from tracings import sampled

from suwen.govern import Role
from suwen.server.pages import molecules_reading
from suwen.server.showing import styles
from suwen.server.visitors import SESSION

pytest.importorskip("playwright", reason="playwright is not installed")
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
if not styles("src/heart.js") or not styles("src/molecules.js"):
    pytest.skip("web is not built; run: make web", allow_module_level=True)
VIOLATIONS = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => [one.id, ...one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200))]);
}"""
needs_rdkit = pytest.mark.skipif(find_spec("rdkit") is None, reason="the extra drugs is not installed")


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with open_ward(tmp_path_factory.mktemp("hearts") / "store") as ward:
        yield ward


@pytest.fixture(scope="module")
def server(ward: Ward, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    patched = pytest.MonkeyPatch()
    patched.setattr(molecules_reading.Warming, "begin", lambda self: self)  # models take many seconds to open
    patched.setattr("suwen.server.pages.molecules.lacking", lambda: ())
    with live(ward, tmp_path_factory.mktemp("tls"), a_minute=100_000) as server:
        yield server
    patched.undo()


@pytest.fixture(scope="module")
def patient(ward: Ward) -> str:
    found = ward.patient(41)
    put(
        ward,
        found,
        patient_resource(gender="male", birthDate="1969-05-01"),
        measured("8480-6", 148, "mm[Hg]", "2024-02-01", ("8462-4", 92)),
        measured("8480-6", 152, "mm[Hg]", "2026-01-05", ("8462-4", 95)),
        measured("14647-2", 6.2, "mmol/L", "2026-01-05"),
        measured("14646-4", 1.1, "mmol/L", "2026-01-05"),
        smoking("77176002"),
        sampled("pvc", on="2026-01-06"),
    )
    return found


@pytest.fixture(scope="module")
def browser(server: Live) -> Iterator[Any]:
    with browser_for(server) as browser:
        yield browser


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, browser: Any, server: Live, ward: Ward) -> Iterator[Any]:
    lang = {"light": "en-GB", "dark": "zh-CN"}[request.param]
    context = browser.new_context(locale=lang, color_scheme=request.param, viewport={"width": 1280, "height": 900})
    actor = ward[Role.PHYSICIAN]
    cookie = {"name": SESSION, "value": f"{actor.id}.{actor.token}", "url": server.address, "secure": True}
    context.add_cookies([{**cookie, "httpOnly": True, "sameSite": "Strict"}])
    page = context.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
    yield page
    context.close()
    assert said == []


def violations(page: Any) -> Any:
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run: make web")
    page.evaluate(AXE.read_text("utf-8"))
    return page.evaluate(VIOLATIONS)


def after(page: Any) -> float:
    """The upper end of the first risk after the change, in percent."""
    said = page.locator("#then .turn").first.locator(".mid").nth(1).inner_text()
    return float(re.findall(r"[\d.]+(?=%)", said)[-1])


def test_a_slider_changes_the_risk(page: Any, server: Live, patient: str) -> None:
    """By keyboard alone: the risk falls with the pressure, and reset brings it back."""
    page.goto(f"{server.address}/patients/{patient}/heart")
    before = after(page)
    page.locator("#w-sbp").focus()
    with page.expect_response("**/heart/what-if"):
        for _ in range(25):
            page.keyboard.press("ArrowLeft")
    page.locator("#then .changed li", has_text="127 mmHg").wait_for()
    lower = after(page)
    assert lower < before
    assert page.locator("#o-sbp").inner_text() == "127 mmHg"
    page.locator("#w-smoker").select_option("no")
    page.locator("#then .changed li").nth(1).wait_for()
    assert after(page) < lower
    page.locator("button[type=reset]").click()
    page.locator("#then .changed").wait_for(state="detached")
    assert after(page) == before


def test_the_heart_page_is_accessible_with_its_charts(page: Any, server: Live, patient: str) -> None:
    page.goto(f"{server.address}/patients/{patient}/heart")
    page.wait_for_selector(".chart canvas")
    assert page.locator(".chart canvas").count() == 2
    assert violations(page) == []


def test_a_sign_is_shown_at_its_place(page: Any, server: Live, patient: str) -> None:
    page.goto(f"{server.address}/patients/{patient}/ecg")
    page.locator("a.place").first.click()
    page.wait_for_selector(".chosen")
    box = page.locator("#paper svg").first.bounding_box()
    assert box["width"] == pytest.approx(260 * 96 / 25.4, abs=1)  # a CSS millimetre is 96/25.4 pixels
    assert violations(page) == []


@needs_rdkit
def test_a_molecule_pasted(page: Any, server: Live) -> None:
    page.route("**/molecules/endpoints", lambda route: route.fulfill(status=200, body="<p>later</p>"))
    page.goto(f"{server.address}/molecules")
    page.locator("#entered").fill("CC(=O)Oc1ccccc1C(=O)O")
    page.locator("form.card button[type=submit]").click()
    page.wait_for_selector("#structure")
    assert "BSYNRYMUTXBXSQ" in page.locator("#answer").inner_text()
    assert page.evaluate("getComputedStyle(document.querySelector('.two .drawing svg path')).stroke") == "rgb(0, 0, 0)"
    assert violations(page) == []


@needs_rdkit
def test_a_molecule_by_keyboard_alone(page: Any, server: Live) -> None:
    """Typed and put together from building blocks, drawn and read out on the way, and profiled without a pointer."""
    page.route("**/molecules/endpoints", lambda route: route.fulfill(status=200, body="<p>later</p>"))
    page.goto(f"{server.address}/molecules")
    page.locator("#entered").focus()
    page.keyboard.type("C")
    page.wait_for_selector("#preview .drawing svg")
    page.locator(".blocks summary").focus()
    page.keyboard.press("Enter")
    page.locator("[data-block='c#ccccc#']").focus()
    page.keyboard.press("Enter")
    assert page.locator("#entered").input_value() == "Cc1ccccc1"
    page.locator("p[role=status]", has_text="C₇H₈").wait_for(state="attached")
    assert page.evaluate("document.activeElement.dataset.block") == "c#ccccc#"
    page.locator("form.card button[type=submit]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#structure")
    assert "YXFVVABEGXRONW" in page.locator("#answer").inner_text()  # the InChIKey of toluene
    assert page.locator("nav.jump a").count() == 6


@needs_rdkit
def test_a_molecule_drawn(page: Any, server: Live) -> None:
    """A ring put on the board with the pointer becomes benzene; the board runs under the policy."""
    page.route("**/molecules/endpoints", lambda route: route.fulfill(status=200, body="<p>later</p>"))
    page.goto(f"{server.address}/molecules")
    page.locator("[data-draw]").click()
    page.wait_for_selector("[data-canvas] canvas", state="attached", timeout=30_000)
    page.wait_for_timeout(500)
    box = page.locator("[data-canvas]").bounding_box()
    page.mouse.click(box["x"] + 34, box["y"] + 202)  # the aromatic ring of its palette
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator("[data-drawn]", has_text="1").wait_for()
    page.locator("[data-use]").click()
    page.wait_for_selector("#structure")
    assert "UHOVQNZJYSORNB" in page.locator("#answer").inner_text()  # the InChIKey of benzene


@needs_rdkit
def test_the_form_of_a_screening_is_accessible(page: Any, server: Live) -> None:
    page.goto(f"{server.address}/molecules/screening")
    assert violations(page) == []
