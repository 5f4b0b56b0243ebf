"""A small index of a folder of received objects, which answers queries by the matching rules of PS3.4 C.2.2.2."""

from __future__ import annotations

import fnmatch
import re
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from suwen.exchange.quiet import hushed, pydicom, unreadable
from suwen.exchange.shelf import is_uid

__all__ = ["Index"]

_LEVELS = {
    "PATIENT": "PatientID",
    "STUDY": "StudyInstanceUID",
    "SERIES": "SeriesInstanceUID",
    "IMAGE": "SOPInstanceUID",
}
_KEPT = [
    "SpecificCharacterSet",
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyDate",
    "SeriesDate",
    "AcquisitionDate",
    "ContentDate",
    "StudyTime",
    "SeriesTime",
    "ContentTime",
    "AccessionNumber",
    "Modality",
    "Manufacturer",
    "InstitutionName",
    "ReferringPhysicianName",
    "StudyDescription",
    "SeriesDescription",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "PatientAge",
    "BodyPartExamined",
    "ProtocolName",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "StudyID",
    "SeriesNumber",
    "InstanceNumber",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "BitsAllocated",
    "IssuerOfPatientID",
    "OtherPatientIDs",
    "StationName",
    "PerformingPhysicianName",
    "ImageType",
]
_COUNTS = {
    "ModalitiesInStudy": "Modality",
    "SOPClassesInStudy": "SOPClassUID",
    "NumberOfStudyRelatedSeries": "SeriesInstanceUID",
    "NumberOfStudyRelatedInstances": "SOPInstanceUID",
    "NumberOfSeriesRelatedInstances": "SOPInstanceUID",
    "NumberOfPatientRelatedStudies": "StudyInstanceUID",
}
_RANGED = {"DA", "TM", "DT"}


class Index:
    """What lies in a folder, by header; built on the first question, and told of each new object after that."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._built = False
        self._headers: dict[Path, Any] = {}

    def add(self, file: Path) -> None:
        """Take in a new object, where the folder has been read already."""
        with self._lock:
            if self._built:
                self._take(file)

    def files(self, asked: Any) -> list[Path]:
        """Files of all objects that the identifier of a retrieval names, in the order of their instance numbers."""
        with hushed():
            wanted = {name: _listed(asked[name]) for name in _LEVELS.values() if name in asked and _listed(asked[name])}
        if not wanted:  # nothing named would mean everything
            return []
        found = [
            (file, header)
            for file, header in self._all()
            if all(str(header.get(name, "")) in values for name, values in wanted.items())
        ]
        return [file for file, header in sorted(found, key=lambda one: (_series_place(one[1]), one[0]))]

    def find(self, asked: Any) -> Iterator[Any]:
        """Answers (pydicom Datasets) to the identifier of a query, one for each patient, study, series or image."""
        level = str(asked.get("QueryRetrieveLevel", ""))
        groups: dict[str, list[Any]] = {}
        for _, header in self._all():
            groups.setdefault(str(header.get(_LEVELS[level], "")), []).append(header)
        for _, headers in sorted(groups.items()):
            with hushed():
                answer = _answer(asked, headers)
            if answer is not None:
                yield answer

    @staticmethod
    def knows(asked: Any) -> bool:
        """Whether the level asked at is one of ours."""
        return str(asked.get("QueryRetrieveLevel", "")) in _LEVELS

    def _all(self) -> list[tuple[Path, Any]]:
        with self._lock:
            if not self._built:
                for file in sorted(self._folder.glob("*/*/*.dcm")):
                    self._take(file)
                self._built = True
            return list(self._headers.items())

    def _take(self, file: Path) -> None:
        with hushed():
            try:
                header = pydicom().dcmread(file, stop_before_pixels=True, specific_tags=_KEPT)
                header.decode()
            except unreadable():
                return  # a stranger in the folder is nobody's object
        if is_uid(str(header.get("SOPInstanceUID", ""))):
            self._headers[file] = header


def _answer(asked: Any, headers: list[Any]) -> Any | None:
    """The attributes asked for, of one entity; None where a key does not match."""
    library = pydicom()
    answer = library.Dataset()
    first = headers[0]
    for element in asked:
        name = element.keyword
        if name in ("QueryRetrieveLevel", "SpecificCharacterSet", "RetrieveAETitle") or not name:
            continue
        value = _counted(name, headers) if name in _COUNTS else first.get(name)
        if not _matches(element, value):
            return None
        setattr(answer, name, "" if value is None else value)
    answer.QueryRetrieveLevel = asked.QueryRetrieveLevel
    if first.get("SpecificCharacterSet"):
        answer.SpecificCharacterSet = first.SpecificCharacterSet
    return answer


def _counted(name: str, headers: list[Any]) -> Any:
    values = sorted({str(one.get(_COUNTS[name], "")) for one in headers} - {""})
    return len(values) if name.startswith("NumberOf") else values


def _listed(element: Any) -> list[str]:
    value = element.value
    values = value if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue" else [value]
    return [str(one) for one in values if one not in (None, "")]


def _matches(element: Any, value: Any) -> bool:
    """Universal, single value, list of UIDs, wildcard and range matching; other keys are returned, not matched."""
    if element.VR == "SQ":
        return True
    wanted = _listed(element)
    if not wanted:
        return True
    held = _texts(value)
    if element.VR == "UI":
        return any(one in held for one in wanted)
    if element.VR in _RANGED and "-" in wanted[0]:
        return any(_within(one, wanted[0]) for one in held)
    return any(_alike(one, pattern, folded=element.VR == "PN") for one in held for pattern in wanted)


def _texts(value: Any) -> list[str]:
    values: Iterable[Any] = value if isinstance(value, list) or type(value).__name__ == "MultiValue" else [value]
    return [str(one) for one in values if one is not None]


def _alike(held: str, pattern: str, *, folded: bool) -> bool:
    """Whether a text fits a pattern; of names, any of their groups may (alphabetic, ideographic, phonetic)."""
    groups = {held, *held.split("=")} if folded else {held}
    if folded:
        groups, pattern = {one.casefold().rstrip("^") for one in groups}, pattern.casefold().rstrip("^")
    # Only * and ? are wildcards here; a bracket is a character as any other.
    expression = fnmatch.translate(pattern.strip().replace("[", "[[]"))
    return any(re.match(expression, one.strip()) for one in groups)


def _within(held: str, span: str) -> bool:
    """Whether a date or time lies in "first-last", either of which may be missing; both ends count."""
    first, _, last = span.partition("-")
    held, first, last = held.strip(), first.strip(), last.strip()
    return bool(held) and (not first or held >= first) and (not last or held[: len(last)] <= last)


def _series_place(header: Any) -> tuple[str, str, int]:
    number = str(header.get("InstanceNumber") or "0")
    uids = (str(header.get("StudyInstanceUID", "")), str(header.get("SeriesInstanceUID", "")))
    return (*uids, int(number) if number.lstrip("-").isdigit() else 0)
