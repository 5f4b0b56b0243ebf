"""Units as they are written on paper: "Å²" for what UCUM, whose codes a machine reads, calls "Ao2"."""

from __future__ import annotations

import re

__all__ = ["unit_text"]

_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_UNITS = {
    "1": "", "Ao2": "Å²", "Ao": "Å", "cm3/mol": "cm³/mol", "Ao3": "Å³", "uM": "µM", "um": "µm", "Cel": "°C",
}  # fmt: skip


def unit_text(unit: str) -> str:
    """A UCUM unit as it is written on paper: "Å²" for "Ao2", "10⁻⁶ cm/s" for "10*-6.cm/s"; empty for a bare number."""
    if unit in _UNITS:
        return _UNITS[unit]
    shown = re.sub(r"log(?:10|(?= \w+/))", "log₁₀", unit)
    shown = re.sub(r"10[*^]\*?(-?\d+)", lambda one: f"10{one[1].translate(_SUPERSCRIPT)}", shown)
    shown = re.sub(r"\bu(?=(?:g|l|L|M|mol|m)\b)", "µ", shown)
    return re.sub(r"(?<=\D)\.(?=[A-Za-z])", "·", shown).replace("-", "−")
