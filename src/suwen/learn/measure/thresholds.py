"""Where to cut a score: chosen on validation data by a named rule, never on the data that are reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from suwen.errors import FormatError, InputError
from suwen.learn.measure import checked
from suwen.learn.measure.checked import Floats
from suwen.learn.measure.ranking import Curve, roc

__all__ = ["Rule", "Threshold", "choose_threshold", "threshold_from_json"]

FORMAT = 1


class Rule(Enum):
    """What a threshold is chosen for."""

    YOUDEN = "youden"  # largest sensitivity + specificity - 1 (Youden 1950)
    ACCURACY = "accuracy"  # most examples right
    F1 = "f1"  # largest F1
    SENSITIVITY = "sensitivity"  # highest threshold whose sensitivity is at least the one asked for
    SPECIFICITY = "specificity"  # lowest threshold whose specificity is at least the one asked for


@dataclass(frozen=True, slots=True)
class Threshold:
    """A chosen cut: score >= value is positive; sensitivity and specificity on the data it was chosen on."""

    value: float
    rule: Rule
    sensitivity: float
    specificity: float

    def __call__(self, scores: Any) -> Any:
        """1 where score >= value, else 0, (n,) integers."""
        return (checked.numbers(scores, "scores") >= self.value).astype(np.int64)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object of format 1."""
        return {
            "format": FORMAT,
            "value": self.value,
            "rule": self.rule.value,
            "sensitivity": self.sensitivity,
            "specificity": self.specificity,
        }


def choose_threshold(truth: Any, scores: Any, *, rule: Rule = Rule.YOUDEN, at: float | None = None) -> Threshold:
    """Choose a threshold on validation data, (n,) of 0 and 1 and (n,) scores.

    It lies halfway between two observed scores. Of equally good ones the lowest, that is the most sensitive, is taken.
    `at` is the sensitivity or specificity asked for, 0..1, of the two rules that need it. Raises InputError for one
    class only.
    """
    if (at is None) == (rule in (Rule.SENSITIVITY, Rule.SPECIFICITY)) or (at is not None and not 0 <= at <= 1):
        raise InputError("give `at`, from 0 to 1, with the rules for a sensitivity or a specificity, and with no other")
    curve = roc(truth, scores)
    share = float(np.mean(checked.binary(truth)))
    place = _place(curve, rule, share, at or 0.0)
    return Threshold(
        _cut(curve.thresholds, place), rule, float(curve.sensitivity[place]), float(curve.specificity[place])
    )


def threshold_from_json(document: Mapping[str, Any]) -> Threshold:
    """Read back what `to_json` wrote. Raises FormatError for another format, or what is no threshold."""
    if document.get("format") != FORMAT:
        raise FormatError(f"a threshold of format {document.get('format')!r} needs a newer Suwen: this reads {FORMAT}")
    try:
        value, reached = float(document["value"]), [float(document[name]) for name in ("sensitivity", "specificity")]
        if not np.isfinite([value, *reached]).all():
            raise FormatError("a threshold's numbers are not finite")
        return Threshold(value, Rule(document["rule"]), reached[0], reached[1])
    except (KeyError, TypeError, ValueError) as wrong:
        raise FormatError("a threshold lacks its value, rule, sensitivity or specificity") from wrong


def _place(curve: Curve, rule: Rule, share: float, at: float) -> int:
    """Which point of the curve; a hair of slack keeps 0.95 met by 19 of 20."""
    if rule is Rule.SENSITIVITY:
        return int(np.flatnonzero(curve.sensitivity >= at - 1e-12)[0])
    if rule is Rule.SPECIFICITY:
        return int(np.flatnonzero(curve.specificity >= at - 1e-12)[-1])
    worth = _worth(curve, rule, share)
    return int(np.flatnonzero(worth >= worth.max() - 1e-12)[-1])


def _worth(curve: Curve, rule: Rule, share: float) -> Floats:
    hits, quiet = share * curve.sensitivity, (1 - share) * curve.specificity
    if rule is Rule.YOUDEN:
        return np.asarray(curve.sensitivity + curve.specificity - 1)
    if rule is Rule.ACCURACY:
        return np.asarray(hits + quiet)
    return np.asarray(2 * hits / (hits + (1 - share) - quiet + share))


def _cut(thresholds: Floats, place: int) -> float:
    """Halfway down to the next lower score; just above the highest, or the lowest itself, at the ends."""
    if place == 0:
        return float(np.nextafter(thresholds[1], np.inf))
    if place == len(thresholds) - 1:
        return float(thresholds[place])
    middle = float((thresholds[place] + thresholds[place + 1]) / 2)
    return middle if thresholds[place + 1] < middle <= thresholds[place] else float(thresholds[place])
