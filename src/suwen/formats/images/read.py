"""Studies read: one file, a folder or a zip of DICOM, NIfTI, PNG and JPEG made into images placed in millimetres."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from suwen.errors import FormatError, InputError, Problem
from suwen.formats.images.budget import LIMIT, Budget
from suwen.formats.images.decoding import Decoder
from suwen.formats.images.dicom import DicomReading, read_frames
from suwen.formats.images.frames import Frame, frames_of, not_an_image
from suwen.formats.images.nifti import read_nifti
from suwen.formats.images.notices import notice, reason, refusal, unreadable
from suwen.formats.images.nouns import Image, Study
from suwen.formats.images.objects import open_object
from suwen.formats.images.picture import read_picture
from suwen.formats.images.stored import Stored, kind_of, stored_in, unpacked

__all__ = ["read_studies", "read_study"]

Progress = Callable[[int, int], None]
_MOST_TOLD = 20  # files named in an error: a folder may hold thousands that are no images


@dataclass(slots=True)
class _Found:
    """What lies at a path: the frames of each study of DICOM, the images of other files, and what was left out."""

    frames: dict[str, list[Frame]] = field(default_factory=dict)
    images: list[Image] = field(default_factory=list)
    left_out: list[Problem] = field(default_factory=list)


def read_study(
    path: Path | str,
    *,
    spacing: tuple[float, float] | None = None,
    progress: Progress | None = None,
    limit: int = LIMIT,
) -> Study:
    """Read one examination from a file, a folder with all below it, or a zip: DICOM, NIfTI, PNG or JPEG.

    Args:
        path: where it lies.
        spacing: millimetres between rows and between columns, stated for pictures that have no scale of their own.
        progress: told how many frames are read, and of how many.
        limit: most bytes the samples may take; nothing is allocated beyond, whatever a header declares.

    Returns:
        A Study: its images by series, volumes (slices, rows, columns) and flat images (rows, columns), with affines
        to LPS millimetres, and `left_out`: what could not be read, and why. What a reader must know of an image
        stands in its `noticed`.

    Raises:
        NotFoundError: nothing is at this path.
        FormatError: nothing there can be read as an image; its `problems` say of each file why.
        InputError: more than one study is there, or the spacing is no length above 0.
        MissingExtraError: a package that is needed is not installed.

    """
    studies = read_studies(path, spacing=spacing, progress=progress, limit=limit)
    if len(studies) > 1:
        raise InputError(
            f"{len(studies)} studies are here, perhaps of different patients; give one of them",
            zh=f"此处有 {len(studies)} 个检查，可能属于不同患者；请只给出其中之一",
        )
    return studies[0]


def read_studies(
    path: Path | str,
    *,
    spacing: tuple[float, float] | None = None,
    progress: Progress | None = None,
    limit: int = LIMIT,
) -> tuple[Study, ...]:
    """Read every examination at a path, by Study Instance UID; arguments and errors as of `read_study`.

    What is not DICOM joins the only study there, or is a study of its own. What was left out is told with each.
    """
    if spacing is not None and not (len(spacing) == 2 and all(math.isfinite(one) and one > 0 for one in spacing)):
        raise InputError(
            "a spacing is two lengths above 0 in millimetres: between rows, between columns",
            zh="间距须为两个大于 0 的毫米数：行间距和列间距",
        )
    budget = Budget(limit)
    found = _Found()
    for stored in stored_in(Path(path), limit):
        _sort(stored, found, spacing, budget)
    with Decoder(budget) as decoder:
        studies = [
            _study(uid, frames, found, DicomReading(budget, decoder, spacing, progress or (lambda _done, _all: None)))
            for uid, frames in found.frames.items()
        ]
    return _joined([one for one in studies if one is not None], found)


def _sort(stored: Stored, found: _Found, spacing: tuple[float, float] | None, budget: Budget) -> None:
    """Put one file where it belongs; whatever is wrong with it is told, and the others are read all the same."""
    try:
        kind = kind_of(stored.head())
        if kind == "gzip":
            packed, stored = stored, unpacked(stored, budget)
            kind = "gzip" if stored is packed else "dicom"
        if kind == "dicom":
            _sort_dicom(stored, found, budget)
        elif kind in ("nifti", "gzip"):
            found.images += read_nifti(stored, budget)
        elif kind in ("png", "jpeg"):
            found.images.append(read_picture(stored, budget, spacing))
        else:
            found.left_out.append(notice("not_known", where=stored.name))
    except InputError as error:
        found.left_out.append(unreadable(stored.name, error))


def _sort_dicom(stored: Stored, found: _Found, budget: Budget) -> None:
    source = open_object(stored, budget)
    other = not_an_image(source)
    if other:
        found.left_out.append(notice("not_image", where=stored.name, kind=reason(other)))
        return
    if not source.pixels:
        raise refusal("no_pixels")
    frames = frames_of(source)
    found.frames.setdefault(source.header.word("StudyInstanceUID"), []).extend(frames)


def _study(uid: str, frames: Sequence[Frame], found: _Found, reading: DicomReading) -> Study | None:
    read_frames(frames, reading)
    found.left_out += reading.left_out
    return Study(uid or _digest(reading.images), tuple(reading.images)) if reading.images else None


def _digest(images: Sequence[Image]) -> str:
    return hashlib.sha256("\n".join(one.id for one in images).encode()).hexdigest()[:32]


def _joined(studies: list[Study], found: _Found) -> tuple[Study, ...]:
    left_out = tuple(found.left_out)
    if found.images and len(studies) == 1:
        studies = [Study(studies[0].id, (*studies[0].images, *found.images))]
    elif found.images:
        studies.append(Study(_digest(found.images), tuple(found.images)))
    if not studies:
        more = (
            (Problem("", f"and {len(left_out) - _MOST_TOLD} more", zh_what=f"另有 {len(left_out) - _MOST_TOLD} 个"),)
            if len(left_out) > _MOST_TOLD
            else ()
        )
        raise FormatError(
            "nothing here can be read as an image", (*left_out[:_MOST_TOLD], *more), zh="此处没有可作为图像读取的内容"
        )
    return tuple(Study(one.id, one.images, left_out) for one in studies)
