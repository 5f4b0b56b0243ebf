"""Peaks and autocorrelation equal sums over all pairs, sheared grids included; and no mask of any shape breaks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from suwen.imaging.measure import Bins, Settings, measure, perturbed, radiomics
from suwen.imaging.measure.discretise import prepare
from suwen.imaging.measure.spatial import RADIUS, autocorrelation, peaks
from suwen.subject.grid import Grid, Scale

VECTORS = {
    "box": np.diag([3.0, 1.5, 2.0]),
    "sheared": np.array([[0.2, 1.0, 3.0], [0.0, 2.0, 0.3], [1.5, 0.0, 0.0]]),
}


@pytest.mark.parametrize("vectors", VECTORS.values(), ids=VECTORS)
def test_peaks_and_autocorrelation_equal_sums_over_all_pairs(vectors: NDArray[np.float64]) -> None:
    rng = np.random.default_rng(8)
    values = rng.normal(size=(7, 9, 8)) * 100
    mask = rng.random(values.shape) < 0.3
    ready = prepare(values, mask, vectors, Settings())
    every = np.indices(values.shape).reshape(3, -1).T @ vectors
    inside = np.argwhere(mask) @ vectors
    near = np.linalg.norm(inside[:, None] - every[None], axis=2) <= RADIUS
    means = np.array([values.ravel()[row].mean() for row in near])
    found = peaks(ready)
    assert found["peak_glob"] == pytest.approx(means.max())
    assert found["peak_loc"] == pytest.approx(means[values[mask].argmax()])
    far = np.linalg.norm(inside[:, None] - inside[None], axis=2)
    np.fill_diagonal(far, np.inf)
    weight, about, count = 1 / far, values[mask] - values[mask].mean(), len(inside)
    moran = count / weight.sum() * (about @ weight @ about) / (about @ about)
    apart = (weight * (about[:, None] - about[None]) ** 2).sum()
    assert autocorrelation(ready) == pytest.approx(
        {"moran_i": moran, "geary_c": (count - 1) / (2 * weight.sum()) * apart / (about @ about)}
    )


def test_a_peak_counts_what_lies_beside_the_region_and_nothing_beyond_the_image() -> None:
    values = np.zeros((9, 9, 9))
    mask = np.zeros(values.shape, dtype=np.bool_)
    mask[0, 0, 0] = True
    values[0, 0, 0], values[1, 0, 0] = 10.0, 50.0
    grid = Grid(values.shape, (5.0, 5.0, 5.0), Scale.PATIENT)
    # Of the ball of 6.2 mm in a corner: the sample and its three neighbours in the image.
    assert radiomics(mask, grid, values)["loc_peak_loc"].value == pytest.approx(60 / 4)


MASKS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=7))


@given(MASKS, st.integers(0, 10**6))
@settings(max_examples=100, deadline=None)
def test_every_mask_that_is_not_empty_is_measured(mask: NDArray[np.bool_], seed: int) -> None:
    if not mask.any():
        return
    rng = np.random.default_rng(seed)
    grid = Grid(mask.shape, tuple(rng.uniform(0.3, 5.0, mask.ndim).tolist()), Scale.PATIENT)
    values = rng.integers(-50, 50, mask.shape).astype(np.float64)
    found = measure(mask, grid, values=values)
    assert all(math.isfinite(one) for one in found.numbers().values())
    assert len(found.numbers()) > 20
    assert found.across.length <= found.longest.length * (1 + 1e-9)
    assert found.longest.length <= found.widest.length * (1 + 1e-9)
    assert 0 < found.solidity <= 1 + 1e-9
    assert found.samples == mask.sum()
    features = radiomics(mask, grid, values, settings=Settings(bins=Bins(count=4), flat=True))
    assert features["ih_uniformity"].value <= 1 + 1e-12


@given(MASKS, st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_every_mask_that_is_not_empty_can_be_disturbed(mask: NDArray[np.bool_], seed: int) -> None:
    if not mask.any():
        return
    rng = np.random.default_rng(seed)
    found = perturbed(mask, Grid(mask.shape), rng=rng, values=rng.normal(size=mask.shape), repeats=2)
    assert found["longest"].repeats == 2
