"""Burnt-in text: which images may hold it, the regions of known devices, what looks like text, and blanking it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.formats.images.deidentifying.nouns import Region

__all__ = [
    "DeviceRow",
    "blanked",
    "cleaned_before",
    "device_regions",
    "device_rows",
    "may_be_burnt_in",
    "often_burnt_in",
    "outside",
    "ultrasound_regions",
]

Pixels = NDArray[Any]
_RISKY = frozenset(
    ["US", "IVUS", "XC", "ES", "GM", "OP", "OPV", "OPT", "PX", "RF", "XA", "SC", "OT", "DOC", "SD", "BDUS", "VL"]
)
_CAPTURES = "1.2.840.10008.5.1.4.1.1.7"
_CAPTURED = re.compile(r"SCREEN|SAVE|DOSE|REPORT|CAPTURE|PASTED|VXTL|VOLREN|PARALLEL|DEMOGRAPHIC", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """Where one device writes: what the header must contain (alternatives by |), and the regions in pixels."""

    modality: str
    manufacturer: str
    model: str
    rows: str
    columns: str
    image_type: str
    description: str
    regions: tuple[Region, ...]


@cache
def device_rows() -> tuple[DeviceRow, ...]:
    """The table of known devices; its facts are those of the public scripts of RSNA CTP as carried on by others."""
    text = files("suwen.formats.images.deidentifying").joinpath("devices.tsv").read_text("utf-8")
    return tuple(_row(line.split("\t")) for line in text.splitlines()[1:] if line)


def _row(cells: list[str]) -> DeviceRow:
    regions = tuple(_region(one) for one in cells[7].split())
    return DeviceRow(cells[0], cells[1], cells[2], cells[3], cells[4], cells[5], cells[6], regions)


def _region(text: str) -> Region:
    left, top, width, height = (int(one) for one in text.split(","))
    return left, top, width, height


def may_be_burnt_in(dataset: Any) -> bool:
    """Whether the header gives reason to fear text in the pixels: it says so, or the kind of image often has it."""
    said = str(dataset.get("BurnedInAnnotation", "") or "").upper()
    return said != "NO" if said else often_burnt_in(dataset)


def often_burnt_in(dataset: Any) -> bool:
    """Whether images of this kind often have text in them: ultrasound, captures, photographs, fluoroscopy."""
    modality = str(dataset.get("Modality", "") or "").upper()
    kind = "\\".join(_texts(dataset.get("ImageType")))
    captured = str(dataset.get("SOPClassUID", "")).startswith(_CAPTURES) or dataset.get("ConversionType")
    return bool(modality in _RISKY or captured or _CAPTURED.search(kind))


def cleaned_before(dataset: Any) -> bool:
    """Whether the object says that its pixels were cleaned (DCM 113101)."""
    items = dataset.get("DeidentificationMethodCodeSequence") or ()
    return any(str(item.get("CodeValue", "")) == "113101" for item in items)


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else [str(one) for one in value]


def device_regions(dataset: Any) -> tuple[Region, ...]:
    """The regions to blank for the device named in the header; none where no row of the table fits.

    All rows that fit count. A banner, that is a region along an edge over half of the width or more, is drawn over
    the whole width: more is blanked than the table says, never less.
    """
    width = int(dataset.get("Columns") or 0)
    found = [region for row in device_rows() if _fits(row, dataset, width) for region in row.regions]
    return tuple(dict.fromkeys(_widened(one, width) for one in found))


def _fits(row: DeviceRow, dataset: Any, width: int) -> bool:
    numbers = ((row.rows, dataset.get("Rows")), (row.columns, dataset.get("Columns")))
    if any(wanted and str(given) not in wanted.split("|") for wanted, given in numbers):
        return False
    texts = (
        (row.manufacturer, dataset.get("Manufacturer")),
        (row.model, dataset.get("ManufacturerModelName")),
        (row.image_type, dataset.get("ImageType")),
        (row.description, dataset.get("SeriesDescription")),
        (row.modality, dataset.get("Modality")),
    )
    if not all(_contains(wanted, "\\".join(_texts(given))) for wanted, given in texts):
        return False
    # A row that names no size was seen at the size its region spans: a wider image is another layout.
    return bool(row.rows) or width <= max(left + span for left, _, span, _ in row.regions) * 1.05


def _contains(wanted: str, given: str) -> bool:
    return not wanted or any(one.casefold() in given.casefold() for one in wanted.split("|"))


def _widened(region: Region, width: int) -> Region:
    _, top, span, height = region
    return (0, top, width, height) if span * 2 >= width else region


def ultrasound_regions(dataset: Any) -> tuple[Region, ...]:
    """The regions of the calibration module (PS3.3 C.8.5.5) that hold the image itself; none where any is damaged."""
    found = []
    for item in dataset.get("SequenceOfUltrasoundRegions") or ():
        corners = [item.get(f"RegionLocation{name}") for name in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
        if any(one is None for one in corners):
            return ()
        left, top, right, bottom = (int(one) for one in corners)
        if not (0 <= left < right and 0 <= top < bottom):
            return ()
        found.append((left, top, right - left + 1, bottom - top + 1))
    covered = {(left, top) for left, top, _, _ in found}
    return tuple(found) if covered else ()


def outside(kept: Sequence[Region], rows: int, columns: int) -> tuple[Region, ...]:
    """The rest of an image around the kept regions, as rectangles."""
    mask = np.ones((rows, columns), dtype=bool)
    for left, top, width, height in kept:
        mask[top : top + height, left : left + width] = False
    edges = sorted({0, rows, *(min(max(one, 0), rows) for _, top, _, high in kept for one in (top, top + high))})
    found: list[Region] = []
    for start, stop in itertools.pairwise(edges):
        steps = np.flatnonzero(np.diff(np.concatenate(([0], mask[start].astype(np.int8), [0]))))
        spans = zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True)
        found.extend((left, start, right - left, stop - start) for left, right in spans)
    return tuple(found)


def blanked(samples: Pixels, regions: Iterable[Region], value: Any) -> Pixels:
    """A copy of samples (frames, rows, columns, samples of a pixel) with each region filled with `value`."""
    found = samples.copy()
    for left, top, width, height in regions:
        found[:, max(top, 0) : top + height, max(left, 0) : left + width] = value
    return found
