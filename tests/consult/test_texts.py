"""Structured and unstructured parts of one record give one set of features; where they disagree it is said."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from bedside import a_patient, by_area, observation, resource
from ward import Role, Ward

from suwen.consult import consult, default_areas, keep_correction
from suwen.consult.projections import chronicle, features
from suwen.diagnosis import Engine
from suwen.knowledge import Knowledge
from suwen.language.corrections import correct
from suwen.language.nouns import Status
from suwen.language.reader import CorrectedReader, NoteReader
from suwen.subject import Span

NOTE = "HPI: A 25-year-old woman with ectopia lentis and arachnodactyly. No seizures. Her father had scoliosis.\n"


@pytest.fixture(scope="module")
def reader(knowledge: Knowledge) -> NoteReader:
    return NoteReader(knowledge)


def note(text: str, id_: str = "n", kind: str = "text/plain", date: str = "2020-01-02T00:00:00Z") -> dict[str, Any]:
    data = base64.b64encode(text.encode()).decode()
    content = [{"attachment": {"contentType": kind, "data": data}}]
    return resource("DocumentReference", id_, status="current", date=date, content=content)


def stated(given: Any) -> dict[str, bool]:
    return {one.code.value: one.excluded for one in given.noun.features}


def test_a_text_adds_what_is_not_coded(reader: NoteReader) -> None:
    given = features([observation("HP:0002616"), note(NOTE)], "ab" * 16, reader=reader)
    assert stated(given) == {"HP:0002616": False, "HP:0001083": False, "HP:0001166": False, "HP:0001250": True}
    spans = {one.code.value: one.span for one in given.noun.features}
    assert spans["HP:0002616"] is None
    lens = spans["HP:0001083"]
    assert lens is not None
    assert lens.document == "DocumentReference/n#content[0].attachment"
    assert NOTE[lens.start : lens.end] == lens.text == "ectopia lentis"
    assert given.used["DocumentReference"] == 1


def test_without_a_reader_no_text_is_read() -> None:
    assert stated(features([observation("HP:0002616"), note(NOTE)], "ab" * 16)) == {"HP:0002616": False}


def test_html_is_read_and_what_cannot_be_read_is_counted(reader: NoteReader) -> None:
    given = features([note(f"<p>{NOTE}</p>", kind="text/html")], "ab" * 16, reader=reader)
    assert "HP:0001083" in stated(given)
    given = features([note("%PDF-1.4 broken", kind="application/pdf")], "ab" * 16, reader=reader)
    assert given.left_out == {"text that cannot be read, or is elsewhere": 1}


def test_the_latest_text_counts_and_code_counts_more_than_text(reader: NoteReader) -> None:
    early = note("The patient has no scoliosis.", "a", date="2019-01-01T00:00:00Z")
    late = note("The patient has scoliosis.", "b", date="2021-01-01T00:00:00Z")
    assert stated(features([early, late], "ab" * 16, reader=reader)) == {"HP:0002650": False}
    coded = observation("HP:0001250")
    assert stated(features([coded, note(NOTE)], "ab" * 16, reader=reader))["HP:0001250"] is False


def test_the_order_of_the_record_decides_nothing(reader: NoteReader) -> None:
    every = [observation("HP:0002616"), note(NOTE), note("No fever.", "m", date="2019-01-01T00:00:00Z")]
    first = features(every, "ab" * 16, reader=reader)
    assert features(every[::-1], "ab" * 16, reader=reader).digest == first.digest


def test_code_against_text_is_stated_both_ways(reader: NoteReader) -> None:
    given = chronicle([observation("HP:0001250"), note(NOTE)], "ab" * 16, reader=reader)
    both = {(one.code.value, one.excluded, one.where) for one in given.noun.features if one.code.value == "HP:0001250"}
    assert {excluded for _, excluded, _ in both} == {True, False}
    assert any(where.startswith("DocumentReference/n#") for _, _, where in both)


def test_a_consult_points_at_the_words_and_names_the_contradiction(
    ward: Ward, engine: Engine, reader: NoteReader
) -> None:
    patient = a_patient(ward, observation("HP:0001250"), observation("HP:0002616"), note(NOTE))
    areas = default_areas(engine, setting="rare", least=0.0, top=3, reader=reader)
    found = consult(ward[Role.PHYSICIAN], ward.records, patient, areas=areas)
    seen = [one.seen for filed in by_area(found, "differential") for one in filed.finding.evidence]
    assert "ectopia lentis" in {one.text for one in seen if isinstance(one, Span)}
    sentences = " ".join(one.sentence for filed in by_area(found, "consistency") for one in filed.finding.evidence)
    assert "DocumentReference/n#content[0].attachment" in sentences
    again = consult(ward[Role.PHYSICIAN], ward.records, patient, areas=areas)
    assert not any(report.rerun for report in again.areas)
    # What somebody put right in the text counts wherever a consult is asked for; the areas that read it answer anew.
    lens = next(one for one in reader.read(NOTE).mentions if one.code.value == "HP:0001083")
    keep_correction(ward[Role.PHYSICIAN], ward.records, patient, correct(NOTE, lens, status=Status.ABSENT))
    after = consult(ward[Role.PHYSICIAN], ward.records, patient, areas=areas)
    assert {report.area for report in after.areas if report.rerun} >= {"differential", "consistency"}
    told = {filed.record: filed.finding for filed in by_area(after, "differential")}
    assert told != {filed.record: filed.finding for filed in by_area(found, "differential")}


def test_what_a_reader_put_right_counts_in_the_record_too(reader: NoteReader) -> None:
    lens = next(one for one in reader.read(NOTE).mentions if one.code.value == "HP:0001083")
    corrected = CorrectedReader(reader, [correct(NOTE, lens, status=Status.ABSENT)])
    given = features([note(NOTE)], "ab" * 16, reader=corrected)
    assert stated(given)["HP:0001083"] is True
    assert given.digest != features([note(NOTE)], "ab" * 16, reader=reader).digest
    assert corrected.version != reader.version
