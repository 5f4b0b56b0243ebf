"""The cited table of likelihood ratios, what our own detector keeps of them, and how those of one cause are combined.

A published ratio holds for a sign seen by a person. Seen by this detector it is worth less: with the sensitivity and
specificity of the sign for the disease (from LR+ and LR-) and those of the detector for the sign (`reliability`),

    P(detected | disease) = sensitivity * s + (1 - sensitivity) * (1 - p),   s, p: the detector's own

and likewise without the disease; their ratio is the weight. Where the detector was not measured or on fewer than `FEW`
radiographs with the sign, or the figure was not checked in its source, the weight is held to a factor of `CAP`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from suwen.errors import DataError, InputError
from suwen.imaging.chest.shadow_nouns import Setting

__all__ = [
    "CAP",
    "FEW",
    "Likelihood",
    "Prevalence",
    "Reliability",
    "Table",
    "damped",
    "effective",
    "load_table",
    "malignancy",
    "parse_table",
    "rates",
]

CAP = 2.0
FEW = 30  # radiographs with a sign, below which what was measured of the detector is not believed beyond the cap
FORMAT = 1
# Swensen et al., Arch Intern Med 1997;157:849-855.
_SWENSEN = {
    "age": 0.0391,
    "smoker": 0.7917,
    "cancer": 1.3388,
    "diameter": 0.1274,
    "spiculated": 1.0407,
    "upper": 0.7838,
}
_SWENSEN_START = -6.8272


@dataclass(frozen=True, slots=True)
class Likelihood:
    """One published ratio. `kind`: sign, feature (HPO codes joined by +), fact, age or size (from-to).

    `group` names what it shares with others: ratios of one group speak of one thing. `checked` is False where the
    figure, or a part of it, was written from memory.
    """

    disease: str
    kind: str
    what: str
    group: str
    plus: float | None
    minus: float | None
    interval_plus: tuple[float, float] | None
    interval_minus: tuple[float, float] | None
    citation: str
    population: str
    checked: bool
    note: str


@dataclass(frozen=True, slots=True)
class Prevalence:
    """How common a disease is in a setting, before the image; it holds only where all of `needs` (HPO) are present."""

    disease: str
    setting: Setting
    value: float
    citation: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reliability:
    """How well the detector finds a sign: sensitivity and specificity, on how many with and without, on which data."""

    sensitivity: float
    specificity: float
    with_sign: int
    without: int
    data: str

    @property
    def smoothed(self) -> tuple[float, float]:
        """Sensitivity and specificity with half a case added on each side: none of ten is not never."""
        found = (self.sensitivity * self.with_sign + 0.5) / (self.with_sign + 1)
        return found, (self.specificity * self.without + 0.5) / (self.without + 1)


@dataclass(frozen=True, slots=True)
class Table:
    """The whole table; `digest` is the SHA-256 of its bytes."""

    rows: tuple[Likelihood, ...]
    prevalences: tuple[Prevalence, ...]
    reliability: Mapping[str, Reliability]
    digest: str

    def of(self, disease: str) -> tuple[Likelihood, ...]:
        """The rows of one disease."""
        return tuple(one for one in self.rows if one.disease == disease)


def parse_table(text: str, reliability: Mapping[str, Any] | None = None) -> Table:
    """Read the table. Raises DataError naming the first row that is wrong: ratios must be positive and cited."""
    try:
        tree = json.loads(text)
        cited = {name: (str(one["text"]), str(one["population"])) for name, one in tree["citations"].items()}
        rows = tuple(_row(one, cited, at) for at, one in enumerate(tree["rows"]))
        prevalences = tuple(
            Prevalence(
                one["disease"],
                Setting(one["setting"]),
                _share(one["value"]),
                cited[one["citation"]][0],
                tuple(one["needs"]),
            )
            for one in tree["prevalences"]
        )
    except (KeyError, TypeError, ValueError) as reason:
        raise DataError(
            f"the table of likelihood ratios is damaged: {type(reason).__name__} {reason}",
            zh=f"似然比表已损坏：{type(reason).__name__} {reason}",
        ) from None
    if tree.get("format") != FORMAT:
        raise DataError(
            f"the table of likelihood ratios has format {tree.get('format')}, not {FORMAT}: install it anew",
            zh=f"似然比表的格式为 {tree.get('format')}，而非 {FORMAT}：请重新安装",
        )
    known = {name: Reliability(**one) for name, one in (reliability or {}).items()}
    return Table(rows, prevalences, known, sha256(text.encode()).hexdigest())


def _row(one: Mapping[str, Any], cited: Mapping[str, tuple[str, str]], at: int) -> Likelihood:
    ratios = [one["lr_plus"], one["lr_minus"]]
    if all(ratio is None for ratio in ratios) or any(ratio is not None and not 0 < ratio < 1e4 for ratio in ratios):
        raise ValueError(f"row {at} ({one['what']}): a likelihood ratio is a positive number, not {ratios}")
    text, population = cited[one["citation"]]
    return Likelihood(
        disease=one["disease"],
        kind=one["kind"],
        what=one["what"],
        group=one["group"],
        plus=ratios[0],
        minus=ratios[1],
        interval_plus=_interval(one["interval_plus"]),
        interval_minus=_interval(one["interval_minus"]),
        citation=text,
        population=population,
        checked=one["checked"],
        note=one["note"],
    )


def _interval(ends: Sequence[float] | None) -> tuple[float, float] | None:
    return None if ends is None else (float(ends[0]), float(ends[1]))


def _share(value: float) -> float:
    if not 0 < value < 1:
        raise ValueError(f"a prevalence lies between 0 and 1, not {value}")
    return float(value)


@cache
def load_table() -> Table:
    """The shipped table with the measured reliability of the detector."""
    room = files("suwen.imaging.chest")
    measured = json.loads(room.joinpath("reliability.json").read_text("utf-8"))
    return parse_table(room.joinpath("likelihoods.json").read_text("utf-8"), measured["signs"])


def rates(plus: float, minus: float) -> tuple[float, float]:
    """Sensitivity and specificity of a test with these ratios. Raises InputError unless plus > 1 > minus."""
    if not plus > 1 > minus >= 0:
        raise InputError(
            f"a test that tells anything has LR+ above 1 above LR-, not {plus} and {minus}",
            zh=f"有意义的检查须 LR+ 大于 1 大于 LR-，而非 {plus} 和 {minus}",
        )
    specificity = (plus - 1) / (plus - minus)
    return plus * (1 - specificity), specificity


def effective(row: Likelihood, *, present: bool, reliability: Reliability | None) -> tuple[float, bool]:
    """Weight (log10) of a sign that this detector found or missed, and whether it was held to the cap."""
    ratio = row.plus if present else row.minus
    if ratio is None:
        return 0.0, False
    if reliability is None or row.plus is None or row.minus is None or not row.plus > 1 > row.minus:
        return capped(math.log10(ratio))
    sensitivity, specificity = rates(row.plus, row.minus)
    found, silent = reliability.smoothed
    with_disease = sensitivity * found + (1 - sensitivity) * (1 - silent)
    without = (1 - specificity) * found + specificity * (1 - silent)
    weight = math.log10(with_disease / without) if present else math.log10((1 - with_disease) / (1 - without))
    certain = row.checked and reliability.with_sign >= FEW
    return (weight, False) if certain else capped(weight)


def capped(weight: float) -> tuple[float, bool]:
    """A weight held to a factor of CAP either way, and whether it had to be."""
    most = math.log10(CAP)
    return max(-most, min(most, weight)), abs(weight) > most


def damped(weights: Sequence[float]) -> list[float]:
    """Weights of one group as they count together: the strongest whole, the next halved, the next quartered.

    They speak of one thing; multiplied as if independent they would count it twice, and only the strongest would waste
    what the others add. Halving lies between; in any case the sum stays under twice the strongest.
    """
    order = sorted(range(len(weights)), key=lambda at: -abs(weights[at]))
    found = [0.0] * len(weights)
    for place, at in enumerate(order):
        found[at] = weights[at] / 2.0**place
    return found


def malignancy(
    *, age: float, smoker: bool, cancer_history: bool, diameter_mm: float, spiculated: bool, upper: bool
) -> float:
    """Probability that an indeterminate solitary nodule is malignant (Swensen 1997, the Mayo model).

    `diameter_mm` 4..30; `cancer_history`: outside the chest, more than five years ago. Raises InputError outside.
    """
    if not 4 <= diameter_mm <= 30:
        raise InputError(
            f"the Mayo model holds for nodules of 4 to 30 mm, not {diameter_mm:g}",
            zh=f"Mayo 模型适用于 4 至 30 mm 的结节，而非 {diameter_mm:g}",
        )
    values = {
        "age": age,
        "smoker": smoker,
        "cancer": cancer_history,
        "diameter": diameter_mm,
        "spiculated": spiculated,
        "upper": upper,
    }
    return 1 / (1 + math.exp(-(_SWENSEN_START + sum(_SWENSEN[name] * float(one) for name, one in values.items()))))
