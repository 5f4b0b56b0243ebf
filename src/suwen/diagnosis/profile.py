"""What is written about a feature in a disease: the annotation behind a match, typical features, what separates two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.assessment import Assessment
from suwen.knowledge import Change, Knowledge
from suwen.knowledge.hpoa import CLASS_WEIGHT
from suwen.subject import Code

__all__ = ["Annotations", "Match", "akin", "separating", "typical"]

_RELATED = 1.5  # nats; a shared ancestor less informative than this is no relation


@dataclass(frozen=True, slots=True)
class Match:
    """How a feature matches what is annotated of a disease: `kind` is exact, broader, narrower, related, denied (looked
    for and never seen), elsewhere or against; `term` the annotated term; `seen` of `of` patients had it (`of` 0: not
    stated; `counted`: a real count).
    """

    kind: str
    term: int | None
    seen: float
    of: float
    counted: bool
    references: tuple[str, ...]


class Annotations:
    """The annotation rows of one disease that count for an assessment, ready to be asked about several features."""

    def __init__(self, assessment: Assessment, disease: int, change: Change | None) -> None:
        knowledge = assessment.knowledge
        self._knowledge, self._disease = knowledge, disease
        rows = knowledge.pooled_rows(disease)
        if change is not None and disease in change.diseases:
            rows = rows[~_removed(assessment, rows)]
        self._rows, self._terms = rows, knowledge.rows.term[rows]
        self._direct = _present(knowledge, rows)
        closures = knowledge.ontology.closure.take(self._direct)
        self._owner = np.repeat(self._direct, np.diff(closures.start))
        self._implied = closures.column
        self._is_direct, self._is_implied = (np.zeros(len(knowledge.ontology), np.bool_) for _ in range(2))
        self._is_direct[self._direct] = True
        self._is_implied[self._implied] = True

    def match(self, term: int) -> Match:
        """Find the annotation that explains a feature best: itself, a special form, a general form, a shared parent."""
        knowledge = self._knowledge
        below = self._owner[self._implied == term]
        if (below == term).any():
            return self._matched("exact", term)
        if len(below):
            matches = [self._matched("broader", int(one)) for one in below]
            return max(matches, key=lambda match: match.seen / match.of if match.of else 0.3)
        ancestors = knowledge.ontology.ancestors(term)
        if (self._terms == term).any():
            return self._matched("denied", term)
        above = ancestors[self._is_direct[ancestors]]
        if len(above):
            return self._matched("narrower", int(above[np.argmax(knowledge.information[above])]))
        shared = ancestors[self._is_implied[ancestors]]
        closest = int(shared[np.argmax(knowledge.information[shared])]) if len(shared) else None
        if closest is not None and knowledge.information[closest] > _RELATED:
            return Match("related", closest, 0.0, 0.0, counted=False, references=())
        mates = knowledge.relatives.by_disease.columns(self._disease)
        return Match("elsewhere" if term in mates else "against", None, 0.0, 0.0, counted=False, references=())

    def _matched(self, kind: str, term: int) -> Match:
        return _match(kind, term, self._knowledge, self._rows[self._terms == term])


def typical(
    knowledge: Knowledge, disease: int, *, most: int = 12, lang: str = "en"
) -> tuple[tuple[Code, float | None], ...]:
    """The most characteristic annotated features of a disease with their frequency (0..1; None where not stated),
    ordered by frequency times information.
    """
    rows = knowledge.pooled_rows(disease)
    found = []
    for term in np.unique(knowledge.rows.term[rows]).tolist():
        match = _match("exact", term, knowledge, rows[knowledge.rows.term[rows] == term])
        share = match.seen / match.of if match.of else None
        if share != 0:
            weight = (share if share is not None else 0.3) * float(knowledge.information[term]) * _trust(match)
            found.append((weight, term, share))
    found.sort(key=lambda one: (-one[0], one[1]))
    return tuple((knowledge.ontology.code(term, lang), share) for _, term, share in found[:most])


def separating(
    knowledge: Knowledge, one: int, other: int, *, most: int = 10, lang: str = "en"
) -> tuple[tuple[Code, float, float], ...]:
    """Features whose frequency differs most between two diseases: (feature, frequency in one, frequency in the
    other).
    """
    table = knowledge.profiles.by_disease
    first, second = (dict(zip(table.columns(d).tolist(), table.values(d).tolist(), strict=True)) for d in (one, other))
    terms = sorted(first.keys() | second.keys())
    gaps = {t: abs(first.get(t, 0.0) - second.get(t, 0.0)) for t in terms}
    chosen: list[int] = []
    for term in sorted(terms, key=lambda t: (-gaps[t] * float(knowledge.information[t]) ** 0.5, t)):
        if len(chosen) < most and not akin(term, chosen, knowledge):
            chosen.append(term)
    return tuple((knowledge.ontology.code(t, lang), first.get(t, 0.0), second.get(t, 0.0)) for t in chosen)


def akin(term: int, chosen: Iterable[int], knowledge: Knowledge) -> bool:
    """Whether a term is an ancestor or a descendant of one already chosen."""
    ancestors = knowledge.ontology.ancestors
    return any(one in ancestors(term) or term in ancestors(one) for one in chosen)


def _trust(match: Match) -> float:
    """Weight of a frequency by how many patients it rests on: m / (m + 4), as in the profiles."""
    return match.of / (match.of + 4.0) if match.of else 0.5


def _present(knowledge: Knowledge, rows: NDArray[np.int32]) -> NDArray[np.int32]:
    """Distinct terms of rows that some patient had, or that state no frequency."""
    table = knowledge.rows
    return np.unique(table.term[rows[(table.seen[rows] > 0) | (table.of[rows] == 0)]])


def _removed(assessment: Assessment, rows: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which rows cite nothing but what is left out of the assessment."""
    knowledge = assessment.knowledge
    left_out = assessment.engine.left_out(assessment.patient.publication, without=assessment.without)
    numbers = [knowledge.reference_number[one] for one in left_out if one in knowledge.reference_number]
    cited = knowledge.rows.references.take(rows)
    owner = np.repeat(np.arange(len(rows)), np.diff(cited.start))
    outside = np.bincount(owner, ~np.isin(cited.column, numbers), minlength=len(rows))
    return np.asarray((outside == 0) & (np.diff(cited.start) > 0))


def _match(kind: str, term: int, knowledge: Knowledge, rows: NDArray[np.int32]) -> Match:
    seen, of = float(knowledge.rows.seen[rows].sum()), float(knowledge.rows.of[rows].sum())
    estimates = knowledge.rows.of[rows] == CLASS_WEIGHT
    counted = bool(of) and not bool(estimates.any())
    references = dict.fromkeys(
        knowledge.references[number] for row in rows for number in knowledge.rows.references.columns(int(row)).tolist()
    )
    return Match(kind, term, seen, of, counted, tuple(references))
