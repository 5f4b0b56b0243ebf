"""De-identification of one DICOM object by the Basic Application Level Confidentiality Profile (PS3.15 Annex E)."""

from __future__ import annotations

import re
import warnings
from typing import Any

from suwen.errors import MissingExtraError
from suwen.formats.images.deidentifying.elements import Cleaner
from suwen.formats.images.deidentifying.key import Pseudonyms, plain_number
from suwen.formats.images.deidentifying.method import say_method
from suwen.formats.images.deidentifying.nouns import Deidentified, DeidentifyOptions, Outcome
from suwen.formats.images.deidentifying.pixels import cleaned_before
from suwen.formats.images.deidentifying.screening import Screened, screened
from suwen.formats.images.deidentifying.table import element_types
from suwen.formats.images.deidentifying.text import gather_secrets

__all__ = ["deidentify"]

_DOCUMENTS = "1.2.840.10008.5.1.4.1.1.104."
_DIRECTORY = "1.2.840.10008.1.3.10"
_HEAD = re.compile(
    r"\b(?:head|brain|skull|face|facial|sinus\w*|orbit\w*|neck|cranium|cranial|maxill\w*|jaw|ears?|iacs?|neuro)\b"
    r"|颅|头|脑|面部|颌|鼻|眼|颈|耳",
    re.IGNORECASE,
)
_HEAD_TEXTS = (
    "BodyPartExamined",
    "StudyDescription",
    "SeriesDescription",
    "ProtocolName",
    "RequestedProcedureDescription",
)


def deidentify(dataset: Any, *, key: bytes, options: DeidentifyOptions | None = None) -> Deidentified:
    """A new data set without what names the patient (PS3.15 Table E.1-1, 2026c), and what was done; nothing is altered.

    `dataset` is a pydicom Dataset, `key` 32 secret bytes: one key gives one patient the same number, the same UIDs and
    the same move of dates in every run. Texts that stay are searched for the names and numbers of this object alone:
    a name that stands only in a free text is not found, which is why such texts go unless `descriptors` is asked for.
    Faces in volumes of the head are not removed, only pointed at. Raises InputError, MissingExtraError.
    """
    try:
        from pydicom.config import disable_value_validation  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("pydicom", "imaging") from None
    # Values are judged here one by one; what the library would say of them, and log, may quote them.
    with warnings.catch_warnings(), disable_value_validation():
        warnings.simplefilter("ignore")
        return _deidentified(dataset, Pseudonyms(key), options or DeidentifyOptions())


def _deidentified(dataset: Any, pseudonyms: Pseudonyms, options: DeidentifyOptions) -> Deidentified:
    refused = _refusal(dataset, options)
    if refused:
        return Deidentified(None, Outcome.REFUSED, remarks=(refused,))
    secrets = gather_secrets(dataset, options)
    seen = screened(dataset, secrets, options)
    identity = _identity(dataset)
    cleaner = Cleaner(
        options,
        pseudonyms,
        secrets,
        patient=pseudonyms.patient(identity),
        days=pseudonyms.days(identity),
        types=element_types(_named(dataset)[0]),
    )
    found = cleaner.cleaned(dataset)
    found.PatientID = cleaner.patient
    if not found.get("SOPClassUID") or not found.get("SOPInstanceUID"):
        found.SOPClassUID, found.SOPInstanceUID = _named(dataset)[0], pseudonyms.uid(_named(dataset)[1])
    _pixels_into(found, seen)
    face = _is_head(dataset)
    say_method(found, options, masked=bool(seen.regions), before=cleaned_before(dataset), face=face)
    _file_meta(found, dataset, native=seen.data is not None)
    return _told(found, dataset, cleaner, seen, face)


def _refusal(dataset: Any, options: DeidentifyOptions) -> str:
    """Why an object is not de-identified at all; empty where it is."""
    sop_class, sop_instance = _named(dataset)
    meta = getattr(dataset, "file_meta", None)
    if (
        _DIRECTORY in {sop_class, str(getattr(meta, "MediaStorageSOPClassUID", ""))}
        or "DirectoryRecordSequence" in dataset
    ):
        return "directory"
    if not sop_class or not sop_instance:
        return "no-identity"
    if (sop_class.startswith(_DOCUMENTS) or "EncapsulatedDocument" in dataset) and not options.documents:
        return "document"
    return "face-refused" if options.visual_features and _may_show_face(dataset) else ""


def _named(dataset: Any) -> tuple[str, str]:
    """SOP class and instance of an object, from its file meta information where it does not say them itself."""
    meta = getattr(dataset, "file_meta", None) or {}
    pairs = (("SOPClassUID", "MediaStorageSOPClassUID"), ("SOPInstanceUID", "MediaStorageSOPInstanceUID"))
    sop_class, instance = (str(dataset.get(own, "") or meta.get(other, "") or "") for own, other in pairs)
    return sop_class, instance


def _may_show_face(dataset: Any) -> bool:
    """Head CT, MR or PET, and one of an unknown part of the body."""
    return _is_head(dataset) or (_is_volume(dataset) and not str(dataset.get("BodyPartExamined", "") or "").strip())


def _is_volume(dataset: Any) -> bool:
    return str(dataset.get("Modality", "") or "") in {"CT", "MR", "PT"} and "Rows" in dataset


def _is_head(dataset: Any) -> bool:
    texts = " ".join(str(dataset.get(name, "") or "") for name in _HEAD_TEXTS)
    return _is_volume(dataset) and bool(_HEAD.search(texts.replace("_", " ")))


def _identity(dataset: Any) -> str:
    """What a patient is known by across objects: the number, else name and birth date, else the study."""
    number = plain_number(dataset.get("PatientID"))
    if number:
        return number
    name = plain_number(dataset.get("PatientName")).casefold()
    born = str(dataset.get("PatientBirthDate", "") or "")
    if name:
        return f"{name}\0{born}"
    joined = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")
    return "study\0" + next((str(dataset[one].value) for one in joined if dataset.get(one)), _named(dataset)[1])


def _pixels_into(found: Any, seen: Screened) -> None:
    for name, value in seen.changed.items():
        if value is not None:
            setattr(found, name, value)
        elif name in found:
            delattr(found, name)
    if seen.data is not None:
        found.add_new(0x7FE00010, "OW" if found.BitsAllocated > 8 else "OB", seen.data)


def _file_meta(found: Any, dataset: Any, *, native: bool) -> None:
    """File meta information anew: no source AE title, no private information, a preamble of zeros."""
    from pydicom.dataset import FileMetaDataset  # noqa: PLC0415
    from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian  # noqa: PLC0415

    old = getattr(dataset, "file_meta", None)
    syntax = getattr(old, "TransferSyntaxUID", None)
    if syntax is None:
        implicit = bool(dataset.original_encoding[0])
        syntax = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = found.SOPClassUID
    meta.MediaStorageSOPInstanceUID = found.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian if native else syntax
    found.file_meta = meta
    found.preamble = b"\0" * 128


def _told(found: Any, dataset: Any, cleaner: Cleaner, seen: Screened, face: bool) -> Deidentified:
    remarks = [*seen.remarks]
    if face:
        remarks.append("face")
    if "EncapsulatedDocument" in dataset:
        remarks.append("document-kept")
    if not str(dataset.get("PatientID", "") or "").strip():
        remarks.append("no-patient")
    if cleaner.counts.pop("unreadable", 0):
        remarks.append("unreadable")
    label = cleaner.pseudonyms.label
    study, series = (label(str(dataset.get(name, "") or "")) for name in ("StudyInstanceUID", "SeriesInstanceUID"))
    return Deidentified(
        found,
        Outcome.NEEDS_A_LOOK if seen.held else Outcome.CLEAN,
        counts=tuple(sorted((name, count) for name, count in cleaner.counts.items() if count)),
        remarks=tuple(remarks),
        regions=seen.regions,
        suspicions=seen.suspicions,
        folder=f"{cleaner.patient}/{study}/{series}",
        name=label(_named(dataset)[1]) + ".dcm",
    )
