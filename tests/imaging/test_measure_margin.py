"""The margin gives back the blur that was put in, and the spread of a measure what was disturbed."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from suwen.errors import InputError
from suwen.imaging.measure import Disturbance, called, measure, perturbed, radiomics
from suwen.imaging.measure.words import WORDS
from suwen.subject.grid import Grid, Scale

TEN_TO_NINETY = 2 * 1.2815515655446004  # width of a Gaussian blur between 10 and 90 %, in standard deviations


def _ball(
    radius: float, spacing: tuple[float, float, float], blur: float, inner: float = 100.0
) -> tuple[NDArray[np.bool_], NDArray[np.float64], Grid]:
    """A ball of `inner` in 0, blurred by `blur` mm, drawn finely and then sampled."""
    shape = tuple(int(2 * (radius + 12) / one) | 1 for one in spacing)
    place = [(np.arange(n) - n // 2) * one for n, one in zip(shape, spacing, strict=True)]
    z, y, x = np.meshgrid(*place, indexing="ij")
    far = np.sqrt(z**2 + y**2 + x**2)
    from scipy.special import ndtr  # noqa: PLC0415

    return far <= radius, inner * ndtr((radius - far) / blur), Grid(shape, spacing, Scale.PATIENT)


@pytest.mark.parametrize("blur", [1.5, 2.5])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 0.8, 0.8)])
def test_the_width_is_that_of_the_blur(blur: float, spacing: tuple[float, float, float]) -> None:
    mask, values, grid = _ball(16.0, spacing, blur)
    found = measure(mask, grid, values=values).margin
    assert found is not None
    assert found.unit == "mm"
    assert found.width == pytest.approx(blur * TEN_TO_NINETY, rel=0.12)
    assert found.step == pytest.approx(-100, rel=0.05)
    assert found.shift == pytest.approx(0, abs=0.4)
    assert found.slope == pytest.approx(-100 / (blur * (2 * np.pi) ** 0.5), rel=0.15)
    assert found.misfit < 0.05


def test_every_number_has_a_name_in_english_and_chinese() -> None:
    mask, values, grid = _ball(6.0, (1.0, 1.0, 1.0), 1.0)
    numbers = measure(mask, grid, values=values).numbers()
    assert set(numbers) == set(WORDS)
    for name in numbers:
        assert called(name, "en").isascii()
        assert any("\u4e00" <= one <= "\u9fff" for one in called(name, "zh"))
    with pytest.raises(InputError, match="language"):
        called("volume", "de")


def test_a_blunter_border_is_wider_and_the_unit_of_intensity_does_not_matter() -> None:
    widths = []
    for blur in (0.5, 1.0, 2.0, 3.0):
        mask, values, grid = _ball(14.0, (1.0, 1.0, 1.0), blur)
        plain, scaled = (measure(mask, grid, values=one).margin for one in (values, values * -7 + 1000))
        assert plain is not None
        assert scaled is not None
        assert scaled.width == pytest.approx(plain.width, rel=1e-3)
        assert scaled.step == pytest.approx(-7 * plain.step, rel=1e-3)
        widths.append(plain.width)
    assert widths == sorted(widths)
    assert widths[0] < 2.5


def test_a_margin_at_the_edge_of_the_image_goes_by_what_is_seen() -> None:
    mask, values, grid = _ball(14.0, (1.0, 1.0, 1.0), 1.5)
    half = mask.shape[0] // 2
    cut = Grid((half, *grid.shape[1:]), grid.spacing, grid.scale)
    whole = measure(mask, grid, values=values).margin
    found = measure(mask[:half], cut, values=values[:half]).margin
    assert found is not None
    assert whole is not None
    assert found.step == pytest.approx(whole.step, rel=0.35)


def test_a_flat_region_has_a_margin_in_pixels_where_there_is_no_scale() -> None:
    y, x = np.ogrid[:80, :80]
    mask = (y - 40) ** 2 + (x - 40) ** 2 <= 20**2
    values = ndimage.gaussian_filter(mask.astype(np.float64), 2.0)
    found = measure(mask, Grid(mask.shape), values=values).margin
    assert found is not None
    assert found.unit == "px"
    assert found.width == pytest.approx(2.0 * TEN_TO_NINETY, rel=0.15)


def test_the_same_seed_gives_the_same_spread_and_another_seed_another() -> None:
    mask, values, grid = _ball(7.0, (2.0, 1.0, 1.0), 1.0)
    first, again, other = (
        perturbed(mask, grid, values=values, rng=np.random.default_rng(seed), repeats=4) for seed in (1, 1, 2)
    )
    assert first == again
    assert first["volume"] != other["volume"]


def test_a_spread_holds_its_value_and_shrinks_with_the_region_growing() -> None:
    variation = []
    for radius in (5.0, 10.0):
        mask, values, grid = _ball(radius, (1.0, 1.0, 1.0), 1.0)
        found = perturbed(mask, grid, values=values, rng=np.random.default_rng(3), repeats=12)
        plain = measure(mask, grid, values=values).numbers()
        assert set(found) == set(plain)
        for name in ("volume", "longest", "widest", "across", "mean_diameter", "surface", "intensity.mean"):
            one = found[name]
            assert one.value == plain[name]
            assert one.low < one.high
            assert one.low - one.deviation < one.value < one.high + one.deviation
            assert one.repeats == 12
        assert found["volume"].mean == pytest.approx(plain["volume"], rel=0.1)
        variation.append(found["volume"].variation)
    assert variation[1] < variation[0]
    assert 0 < variation[1] < 0.1


def test_nothing_disturbed_nothing_varies() -> None:
    mask, values, grid = _ball(6.0, (1.0, 1.0, 1.0), 1.0)
    still = Disturbance(shift=0.0, turn=0.0, border=0.0, noise=0.0)
    found = perturbed(mask, grid, values=values, rng=np.random.default_rng(0), repeats=2, by=still)
    for name, one in found.items():
        assert one.deviation == pytest.approx(0, abs=1e-9), name
        assert one.mean == pytest.approx(one.value, rel=1e-6), name


def test_noise_is_judged_from_the_image_and_shows_in_intensities() -> None:
    rng = np.random.default_rng(5)
    mask, values, grid = _ball(8.0, (1.0, 1.0, 1.0), 1.0)
    spreads = []
    for noise in (1.0, 20.0):
        found = perturbed(mask, grid, values=values + rng.normal(0, noise, values.shape), rng=rng, repeats=6)
        spreads.append(found["intensity.max"].deviation)
    assert spreads[1] > 2 * spreads[0]


def test_any_measure_can_be_given_a_spread() -> None:
    mask, values, grid = _ball(5.0, (1.0, 1.0, 1.0), 1.0)
    found = perturbed(
        mask,
        grid,
        values=values,
        rng=np.random.default_rng(6),
        repeats=3,
        describe=lambda mask, grid, values: {
            name: one.value for name, one in radiomics(mask, grid, values).items() if name.startswith("cm_")
        },
    )
    assert found["cm_contrast_3D_comb"].repeats == 3


def test_a_tiny_region_at_a_corner_survives_every_repeat() -> None:
    mask = np.zeros((4, 5, 6), dtype=np.bool_)
    mask[0, 0, 0] = True
    grid = Grid(mask.shape, (1.0, 1.0, 1.0), Scale.PATIENT)
    found = perturbed(mask, grid, rng=np.random.default_rng(7), repeats=8)
    assert found["volume"].repeats == 8
    flat = perturbed(mask[0], Grid(mask.shape[1:]), rng=np.random.default_rng(7), repeats=8)
    assert flat["area"].repeats == 8


@pytest.mark.parametrize("alone", [{"shift": 0.5}, {"turn": 10.0}, {"border": 0.5}])
def test_each_disturbance_alone_varies_the_volume(alone: dict[str, float]) -> None:
    mask, _, grid = _ball(6.0, (2.0, 1.0, 1.0), 1.0)
    mask[:, :, mask.shape[2] // 2 :] = False  # half a ball: a whole one does not change by turning
    by = Disturbance(**({"shift": 0.0, "turn": 0.0, "border": 0.0} | alone))
    found = perturbed(mask, grid, rng=np.random.default_rng(1), repeats=6, by=by)
    assert 0 < found["volume"].variation < 0.5


def test_a_border_moved_by_half_a_sample_moves_the_volume_by_as_much() -> None:
    mask, _, grid = _ball(10.0, (1.0, 1.0, 1.0), 1.0)
    by = Disturbance(shift=0.0, turn=0.0, border=0.5)
    found = perturbed(mask, grid, rng=np.random.default_rng(2), repeats=40, by=by)
    # Fields of a correlation length of about 7 samples: some 4 pi 10² / (pi 3.7²) = 29 patches move on their own.
    assert found["volume"].deviation == pytest.approx(0.5 * 4 * np.pi * 10**2 / 29**0.5, rel=0.4)
