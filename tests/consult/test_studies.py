"""What a list says of a study: when it came, what it is, whether an engine has answered on it."""

from __future__ import annotations

import json
from typing import Any

from suwen.consult import StudyLine
from suwen.consult.nouns import AreaReport, Status
from suwen.consult.studies import studies_in
from suwen.formats.fhir.stored import Stored
from suwen.records.store.charts import Record

TRACING = {"coding": [{"code": "11524-6"}]}


def record(number: int, kind: str, content: dict[str, Any], *, sealed: bool = False) -> Record:
    payload = json.dumps(content).encode() if sealed else Stored({"resourceType": kind, **content}).to_bytes()
    return Record(bytes(16), bytes([number] * 16), 1, number, kind, payload)


def lines(*found: Record, answered: int = 0) -> list[StudyLine]:
    report = AreaReport("ecg", {"en": "ECG"}, Status.DONE, "1", "", True, answered)
    return list(studies_in(found, [report]))


def test_a_study_is_read_once_all_its_images_are() -> None:
    study = {"started": "2026-01-03T08:00:00Z", "modality": [{"code": "CT"}, {"code": "SEG"}], "description": "Head"}
    outlines = {"uid": "1.2.5", "modality": {"code": "SEG"}}
    images = record(1, "ImagingStudy", {**study, "series": [{"uid": "1.2.3"}, {"uid": "1.2.4"}, outlines]})
    other = record(2, "ImageReading", {"series": "1.2.9"}, sealed=True)
    (line,) = lines(images, other)
    assert line == StudyLine("images", "01" * 16, 1, "2026-01-03", "CT/SEG", "Head", read=False)
    first, second = (record(at, "ImageReading", {"series": f"1.2.{at}"}, sealed=True) for at in (3, 4))
    assert [one.read for one in lines(images, other, first)] == [False]
    assert [one.read for one in lines(images, first, second)] == [True]


def test_a_picture_is_read_by_its_record() -> None:
    picture = record(5, "ImageFile", {"format": 1, "name": "knee.png", "media": "PNG"}, sealed=True)
    (line,) = lines(picture)
    assert (line.modality, line.description, line.read) == ("PNG", "knee.png", False)
    (line,) = lines(picture, record(6, "ImageReading", {"series": "05" * 16}, sealed=True))
    assert line.read


def test_a_tracing_is_read_where_the_consult_answered_after_it_came() -> None:
    tracing = record(7, "DocumentReference", {"status": "current", "type": TRACING, "date": "2026-02-01"})
    assert [one.read for one in lines(tracing, answered=6)] == [False]
    component = [{"valueSampledData": {"period": 2, "data": "1 2 3"}}]
    samples = {"code": TRACING, "component": component, "effectiveDateTime": "2026-02-03T08:00:00Z"}
    assert [(one.kind, one.day) for one in lines(record(8, "Observation", samples))] == [("ecg", "2026-02-03")]
    value = {"code": {"coding": [{"code": "8867-4"}]}, "valueQuantity": {"value": 80}}
    assert lines(record(9, "Observation", value)) == []
    assert [(one.kind, one.modality, one.read) for one in lines(tracing, answered=8)] == [("ecg", "ECG", True)]


def test_what_is_no_study_or_cannot_be_read_is_left_out_and_the_latest_stands_first() -> None:
    letter = record(1, "DocumentReference", {"status": "current", "type": {"coding": [{"code": "34108-1"}]}})
    wrong = record(2, "ImagingStudy", {"status": "entered-in-error"})
    broken = Record(bytes(16), bytes([3] * 16), 1, 3, "ImagingStudy", b"\xff")
    later = record(4, "ImageFile", {"format": 9}, sealed=True)
    odd = record(5, "ImagingStudy", {"series": "none", "modality": {"code": "CT"}})
    sound = record(6, "ImagingStudy", {"modality": [{"code": "MR"}]})
    assert [one.modality for one in lines(letter, wrong, broken, later, odd, sound)] == ["MR", "OT"]
