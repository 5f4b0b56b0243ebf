"""The table of what was outlined: one row a structure, and one a part where it lies in several pieces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from suwen.subject import Saying

if TYPE_CHECKING:
    from suwen.formats.images import Image
    from suwen.imaging.engines.nouns import Segmentation
    from suwen.imaging.measure import Diameter, Measures

__all__ = ["Row", "rows_of"]

_MOST_PARTS = 20
_LEAST_SAMPLES = 4  # of a part that is told apart; less is dust of an outline
_SIDES = (("L", "R", "左", "右"), ("P", "A", "后", "前"), ("H", "F", "头", "足"))  # of LPS, towards + and -

Place = tuple[int, ...]
Line = tuple[tuple[float, float], tuple[float, float]]  # column and row, as the viewer counts them


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A structure (`part` 0) or one of its parts: `plane` and `label` say where it is drawn, `low` and `high` its box.

    Lengths in `unit` ("mm" or "px"); `centre` in the patient (LPS, mm), None where the image has no place; `lines` are
    the longest diameter of the slice `slice` and the one across it. `mean`, `spread`: of the intensities.
    """

    plane: int
    label: int
    part: int
    name: Saying
    volume_ml: float | None
    area: float
    long: float
    short: float
    unit: str
    slice: int
    low: Place
    high: Place
    centre: tuple[float, ...] | None
    lines: tuple[Line, ...]
    mean: float
    spread: float
    edge: bool

    def place(self, lang: str) -> str:
        """Slice and centre, as a reader finds them."""
        slice_ = f"第 {self.slice + 1} 层" if lang == "zh" else f"slice {self.slice + 1}"
        if self.centre is None or len(self.low) != 3:
            return slice_ if len(self.low) == 3 else ""
        ends = []
        for value, (plus, minus, zh_plus, zh_minus) in zip(self.centre, _SIDES, strict=True):
            side = (zh_plus if value >= 0 else zh_minus) if lang == "zh" else plus if value >= 0 else minus
            ends.append(f"{side} {abs(value):.0f}")
        return f"{slice_} · {' '.join(ends)} mm"

    def sentence(self, lang: str) -> str:
        """What was measured, in one sentence."""
        volume = "" if self.volume_ml is None else f"{self.volume_ml:.2f} mL"
        if lang == "zh":
            size = f"体积 {volume}，" if volume else f"面积 {self.area:.0f} {self.unit}²，"
            return (
                f"{size}层内最长径 {self.long:.1f} {self.unit}，垂直径 {self.short:.1f} {self.unit}。{self.place(lang)}"
            )
        size = f"Volume {volume}" if volume else f"Area {self.area:.0f} {self.unit}²"
        lines = f"longest diameter in a slice {self.long:.1f} {self.unit}, across it {self.short:.1f} {self.unit}"
        return f"{size}, {lines}. {self.place(lang)}".strip()

    def told(self, lang: str, unit: str) -> dict[str, Any]:
        """The row as the page shows it and the viewer finds it; JSON-ready, intensities in `unit`."""
        return {
            "name": self.name.said(lang),
            "part": self.part,
            "volume_ml": self.volume_ml,
            "area": self.area,
            "long": self.long,
            "short": self.short,
            "unit": self.unit,
            "place": self.place(lang),
            "mean": self.mean,
            "spread": self.spread,
            "value_unit": unit,
            "edge": self.edge,
            "at": {"low": self.low, "high": self.high, "slice": self.slice, "lines": self.lines, "lps": self.centre},
        }


def rows_of(image: Image, drawn: Segmentation, plane: int, *, names: Mapping[int, Saying]) -> Iterator[Row]:
    """Every structure of a segmentation on its image that holds a sample, each followed by its parts."""
    from scipy import ndimage  # noqa: PLC0415

    values = image.float_values()
    there = np.bincount(drawn.labels.ravel(), minlength=1)
    for label in (one for one in sorted(names) if one < len(there) and there[one]):
        mask = drawn.labels == label
        yield _row(image, mask, values, (plane, label, 0), names[label])
        pieces, count = ndimage.label(mask, np.ones((3,) * mask.ndim))
        sizes = np.bincount(pieces.ravel())
        told = [one for one in range(1, count + 1) if sizes[one] >= _LEAST_SAMPLES]
        if 1 < len(told) <= _MOST_PARTS:
            for number, one in enumerate(sorted(told, key=lambda each: -int(sizes[each])), 1):
                yield _row(image, pieces == one, values, (plane, label, number), names[label])


def _row(
    image: Image, mask: NDArray[np.bool_], values: NDArray[np.float32], who: tuple[int, int, int], name: Saying
) -> Row:
    from suwen.imaging.measure import measure  # noqa: PLC0415

    found = measure(mask, image.grid)
    inside = values[mask].astype(np.float64)
    return Row(
        *who,
        name,
        found.volume / 1000 if found.volume is not None and found.unit == "mm" else None,
        float(found.area),
        float(found.longest.length),
        float(found.across.length),
        found.unit,
        int(found.slice or 0),
        tuple(int(one) for one in found.box.first),
        tuple(int(one) for one in found.box.behind),
        found.centre_lps,
        tuple(_lines(found)),
        float(inside.mean()),
        float(inside.std(ddof=1)) if len(inside) > 1 else 0.0,
        found.touches_edge,
    )


def _lines(found: Measures) -> Iterator[Line]:
    one: Diameter
    for one in (found.longest, found.across):
        if one.length > 0:
            first, second = ((round(end[-1] + 0.5, 2), round(end[-2] + 0.5, 2)) for end in one.ends)
            yield first, second
