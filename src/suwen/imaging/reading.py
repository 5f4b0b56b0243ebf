"""Reads a study: a chest radiograph by its signs, a volume by the structures that are outlined in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suwen.errors import InputError
from suwen.finding import Finding
from suwen.formats.images.notices import notice_key
from suwen.formats.images.nouns import Image, Study, View
from suwen.imaging.engines.nouns import Engine, Segmentation
from suwen.imaging.structures import Structure, measure_structures

if TYPE_CHECKING:
    from suwen.imaging.chest.reading import ChestReading
    from suwen.imaging.chest.shadow_nouns import Context

__all__ = ["ImageReading", "StudyReading", "drawn_on", "read_images"]

Progress = Callable[[int, int], None]
_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # Secondary Capture Image Storage and its kinds
_RADIOGRAPHS = frozenset({"", "CR", "DX", "RG", "OT", "SC"})  # and pictures, which say of no modality


@dataclass(frozen=True, slots=True, eq=False)
class ImageReading:
    """What was read in one image: the chest, or structures with their outlines.

    `unread` says why nothing was (`volume`, `channels`, `flat`, `capture`, `lateral`, `sides`, `chest`,
    `negative`, `engine`, `empty`), `detail` what stood against it.
    """

    image: Image
    chest: ChestReading | None = None
    drawn: Segmentation | None = None
    structures: tuple[Structure, ...] = ()
    unread: str = ""
    detail: str = ""

    def findings(self, lang: str = "en") -> tuple[Finding, ...]:
        """The findings of the image, sentences in `lang`."""
        return () if self.chest is None else self.chest.findings(lang)


@dataclass(frozen=True, slots=True, eq=False)
class StudyReading:
    """A study and what was read in each of its images."""

    study: Study
    images: tuple[ImageReading, ...]


def read_images(
    study: Study,
    *,
    context: Context | None = None,
    engine: Engine | None = None,
    outlines: Mapping[str, Segmentation] | None = None,
    repeats: int = 0,
    progress: Progress | None = None,
) -> StudyReading:
    """Read every image of a study.

    A flat frontal chest radiograph is read by its signs, with what is known of the patient (`context`). In volumes an
    `engine` outlines structures, or `outlines` by the id of an image are measured as given; `repeats` asks how
    sure the measures are (`measure_structures`). What can be read in no way is kept with the reason.
    """
    given = outlines or {}
    found = [
        drawn_on(one, given[one.id], repeats=repeats)
        if one.id in given
        else _read(one, context, engine, repeats, progress)
        for one in study.images
    ]
    return StudyReading(study, tuple(found))


def drawn_on(image: Image, labels: Segmentation, *, repeats: int = 0) -> ImageReading:
    """An image with structures outlined by somebody else, measured."""
    found = measure_structures(image, labels, repeats=repeats)
    return ImageReading(image, drawn=labels, structures=found, unread="" if found else "empty")


def _read(
    image: Image, context: Context | None, engine: Engine | None, repeats: int, progress: Progress | None
) -> ImageReading:
    if len(image.grid.shape) == 2:
        return _radiograph(image, context)
    if engine is None:
        return ImageReading(image, unread="volume")
    if len(engine.channels) != 1:
        return ImageReading(image, unread="channels")
    try:
        return drawn_on(image, engine.segment([image], progress=progress), repeats=repeats)
    except InputError as error:
        return ImageReading(image, unread="engine", detail=str(error))


def _radiograph(image: Image, context: Context | None) -> ImageReading:
    from suwen.imaging.chest.anatomy import anatomy  # noqa: PLC0415
    from suwen.imaging.chest.quality_nouns import Grade  # noqa: PLC0415
    from suwen.imaging.chest.reading import read_chest  # noqa: PLC0415

    refused = _refused(image)
    if refused:
        detail = dict(image.acquired).get("PatientOrientation", "") if refused == "sides" else ""
        return ImageReading(image, unread=refused, detail=detail)
    try:
        drawn = anatomy(image)
    except InputError as error:
        return ImageReading(image, unread="chest", detail=str(error))
    chest = read_chest(image, context=context, anatomy=drawn)
    if chest.quality.aspect("inversion").grade is Grade.UNUSABLE:
        # Threat: of a photographic negative clear lungs would be described as dense throughout.
        return ImageReading(image, unread="negative")
    return ImageReading(image, chest=chest)


def _refused(image: Image) -> str:
    """Why a flat image is not read by what its header says, or nothing."""
    if image.modality not in _RADIOGRAPHS:
        return "flat"
    if _captured(image):
        return "capture"
    if image.view is View.LATERAL:
        return "lateral"
    return "" if _hung(image) else "sides"


def _captured(image: Image) -> bool:
    """Whether a system drew on it: a secondary capture in colour, such as our own key picture.

    Threat: outlines and letters in it would be read as shadows, and the patient's right as somebody turned it.
    """
    made = image.sources[0].sop_class if image.sources else ""
    return made.startswith(_CAPTURE) and any(notice_key(one) == "colour" for one in image.noticed)


def _hung(image: Image) -> bool:
    """Whether columns run to the patient's left and rows to the feet, as a frontal view is hung; so where not said.

    Threat: a radiograph stored mirrored would have its right taken for its left (DICOM PS3.3 C.7.6.1.1.1).
    """
    said = dict(image.acquired).get("PatientOrientation", "")
    return not said or [one[:1] for one in said.split("\\")] == ["L", "F"]
