"""How well the whole way of fitting does: nested cross-validation, with the usual model in the same folds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.activity.kernels import Floats
from suwen.drugs.activity.learning import fit_core
from suwen.drugs.activity.nouns import Assay, Cliff, Judged
from suwen.drugs.activity.stacking import FOLDS, folds_of, some
from suwen.drugs.activity.sureness import COVERAGE, tanimoto
from suwen.drugs.activity.usual import choose_usual, usual_says
from suwen.drugs.activity.views import Kernels, Views
from suwen.learn.measure.chances import brier
from suwen.learn.measure.intervals import Estimate, bootstrap, clopper_pearson
from suwen.learn.measure.ranking import auc
from suwen.learn.measure.values import rmse

__all__ = ["judge"]

_FEWEST = 5  # molecules on cliffs, for an error over them


def judge(
    assay: Assay,
    cliffs: Sequence[Cliff],
    kernels: Kernels,
    views: Views,
    *,
    seed: int,
    notify: Callable[[int], None] = lambda _done: None,
) -> tuple[Judged, Floats]:
    """Every fifth is judged by a model fitted, lambdas, weights and intervals included, to the other four.

    Only how numbers are brought to one scale was taken from all structures, never from their values. The usual model
    has its settings chosen on all molecules, which favours it. Of an assay of classes, errors are Brier scores.
    Gives also what was said of each molecule (n,) while it was not seen.
    """
    values = np.array([one.value for one in assay.molecules], np.float64)
    count, rng = len(values), np.random.default_rng([seed, 1])
    folds, bits = folds_of(count, rng), views.rows["ecfp4"]
    scaled = (values - values.mean()) / values.std()  # its tube of 0.1 means little for values in percent
    usual = choose_usual(bits, scaled, folds)
    said, other, mean, held = (np.zeros(count) for _ in range(4))
    for done, fold in enumerate(folds, start=1):
        rest = np.setdiff1d(np.arange(count), fold)
        learned = views.some(rest)
        core, _ = fit_core(some(kernels, rest, rest), learned, values[rest], assay.kind, rng)
        each = core.stack.each(some(kernels, fold, rest), views.some(fold).trees())
        answers = core.answers(each, tanimoto(bits[fold], bits[rest]).max(axis=1))
        said[fold], mean[fold] = answers.values, values[rest].mean()
        held[fold] = _held(values[fold], answers.low, answers.high, answers.classes)
        other[fold] = usual_says(usual, bits[rest], scaled[rest], bits[fold]) * values.std() + values.mean()
        notify(done)
    if assay.kind == "classes":
        other = np.clip(other, 0.0, 1.0)
    return _account(assay, cliffs, np.stack([values, said, other, mean, held]), seed), said


def _account(assay: Assay, cliffs: Sequence[Cliff], columns: Floats, seed: int) -> Judged:
    values, said, other, mean, held = columns
    steep = np.zeros(len(values), np.bool_)
    steep[[place for one in cliffs for place in (one.first, one.second)]] = True
    classes = assay.kind == "classes"
    truth: Any = values.astype(np.int64) if classes else values
    error = brier if classes else rmse
    rank = auc if classes else _spearman

    def told(metric: Callable[..., float], *given: Any) -> Estimate:
        return bootstrap(metric, *given, rng=np.random.default_rng([seed, 2]), n=1000, method="percentile")

    return Judged(
        error=told(error, truth, said),
        rank=told(rank, truth, said),
        baseline=told(error, truth, other),
        average=error(truth, mean),
        cliffs=told(error, truth[steep], said[steep]) if steep.sum() >= _FEWEST else None,
        cliff_molecules=int(steep.sum()),
        held=clopper_pearson(int(held.sum()), len(held)),
        coverage=COVERAGE,
        folds=FOLDS,
    )


def _held(values: Floats, low: Floats, high: Floats, classes: NDArray[np.bool_]) -> NDArray[np.bool_]:
    if classes.shape[1]:
        return np.asarray(classes[np.arange(len(values)), values.astype(np.int64)])
    return np.asarray((low <= values) & (values <= high))


def _spearman(truth: Floats, said: Floats) -> float:
    ranks = [_ranks(one) for one in (truth, said)]
    centred = [one - one.mean() for one in ranks]
    size = float(np.sqrt((centred[0] ** 2).sum() * (centred[1] ** 2).sum()))
    return float((centred[0] * centred[1]).sum() / size) if size > 0 else 0.0


def _ranks(values: Floats) -> Floats:
    """Ranks; equal values share their middle one."""
    _, back, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[back], np.float64)
