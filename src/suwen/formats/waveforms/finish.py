"""Blocks of channels made into recordings: standard names, millivolts, chosen leads, and what must be noticed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from suwen.errors import FormatError, InputError, NotFoundError, Problem
from suwen.formats.waveforms.blocks import Block, Channel
from suwen.formats.waveforms.names import TWELVE, is_other_signal, millivolts, standard_lead
from suwen.formats.waveforms.notices import notice
from suwen.formats.waveforms.nouns import Mark, Recording

__all__ = ["Stated", "may_be_ecg", "recording_of"]

_RATES = (10.0, 100_000.0)
_PLAUSIBLE = (0.02, 40.0)  # mV between the 1st and the 99th hundredth of the samples, far beyond what hearts do
_RUN = 0.04  # seconds at the largest value that are no peak of a wave


@dataclass(frozen=True, slots=True)
class Stated:
    """What the caller states: rate and unit for files that do not tell, and leads to name or to choose."""

    rate: float | None = None
    unit: str | None = None
    leads: tuple[str, ...] | None = None


def recording_of(block: Block, stated: Stated) -> Recording:
    """One block as a Recording; FormatError or InputError where rate or unit are missing, or no lead is left."""
    rate = _rate(block, stated)
    if not block.values.size:
        raise FormatError("the recording holds no samples", zh="记录中没有采样点")
    noticed = list(block.noticed)
    names = _names(block, stated, noticed)
    kept = _chosen(block, names, stated, noticed)
    values = block.values if kept == list(range(len(names))) else block.values[kept]
    channels = [replace(block.channels[at], name=names[at]) for at in kept]
    if block.is_derived:
        noticed.insert(0, notice("derived"))
    factors = _to_millivolts(values, channels, stated, noticed)
    for at, channel in enumerate(channels):
        noticed += [notice(key, where=channel.name) for key in channel.noticed]
        noticed += _seen(values[at], channel, factors[at], rate)
    leads = tuple(channel.name for channel in channels)
    marks = _marks(block.marks, leads, values.shape[1], noticed)
    return Recording(
        _digest(leads, rate, values), leads, rate, values, block.start, marks, tuple(block.acquired), tuple(noticed)
    )


def _rate(block: Block, stated: Stated) -> float:
    rate = block.rate if block.rate is not None else stated.rate
    if rate is None:
        raise InputError(
            "the file does not tell its rate; state how many samples a second it has",
            zh="文件未说明采样率；请说明每秒采样点数",
        )
    if not (math.isfinite(rate) and _RATES[0] <= rate <= _RATES[1]):
        raise FormatError(
            f"a rate of {rate:g} Hz is none of an electrocardiogram; it lies between 10 and 100000 Hz",
            zh=f"{rate:g} Hz 不是心电图的采样率；应在 10 至 100000 Hz 之间",
        )
    if stated.rate is not None and not math.isclose(rate, stated.rate, rel_tol=1e-3):
        raise InputError(
            f"the file has {rate:g} Hz, {stated.rate:g} Hz were stated; leave the rate out",
            zh=f"文件为 {rate:g} Hz，而所填为 {stated.rate:g} Hz；请勿填写采样率",
        )
    return float(rate if stated.rate is None else stated.rate)  # times of a table are rounded, a word is not


def _names(block: Block, stated: Stated, noticed: list[Problem]) -> list[str]:
    """A name of its own for every channel, in standard spelling."""
    given = [standard_lead(channel.name) for channel in block.channels]
    if not any(given):
        given = _assumed(len(given), stated, noticed)
    made: list[str] = []
    for at, name in enumerate(given):
        bare = name or f"lead {at + 1}"
        count = 1
        while (bare if count == 1 else f"{bare} #{count}") in made:
            count += 1
        if count == 2:
            noticed.append(notice("same_name", name=bare))
        made.append(bare if count == 1 else f"{bare} #{count}")
    return made


def _assumed(count: int, stated: Stated, noticed: list[Problem]) -> list[str]:
    if stated.leads is not None:
        if len(stated.leads) != count:
            raise InputError(
                f"{len(stated.leads)} leads were stated, the file has {count}; name each of them",
                zh=f"填写了 {len(stated.leads)} 个导联，文件有 {count} 个；请逐一填写",
            )
        return [standard_lead(name) for name in stated.leads]
    names = list(TWELVE) if count == len(TWELVE) else [f"lead {at + 1}" for at in range(count)]
    noticed.append(notice("names_assumed", names=", ".join(names[: len(TWELVE)]) + (", ..." if count > 12 else "")))
    return names


def _chosen(block: Block, names: list[str], stated: Stated, noticed: list[Problem]) -> list[int]:
    """The channels to keep: those asked for, or all that may be an electrocardiogram."""
    if stated.leads is not None and any(channel.name for channel in block.channels):
        asked = [standard_lead(name) for name in stated.leads]
        absent = [name for name in asked if name not in names]
        if absent or not asked:
            raise NotFoundError(
                f"there is no lead {', '.join(absent)}; there are {', '.join(names[:40])}",
                zh=f"没有导联 {'、'.join(absent)}；文件中有 {'、'.join(names[:40])}",
            )
        return [names.index(name) for name in dict.fromkeys(asked)]
    kept = [at for at, name in enumerate(names) if may_be_ecg(name, block.channels[at].unit)]
    noticed += [notice("not_ecg", where=name) for at, name in enumerate(names) if at not in set(kept)]
    if not kept:
        units = sorted({channel.unit[:12] for channel in block.channels})
        raise FormatError(
            f"no channel is an electrocardiogram in a known unit of voltage; units: {', '.join(units)}",
            zh=f"没有以已知电压单位记录的心电通道；单位为：{'、'.join(units)}",
        )
    return kept


def may_be_ecg(name: str, unit: str) -> bool:
    """Whether a channel may be an electrocardiogram: in volts or without a unit, and not named as something else."""
    return not is_other_signal(name) and (not unit or millivolts(unit) is not None)


def _to_millivolts(
    values: NDArray[np.float32], channels: Sequence[Channel], stated: Stated, noticed: list[Problem]
) -> list[float]:
    """Bring `values` to mV in place; the factor of each channel."""
    if stated.unit is not None and millivolts(stated.unit) is None:
        raise InputError(
            "the unit stated is none of voltage; give one of V, mV, uV, nV",
            zh="所填单位不是电压单位；请填 V、mV、uV 或 nV",
        )
    guessed = ""
    if stated.unit is None and any(not channel.unit for channel in channels):
        guessed = _guessed(values[[at for at, one in enumerate(channels) if not one.unit]], noticed)
    factors = []
    for at, channel in enumerate(channels):
        unit = channel.unit or stated.unit or guessed
        factor = millivolts(unit)
        if factor is None:
            raise FormatError(
                f"the unit {unit[:12]} of lead {channel.name} is none of voltage",
                zh=f"导联 {channel.name} 的单位 {unit[:12]} 不是电压单位",
            )
        if channel.unit and stated.unit is not None and factor != millivolts(stated.unit):
            raise InputError(
                f"the file is in {unit}, {stated.unit} was stated; leave the unit out",
                zh=f"文件单位为 {unit}，而所填为 {stated.unit}；请勿填写单位",
            )
        with np.errstate(over="ignore", invalid="ignore"):
            if factor != 1.0:
                values[at] *= np.float32(factor)
        values[at][~np.isfinite(values[at])] = np.nan
        factors.append(factor)
    return factors


def _guessed(values: NDArray[np.float32], noticed: list[Problem]) -> str:
    """The unit in which the samples would be an electrocardiogram: hearts make 0.1 to 20 mV at the skin."""
    spans = [_span(one) for one in values]
    span = float(np.median(spans))
    if 0.05 <= span < 20:
        unit = "mV"
    elif 50 <= span < 20_000:
        unit = "uV"
    else:
        raise InputError(
            f"the file states no unit and a span of {span:g} is plausible in none; state the unit",
            zh=f"文件未说明单位，幅度 {span:g} 在任何单位下均不合理；请说明单位",
        )
    noticed.append(notice("unit_guessed", value=span, unit=unit))
    return unit


def _span(values: NDArray[np.float32]) -> float:
    """Distance between the 1st and the 99th hundredth of the samples that are there; 0 where there are none."""
    some = values[:: max(1, len(values) // 200_000)]
    some = some[np.isfinite(some)].astype(np.float64)
    return float(np.subtract(*np.percentile(some, (99, 1)))) if some.size else 0.0


def _seen(values: NDArray[np.float32], channel: Channel, factor: float, rate: float) -> list[Problem]:
    """What one lead shows: missing, flat, saturated, or of an amplitude that no heart makes."""
    there = np.isfinite(values)
    count = int(there.sum())
    found = []
    if count < len(values):
        lost = len(values) - count
        found.append(notice("missing", where=channel.name, count=lost, percent=round(100 * lost / len(values), 2)))
    if not count:
        return found
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low == high:
        return [*found, notice("flat", where=channel.name)]
    span = _span(values)
    if span > _PLAUSIBLE[1] or high - low < _PLAUSIBLE[0]:
        found.append(notice("amplitude", where=channel.name, value=span if span > _PLAUSIBLE[1] else high - low))
    for end, value in enumerate((low, high)):
        least = _least_run(channel, end, value, factor, rate)
        at_end = _in_runs(values == np.float32(value), least) if value else 0
        if at_end:
            found.append(notice("saturated", where=channel.name, count=at_end, value=value))
    return found


def _least_run(channel: Channel, end: int, value: float, factor: float, rate: float) -> int:
    """How many equal samples make a saturation: three at the known end of the range, 40 ms at any other value."""
    if channel.ends is not None and math.isclose(channel.ends[end] * factor, value, rel_tol=1e-5):
        return 3
    return max(8, math.ceil(_RUN * rate))


def _in_runs(flags: NDArray[np.bool_], least: int) -> int:
    """How many samples lie in runs of at least `least`."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= least].sum())


def _marks(marks: Sequence[Mark], leads: tuple[str, ...], length: int, noticed: list[Problem]) -> tuple[Mark, ...]:
    """The marks that lie on the samples, in order, with leads in standard spelling; a lead left out takes its marks."""
    inside = [mark for mark in marks if 0 <= mark.sample < length]
    if len(inside) < len(marks):
        noticed.append(notice("marks_outside", count=len(marks) - len(inside)))
    named = [mark if not mark.lead else replace(mark, lead=standard_lead(mark.lead)) for mark in inside]
    return tuple(sorted((one for one in named if not one.lead or one.lead in leads), key=lambda one: one.sample))


def _digest(leads: tuple[str, ...], rate: float, values: NDArray[np.float32]) -> str:
    made = hashlib.sha256(f"{'/'.join(leads)} {rate!r} {values.shape}".encode("utf-8", "replace"))
    made.update(np.ascontiguousarray(values).data)
    return made.hexdigest()[:32]
