"""TotalSegmentator: the folder of its nnU-Net parts becomes one engine whose labels carry the names of the parts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from suwen.errors import InputError, NotFoundError
from suwen.finding import Maker
from suwen.formats.images.nouns import Image
from suwen.imaging.engines.nnunet import NnUNet, open_nnunet
from suwen.imaging.engines.nouns import Progress, Segmentation

__all__ = ["TotalSegmentator", "open_totalsegmentator"]


@dataclass(frozen=True, slots=True, eq=False)
class TotalSegmentator:
    """Parts that each draw some structures of the same image; where two disagree, the later part counts.

    Volumes are turned to the axes the parts were trained on (first to the head, second to the front, third to the
    right; Wasserthal 2023, Radiology: Artificial Intelligence 5:e230024) and brought to their spacing by nnU-Net's own
    resampling, not first by the tool's, so that outlines differ from the tool's by fractions of a voxel.
    """

    name: str
    parts: tuple[NnUNet, ...]
    names: Mapping[int, str]

    @property
    def channels(self) -> tuple[str, ...]:
        """The one image wanted."""
        return self.parts[0].channels

    def segment(self, images: Sequence[Image], *, progress: Progress | None = None) -> Segmentation:
        """Outline the structures of all parts. Raises InputError where the image is not what is wanted."""
        numbers = {name: number for number, name in self.names.items()}
        total: np.ndarray[tuple[int, ...], np.dtype[np.uint16]] | None = None
        for at, part in enumerate(self.parts):
            found = part.segment(images, progress=_shifted(progress, at, len(self.parts)))
            table = np.zeros(max(part.names) + 1, np.uint16)
            for number, name in part.names.items():
                table[number] = numbers[name]
            drawn = table[found.labels]
            total = drawn if total is None else np.where(drawn > 0, drawn, total)
        if total is None:
            raise InputError(
                f"{self.name} has no part that could draw anything", zh=f"{self.name} 没有可勾画任何结构的部件"
            )
        digest = hashlib.sha256("".join(one.digest for one in self.parts).encode()).hexdigest()
        return Segmentation(total, self.names, images[0].grid, Maker(self.name, "", digest))


def open_totalsegmentator(folder: Path, *, name: str = "TotalSegmentator") -> TotalSegmentator:
    """Read every part `DatasetNNN_.../nnUNetTrainer...` that lies in a folder, in the order of their numbers.

    Raises NotFoundError where there is none, and as `open_nnunet`; InputError where parts want different images.
    """
    found = sorted(one.parent for one in folder.glob("Dataset*/*/plans.json"))
    if not found:
        raise NotFoundError(
            f"{folder.name} holds no parts (Dataset.../nnUNetTrainer.../plans.json) of TotalSegmentator",
            zh=f"{folder.name} 不含 TotalSegmentator 的部件（Dataset.../nnUNetTrainer.../plans.json）",
        )
    parts = tuple(open_nnunet(one, turn="SAR") for one in found)
    if len({one.channels for one in parts}) > 1:
        raise InputError(
            f"the parts in {folder.name} want different images; give a folder with those of one task",
            zh=f"{folder.name} 中各部件需要不同的图像；请给出同一任务的部件文件夹",
        )
    names: dict[int, str] = {}
    for part in parts:
        for name_ in (part.names[number] for number in sorted(part.names)):
            if name_ not in names.values():
                names[len(names) + 1] = name_
    return TotalSegmentator(name, parts, names)


def _shifted(progress: Progress | None, at: int, parts: int) -> Progress | None:
    """Progress over all parts, each counting alike."""
    if progress is None:
        return None
    return lambda done, count: progress(at * 1000 + round(1000 * done / count), parts * 1000)
