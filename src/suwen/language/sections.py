"""The parts of a clinical note, found by their headings in Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from suwen.language.nouns import Section

__all__ = ["Part", "sections"]

_NUMBER = r"(?:[(（]?(?:[一二三四五六七八九十]{1,3}|\d{1,2}|[IVX]{1,4})[、.．)）]{1,2}[ \t]*)?"
_OPEN = r"[【\[「<《#*=·•\-— \t\u3000]*"
_CLOSE = r"[】\]」>》#*=]*"
_NOTE = r"(?:[ \t]*[(（][^()（）\n]{1,20}[)）])?"  # "既往史（患者提供）："
_UNKNOWN = r"(?:(?<=\n\n)|(?<=\r\n\r\n))(?P<unknown>[A-Z][A-Za-z/&' ]{2,40}|[\u4e00-\u9fff]{2,8})[ \t]*[:：][ \t]*$"
_SENTENCE = re.compile(r"[。；;\n]")
_Mark = tuple[int, Section, tuple[int, int]]


class Part(NamedTuple):
    """A stretch of a text under one heading: `start` to `end` with the heading, which stands at `heading`."""

    section: Section
    start: int
    end: int
    heading: tuple[int, int]


def sections(text: str) -> list[Part]:
    """The parts of `text`, in order and without gaps; what stands before the first heading is Section.NONE.

    A heading is known by the table rules/sections.tsv. It opens a line (then a colon, a bracket, white space or the
    end of the line must follow) or follows a sentence within one (then a colon must follow). A heading of history
    that runs on without a colon ("家族史无特殊。") holds for its sentence only. A line of its own after a blank line
    that ends with a colon is an unknown heading and ends the part before it.
    """
    marks = [(0, Section.NONE, (0, 0))]
    lasting = marks[0]
    for mark, until in _headings(text):
        while marks and marks[-1][0] >= mark[0]:  # a heading before the end of one that held for its sentence only
            marks.pop()
        marks.append(mark)
        if until:
            marks.append((until, lasting[1], lasting[2]))
        else:
            lasting = mark
    ends = [*(mark[0] for mark in marks[1:]), len(text)]
    return [Part(mark[1], mark[0], end, mark[2]) for mark, end in zip(marks, ends, strict=True) if end > mark[0]]


def _headings(text: str) -> Iterator[tuple[_Mark, int]]:
    """Each heading as a mark, with the place where it ends if it holds for its sentence only, else 0."""
    table = _table()
    for found in _pattern().finditer(text):
        name = found.lastgroup or ""
        place = found.span(name)
        section = table.get(" ".join(found.group(name).lower().split()), Section.NONE)
        until = _SENTENCE.search(text, found.end()) if name == "soft" else None
        stop = (until.end() if until else len(text)) if name == "soft" else 0
        yield (found.start(), section, place), stop


@cache
def _table() -> dict[str, Section]:
    text = (files(__package__) / "rules" / "sections.tsv").read_text(encoding="utf-8")
    lines = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {cells[0]: Section[cells[1].strip().upper()] for cells in lines}


@cache
def _pattern() -> re.Pattern[str]:
    longest = sorted(_table(), key=len, reverse=True)
    chinese = "|".join(re.escape(one) for one in longest if not one.isascii())
    english = "|".join(re.escape(one).replace(r"\ ", r"[ \t]+") for one in longest if one.isascii())
    soft = "|".join(re.escape(one) for one in longest if one.endswith("史"))
    line = rf"^{_OPEN}{_NUMBER}{_OPEN}"
    return re.compile(
        rf"{line}(?P<zh>{chinese})(?:{_NOTE}[ \t]*{_CLOSE}[ \t]*(?:[:：]|$)|{_CLOSE[:-1]}+|(?=[ \t\u3000]))"
        rf"|{line}(?P<en>(?i:{english}))(?:{_NOTE}[ \t]*{_CLOSE}[ \t]*[:：]|[ \t]+[-–][ \t])"
        rf"|{line}(?P<own>(?=[A-Z])(?i:{english}))[ \t]*{_CLOSE}[ \t]*$"
        rf"|(?<=[。；;，,.、\s])(?P<zhin>{chinese}){_NOTE}[ \t]*[:：]"
        rf"|(?<=[.;。；][ \n])(?P<enin>(?i:{english})){_NOTE}[ \t]*[:：]"
        rf"|(?:^|(?<=[。；;]))(?P<soft>{soft})(?=[^，,。；;:：的])"
        rf"|{_UNKNOWN}",
        re.MULTILINE,
    )
