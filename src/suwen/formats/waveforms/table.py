"""Tables of samples read: CSV, TSV and semicolons, with lead names in the first line and a stated or written rate."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from suwen.errors import FormatError, Problem
from suwen.formats.waveforms.blocks import MOST_CHANNELS, Block, Channel
from suwen.formats.waveforms.budget import Budget
from suwen.formats.waveforms.notices import notice

__all__ = ["read_table"]

_TIME = re.compile(
    r"^(?:time|t|sec|seconds?|timestamp|elapsed[ _]time)(?:[ _]?[(\[]?(?P<unit>ms|s|sec|us)?[)\]]?)$", re.I
)
_INDEX = re.compile(r"^(?:|sample|samples|index|n|no|frame)(?:[ _]?(?:no|number|#))?$", re.I)
_UNIT = re.compile(r"^(?P<name>.*?)\s*[(\[](?P<unit>[^)\]]{1,12})[)\]]$")
_STATED_RATE = re.compile(r"^#\s*rate\s*[:=]\s*([0-9.]{1,12})\s*(?:Hz)?$", re.I)
_STATED_UNIT = re.compile(r"^#\s*unit\s*[:=]\s*(\S{1,12})$", re.I)
_MISSING = frozenset(("", "nan", "na", "n/a", "null", "none", "-", "inf", "-inf"))
_SCALE = {"ms": 1e-3, "us": 1e-6}
_BYTES_OF_CELL = 24  # of text and list while a line is split, over all lines


@dataclass(slots=True)
class _Table:
    """The lines of numbers and what stands above them."""

    rows: list[str]
    separator: str
    names: list[str] = field(default_factory=list)
    rate: float | None = None
    unit: str = ""


def read_table(data: bytes, budget: Budget) -> list[Block]:
    """The one block of a table: every line one moment, every column one lead, but for a column of times.

    Lines "# rate: 500 Hz" and "# unit: mV" above the names are heeded; a unit may stand in brackets behind a name.

    Raises:
        FormatError: it is no table of numbers, lines differ in length, or times are uneven.
        InputError: it is above the limit.

    """
    budget.require(8 * len(data))
    table = _table(_text(data))
    width = len(table.rows[0].split(table.separator)) if table.rows else 0
    if not width or width > MOST_CHANNELS + 1 or (table.names and len(table.names) != width):
        raise FormatError(
            "the table has no lines of numbers, or its first line names other columns than there are",
            zh="表格没有数字行，或首行列名与列数不符",
        )
    budget.take((4 + _BYTES_OF_CELL) * width * len(table.rows))
    values = _numbers(table, width)
    noticed: list[Problem] = []
    rate, kept = _times(table, values, noticed)
    if not kept:
        raise FormatError("the table has a column of times and no lead", zh="表格有时间列而没有导联")
    channels = [_channel(table.names[at] if table.names else "", table.unit) for at in kept]
    samples = np.ascontiguousarray(values[:, kept].T, np.float32)
    return [Block(samples, channels, rate, acquired=[("Format", "table")], noticed=noticed)]


def _text(data: bytes) -> str:
    for form in ("utf-16", "utf-8-sig") if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "latin-1"):
        try:
            text = data.decode(form)
        except UnicodeDecodeError:
            continue
        if "\0" in text[:4_096]:
            break
        return text
    raise FormatError(
        "the file is neither a known format of waveforms nor a table in plain text",
        zh="文件既不是已知的波形格式，也不是纯文本表格",
    )


def _table(text: str) -> _Table:
    lines = [line for line in text.splitlines() if line.strip()]
    stated = [line.strip() for line in lines[:100] if line.startswith("#")]
    rows = [line for line in lines if not line.startswith("#")]
    if not rows:
        raise FormatError("the table is empty", zh="表格为空")
    table = _Table(rows, _separator(rows[0]))
    for line in stated:
        rate, unit = _STATED_RATE.match(line), _STATED_UNIT.match(line)
        table.rate = _number(rate[1], ".") if rate is not None else table.rate
        table.unit = unit[1] if unit is not None else table.unit
    cells = [cell.strip().strip("\"'") for cell in rows[0].split(table.separator)]
    if any(_is_word(cell, table.separator) for cell in cells):
        table.names = cells
        del rows[0]
    return table


def _separator(line: str) -> str:
    counts = {mark: line.count(mark) for mark in ("\t", ";", ",")}
    return max(counts, key=lambda mark: (counts[mark], mark == ";"))


def _is_word(cell: str, separator: str) -> bool:
    try:
        _number(cell, "," if separator == ";" else ".")
    except ValueError:
        return True
    return False


def _number(cell: str, point: str) -> float:
    bare = cell.strip().strip("\"'")
    if bare.lower() in _MISSING:
        return math.nan
    return float(bare.replace(",", ".") if point == "," else bare)


def _numbers(table: _Table, width: int) -> NDArray[np.float64]:
    """The numbers, shape (lines, columns); FormatError naming the line where one cannot be read."""
    point = "," if table.separator == ";" else "."
    made = np.empty((len(table.rows), width), np.float64)
    for at, row in enumerate(table.rows):
        cells = row.split(table.separator)
        if len(cells) != width:
            raise FormatError(
                f"line {at + 1} of the numbers has {len(cells)} columns, the first has {width}",
                zh=f"数字部分第 {at + 1} 行有 {len(cells)} 列，首行有 {width} 列",
            )
        try:
            made[at] = [float(cell) for cell in cells] if point == "." else [_number(cell, point) for cell in cells]
        except ValueError:
            made[at] = _slow(cells, point, at)
    return made


def _slow(cells: list[str], point: str, at: int) -> list[float]:
    try:
        return [_number(cell, point) for cell in cells]
    except ValueError as error:
        raise FormatError(
            f"line {at + 1} of the numbers holds a word; below the names of the leads each cell is a number or empty",
            zh=f"数字部分第 {at + 1} 行含有文字；导联名以下各格须为数字或留空",
        ) from error


def _times(table: _Table, values: NDArray[np.float64], noticed: list[Problem]) -> tuple[float | None, list[int]]:
    """The rate, written or from a column of times, and the columns that are leads."""
    rate, kept = table.rate, []
    for at, name in enumerate(table.names or [""] * values.shape[1]):
        time = _TIME.match(name) if table.names else None
        if time is not None:
            if rate is None:
                rate = _rate(values[:, at], _SCALE.get((time["unit"] or "s").lower(), 1.0))
                noticed.append(notice("rate_from_times", value=rate))
        elif not (table.names and _INDEX.match(name)):
            kept.append(at)
    return rate, kept


def _rate(times: NDArray[np.float64], scale: float) -> float:
    """The rate of evenly spaced times; written times are rounded, so single steps may differ by a tenth."""
    steps = np.diff(times) * scale
    if len(steps) < 2 or not np.isfinite(steps).all():
        raise FormatError(
            "the column of times is not filled; state the rate and leave the column out",
            zh="时间列未填满；请说明采样率并去掉该列",
        )
    step = float(np.mean(steps))
    if step <= 0 or float(np.abs(steps - np.median(steps)).max()) > max(0.1 * step, 1.001e-3 * (step >= 2e-3)):
        raise FormatError(
            "the times are not evenly spaced; bring the samples to one rate, or split them at the gaps",
            zh="时间间隔不均匀；请统一采样率，或在间断处拆分",
        )
    rate = 1 / step
    return float(round(rate)) if abs(rate - round(rate)) < 1e-3 * rate else rate


def _channel(name: str, unit: str) -> Channel:
    found = _UNIT.match(name)
    return Channel(found["name"], found["unit"]) if found is not None else Channel(name, unit)
