"""What risk of the heart is computed from and what comes out: factors, a person, an equation, a risk with its terms."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from suwen.errors import InputError
from suwen.subject import Saying

__all__ = ["Equation", "Factor", "FactorKind", "Formula", "FormulaRow", "Person", "Risk", "Term", "Value"]

Value = float | str  # a number in the unit of the factor, 1.0 or 0.0 for yes or no, or the name of a choice


class FactorKind(Enum):
    """How a factor is stated."""

    NUMBER = "number"
    YES_NO = "yes or no"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Factor:
    """One input of the equations.

    `unit` is a UCUM code; `low` and `high` are what a living adult can have, anything outside is refused. `others` are
    units that are understood, with the number one of them is multiplied by. `unknown` is the span over which a missing
    value is varied (or the choices), a central range of adults with its source in the table. `modifiable`: treatment or
    habit can change it.
    """

    key: str
    name: Saying
    kind: FactorKind
    unit: str = ""
    low: float = 0.0
    high: float = 1.0
    others: Mapping[str, float] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    unknown: tuple[Value, ...] = (0.0, 1.0)
    modifiable: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of one person, by key of the factor, in canonical units; what is not there is unknown."""

    values: Mapping[str, Value]

    def with_values(self, **changed: Value) -> Person:
        """The same person with some values changed: what if."""
        return Person({**self.values, **changed})


@dataclass(frozen=True, slots=True)
class Term:
    """What one factor adds to the linear predictor (or the points) of an equation, against its reference value.

    The terms of a risk add up exactly: their sum with the equation's own constant gives the risk back. A factor that
    enters by several terms (with interactions) has them summed; what belongs to two factors is shared equally.
    """

    key: str
    share: float


@dataclass(frozen=True, slots=True)
class Risk:
    """A risk of `outcome` within `years` in 0..1, with its interval where inputs are missing, and what made it.

    `low` and `high` span the risk over all plausible values of `missing`; `value` is None then. `points` is of scores
    that count. `limits` say what this person has that the equation was not made for.
    """

    equation: str
    outcome: Saying
    years: float
    value: float | None
    low: float
    high: float
    terms: tuple[Term, ...] = ()
    missing: tuple[str, ...] = ()
    points: float | None = None
    band: Saying | None = None
    limits: tuple[Saying, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.high <= 1:
            raise InputError(
                f"a risk lies between 0 and 1, not between {self.low} and {self.high}",
                zh=f"风险应在 0 与 1 之间，而非 {self.low} 至 {self.high}",
            )
        if self.value is not None and not self.low <= self.value <= self.high:
            raise InputError(
                f"the risk {self.value} lies outside its interval from {self.low} to {self.high}",
                zh=f"风险 {self.value} 不在其区间 {self.low} 至 {self.high} 之内",
            )


@dataclass(frozen=True, slots=True)
class FormulaRow:
    """One line of a printed formula: `coefficient` times `size`, where `said` names what the size is made of.

    `keys` are the factors that enter the size.
    """

    keys: tuple[str, ...]
    said: Saying
    coefficient: float
    size: float

    @property
    def product(self) -> float:
        """What the line adds to the sum."""
        return self.coefficient * self.size


@dataclass(frozen=True, slots=True)
class Formula:
    """A risk written out as its paper prints it, so that a reader can compute it again.

    `steps` lead from the sum of the rows to `value`, with every constant; `value` is computed by these steps, not by
    the equation.
    """

    rows: tuple[FormulaRow, ...]
    steps: tuple[Saying, ...]
    value: float

    @property
    def total(self) -> float:
        """The sum of the rows."""
        return math.fsum(row.product for row in self.rows)


@dataclass(frozen=True, slots=True)
class Equation:
    """A published equation.

    `terms` gives the contributions by factor for complete inputs, `risk` the risk (0..1) from their sum and the inputs,
    so that the decomposition is exact. `needs` are the keys without which nothing is computed; `uses` those which,
    missing, make an interval. `range` is what the equation was made for, by key (numbers): outside, the person is
    refused with the range. `excludes` are yes-or-no keys that must not be so (already ill). `notice` must be shown
    with every result (a licence's condition). `rising` are numeric keys in which the paper's risk never falls.
    `band` names the category where it depends on the person too; `cautions` say what this person has that the equation
    was not made for. `whole_years`: its own program takes completed years only. `unverified` says which figures could
    not be compared with the paper, and with what they were compared; it is shown with every result. `formula` writes
    the risk out for complete inputs. `added` is the sum of `terms` without dividing it among the factors, for whoever
    asks it many times; None where the terms are as quick.
    """

    key: str
    name: Saying
    outcome: Saying
    years: float
    needs: tuple[str, ...]
    uses: tuple[str, ...]
    range: Mapping[str, tuple[float, float]]
    terms: Callable[[Mapping[str, Value]], dict[str, float]]
    risk: Callable[[float, Mapping[str, Value]], float]
    source: str
    population: Saying
    excludes: tuple[str, ...] = ()
    notice: Saying | None = None
    counts: bool = False  # terms are points
    bands: tuple[tuple[float, Saying], ...] = ()  # upper ends of risk, in order, and what they are called
    rising: tuple[str, ...] = ()
    band: Callable[[float, Mapping[str, Value]], Saying] | None = None
    cautions: Callable[[Mapping[str, Value]], tuple[Saying, ...]] | None = None
    whole_years: bool = False
    unverified: Saying | None = None
    formula: Callable[[Mapping[str, Value]], Formula] | None = None
    added: Callable[[Mapping[str, Value]], float] | None = None
