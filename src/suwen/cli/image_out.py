"""What `suwen image` writes of one image: DICOM objects, NIfTI, PNG."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from suwen.formats.images.writing.capture import write_capture
from suwen.formats.images.writing.dicom import new_uid
from suwen.formats.images.writing.nifti import write_nifti
from suwen.formats.images.writing.nouns import Software
from suwen.formats.images.writing.picture import Picture, write_png
from suwen.formats.images.writing.presentation import Presentation, write_presentation
from suwen.formats.images.writing.seg import write_seg
from suwen.formats.images.writing.sr import write_sr
from suwen.imaging.outcome import groups, marks, masks, segments
from suwen.imaging.reading import ImageReading
from suwen.report.image_pictures import key_picture

__all__ = ["OUT"]

Write = Callable[[Path, ImageReading, Any, dict[str, Any]], None]


def _how(lang: Any) -> dict[str, Any]:
    return {"clock": time.time, "uid": new_uid, "lang": lang, "software": Software(version=version("suwen"))}


def _seg(file: Path, read: ImageReading, lang: Any, options: dict[str, Any]) -> None:
    options["written"] = write_seg(file, read.image, segments(read), **_how(lang))


def _sr(file: Path, read: ImageReading, lang: Any, options: dict[str, Any]) -> None:
    """The report refers to the segments where they were written in the same call."""
    write_sr(file, read.image, groups(read, options.get("written")), **_how(lang))


def _presentation(file: Path, read: ImageReading, lang: Any, options: dict[str, Any]) -> None:
    del options
    write_presentation(file, read.image, Presentation(marks(read)), **_how(lang))


def _capture(file: Path, read: ImageReading, lang: Any, options: dict[str, Any]) -> None:
    del options
    write_capture(file, read.image, _key(read, lang), **_how(lang))


def _png(file: Path, read: ImageReading, lang: Any, options: dict[str, Any]) -> None:
    del options
    write_png(file, _key(read, lang))


def _nifti(file: Path, read: ImageReading, lang: Any, options: dict[str, Any]) -> None:
    del lang, options
    write_nifti(file, read.image, masks(read))


def _key(read: ImageReading, lang: Any) -> Picture:
    return key_picture(read, lang)


OUT: dict[str, Write] = {
    "seg": _seg,
    "sr": _sr,
    "presentation": _presentation,
    "capture": _capture,
    "png": _png,
    "nifti": _nifti,
}
