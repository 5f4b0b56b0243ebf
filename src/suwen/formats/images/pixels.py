"""Samples of an image in its unit: bits put right, rescaled, turned over where small is bright; integers kept exact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import Problem
from suwen.formats.images.budget import Budget
from suwen.formats.images.decoding import Decoder, stored_type
from suwen.formats.images.frames import Form, Frame
from suwen.formats.images.headers import Header
from suwen.formats.images.notices import notice, refusal

__all__ = ["Samples", "samples_of"]

Values = NDArray[Any]

_MEASURED = frozenset({"CT", "PT", "NM", "MR"})  # measured values, maps of MR too: never turned over for display
_WIDER = (np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64)
_LARGEST_WHOLE = 2**31
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """`values` (frames, rows, columns) in `unit`; `mirror`: a value plus its turned-over one, None where not turned."""

    values: Values
    unit: str
    mirror: float | None
    noticed: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """How stored samples become values: slope × stored + intercept, the turning over included."""

    slope: float
    intercept: float

    @property
    def whole(self) -> bool:
        numbers = (self.slope, self.intercept)
        return all(one == int(one) and abs(one) < _LARGEST_WHOLE for one in numbers) and self.slope != 0


def samples_of(
    frames: Sequence[Frame], decoder: Decoder, budget: Budget, progress: Callable[[int], None] = lambda _n: None
) -> Samples:
    """Read the frames of one image; `progress` is told after every frame how many are done.

    Raises:
        FormatError: the samples of a frame are damaged.
        InputError: they need more memory than the budget has left.

    """
    first = frames[0]
    table = _table(first)
    lines = [_line(one) for one in frames]
    turned = first.form.photometric == "MONOCHROME1"
    keep = turned and first.source.header.word("Modality") in _MEASURED
    mirror = None if not turned or keep else _mirror(first.form, lines[0], table)
    if mirror is not None:
        lines = [_Line(-one.slope, mirror - one.intercept) for one in lines]
    work = _Work(decoder, budget, table, mirror)
    work.begin(frames, lines)
    for at, (frame, line) in enumerate(zip(frames, lines, strict=True)):
        work.add(at, frame, line)
        progress(at + 1)
    noticed = (*_remarks(first, turned, keep, lines), *work.noticed())
    return Samples(work.values, _unit(first), mirror, noticed)


def _line(frame: Frame) -> _Line:
    facts = frame.facts("PixelValueTransformationSequence")
    slope, intercept = facts.number("RescaleSlope"), facts.number("RescaleIntercept")
    return _Line(slope or 1.0, intercept or 0.0)


def _range(form: Form) -> tuple[int, int]:
    """The least and greatest stored value by Bits Stored."""
    if form.signed:
        return -(1 << (form.stored - 1)), (1 << (form.stored - 1)) - 1
    return 0, (1 << form.stored) - 1


def _mirror(form: Form, line: _Line, table: Values | None) -> float:
    """Least plus greatest value: a value taken from it is turned over."""
    if table is not None:
        return float(int(table.min()) + int(table.max()))
    least, most = _range(form)
    return line.slope * (least + most) + 2 * line.intercept


def _table(frame: Frame) -> Values | None:
    """The modality look-up table spread over all 65,536 keys, None where there is none (DICOM PS3.3 C.11.1)."""
    items = frame.source.header.items("ModalityLUTSequence")
    if not items or frame.form.samples != 1 or "LUTData" not in items[0]:
        return None
    entries, first = _descriptor(items[0], frame.form)
    data = np.array(items[0].numbers("LUTData"), np.int64)
    if len(data) < entries or entries < 1 or frame.form.allocated > 16:
        raise refusal("table")
    keys = np.arange(65536) if not frame.form.signed else np.arange(-32768, 32768)
    return data[np.clip(keys - first, 0, entries - 1)].astype(np.uint16)


def _descriptor(item: Header, form: Form) -> tuple[int, int]:
    found = item.numbers("LUTDescriptor")
    if len(found) != 3:
        raise refusal("table")
    first = int(found[1])
    return int(found[0]) or 65536, first - 65536 if form.signed and first > 32767 else first


class _Work:
    """The array being filled: integers as narrow as they fit, widened when a frame proves too large for them."""

    def __init__(self, decoder: Decoder, budget: Budget, table: Values | None, mirror: float | None) -> None:
        self._decoder, self._budget, self._table, self._mirror = decoder, budget, table, mirror
        self._stray = self._not_finite = 0
        self.values: Values = np.empty(0)

    def begin(self, frames: Sequence[Frame], lines: Sequence[_Line]) -> None:
        """Choose the type by what the stored bits allow, and take the memory."""
        form = frames[0].form
        shape = (len(frames), form.rows, form.columns)
        kind = self._kind(frames, lines)
        self._budget.take(shape[0] * shape[1] * shape[2] * kind.itemsize)
        self.values = np.empty(shape, kind)

    def _kind(self, frames: Sequence[Frame], lines: Sequence[_Line]) -> np.dtype[Any]:
        if self._table is not None:
            return np.dtype(np.uint16)
        whole = stored_type(frames[0]).kind != "f" and all(one.whole for one in lines)
        self._require_finite(frames, lines)
        if not whole:
            return np.dtype(np.float32)
        ends = [
            int(line.slope) * stored + int(line.intercept)
            for frame, line in zip(frames, lines, strict=True)
            for stored in _range(frame.form)
        ]
        fitting = next((one for one in _WIDER if _fits(min(ends), max(ends), one)), None)
        if frames[0].form.allocated <= 16 and (fitting is None or np.dtype(fitting).itemsize > 2):
            return np.dtype(np.int16)  # most fit after all; the first that does not widens the array
        return np.dtype(fitting or np.float32)

    @staticmethod
    def _require_finite(frames: Sequence[Frame], lines: Sequence[_Line]) -> None:
        """Refuse a rescale that no number of 32 bits can hold: only a damaged header has one."""
        for frame, line in zip(frames, lines, strict=True):
            most = max(abs(one) for one in _range(frame.form))
            if not abs(line.slope) * most + abs(line.intercept) < _LARGEST:
                raise refusal("rescale")

    def add(self, at: int, frame: Frame, line: _Line) -> None:
        """Read a frame into its place."""
        target = self.values[at]
        stored = self._decoder.samples(frame, target)
        if stored.dtype.kind == "f":
            self._add_float(target, stored, line)
            return
        stored = self._significant(stored, frame)
        if self._table is not None:
            found = self._table[stored.astype(np.int64) + (32768 if frame.form.signed else 0)]
            target[...] = found if self._mirror is None else np.uint16(self._mirror) - found
        elif self.values.dtype.kind == "f":
            target[...] = stored.astype(np.float64) * line.slope + line.intercept
        else:
            self._add_whole(at, stored, line)

    def _add_float(self, target: Values, stored: Values, line: _Line) -> None:
        found = stored.astype(np.float64) * line.slope + line.intercept
        wild = ~np.isfinite(found) | (np.abs(found) > _LARGEST)
        self._not_finite += int(wild.sum())
        target[...] = np.where(wild, 0.0, found)

    def _add_whole(self, at: int, stored: Values, line: _Line) -> None:
        slope, intercept = int(line.slope), int(line.intercept)
        if slope == 1 and not intercept and stored.dtype == self.values.dtype:
            if not np.may_share_memory(stored, self.values):
                self.values[at] = stored
            return
        ends = sorted(slope * one + intercept for one in (int(stored.min()), int(stored.max())))
        if not _fits(ends[0], ends[1], self.values.dtype):
            stored = stored.copy()
            self._widen(ends)
        if slope == 1 and stored.itemsize == self.values.itemsize:
            # Sums of equal width wrap round, so that the low bits are right whatever the sign; that they fit is known.
            same = stored.view(self.values.dtype)
            np.add(same, np.array(intercept, np.int64).astype(self.values.dtype), out=self.values[at])
            return
        self.values[at] = stored.astype(np.int64) * slope + intercept

    def _widen(self, ends: Sequence[int]) -> None:
        limits = np.iinfo(self.values.dtype)
        least, most = min(ends[0], limits.min), max(ends[1], limits.max)
        kind = np.dtype(next((one for one in _WIDER if _fits(least, most, one)), np.float32))
        self._budget.take(self.values.size * kind.itemsize)
        self.values = self.values.astype(kind)

    def _significant(self, stored: Values, frame: Frame) -> Values:
        """Samples of Bits Stored below High Bit, the sign spread (DICOM PS3.5 8.1.1); what stood beside is cleared."""
        form = frame.form
        shift = form.high - form.stored + 1
        if form.allocated in {form.stored, 1} or stored.itemsize * 8 != form.allocated:
            return stored
        least, most = _range(form)
        if not shift and int(stored.min()) >= least and int(stored.max()) <= most:
            return stored
        pads = _pads_outside(stored, frame)
        self._stray += 1
        up = form.allocated - form.high - 1
        cleared: Values = (stored << up) >> (up + shift)
        if pads is not None:
            cleared[pads] = least
        return cleared

    def noticed(self) -> tuple[Problem, ...]:
        """What was found on the way."""
        made = [notice("stray_bits")] if self._stray else []
        if self._not_finite:
            made.append(notice("no_numbers", count=self._not_finite))
        return tuple(made)


def _fits(least: int, most: int, kind: Any) -> bool:
    limits = np.iinfo(kind)
    return bool(limits.min <= least and most <= limits.max)


def _pads_outside(stored: Values, frame: Frame) -> NDArray[np.bool_] | None:
    """Where samples are padding that Bits Stored cannot hold: cleared like stray bits they would look like tissue."""
    raw = frame.source.header.number("PixelPaddingValue")
    if raw is None or frame.form.allocated != 16:
        return None
    pad = int(raw) & 0xFFFF
    value = pad - 65536 if frame.form.signed and pad > 32767 else pad
    least, most = _range(frame.form)
    return None if least <= value <= most else stored == value


def _unit(frame: Frame) -> str:
    """The unit of the values: HU for CT unless the header names another, as named for others, "" where arbitrary."""
    facts = frame.facts("PixelValueTransformationSequence")
    named = facts.word("RescaleType")
    modality = frame.source.header.word("Modality")
    if modality == "CT" and "LOCALIZER" not in frame.image_type and named in ("", "HU"):
        return "HU" if facts.number("RescaleIntercept") is not None else ""
    if modality == "PT":
        units = frame.source.header.word("Units")
        return {"BQML": "Bq/ml", "GML": "g/ml"}.get(units, units)
    return "" if named == "US" else named


def _remarks(first: Frame, turned: bool, keep: bool, lines: Sequence[_Line]) -> list[Problem]:
    made = []
    if turned:
        made.append(notice("not_turned_over" if keep else "turned_over"))
    if len({one.slope for one in lines}) > 1:
        made.append(notice("mixed_rescale"))
    if first.form.samples > 1 or first.form.photometric.startswith("PALETTE"):
        made.append(notice("colour"))
    return [*made, *_padding(first, lines[0])]


def _padding(frame: Frame, line: _Line) -> list[Problem]:
    header = frame.source.header
    value, limit = header.number("PixelPaddingValue"), header.number("PixelPaddingRangeLimit")
    if value is None or frame.form.samples != 1:
        return []
    ends = []
    for one in (value, value if limit is None else limit):
        stored = one - 65536 if frame.form.signed and one > 32767 else one
        lowest, highest = _range(frame.form)
        stored = stored if lowest <= stored <= highest else lowest  # as such samples were cleared
        ends.append(line.slope * stored + line.intercept)
    return [notice("padding", least=min(ends), most=max(ends))]
