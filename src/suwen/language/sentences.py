"""Where the sentences and clauses of a clinical text begin and end, in Chinese, English, and both on one line."""

from __future__ import annotations

import re

__all__ = ["clauses", "sentences"]

# A full stop in these ends nothing. In small letters, to be compared with the word that the stop belongs to.
_SHORT = """dr mr mrs ms prof st vs approx ca cf e.g i.e eg al etc fig no nos vol resp pt pts hx dx tx rx sx yr yrs mo
mos wk wks hr hrs min mins sec wt ht temp ext abd neuro cv gi gu b.i.d t.i.d q.i.d q.d p.o i.v i.m s.c p.r.n a.m p.m r.o
c.o s.p w.o h.o dept hosp tab tabs cap inj jr sr inc dist prox lat bilat max incl excl var ssp spp subsp mat pat"""
_ABBREVIATIONS = frozenset(_SHORT.split())
_BORDER = re.compile(r"[。！？!?；;]+|\.+(?=[\s\"'”’）)\]]|$|[A-Z\u4e00-\u9fff])|\r?\n[\s]*")
_WORD_BEFORE = re.compile(r"[A-Za-z][A-Za-z.]*$|(?:^|(?<=\s))\d{1,2}$|(?<=[\u4e00-\u9fff\n:：;；。])\d{1,2}$")
_INITIAL = re.compile(r"(?:^|[(\s]|[A-Za-z.,]\s)$(?<!\d\s)")  # before "J. Smith"; not in "38.5 C." nor "9.5 g/L."
_COMMA = re.compile(r"[,，](?!\d{3}\b)[ \t]*")
_WRAPPED_AT = 60  # characters: a line that long, followed by a small letter, was broken by its editor, not its writer
_CLOSING = "\"'”’)）]】"


def sentences(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence, in characters of `text`; the closing mark belongs to its sentence.

    Sentences end at Chinese and English full stops, exclamation and question marks, semicolons and line breaks; not
    at the stops of abbreviations, decimals, initials and list numbers, nor where a long line was only wrapped.
    """
    found: list[tuple[int, int]] = []
    start = 0
    for border in _BORDER.finditer(text):
        if _ends(text, start, border):
            end = _closed(text, border.end())
            _keep(text, start, end, found)
            start = end
    _keep(text, start, len(text), found)
    return found


def clauses(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Start and end of the pieces of `text[start:end]` between commas; a comma within a number is none."""
    stop = len(text) if end is None else end
    found: list[tuple[int, int]] = []
    for comma in _COMMA.finditer(text, start, stop):
        _keep(text, start, comma.start(), found)
        start = comma.end()
    _keep(text, start, stop, found)
    return found


def _ends(text: str, start: int, border: re.Match[str]) -> bool:
    mark = text[border.start()]
    if mark == ".":
        return _stops(text, start, border)
    if mark in "\r\n":
        return not _wrapped(text, border)
    if mark in "?？":  # "?pneumonia": the mark belongs to what follows; "pneumonia ?asthma" as well
        return not (text[border.end() : border.end() + 1].isalnum() and _opens(text, border.start()))
    return True


def _opens(text: str, place: int) -> bool:
    return place == 0 or text[place - 1] in " \t\n(（:：,，、;；"


def _stops(text: str, start: int, border: re.Match[str]) -> bool:
    """Whether a full stop ends a sentence: not after an abbreviation, an initial, or a number that opens a line."""
    word = _WORD_BEFORE.search(text, max(start, border.start() - 12), border.start())
    if word is None:
        return True
    said = word.group().lower()
    if said.isdigit():
        return bool(text[start : word.start()].strip())  # "1. Fever" at the start; but "... was 38."
    glued = border.end() < len(text) and text[border.end()].isascii() and text[border.end()].isalnum()
    initial = len(said) == 1 and _INITIAL.search(text, start, word.start()) is not None
    return not (said in _ABBREVIATIONS or initial or (glued and "." in said))


def _wrapped(text: str, border: re.Match[str]) -> bool:
    after = text[border.end() : border.end() + 1]
    line = text.rfind("\n", 0, border.start()) + 1
    blank = border.group().count("\n") > 1
    return after.isascii() and after.islower() and not blank and border.start() - line >= _WRAPPED_AT


def _closed(text: str, end: int) -> int:
    while end < len(text) and text[end] in _CLOSING:
        end += 1
    return end


def _keep(text: str, start: int, end: int, found: list[tuple[int, int]]) -> None:
    piece = text[start:end]
    bare = piece.strip()
    if bare:
        first = start + len(piece) - len(piece.lstrip())
        found.append((first, first + len(bare)))
