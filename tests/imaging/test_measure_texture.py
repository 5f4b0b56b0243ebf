"""Texture matrices equal what plain loops count, and their merging obeys its laws."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from suwen.imaging.measure import Bins, Settings, radiomics
from suwen.imaging.measure.discretise import levels_of
from suwen.imaging.measure.intensity import statistics
from suwen.imaging.measure.tally import SOLID, count, over_slices
from suwen.imaging.measure.texture import cooccurrence, dependence, distances, runs, tone_difference, zones
from suwen.subject.grid import Grid, Scale

Levels = NDArray[np.int64]


def _levels(seed: int) -> Levels:
    rng = np.random.default_rng(seed)
    inside = rng.integers(1, 5, (4, 5, 6)) * (rng.random((4, 5, 6)) < 0.8)
    inside[2, 2, 2] = 4
    return np.pad(inside, 1).astype(np.int64)


def _within(levels: Levels, place: tuple[int, ...]) -> int:
    return int(levels[place])


@given(st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_cooccurrence_equals_a_loop(seed: int) -> None:
    levels = _levels(seed)
    pairs = Counter[tuple[int, int]]()
    for place in map(tuple, np.argwhere(levels).tolist()):
        for step in SOLID:
            other = _within(levels, tuple(a + b for a, b in zip(place, step, strict=True)))
            if other:
                pairs[_within(levels, place), other] += 1
                pairs[other, _within(levels, place)] += 1
    total = sum(pairs.values())
    found = cooccurrence(levels, solid=True)["3D_comb"]
    assert found[0] == pytest.approx(max(pairs.values()) / total)
    assert found[11] == pytest.approx(sum(n * (i - j) ** 2 for (i, j), n in pairs.items()) / total)
    assert found[3] == pytest.approx(-sum(n / total * np.log2(n / total) for n in pairs.values()))
    mean = sum(n * i for (i, _), n in pairs.items()) / total
    assert found[21] == pytest.approx(sum(n * (i + j - 2 * mean) ** 3 for (i, j), n in pairs.items()) / total)


@given(st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_runs_equal_a_walk(seed: int) -> None:
    levels = _levels(seed)
    lengths = Counter[tuple[int, int]]()
    for step in SOLID:
        for place in map(tuple, np.argwhere(levels).tolist()):
            own = _within(levels, place)
            if _within(levels, tuple(a - b for a, b in zip(place, step, strict=True))) == own:
                continue
            length, at = 1, tuple(a + b for a, b in zip(place, step, strict=True))
            while _within(levels, at) == own:
                length, at = length + 1, tuple(a + b for a, b in zip(at, step, strict=True))
            lengths[own, length] += 1
    total = sum(lengths.values())
    found = runs(levels, solid=True)["3D_comb"]
    assert found[0] == pytest.approx(sum(n / size**2 for (_, size), n in lengths.items()) / total)
    assert found[7] == pytest.approx(sum(n * (size * i) ** 2 for (i, size), n in lengths.items()) / total)
    assert found[12] == pytest.approx(total / (13 * np.count_nonzero(levels)))


@given(st.integers(0, 10**6), st.booleans())
@settings(max_examples=10, deadline=None)
def test_zones_and_their_depth_equal_a_flood(seed: int, solid: bool) -> None:
    levels = _levels(seed)
    depth = distances(levels > 0, solid=solid)
    seen: set[tuple[int, ...]] = set()
    sizes, depths = Counter[tuple[int, int]](), Counter[tuple[int, int]]()
    reach = [step for step in product((-1, 0, 1) if solid else (0,), (-1, 0, 1), (-1, 0, 1)) if any(step)]
    for start in map(tuple, np.argwhere(levels).tolist()):
        if start in seen:
            continue
        zone, todo = [], [start]
        seen.add(start)
        while todo:
            place = todo.pop()
            zone.append(place)
            for step in reach:
                near = tuple(a + b for a, b in zip(place, step, strict=True))
                if near not in seen and _within(levels, near) == _within(levels, start):
                    seen.add(near)
                    todo.append(near)
        sizes[_within(levels, start), len(zone)] += 1
        depths[_within(levels, start), min(int(depth[one]) for one in zone)] += 1
    way = "3D" if solid else "2_5D"
    by_size, by_depth = (found[way] for found in zones(levels, depth, solid=solid))
    for found, counted in ((by_size, sizes), (by_depth, depths)):
        total = sum(counted.values())
        assert found[1] == pytest.approx(sum(n * size**2 for (_, size), n in counted.items()) / total)
        assert found[5] == pytest.approx(sum(n * i**2 / size**2 for (i, size), n in counted.items()) / total)
        assert found[12] == pytest.approx(total / np.count_nonzero(levels))


@given(st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_dependence_and_tones_equal_a_loop(seed: int) -> None:
    levels = _levels(seed)
    alike, tones = Counter[tuple[int, int]](), Counter[int]()
    for place in map(tuple, np.argwhere(levels).tolist()):
        near = [_within(levels, tuple(np.add(place, step))) for step in product((-1, 0, 1), repeat=3) if any(step)]
        own = _within(levels, place)
        alike[own, near.count(own) + 1] += 1
        known = [one for one in near if one]
        if known:
            tones[own] += abs(own - sum(known) / len(known))
    total = sum(alike.values())
    found = dependence(levels, solid=True)["3D"]
    assert found[1] == pytest.approx(sum(n * size**2 for (_, size), n in alike.items()) / total)
    assert found[16] == pytest.approx(sum((n / total) ** 2 for n in alike.values()))
    share = {i: np.count_nonzero(levels == i) / total for i in tones}  # every sample here has a neighbour
    assert tone_difference(levels, solid=True)["3D"][0] == pytest.approx(1 / sum(share[i] * tones[i] for i in tones))


def test_the_distance_to_the_border_counts_steps_along_the_axes_from_one() -> None:
    mask = np.zeros((7, 7, 7), dtype=np.bool_)
    mask[1:6, 1:6, 1:6] = True
    assert distances(mask, solid=True)[3, 3].tolist() == [0, 1, 2, 3, 2, 1, 0]
    assert distances(mask, solid=False)[1, 3].tolist() == [0, 1, 2, 3, 2, 1, 0]
    assert distances(mask, solid=True)[1, 3].tolist() == [0, 1, 1, 1, 1, 1, 0]


def test_grey_levels_start_at_one_and_the_greatest_intensity_is_in_the_last_bin() -> None:
    inside = np.array([-10.0, 0.0, 14.9, 15.0, 40.0])
    assert levels_of(inside, Bins(width=25), None).tolist() == [1, 1, 1, 2, 3]
    assert levels_of(inside, Bins(width=25), -100.0).tolist() == [4, 5, 5, 5, 6]
    assert levels_of(inside, Bins(count=5), None).tolist() == [1, 2, 3, 3, 5]
    assert levels_of(np.full(3, 7.0), Bins(count=32), None).tolist() == [1, 1, 1]


def test_counting_by_table_and_by_sorting_agree() -> None:
    rng = np.random.default_rng(2)
    group, row, column = (rng.integers(0, most, 500).astype(np.int64) for most in (3, 5, 7))
    table = count(group, row, column)
    sorted_ = count(group, row, column * 10**8)  # keys beyond the table
    assert table.number.tolist() == sorted_.number.tolist()
    assert (table.column * 10**8).tolist() == sorted_.column.tolist()


def test_an_average_over_slices_leaves_out_slices_with_nothing_to_count() -> None:
    tally = count(np.array([0, 0, 2]), np.array([1, 1, 2]), np.array([1, 1, 4]))
    found = over_slices(
        [tally],
        np.array([5, 1, 5]),
        lambda _row, column, number, voxels: np.array([(column * number).sum() / voxels if len(column) else np.nan]),
        directed=False,
        solid=False,
    )
    assert found["2D"][0] == pytest.approx((2 / 5 + 4 / 5) / 2)
    assert found["2_5D"][0] == pytest.approx(6 / 11)


def test_statistics_equal_their_formulas() -> None:
    inside = np.random.default_rng(3).gamma(2.0, size=500)
    found = statistics(inside)
    about = inside - inside.mean()
    assert found["skew"] == pytest.approx((about**3).mean() / inside.std() ** 3)
    assert found["kurt"] == pytest.approx((about**4).mean() / inside.std() ** 4 - 3)
    assert found["rms"] == pytest.approx((inside**2).mean() ** 0.5)
    low, high = np.percentile(inside, (10, 90))
    middle = inside[(inside >= low) & (inside <= high)]
    assert found["rmad"] == pytest.approx(np.abs(middle - middle.mean()).mean())


def test_interpolation_lays_the_new_grid_on_the_centre_of_the_old_and_keeps_a_plane_a_plane() -> None:
    z, y, x = np.indices((20, 21, 22)).astype(np.float64)
    values = 3 * z + 2 * y - x
    mask = np.zeros(values.shape, dtype=np.bool_)
    mask[6:14, 6:15, 6:16] = True  # its centre is the centre of the image
    grid = Grid(values.shape, (2.0, 1.0, 1.5), Scale.PATIENT)
    plain = radiomics(mask, grid, values, settings=Settings(bins=Bins(count=8)))
    for cubic in (False, True):
        chosen = Settings(bins=Bins(count=8), spacing=(1.0, 0.5, 0.75), cubic=cubic)
        found = radiomics(mask, grid, values, settings=chosen)
        assert found["stat_mean"].value == pytest.approx(plain["stat_mean"].value, abs=1e-6)
        assert found["morph_vol_approx"].value == pytest.approx(plain["morph_vol_approx"].value, rel=0.12)


def test_a_spacing_as_it_is_changes_nothing() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(9, 10, 11))
    mask = rng.random(values.shape) < 0.5
    grid = Grid(values.shape, (2.0, 1.0, 1.5), Scale.PATIENT)
    plain = radiomics(mask, grid, values, settings=Settings(bins=Bins(count=8)))
    kept = radiomics(mask, grid, values, settings=Settings(bins=Bins(count=8), spacing=(2.0, None, 1.5)))
    assert {name: one.value for name, one in kept.items()} == pytest.approx(
        {name: one.value for name, one in plain.items()}, rel=1e-6, abs=1e-9
    )
