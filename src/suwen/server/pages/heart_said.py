"""Values of the heart page as they are said in a clinic: no digit that was never measured, lipids in both units."""

from __future__ import annotations

import math

from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.findings import said_value
from suwen.diagnosis.heart.nouns import FactorKind, Value
from suwen.diagnosis.heart.words import UNIT_NAMES
from suwen.subject import Saying

__all__ = ["clinic_value"]

_FINE = 10  # below it a value is said with two decimals, below _COARSE with one
_COARSE = 100
_LIPIDS = frozenset({"total_cholesterol", "hdl", "ldl"})
_MILLIGRAMS = "mg/dL"
_YEARS = Saying("{n} years", "{n} 岁")


def clinic_value(key: str, value: Value, lang: str) -> str:
    """A value with its unit, to the digits that a laboratory reports; an age in completed years."""
    factor = FACTORS[key]
    if isinstance(value, str) or factor.kind is not FactorKind.NUMBER:
        return said_value(key, value, lang)
    if key == "age":
        return _YEARS.said(lang).format(n=math.floor(value))
    unit = UNIT_NAMES[factor.unit].said(lang) if factor.unit in UNIT_NAMES else factor.unit
    said = f"{_rounded(float(value))} {unit}".rstrip()
    if key not in _LIPIDS:
        return said
    return f"{said} ({float(value) / factor.others[_MILLIGRAMS]:.0f} {_MILLIGRAMS})"


def _rounded(value: float) -> str:
    decimals = 2 if abs(value) < _FINE else 1 if abs(value) < _COARSE else 0
    return f"{float(f'{value:.{decimals}f}'):g}" if abs(value) < 1e6 else f"{value:.0f}"
