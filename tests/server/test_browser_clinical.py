"""In a real browser: from the worklist to a note put right and a new differential; a finding rejected; axe everywhere.

Signed in by cookie; what the console complains of, and every serious or critical finding of axe, is a failure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clinical import a_note, file_findings, observation, put
from live import Live, browser_for, live
from served import Served
from ward import Ward, open_ward

from suwen.consult import Verdict, list_corrections, read_consultation
from suwen.diagnosis import Engine
from suwen.govern import Role
from suwen.language.reader import NoteReader
from suwen.server.showing import styles
from suwen.server.visitors import SESSION

pytest.importorskip("playwright", reason="playwright is not installed")
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
if not styles("src/patient.js"):
    pytest.skip("web is not built; run: make web", allow_module_level=True)
VIOLATIONS = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => [one.id, ...one.nodes.slice(0, 3).map((node) => node.html.slice(0, 200))]);
}"""


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with open_ward(tmp_path_factory.mktemp("clinic") / "store") as ward:
        yield ward


@pytest.fixture(scope="module")
def server(ward: Ward, tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Live]:
    with live(ward, tmp_path_factory.mktemp("tls"), science=lambda: (engine, NoteReader(engine.knowledge))) as server:
        server.house.science.areas()
        yield server


@pytest.fixture(scope="module")
def patient(ward: Ward, server: Live) -> str:
    """Somebody with features, a note and findings, one of them urgent."""
    found = ward.patient(7)
    put(ward, found, *(observation(one) for one in ("HP:0001166", "HP:0002616")), a_note())
    served = Served(ward, server.house, None, found, "")  # type: ignore[arg-type]
    file_findings(served, found, ("OMIM:154700", 0.6, 3), ("OMIM:130050", 0.2, 0))
    return found


@pytest.fixture(scope="module")
def browser(server: Live) -> Iterator[Any]:
    with browser_for(server) as browser:
        yield browser


def signed_in(browser: Any, server: Live, ward: Ward, **how: Any) -> Any:
    context = browser.new_context(**{"locale": "en-GB", **how})
    actor = ward[Role.PHYSICIAN]
    cookie = {"name": SESSION, "value": f"{actor.id}.{actor.token}", "url": server.address, "secure": True}
    context.add_cookies([{**cookie, "httpOnly": True, "sameSite": "Strict"}])
    return context


@pytest.fixture
def page(browser: Any, server: Live, ward: Ward) -> Iterator[Any]:
    context = signed_in(browser, server, ward)
    page = context.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda one: said.append(one.text) if one.type == "error" and "422" not in one.text else None)
    yield page
    context.close()
    assert said == []


def shown(page: Any) -> str:
    return str(page.inner_text("#panel-list"))


def test_from_the_worklist_to_a_note_put_right(page: Any, server: Live, ward: Ward, patient: str) -> None:
    page.goto(f"{server.address}/worklist")
    page.fill("#q", "MRN-7")
    page.click("form.search button")
    page.wait_for_selector("text=1 found for your search")
    page.click("table.patients tbody th a")
    page.click("nav.tabs >> text=Notes")
    before = shown(page)
    page.click("a.term:has-text('ectopia lentis')")
    page.wait_for_selector("#mark h2:has-text('ectopia lentis')")
    page.click("#mark button:has-text('Nothing of the kind')")
    page.wait_for_selector("a.term.struck")
    assert shown(page) != before
    (kept,) = list_corrections(ward[Role.PHYSICIAN], ward.records, patient)
    assert kept.correction.words == "ectopia lentis"
    # and another concept, chosen by typing
    page.click("a.term:has-text('seizures')")
    page.wait_for_selector("#mark h2:has-text('seizures')")
    for _ in range(5):  # the field may be typed into before the part it came with has settled
        page.fill("#concept", "")
        page.type("#concept", "migraine", delay=20)
        page.wait_for_timeout(3000)
        if page.locator("label.choice:has-text('Migraine')").count():
            break
    page.click("label.choice:has-text('Migraine') >> nth=0")
    page.click("#mark form:has(#concept) button")
    page.wait_for_selector("a.term.corrected")
    page.click("a.term.struck")
    page.click("#mark button:has-text('Undo')")
    page.wait_for_selector("a.term.struck", state="detached")
    assert len(list_corrections(ward[Role.PHYSICIAN], ward.records, patient)) == 1


def test_a_question_answered_in_place(page: Any, server: Live, patient: str) -> None:
    page.goto(f"{server.address}/patients/{patient}/differential")
    before = page.inner_text("ol.ranking")
    asked = page.inner_text("ol.questions li >> nth=0 >> b")
    page.focus("ol.questions li >> nth=0 >> button >> nth=0")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#differential .chips li.present:has-text('{asked}')")
    page.wait_for_selector("p[role=status]:has-text('First now:')", state="attached")  # said to whoever does not look
    assert page.evaluate("document.activeElement.id") == "ranking"  # and the keyboard is not sent back to the top
    assert page.inner_text("ol.ranking") != before
    page.click(f"#differential .chips li.present:has-text('{asked}') button")
    page.wait_for_selector(f"#differential .chips li.present:has-text('{asked}')", state="detached")
    assert page.inner_text("ol.ranking") == before


def test_a_refused_answer_loses_nothing(page: Any, server: Live, patient: str) -> None:
    page.goto(f"{server.address}/patients/{patient}/differential")
    before = page.inner_text("ol.ranking")
    page.evaluate("() => { document.querySelector('ol.questions input[name=code]').value = 'HP:9999999' }")
    with page.expect_response("**/answers"):
        page.click("ol.questions li >> nth=0 >> button >> nth=0")
    page.wait_for_selector("[data-errors] >> text=choose a feature")
    assert page.inner_text("ol.ranking") == before


def test_a_finding_rejected_with_a_reason(page: Any, server: Live, ward: Ward, patient: str) -> None:
    page.goto(f"{server.address}/worklist/alarming")
    page.click("a.tag.red")
    page.click("text=Reject")
    assert page.url.endswith("findings/" + page.url.rpartition("/")[2])  # the browser asks for the reason first
    page.fill("#reason", "measured again, it is not so")
    page.click("button.danger")
    page.wait_for_selector("text=measured again, it is not so")
    rejected = [
        one.finding.code.value
        for one in read_consultation(ward[Role.PHYSICIAN], ward.records, patient).findings
        if one.verdict is Verdict.REJECTED
    ]
    assert rejected == ["OMIM:154700"]
    page.goto(f"{server.address}/worklist/alarming")
    assert page.query_selector("a.tag.red") is None


def test_a_note_is_written_and_read(page: Any, server: Live, patient: str) -> None:
    page.goto(f"{server.address}/patients/{patient}/notes")
    page.click("#write summary")
    page.fill("#text", "Scoliosis since school age.")
    page.click("#write button")
    page.wait_for_selector("a.term:has-text('Scoliosis')")


def test_a_document_is_brought_in(page: Any, server: Live) -> None:
    who = {
        "resourceType": "Patient",
        "id": "b",
        "name": [{"text": "Brought In"}],
        "identifier": [{"value": "BROUGHT-1"}],
    }
    page.goto(f"{server.address}/patients/import")
    for data, seen in ((b"%PDF-1.7", "no FHIR document"), (json.dumps(who).encode(), "Taken in")):
        page.set_input_files("#file", {"name": "a.json", "mimeType": "application/json", "buffer": data})
        page.click("#content form button:not(.quiet)")
        page.wait_for_selector(f"#outcome >> text={seen}")
    page.click("#outcome a")
    page.wait_for_selector("h1:has-text('Brought In')")


@pytest.mark.parametrize(("lang", "colours"), [("en", "light"), ("zh", "dark")])
def test_axe_finds_nothing_serious(
    browser: Any, server: Live, ward: Ward, patient: str, lang: str, colours: str
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed; run: npm ci in web")
    locale = "zh-CN" if lang == "zh" else "en-GB"
    context = signed_in(browser, server, ward, locale=locale, color_scheme=colours, bypass_csp=True)
    page = context.new_page()
    finding = read_consultation(ward[Role.PHYSICIAN], ward.records, patient).findings[0].record
    of_patient = ("", "/timeline", "/notes", "/differential", "/findings", f"/findings/{finding}", "/report")
    paths = ["/worklist", "/patients/new", "/patients/import", *(f"/patients/{patient}{one}" for one in of_patient)]
    found = {}
    for path in paths:
        page.goto(f"{server.address}{path}")
        if path.endswith("/notes"):
            page.click("a.term >> nth=0")
            page.wait_for_selector("#mark h2")
        page.add_script_tag(path=str(AXE))
        violations = page.evaluate(VIOLATIONS)
        found.update({path: violations} if violations else {})
    context.close()
    assert found == {}


def test_the_patient_page_fits_a_tablet(browser: Any, server: Live, ward: Ward, patient: str) -> None:
    context = signed_in(browser, server, ward, viewport={"width": 800, "height": 1100})
    page = context.new_page()
    for path in ("", "/timeline", "/notes", "/differential", "/findings", "/report"):
        page.goto(f"{server.address}/patients/{patient}{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    context.close()
