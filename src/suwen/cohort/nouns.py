"""The nouns of a cohort: what it is for, its table, its manifest, and what is said of those who are not in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

__all__ = ["SMALLEST", "Cohort", "Left", "Manifest", "Row", "Table", "Trained", "Use", "Withdrawal"]

SMALLEST = 5  # patients: below it a count says too much of one of them, and is shown as "<5"


class Use(Enum):
    """What a cohort is for; both are research to the access policies."""

    RESEARCH = "research"
    TRAINING = "training"


@dataclass(frozen=True, slots=True)
class Row:
    """One patient of a cohort: a pseudonym, and a keyed digest of the record versions that were read."""

    pseudonym: str
    records: str


@dataclass(frozen=True, slots=True)
class Table:
    """What goes out: a header and one row a patient, in the order of the pseudonyms; "" is unknown.

    The first column is `id`; the last is `label` where the criteria name one.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = field(repr=False)

    @property
    def labelled(self) -> bool:
        """Whether it has a label to learn."""
        return self.header[-1] == "label"


@dataclass(frozen=True, slots=True)
class Left:
    """How many patients are not in it and why: `denied` withdrew or did not consent, `unfit` do not meet the criteria.

    `suppressed` were left out for the sake of k-anonymity. Each is a number, or "<5" for somebody who may not know it.
    """

    denied: str
    unfit: str
    suppressed: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a cohort is, format 1; `digest` (SHA-256, hex) covers all of it. `at` is in microseconds UTC.

    `criteria` is as it was written, `table` and `texts` the SHA-256 of what goes out, `anonymity` the report on
    quasi-identifiers, `release` the versions it was made with. `actor` and `approval` are ids (hex).
    """

    criteria: Mapping[str, Any]
    use: Use
    actor: str
    approval: str
    at: int
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    table: str
    texts: str
    anonymity: Mapping[str, Any]
    release: Mapping[str, str]
    digest: str = ""

    @property
    def number(self) -> int:
        """How many patients there are."""
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Cohort:
    """A cohort as it is handed out: its id (hex), manifest, table, texts by file name, and who was left out."""

    id: str
    manifest: Manifest
    table: Table
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    left: Left | None = None


@dataclass(frozen=True, slots=True)
class Trained:
    """A model that saw a cohort: its name, version and weights (SHA-256), where and when it was trained (µs UTC)."""

    name: str
    version: str
    weights: str
    cohort: str  # id, hex
    manifest: str  # digest
    where: str
    at: int
    by: str


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What a patient's withdrawal touches: the cohorts (manifest digests) they were in, the models that saw those."""

    patient: str
    since: int
    cohorts: tuple[str, ...]
    models: tuple[Trained, ...]
