"""Decision curves: whether acting on a model helps patients more than treating all or none (Vickers & Elkin 2006)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from suwen.errors import InputError
from suwen.learn.measure import checked
from suwen.learn.measure.checked import Floats, Ints
from suwen.learn.measure.drawing import Chart, Language, Line, draw
from suwen.learn.measure.intervals import resamples

__all__ = ["DecisionCurve", "decision_curve", "decision_svg", "net_benefit"]

_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "title": "Decision curve",
        "across": "Threshold probability",
        "up": "Net benefit",
        "standard": "Standardised net benefit",
        "all": "Treat all",
        "none": "Treat none",
        "note": "{n} patients, {share:.1%} with the outcome; bands are 95 % bootstrap intervals",
        "plain": "{n} patients, {share:.1%} with the outcome",
    },
    "zh": {
        "title": "决策曲线",
        "across": "阈值概率",
        "up": "净获益",
        "standard": "标准化净获益",
        "all": "全部干预",
        "none": "全不干预",
        "note": "{n} 名患者，结局发生率 {share:.1%}；阴影为 95% 自助法区间",
        "plain": "{n} 名患者，结局发生率 {share:.1%}",
    },
}


@dataclass(frozen=True, slots=True)
class DecisionCurve:
    """Net benefit at each threshold probability, in true positives for each patient; treating none has 0.

    `low` and `high` are empty without a bootstrap. `n` counts patients, that is groups where groups were given.
    """

    thresholds: tuple[float, ...]
    benefit: tuple[float, ...]
    treat_all: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    prevalence: float
    n: int

    def standardised(self) -> DecisionCurve:
        """The same as a share of the best possible, the prevalence: 1 is perfect (Kerr 2016)."""

        def divided(column: tuple[float, ...]) -> tuple[float, ...]:
            return tuple(value / self.prevalence for value in column)

        return replace(
            self,
            benefit=divided(self.benefit),
            treat_all=divided(self.treat_all),
            low=divided(self.low),
            high=divided(self.high),
        )

    def useful(self) -> tuple[float, ...]:
        """Thresholds where the model beats both treating all and treating none."""
        rows = zip(self.thresholds, self.benefit, self.treat_all, strict=True)
        return tuple(at for at, mine, everyone in rows if mine > max(everyone, 0.0))

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        names = ("thresholds", "benefit", "treat_all", "low", "high")
        return {name: list(getattr(self, name)) for name in names} | {"prevalence": self.prevalence, "n": self.n}


def net_benefit(truth: Any, probabilities: Any, threshold: float) -> float:
    """True positives minus false positives weighed by the odds of the threshold, for each patient.

    `truth` (n,) of 0 and 1; a probability (n,) of at least `threshold` is treated. 0 < threshold < 1.
    """
    ill, chance = _both(truth, probabilities)
    return float(_benefits(ill, chance, _thresholds([threshold]), np.ones((1, len(ill))))[0, 0])


def decision_curve(
    truth: Any,
    probabilities: Any,
    *,
    thresholds: Sequence[float] | None = None,
    groups: Sequence[Any] | None = None,
    rng: np.random.Generator | None = None,
    n: int = 500,
) -> DecisionCurve:
    """Net benefit at `thresholds` (0.01 to 0.99 in steps of 0.01 when not given), with a 95 % band when `rng` is given.

    The band resamples patients (`groups`). It is pointwise, for reading the uncertainty, and no test (Vickers 2019).
    Raises InputError when nobody has the outcome.
    """
    ill, chance = _both(truth, probabilities)
    if not ill.any():
        raise InputError("nobody has the outcome: a decision curve needs true positives")
    at = _thresholds(np.arange(1, 100) / 100 if thresholds is None else thresholds)
    share = float(ill.mean())
    benefit = _benefits(ill, chance, at, np.ones((1, len(ill))))[0]
    band = np.zeros((2, 0))
    if rng is not None:
        drawn = np.concatenate([_benefits(ill, chance, at, block) for block in resamples(len(ill), groups, rng, n)])
        band = np.quantile(drawn, [0.025, 0.975], axis=0)
    everyone = share - (1 - share) * at / (1 - at)
    units = len(ill) if groups is None else len({str(group) for group in groups})
    columns = [tuple(map(float, part)) for part in (at, benefit, everyone, *band)]
    return DecisionCurve(columns[0], columns[1], columns[2], columns[3], columns[4], share, units)


def decision_svg(
    curves: Mapping[str, DecisionCurve], *, lang: Language = "en", standard: bool = False, title: str = ""
) -> str:
    """Draw named curves of the same patients, with treat-all and treat-none, as SVG in zh or en.

    Raises InputError for no curve, an unknown language, or curves of different patients (prevalence or number differ).
    """
    if not curves or lang not in _WORDS:
        raise InputError(f"{len(curves)} curves in language {lang!r}: give at least one, in zh or en")
    first = next(iter(curves.values()))
    if len({(curve.n, curve.prevalence, curve.thresholds) for curve in curves.values()}) > 1:
        raise InputError("the curves are of different patients or thresholds: draw each by itself")
    words, shown = _WORDS[lang], {name: curve.standardised() if standard else curve for name, curve in curves.items()}
    best = 1.0 if standard else first.prevalence
    every = next(iter(shown.values()))
    lines = [Line(name, list(zip(one.thresholds, one.benefit, strict=True)), _band(one)) for name, one in shown.items()]
    lines.append(Line(words["all"], list(zip(every.thresholds, every.treat_all, strict=True)), grey=True))
    lines.append(Line(words["none"], ((first.thresholds[0], 0.0), (first.thresholds[-1], 0.0)), grey=True))
    note = words["note" if first.low else "plain"].format(n=first.n, share=first.prevalence)
    ends = 0.0, max(first.thresholds[-1], 0.01) if first.thresholds[-1] < 0.9 else 1.0
    heading = title or words["title"]
    up = words["standard" if standard else "up"]
    return draw(Chart(heading, words["across"], up, ends, (-0.25 * best, 1.05 * best), lines, note), lang)


def _band(curve: DecisionCurve) -> list[tuple[float, float, float]]:
    return list(zip(curve.thresholds, curve.low, curve.high, strict=True)) if curve.low else []


def _benefits(ill: Ints, chance: Floats, at: Floats, weights: Floats) -> Floats:
    """(b, t): net benefit of each weighting at each threshold."""
    treated = chance[:, None] >= at[None]
    gains = treated * np.where(ill[:, None] == 1, 1.0, -at[None] / (1 - at[None]))
    return np.asarray(weights @ gains / weights.sum(axis=1, keepdims=True))


def _both(truth: Any, probabilities: Any) -> tuple[Ints, Floats]:
    ill, chance = checked.binary(truth), checked.probabilities(probabilities)
    if chance.ndim != 1:
        raise InputError(f"probabilities have shape {chance.shape}: give those of the outcome (n,)")
    checked.pair(ill, chance)
    return ill, chance


def _thresholds(given: Any) -> Floats:
    at = checked.numbers(given, "thresholds")
    if at.min() <= 0 or at.max() >= 1 or (np.diff(at) <= 0).any():
        raise InputError("thresholds lie between 0 and 1, both left out, and rise")
    return at
