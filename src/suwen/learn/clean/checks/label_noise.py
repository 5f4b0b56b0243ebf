"""Labels that are probably wrong, by confident learning; each with a proposal that a person confirms or not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from suwen.learn.clean.confident import noisy_counts, wrong_labels
from suwen.learn.clean.foldwise import discrimination, foldwise_chances
from suwen.learn.clean.nouns import Array, Form, Measured, Remark, Severity, Sign, Suggestion, Suspicion
from suwen.learn.clean.questions import NOTHING, Question

__all__ = ["LEAST_AREA", "find_label_noise"]

# Below this area under the ROC curve, disagreement says more about the classifier than about the labels. Labels of
# which a fifth is flipped at random allow a perfect classifier no more than about 0.8.
LEAST_AREA = 0.7
GOOD_AREA = 0.8  # below, a suspicion is no more than a hint


def find_label_noise(
    measured: Sequence[Measured], rows: Array, groups: Array, question: Question, form: Form, *, seed: int
) -> tuple[list[Suspicion], Remark]:
    """Suspicions about the labels of one question, and a remark on what they are worth.

    `rows` (n, d) describe the examples, `groups` (n,) say which belong together.
    """
    known = np.flatnonzero(question.labels >= 0)
    labels = question.labels[known]
    chances = foldwise_chances(rows[known], labels, groups[known], seed=seed, table=form is Form.TABLES)
    area = discrimination(labels, chances)
    facts: dict[str, str | int | float] = {"finding": question.finding, "area": round(area, 3), "n": len(known)}
    if area < LEAST_AREA:
        return [], Remark("labels_unjudged", facts)
    wrong, margin = wrong_labels(labels, chances)
    counts = noisy_counts(labels, chances)
    facts |= {"found": int(wrong.sum()), "percent": round(100 * float(1 - np.trace(counts) / counts.sum()), 1)}
    severity = Severity.NOTABLE if area >= GOOD_AREA else Severity.HINT
    nothing = _nothing(measured) if question.finding else ""
    found = [
        _suspicion(
            measured[known[at]],
            question,
            chances[at],
            int(labels[at]),
            float(margin[at]),
            nothing=nothing,
            severity=severity,
        )
        for at in np.flatnonzero(wrong)
    ]
    return found, Remark("labels_judged", facts)


def _suspicion(
    one: Measured, question: Question, chances: Array, label: int, margin: float, *, nothing: str, severity: Severity
) -> Suspicion:
    likely = int(chances.argmax())
    facts: dict[str, str | int | float] = {
        "finding": question.finding,
        "given": question.classes[label],
        "proposed": question.classes[likely],
        "chance": round(float(chances[likely]), 3),
    }
    proposed = question.classes[likely]
    if question.finding:
        proposed = _changed(one.sample.label or "", question.finding, present=bool(likely), nothing=nothing)
    where = (one.sample.name,)
    return Suspicion(Sign.LABEL, where, severity, Suggestion.RELABEL, margin, facts, proposed)


def _changed(label: str, finding: str, *, present: bool, nothing: str) -> str:
    """The labels with one finding more or less; "no finding" goes when there is one, and comes when there is none."""
    parts = {part for part in label.split("|") if part and part.lower() not in NOTHING}
    parts = parts | {finding} if present else parts - {finding}
    return "|".join(sorted(parts)) or nothing


def _nothing(measured: Sequence[Measured]) -> str:
    """What this data set writes where there is no finding."""
    written = {part for one in measured for part in (one.sample.label or "").split("|")}
    return next((part for part in sorted(written) if part.lower() in NOTHING), "")
