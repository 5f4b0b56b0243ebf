"""Mask measures agree with their definitions and with MONAI, keep their laws, and answer for empty masks."""

from __future__ import annotations

import itertools
import json
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from suwen.errors import InputError
from suwen.learn import measure

pytest.importorskip("scipy", reason="scipy is not installed (extra learn)")

SPACING = (2.5, 0.7, 1.1)
MASKS = arrays.arrays(np.bool_, (4, 5, 4))


def balls(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    grid = np.indices((14, 20, 17)).astype(float)

    def ball() -> np.ndarray:
        centre, radius = rng.uniform(5, 9, 3), rng.uniform(2, 7)
        return ((grid - centre[:, None, None, None]) ** 2).sum(axis=0) < radius**2

    return ball(), ball()


def surface(mask: np.ndarray, corners: bool) -> np.ndarray:
    """Places in mm of voxels with a neighbour outside, by looking at every neighbour."""
    padded = np.pad(mask, 1)
    steps = [step for step in itertools.product((-1, 0, 1), repeat=3) if any(step)]
    near = [np.array(step) for step in steps if corners or sum(map(abs, step)) == 1]
    edge = [place for place in np.argwhere(mask) if not all(padded[tuple(place + 1 + step)] for step in near)]
    return np.array(edge) * np.array(SPACING)


@settings(deadline=None, max_examples=60)
@given(MASKS, MASKS, st.booleans())
def test_surface_distances_are_those_of_all_pairs(one: np.ndarray, two: np.ndarray, corners: bool) -> None:
    one[0, 0, 0] = two[1, 1, 1] = True
    edges = surface(one, corners), surface(two, corners)
    pairs = np.linalg.norm(edges[0][:, None] - edges[1][None], axis=2)
    there, back = pairs.min(axis=1), pairs.min(axis=0)
    how: dict[str, Any] = {"spacing": SPACING, "connectivity": 3 if corners else 1}
    expected = max(np.percentile(there, 95), np.percentile(back, 95))
    assert measure.hausdorff95(one, two, **how) == pytest.approx(expected)
    assert measure.hausdorff95(one, two, percentile=100, **how) == pytest.approx(max(there.max(), back.max()))
    assert measure.surface_distance(one, two, **how) == pytest.approx(np.r_[there, back].mean())
    within = measure.surface_dice(one, two, tolerance=1.5, **how)
    assert within == pytest.approx(np.mean(np.r_[there, back] <= 1.5))


@settings(deadline=None, max_examples=50)
@given(MASKS, MASKS, MASKS)
def test_laws_of_overlap_and_distance(one: np.ndarray, two: np.ndarray, three: np.ndarray) -> None:
    dice, iou = measure.dice(one, two), measure.iou(one, two)
    assert dice == measure.dice(two, one)
    assert 0 <= iou <= dice <= 1
    assert iou == pytest.approx(dice / (2 - dice))
    assert measure.dice(one, one) == measure.iou(one, one) == 1
    for mask in (one, two, three):
        mask[0, 0, 0] = True

    def far(left: np.ndarray, right: np.ndarray) -> float:
        return measure.hausdorff95(left, right, spacing=SPACING, percentile=100)

    assert far(one, one) == 0
    assert far(one, two) == far(two, one)
    assert far(one, three) <= far(one, two) + far(two, three) + 1e-9
    average = measure.surface_distance(one, two, spacing=SPACING)
    assert average <= measure.hausdorff95(one, two, spacing=SPACING, percentile=100) + 1e-9


@settings(deadline=None, max_examples=30)
@given(MASKS, MASKS, st.floats(0.2, 5))
def test_distances_grow_with_the_spacing(one: np.ndarray, two: np.ndarray, scale: float) -> None:
    wider = tuple(step * scale for step in SPACING)
    for metric in (measure.hausdorff95, measure.surface_distance):
        assert metric(one, two, spacing=wider) == pytest.approx(scale * metric(one, two, spacing=SPACING))


def test_monai_agrees() -> None:
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MONAI warns about its own imports
        metrics = pytest.importorskip("monai.metrics")
        for seed in range(6):
            one, two = balls(seed)
            tensors = [torch.tensor(mask[None, None].astype(np.float32)) for mask in (two, one)]
            how: dict[str, Any] = {"include_background": True, "spacing": SPACING}
            far = metrics.compute_hausdorff_distance(*tensors, percentile=95, **how).item()
            near = metrics.compute_average_surface_distance(*tensors, symmetric=True, **how).item()
            within = metrics.compute_surface_dice(*tensors, [2.0], **how).item()
            assert measure.hausdorff95(one, two, spacing=SPACING) == pytest.approx(far, rel=1e-5)
            assert measure.surface_distance(one, two, spacing=SPACING) == pytest.approx(near, rel=1e-5)
            assert measure.surface_dice(one, two, spacing=SPACING, tolerance=2.0) == pytest.approx(within, rel=1e-5)
            assert measure.dice(one, two) == pytest.approx(metrics.compute_dice(*tensors).item())
            assert measure.iou(one, two) == pytest.approx(metrics.compute_iou(*tensors).item())


def test_two_flat_masks_by_hand() -> None:
    one, two = np.zeros((6, 6)), np.zeros((6, 6))
    one[1, 1:4] = 1
    two[3, 1:4] = 1
    assert measure.dice(one, two) == 0
    assert measure.hausdorff95(one, two, spacing=(3.0, 1.0)) == pytest.approx(6)
    assert measure.surface_distance(one, two, spacing=(3.0, 1.0)) == pytest.approx(6)


def test_empty_masks_have_the_answers_the_module_promises() -> None:
    none, some = np.zeros((3, 4, 12)), np.zeros((3, 4, 12))
    some[1, 1, 1] = 1
    diagonal = 13.0  # of 3 x 4 x 12 mm
    for one, two, overlap, far in ((none, none, 1.0, 0.0), (some, none, 0.0, diagonal), (none, some, 0.0, diagonal)):
        assert measure.dice(one, two) == measure.iou(one, two) == overlap
        assert measure.hausdorff95(one, two, spacing=(1, 1, 1)) == pytest.approx(far)
        assert measure.surface_distance(one, two, spacing=(1, 1, 1)) == pytest.approx(far)
        assert measure.surface_dice(one, two, spacing=(1, 1, 1), tolerance=5) == overlap
        assert measure.lesions(one, two).f1 == overlap


def test_lesions_are_counted_and_touch_across_corners() -> None:
    one, two = np.zeros((10, 10)), np.zeros((10, 10))
    one[0, 0] = one[1, 1] = 1  # one lesion across the corner
    one[5, 5:9] = 1
    two[5, 5] = 1
    two[9, 0] = 1
    assert measure.lesions(one, two) == measure.Lesions(truth=2, found=1, predicted=2, real=1)
    assert measure.lesions(one, two).f1 == pytest.approx(0.5)
    assert measure.lesions(one, two, connectivity=1).truth == 3
    assert measure.lesions(one, two, overlap=0.25).found == 0
    assert measure.lesions(one, two, overlap=0.24).found == 1


def test_volumes_are_in_millilitres() -> None:
    one, two = np.zeros((10, 10, 10)), np.zeros((10, 10, 10))
    one[:5], two[:7] = 1, 1
    assert measure.volume_error(one, two, spacing=(2, 1, 5)) == pytest.approx(2.0)


def test_every_class_gets_its_scores() -> None:
    one, two = np.zeros((8, 8, 8), dtype=int), np.zeros((8, 8, 8), dtype=int)
    one[:2], two[:4] = 1, 1
    two[6:] = 2
    found = measure.mask_scores(one, two, spacing=(1, 1, 1), classes=("background", "oedema", "core", "rim"))
    assert list(found) == ["oedema", "core", "rim"]
    assert (found["oedema"].empty, found["core"].empty, found["rim"].empty) == ("", "truth", "both")
    assert found["oedema"].dice == pytest.approx(2 / 3) == measure.dice(one == 1, two == 1)
    assert found["oedema"].hausdorff95 == measure.hausdorff95(one == 1, two == 1, spacing=(1, 1, 1))
    assert found["oedema"].volume == pytest.approx(0.128)
    assert json.loads(json.dumps(found["core"].to_json()))["dice"] == 0
    with pytest.raises(InputError, match="label 2"):
        measure.mask_scores(one, two, spacing=(1, 1, 1), classes=("background", "oedema"))


@pytest.mark.parametrize("spacing", [(1, 1), (1, 1, 0), (1, 1, -1), (1, 1, float("nan")), (1, 1, float("inf"))])
def test_impossible_spacing_is_refused(spacing: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="spacing"):
        measure.hausdorff95(np.ones((2, 2, 2)), np.ones((2, 2, 2)), spacing=spacing)


def test_masks_that_do_not_match_are_refused() -> None:
    for one, two in (
        (np.ones((2, 2)), np.ones((2, 3))),
        (np.ones(4), np.ones(4)),
        (np.full((2, 2), np.nan), np.ones((2, 2))),
    ):
        with pytest.raises(InputError):
            measure.dice(one, two)
    square = np.ones((2, 2))
    with pytest.raises(InputError, match="connectivity"):
        measure.hausdorff95(square, square, spacing=(1, 1), connectivity=3)
    with pytest.raises(InputError, match="tolerance"):
        measure.surface_dice(square, square, spacing=(1, 1), tolerance=-1)
    with pytest.raises(InputError, match="overlap"):
        measure.lesions(square, square, overlap=1.0)
