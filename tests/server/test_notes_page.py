"""Notes show what was read in them; what a person puts right is kept as labelled data and changes the differential."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from clinical import a_note, put, treat
from served import Served, serve_ward
from starlette.testclient import TestClient
from ward import open_ward

from suwen.consult import list_corrections, open_patient, resource_of
from suwen.diagnosis import Engine
from suwen.govern import Role
from suwen.language.reader import NoteReader

HTMX = {"hx-request": "true"}


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Served]:
    """A ward with the knowledge of a bare installation, and a note in the record of the physician's own patient."""
    folder: Path = tmp_path_factory.mktemp("notes") / "store"
    with open_ward(folder) as ward:
        served = serve_ward(ward, science=lambda: (engine, NoteReader(engine.knowledge)))
        served.house.science.areas()
        put(ward, served.own, a_note())
        treat(served, Role.NURSE)
        yield served


def notes_of(clinic: Served, patient: str = "") -> str:
    return f"/patients/{patient or clinic.own}/notes"


def marks(client: TestClient, path: str) -> dict[str, str]:
    """The paths of the marks of a text, by their words."""
    page = client.get(path).text
    table = page.split('<table class="mentions">')[1].split("</table>")[0]
    return {words: where for where, words in re.findall(r'<a href="([^"]+)"[^>]*><bdi>([^<]+)</bdi>', table)}


def fields(client: TestClient, path: str) -> dict[str, str]:
    """The hidden fields of a mark's form."""
    part = client.get(path, headers=HTMX).text
    form = part.split("<form")[1]
    return {name: unescape(value) for name, value in re.findall(r'name="(start|end|was)" value="([^"]*)"', form)}


def panel(text: str) -> str:
    return text.split('id="panel-list"')[1].split("</ol>", maxsplit=1)[0]


def fresh(clinic: Served, number: int, text: str) -> tuple[str, TestClient]:
    patient = clinic.ward.patient(number)
    put(clinic.ward, patient, a_note(text))
    return notes_of(clinic, patient), clinic.client(Role.PHYSICIAN)


@pytest.mark.parametrize(("lang", "words"), [("en", "Put right"), ("zh", "更正")])
def test_marks_in_both_languages(clinic: Served, lang: str, words: str) -> None:
    client = clinic.client(Role.PHYSICIAN, lang=lang)
    found = marks(client, notes_of(clinic))
    assert {"arachnodactyly", "ectopia lentis", "seizures"} <= set(found)
    assert words in client.get(found["seizures"], headers=HTMX).text
    assert "<html" in client.get(found["seizures"]).text  # without script the form is a page of its own


def test_a_mark_is_struck_out_and_the_differential_changes(clinic: Served) -> None:
    path, client = fresh(clinic, 90, "She has arachnodactyly, ectopia lentis and aortic root dilatation.")
    before = panel(client.get(path).text)
    mark = marks(client, path)["ectopia lentis"]
    answer = client.post(mark, data={"what": "wrong", **fields(client, mark)}, headers=HTMX)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "struck" in answer.text
    assert panel(answer.text) != before
    assert "before" in panel(answer.text)  # what it was stands beside what it is
    patient = path.split("/")[2]
    (kept,) = list_corrections(clinic.ward[Role.PHYSICIAN], clinic.ward.records, patient)
    assert (kept.correction.words, kept.correction.rejected, kept.correction.by) == (
        "ectopia lentis",
        True,
        "physician",
    )


def test_undo_brings_the_first_reading_back(clinic: Served) -> None:
    path, client = fresh(clinic, 91, "She has arachnodactyly and ectopia lentis.")
    before = panel(client.get(path).text)
    mark = marks(client, path)["arachnodactyly"]
    client.post(mark, data={"what": "status", "status": "family", **fields(client, mark)}, headers=HTMX)
    changed = client.get(path).text
    assert panel(changed) != before
    assert "corrected" in changed
    again = client.post(mark, data={"what": "undo", **fields(client, mark)}, headers=HTMX)
    assert re.sub(r'<span class="soft small moved">.*?</span>', "", panel(again.text)) == before
    assert client.post(mark, data={"what": "undo", **fields(client, mark)}, headers=HTMX).status_code == 422


def test_another_concept_by_typing(clinic: Served) -> None:
    path, client = fresh(clinic, 92, "She has arachnodactyly.")
    offered = client.post("/terms", data={"q": "slender fing"}, headers=HTMX).text
    assert "HP:0001238" in offered
    mark = marks(client, path)["arachnodactyly"]
    answer = client.post(mark, data={"what": "code", "code": "HP:0001238", **fields(client, mark)}, headers=HTMX)
    assert "Slender finger" in answer.text
    # and its status after that: what was corrected before is kept
    answer = client.post(mark, data={"what": "status", "status": "absent", **fields(client, mark)}, headers=HTMX)
    (kept,) = list_corrections(clinic.ward[Role.PHYSICIAN], clinic.ward.records, path.split("/")[2])
    assert kept.correction.code is not None
    assert kept.correction.status is not None
    assert (kept.correction.code.value, kept.correction.status.value) == ("HP:0001238", "absent")
    assert kept.correction.was == ("HP:0001166", kept.correction.was[1])
    assert kept.version == 2


def test_a_status_put_right_stays_when_the_concept_is(clinic: Served) -> None:
    path, client = fresh(clinic, 98, "She has arachnodactyly.")
    mark = marks(client, path)["arachnodactyly"]
    for given in ({"what": "status", "status": "family"}, {"what": "code", "code": "HP:0001238"}):
        assert client.post(mark, data={**given, **fields(client, mark)}, headers=HTMX).status_code == 200
    (kept,) = list_corrections(clinic.ward[Role.PHYSICIAN], clinic.ward.records, path.split("/")[2])
    assert kept.correction.status is not None
    assert kept.correction.status.value == "family"


def test_the_consult_reads_what_was_put_right(clinic: Served) -> None:
    path, client = fresh(clinic, 93, "She has arachnodactyly.")
    patient = path.split("/")[2]
    mark = marks(client, path)["arachnodactyly"]
    client.post(mark, data={"what": "wrong", **fields(client, mark)}, headers=HTMX)
    client.post(f"/patients/{patient}/consult")
    page = client.get(f"/patients/{patient}").text
    assert "no coded feature" in page  # the only one was struck out


@pytest.mark.parametrize(
    "given",
    [
        {"what": "status", "status": "perhaps"},
        {"what": "code", "code": "HP:9999999"},
        {"what": "code", "code": ""},
        {"what": "burn"},
    ],
    ids=lambda one: "-".join(one.values()),
)
def test_what_is_no_correction(clinic: Served, given: dict[str, str]) -> None:
    client = clinic.client(Role.PHYSICIAN)
    mark = marks(client, notes_of(clinic))["seizures"]
    assert client.post(mark, data={**given, **fields(client, mark)}, headers=HTMX).status_code == 422


def test_a_mark_that_is_another_now(clinic: Served) -> None:
    client = clinic.client(Role.PHYSICIAN)
    mark = marks(client, notes_of(clinic))["seizures"]
    given = {**fields(client, mark), "start": "0"}
    assert client.post(mark, data={"what": "wrong", **given}, headers=HTMX).status_code == 409
    assert client.get(f"{mark.rpartition('/')[0]}/99").status_code == 404


def test_a_nurse_annotates_and_a_stranger_does_not(clinic: Served) -> None:
    nurse = clinic.client(Role.NURSE)
    mark = marks(nurse, notes_of(clinic))["arachnodactyly"]
    given = {"what": "status", "status": "possible", **fields(nurse, mark)}
    assert nurse.post(mark, data=given, headers=HTMX).status_code == 200
    stranger = clinic.client_of(clinic.ward.hire("stranger", Role.PHYSICIAN))
    assert stranger.post(mark, data=given, headers=HTMX).status_code == 403
    assert stranger.get(mark, headers=HTMX).status_code == 403


# Writing


def test_write_a_note(clinic: Served) -> None:
    patient = clinic.ward.patient(97)
    treat(clinic, Role.NURSE, patient)
    client = clinic.client(Role.NURSE)
    given = {"title": "Evening <b>", "text": "Scoliosis since school.\r\nNo fever."}
    answer = client.post(notes_of(clinic, patient), data=given)
    assert answer.status_code == 303
    page = client.get(answer.headers["location"]).text
    assert "Evening &lt;b&gt;" in page
    assert "Scoliosis" in page
    records = open_patient(clinic.ward[Role.PHYSICIAN], clinic.ward.records, patient, kinds=["DocumentReference"])
    resource = resource_of(records[-1])
    assert resource is not None
    assert resource["status"] == "current"
    assert resource["subject"]["reference"] == f"Patient/{patient}"


@pytest.mark.parametrize("text", ["", "  \n", "x" * 100_001], ids=["nothing", "blank", "too long"])
def test_a_note_that_is_none(clinic: Served, text: str) -> None:
    answer = clinic.client(Role.PHYSICIAN).post(notes_of(clinic), data={"title": "Kept title", "text": text})
    assert answer.status_code in {413, 422}
    if answer.status_code == 422:
        assert "Kept title" in answer.text


def test_a_text_that_cannot_be_read_says_why(clinic: Served) -> None:
    patient = clinic.ward.patient(94)
    broken = a_note()
    broken["content"][0]["attachment"]["data"] = "%%%"
    put(clinic.ward, patient, broken)
    page = clinic.client(Role.PHYSICIAN).get(notes_of(clinic, patient)).text
    assert "not base64" in page


def test_a_text_of_markup_is_text(clinic: Served) -> None:
    path, client = fresh(clinic, 95, "<script>alert(1)</script> arachnodactyly")
    assert "<script>alert" not in client.get(path).text


def test_of_another_patient(clinic: Served) -> None:
    client = clinic.client(Role.PHYSICIAN)
    assert client.get(notes_of(clinic, clinic.other)).status_code == 403
    assert client.post(notes_of(clinic, clinic.other), data={"text": "x y z"}).status_code == 403
    mark = marks(client, notes_of(clinic))["seizures"].replace(clinic.own, clinic.ward.patient(96))
    assert client.get(mark).status_code == 404


def test_without_knowledge_the_text_is_shown_as_it_is(served: Served) -> None:
    put(served.ward, served.own, a_note())
    page = served.client(Role.PHYSICIAN).get(notes_of(served)).text
    assert "arachnodactyly" in page
    assert "No knowledge of diseases" in page
    assert 'class="term' not in page
