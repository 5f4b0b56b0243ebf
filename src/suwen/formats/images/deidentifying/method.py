"""What a de-identified object says of itself: the method by codes of CID 7050, and the flags of PS3.15 E.1.1."""

from __future__ import annotations

from typing import Any

from suwen.formats.images.deidentifying.nouns import Dates, DeidentifyOptions

__all__ = ["METHODS", "say_method"]

METHODS = {
    "profile": ("113100", "Basic Application Confidentiality Profile"),
    "pixels": ("113101", "Clean Pixel Data Option"),
    "graphics": ("113103", "Clean Graphics Option"),
    "structured": ("113104", "Clean Structured Content Option"),
    "descriptors": ("113105", "Clean Descriptors Option"),
    "full_dates": ("113106", "Retain Longitudinal Temporal Information Full Dates Option"),
    "modified_dates": ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    "patient": ("113108", "Retain Patient Characteristics Option"),
    "device": ("113109", "Retain Device Identity Option"),
    "uids": ("113110", "Retain UIDs Option"),
    "safe_private": ("113111", "Retain Safe Private Option"),
    "institution": ("113112", "Retain Institution Identity Option"),
}
"""Codes of CID 7050 (scheme DCM). 113102, Clean Recognizable Visual Features, is never said: it cannot be done here."""

_TEMPORAL = {Dates.SHIFT: "MODIFIED", Dates.REMOVE: "REMOVED", Dates.KEEP: "UNMODIFIED"}
_DATES = {Dates.SHIFT: "modified_dates", Dates.KEEP: "full_dates"}


def say_method(dataset: Any, options: DeidentifyOptions, *, masked: bool, before: bool, face: bool) -> None:
    """Write into a data set that, how and by which options identity was removed.

    What was said earlier is replaced, cleaned pixels (`before`) excepted: of the rest nothing is known.
    """
    dataset.PatientIdentityRemoved = "YES"
    dataset.LongitudinalTemporalInformationModified = _TEMPORAL[options.dates]
    dataset.DeidentificationMethod = ["Suwen", "DICOM PS3.15 Table E.1-1 2026c"]
    dataset.DeidentificationMethodCodeSequence = [
        _coded(*METHODS[name]) for name in _applied(options, pixels=masked or before)
    ]
    if masked:
        dataset.BurnedInAnnotation = "NO"
    if face:
        dataset.RecognizableVisualFeatures = "YES"


def _applied(options: DeidentifyOptions, *, pixels: bool) -> list[str]:
    said = {"profile", _DATES.get(options.dates), *(["pixels"] if pixels else [])}
    return [name for name in METHODS if name in said or (name != "pixels" and getattr(options, name, False))]


def _coded(value: str, meaning: str) -> Any:
    from pydicom.dataset import Dataset  # noqa: PLC0415

    found = Dataset()
    found.CodeValue, found.CodingSchemeDesignator, found.CodeMeaning = value, "DCM", meaning
    return found
