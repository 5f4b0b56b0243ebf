"""Measures of ranking and of decisions agree with scikit-learn and keep their laws."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import FormatError, InputError
from suwen.learn import measure
from suwen.learn.measure import Rule

CASES = st.lists(st.tuples(st.integers(0, 1), st.integers(-8, 8)), min_size=1, max_size=40).map(
    lambda rows: ([0, 1] + [one for one, _ in rows], [0.0, 1.0] + [score / 4 for _, score in rows])
)
DECIDED = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40).map(
    lambda rows: ([0, 1, 2] + [one for one, _ in rows], [2, 1, 0] + [said for _, said in rows])
)


def near(value: float) -> object:
    return pytest.approx(value, abs=1e-12)


def by_pairs(truth: list[int], scores: list[float]) -> float:
    """AUC by its definition, over all pairs."""
    hits = [score for ill, score in zip(truth, scores, strict=True) if ill]
    rest = [score for ill, score in zip(truth, scores, strict=True) if not ill]
    won = sum((hit > other) + 0.5 * (hit == other) for hit, other in itertools.product(hits, rest))
    return won / (len(hits) * len(rest))


@settings(deadline=None)
@given(CASES)
def test_the_auc_is_the_share_of_pairs_in_the_right_order(case: tuple[list[int], list[float]]) -> None:
    truth, scores = case
    value = measure.auc(truth, scores)
    assert value == near(by_pairs(truth, scores))
    assert measure.auc(truth, [-score for score in scores]) == near(1 - value)
    assert measure.auc([1 - ill for ill in truth], scores) == near(1 - value)
    assert measure.auc(truth, [math.exp(score) * 3 - 7 for score in scores]) == near(value)


@settings(deadline=None, max_examples=40)
@given(CASES)
def test_binary_measures_agree_with_scikit_learn(case: tuple[list[int], list[float]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    truth, scores = case
    said = [int(score >= 0.5) for score in scores]
    assert measure.auc(truth, scores) == near(metrics.roc_auc_score(truth, scores))
    assert measure.average_precision(truth, scores) == near(metrics.average_precision_score(truth, scores))
    assert measure.sensitivity(truth, said) == near(metrics.recall_score(truth, said))
    assert measure.specificity(truth, said) == near(metrics.recall_score(truth, said, pos_label=0))
    assert measure.ppv(truth, said) == near(metrics.precision_score(truth, said))
    assert measure.npv(truth, said) == near(metrics.precision_score(truth, said, pos_label=0))
    assert measure.f1(truth, said) == near(metrics.f1_score(truth, said))


@settings(deadline=None, max_examples=40)
@given(DECIDED)
def test_measures_of_several_classes_agree_with_scikit_learn(case: tuple[list[int], list[int]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    truth, said = case
    assert measure.accuracy(truth, said) == near(metrics.accuracy_score(truth, said))
    assert measure.balanced_accuracy(truth, said) == near(metrics.balanced_accuracy_score(truth, said))
    assert measure.matthews(truth, said) == near(metrics.matthews_corrcoef(truth, said))
    assert measure.macro_f1(truth, said) == near(metrics.f1_score(truth, said, average="macro"))
    assert measure.f1(truth, said, positive=2) == near(metrics.f1_score(truth, said, average=None)[2])
    np.testing.assert_array_equal(measure.confusion(truth, said), metrics.confusion_matrix(truth, said))


def test_ranking_of_several_classes_is_the_mean_of_one_against_the_rest() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    truth, table = rng.integers(0, 4, 300), rng.dirichlet(np.ones(4), 300)
    table[np.arange(300), truth] += 0.2
    table /= table.sum(axis=1, keepdims=True)
    assert measure.auc(truth, table) == near(metrics.roc_auc_score(truth, table, multi_class="ovr", average="macro"))
    hot = np.eye(4)[truth]
    assert measure.average_precision(truth, table) == near(metrics.average_precision_score(hot, table))
    two = np.column_stack([1 - table[:, 0], table[:, 0]])
    assert measure.auc(truth == 0, two) == near(measure.auc(truth == 0, table[:, 0]))


def test_the_four_fields_by_hand() -> None:
    truth, said = [1, 1, 1, 0, 0, 0, 0], [1, 1, 0, 1, 0, 0, 0]
    assert measure.counts(truth, said) == measure.Counts(2, 1, 3, 1)
    assert measure.counts(truth, said, positive=0) == measure.Counts(3, 1, 2, 1)
    assert measure.sensitivity(truth, said) == near(2 / 3)
    assert measure.specificity(truth, said) == near(3 / 4)


@settings(deadline=None)
@given(CASES)
def test_the_roc_curve_rises_from_none_to_all_and_holds_the_auc(case: tuple[list[int], list[float]]) -> None:
    truth, scores = case
    curve = measure.roc(truth, scores)
    across = 1 - curve.specificity
    assert (curve.sensitivity[0], across[0], curve.sensitivity[-1], across[-1]) == (0, 0, 1, near(1))
    assert (np.diff(curve.sensitivity) >= 0).all()
    assert (np.diff(curve.thresholds) < 0).all()
    assert float(np.trapezoid(curve.sensitivity, across)) == near(measure.auc(truth, scores))
    for at, found in zip(curve.thresholds[1:], curve.sensitivity[1:], strict=True):
        assert measure.sensitivity(truth, (np.array(scores) >= at).astype(int)) == near(found)


BEST: dict[Rule, Callable[[list[int], np.ndarray], float]] = {
    Rule.YOUDEN: lambda truth, said: measure.sensitivity(truth, said) + measure.specificity(truth, said),
    Rule.ACCURACY: measure.accuracy,
    Rule.F1: measure.f1,
}


@pytest.mark.parametrize("rule", list(BEST))
@given(CASES)
def test_no_other_threshold_is_better_by_the_rule(rule: Rule, case: tuple[list[int], list[float]]) -> None:
    truth, scores = case
    chosen = measure.choose_threshold(truth, scores, rule=rule)
    others = [BEST[rule](truth, (np.array(scores) >= at).astype(int)) for at in [*scores, math.inf]]
    assert BEST[rule](truth, chosen(scores)) == near(max(others))
    assert measure.sensitivity(truth, chosen(scores)) == near(chosen.sensitivity)
    assert measure.specificity(truth, chosen(scores)) == near(chosen.specificity)
    assert measure.threshold_from_json(json.loads(json.dumps(chosen.to_json()))) == chosen


@settings(deadline=None)
@given(CASES, st.floats(0, 1))
def test_a_fixed_sensitivity_is_reached_with_the_highest_threshold(
    case: tuple[list[int], list[float]], at: float
) -> None:
    truth, scores = case
    chosen = measure.choose_threshold(truth, scores, rule=Rule.SENSITIVITY, at=at)
    assert chosen.sensitivity >= at - 1e-12
    higher = [score for score in scores if score >= chosen.value]
    above = [measure.sensitivity(truth, (np.array(scores) > score).astype(int)) for score in higher]
    assert all(found < at for found in above)
    mirrored = measure.choose_threshold(truth, scores, rule=Rule.SPECIFICITY, at=at)
    assert mirrored.specificity >= at - 1e-12


@pytest.mark.parametrize(
    ("metric", "truth", "other"),
    [
        (measure.auc, [1, 1], [0.1, 0.2]),
        (measure.auc, [0, 1], [[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]]),
        (measure.average_precision, [0, 0], [0.1, 0.2]),
        (measure.roc, [0, 0], [0.1, 0.2]),
        (measure.sensitivity, [0, 0], [0, 1]),
        (measure.specificity, [1, 1], [0, 1]),
        (measure.ppv, [0, 1], [0, 0]),
        (measure.npv, [0, 1], [1, 1]),
        (measure.f1, [0, 0], [0, 0]),
        (measure.matthews, [0, 1], [1, 1]),
        (measure.balanced_accuracy, [0, 2], [0, 2]),
        (measure.macro_f1, [0, 2], [0, 2]),
    ],
)
def test_what_is_undefined_is_refused_and_not_given_a_number(
    metric: Callable[..., float], truth: list[int], other: list[float]
) -> None:
    with pytest.raises(InputError, match="undefined"):
        metric(truth, other)


@pytest.mark.parametrize(
    ("truth", "scores"),
    [
        ([0, 1], [0.5]),
        ([0, 1], [0.5, math.nan]),
        ([0, 1], [0.5, math.inf]),
        ([0, math.nan], [0.5, 0.1]),
        ([0, 0.5], [0.5, 0.1]),
        ([0, -1], [0.5, 0.1]),
        ([], []),
        ([0, 1], ["a", "b"]),
        ([[0, 1]], [0.5, 0.1]),
        ([0, 2], [0.5, 0.1]),
        ([0, 1], [[0.5], [0.1]]),
    ],
)
def test_damaged_input_is_refused(truth: list[float], scores: list[float]) -> None:
    with pytest.raises(InputError):
        measure.auc(truth, scores)


def test_damaged_thresholds_are_refused() -> None:
    sound = {"format": 1, "value": 0.5, "rule": "youden", "sensitivity": 0.9, "specificity": 0.8}
    assert measure.threshold_from_json(sound) == measure.Threshold(0.5, Rule.YOUDEN, 0.9, 0.8)
    for damage in ({"format": 2}, {"rule": "x"}, {"value": None}, {"value": math.nan}, {"value": "high"}):
        with pytest.raises(FormatError):
            measure.threshold_from_json(sound | damage)


def test_threshold_rules_get_what_they_need() -> None:
    for how in ({"rule": Rule.SENSITIVITY}, {"rule": Rule.YOUDEN, "at": 0.5}, {"rule": Rule.SPECIFICITY, "at": 2.0}):
        with pytest.raises(InputError, match="`at`"):
            measure.choose_threshold([0, 1], [0.1, 0.2], **how)  # type: ignore[arg-type]
