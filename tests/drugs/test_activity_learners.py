"""Closed forms say what fitting again would say; kept arrays answer as the libraries that grew them do."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy")
pytest.importorskip("sklearn")
pytest.importorskip("lightgbm")

from suwen.drugs.activity.learners import (
    boost,
    fit_ridge,
    fit_vectors,
    ridge_out_of_fold,
    vectors_out_of_fold,
)
from suwen.drugs.activity.stacking import Stack, folds_of

N = 60


@pytest.fixture(scope="module")
def made() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(N, 4))
    kernel = np.exp(-((rows[:, None] - rows[None]) ** 2).sum(2) / 8)
    return rows, kernel, np.sin(rows[:, 0]) + 0.3 * rows[:, 1] + 0.1 * rng.normal(size=N) + 6


def _by_hand(kernel: np.ndarray, values: np.ndarray, lam: float, rest: np.ndarray, mean: float) -> np.ndarray:
    inner = kernel[np.ix_(rest, rest)] + lam * np.eye(len(rest))
    return kernel[:, rest] @ np.linalg.solve(inner, values[rest] - mean) + mean


def test_folds_of_a_ridge_in_closed_form_are_those_of_fitting_again(
    made: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    _, kernel, values = made
    ridge, inverse = fit_ridge(kernel, values)
    folds = folds_of(N, np.random.default_rng(0))
    said = ridge_out_of_fold(ridge.shares, inverse, values, folds)
    for fold in folds:
        rest = np.setdiff1d(np.arange(N), fold)
        again = _by_hand(kernel, values, ridge.setting, rest, float(values.mean()))
        assert np.allclose(said[fold], again[fold], atol=1e-8)


def test_lambda_has_the_least_leave_one_out_error_of_all_tried(
    made: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    _, kernel, values = made
    ridge, _ = fit_ridge(kernel, values)

    def error(lam: float) -> float:
        left = [_by_hand(kernel, values, lam, np.delete(np.arange(N), at), float(values.mean()))[at] for at in range(N)]
        return float(((np.array(left) - values) ** 2).mean())

    tried = [0.0025 * 2.0**step for step in range(12)]
    assert ridge.setting == min(tried, key=error)


def test_noise_alone_gets_a_large_lambda_and_hardly_a_forecast(made: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    _, kernel, _ = made
    noise = np.random.default_rng(1).normal(size=N)
    ridge, _ = fit_ridge(kernel, noise)
    assert ridge.setting >= 1
    assert ridge.predict(kernel).std() < 0.5 * noise.std()


def test_molecules_that_are_the_same_to_a_kernel_do_not_stop_the_fit() -> None:
    values = np.array([5.0, 6.0] * 20)
    ridge, _ = fit_ridge(np.ones((40, 40)), values)
    assert ridge.predict(np.ones((1, 40)))[0] == pytest.approx(5.5)


def test_support_vectors_answer_as_the_library_and_their_folds_are_left_out(
    made: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    _, kernel, values = made
    spread = values.std()
    library = (
        pytest.importorskip("sklearn.svm")
        .SVR(kernel="precomputed", C=5.0, epsilon=0.1)
        .fit(kernel, (values - values.mean()) / spread)
    )
    ours = fit_vectors(kernel, values, 5.0)
    assert np.allclose(ours.predict(kernel), library.predict(kernel) * spread + values.mean(), atol=1e-9)
    folds = folds_of(N, np.random.default_rng(0))
    cost, said = vectors_out_of_fold(kernel, values, folds)
    rest = np.setdiff1d(np.arange(N), folds[2])
    again = fit_vectors(kernel[np.ix_(rest, rest)], values[rest], cost)
    assert (said[folds[2]] == again.predict(kernel[np.ix_(folds[2], rest)])).all()


def test_trees_are_the_same_by_seed_and_learn(made: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    rows, _, values = made
    one, two = (boost(rows, values, 3).predict(rows) for _ in range(2))
    assert (one == two).all()
    assert (boost(rows, values, 4).predict(rows) != one).any()
    assert np.corrcoef(one, values)[0, 1] > 0.95


def test_a_molecule_gets_the_same_value_alone_as_among_others(
    made: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    _, kernel, values = made
    ridge, _ = fit_ridge(kernel, values)
    whole = ridge.predict(kernel)
    assert all(ridge.predict(kernel[at : at + 1])[0] == whole[at] for at in range(N))


def test_folds_part_all_places_and_a_stack_is_its_formula() -> None:
    folds = folds_of(23, np.random.default_rng(0))
    assert sorted(np.concatenate(folds).tolist()) == list(range(23))
    stack = Stack({}, np.array([0.5, 0.25]), 6.0)
    assert stack.whole(np.array([[8.0, 4.0]]))[0] == pytest.approx(6 + 0.5 * 2 - 0.25 * 2)
