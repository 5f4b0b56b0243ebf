"""What every DICOM object that is written shares: coded words, UIDs, times, the device, and the file."""

from __future__ import annotations

import contextlib
import importlib
import io
import re
import uuid
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from suwen.errors import InputError, MissingExtraError
from suwen.formats.images.writing.file import write_file
from suwen.formats.images.writing.nouns import Language, Software, Term, Written
from suwen.subject import Code

__all__ = [
    "Clock",
    "MakeUid",
    "building",
    "concept",
    "equipment",
    "load",
    "new_uid",
    "quiet",
    "stamp",
    "unit",
    "write_object",
]

Clock = Callable[[], float]  # seconds since 1970, UTC
MakeUid = Callable[[], str]

# Designators of DICOM PS3.16 table 8-1; any other vocabulary is private (99...) and named in the object
_SCHEMES = {
    "SCT": "SCT", "DCM": "DCM", "UCUM": "UCUM", "LOINC": "LN", "LN": "LN", "RADLEX": "RADLEX", "RID": "RADLEX",
    "FMA": "FMA", "NCIT": "NCIt", "IBSI": "IBSI", "RADELEMENT": "RADELEMENT", "ICD10": "I10", "UMLS": "UMLS",
}  # fmt: skip
_UNITS: dict[str, dict[Language, str]] = {
    "mm": {"en": "millimeter", "zh": "毫米"},
    "cm": {"en": "centimeter", "zh": "厘米"},
    "mm2": {"en": "square millimeter", "zh": "平方毫米"},
    "cm2": {"en": "square centimeter", "zh": "平方厘米"},
    "mm3": {"en": "cubic millimeter", "zh": "立方毫米"},
    "cm3": {"en": "cubic centimeter", "zh": "立方厘米"},
    "ml": {"en": "milliliter", "zh": "毫升"},
    "%": {"en": "percent", "zh": "百分比"},
    "1": {"en": "no units", "zh": "无单位"},
    "[hnsf'U]": {"en": "Hounsfield unit", "zh": "亨氏单位"},
    "deg": {"en": "degree", "zh": "度"},
    "{pixels}": {"en": "pixels", "zh": "像素"},
}
_ALIASES = {"HU": "[hnsf'U]", "": "1", "ratio": "1", "px": "{pixels}", "mL": "ml"}


def load(name: str) -> Any:
    """A module of the imaging extra. Raises MissingExtraError."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise MissingExtraError(name.partition(".")[0], "imaging") from None


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No warnings of pydicom about values of the source: what matters of them is checked where it is used."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


@contextlib.contextmanager
def building(what: str) -> Iterator[None]:
    """While an object is put together: what the libraries say against a source becomes one InputError.

    Their own words are left out: they may quote the header, which names the patient.
    """
    try:
        with quiet():
            yield
    except InputError:
        raise
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError) as reason:
        name = getattr(reason, "name", None)
        lacking = f" (its header lacks {name})" if name else ""
        raise InputError(
            f"{what} cannot be made of this source{lacking}; write NIfTI or PNG instead",
            zh=f"该来源无法生成 {what}{lacking}；请改写为 NIfTI 或 PNG",
        ) from None


def new_uid() -> str:
    """A new UID under the root 2.25, which needs no registration (ITU-T X.667; DICOM PS3.5 B.2)."""
    return f"2.25.{uuid.uuid4().int}"


def concept(term: Term | Code, lang: Language = "en") -> Any:
    """A coded concept of highdicom; its meaning is in the language asked, at most 64 characters (PS3.3 8.3)."""
    named = term if isinstance(term, Term) else Term(term)
    prefix, _, value = named.code.value.rpartition(":")
    if not value or not prefix:
        raise InputError(
            f"{named.code.value!r} does not say its vocabulary; write a code as SCT:39607008",
            zh=f"{named.code.value!r} 未说明其术语系统；编码请写成 SCT:39607008 的形式",
        )
    return load("highdicom").sr.CodedConcept(value, _designator(prefix), named.said(lang)[:64])


def _designator(prefix: str) -> str:
    known = _SCHEMES.get(prefix.upper())
    return known or f"99{re.sub('[^A-Z0-9]', '', prefix.upper())}"[:16]


def unit(code: str, lang: Language = "en") -> Any:
    """A unit of UCUM as a coded concept."""
    ucum = _ALIASES.get(code, code)
    meaning = _UNITS.get(ucum, {}).get(lang, ucum)
    return load("highdicom").sr.CodedConcept(ucum, "UCUM", meaning)


def stamp(dataset: Any, source: Any, *, clock: Clock, uid: MakeUid) -> None:
    """Set every time by `clock`, in the zone of the source where it names one, and every UID made inside by `uid`."""
    now = _moment(clock, str(source.get("TimezoneOffsetFromUTC") or ""))
    day, time = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    for kind in ("InstanceCreation", "Content", "PresentationCreation", "Series"):
        if f"{kind}Date" in dataset or kind == "InstanceCreation":
            setattr(dataset, f"{kind}Date", day)
            setattr(dataset, f"{kind}Time", time)
    for item in dataset.get("ContributingEquipmentSequence") or ():
        if "ContributionDateTime" in item:
            item.ContributionDateTime = f"{day}{time}"
    if "TimezoneOffsetFromUTC" in source:
        dataset.TimezoneOffsetFromUTC = source.TimezoneOffsetFromUTC
    if "DimensionOrganizationSequence" in dataset:
        made = uid()
        for item in (*dataset.DimensionOrganizationSequence, *dataset.get("DimensionIndexSequence", ())):
            item.DimensionOrganizationUID = made
    dataset.SpecificCharacterSet = "ISO_IR 192"


def _moment(clock: Clock, offset: str) -> datetime:
    utc = datetime.fromtimestamp(clock(), tz=UTC)
    if re.fullmatch(r"[+-]\d{4}", offset):
        away = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:]))
        return utc.astimezone(timezone(-away if offset[0] == "-" else away))
    return utc.astimezone()  # DICOM times without a zone are those of the wall


def equipment(software: Software) -> dict[str, Any]:
    """The device that writes, as highdicom wants it."""
    return {
        "manufacturer": software.manufacturer,
        "manufacturer_model_name": software.name,
        "software_versions": software.version,
        "device_serial_number": software.serial,
    }


def write_object(path: Path, dataset: Any) -> Written:
    """Write a DICOM object as a file (PS3.10), whole or not at all. Raises DataError, InputError."""
    private = _private_schemes(dataset)
    if private:
        dataset.CodingSchemeIdentificationSequence = private
    data = io.BytesIO()
    with building("this object"):
        dataset.save_as(data, enforce_file_format=True)
    write_file(path, data.getvalue())
    return Written(path, str(dataset.SOPClassUID), str(dataset.SOPInstanceUID), str(dataset.SeriesInstanceUID))


def _private_schemes(dataset: Any) -> list[Any]:
    pydicom = load("pydicom")
    found = sorted({str(element.value) for element in dataset.iterall() if element.tag == 0x00080102})
    items = []
    for designator in found:
        if designator.startswith("99"):
            item = pydicom.Dataset()
            item.CodingSchemeDesignator = designator
            item.CodingSchemeName = designator[2:]
            items.append(item)
    return items
