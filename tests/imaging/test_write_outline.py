"""Outlines of any mask enclose exactly its pixels, run along the sides of pixels, and part what touches at a corner."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from write_cases import enclosed

from suwen.errors import InputError
from suwen.formats.images.writing.nouns import Outline
from suwen.formats.images.writing.outline import outlines, simplify

masks = array_shapes(min_dims=2, max_dims=2, max_side=12).flatmap(lambda shape: arrays(bool, shape))


def filled(found: tuple[Outline, ...], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    inside = np.zeros(shape, bool)
    for one in found:
        inside ^= enclosed(np.array([(column + 0.5, row + 0.5) for row, column in one.points]), shape)
    return inside


@settings(max_examples=200, deadline=None)
@given(masks)
def test_what_is_enclosed_is_the_mask(mask: NDArray[np.bool_]) -> None:
    np.testing.assert_array_equal(filled(outlines(mask), mask.shape), mask)


@settings(max_examples=100, deadline=None)
@given(masks)
def test_outlines_are_closed_and_turn_at_every_corner(mask: NDArray[np.bool_]) -> None:
    for one in outlines(mask):
        assert one.closed
        steps = np.diff(np.array(one.points), axis=0)
        assert ((steps == 0).sum(axis=1) == 1).all()  # along a row or a column
        assert ((steps[1:] == 0) != (steps[:-1] == 0)).all()  # and turning each time
        assert (np.array(one.points) % 1 == 0.5).all()  # on the sides of pixels


def test_a_pixel_a_hole_and_parts_that_touch_at_a_corner() -> None:
    one = np.zeros((4, 5), bool)
    one[1, 2] = True
    assert set(outlines(one)[0].points) == {(0.5, 1.5), (0.5, 2.5), (1.5, 2.5), (1.5, 1.5)}
    ring = np.ones((3, 3), bool)
    ring[1, 1] = False
    assert len(outlines(ring)) == 2
    assert len(outlines(np.eye(3, dtype=bool))) == 3
    assert outlines(np.zeros((3, 3), bool)) == ()


def test_the_longest_comes_first_and_the_slice_is_said() -> None:
    mask = np.zeros((20, 20), bool)
    mask[0, 0] = True
    mask[5:15, 5:15] = np.tri(10, dtype=bool)
    found = outlines(mask, slice_number=4)
    assert [len(one.points) > 5 for one in found] == [True, False]
    assert {one.slice for one in found} == {4}


@given(st.integers(0, 5))
def test_too_many_points_are_thinned_and_stay_near(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = np.zeros((60, 60), bool)
    mask[10:50, 10:50] = True
    mask[10, 10:50] = rng.random(40) > 0.5
    whole = outlines(mask, most=10_000)[0]
    thin = outlines(mask, most=30)[0]
    assert len(thin.points) <= 30 < len(whole.points)
    assert thin.closed
    wrong = filled((thin,), mask.shape) ^ filled((whole,), mask.shape)
    assert wrong.sum() <= 60


def test_simplify_keeps_the_ends_and_what_stands_out() -> None:
    line = np.array([(0.0, 0.0), (0.1, 1.0), (0.0, 2.0), (3.0, 3.0), (0.0, 4.0)])
    np.testing.assert_array_equal(simplify(line, 0.5), line[[0, 2, 3, 4]])
    with pytest.raises(InputError, match="one slice"):
        outlines(np.zeros((2, 3, 4), bool))
