"""What a column of a table is: its name in two languages, unit, plausible range, and whether it can change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from suwen.errors import InputError
from suwen.subject import Code, Measurement

__all__ = ["LANGUAGES", "Column", "amount", "named_columns", "seen_in", "shown", "unit_text"]

LANGUAGES = ("en", "zh")
_DIRECTIONS = (-1, 0, 1)


@dataclass(frozen=True, slots=True)
class Column:
    """One feature of a table.

    `unit` is a UCUM code (`mm2`, `mm[Hg]`), empty for a pure number. `choices` names the values of a coded column,
    as (value, English, Chinese). `low` and `high` bound what is plausible; None takes it from training rows.
    `immutable` columns (age, sex, history) never change in a counterfactual; `direction` +1 or -1 lets a column only
    rise or fall, 0 both.
    """

    name: str
    en: str = ""
    zh: str = ""
    unit: str = ""
    code: str = ""
    choices: tuple[tuple[float, str, str], ...] = ()
    immutable: bool = False
    direction: int = 0
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("a column needs a name; one is blank")
        if self.direction not in _DIRECTIONS:
            raise InputError(f"the direction of {self.name} is -1, 0 or 1, not {self.direction}")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise InputError(f"the plausible range of {self.name} starts at {self.low} above its end {self.high}")

    def label(self, lang: str) -> str:
        """The column's name in `lang` ("en" or "zh"). Raises InputError for another language."""
        if lang not in LANGUAGES:
            raise InputError(f"the language is one of {', '.join(LANGUAGES)}, not {lang!r}")
        return (self.zh if lang == "zh" else self.en) or self.en or self.name

    def choice(self, value: float, lang: str) -> str | None:
        """What a coded value is called, or None where the column is not coded or the value unknown."""
        for number, english, chinese in self.choices:
            if number == value:
                return (chinese if lang == "zh" else english) or english
        return None


def named_columns(names: Sequence[str]) -> tuple[Column, ...]:
    """Columns of which only the names are known. Raises InputError where a name is blank or stands twice."""
    if len(set(names)) != len(names):
        raise InputError(f"column names must differ; {len(names)} names have only {len(set(names))} different ones")
    return tuple(Column(name) for name in names)


def amount(value: float, step: float = 0.0) -> str:
    """A number with three significant digits, or more where `step`, the gap to its neighbour, needs them."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    size = math.floor(math.log10(abs(value)))
    finest = math.floor(math.log10(step)) if step > 0 else size - 2
    places = max(0, 2 - size, min(-finest, 12) if step > 0 else 0)
    text = f"{value:.{places}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def shown(column: Column, value: float, lang: str) -> str:
    """A value as a reader sees it: the name of the choice, or the number with its unit."""
    named = column.choice(value, lang)
    return named if named is not None else f"{amount(value)} {unit_text(column.unit, lang)}".rstrip()


def unit_text(unit: str, lang: str = "en") -> str:
    """A UCUM code as it is printed: `mm2` is mm², `mm[Hg]` is mmHg; `1` is nothing."""
    if unit == "a":
        return "岁" if lang == "zh" else "years"
    plain = {"1": "", "mm2": "mm²", "mm3": "mm³", "m2": "m²", "kg/m2": "kg/m²", "um": "µm", "um2": "µm²", "Cel": "°C"}
    return plain.get(unit, unit.replace("[", "").replace("]", ""))


def seen_in(column: Column, value: float, lang: str) -> Code | Measurement:
    """What an attribution points at: a measurement, or for a coded column the code with its chosen value."""
    named = column.choice(value, lang)
    if named is not None:
        return Code(f"{column.code or column.name}={amount(value)}", f"{column.label(lang)}: {named}")
    return Measurement(Code(column.code or column.name, column.label(lang)), value, column.unit or "1")
