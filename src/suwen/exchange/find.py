"""Finding studies, series and images at a peer (C-FIND), by plain keywords, in any character set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from suwen.errors import FormatError, InputError, NetworkError, Problem
from suwen.exchange.dimse import TITLE, answered, associate
from suwen.exchange.nouns import Level, Match, Peer, Query
from suwen.exchange.quiet import hushed, pydicom, unreadable
from suwen.exchange.shelf import is_uid
from suwen.exchange.syntaxes import PLAIN

__all__ = ["RETURNED", "find", "identifier", "match_of", "texts_of"]

_STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
_CHARSETS = {"ISO_IR 192": "utf-8", "GB18030": "gb18030", "GBK": "gbk", "ISO_IR 100": "latin-1", "": "ascii"}
_PENDING = (0xFF00, 0xFF01)

RETURNED: Mapping[Level, tuple[str, ...]] = {  # asked for at each level, beside what the query names
    Level.STUDY: (
        "StudyInstanceUID",
        "PatientID",
        "PatientName",
        "PatientBirthDate",
        "PatientSex",
        "StudyDate",
        "StudyTime",
        "AccessionNumber",
        "StudyID",
        "StudyDescription",
        "ModalitiesInStudy",
        "NumberOfStudyRelatedInstances",
    ),
    Level.SERIES: (
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "Modality",
        "SeriesNumber",
        "SeriesDescription",
        "NumberOfSeriesRelatedInstances",
    ),
    Level.IMAGE: ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "InstanceNumber"),
}


def find(
    peer: Peer, query: Query, *, title: str = TITLE, timeout: float = 30.0, limit: int | None = None
) -> tuple[Match, ...]:
    """Ask the peer what it has; at most `limit` answers (the peer is asked to stop after them).

    Raises InputError for keywords and values that cannot be asked for, NetworkError, AccessError.
    """
    asked = identifier(query)
    found: list[Match] = []
    with associate(peer, [(_STUDY_ROOT_FIND, PLAIN)], title=title, timeout=timeout) as association:
        for status, answer in association.send_c_find(asked, _STUDY_ROOT_FIND, msg_id=1):
            code = answered(status, peer)
            if code not in _PENDING:
                _end(code, peer, stopped=limit is not None and len(found) >= limit)
            elif answer is None:
                raise FormatError(f"an answer of {peer} cannot be read as DICOM")
            elif limit is None or len(found) < limit:
                found.append(match_of(answer))
                if len(found) == limit:
                    association.send_c_cancel(1, query_model=_STUDY_ROOT_FIND)
    return tuple(found)


def _end(code: int, peer: Peer, *, stopped: bool) -> None:
    if code and not (stopped and code == 0xFE00):
        raise NetworkError(f"{peer} could not answer the query (status {code:#06x}); are its keys right?")


def identifier(query: Query, *, returned: bool = True) -> Any:
    """The identifier (pydicom Dataset) of a query; with `returned`, also what is always asked for at its level.

    Raises InputError.
    """
    library = pydicom()
    texts = texts_of(query)
    dataset = library.Dataset()
    # Only where it is needed: some old peers refuse a query that names a character set at all.
    if not all(one.isascii() for one in texts.values()):
        dataset.SpecificCharacterSet = query.charset
    dataset.QueryRetrieveLevel = query.level.value
    with hushed():  # wildcards and ranges are no dates, as far as the library is concerned
        for keyword in dict.fromkeys((*(RETURNED[query.level] if returned else ()), *query.wanted)):
            setattr(dataset, keyword, "" if library.datadict.dictionary_VR(keyword) != "SQ" else [])
        for keyword, value in texts.items():
            _put(dataset, keyword, value)
    return dataset


def _put(dataset: Any, keyword: str, value: str) -> None:
    library = pydicom()
    tag, kind = library.datadict.tag_for_keyword(keyword), library.datadict.dictionary_VR(keyword)
    ignore = library.config.IGNORE
    given: Any = value.split("\\") if kind == "UI" and value else value
    dataset.add(library.DataElement(tag, kind, given, validation_mode=ignore))


def texts_of(query: Query) -> dict[str, str]:
    """The keys of a query as DICOM text, checked. Raises InputError with all that is wrong."""
    library = pydicom()
    problems = [
        Problem(name, "is no DICOM keyword", "for example PatientID, StudyDate, ModalitiesInStudy")
        for name in (*query.keys, *query.wanted)
        if library.datadict.tag_for_keyword(name) is None
    ]
    if query.charset not in _CHARSETS:
        problems.append(Problem("charset", f"{query.charset!r} is not known", f"one of {', '.join(_CHARSETS)}"))
    texts: dict[str, str] = {}
    if not problems:
        for name, value in query.keys.items():
            texts[name] = _text(value)
            problems += _value_problems(name, texts[name], query.charset)
    if problems:
        raise InputError("the query cannot be asked", problems)
    return texts


def _text(value: object) -> str:
    if isinstance(value, date):
        return value.strftime("%Y%m%d")
    if isinstance(value, tuple) and len(value) == 2:
        return "-".join("" if one is None else _text(one) for one in value)
    if isinstance(value, list):
        return "\\".join(_text(one) for one in value)
    return "" if value is None else str(value)


def _value_problems(name: str, text: str, charset: str) -> list[Problem]:
    """What is wrong with a value; it is not repeated in the message, for it may name a patient."""
    kind = pydicom().datadict.dictionary_VR(pydicom().datadict.tag_for_keyword(name))
    if kind == "SQ":
        return [Problem(name, "is a sequence", "ask for one of its attributes at another peer, or leave it empty")]
    if kind == "UI" and text and not all(is_uid(one) for one in text.split("\\")):
        return [Problem(name, "is no UID", "numbers and dots, no wildcard")]
    if kind == "DA" and text and not all(len(one) in (0, 8) and (one or "0").isdigit() for one in text.split("-")):
        return [Problem(name, "is no date", "20260131, or 20260101-20260131")]
    try:
        text.encode(_CHARSETS[charset])
    except UnicodeEncodeError:
        return [Problem(name, f"cannot be written in {charset}", "use ISO_IR 192 or GB18030")]
    return []


def match_of(answer: Any, *, decoded: bool = False) -> Match:
    """One answer as text by keyword, decoded by its own character set where it is not yet. Raises FormatError."""
    values: dict[str, str | list[str]] = {}
    with hushed():
        try:
            if not decoded:
                answer.decode()
            for element in answer:
                if element.keyword and element.VR != "SQ" and not isinstance(element.value, bytes):
                    values[element.keyword] = _shown(element.value)
        except unreadable():
            raise FormatError("an answer of the peer cannot be read as DICOM") from None
    return Match(values)


def _shown(value: Any) -> str | list[str]:
    if value is None:
        return ""
    several: Iterable[Any] | None = value if type(value).__name__ in ("MultiValue", "list") else None
    return str(value) if several is None else [str(one) for one in several]
