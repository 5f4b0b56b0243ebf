"""Geometry is exact: what a preprocessing did is undone, cell centre by cell centre, as torch itself interpolates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import InputError
from suwen.explain.maps import Geometry, Outside, place

Step = tuple[str, Any]


@st.composite
def geometries(draw: st.DrawFn) -> tuple[tuple[int, ...], list[Step], Geometry]:
    """A stored shape, steps of a preprocessing, and the geometry after them."""
    shape = tuple(draw(st.lists(st.integers(4, 12), min_size=2, max_size=3)))
    found, steps = Geometry.of(shape), []
    for kind in draw(st.lists(st.sampled_from(["crop", "pad", "resize", "flip", "turn"]), max_size=4)):
        size = found.shape
        if kind == "crop":
            low = tuple(draw(st.integers(0, side - 1)) for side in size)
            given = (low, tuple(draw(st.integers(a + 1, side)) for a, side in zip(low, size, strict=True)))
        elif kind == "pad":
            given = tuple(tuple(draw(st.integers(0, 3)) for _ in size) for _ in range(2))
        elif kind == "resize":
            given = (tuple(draw(st.integers(1, 12)) for _ in size),)
        elif kind == "flip":
            given = tuple(draw(st.sets(st.integers(0, len(size) - 1))))
        else:
            given = (tuple(draw(st.permutations(range(len(size))))),)
        found = getattr(found, kind)(*given)
        steps.append((kind, given))
    return shape, steps, found


@given(geometries(), st.integers(0, 2**32 - 1))
def test_points_go_there_and_back(made: tuple[tuple[int, ...], list[Step], Geometry], seed: int) -> None:
    shape, _, geometry = made
    points = np.random.default_rng(seed).uniform(-5, 20, (7, len(shape)))
    assert np.allclose(geometry.to_grid(geometry.to_stored(points)), points, atol=1e-8)
    assert np.allclose(geometry.to_stored(geometry.to_grid(points)), points, atol=1e-8)


@given(geometries())
def test_numpy_agrees_where_nothing_is_resized(made: tuple[tuple[int, ...], list[Step], Geometry]) -> None:
    """Crop, pad, flip and transpose an image of its own coordinates: each cell says where it came from."""
    shape, steps, _ = made
    geometry = Geometry.of(shape)
    image = np.stack(np.meshgrid(*(np.arange(float(side)) for side in shape), indexing="ij"))
    for kind, how in steps:
        if kind == "resize":
            continue
        if kind == "crop":
            low, high = (tuple(min(a, side) for a, side in zip(one, geometry.shape, strict=True)) for one in how)
            if any(a >= b for a, b in zip(low, high, strict=True)):
                continue
            geometry = geometry.crop(low, high)
            image = image[(slice(None), *(slice(a, b) for a, b in zip(low, high, strict=True)))]
        elif kind == "pad":
            geometry = geometry.pad(*how)
            image = np.pad(image, ((0, 0), *zip(*how, strict=True)), constant_values=np.nan)
        elif kind == "flip":
            geometry = geometry.flip(*how)
            image = np.flip(image, tuple(axis + 1 for axis in how)) if how else image
        else:
            geometry = geometry.turn(*how)
            image = image.transpose(0, *(axis + 1 for axis in how[0]))
    assert geometry.shape == image.shape[1:]
    cells = np.stack(np.meshgrid(*(np.arange(side) for side in geometry.shape), indexing="ij"), -1).reshape(
        -1, len(shape)
    )
    came = image.reshape(len(shape), -1).T
    known = ~np.isnan(came).any(1)
    assert np.allclose(geometry.to_stored(cells)[known], came[known])


@given(geometries(), st.integers(0, 2**32 - 1))
def test_a_box_comes_back_whole(made: tuple[tuple[int, ...], list[Step], Geometry], seed: int) -> None:
    """Stored box to cells and back: the result holds the part of the box that the grid covers."""
    shape, _, geometry = made
    rng = np.random.default_rng(seed)
    low = np.array([rng.integers(0, side) for side in shape])
    high = np.array([rng.integers(a + 1, side + 1) for a, side in zip(low, shape, strict=True)])
    there = geometry.box_to_grid(low, high)
    ends = geometry.to_stored(np.array([[-0.5] * len(shape), [side - 0.5 for side in geometry.shape]])) + 0.5
    kept_low, kept_high = np.maximum(low, ends.min(0)), np.minimum(high, ends.max(0))
    if np.any(kept_low >= kept_high - 1e-9):
        return
    assert there is not None
    back = geometry.box_to_stored(*there)
    assert back is not None
    assert np.all(np.array(back[0]) <= kept_low + 1e-6)
    assert np.all(np.array(back[1]) >= kept_high - 1e-6)


@given(st.integers(1, 5), st.integers(1, 6), st.integers(0, 5), st.integers(1, 5))
def test_whole_factors_are_exact(factor: int, side: int, low: int, size: int) -> None:
    geometry = Geometry.of((side * factor,)).resize((side,))
    low, high = min(low, side - 1), min(low + size, side)
    low = min(low, high - 1)
    assert geometry.box_to_stored((low,), (high,)) == ((low * factor,), (high * factor,))
    assert geometry.box_to_grid((low * factor,), (high * factor,)) == ((low,), (high,))


@given(st.lists(st.integers(1, 9), min_size=2, max_size=3), st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_it_interpolates_as_torch_does(small: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    large = [int(rng.integers(1, 20)) for _ in small]
    values = rng.normal(size=small).astype(np.float32)
    mode = "bilinear" if len(small) == 2 else "trilinear"
    peer = torch.nn.functional.interpolate(torch.from_numpy(values)[None, None], large, mode=mode, align_corners=False)
    assert np.allclose(place(values, Geometry.of(large).resize(small)), peer[0, 0].numpy(), atol=1e-5)


def test_interpolation_keeps_the_centre() -> None:
    """A symmetrical map stays symmetrical: no shift by half a voxel."""
    for cells, side in ((4, 13), (5, 28), (7, 28), (3, 20)):
        values = np.hanning(cells + 2)[1:-1].astype(np.float32)
        placed = place(values[:, None] * values, Geometry.of((side, side)).resize((cells, cells)))
        assert np.allclose(placed, placed[::-1, ::-1], atol=1e-6)
        centre = np.average(np.arange(side), weights=placed.sum(1))
        assert abs(centre - (side - 1) / 2) < 1e-4


def test_outside_a_crop_nothing_is_said() -> None:
    geometry = Geometry.of((10, 10)).crop((2, 3), (6, 8))
    placed = place(np.ones((4, 5)), geometry, outside=Outside.ZERO)
    assert placed.sum() == 20
    assert placed[2:6, 3:8].all()
    assert place(np.ones((4, 5)), geometry).all()


def test_a_grid_in_a_grid() -> None:
    """Cells of a layer, over an input that was cropped and enlarged: one geometry from the layer to the store."""
    outer = Geometry.of((20, 30)).crop((4, 6), (14, 26)).resize((20, 40)).turn((1, 0))
    inner = Geometry.of(outer.shape).resize((10, 5)).flip(0)
    both, points = inner.within(outer), np.array([[0.0, 0.0], [3.0, 2.5], [9.0, 4.0]])
    assert np.allclose(both.to_stored(points), outer.to_stored(inner.to_stored(points)))
    with pytest.raises(InputError, match="does not lie in"):
        outer.within(inner)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Geometry.of((0, 4)),
        lambda: Geometry.of(()),
        lambda: Geometry.of((4, 4)).crop((0, 0), (5, 4)),
        lambda: Geometry.of((4, 4)).crop((2, 2), (2, 4)),
        lambda: Geometry.of((4, 4)).pad((-1, 0), (0, 0)),
        lambda: Geometry.of((4, 4)).resize((0, 4)),
        lambda: Geometry.of((4, 4)).resize((4,)),
        lambda: Geometry.of((4, 4)).turn((0, 0)),
        lambda: place(np.ones((3, 4)), Geometry.of((4, 4))),
    ],
)
def test_what_does_not_fit_is_refused(wrong: Any) -> None:
    with pytest.raises(InputError):
        wrong()


def test_a_box_in_padding_lies_nowhere() -> None:
    geometry = Geometry.of((8, 8)).pad((4, 0), (0, 0))
    assert geometry.box_to_stored((0, 0), (4, 8)) is None
    assert geometry.box_to_stored((2, 0), (6, 8)) == ((0, 0), (2, 8))
