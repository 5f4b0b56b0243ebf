"""Criteria as they are understood: which patients fit, the day they are looked at, and the columns that go out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from suwen.cohort.columns import Column, Present
from suwen.cohort.facts import ALWAYS, Facts
from suwen.cohort.leaves import Consented, Dated, HasDocument, Index, Leaf
from suwen.cohort.terms import Terms, Wanted
from suwen.formats.fhir.tree import canonical

__all__ = ["Criteria", "Group", "IndexRule"]


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions together: all of `all`, one of `any` (where there are some), none of `none` (Kleene's logic)."""

    all: tuple[Leaf, ...] = ()
    any: tuple[Leaf, ...] = ()
    none: tuple[Leaf, ...] = ()

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of records that are read."""
        return frozenset(kind for one in (*self.all, *self.any, *self.none) for kind in one.kinds)

    def holds(self, facts: Facts, index: Index, terms: Terms) -> bool | None:
        """None where what the record does not say decides; such a patient is not chosen."""

        def said(every: Iterable[Leaf]) -> list[bool | None]:
            return [one.holds(facts, index, terms) for one in every]

        some = [_or(said(self.any))] if self.any else []
        return _and([*said(self.all), *some, *(None if one is None else not one for one in said(self.none))])


def _and(said: list[bool | None]) -> bool | None:
    return False if False in said else (None if None in said else True)


def _or(said: list[bool | None]) -> bool | None:
    return True if True in said else (None if None in said else False)


@dataclass(frozen=True, slots=True)
class IndexRule:
    """Which day is the index date: a fixed one, the first or last of an event, or the day of the selection."""

    day: date | None = None
    event: Dated | None = None
    is_first: bool = True

    def index_of(self, facts: Facts, terms: Terms, today: date) -> Index | None:
        """The index of a patient; None where the event has no day in the record."""
        if self.event is None:
            return Index(self.day or today, event=self.day is not None)
        open_ = Index(today)
        days = [one for one in self.event.days(facts, terms) if one and self.event.window.holds(one, open_)]
        if not days:
            return None
        return Index(min(days) if self.is_first else max(days), event=True)


@dataclass(frozen=True, slots=True)
class Criteria:
    """What `read_criteria` understood; `written` is the document itself, and `digest` its SHA-256 in canonical JSON.

    `least` is the k of k-anonymity: rows whose quasi-identifiers fewer share are left out.
    """

    written: Mapping[str, Any]
    fits: Group
    index: IndexRule
    columns: tuple[Column, ...]
    label: Present | None = None
    texts: HasDocument | None = None
    least: int = 1
    wanted: tuple[Wanted, ...] = field(default=(), repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 (hex): order of members and blanks aside, the same criteria have the same."""
        return hashlib.sha256(canonical(self.written)).hexdigest()

    @property
    def needs_knowledge(self) -> bool:
        """Whether the ontology is needed."""
        return any(one.needs_knowledge for one in self.wanted)

    def kinds(self, *, consent: bool) -> frozenset[str]:
        """Kinds of records to be opened of each patient: what is read, and nothing besides."""
        return frozenset(self._kinds(consent=consent))

    def _kinds(self, *, consent: bool) -> Iterator[str]:
        yield from ALWAYS
        yield from self.fits.kinds
        for one in (self.index.event, self.label, self.texts, Consented() if consent else None, *self.columns):
            yield from one.kinds if one else ()
