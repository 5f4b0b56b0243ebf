"""Units of measure as UCUM writes them: whether a text is one, and the same quantity in another unit, exactly.

Grammar and semantics: The Unified Code for Units of Measure 2.2, https://ucum.org/ucum (case sensitive). Our own table
rather than pint and ucumvert: those reckon in binary fractions, drop annotations, and take 0.4 s to load.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from functools import cache, lru_cache

from suwen.errors import InputError
from suwen.knowledge.ucum_table import BASE_UNITS, PREFIXES, UNITS

__all__ = ["convert", "is_commensurable", "is_ucum", "scale"]

_MAX_LENGTH = 200
_PRINTABLE = re.compile(r"[!-~]+")
# A symbol has digits, points and signs inside square brackets only; 10* and 10^ are the exceptions.
_UNIT = re.compile(r"(10[*^]|(?:[^\[\](){}./0-9+\-\"=]|\[[^\[\]]+\])+)([+-]?[0-9]{1,3})?")
_FACTOR = re.compile(r"[0-9]{1,30}")
_ANNOTATION = re.compile(r"\{[^{}]*\}")
_DIGITS = Context(prec=28)

# Kelvin of a temperature are (value + offset) * factor.
_SCALES = {
    "K": (Fraction(0), Fraction(1)),
    "Cel": (Fraction("273.15"), Fraction(1)),
    "[degF]": (Fraction("459.67"), Fraction(5, 9)),
    "[degRe]": (Fraction("218.52"), Fraction(5, 4)),
}


@dataclass(frozen=True, slots=True)
class _Unit:
    """What a unit expression amounts to: a factor times powers of units that stand for themselves.

    `special` holds the symbols that are no plain multiples, `remarks` the annotations, each sorted.
    """

    factor: Fraction = Fraction(1)
    powers: tuple[tuple[str, int], ...] = ()
    special: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def times(self, other: _Unit, power: int = 1) -> _Unit:
        """Multiply by a power of another unit."""
        powers = Counter(dict(self.powers))
        for name, exponent in other.powers:
            powers[name] += exponent * power
        return _Unit(
            self.factor * other.factor**power,
            tuple(sorted((name, exponent) for name, exponent in powers.items() if exponent)),
            tuple(sorted(self.special + other.special)),
            tuple(sorted(self.remarks + other.remarks)),
        )


class _NotUcumError(ValueError):
    """The text leaves the grammar or names no unit; never leaves this file."""


def is_ucum(text: str) -> bool:
    """Whether a text is a UCUM expression (case sensitive) whose every symbol UCUM 2.2 has.

    >>> is_ucum("mm[Hg]"), is_ucum("mmHg"), is_ucum("{score}"), is_ucum("(score)")
    (True, False, True, False)
    """
    return _parsed(text) is not None


def is_commensurable(one: str, other: str) -> bool:
    """Whether `convert` converts between two texts; False where either is not UCUM."""
    try:
        scale(one, other)
    except InputError:
        return False
    return True


def convert(value: Decimal, from_: str, to_: str) -> Decimal:
    """The same quantity in another unit, exact to 28 significant digits. Raises InputError as `scale` does."""
    factor, offset = scale(from_, to_)
    return value if from_ == to_ else _decimal(Fraction(value) * factor + offset)


def scale(from_: str, to_: str) -> tuple[Fraction, Fraction]:
    """Exact factor and offset that turn a value in one unit into the other; the offset is for temperatures alone.

    Temperatures (K, Cel, [degF], [degRe]) are taken as points of their scale, not as differences.

    Raises InputError: one is not UCUM; they measure different things (between mol and g lies a molar mass, which no
    unit knows); their annotations differ (`mL/min` and `mL/min/{1.73_m2}` are not the same clearance); or a unit is on
    a logarithmic or other scale that is no plain multiple.
    """
    here, there = _required(from_), _required(to_)
    if from_ == to_:
        return Fraction(1), Fraction(0)
    if here.remarks != there.remarks:
        raise InputError(
            f"{from_} and {to_} carry different annotations; whether they mean the same no unit can say",
            zh=f"{from_} 与 {to_} 带有不同注释；其含义是否相同无法由单位判断",
        )
    if from_ in _SCALES and to_ in _SCALES:
        (low, step), (to_low, to_step) = _SCALES[from_], _SCALES[to_]
        return step / to_step, low * step / to_step - to_low
    if here.special or there.special:
        raise InputError(
            f"{from_} and {to_} are not multiples of each other: one is on a scale of its own",
            zh=f"{from_} 与 {to_} 不成倍数关系：其中之一有自己的标度",
        )
    if here.powers != there.powers:
        raise InputError(
            f"{from_} and {to_} measure different things{_hint(here, there)}",
            zh=f"{from_} 与 {to_} 所量不同{_hint(here, there)}",
        )
    return here.factor / there.factor, Fraction(0)


def _hint(here: _Unit, there: _Unit) -> str:
    names = {name for name, _ in here.powers} ^ {name for name, _ in there.powers}
    return ": between them lies a molar mass or valence, which a unit does not know" if names & {"mol", "eq"} else ""


def _decimal(value: Fraction) -> Decimal:
    quotient = _DIGITS.divide(Decimal(value.numerator), Decimal(value.denominator))
    return quotient if quotient else Decimal(0)


def _required(text: str) -> _Unit:
    unit = _parsed(text)
    if unit is None:
        raise InputError(
            f"{text[:40]!r} is no UCUM unit; see https://ucum.org",
            zh=f"{text[:40]!r} 不是 UCUM 单位；见 https://ucum.org",
        )
    return unit


@lru_cache(maxsize=4096)
def _parsed(text: str) -> _Unit | None:
    if len(text) > _MAX_LENGTH or not _PRINTABLE.fullmatch(text):
        return None
    try:
        unit, end = _term(text, 0)
    except _NotUcumError:
        return None
    return unit if end == len(text) else None


def _term(text: str, at: int) -> tuple[_Unit, int]:
    """Components joined by `.` and `/`, which bind equally and from the left; a leading `/` divides 1."""
    unit, power = _Unit(), 1
    if text[at : at + 1] == "/":
        power, at = -1, at + 1
    while True:
        component, at = _component(text, at)
        unit = unit.times(component, power)
        if text[at : at + 1] not in {".", "/"}:
            return unit, at
        power, at = (1 if text[at] == "." else -1), at + 1


def _component(text: str, at: int) -> tuple[_Unit, int]:
    if text[at : at + 1] == "(":
        unit, at = _term(text, at + 1)
        if text[at : at + 1] != ")":
            raise _NotUcumError
        return unit, at + 1
    unit, end = _simple(text, at)
    remark = _ANNOTATION.match(text, end)
    if remark:
        unit, end = unit.times(_Unit(remarks=(remark.group(),))), remark.end()
    if end == at:
        raise _NotUcumError
    return unit, end


def _simple(text: str, at: int) -> tuple[_Unit, int]:
    """A unit with its exponent, or a whole number; nothing where an annotation stands alone."""
    match = _UNIT.match(text, at)
    if match:
        return _Unit().times(_symbol(match.group(1)), int(match.group(2) or 1)), match.end()
    factor = _FACTOR.match(text, at)
    if factor and int(factor.group()):
        return _Unit(Fraction(int(factor.group()))), factor.end()
    return _Unit(), at


@cache
def _entries() -> dict[str, tuple[bool, str]]:
    """Code to whether it takes prefixes, and what it is."""
    lines = (line for line in UNITS.splitlines() if line and not line.startswith("# "))
    rows = [entry.split(None, 2) for line in lines for entry in line.split("; ")]
    return dict.fromkeys(BASE_UNITS, (True, "own")) | {code: (flag == "m", meaning) for code, flag, meaning in rows}


def _symbol(symbol: str) -> _Unit:
    entries = _entries()
    if symbol in entries:
        return _entry(symbol)
    for prefix, factor in PREFIXES.items():
        rest = symbol[len(prefix) :]
        if symbol.startswith(prefix) and rest in entries and entries[rest][0]:
            return _Unit(Fraction(factor)).times(_entry(rest))
    raise _NotUcumError


@cache
def _entry(code: str) -> _Unit:
    meaning = _entries()[code][1]
    if meaning == "own":
        return _Unit(powers=((code, 1),))
    if meaning == "special":
        return _Unit(special=(code,))
    value, _, unit = meaning.partition(" ")
    return _Unit(Fraction(value)).times(_term(unit, 0)[0])
