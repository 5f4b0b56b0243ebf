"""The columns of a cohort: what is worked out of a record up to the index date, written without calendar or name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Context
from typing import Protocol

from suwen.cohort.facts import Coded, Facts, Judged, Measured, Written
from suwen.cohort.leaves import Dated, HasResult, Index, Leaf, age_at
from suwen.cohort.terms import Terms

__all__ = ["OLDEST", "Age", "AgeBand", "Column", "Count", "IndexDay", "Last", "Present", "SexColumn", "Since", "until"]

OLDEST = 90  # years: 45 CFR 164.514(b)(2)(i)(C) lets all ages over 89 go out only as one category "90 or older"
_MOST_DAYS = (OLDEST - 1) * 365  # an interval longer than this would tell an age over 89
# A result of fifteen digits is as good as a name to whoever has the record; few laboratories give more than four.
_ROUNDED = Context(prec=4)
Moved = Callable[[date], date]


class Column(Protocol):
    """One column: its name, the records it needs, whether others may know its value too (a quasi-identifier)."""

    @property
    def name(self) -> str:
        """Name in the header."""

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of records that it reads."""

    @property
    def is_quasi(self) -> bool:
        """Whether somebody who knows the patient may know it."""

    def cell(self, facts: Facts, index: Index, terms: Terms, moved: Moved) -> str:
        """The value, "" unknown; `facts` end at the index date, and dates go out `moved`."""


@dataclass(frozen=True, slots=True)
class SexColumn:
    """Administrative gender, in words."""

    name: str = "sex"
    kinds: frozenset[str] = frozenset()
    is_quasi: bool = True

    def cell(self, facts: Facts, index: Index, terms: Terms, moved: Moved) -> str:  # noqa: ARG002 - as every column
        """The word of FHIR; what is no such word is not passed on."""
        return facts.sex if facts.sex in {"female", "male", "other"} else ""


@dataclass(frozen=True, slots=True)
class Age:
    """Age in whole years at the index date; 90 stands for 90 and older."""

    name: str = "age"
    kinds: frozenset[str] = frozenset()
    is_quasi: bool = True

    def cell(self, facts: Facts, index: Index, terms: Terms, moved: Moved) -> str:  # noqa: ARG002
        """Unknown where a partial birth date leaves it open."""
        ages = age_at(facts.birth, index.day)
        if ages is None or (min(ages) != max(ages) and min(ages) < OLDEST):
            return ""
        return str(min(OLDEST, max(0, ages[0])))


@dataclass(frozen=True, slots=True)
class AgeBand:
    """Age at the index date in bands of `width` years; everybody from 90 on is in one."""

    width: int = 5
    name: str = "age_band"
    kinds: frozenset[str] = frozenset()
    is_quasi: bool = True

    def cell(self, facts: Facts, index: Index, terms: Terms, moved: Moved) -> str:  # noqa: ARG002
        """Such as `85-89`, or `90+`."""
        ages = age_at(facts.birth, index.day)
        bands = {self._band(age) for age in ages or ()}
        return bands.pop() if len(bands) == 1 else ""

    def _band(self, age: int) -> str:
        low = max(0, age) // self.width * self.width
        return f"{OLDEST}+" if age >= OLDEST else f"{low}-{min(low + self.width, OLDEST) - 1}"


@dataclass(frozen=True, slots=True)
class IndexDay:
    """The index date, shifted by the patient's own number of days."""

    name: str = "index_date"
    kinds: frozenset[str] = frozenset()
    is_quasi: bool = False

    def cell(self, facts: Facts, index: Index, terms: Terms, moved: Moved) -> str:  # noqa: ARG002
        """An ISO date that keeps its distance from the patient's other dates, and from nothing else."""
        return moved(index.day).isoformat()


@dataclass(frozen=True, slots=True)
class Present:
    """Whether a condition holds: 1, 0, or "" where the record does not say."""

    name: str
    leaf: Leaf
    is_quasi: bool = False

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of records that it reads."""
        return self.leaf.kinds

    def cell(self, facts: Facts, index: Index, terms: Terms, moved: Moved) -> str:  # noqa: ARG002
        """As the leaf says."""
        said = self.leaf.holds(facts, index, terms)
        return "" if said is None else str(int(said))


@dataclass(frozen=True, slots=True)
class Last:
    """The last value of a result up to the index date, in its unit."""

    name: str
    leaf: HasResult
    is_quasi: bool = False

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of records that it reads."""
        return self.leaf.kinds

    def cell(self, facts: Facts, index: Index, terms: Terms, moved: Moved) -> str:  # noqa: ARG002
        """A number of four digits that count; of several of the latest day the greatest."""
        found = [
            (day or date.min, value)
            for day, value in self.leaf.values(facts, terms)
            if self.leaf.window.holds(day, index)
        ]
        return format(_ROUNDED.plus(max(found)[1]), "f") if found else ""


@dataclass(frozen=True, slots=True)
class Count:
    """How many such things there are up to the index date."""

    name: str
    leaf: Dated
    is_quasi: bool = False

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of records that it reads."""
        return self.leaf.kinds

    def cell(self, facts: Facts, index: Index, terms: Terms, moved: Moved) -> str:  # noqa: ARG002
        """A whole number."""
        return str(sum(self.leaf.window.holds(day, index) for day in self.leaf.days(facts, terms)))


@dataclass(frozen=True, slots=True)
class Since:
    """Days from the first such thing to the index date."""

    name: str
    leaf: Dated
    is_quasi: bool = False

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of records that it reads."""
        return self.leaf.kinds

    def cell(self, facts: Facts, index: Index, terms: Terms, moved: Moved) -> str:  # noqa: ARG002
        """A whole number; 89 years and more are one value."""
        found = [day for day in self.leaf.days(facts, terms) if day is not None and self.leaf.window.holds(day, index)]
        return str(min(_MOST_DAYS, (index.day - min(found)).days)) if found else ""


def until(facts: Facts, index: Index) -> Facts:
    """The facts up to the index date: a column must not know what came after. What has no day goes, if there is one."""

    def known(one: Coded | Measured | Written | Judged) -> bool:
        return not index.event if one.day is None else one.day <= index.day

    return replace(
        facts,
        coded=tuple(filter(known, facts.coded)),
        measured=tuple(filter(known, facts.measured)),
        written=tuple(filter(known, facts.written)),
        judged=tuple(filter(known, facts.judged)),
    )
