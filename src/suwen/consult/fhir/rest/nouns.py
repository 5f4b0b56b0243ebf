"""The nouns of FHIR over REST: a version of a resource, what a caller is limited to, a page of a search."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass, field

from suwen.consult.fhir.rest.asking import EVERY_ELEMENT, Shown
from suwen.formats.fhir import Json
from suwen.records.access import Purpose
from suwen.records.people import Actor

__all__ = ["EVERYTHING", "Change", "Limits", "Page", "Version", "Who", "Written"]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a served resource: `at` in microseconds UTC, `resource` None where it was withdrawn by it."""

    kind: str
    id: str
    number: str
    at: int
    resource: Json | None = field(default=None, repr=False)

    @property
    def local(self) -> str:
        """Type and id."""
        return f"{self.kind}/{self.id}"


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a resource that was sent: `fresh` where it was not there before, `same` where nothing changed."""

    version: Version
    fresh: bool = False
    same: bool = False


def _anything(_: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Limits:
    """What an app may see within its person's rights: one `patient` (hex, "" for any), types that `sees` allows."""

    patient: str = ""
    sees: Callable[[str], bool] = _anything


EVERYTHING = Limits()


@dataclass(frozen=True, slots=True)
class Who:
    """Who does something, why, and within which limits."""

    actor: Actor
    purpose: Purpose = Purpose.TREATMENT
    limits: Limits = EVERYTHING


@dataclass(frozen=True, slots=True)
class Change:
    """A next version of a resource: the number of the one that was read, and what else comes with it (`Type/id`)."""

    kind: str
    id: str
    resource: Json = field(repr=False)
    expected: str
    known: Set[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a search: what matches, what goes along, how many match in all, and the token of the next page.

    `total` is None where it was not asked for; `shown` says what of each resource is.
    """

    matches: tuple[Version, ...]
    included: tuple[Version, ...] = ()
    total: int | None = 0
    following: str = ""
    shown: Shown = EVERY_ELEMENT
