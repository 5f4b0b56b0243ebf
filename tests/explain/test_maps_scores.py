"""Scores of a map do what their papers say, at their extremes and under change of what must not matter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from bright_blob import flat_net, held_out
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from suwen.errors import InputError
from suwen.explain.maps import (
    Baseline,
    Score,
    best_overlap,
    deletion,
    energy_inside,
    insertion,
    overlap,
    pointing,
)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


class Sum(nn.Module):
    """The logit of class 1 is the sum of the image."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        total = x.flatten(1).sum(1)
        return torch.stack([torch.zeros_like(total), total], 1)


def test_curves_of_a_sum_are_what_adding_gives() -> None:
    """Insertion of voxels worth 3, 2, 1, 0 into nothing: 0, 3, 5, 6, 6; deletion is its mirror image."""
    image = np.array([[[3.0, 1.0], [0.0, 2.0]]], np.float32)
    settings: dict[str, Any] = {"rng": rng(), "baseline": Baseline.ZERO, "steps": 4, "score": Score.LOGIT}
    inserted = insertion(Sum(), image, 1, image[0], **settings)
    assert inserted.shares == (0.0, 0.25, 0.5, 0.75, 1.0)
    assert inserted.scores == (0.0, 3.0, 5.0, 6.0, 6.0)
    assert inserted.area == pytest.approx((1.5 + 4 + 5.5 + 6) / 4)
    assert deletion(Sum(), image, 1, image[0], **settings).scores == (6.0, 3.0, 1.0, 0.0, 0.0)


def test_the_best_order_of_a_sum_is_by_value() -> None:
    image = np.random.default_rng(1).normal(size=(1, 6, 7)).astype(np.float32)
    settings: dict[str, Any] = {"rng": rng(), "baseline": Baseline.ZERO, "steps": 42, "score": Score.LOGIT}
    best_in, best_out = (f(Sum(), image, 1, image[0], **settings).area for f in (insertion, deletion))
    for seed in range(5):
        other = np.random.default_rng(seed).random((6, 7))
        assert insertion(Sum(), image, 1, other, **settings).area < best_in
        assert deletion(Sum(), image, 1, other, **settings).area > best_out


def test_curves_end_at_the_example_and_do_not_know_the_batch() -> None:
    images, masks = held_out(1)
    for curve, at in ((insertion, -1), (deletion, 0)):
        found = [curve(flat_net(), images[0], 1, masks[0], rng=rng(), batch=b) for b in (1, 5, 64)]
        with torch.no_grad():
            whole = float(torch.softmax(flat_net()(torch.from_numpy(images)), 1)[0, 1])
        assert found[0].scores[at] == pytest.approx(whole, abs=1e-5)
        assert all(np.allclose(one.scores, found[0].scores, atol=1e-5) for one in found)


def test_a_monotone_change_of_the_map_changes_no_curve() -> None:
    images, _ = held_out(1)
    values = np.random.default_rng(2).normal(size=(24, 20))
    one, other = (insertion(flat_net(), images[0], 1, v, rng=rng()) for v in (values, np.exp(3 * values)))
    assert one == other


def test_equals_are_not_taken_row_by_row() -> None:
    """A constant map inserts at random, not from the top: its half is spread over the image."""
    image = np.concatenate([np.ones((1, 10, 10)), np.zeros((1, 10, 10))], 1).astype(np.float32)
    curve = insertion(
        Sum(), image, 1, np.zeros((20, 10)), rng=rng(), baseline=Baseline.ZERO, steps=2, score=Score.LOGIT
    )
    assert 30 < curve.scores[1] < 70


def test_pointing_and_its_tolerance() -> None:
    values, mask = np.zeros((9, 9)), np.zeros((9, 9), bool)
    values[4, 6], mask[4, 2:5] = 1, True
    assert pointing(values, mask) == 0
    assert pointing(values, mask, tolerance=1.9) == 0
    assert pointing(values, mask, tolerance=2) == 1
    assert pointing(np.ones((9, 9)), mask) == pytest.approx(3 / 81)


def test_overlap_and_energy_of_known_maps() -> None:
    mask = np.zeros((4, 4), bool)
    mask[:2] = True
    values = np.where(mask, 1.0, 0.4)
    assert overlap(values, mask) == 1
    assert overlap(values, mask, threshold=0.3) == 0.5
    assert overlap(-values, mask) == 0
    assert best_overlap(values, mask) == 1
    assert best_overlap(np.zeros((4, 4)), mask) == 0.5
    assert energy_inside(values, mask) == pytest.approx(8 / 11.2)
    assert energy_inside(-values, mask) == 0


@given(st.integers(0, 2**32 - 1))
def test_no_threshold_beats_the_best(seed: int) -> None:
    drawn = np.random.default_rng(seed)
    values, mask = drawn.integers(0, 6, (5, 6)).astype(float), drawn.random((5, 6)) < 0.4
    mask[0, 0] = values[0, 0] = True
    best = best_overlap(values, mask)
    tried = [np.sum((values >= t) & mask) / np.sum((values >= t) | mask) for t in np.unique(values)]
    assert best == pytest.approx(max(tried))
    assert 0 <= energy_inside(values, mask) <= 1


@pytest.mark.parametrize("score", [pointing, overlap, best_overlap, energy_inside])
def test_masks_that_do_not_fit_are_refused(score: Any) -> None:
    with pytest.raises(InputError, match="shape"):
        score(np.ones((3, 4)), np.ones((4, 3)))
    with pytest.raises(InputError, match="empty"):
        score(np.ones((3, 4)), np.zeros((3, 4)))


def test_a_map_that_does_not_fit_is_refused() -> None:
    images, _ = held_out(1)
    with pytest.raises(InputError, match="does not fit"):
        insertion(flat_net(), images[0], 1, np.ones((3, 4)), rng=rng())
    with pytest.raises(InputError, match="baseline"):
        insertion(flat_net(), images[0], 1, np.ones((24, 20)), rng=rng(), baseline=np.ones((1, 2, 3)))
