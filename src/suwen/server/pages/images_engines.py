"""What can outline an image, chosen by its reader: networks of this house, segmentations and masks in the record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from suwen.consult.imaging_files import open_file_bytes
from suwen.errors import InputError, NotFoundError
from suwen.finding import Maker
from suwen.govern import Actor
from suwen.server.house import House
from suwen.server.pages.images_outlines import numbered, segmentations_on, segmented
from suwen.server.pages.images_series import Series, series_one, studies_of
from suwen.server.pages.images_words import IMAGE_WORDS
from suwen.server.pages.patient_frame import Head
from suwen.subject import Saying

if TYPE_CHECKING:
    from suwen.formats.images import Image
    from suwen.imaging.engines.nouns import Engine, Segmentation

__all__ = ["HIPPOCAMPUS", "Choice", "choices", "named", "outline"]

HIPPOCAMPUS = "hippocampus"
# A crop as the Decathlon cut it (arXiv:2106.05735): its 260 volumes have sides of 24 to 59 mm at 1 mm.
_CROP_MM, _STEP_MM = (20.0, 70.0), (0.9, 1.1)
_LARGEST_LABEL = 65_535
_FILE_MEMORY = 2**29  # bytes that a mask may take
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to outline an image: its key in forms, its name, and what a reader must know of it first."""

    key: str
    label: Saying
    limits: tuple[Saying, ...] = field(default=())


def choices(house: House, actor: Actor, head: Head, series: Series, image: Image) -> tuple[Choice, ...]:
    """The ways to outline this image, those that are about it first."""
    return tuple(_choices(house, actor, head, series, image))


def _choices(house: House, actor: Actor, head: Head, series: Series, image: Image) -> Iterator[Choice]:
    for one in _about(house, actor, head, series, image):
        said = one.description or "SEG"
        yield Choice(f"seg-{one.key}", Saying(f"Measure the segmentation: {said}", f"测量已有分割：{said}"))
    if is_crop(image):
        yield Choice(
            HIPPOCAMPUS, Saying("Hippocampus in a crop of T1 MR", "海马（T1 磁共振裁剪块）"), _limits(HIPPOCAMPUS)
        )
    if len(image.grid.shape) == 3:
        for folder in _engines(house):
            yield Choice(
                f"engine-{folder.name}",
                Saying(f"Network of this house: {folder.name}", f"本机构网络：{folder.name}"),
                (IMAGE_WORDS["limit_engine"],),
            )
    for one in _files(head):
        if one.key != series.key:
            yield Choice(
                f"file-{one.key}", Saying(f"Measure the mask: {one.description}", f"测量掩膜：{one.description}")
            )


def _about(house: House, actor: Actor, head: Head, series: Series, image: Image) -> Iterator[Series]:
    """The segmentations of the study that outline this image; which of them cannot be read, the page says elsewhere."""
    for one in segmentations_on(head, series):
        with suppress(InputError):
            if segmented(house, actor, head, image, one, series=series.uid):
                yield one


def is_crop(image: Image) -> bool:
    """Whether an image may be a crop around one hippocampus by its modality and size; what it shows nobody can tell."""
    spacing, shape = image.grid.spacing, image.grid.shape
    if image.modality not in ("", "MR") or image.unit == "HU" or spacing is None or len(shape) != 3:
        return False
    sides = [count * step for count, step in zip(shape, spacing, strict=True)]
    return all(_STEP_MM[0] <= one <= _STEP_MM[1] for one in spacing) and all(
        _CROP_MM[0] <= one <= _CROP_MM[1] for one in sides
    )


def _engines(house: House) -> list[Path]:
    folder = house.settings.engines
    if folder is None or not folder.is_dir():
        return []
    return sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))


def _files(head: Head) -> list[Series]:
    found = (one for study in studies_of(head.look.records) for one in study.series)
    return [one for one in found if one.file is not None and one.modality == "NIfTI"]


def _limits(name: str) -> tuple[Saying, ...]:
    """The limits that the card of a shipped model states."""
    import json  # noqa: PLC0415
    from importlib import resources  # noqa: PLC0415

    card = json.loads(resources.files("suwen.learn").joinpath("shipped", f"{name}.json").read_text("utf-8"))
    return tuple(Saying(en, zh) for en, zh in zip(card["limits"]["en"], card["limits"]["zh"], strict=True))


def named(found: Sequence[Choice], key: str) -> Choice:
    """The choice with this key. Raises NotFoundError."""
    for one in found:
        if one.key == key:
            return one
    raise NotFoundError(
        "this image cannot be outlined in this way; choose one of those that are offered",
        zh="该图像不能以此方式勾画；请从所列方式中选择",
    )


def outline(
    house: House, actor: Actor, head: Head, series: Series, image: Image, key: str, *, progress: Progress
) -> list[Segmentation]:
    """Outline an image in the chosen way (one of `choices`); several where structures overlap.

    Raises NotFoundError, InputError where the outlines do not fit the image, DataError, MissingExtraError.
    """
    kind, _, rest = key.partition("-")
    if kind == "seg":
        return _from_series(house, actor, head, series, image, rest)
    if kind == "file":
        return [_from_file(house, actor, head, image, rest)]
    return [_engine(house, key).segment([image], progress=progress)]


def _from_series(house: House, actor: Actor, head: Head, series: Series, image: Image, key: str) -> list[Segmentation]:
    from suwen.imaging.engines.nouns import Segmentation  # noqa: PLC0415

    drawn = series_one(head, key)
    found = segmented(house, actor, head, image, drawn, series=series.uid)
    if not found:
        raise InputError(
            "this segmentation outlines another series; open the series that it belongs to",
            zh="该分割属于其他序列；请打开其所属序列",
        )
    return [Segmentation(one.labels, one.names, image.grid, Maker(one.by, "DICOM SEG")) for one in found]


def _from_file(house: House, actor: Actor, head: Head, image: Image, key: str) -> Segmentation:
    from suwen.formats.images.budget import Budget  # noqa: PLC0415
    from suwen.formats.images.mask import laid_on  # noqa: PLC0415
    from suwen.formats.images.nifti import open_nifti  # noqa: PLC0415
    from suwen.formats.images.nifti_names import label_names  # noqa: PLC0415
    from suwen.formats.images.stored import Stored  # noqa: PLC0415
    from suwen.imaging.engines.nouns import Segmentation  # noqa: PLC0415

    drawn = series_one(head, key)
    if drawn.file is None:
        raise NotFoundError("there is no such mask in this record", zh="该病历中没有此掩膜")
    stored = Stored("mask", None, open_file_bytes(actor, house.records, drawn.file, purpose=head.purpose))
    values, grid, _ = open_nifti(stored, Budget(_FILE_MEMORY))
    labels = laid_on(image.grid, _whole(values), grid)
    names = dict(label_names(stored))
    new, kept = numbered(labels)
    said = {one: names.get(old, f"label {old}") for one, old in kept.items()}
    return Segmentation(new, said, image.grid, Maker(drawn.description, "NIfTI"))


def _whole(values: Any) -> Any:
    """One volume of whole numbers as labels. Raises InputError."""
    if len(values) != 1 or not np.array_equal(np.rint(values[0]), values[0]):
        raise InputError(
            "this file is no mask: a mask is one volume of whole numbers", zh="该文件不是掩膜：掩膜应为单个整数容积"
        )
    if not 0 <= values[0].min() <= values[0].max() <= _LARGEST_LABEL:
        raise InputError(
            f"the labels of a mask lie between 0 and {_LARGEST_LABEL}; number them anew",
            zh=f"掩膜标签应在 0 至 {_LARGEST_LABEL} 之间；请重新编号",
        )
    return values[0].astype(np.uint16)


def _engine(house: House, key: str) -> Engine:
    from suwen.imaging.engines import open_engine  # noqa: PLC0415

    if key == HIPPOCAMPUS:
        return _shipped(key)
    for folder in _engines(house):
        if key == f"engine-{folder.name}":
            return open_engine(folder)
    raise NotFoundError("there is no such network in this house", zh="本机构没有此网络")


def _shipped(name: str) -> Engine:
    from suwen.errors import MissingExtraError  # noqa: PLC0415

    try:
        from suwen.imaging.engines.own import Own  # noqa: PLC0415
        from suwen.learn.model import Model  # noqa: PLC0415
        from suwen.learn.weights import Trust, load_model, pins, shipped  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("torch", "learn") from None
    return Own(Model(*load_model(shipped(name), Trust(pinned=pins()))), channels=("T1",))
