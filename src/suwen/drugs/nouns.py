"""A molecule's profile: its properties, how it stands to rules, and its structural alerts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from suwen.drugs.admet.nouns import Forecast
from suwen.drugs.quantities import QUANTITIES, Quantity
from suwen.errors import InputError, Problem
from suwen.formats.molecules.nouns import Molecule
from suwen.subject import Atoms, Saying

__all__ = ["Alert", "Checked", "Part", "Profile", "Property", "RuleOutcome"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a score: the quantity it looks at, its number, and the desirability from `low` to `high` in 0..1."""

    key: str
    name: Saying
    value: float | None
    low: float
    high: float
    weight: float = 1.0

    @property
    def desirability(self) -> float | None:
        """The desirability where it is known."""
        return self.low if self.low == self.high else None


@dataclass(frozen=True, slots=True)
class Property:
    """One number of a molecule. `value` None is unknown; `low` and `high` then bound it (None: unbounded)."""

    key: str
    value: float | None
    low: float | None = None
    high: float | None = None
    parts: tuple[Part, ...] = ()

    @property
    def quantity(self) -> Quantity:
        """What it is: name, unit, source, usual range, limits."""
        return QUANTITIES[self.key]

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """Low and high end: twice the value where that is known."""
        return (self.low, self.high) if self.value is None else (self.value, self.value)


@dataclass(frozen=True, slots=True)
class Checked:
    """One criterion of a rule: the numbers looked at, in the order of the criterion's limits, and if it is met.

    `met` None: it cannot be told, as a number is unknown.
    """

    values: tuple[float | None, ...]
    met: bool | None


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """How a molecule stands to the rule `key` of RULES: its criteria in order, and whether the whole is kept."""

    key: str
    criteria: tuple[Checked, ...]
    kept: bool | None

    @property
    def broken(self) -> int:
        """How many criteria are surely not met."""
        return sum(one.met is False for one in self.criteria)


@dataclass(frozen=True, slots=True)
class Alert:
    """A structural alert that was hit: its set in ALERT_SETS, its label there, and each place, atoms highlighted."""

    set: str
    label: str
    places: tuple[Atoms, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a structure tells by itself; `properties` in the order of QUANTITIES, `rules` in that of RULES.

    `forecasts`, in the order of ENDPOINTS, are what was learned from measurements; none where they were not asked for.
    """

    molecule: Molecule
    formula: str
    properties: tuple[Property, ...]
    rules: tuple[RuleOutcome, ...]
    alerts: tuple[Alert, ...]
    forecasts: tuple[Forecast, ...] = ()

    def __getitem__(self, key: str) -> Property:
        """The property of that key; InputError where there is none."""
        for one in self.properties:
            if one.key == key:
                return one
        raise InputError(
            f"there is no property {key!r}; there are {', '.join(QUANTITIES)}",
            zh=f"没有性质 {key!r}；有 {'、'.join(QUANTITIES)}",
        )

    def numbers(self) -> Mapping[str, float]:
        """Every known number by its key."""
        return {one.key: one.value for one in self.properties if one.value is not None}

    @property
    def notices(self) -> tuple[Problem, ...]:
        """What standardising the molecule changed, and what is open in it."""
        return self.molecule.noticed
