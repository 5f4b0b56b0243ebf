"""Which analyte a name means where it may mean several: the unit decides, else what makes the number plausible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from suwen.language.value_table import Analyte, Name

__all__ = ["ORDINALS", "Choice", "chosen"]

# Half a plus is a trace: neither there nor absent.
ORDINALS: Mapping[str, Decimal] = MappingProxyType(
    {
        **dict.fromkeys(("-", "阴性", "negative", "neg"), Decimal(0)),
        **dict.fromkeys(("±", "+/-", "微量", "trace", "弱阳性"), Decimal("0.5")),
        **dict.fromkeys(("阳性", "positive", "pos"), Decimal(1)),
    }
)


@dataclass(frozen=True, slots=True)
class Choice:
    """The analyte meant, the unit as it is to be read ("" where none was written), and what remains in doubt."""

    analyte: Analyte
    unit: str
    doubt: str = ""


def chosen(possible: Sequence[Name], number: Decimal, unit: str) -> Choice | None:
    """The analyte that a name, a number and a unit mean together; None where they mean no measured value (a dose)."""
    measured = [name.analyte for name in possible if not name.analyte.is_ordinal]
    if not unit:
        return _without_unit(measured, number)
    for analyte in measured:
        read = _spelled(analyte, unit)
        if read is not None:
            return Choice(analyte, read)
    for analyte in measured:
        if _is_cut_short(analyte, unit) and analyte.units_for(number):
            return Choice(analyte, "")
    if measured and "/" in unit:
        return Choice(measured[0], unit, f"the unit {unit} does not belong to {measured[0].code.label}")
    return None


def _without_unit(measured: Sequence[Analyte], number: Decimal) -> Choice | None:
    fitting = [analyte for analyte in measured if analyte.units_for(number)]
    if len(fitting) > 1:
        labels = " or ".join(analyte.code.label for analyte in fitting)
        return Choice(fitting[0], "", f"without a unit it may be {labels}")
    first = fitting or list(measured)
    return Choice(first[0], "") if first else None


def _spelled(analyte: Analyte, unit: str) -> str | None:
    """The unit as this analyte has it: enzymes are written in IU, hormones in U, either without the litre."""
    swapped = unit.replace("[IU]", "U") if "[IU]" in unit else unit.replace("U", "[IU]")
    for read in (unit, swapped):
        if analyte.in_unit(Decimal(1), read) is not None:
            return read
    return analyte.unit if unit in {"U", "[IU]"} and analyte.unit == "U/L" else None


def _is_cut_short(analyte: Analyte, unit: str) -> bool:
    """Whether only the first half of one of its units was written: `Hb 85g`; other grams are doses (`白蛋白 20g`)."""
    if unit.endswith("g") and analyte.code.value != "LOINC:718-7":
        return False
    return any(known.startswith(f"{unit}/") for known in (analyte.unit, *analyte.others))
