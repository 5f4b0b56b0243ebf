"""The reliability diagram: what was said against what happened, with intervals, as points and as a drawing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from suwen.errors import InputError
from suwen.learn.measure import checked
from suwen.learn.measure.chances import Scheme, bin_numbers, top
from suwen.learn.measure.drawing import Chart, Language, Line, draw
from suwen.learn.measure.intervals import wilson

__all__ = ["Reliability", "ReliabilityPoint", "reliability", "reliability_svg"]

_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Reliability diagram",
        "across": "Predicted probability",
        "up": "Share that happened",
        "ideal": "Perfectly calibrated",
        "seen": "Observed, with 95 % interval",
        "note": "{n} examples in {bins} bins; calibration error {error:.3f}",
    },
    "zh": {
        "title": "可靠性图",
        "across": "预测概率",
        "up": "实际发生比例",
        "ideal": "完全校准",
        "seen": "实际观察值，含 95% 区间",
        "note": "{n} 例，{bins} 组；校准误差 {error:.3f}",
    },
}


@dataclass(frozen=True, slots=True)
class ReliabilityPoint:
    """One bin: mean probability, share that happened with its Wilson interval, and number of examples."""

    chance: float
    seen: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """The bins that hold examples, by rising probability."""

    points: tuple[ReliabilityPoint, ...]

    @property
    def n(self) -> int:
        """Number of examples."""
        return sum(point.n for point in self.points)

    @property
    def error(self) -> float:
        """Expected calibration error over these bins."""
        return sum(point.n * abs(point.chance - point.seen) for point in self.points) / self.n

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"points": [asdict(point) for point in self.points], "n": self.n, "error": self.error}


def reliability(truth: Any, probabilities: Any, *, bins: int = 10, scheme: Scheme = "mass") -> Reliability:
    """Points of the diagram: class 1 of probabilities (n,), or the most probable class of (n, k)."""
    classes, table = checked.classes(truth), checked.probabilities(probabilities)
    checked.whole(classes, table)
    happened, chance = top(classes, table)
    place = bin_numbers(chance, bins, scheme)
    return Reliability(tuple(_point(happened[place == one], chance[place == one]) for one in np.unique(place)))


def reliability_svg(diagram: Reliability, *, lang: Language = "en", title: str = "") -> str:
    """Draw the diagram as SVG. Raises InputError for a language other than zh and en."""
    if lang not in _WORDS:
        raise InputError(f"language {lang!r} is unknown: use zh or en")
    words = _WORDS[lang]
    seen = [(point.chance, point.seen) for point in diagram.points]
    band = [(point.chance, point.low, point.high) for point in diagram.points]
    lines = (
        Line(words["seen"], seen, band, marks=True),
        Line(words["ideal"], ((0.0, 0.0), (1.0, 1.0)), grey=True),
    )
    note = words["note"].format(n=diagram.n, bins=len(diagram.points), error=diagram.error)
    return draw(Chart(title or words["title"], words["across"], words["up"], (0, 1), (0, 1), lines, note), lang)


def _point(happened: Any, chance: Any) -> ReliabilityPoint:
    estimate = wilson(int(happened.sum()), len(happened))
    low, high = estimate.low or 0.0, 1.0 if estimate.high is None else estimate.high
    return ReliabilityPoint(float(chance.mean()), estimate.value, low, high, len(happened))
