"""One fit: stack, then intervals or chances, then the domain; the same act for the model and for judging it."""

from __future__ import annotations

import numpy as np

from suwen.drugs.activity.kernels import Floats
from suwen.drugs.activity.model import Core
from suwen.drugs.activity.nouns import Kind
from suwen.drugs.activity.stacking import fit_stack
from suwen.drugs.activity.sureness import fit_band, fit_chances, fit_domain, tanimoto
from suwen.drugs.activity.views import Kernels, Views
from suwen.learn.measure.ranking import auc

__all__ = ["fit_core", "members_error"]


def fit_core(
    kernels: Kernels, views: Views, values: Floats, kind: Kind, rng: np.random.Generator
) -> tuple[Core, Floats]:
    """The core of a model of `values` (n,), and what each member said (n, members) of each molecule out of fold.

    `kernels` (n, n) and `views` are of the same molecules. Raises MissingExtraError.
    """
    stack, each, whole = fit_stack(kernels, views.trees(), values, rng)
    alike = tanimoto(views.rows["ecfp4"], views.rows["ecfp4"])
    np.fill_diagonal(alike, -1.0)
    nearest = alike.max(axis=1)
    domain = fit_domain(nearest)
    if kind == "classes":
        return Core(stack, None, fit_chances(values, whole), domain), each
    band = fit_band(whole - values, each.std(axis=1), nearest)
    return Core(stack, band, None, domain), each


def members_error(each: Floats, values: Floats, kind: Kind) -> list[float]:
    """Error of each member: root mean square, of classes 1 - AUROC."""
    if kind == "classes":
        truth = values.astype(np.int64)
        return [1 - auc(truth, said) for said in each.T]
    return [float(np.sqrt(((said - values) ** 2).mean())) for said in each.T]
