"""What is known of one DICOM object without opening it: checked once on arrival, kept beside it in the sealed record.

Failure reasons are those of PS3.18 table 10.5.3 and PS3.4 table B.2-1.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from suwen.errors import FormatError, InputError
from suwen.formats.images.budget import Budget
from suwen.formats.images.frames import frames_of, not_an_image
from suwen.formats.images.headers import guarded, import_pydicom
from suwen.formats.images.objects import DicomObject, open_object
from suwen.formats.images.stored import Stored, kind_of
from suwen.subject import Sex

__all__ = [
    "INSTANCE",
    "NOT_AUTHORISED",
    "NOT_OF_STUDY",
    "NO_CLASS",
    "NO_SYNTAX",
    "NO_UID",
    "OTHER_THERE",
    "PATIENT",
    "PROCESSING",
    "SERIES",
    "STUDY",
    "UNREADABLE",
    "Indexed",
    "Refused",
    "Said",
    "index_object",
]

Json = Mapping[str, Any]

PROCESSING, OTHER_THERE, NO_UID, NO_CLASS = 0x0110, 0x0111, 0x0117, 0x0122
NOT_AUTHORISED, NOT_OF_STUDY, UNREADABLE, NO_SYNTAX = 0x0124, 0xA900, 0xC000, 0xC122

# Attributes that a search answers and matches, by level (PS3.18 tables 10.6.3-3 to 10.6.3-5, and what viewers ask for).
PATIENT = ("00100010", "00100020", "00100021", "00100030", "00100040")
STUDY = (
    "00080020", "00080030", "00080050", "00080090", "00080201", "00081030", *PATIENT, "0020000D", "00200010",
)  # fmt: skip
SERIES = (
    "00080021", "00080031", "00080060", "0008103E", "00180015", "00181030", "0020000E", "00200011", "00200060",
    "00400244", "00400245", "00400275",
)  # fmt: skip
INSTANCE = (
    "00080008", "00080016", "00080018", "00080022", "00080023", "00200013", "00200032", "00200037", "00280008",
    "00280010", "00280011", "00280030", "00280100", "00281050", "00281051",
)  # fmt: skip

_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")
_LONGEST_UID = 64
_PIXELS = ("7FE00008", "7FE00009", "7FE00010")
_LARGE = 4096  # bytes of a value that stays with the object and is fetched by an address of its own
_BINARY = ("OB", "OD", "OF", "OL", "OV", "OW", "UN")
_MEMORY = 2**28  # bytes that checking one object may take: a deflated one may be four times what a request may bring
_SEXES = {"M": Sex.MALE, "F": Sex.FEMALE, "O": Sex.OTHER}


@dataclass(frozen=True, slots=True)
class Said:
    """Whose object it is, as it says itself: number, who gave the number, name, birth date (YYYY-MM-DD or ""), sex."""

    number: str = field(repr=False)
    issuer: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    born: str = field(default="", repr=False)
    sex: Sex = Sex.UNKNOWN

    @property
    def identifier(self) -> str:
        """As the register writes an identifier."""
        return f"{self.issuer}|{self.number}" if self.issuer else self.number


@dataclass(frozen=True, slots=True)
class Indexed:
    """One object: its UIDs, how it is coded, its digest (SHA-256, hex), and its attributes as DICOM JSON by tag.

    `attributes` are those of `STUDY`, `SERIES` and `INSTANCE`; `metadata` is all but what is large, for which it holds
    an address relative to the object ("bulkdata/00282000").
    """

    study: str
    series: str
    instance: str
    sop_class: str
    syntax: str
    frames: int
    size: int
    digest: str
    said: Said = field(repr=False)
    attributes: Json = field(repr=False)
    metadata: Json = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """An object that is not taken, and the DICOM failure reason; the UIDs are "" where they cannot be read."""

    reason: int
    sop_class: str = ""
    instance: str = ""


def index_object(data: bytes) -> Indexed | Refused:
    """Check one DICOM object (PS3.10 file) and say what is known of it. Raises MissingExtraError without pydicom."""
    if kind_of(data[:400]) != "dicom" or data[128:132] != b"DICM":
        return Refused(UNREADABLE)
    try:
        # Threat: a deflated object of some kilobytes may inflate to gigabytes. This opens it within bounds, and first.
        source = open_object(Stored("object", None, data), Budget(_MEMORY))
        dataset = _parsed(data)
    except InputError:
        return Refused(UNREADABLE)
    uids = [_word(dataset, one) for one in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")]
    wrong = _wrong(dataset, uids)
    if wrong:
        return Refused(wrong, *(one if _is_uid(one) else "" for one in (uids[3], uids[2])))
    try:
        frames = _frames(source)
        with guarded("the object cannot be described"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            metadata = _metadata(dataset)
    except InputError:
        return Refused(UNREADABLE, uids[3], uids[2])
    kept = (*STUDY, *SERIES, *INSTANCE)
    study, series, instance, sop_class = uids
    return Indexed(
        study=study,
        series=series,
        instance=instance,
        sop_class=sop_class,
        syntax=str(dataset.file_meta.TransferSyntaxUID),
        frames=frames,
        size=len(data),
        digest=hashlib.sha256(data).hexdigest(),
        said=_said(dataset),
        attributes={tag: metadata[tag] for tag in kept if tag in metadata},
        metadata=metadata,
    )


def _parsed(data: bytes) -> Any:
    pydicom = import_pydicom()
    with guarded("not a DICOM object"), warnings.catch_warnings(), pydicom.config.disable_value_validation():
        warnings.simplefilter("ignore")  # pydicom says much about what it mends
        return pydicom.dcmread(io.BytesIO(data))


def _word(dataset: Any, keyword: str) -> str:
    try:
        with guarded(""):
            return str(dataset.get(keyword) or "").strip(" \0")
    except FormatError:
        return ""


def _wrong(dataset: Any, uids: list[str]) -> int:
    """The failure reason of an object whose names contradict each other or are none, 0 where they hold."""
    *_, instance, sop_class = uids
    meta = dataset.file_meta
    if not all(map(_is_uid, uids)):
        return NO_UID
    if not _is_storage(sop_class):
        return NO_CLASS
    if not _is_syntax(_word(meta, "TransferSyntaxUID")):
        return NO_SYNTAX
    named = _word(meta, "MediaStorageSOPInstanceUID"), _word(meta, "MediaStorageSOPClassUID")
    return 0 if named in ((instance, sop_class), ("", ""), (instance, "")) else NOT_OF_STUDY


def _is_uid(text: str) -> bool:
    return len(text) <= _LONGEST_UID and _UID.fullmatch(text) is not None


def _is_storage(sop_class: str) -> bool:
    known = import_pydicom().uid.UID(sop_class)
    return known.type == "SOP Class" and "Storage" in known.name


def _is_syntax(text: str) -> bool:
    known = import_pydicom().uid.UID(text)
    return bool(text) and known.is_transfer_syntax and not known.is_private


def _frames(source: DicomObject) -> int:
    """How many frames there are, 0 for what is no image. Raises FormatError where samples are missing."""
    if not source.pixels or not_an_image(source):
        return 0
    return len(frames_of(source))


def _metadata(dataset: Any) -> dict[str, Any]:
    """All attributes as DICOM JSON (PS3.18 annex F); what is large is named by its place and taken out of the set."""
    with import_pydicom().config.disable_value_validation():
        large = {_tag(one): _vr(one) for one in dataset if _is_large(one)}
        for tag in large:
            del dataset[int(tag, 16)]
        found: dict[str, Any] = dataset.to_json_dict(suppress_invalid_tags=True)
    found |= {tag: {"vr": vr, "BulkDataURI": f"bulkdata/{tag}"} for tag, vr in large.items()}
    return dict(sorted(found.items()))


def _is_large(element: Any) -> bool:
    if _tag(element) in _PIXELS:
        return True
    return element.VR in _BINARY and isinstance(element.value, bytes) and len(element.value) > _LARGE


def _vr(element: Any) -> str:
    return "OW" if element.VR in ("OB or OW", "OW or OB") else str(element.VR)


def _tag(element: Any) -> str:
    return f"{int(element.tag):08X}"


def _said(dataset: Any) -> Said:
    born = _word(dataset, "PatientBirthDate")
    return Said(
        number=_word(dataset, "PatientID"),
        issuer=_word(dataset, "IssuerOfPatientID"),
        name=next(_names(_word(dataset, "PatientName")), ""),
        born=f"{born[:4]}-{born[4:6]}-{born[6:]}" if re.fullmatch(r"\d{8}", born) else "",
        sex=_SEXES.get(_word(dataset, "PatientSex").upper(), Sex.UNKNOWN),
    )


def _names(text: str) -> Iterator[str]:
    """Each way a name is written (alphabetic, ideographic, phonetic; PS3.5 6.2.1), given name before family name."""
    for form in text.split("="):
        family, given, *_ = [*form.split("^"), ""]
        said = f"{family}{given}" if re.search(r"[\u2e80-\u9fff]", form) else f"{given} {family}"
        if said.strip():
            yield " ".join(said.split())
