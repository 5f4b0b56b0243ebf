"""Measures follow the region and not the array: turned, mirrored, scaled and sheared grids give what geometry says."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from suwen.imaging.measure import Bins, Settings, measure, radiomics
from suwen.subject.grid import Grid, Scale

Volume = NDArray[np.bool_]


def _blob(seed: int, shape: tuple[int, ...] = (14, 16, 18)) -> tuple[Volume, NDArray[np.float64]]:
    """A ragged region and intensities."""
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=shape), 2.0)
    mask = field > np.quantile(field, 0.85)
    return mask, np.round(ndimage.gaussian_filter(rng.normal(size=shape), 1.0) * 200)


def _placed(
    shape: tuple[int, ...], columns: NDArray[np.float64], origin: tuple[float, ...] = (5.0, -7.0, 11.0)
) -> Grid:
    """A grid whose array axes run along `columns` (one column an axis)."""
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = columns, origin
    spacing = tuple(float(one) for one in np.linalg.norm(columns, axis=0))
    return Grid(shape, spacing, Scale.PATIENT, tuple(tuple(float(x) for x in row) for row in affine))


def _turned(
    mask: Volume, columns: NDArray[np.float64], order: tuple[int, ...], flips: tuple[int, ...]
) -> tuple[Volume, Grid, tuple[slice, ...]]:
    """The same region of the same patient in an array whose axes are permuted and turned round."""
    back = tuple(slice(None, None, -1 if one else 1) for one in flips)
    origin = np.array([5.0, -7.0, 11.0])
    for axis, one in enumerate(flips):
        if one:
            origin = origin + columns[:, order[axis]] * (mask.shape[order[axis]] - 1)
    signs = np.array([-1.0 if one else 1.0 for one in flips])
    turned = mask.transpose(order)[back]
    return turned, _placed(turned.shape, columns[:, order] * signs, tuple(origin)), back


SHEARED = np.array([[0.1, 0.0, 0.8], [0.6, 0.9, 0.0], [2.5, 0.0, 0.1]])


@pytest.mark.parametrize(
    "columns", [np.diag([1.0, 1.0, 1.0]), np.diag([2.5, 0.7, 0.9]), SHEARED], ids=["cube", "box", "sheared"]
)
@pytest.mark.parametrize("seed", [1, 2])
def test_turning_the_array_with_its_affine_changes_nothing(columns: NDArray[np.float64], seed: int) -> None:
    mask, _ = _blob(seed)
    plain = measure(mask, _placed(mask.shape, columns))
    for order, flips in product(permutations(range(3)), product((0, 1), repeat=3)):
        turned, grid, _ = _turned(mask, columns, order, flips)
        found = measure(turned, grid)
        for name in ("volume", "surface", "mesh_volume", "sphericity", "solidity", "elongation", "flatness"):
            assert getattr(found, name) == pytest.approx(getattr(plain, name), rel=1e-9), (name, order, flips)
        # Where a piece of the mesh may be laid in two ways of equal area in a cube, a spacing by axis tells them apart.
        assert found.mesh_surface == pytest.approx(plain.mesh_surface, rel=2e-3)
        assert found.widest.length == pytest.approx(plain.widest.length, rel=1e-12)
        assert found.centre_lps == pytest.approx(plain.centre_lps, abs=1e-9)
        assert found.axis_lengths == pytest.approx(plain.axis_lengths, rel=1e-9)
        if order[0] == 0:  # the slices are still the slices
            assert found.longest.length == pytest.approx(plain.longest.length, rel=1e-12)
            assert found.area == pytest.approx(plain.area, rel=1e-12)
            assert found.perimeter == pytest.approx(plain.perimeter, rel=1e-9)
            assert found.across.length == pytest.approx(plain.across.length, rel=1e-6)


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_radiomics_do_not_depend_on_the_turn_of_the_array(seed: int) -> None:
    mask, values = _blob(seed, (8, 9, 10))
    columns = np.diag([1.5, 1.5, 1.5])
    chosen = Settings(bins=Bins(count=8), flat=False)
    plain = radiomics(mask, _placed(mask.shape, columns), values, settings=chosen)
    order, flips = (2, 0, 1), (1, 0, 1)
    turned, grid, back = _turned(mask, columns, order, flips)
    found = radiomics(turned, grid, values.transpose(order)[back], settings=chosen)
    for name, one in plain.items():
        assert found[name].value == pytest.approx(one.value, rel=1e-6, abs=1e-6, nan_ok=True), name


@given(st.integers(0, 10_000), st.floats(0.1, 20.0))
@settings(max_examples=20, deadline=None)
def test_scaling_the_spacing_scales_lengths_areas_and_volumes(seed: int, by: float) -> None:
    mask, _ = _blob(seed, (9, 10, 11))
    plain = measure(mask, _placed(mask.shape, SHEARED)).numbers()
    found = measure(mask, _placed(mask.shape, SHEARED * by)).numbers()
    powers = dict.fromkeys(("longest", "across", "widest", "mean_diameter", "perimeter"), 1)
    powers |= dict.fromkeys(("area", "surface", "mesh_surface"), 2) | dict.fromkeys(("volume", "mesh_volume"), 3)
    for name, value in plain.items():
        assert found[name] == pytest.approx(value * by ** powers.get(name, 0), rel=1e-6), name


def test_a_sheared_grid_counts_its_true_volume() -> None:
    mask, _ = _blob(3)
    found = measure(mask, _placed(mask.shape, SHEARED))
    cell = abs(np.linalg.det(SHEARED))
    assert found.volume == pytest.approx(mask.sum() * cell)
    assert cell < 0.99 * np.prod(np.linalg.norm(SHEARED, axis=0))  # or shear would not matter


def test_a_ball_in_a_sheared_grid_is_measured_as_a_ball() -> None:
    radius, columns = 12.0, np.array([[0.0, 0.0, 0.8], [0.5, 0.8, 0.0], [1.2, 0.0, 0.0]])
    shape = (30, 60, 40)
    index = np.indices(shape).reshape(3, -1)
    places = columns @ (index - np.array([[15], [30], [20]]))
    mask = (np.linalg.norm(places, axis=0) <= radius).reshape(shape)
    found = measure(mask, _placed(shape, columns))
    assert found.volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.01)
    assert found.surface == pytest.approx(4 * np.pi * radius**2, rel=0.03)
    assert found.longest.length == pytest.approx(2 * radius, rel=0.05)
    assert found.across.length == pytest.approx(2 * radius, rel=0.05)
    assert found.widest.length == pytest.approx(2 * radius, rel=0.06)
    assert found.elongation == pytest.approx(1, abs=0.01)


def test_ends_of_diameters_lie_as_far_apart_as_their_length_and_at_a_right_angle() -> None:
    mask, _ = _blob(5)
    grid = _placed(mask.shape, SHEARED)
    found = measure(mask, grid)
    ways = []
    for line in (found.longest, found.across, found.widest):
        assert line.ends_lps is not None
        assert line.ends_lps[0] == pytest.approx(grid.point(line.ends[0]))
        way = np.subtract(*line.ends_lps)
        assert np.linalg.norm(way) == pytest.approx(line.length)
        ways.append(way)
    assert ways[0] @ ways[1] == pytest.approx(0, abs=1e-6)
    assert {end[0] for end in (*found.longest.ends, *found.across.ends)} == {found.slice}
    assert found.across.length <= found.longest.length <= found.widest.length


def test_a_slice_measured_alone_is_the_slice_of_a_volume() -> None:
    mask, _ = _blob(6)
    grid = Grid(mask.shape, (3.0, 0.7, 0.9), Scale.PATIENT)
    whole = measure(mask, grid)
    assert whole.slice is not None
    alone = measure(mask[whole.slice], Grid(mask.shape[1:], (0.7, 0.9), Scale.PATIENT))
    assert (alone.longest.length, alone.across.length) == pytest.approx((whole.longest.length, whole.across.length))
    assert (alone.area, alone.perimeter) == pytest.approx((whole.area, whole.perimeter))
    every = [measure(one, Grid(one.shape, (0.7, 0.9), Scale.PATIENT)).longest.length for one in mask if one.any()]
    assert whole.longest.length == pytest.approx(max(every))
