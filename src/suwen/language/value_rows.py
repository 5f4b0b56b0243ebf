"""Laboratory reports as tables in text: a header that names the columns, then one analyte a line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from suwen.language.units import read_unit
from suwen.language.value_choice import ORDINALS, chosen
from suwen.language.value_grammar import NUMBER, Value, as_number, comparator, read_range, read_tail
from suwen.language.value_table import Name, names

__all__ = ["row_values"]

_COLUMNS = {
    "name": "项目 检验项目 项目名称 检查项目 名称 中文名称 指标 test tests analyte item component parameter"
    " investigation name testname examination",
    "result": "结果 检验结果 测定值 测定结果 检测结果 数值 result results value yourvalue",
    "unit": "单位 unit units",
    "range": "参考范围 参考值 参考区间 正常值 正常范围 参考值范围 生物参考区间 reference referencerange ref"
    " range normalrange refrange normal referenceinterval ref.range",
    "flag": "提示 标志 异常 状态 异常提示 高低 flag flags status abn abnormal interpretation",
    "short": "英文 缩写 代号 代码 英文名称 英文缩写 简称 code abbr abbreviation",
}
_SPLITTERS = (r"\s*\|\s*", r"\t+", r"[ ]{2,}", r"\s*[,，]\s*", r"[ ]+")


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class _Header:
    """Which column holds what, and how the lines are split."""

    columns: Mapping[str, int]
    splitter: str


def row_values(text: str) -> tuple[list[Value], list[tuple[int, int]]]:
    """Values of the tables with a header, and the lines they were read from."""
    found: list[Value] = []
    covered: list[tuple[int, int]] = []
    header: _Header | None = None
    for start, line in _lines(text):
        opened = _header(line)
        header = opened or (header if line.strip() else None)
        if opened or header is None:
            continue
        cells = _cells(line, start, header.splitter)
        if len(cells) <= header.columns["result"]:
            header = None if len(cells) == 1 else header
            continue
        value = _row(header, cells)
        if value is not None:  # a line that is no row is left to the reading of running text
            found.append(value)
            covered.append((start, start + len(line)))
    return found, covered


def _lines(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    for line in text.split("\n"):
        yield at, line
        at += len(line) + 1


def _header(line: str) -> _Header | None:
    """The header a line is, where it names at least an analyte and a result column and nothing that is a number."""
    if re.search(r"\d", line):
        return None
    for splitter in _SPLITTERS:
        cells = ["".join(cell.text.lower().split()).strip("*:") for cell in _cells(line, 0, splitter)]
        columns = {
            kind: at for kind, words in _COLUMNS.items() for at, cell in enumerate(cells) if cell in words.split()
        }
        if {"name", "result"} <= columns.keys():
            return _Header(columns, splitter)
    return None


def _cells(line: str, start: int, splitter: str) -> list[_Cell]:
    """Cells with their place; the borders of a Markdown table open and close a line without being cells."""
    cells: list[_Cell] = []
    at = 0
    for match in (*re.finditer(splitter, line), None):
        end = match.start() if match else len(line)
        cells.append(_Cell(line[at:end], start + at))
        at = match.end() if match else end
    if "|" in splitter or splitter == r"[ ]{2,}":
        cells = cells[1:] if cells and not cells[0].text.strip() else cells
    return cells


def _row(header: _Header, cells: list[_Cell]) -> Value | None:
    columns = {kind: cells[at] for kind, at in header.columns.items() if at < len(cells)}
    result = columns["result"]
    possible = _named(columns["name"].text) or _named(columns["short"].text if "short" in columns else "")
    if not possible:
        return None
    end = result.start + len(result.text)
    match = _result().match(result.text)
    if match is None:
        return _ordinal(possible, result, columns["name"].start, end)
    tail = read_tail(result.text, match.end())
    unit = tail.unit or _unit(columns)
    number = as_number(match.group("number"))
    pick = chosen(possible, number, unit)
    if pick is None:
        return None
    low, high = _range(columns) if "range" in columns else (tail.low, tail.high)
    flag = tail.flag or _flag(columns) or {"↑": "H", "↓": "L"}.get(match.group("arrow") or "", "")
    than = comparator(match.group("than") or "")
    return Value(columns["name"].start, end, pick.analyte, number, than, pick.unit, low, high, flag, pick.doubt)


def _named(cell: str) -> tuple[Name, ...]:
    """What the name cell means: whole, or without its bracket, or the bracket alone."""
    plain = cell.strip(" *★▲☆#.:\t")
    inner = re.search(r"\(([^()]+)\)", plain)
    for name in (plain, re.sub(r"\([^()]*\)", "", plain).strip(), inner.group(1).strip() if inner else ""):
        found = names().get(name) or (names().get(name.lower()) if not (name.isascii() and len(name) <= 3) else None)
        if found:
            return found
    return ()


def _ordinal(possible: tuple[Name, ...], result: _Cell, start: int, end: int) -> Value | None:
    plain = next((name for name in possible if name.analyte.is_ordinal), None)
    word = "".join(result.text.split()).strip("()").lower()
    if plain is None or not word:
        return None
    pluses = re.fullmatch(r"(\+{1,4})|([1-4])\+", word)
    if pluses:
        degree = Decimal(pluses.group(2) or len(pluses.group(1)))
        return Value(start, end, plain.analyte, degree, unit="{plus}")
    return Value(start, end, plain.analyte, ORDINALS[word], unit="{plus}") if word in ORDINALS else None


def _unit(columns: Mapping[str, _Cell]) -> str:
    return read_unit(columns["unit"].text.strip())[0] if "unit" in columns else ""


def _range(columns: Mapping[str, _Cell]) -> tuple[Decimal | None, Decimal | None]:
    found = read_range(columns["range"].text.strip(" ()[]"))
    return (None, None) if found is None else found[:2]


def _flag(columns: Mapping[str, _Cell]) -> str:
    word = columns["flag"].text.strip(" ()[]").lower() if "flag" in columns else ""
    if word.startswith(("↑", "h", "高", "偏高", "升高")):
        return "H"
    return "L" if word.startswith(("↓", "l", "低", "偏低", "降低")) else ""


@cache
def _result() -> re.Pattern[str]:
    return re.compile(rf"\s*(?P<arrow>[↑↓])?\s*(?P<than><=|>=|<|>|≤|≥)?\s*(?P<number>-?{NUMBER})(?![\d:])")
