"""The single conditions that criteria are made of: each says which records it needs and whether it holds."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Protocol

from suwen.cohort.facts import FINDING, Facts, Measured
from suwen.cohort.terms import Terms, Wanted
from suwen.errors import InputError
from suwen.knowledge.ucum import convert

__all__ = [
    "COMPARED",
    "AgeIs",
    "Consented",
    "Dated",
    "HasCoded",
    "HasDocument",
    "HasFinding",
    "HasResult",
    "Index",
    "Leaf",
    "NewerThan",
    "SexIs",
    "Window",
    "age_at",
]

_ALL = MappingProxyType(
    {
        "condition": frozenset({"Condition", "Observation"}),
        "procedure": frozenset({"Procedure"}),
        "medication": frozenset({"MedicationRequest", "MedicationStatement", "MedicationAdministration"}),
        "immunisation": frozenset({"Immunization"}),
        "allergy": frozenset({"AllergyIntolerance"}),
    }
)
COMPARED: MappingProxyType[str, Callable[[Decimal, Decimal], bool]] = MappingProxyType(
    {"<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge, ">": operator.gt}
)


@dataclass(frozen=True, slots=True)
class Index:
    """The day that ages and windows count from; `event` where it is that of something in the patient's record."""

    day: date
    event: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """When something must have been: between two days (both included), and within so many days before the index."""

    first: date | None = None
    last: date | None = None
    within: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether it says nothing."""
        return self.first is None and self.last is None and self.within is None

    def holds(self, day: date | None, index: Index) -> bool:
        """Whether a day lies in it; what has no day lies only in a window that says nothing."""
        if day is None:
            return self.is_open
        if self.within is not None and not index.day - timedelta(days=self.within) <= day <= index.day:
            return False
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


class Leaf(Protocol):
    """One condition: `kinds` are the records it needs, `holds` is None where the record does not say."""

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of records that it reads."""

    def holds(self, facts: Facts, index: Index, terms: Terms) -> bool | None:
        """Whether it holds of a patient."""


class Dated(Leaf, Protocol):
    """A condition about something that happened on days: it can be counted, and be an index date or a column."""

    @property
    def window(self) -> Window:
        """When it must have been."""

    def days(self, facts: Facts, terms: Terms) -> Iterator[date | None]:
        """The days it happened on, None where the record does not say which."""


@dataclass(frozen=True, slots=True)
class SexIs:
    """Sex is one of these (FHIR administrative gender)."""

    wanted: frozenset[str]
    kinds: frozenset[str] = frozenset()

    def holds(self, facts: Facts, index: Index, terms: Terms) -> bool | None:  # noqa: ARG002 - as every leaf
        """Unknown where the record does not say."""
        return None if facts.sex == "unknown" and "unknown" not in self.wanted else facts.sex in self.wanted


@dataclass(frozen=True, slots=True)
class AgeIs:
    """Age in whole years at the index date is from `low` to `high`, both included."""

    low: int
    high: int
    kinds: frozenset[str] = frozenset()

    def holds(self, facts: Facts, index: Index, terms: Terms) -> bool | None:  # noqa: ARG002
        """Unknown without a birth date, and where a partial one leaves it open."""
        ages = age_at(facts.birth, index.day)
        if ages is None:
            return None
        inside = {self.low <= age <= self.high for age in ages}
        return inside.pop() if len(inside) == 1 else None


@dataclass(frozen=True, slots=True)
class HasCoded:
    """Something of this code is stated: a condition, procedure, medication, immunisation or allergy."""

    what: str
    wanted: Wanted
    window: Window = Window()

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of records that it reads."""
        return _ALL[self.what]

    def days(self, facts: Facts, terms: Terms) -> Iterator[date | None]:
        """The days on which it began, was done or was ordered."""
        yield from (one.day for one in facts.coded if one.kind in self.kinds and terms.matches(self.wanted, one.codes))

    def holds(self, facts: Facts, index: Index, terms: Terms) -> bool:
        """What no record states does not hold: a record is taken as complete."""
        return any(self.window.holds(day, index) for day in self.days(facts, terms))


@dataclass(frozen=True, slots=True)
class HasResult:
    """A result of this code: any, or one that compares so with a value in a unit (UCUM)."""

    wanted: Wanted
    compare: str = ""
    value: Decimal = Decimal(0)
    unit: str = ""
    window: Window = Window()
    kinds: frozenset[str] = frozenset({"Observation"})

    def values(self, facts: Facts, terms: Terms) -> Iterator[tuple[date | None, Decimal]]:
        """Days and values in `unit`; a result in a unit that cannot be converted is no such result."""
        for one in facts.measured:
            if terms.matches(self.wanted, one.codes):
                value = self._converted(one)
                if value is not None and (not self.compare or COMPARED[self.compare](value, self.value)):
                    yield one.day, value

    def _converted(self, one: Measured) -> Decimal | None:
        try:
            return convert(one.value, one.unit, self.unit) if self.unit else one.value
        except InputError:
            return None

    def days(self, facts: Facts, terms: Terms) -> Iterator[date | None]:
        """The days of such results."""
        yield from (day for day, _ in self.values(facts, terms))

    def holds(self, facts: Facts, index: Index, terms: Terms) -> bool:
        """Whether there is such a result in the window."""
        return any(self.window.holds(day, index) for day in self.days(facts, terms))


@dataclass(frozen=True, slots=True)
class HasDocument:
    """A document or report, of this kind or (None) of any."""

    wanted: Wanted | None = None
    window: Window = Window()
    kinds: frozenset[str] = frozenset({"DocumentReference", "DiagnosticReport"})

    def days(self, facts: Facts, terms: Terms) -> Iterator[date | None]:
        """The days of such documents."""
        for one in facts.written:
            if self.wanted is None or terms.matches(self.wanted, one.codes):
                yield one.day

    def holds(self, facts: Facts, index: Index, terms: Terms) -> bool:
        """Whether there is such a document in the window."""
        return any(self.window.holds(day, index) for day in self.days(facts, terms))


@dataclass(frozen=True, slots=True)
class HasFinding:
    """A finding that a person judged, of this code: `so` whether it holds by the latest verdict."""

    wanted: Wanted
    so: bool = True
    window: Window = Window()
    kinds: frozenset[str] = frozenset({FINDING})

    def holds(self, facts: Facts, index: Index, terms: Terms) -> bool | None:
        """Unknown where nobody judged such a finding: what nobody looked at is no label."""
        judged = [one for one in facts.judged if self.window.holds(one.day, index)]
        if any(terms.matches(self.wanted, frozenset({one.code})) for one in judged if one.code):
            return self.so
        known = any(terms.matches(self.wanted, frozenset({one.claim})) for one in judged)
        return not self.so if known else None


@dataclass(frozen=True, slots=True)
class NewerThan:
    """Something was filed in the record after this day."""

    day: date
    kinds: frozenset[str] = frozenset()

    def holds(self, facts: Facts, index: Index, terms: Terms) -> bool:  # noqa: ARG002
        """By the time of filing, which the store itself keeps (UTC)."""
        return facts.filed // 86_400_000_000 > self.day.toordinal() - date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Consented:
    """The newest Consent to research in the record permits it."""

    kinds: frozenset[str] = frozenset({"Consent"})

    def holds(self, facts: Facts, index: Index, terms: Terms) -> bool:  # noqa: ARG002
        """No Consent is none."""
        return facts.consented


def age_at(birth: str, day: date) -> tuple[int, int] | None:
    """The lowest and highest age in whole years that a birth date, perhaps partial, means on a day; None unknown."""
    parts = birth.split("-")
    try:
        numbers = [int(one) for one in parts]
        latest = (numbers + [12, 31][len(numbers) - 1 :])[:3] if len(numbers) < 3 else numbers
        earliest = (numbers + [1, 1][len(numbers) - 1 :])[:3] if len(numbers) < 3 else numbers
    except ValueError:
        return None
    if len(latest) != 3:
        return None

    def age(born: list[int]) -> int:
        return day.year - born[0] - ((day.month, day.day) < (born[1], born[2]))

    low, high = age(latest), age(earliest)
    return (low, high) if low >= 0 or high >= 0 else None
