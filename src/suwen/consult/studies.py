"""The studies of a record at a glance: images and electrocardiograms, when they were made, whether they were read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from suwen.consult.nouns import AreaReport, Status
from suwen.errors import FormatError
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.stored import Stored
from suwen.records.store import charts

__all__ = ["StudyLine", "studies_in"]

# A study of the heart's currents: LOINC's study, panel of twelve leads and part; MDC's potential.
_ECG = frozenset({"11524-6", "34534-8", "LP6244-0", "131328"})
_IMAGES, _READING, _FILE = "ImagingStudy", "ImageReading", "ImageFile"
_DOCUMENT, _OBSERVATION, _ECG_AREA = "DocumentReference", "Observation", "ecg"
_SPELLED = tuple(f'"{one}"'.encode() for one in sorted(_ECG))
_NO_IMAGES = frozenset({"DOC", "KO", "PR", "REG", "RTSTRUCT", "SEG", "SR"})  # are said of images, and read by no engine
_ANSWERED = frozenset({Status.DONE, Status.NOTHING})


@dataclass(frozen=True, slots=True)
class StudyLine:
    """One study: `kind` "images" or "ecg", the record (hex) that says of it, when it came (µs, UTC), the day it is of.

    `modality` is DICOM's code ("DX", "CT", "ECG"), several joined by "/". `read`: an engine has answered on all of it.
    """

    kind: str
    record: str
    at: int
    day: str
    modality: str
    description: str = field(repr=False)
    read: bool


def studies_in(found: Iterable[charts.Record], areas: Sequence[AreaReport]) -> tuple[StudyLine, ...]:
    """The studies among a patient's opened records, with what the consult said last; the latest first."""
    records = list(found)
    read = set(_series_read(records))
    answered = max((one.at for one in areas if one.area == _ECG_AREA and one.status in _ANSWERED), default=0)
    lines = (_line(one, read, answered) for one in records if _may_be(one))
    return tuple(sorted((one for one in lines if one is not None), key=lambda one: -one.at))


def _may_be(record: charts.Record) -> bool:
    """Whether a record is worth parsing: of many observations few hold a tracing."""
    if record.kind == _OBSERVATION:
        return b"ampledData" in record.payload and any(one in record.payload for one in _SPELLED)
    return record.kind in {_IMAGES, _DOCUMENT, _FILE}


def _line(record: charts.Record, read: set[str], answered: int) -> StudyLine | None:
    if record.kind == _FILE:
        return _picture(record, read)
    try:
        resource: Json = Stored.from_bytes(record.payload).resource
    except FormatError:
        return None
    if not isinstance(resource, dict) or resource.get("status") == "entered-in-error":
        return None
    if record.kind == _IMAGES:
        series = _objects(resource.get("series"))
        modality = "/".join(sorted({str(one.get("code", "")) for one in _objects(resource.get("modality"))}))
        images = [one for one in series if _modality(one) not in _NO_IMAGES]
        seen = bool(images) and all(str(one.get("uid", "")) in read for one in images)
        day = str(resource.get("started", ""))[:10]
        said = str(resource.get("description", ""))
        return StudyLine("images", record.id.hex(), record.at, day, modality or "OT", said, seen)
    kinds = resource.get("code" if record.kind == _OBSERVATION else "type")
    codes = {str(one.get("code", "")) for one in _objects(kinds.get("coding") if isinstance(kinds, dict) else ())}
    if not codes & _ECG:
        return None
    day = str(resource.get("date") or resource.get("effectiveDateTime") or "")[:10]
    said = str(resource.get("description", ""))
    return StudyLine("ecg", record.id.hex(), record.at, day, "ECG", said, record.at < answered)


def _modality(series: Json) -> str:
    coded = series.get("modality")
    return str(coded.get("code", "")) if isinstance(coded, dict) else ""


def _picture(record: charts.Record, read: set[str]) -> StudyLine | None:
    """A picture or volume that is no DICOM object: it has no date of its own."""
    try:
        content = json.loads(record.payload)
        name, media = str(content["name"]), str(content["media"])
    except (KeyError, TypeError, ValueError):  # of a later format
        return None
    id_ = record.id.hex()
    return StudyLine("images", id_, record.at, "", media, name, id_ in read)


def _series_read(records: Iterable[charts.Record]) -> Iterator[str]:
    """The series (UID) that an engine has read."""
    for one in records:
        if one.kind == _READING:
            try:
                yield str(json.loads(one.payload)["series"])
            except (KeyError, TypeError, ValueError):  # of a later format
                continue


def _objects(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list | tuple) else []
