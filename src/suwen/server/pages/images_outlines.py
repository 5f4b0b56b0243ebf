"""Outlines over an image as the viewer draws them: one label a sample, from readings and from DICOM segmentations."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from suwen.consult.imaging import Held, open_object_bytes
from suwen.errors import FormatError, InputError, MissingExtraError, NotFoundError
from suwen.govern import Actor
from suwen.server.house import House
from suwen.server.pages.images_reading import Told, layer_bytes
from suwen.server.pages.images_series import Opened, Series, studies_of
from suwen.server.pages.patient_frame import Head

if TYPE_CHECKING:
    from suwen.formats.images import Image
    from suwen.formats.images.segments import Segments

__all__ = [
    "COLOURS",
    "Outlines",
    "label_bytes",
    "nifti_of_labels",
    "numbered",
    "outlines_read",
    "segmentations_on",
    "segmented",
]

# Told apart by people who see colours otherwise: Okabe and Ito 2008, then two of Wong 2011's shades.
COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#d55e00", "#cc79a7", "#0072b2", "#999999")
_MOST_LABELS = 255  # one byte a sample
_MEMORY = 2**31
_SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")  # SEG, label map SEG

Labels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """Labels (shape as the image, 0 for nothing) under a `key` of addresses, what each is called, and who drew them."""

    key: str
    labels: Labels = field(repr=False)
    names: Mapping[int, str]
    by: str

    @property
    def deep(self) -> Labels:
        """The labels as (slices, rows, columns)."""
        return self.labels if self.labels.ndim == 3 else self.labels[np.newaxis]


def segmentations_on(head: Head, series: Series) -> tuple[Series, ...]:
    """The series of segmentations in the study of a series."""
    for study in studies_of(head.look.records):
        if study.uid and study.uid == series.study:
            return tuple(one for one in study.series if _objects(one))
    return ()


def _objects(series: Series) -> list[Held]:
    return [one for one in series.members if one.sop_class in _SEGMENTATIONS]


def segmented(
    house: House, actor: Actor, head: Head, image: Image, drawn: Series, *, series: str
) -> tuple[Outlines, ...]:
    """What the segmentations of the series `drawn` outline on an image of the series with the UID `series`.

    Segments that overlap come as several. () where they outline something else. Raises FormatError where they are
    about this image and cannot be laid on it, or are damaged.
    """
    opened: Opened = house.room("outlines", Opened)
    key = (head.id, image.id, drawn.uid, *sorted({one.record for one in drawn.members}))
    found = opened.get(key)
    if found is None:
        made: list[Outlines] = []
        for one in _objects(drawn):
            data = open_object_bytes(actor, house.records, one, purpose=head.purpose)
            made += _laid(_read(data), image, series, drawn, len(made))
        found = tuple(made)
        opened.put(key, found, size=sum(one.labels.nbytes for one in found))
    return found


def outlines_read(house: House, actor: Actor, head: Head, told: Told, image: Image) -> tuple[Outlines, ...]:
    """The outlines that a reading kept of an image. Raises FormatError where they are damaged."""
    opened: Opened = house.room("outlines", Opened)
    found = opened.get((head.id, told.record))
    if found is None:
        found = tuple(_kept(house, actor, head, told, image))
        opened.put((head.id, told.record), found, size=sum(one.labels.nbytes for one in found))
    return found


def _kept(house: House, actor: Actor, head: Head, told: Told, image: Image) -> Iterator[Outlines]:
    planes = {one.plane: one for one in told.layers if one.kind == "label"}
    for plane, one in sorted(planes.items()):
        data = layer_bytes(actor, house.records, head.id, told, one.name, purpose=head.purpose)
        if len(data) != image.values.size:
            raise FormatError("the outlines do not fit the image any more", zh="勾画与图像不再相符")
        labels = np.frombuffer(data, np.uint8).reshape(image.grid.shape)
        names = {each.value: each.label["en"] for each in told.layers if each.plane == plane}
        yield Outlines(f"read-{told.record}-{plane}", labels, names, told.told["en"].get("title", ""))


def _read(data: bytes) -> Segments:
    from suwen.formats.images.budget import Budget  # noqa: PLC0415
    from suwen.formats.images.segments import read_segments  # noqa: PLC0415
    from suwen.formats.images.stored import Stored  # noqa: PLC0415

    return read_segments(Stored("segmentation", None, data), Budget(_MEMORY))


def _laid(segments: Segments, image: Image, series: str, drawn: Series, before: int) -> list[Outlines]:
    if not _is_about(segments, image, series):
        return []
    names = dict(segments.names)
    found = []
    for number, plane in enumerate(segments.planes, before):
        labels, kept = numbered(_on(segments, plane, image))
        said = {new: names.get(old) or str(old) for new, old in kept.items()}
        found.append(Outlines(f"seg-{drawn.key}-{number}", labels, said, drawn.description or "DICOM SEG"))
    return found


def _is_about(segments: Segments, image: Image, series: str) -> bool:
    """Whether the image is what was outlined.

    Threat: an outline of another series of the same size would be taken for one of this.
    """
    if segments.images:
        return bool(segments.images & {one.sop_instance for one in image.sources})
    return segments.series == series


def _on(segments: Segments, plane: NDArray[np.uint16], image: Image) -> NDArray[np.uint16]:
    from suwen.formats.images.mask import laid_on  # noqa: PLC0415

    if segments.grid is not None:
        found: NDArray[np.uint16] = laid_on(image.grid, plane, segments.grid)
        return found
    if len(image.grid.shape) != 2 or plane.shape[1:] != image.grid.shape:
        raise FormatError(
            "the segmentation has other rows and columns than the image it names", zh="分割的行列数与所指图像不符"
        )
    flat: NDArray[np.uint16] = plane[0]
    return flat


def numbered(labels: NDArray[Any]) -> tuple[Labels, dict[int, int]]:
    """Labels numbered from 1 in one byte, and which each was. Raises InputError for more than 255."""
    there = np.flatnonzero(np.bincount(labels.ravel(), minlength=1))
    kept = dict(enumerate((int(one) for one in there if one), 1))
    if len(kept) > _MOST_LABELS:
        raise InputError(
            f"{len(kept)} structures are outlined; up to {_MOST_LABELS} are shown at once",
            zh=f"共勾画 {len(kept)} 个结构；最多同时显示 {_MOST_LABELS} 个",
        )
    table = np.zeros(int(there[-1]) + 1 if len(there) else 1, np.uint8)
    for new, old in kept.items():
        table[old] = new
    return table[labels], kept


def label_bytes(outlines: Sequence[Outlines], key: str, at: int) -> bytes:
    """The labels of a slice (from 0), one byte a sample, row by row. Raises NotFoundError."""
    labels = _named(outlines, key).deep
    if not 0 <= at < len(labels):
        raise NotFoundError("there is no such slice in this image", zh="该图像没有此层面")
    return np.ascontiguousarray(labels[at]).tobytes()


def _named(outlines: Sequence[Outlines], key: str) -> Outlines:
    for one in outlines:
        if one.key == key:
            return one
    raise NotFoundError("there are no such outlines on this image", zh="该图像没有此勾画")


def nifti_of_labels(image: Image, outlines: Sequence[Outlines], key: str) -> bytes:
    """Outlines as NIfTI-1, gzipped, in the place of their image. Raises NotFoundError, MissingExtraError."""
    from suwen.formats.images.writing.nifti import nifti_affine  # noqa: PLC0415

    labels = _named(outlines, key).deep
    try:
        import nibabel  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("nibabel", "imaging") from None
    library: Any = nibabel
    made = library.Nifti1Image(labels.transpose(2, 1, 0), nifti_affine(image.grid))
    made.header.set_xyzt_units("mm")
    packed: bytes = gzip.compress(made.to_bytes(), compresslevel=1, mtime=0)
    return packed
