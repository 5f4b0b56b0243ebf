"""Regions at the edge of sense get one clear error or a defined answer: empty, one sample, no scale, not a number."""

from __future__ import annotations

import math

import numpy as np
import pytest

from suwen.errors import InputError
from suwen.imaging.measure import Bins, Settings, measure, perturbed, radiomics
from suwen.subject.grid import Grid, Scale

SHAPE = (5, 6, 7)
GRID = Grid(SHAPE, (2.0, 1.0, 0.5), Scale.PATIENT)


def _one() -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    mask = np.zeros(SHAPE, dtype=np.bool_)
    mask[2, 3, 4] = True
    return mask


def test_an_empty_mask_is_refused() -> None:
    with pytest.raises(InputError, match="empty"):
        measure(np.zeros(SHAPE, dtype=np.bool_), GRID)
    with pytest.raises(InputError, match="empty"):
        radiomics(np.zeros(SHAPE, dtype=np.bool_), GRID, np.zeros(SHAPE))


def test_a_mask_of_another_shape_or_of_labels_is_refused() -> None:
    with pytest.raises(InputError, match="shape"):
        measure(_one()[1:], GRID)
    with pytest.raises(InputError, match="label"):
        measure(_one() * 2, GRID)
    with pytest.raises(InputError, match="shape"):
        measure(_one(), GRID, values=np.zeros((5, 6)))


def test_zeros_and_ones_are_a_mask() -> None:
    assert measure(_one().astype(np.uint8), GRID).samples == 1


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_intensities_that_are_no_numbers_are_refused_in_the_region_only(bad: float) -> None:
    values = np.zeros(SHAPE)
    values[2, 3, 4] = bad
    with pytest.raises(InputError, match="finite"):
        measure(_one(), GRID, values=values)
    with pytest.raises(InputError, match="finite"):
        radiomics(_one(), GRID, values)
    values[2, 3, 4], values[0, 0, 0] = 7.0, math.nan
    found = measure(_one(), GRID, values=values)
    assert found.intensity is not None
    assert found.intensity["mean"] == 7


def test_one_sample_has_size_and_no_axes() -> None:
    values = np.full(SHAPE, 3.0)
    found = measure(_one(), GRID, values=values)
    assert (found.samples, found.parts, found.volume, found.area) == (1, 1, 1.0, 0.5)
    assert (found.longest.length, found.across.length, found.widest.length) == pytest.approx((1.0, 0.5, 2.0))
    assert (found.elongation, found.flatness) == (None, None)
    assert found.centre == (2.0, 3.0, 4.0)
    assert found.margin is None  # no intensity changes anywhere
    assert found.intensity is not None
    assert found.intensity["var"] == 0
    features = radiomics(_one(), GRID, values)
    assert features["morph_vol_approx"].value == 1
    assert features["stat_mean"].value == 3
    assert features["szm_z_perc_3D"].value == 1
    assert math.isnan(features["cm_contrast_3D_comb"].value)  # no neighbour, no co-occurrence
    assert math.isnan(features["morph_moran_i"].value)
    assert math.isnan(features["ngt_coarseness_3D"].value)


def test_a_region_that_fills_the_image_is_measured_and_said_to_touch_its_edge() -> None:
    mask = np.ones(SHAPE, dtype=np.bool_)
    values = np.arange(mask.size, dtype=np.float64).reshape(SHAPE)
    found = measure(mask, GRID, values=values)
    assert found.touches_edge
    assert found.volume == mask.size
    assert found.longest.length == pytest.approx((6.0**2 + 3.0**2) ** 0.5)  # corners are cut by half a step
    assert not measure(_one(), GRID).touches_edge
    assert found.margin is None  # nothing outside is seen
    assert all(math.isfinite(one.value) for one in radiomics(mask, GRID, values).values())


def test_without_scale_lengths_are_pixels_and_no_place_is_given() -> None:
    affine = ((0.0, 0.0, 1.0, 0.0), (0.0, 1.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
    for grid in (Grid(SHAPE), Grid(SHAPE, affine=affine)):
        found = measure(_one(), grid)
        assert {found.unit, found.longest.unit, found.widest.unit, found.box.unit} == {"px"}
        assert (found.longest.length, found.volume) == (1.0, 1.0)
        assert found.centre_lps is None
        assert found.longest.ends_lps is None
    flat = measure(_one()[2], Grid(SHAPE[1:]))
    assert (flat.unit, flat.area) == ("px", 1.0)


def test_radiomics_without_scale_or_flat_leave_out_what_needs_millimetres() -> None:
    rng = np.random.default_rng(1)
    mask, values = rng.random((12, 12)) < 0.7, rng.integers(0, 5, (12, 12)).astype(np.float64)
    chosen = Settings(bins=Bins(width=1))
    flat = radiomics(mask, Grid(mask.shape, (0.5, 0.5), Scale.PATIENT), values, settings=chosen)
    assert {name.partition("_")[0] for name in flat} == {"stat", "ih", "ivh", "cm", "rlm", "szm", "dzm", "ngt", "ngl"}
    assert not any("_3D" in name for name in flat)
    # One slice: what is averaged over slices equals what is merged over them.
    assert flat["szm_sze_2D"].value == flat["szm_sze_2_5D"].value
    assert flat["cm_contrast_2D_comb"].value == pytest.approx(flat["cm_contrast_2_5D_comb"].value)
    solid = radiomics(mask[None], Grid((1, 12, 12)), values[None], settings=chosen)
    assert not any(name.startswith(("morph", "loc")) for name in solid)
    with pytest.raises(InputError, match="scale"):
        radiomics(mask[None], Grid((1, 12, 12)), values[None], settings=Settings(spacing=(1, 1, 1)))


def test_settings_refuse_what_makes_no_sense() -> None:
    wrong = (
        Bins,
        lambda: Bins(count=3, width=1.0),
        lambda: Bins(count=0),
        lambda: Bins(width=-1.0),
        lambda: Settings(spacing=(1.0, 1.0)),
        lambda: Settings(spacing=(1.0, 0.0, 1.0)),
        lambda: Settings(limits=(5.0, 5.0)),
        lambda: Settings(outliers=0.0),
    )
    for make in wrong:
        with pytest.raises(InputError):
            make()


def test_a_range_that_leaves_nothing_and_bins_beyond_number_are_refused() -> None:
    values = np.zeros(SHAPE)
    values[2] = 1e7
    mask = np.ones(SHAPE, dtype=np.bool_)
    with pytest.raises(InputError, match="range"):
        radiomics(mask, GRID, values, settings=Settings(limits=(5.0, 6.0)))
    with pytest.raises(InputError, match="grey levels"):
        radiomics(mask, GRID, values, settings=Settings(bins=Bins(width=1.0)))


def test_one_repeat_is_no_spread() -> None:
    with pytest.raises(InputError, match="2 repeats"):
        perturbed(_one(), GRID, rng=np.random.default_rng(0), repeats=1)
