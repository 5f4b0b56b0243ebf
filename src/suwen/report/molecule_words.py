"""Numbers and units of molecules as a reader writes them, and the numbered list of sources of a page."""

from __future__ import annotations

import math
import re

from suwen.drugs.sources import source_text
from suwen.drugs.units import same_decimals, unit_text
from suwen.report.molecule_strings import say
from suwen.report.strings import Language

__all__ = ["Sources", "amount_text", "formula_text", "number_text", "span_text"]

_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class Sources:
    """The sources of a page in the order in which they are first named, each with its number from 1."""

    def __init__(self) -> None:
        self.named: dict[str, int] = {}

    def number(self, source: str) -> int:
        """The number of a source on this page."""
        return self.named.setdefault(source, len(self.named) + 1)

    def listed(self, lang: Language) -> list[tuple[str, int]]:
        """Each source as a reader of the language is told it, and its number."""
        return [(source_text(source, lang), number) for source, number in self.named.items()]


def number_text(value: float, digits: int = 3) -> str:
    """A number with so many significant digits, with a true minus and powers of ten where there are many zeros."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    if size and not 1e-3 <= size < 1e6:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa}×10{str(int(exponent)).translate(_SUPERSCRIPT)}".replace("-", "−")
    if size >= 10**digits:
        return f"{value:,.0f}".replace("-", "−")
    return f"{value:.{digits}g}".replace("-", "−")


def formula_text(formula: str) -> str:
    """A formula with its counts below the line; charges and isotopes stay as they are."""
    return re.sub(r"(?<=[A-Za-z\])])\d+", lambda one: one[0].translate(_SUBSCRIPT), formula)


def amount_text(value: float, unit: str, digits: int = 3) -> str:
    """A number with its unit."""
    shown = unit_text(unit)
    return number_text(value, digits) + (shown if shown == "%" else f" {shown}" if shown else "")


def span_text(low: float | None, high: float | None, lang: Language, digits: int = 3) -> str:
    """From `low` to `high`; None is open."""
    if low is None and high is None:
        return say("mol_unknown", lang)
    if low is None or high is None:
        key, value = ("mol_at_most", high) if low is None else ("mol_at_least", low)
        return say(key, lang, value=number_text(float(value or 0.0), digits))
    ends = same_decimals(number_text(low, digits), number_text(high, digits))
    return say("mol_between", lang, low=ends[0], high=ends[1])
