"""Attributions of one row: which features moved the model's log odds, by how much, how surely, as Evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from suwen.errors import InputError
from suwen.explain.tables.chances import Model, checked_columns, checked_rows, log_odds
from suwen.explain.tables.columns import Column, seen_in, shown
from suwen.explain.tables.shapley import MOST_ENUMERATED, Shares, enumerated_shapley, sampled_shapley
from suwen.explain.tables.tree_readers import booster_contributions
from suwen.explain.tables.tree_shapley import interventional_shapley, path_shapley
from suwen.explain.tables.trees import Tree, tree_values
from suwen.finding import Bearing, Evidence
from suwen.learn.nouns import Array

__all__ = ["Attribution", "as_evidence", "attribute", "attribute_booster", "attribute_trees"]

_TEN = math.log(10)
_RAISES = {
    "en": "{what} raises the {en}'s odds {times}-fold{bounds}, against the average of the comparison rows",
    "zh": "与对照样本的平均水平相比，{what}使{zh}给出的优势升至 {times} 倍{bounds}",
}
_LOWERS = {
    "en": "{what} lowers the {en}'s odds {times}-fold{bounds}, against the average of the comparison rows",
    "zh": "与对照样本的平均水平相比，{what}使{zh}给出的优势降至 1/{times}{bounds}",
}
_FLAT = {
    "en": "{what} hardly moves the {en}'s odds, against the average of the comparison rows",
    "zh": "与对照样本的平均水平相比，{what}对{zh}给出的优势几乎没有影响",
}
_UNSURE = {
    "en": "Which way {what} moves the {en}'s odds is not certain from this many samples",
    "zh": "按目前的抽样次数，尚不能确定{what}使{zh}给出的优势升高还是降低",
}
_BOUNDS = {"en": " ({percent} % interval {low} to {high})", "zh": "（{percent}% 区间：变化 {low} 至 {high} 倍）"}
_SMALL = math.log10(1.01)  # less than one percent of the odds


@dataclass(frozen=True, slots=True)
class Attribution:
    """Shares of one row's log odds (natural logarithm) over its features, and what they are measured against.

    `method` says how they were found: "exact, interventional", "exact, path-dependent", "enumerated" or "sampled".
    """

    row: tuple[float, ...]
    columns: tuple[Column, ...]
    shares: Shares
    method: str
    speaker: tuple[str, str] = ("model", "模型")  # who is explained, in English and Chinese


def attribute(  # the fewest that say whom, against whom and how
    model: Model,
    row: Array,
    background: Array,
    columns: Sequence[Column],
    *,
    rng: np.random.Generator,
    rounds: int = 4,
    target: int = 1,
) -> Attribution:
    """Attribute any model's log odds of `target` for `row` (features,) against background rows (m, features).

    Exact by enumeration up to 8 features, else sampled with 95 % bounds. Raises InputError for rows that do not fit.
    """
    described = checked_columns(columns, np.asarray(background).shape[-1])
    function = log_odds(model, target=target)
    if len(described) <= min(8, MOST_ENUMERATED):
        shares, method = enumerated_shapley(function, row, background), "enumerated"
    else:
        shares, method = sampled_shapley(function, row, background, rng=rng, rounds=rounds), "sampled"
    return Attribution(_floats(row), described, shares, method)


def attribute_trees(
    trees: Sequence[Tree], row: Array, columns: Sequence[Column], *, background: Array | None = None, start: float = 0.0
) -> Attribution:
    """Exact attribution of trees whose answers add up to natural log odds (a boosting; `start` is its constant).

    With background rows unknown features come from them (interventional); without, from the trees' covers.
    """
    one = checked_rows(np.atleast_2d(row), width=len(columns), what="the explained row")
    if background is None:
        values, base = path_shapley(trees, one)
    else:
        values, base = interventional_shapley(trees, one, background)
    total = float(sum(tree_values(tree, one)[0] for tree in trees))
    method = "exact, path-dependent" if background is None else "exact, interventional"
    return Attribution(_floats(row), tuple(columns), _exact(values[0], base + start, total + start), method)


def attribute_booster(booster: Any, row: Array, columns: Sequence[Column]) -> Attribution:
    """Exact path-dependent attribution of a binary LightGBM booster's log odds, missing values as it treats them."""
    one = np.atleast_2d(np.asarray(row, dtype=np.float64))
    values, base = booster_contributions(booster, one)
    described = checked_columns(columns, one.shape[1])
    total = float(base[0] + values[0].sum())
    return Attribution(_floats(row), described, _exact(values[0], float(base[0]), total), "exact, path-dependent")


def as_evidence(
    attribution: Attribution, *, source: str, lang: str = "en", most: int = 8, least: float = 0.0
) -> tuple[Evidence, ...]:
    """The strongest attributions as evidence: at most `most`, each of at least `least` log10 odds; one is always kept.

    `weight` is the share in log10 odds; `source` is the model card. A column whose value is missing is left out.
    """
    weights = attribution.shares.values / _TEN
    order = [int(place) for place in np.argsort(-np.abs(weights), kind="stable") if _known(attribution, int(place))]
    if not order:
        raise InputError("no feature of the explained row has a value, so nothing can be shown as evidence")
    kept = [place for place in order[:most] if abs(weights[place]) >= least] or order[:1]
    return tuple(_evidence(attribution, place, source, lang) for place in kept)


def _known(attribution: Attribution, place: int) -> bool:
    return math.isfinite(attribution.row[place])


def _evidence(attribution: Attribution, place: int, source: str, lang: str) -> Evidence:
    column, value = attribution.columns[place], attribution.row[place]
    weight = float(attribution.shares.values[place]) / _TEN
    half = float(attribution.shares.half_widths[place]) / _TEN
    joint, (en, zh) = "（{}）" if lang == "zh" else " ({})", attribution.speaker
    what = column.label(lang) + joint.format(shown(column, value, lang))
    if abs(weight) < _SMALL:
        bearing, sentence = Bearing.NEUTRAL, _FLAT[lang].format(what=what, en=en, zh=zh)
    elif abs(weight) <= half:
        bearing, sentence = Bearing.NEUTRAL, _UNSURE[lang].format(what=what, en=en, zh=zh)
    else:
        bearing = Bearing.SUPPORTS if weight > 0 else Bearing.AGAINST
        bounds = _bounds(abs(weight), half, attribution.shares.confidence, lang)
        sentences = _RAISES if weight > 0 else _LOWERS
        times = _short(_times(abs(weight)))
        sentence = sentences[lang].format(what=what, times=times, bounds=bounds, en=en, zh=zh)
    return Evidence(bearing, seen_in(column, value, lang), weight, sentence, source)


def _bounds(size: float, half: float, confidence: float, lang: str) -> str:
    if half == 0:
        return ""
    low, high = (_short(_times(end)) for end in (size - half, size + half))
    return _BOUNDS[lang].format(percent=round(100 * confidence), low=low, high=high)


def _times(weight: float) -> float:
    return float(10 ** min(max(weight, -6.0), 6.0))


def _short(times: float) -> str:
    return f"{times:.0f}" if times >= 9.95 else f"{times:.1f}" if times >= 1.95 else f"{times:.2f}"


def _exact(values: Array, base: float, total: float) -> Shares:
    none = np.zeros(len(values))
    return Shares(values, none, none, base, total, 1.0, 0)


def _floats(row: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in np.asarray(row, dtype=np.float64).ravel())
