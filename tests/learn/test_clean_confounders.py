"""Confounders: the measures are those of the textbooks, planted ones are found, and chance is not called one."""

from __future__ import annotations

import numpy as np
import pytest
from dirty import holding_of, picture
from scipy.stats.contingency import association
from sklearn.metrics import roc_auc_score

from suwen.learn.clean.checks.confounders import _area, cramers_v
from suwen.learn.clean.cleaning import clean
from suwen.learn.clean.nouns import Severity, Sign


def test_association_is_one_nought_or_near_the_uncorrected() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 4000)
    assert cramers_v(labels, labels) == pytest.approx(1.0, abs=0.001)
    assert cramers_v(labels, rng.integers(0, 3, 4000)) < 0.03
    codes = np.where(rng.random(4000) < 0.4, labels, rng.integers(0, 2, 4000))
    table = np.array([[((labels == i) & (codes == j)).sum() for j in (0, 1)] for i in (0, 1)])
    assert cramers_v(labels, codes) == pytest.approx(association(table, method="cramer"), abs=0.005)


def test_the_area_is_that_of_the_shares() -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, 500)
    labels = (rng.random(500) < np.array([0.1, 0.4, 0.5, 0.9])[codes]).astype(int)
    shares = np.array([labels[codes == one].mean() for one in range(4)])[codes]
    assert _area(labels, codes) == pytest.approx(roc_auc_score(labels, shares))


def test_a_planted_view_is_found_and_an_idle_site_is_not() -> None:
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 2, 200)
    view = np.where(rng.random(200) < 0.8, labels, 1 - labels)
    holding = holding_of(
        [picture(rng) for _ in labels],
        labels=[str(one) for one in labels],
        view=["PA" if one else "AP" for one in view],
        site=[str(one) for one in rng.integers(0, 3, 200)],
        code=[f"x{one}" for one in labels],
    )
    cleaning = clean(holding)
    (found,) = cleaning.of(Sign.CONFOUNDER)
    assert found.facts["attribute"] == "view"
    assert found.severity is Severity.GRAVE
    assert 0.7 < float(found.facts["area"]) < 0.9
    (away,) = cleaning.of(Sign.GIVES_AWAY)
    assert away.facts["attribute"] == "code"


def test_ten_pictures_of_a_patient_are_one_observation() -> None:
    rng = np.random.default_rng(3)
    # Ten patients of forty pictures: by pictures every site would look confounded, by patients nothing can be said.
    labels = np.repeat([0, 0, 0, 0, 0, 1, 1, 1, 1, 1], 20)
    sites = np.repeat([0, 1, 0, 1, 0, 1, 0, 1, 1, 1], 20)
    holding = holding_of(
        [picture(rng) for _ in labels],
        labels=[str(one) for one in labels],
        site=[str(one) for one in sites],
        group=[str(at // 20) for at in range(200)],
    )
    assert clean(holding).of(Sign.CONFOUNDER) == ()
