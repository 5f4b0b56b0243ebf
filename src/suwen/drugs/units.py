"""Units and intervals as they are written on paper: "Å²" for what UCUM calls "Ao2", "0.50 – 0.75"."""

from __future__ import annotations

import re

__all__ = ["same_decimals", "unit_text"]

_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_UNITS = {
    "1": "", "Ao2": "Å²", "Ao": "Å", "cm3/mol": "cm³/mol", "Ao3": "Å³", "uM": "µM", "um": "µm", "Cel": "°C",
}  # fmt: skip
_PLAIN = re.compile(r"[-−]?[\d,]+(?:\.(?P<decimals>\d+))?")
_MOST_ADDED = 2  # noughts: beside 0.0123 a 15 stays 15


def unit_text(unit: str) -> str:
    """A UCUM unit as it is written on paper: "Å²" for "Ao2", "10⁻⁶ cm/s" for "10*-6.cm/s"; empty for a bare number."""
    if unit in _UNITS:
        return _UNITS[unit]
    shown = re.sub(r"log(?:10|(?= \w+/))", "log₁₀", unit)
    shown = re.sub(r"10[*^]\*?(-?\d+)", lambda one: f"10{one[1].translate(_SUPERSCRIPT)}", shown)
    shown = re.sub(r"\bu(?=(?:g|l|L|M|mol|m)\b)", "µ", shown)
    return re.sub(r"(?<=\D)\.(?=[A-Za-z])", "·", shown).replace("-", "−")


def same_decimals(low: str, high: str) -> tuple[str, str]:
    """Both ends of an interval with the same decimals, "0.50" and "0.75" for "0.5" and "0.75".

    Ends that are no plain numbers, or so far apart that one would need more than two noughts, stay as they are.
    """
    found = [_PLAIN.fullmatch(end) for end in (low, high)]
    if None in found:
        return low, high
    counts = [len(one["decimals"] or "") for one in found if one is not None]
    if abs(counts[0] - counts[1]) > _MOST_ADDED:
        return low, high
    made = [_padded(end, max(counts) - count) for end, count in zip((low, high), counts, strict=True)]
    return made[0], made[1]


def _padded(end: str, more: int) -> str:
    point = "" if "." in end or not more else "."
    return end + point + "0" * more
