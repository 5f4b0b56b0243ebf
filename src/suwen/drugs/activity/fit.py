"""`fit_activity`: an assay's table becomes a model, with an honest account of how well it does on the unseen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from suwen.drugs.activity.cliffs import find_cliffs
from suwen.drugs.activity.judging import judge
from suwen.drugs.activity.kernels import Floats
from suwen.drugs.activity.learning import fit_core, members_error
from suwen.drugs.activity.model import ActivityModel
from suwen.drugs.activity.nouns import MEMBERS, Assay, Share
from suwen.drugs.activity.views import between, fit_scalings, see
from suwen.errors import InputError

__all__ = ["FEWEST", "fit_activity"]

FEWEST = 30  # molecules: with fewer, five folds and an interval of 90 % say nothing
_FEWEST_OF_CLASS = 10  # 1 / 0.1 - 1 are needed to leave out an answer at all
_MOST = 6000  # molecules: kernels take n * n numbers, their inverses n * n * n steps


def fit_activity(
    assay: Assay,
    *,
    seed: int = 0,
    judged: bool = True,
    notify: Callable[[int, int], None] = lambda _done, _all: None,
) -> ActivityModel:
    """Fit kernels, support vectors and trees to an assay, stacked by what they say out of fold.

    Args:
        assay: the table, as `read_assay` gives it.
        seed: of the folds and the trees; the same gives the same model.
        judged: also fit to each four fifths and judge on the rest, which takes five times as long.
        notify: is told how many of the steps are done.

    Raises:
        InputError: fewer than 30 molecules, more than 6,000, fewer than 10 of a class, or values that do not differ.
        MissingExtraError: RDKit, PyTorch, scikit-learn or LightGBM is not installed.

    """
    values = _checked(assay)
    steps = 8 if judged else 3
    views = see([one.smiles for one in assay.molecules])
    scalings = fit_scalings(views)
    kernels = between(views, views, scalings)
    notify(1, steps)
    cliffs = find_cliffs(assay)
    notify(2, steps)
    core, each = fit_core(kernels, views, values, assay.kind, np.random.default_rng([seed, 0]))
    notify(3, steps)
    account, unseen = None, np.zeros(0)
    if judged:
        account, unseen = judge(assay, cliffs, kernels, views, seed=seed, notify=lambda done: notify(3 + done, steps))
    errors = members_error(each, values, assay.kind)
    shares = tuple(map(Share, MEMBERS, core.stack.weights.tolist(), errors))
    return ActivityModel(assay, cliffs, account, shares, core, views, scalings, seed, tuple(unseen.tolist()))


def _checked(assay: Assay) -> Floats:
    values = np.array([one.value for one in assay.molecules], np.float64)
    count = len(values)
    if not FEWEST <= count <= _MOST:
        raise InputError(f"{count} molecules with a value: a model is fitted to {FEWEST} to {_MOST:,}")
    if assay.kind == "classes":
        fewest = int(min(values.sum(), count - values.sum()))
        if fewest < _FEWEST_OF_CLASS:
            raise InputError(f"{fewest} molecules of one class: at least {_FEWEST_OF_CLASS} of each are needed")
    elif float(np.ptp(values)) <= 1e-9 * max(1.0, float(np.abs(values).max())):
        raise InputError("all molecules have the same value: there is nothing to learn")
    return values
