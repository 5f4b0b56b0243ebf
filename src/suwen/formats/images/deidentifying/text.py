"""The names and numbers of one object's people, and how they are found again in texts, codes and bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import permutations
from struct import error
from typing import Any

from suwen.formats.images.deidentifying.nouns import Dates, DeidentifyOptions

__all__ = ["MARK", "Secrets", "each_value", "gather_secrets", "readable", "spelled_out"]

MARK = "*"
"""What stands in a text where something was taken out; one character, so that no length limit is passed."""

_IDENTIFYING = frozenset(
    [
        "PatientID",
        "OtherPatientIDs",
        "IssuerOfPatientID",
        "AccessionNumber",
        "AdmissionID",
        "StudyID",
        "ServiceEpisodeID",
        "PatientTelephoneNumbers",
        "PatientAddress",
        "MedicalRecordLocator",
        "PlacerOrderNumberImagingServiceRequest",
        "FillerOrderNumberImagingServiceRequest",
        "PersonTelephoneNumbers",
        "PersonAddress",
        "ReferringPhysicianTelephoneNumbers",
        "ReferringPhysicianAddress",
        "RequestedProcedureID",
        "ScheduledProcedureStepID",
        "PerformedProcedureStepID",
        "ClinicalTrialSubjectID",
        "ClinicalTrialSubjectReadingID",
        "PersonTelecomInformation",
        "PatientTelecomInformation",
        "InsurancePlanIdentification",
        "OrderCallbackPhoneNumber",
        "OrderCallbackTelecomInformation",
    ]
)
_INSTITUTION = frozenset(["InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName"])
_DEVICE = frozenset(["DeviceSerialNumber", "StationName", "DetectorID", "GantryID", "PlateID"])
_PARTS = re.compile(r"[\s^=,，、;；·・\\\-_.]+")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af]")
_TITLES = frozenset(
    [
        "dr",
        "mr",
        "mrs",
        "ms",
        "miss",
        "prof",
        "md",
        "phd",
        "jr",
        "sr",
        "anonymous",
        "unknown",
        "none",
        "test",
        "patient",
    ]
)

# Numbers that name a person or a day wherever they stand: mail, telephone, resident identity card, dates.
_MAIL = r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+"
_CARD = r"(?<!\d)\d{17}[\dXx](?!\d)"
_PHONE = r"(?<![\d.])\+?\(?\d(?:[ \-()]{0,2}\d){8,14}(?![\d.])"
_DAY = (
    r"(?<!\d)(?:(?:18|19|20)\d{2}[./\-]?(?:0[1-9]|1[0-2])[./\-]?(?:0[1-9]|[12]\d|3[01])(?:\d{4,6})?"
    r"|\d{1,2}[./\-]\d{1,2}[./\-](?:18|19|20)\d{2}|(?:18|19|20)\d{2}[./\-]\d{1,2}[./\-]\d{1,2})(?!\d)"
    r"|(?:(?:18|19|20)\d{2}年)\s*\d{1,2}月(?:\s*\d{1,2}[日号])?"
    r"|\b\d{1,2}[ \-](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[ \-,]{1,2}(?:18|19|20)\d{2}\b"
)
_CODECS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be", "latin-1")


@dataclass(frozen=True, slots=True, eq=False)
class Secrets:
    """What must not survive in one object: a pattern for texts, and the same tokens as bytes (all, and long ones)."""

    pattern: re.Pattern[str]
    exact: frozenset[str]
    raw: frozenset[bytes]
    long: frozenset[bytes]

    def scrub(self, text: str) -> str:
        """The text with every name, number, address and (unless dates stay) date in it replaced by MARK."""
        if text.strip().casefold() in self.exact:
            return MARK
        return self.pattern.sub(MARK, text)

    def within(self, data: bytes, *, samples: bool = False) -> bool:
        """Whether the bytes hold one of the longer tokens, in any of the usual encodings; in `samples`, long ones."""
        return any(token in data for token in (self.long if samples else self.raw))


def gather_secrets(dataset: Any, options: DeidentifyOptions) -> Secrets:
    """All names of persons anywhere in a data set, private and nested ones too, and its identifying numbers."""
    tokens: set[str] = set()
    for keyword, vr, value in _values(dataset):
        if vr == "PN":
            tokens.update(spelled_out(value))
        elif keyword in _named(options):
            tokens.add(value.strip().casefold())
            tokens.update(one.casefold() for one in re.split(r"[\n\r,，;；]+", value) if len(one.strip()) >= 4)
    tokens.update(_birth_days(dataset))
    tokens = {one.strip() for one in tokens} - {""}
    # Three letters in UTF-16 are three neighbouring samples of 16 bits: short words are met in any image.
    long = {one for one in tokens if len(one) >= 6 or len(_HAN.findall(one)) >= 3}
    return Secrets(
        _pattern(tokens, options), frozenset(tokens), frozenset(_bytes_of(tokens)), frozenset(_bytes_of(long))
    )


def _named(options: DeidentifyOptions) -> frozenset[str]:
    return (
        _IDENTIFYING | (_INSTITUTION if not options.institution else set()) | (_DEVICE if not options.device else set())
    )


def _values(dataset: Any) -> Iterator[tuple[str, str, str]]:
    """Keyword, value representation and each single value of all elements that are text."""
    for tag in list(dataset.keys()):
        element = readable(dataset, tag)
        if element is None:
            continue
        if element.VR == "SQ":
            for item in element.value or ():
                yield from _values(item)
        elif element.VR in {"PN", "LO", "SH", "ST", "LT", "UT", "UC", "DA"}:
            for value in each_value(element):
                yield element.keyword, element.VR, str(value)


def readable(dataset: Any, tag: Any) -> Any:
    """An element, or None where its bytes cannot be read as what they claim to be."""
    from pydicom.errors import BytesLengthException  # noqa: PLC0415

    try:
        element = dataset[tag]
        _ = [str(one) for one in each_value(element)] if element.VR not in _BINARY else None
    except (BytesLengthException, *_DAMAGED):
        return None
    return element


_DAMAGED = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, EOFError, OSError, RuntimeError, error)
_BINARY = frozenset(("SQ", "OB", "OW", "OF", "OD", "OL", "OV", "UN", "OB or OW", "US or OW", "US or SS or OW"))


def each_value(element: Any) -> list[Any]:
    """The values of an element one by one."""
    value = element.value
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue" else [value]


def _birth_days(dataset: Any) -> set[str]:
    day = str(dataset.get("PatientBirthDate", "") or "")
    if len(day) != 8 or not day.isdecimal():
        return set()
    year, month, dom = day[:4], day[4:6], day[6:]
    found = {
        day,
        *(sign.join((year, month, dom)) for sign in "-/."),
        *(sign.join((dom, month, year)) for sign in "-/."),
    }
    return found | {sign.join((month, dom, year)) for sign in "-/."} | {f"{year}年{int(month)}月{int(dom)}日"}


def spelled_out(name: Any) -> set[str]:
    """A name (PN) as it may stand in a text: whole, its parts, and its parts joined in both orders; lower case."""
    found: set[str] = set()
    for group in str(name).split("="):
        parts = [one.casefold() for one in _PARTS.split(group) if one and one.casefold() not in _TITLES]
        found.update(one for one in parts if _tells(one))
        for pair in permutations(parts[:4], 2):
            found.update(_joined(pair))
        if len(parts) > 2:
            found.update(sign.join(parts) for sign in ("", " "))
    return found


def _joined(pair: Iterable[str]) -> Iterator[str]:
    for sign in ("", " ", "^", ", ", ",", "-", "_"):
        joined = sign.join(pair)
        if len(joined) >= 3 or _HAN.search(joined):
            yield joined


def _tells(part: str) -> bool:
    """Whether a part of a name alone tells something: a single letter or a one-character Chinese surname does not."""
    return len(part) >= 2


def _pattern(tokens: set[str], options: DeidentifyOptions) -> re.Pattern[str]:
    known = [_bounded(one) for one in sorted(tokens, key=len, reverse=True) if len(one) >= 2]
    days = [] if options.dates is Dates.KEEP else [_DAY]
    return re.compile("|".join([_MAIL, *known, _CARD, *days, _PHONE]), re.IGNORECASE)


def _bounded(token: str) -> str:
    """Short Latin words and numbers only where they stand alone; long ones and Chinese anywhere."""
    text = re.escape(token)
    if _HAN.search(token) or len(token) >= 6:
        return text
    if token.isdecimal():
        return rf"(?<!\d){text}(?!\d)"
    return rf"(?<![^\W\d_]){text}(?![^\W\d_])"


def _bytes_of(tokens: set[str]) -> Iterator[bytes]:
    for token in tokens:
        for codec in _CODECS:
            for form in (token, token.upper(), token.title()):
                data = form.encode(codec, "ignore")
                if len(data) >= 6:  # shorter ones are met by chance in samples
                    yield data
