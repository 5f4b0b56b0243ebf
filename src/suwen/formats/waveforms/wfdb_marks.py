"""Annotations of WFDB records in the MIT format: https://physionet.org/physiotools/wag/annot-5.htm."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from suwen.formats.waveforms.nouns import Mark, MarkKind

__all__ = ["Marks", "kind_and_text", "marks_in"]

# Codes of ecgcodes.h of WFDB, by number.
_CODES = {
    1: "N", 2: "L", 3: "R", 4: "a", 5: "V", 6: "F", 7: "J", 8: "A", 9: "S", 10: "E", 11: "j", 12: "/", 13: "Q", 14: "~",
    16: "|", 18: "s", 19: "T", 20: "*", 21: "D", 22: '"', 23: "=", 24: "p", 25: "B", 26: "^", 27: "t", 28: "+", 29: "u",
    30: "?", 31: "!", 32: "[", 33: "]", 34: "e", 35: "n", 36: "@", 37: "x", 38: "f", 39: "(", 40: ")", 41: "r",
}  # fmt: skip
_BEATS = frozenset("NLRaVFJASEj/Qen?BrfF")
_WAVES = {
    "p": "P",
    "t": "T",
    "u": "U",
    "(": "(",
    ")": ")",
    "^": "pacing",
    "*": "systole",
    "D": "diastole",
    "x": "P blocked",
}
# What some writers put where there is no text.
_NOTHING = frozenset(("", "None", "nan"))
_SKIP, _NUMBER, _SUBTYPE, _CHANNEL, _TEXT = 59, 60, 61, 62, 63
_RHYTHM = re.compile(r"^\(([A-Z][A-Za-z0-9]{0,7})$")
_CLOCK = re.compile(r"^## time resolution: ([0-9]{1,6}(?:\.[0-9]{1,9})?)$")


@dataclass(slots=True)
class Marks:
    """Annotations as they were read: the clock they count in where the file states one, and what was not kept."""

    marks: list[Mark] = field(default_factory=list)
    clock: float | None = None
    free_texts: int = 0
    is_whole: bool = False


@dataclass(slots=True)
class _Pending:
    """An annotation whose text and channel may still follow."""

    time: int
    code: int
    text: str = ""


def marks_in(data: bytes) -> Marks:
    """The annotations of a file; `is_whole` is False where it ends before its end mark. Never raises.

    Free text is counted, not kept; of a change of rhythm the name is kept.
    """
    found, pending = Marks(), None
    at = time = 0
    while at + 2 <= len(data):
        word = int.from_bytes(data[at : at + 2], "little")
        code, value = word >> 10, word & 0x3FF
        at += 2
        if code == 0 and value == 0:
            found.is_whole = True
            break
        if code == _SKIP:
            time += _interval(data[at : at + 4])
            at += 4
        elif code == _TEXT:
            if pending is not None:
                pending.text = data[at : at + value].rstrip(b"\0").decode("ascii", "replace")
            at += value + value % 2
        elif code not in {_NUMBER, _SUBTYPE, _CHANNEL}:
            time += value
            _close(pending, found)
            pending = _Pending(time, code)
    _close(pending, found)
    return found


def _interval(data: bytes) -> int:
    """A long of the PDP-11: the high word first, each word with its low byte first."""
    high, low = int.from_bytes(data[:2], "little", signed=True), int.from_bytes(data[2:], "little")
    return high * 65_536 + low


def _close(pending: _Pending | None, found: Marks) -> None:
    if pending is None:
        return
    clock = _CLOCK.match(pending.text)
    if pending.code == 22 and (clock is not None or pending.text.startswith("## ")):
        found.clock = float(clock[1]) if clock is not None else found.clock
        return
    note = "" if pending.text in _NOTHING else pending.text
    kind, text = kind_and_text(_CODES.get(pending.code, ""), note)
    found.free_texts += bool(note) and (kind is not MarkKind.RHYTHM or not text)
    found.marks.append(Mark(pending.time, kind, text))


def kind_and_text(code: str, note: str = "") -> tuple[MarkKind, str]:
    """What a code of the MIT format means: "+" with "(AFIB" is the rhythm "AFIB", "V" a beat, "p" the wave "P"."""
    if code in _BEATS and code:
        return MarkKind.BEAT, code
    if code == "+":
        rhythm = _RHYTHM.match(note)
        return MarkKind.RHYTHM, rhythm[1] if rhythm is not None else ""
    if code in {"~", "|"}:
        return MarkKind.QUALITY, code
    if code in {"[", "]", "!"}:
        return MarkKind.RHYTHM, {"[": "VFL", "]": "VFL ends", "!": "VFL wave"}[code]
    if code in _WAVES:
        return MarkKind.WAVE, _WAVES[code]
    return MarkKind.NOTE, code
