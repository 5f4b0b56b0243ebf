"""Proves that augmentations of images and volumes do what they are asked, and nothing to what they are not."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from suwen.errors import InputError, NotFoundError
from suwen.learn.augment.defaults import DEFAULTS, default_for
from suwen.learn.augment.intensity import Intensity
from suwen.learn.augment.mix import Mixup
from suwen.learn.augment.signals import Signals
from suwen.learn.augment.spatial import Spatial, moved, rotations

STILL = {"rotation": 0.0, "scale": 0.0, "shift": 0.0, "shear": 0.0, "probability": 1.0}
QUIET = {"brightness": 0.0, "contrast": 0.0, "noise": 0.0, "probability": 1.0}
FULL = Spatial(rotation=30, scale=0.2, shift=0.1, shear=0.1, mirrored=(0, 1), elastic=0.05)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=seeded(seed))


def theta(matrix: Tensor) -> Tensor:
    """Turned about the middle, not shifted."""
    return torch.cat([matrix, torch.zeros(len(matrix), matrix.shape[1], 1)], dim=2)


def smooth(*sides: int) -> Tensor:
    """(1, 1, *sides): a ball off the middle, so wide that interpolation shows little, in voxels of size 1."""
    places = torch.meshgrid(*(torch.arange(side) - (side - 1) / 2 for side in sides), indexing="ij")
    away = sum((place - offset) ** 2 for place, offset in zip(places, (3.0, -2.0, 1.0), strict=False))
    return torch.exp(-torch.as_tensor(away) / 18)[None, None]


@pytest.mark.parametrize("shape", [(3, 2, 9, 12), (2, 1, 5, 8, 6)])
def test_without_strength_nothing_changes(shape: tuple[int, ...]) -> None:
    inputs, masks = noise(*shape), torch.randint(0, 4, (shape[0], *shape[2:]), generator=seeded())
    changed, there = Spatial(**STILL)(inputs, masks, seeded())
    assert changed.numpy() == pytest.approx(inputs.numpy(), abs=1e-4)  # float32 places of up to 12 pixels
    assert torch.equal(masks, there)  # type: ignore[arg-type]
    assert torch.equal(Intensity(**QUIET)(inputs, None, seeded())[0], inputs)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_quarter_turns_are_those_of_numpy(turns: int) -> None:
    inputs = noise(1, 2, 11, 11)
    masks = torch.randint(0, 3, (1, 11, 11), generator=seeded())
    matrix = rotations(torch.tensor([[turns * math.pi / 2]]))
    found, there = moved(inputs, masks, theta(matrix))
    assert found[0].numpy() == pytest.approx(np.rot90(inputs[0].numpy(), turns, axes=(1, 2)), abs=1e-4)
    assert np.array_equal(there[0].numpy(), np.rot90(masks[0].numpy(), turns))  # type: ignore[index]


@pytest.mark.parametrize(("place", "plane"), [(0, (2, 3)), (1, (1, 3)), (2, (1, 2))])
def test_quarter_turns_of_volumes_are_about_the_axis_that_is_named(place: int, plane: tuple[int, int]) -> None:
    inputs = noise(1, 1, 7, 7, 7)
    angles = torch.zeros(1, 3)
    angles[0, place] = math.pi / 2
    found, _ = moved(inputs, None, theta(rotations(angles)))
    assert found[0].numpy() == pytest.approx(np.rot90(inputs[0].numpy(), 1, axes=plane), abs=1e-4)


@pytest.mark.parametrize("axes", [2, 3])
def test_rotations_keep_lengths_and_handedness(axes: int) -> None:
    angles = noise(20, 1 if axes == 2 else 3) * 2
    matrix = rotations(angles)
    assert (matrix @ matrix.mT).numpy() == pytest.approx(np.broadcast_to(np.eye(axes), (20, axes, axes)), abs=1e-5)
    assert torch.linalg.det(matrix).numpy() == pytest.approx(np.ones(20), abs=1e-5)


@pytest.mark.parametrize("sides", [(40, 24), (28, 20, 16)])
def test_an_oblong_picture_is_turned_not_sheared(sides: tuple[int, ...]) -> None:
    """A ball stays a ball, at the distance from the middle that it had."""
    ball = smooth(*sides)
    angle = torch.tensor([[0.4]]) if len(sides) == 2 else torch.tensor([[0.3, 0.2, -0.2]])
    found = moved(ball, None, theta(rotations(angle)))[0]
    for picture in (ball, found):
        weights = (picture / picture.sum()).flatten()
        grid = torch.meshgrid(*(torch.arange(side) - (side - 1) / 2 for side in sides), indexing="ij")
        places = torch.stack([one.flatten() for one in grid])
        middle = (places * weights).sum(1)
        spread = torch.cov(places, aweights=weights)
        assert float(middle.norm()) == pytest.approx(math.sqrt(9 + 4 + (len(sides) == 3)), abs=0.15)
        assert spread.diagonal().numpy() == pytest.approx(np.full(len(sides), 9.0), rel=0.12)
        assert (spread - torch.diag(spread.diagonal())).abs().max() < 0.5


def test_flat_voxels_are_turned_by_their_size() -> None:
    """Every second slice of a volume, turned with a spacing of 2, is every second slice of the turned volume."""
    whole = smooth(32, 24, 24)
    thin = whole.unfold(2, 2, 2).mean(-1)
    matrix = theta(rotations(torch.tensor([[0.0, 0.4, 0.0]])))
    right = moved(whole, None, matrix)[0].unfold(2, 2, 2).mean(-1)
    turned = moved(thin, None, matrix, spacing=(2.0, 1.0, 1.0))[0]
    wrong = moved(thin, None, matrix)[0]
    assert (turned - right).abs().max() < 0.05
    assert (wrong - right).abs().max() > 0.2


@pytest.mark.parametrize("axes", [2, 3])
def test_monais_affine_is_a_peer(axes: int) -> None:
    transforms = pytest.importorskip("monai.transforms", reason="MONAI is the peer")
    sides = (13, 10, 8)[:axes]
    inputs = noise(1, 1, *sides)
    matrix = rotations(torch.tensor([[0.3]]) if axes == 2 else torch.tensor([[0.3, -0.2, 0.1]])) * 1.1
    shift = torch.tensor([[0.1], [-0.2], [0.05]])[:axes]
    ours = moved(inputs, None, torch.cat([matrix, shift[None]], dim=2))[0]
    # MONAI reads at A p + t in voxels, first axis first; ours are fastest axis first and the shift in half sides.
    affine = np.eye(axes + 1)
    affine[:axes, :axes] = matrix[0].numpy()[::-1, ::-1]
    affine[:axes, axes] = shift[:, 0].numpy()[::-1] * np.array(sides) / 2
    peer = transforms.Affine(affine=affine, padding_mode="border", mode="bilinear", image_only=True)(inputs[0])
    assert ours[0].numpy() == pytest.approx(np.asarray(peer), abs=1e-4)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_only_the_named_axis_is_mirrored_and_half_of_the_time(axis: int) -> None:
    inputs = noise(64, 1, 4, 5, 6)
    changed, _ = Spatial(**{**STILL, "mirrored": (axis,)})(inputs, None, seeded())
    turned = [torch.allclose(one, was.flip(axis + 1), atol=1e-4) for one, was in zip(changed, inputs, strict=True)]
    still = [torch.allclose(one, was, atol=1e-4) for one, was in zip(changed, inputs, strict=True)]
    assert all(a != b for a, b in zip(turned, still, strict=True))
    assert 20 <= sum(turned) <= 44


def test_a_shift_moves_by_no_more_than_asked() -> None:
    inputs = torch.zeros(200, 1, 41, 41)
    inputs[:, :, 20, 20] = 1
    changed, _ = Spatial(**{**STILL, "shift": 0.1})(inputs, None, seeded())
    grid = torch.arange(41.0) - 20
    rows = (changed[:, 0].sum(2) * grid).sum(1)
    assert 3.5 < float(rows.abs().max()) <= 4.1 + 1e-3


@pytest.mark.parametrize("shape", [(6, 1, 24, 30), (3, 1, 12, 18, 14)])
def test_masks_move_with_the_picture(shape: tuple[int, ...]) -> None:
    masks = torch.zeros((shape[0], *shape[2:]), dtype=torch.long)
    masks[(slice(None), *(slice(side // 4, side // 2 + 2) for side in shape[2:]))] = 2
    inputs = masks[:, None].float()
    changed, there = FULL(inputs, masks, seeded(3))
    assert there is not None
    assert there.dtype == torch.long
    assert set(there.unique().tolist()) == {0, 2}
    sure = (changed[:, 0] < 0.25) | (changed[:, 0] > 1.75)  # at a corner of 3 axes a half in each is an eighth
    assert torch.equal((changed[:, 0] > 1)[sure], (there == 2)[sure])
    assert not torch.equal(there, masks)


CHANGES: dict[str, tuple[Any, tuple[int, ...]]] = {
    "spatial-2": (FULL, (1, 16, 16)),
    "spatial-3": (FULL, (1, 8, 10, 8)),
    "intensity-2": (Intensity(gamma=0.3, blur=1.0, shading=0.3), (2, 16, 16)),
    "intensity-3": (Intensity(gamma=0.3, blur=1.0, shading=0.3), (1, 8, 8, 8)),
    "signals": (Signals(rate=250, warp=0.1, dropout=0.3), (3, 64)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_same_generator_changes_alike_and_another_otherwise(name: str) -> None:
    change, shape = CHANGES[name]
    inputs = noise(4, *shape)
    before = inputs.clone()
    first, again, other = (change(inputs, None, seeded(seed))[0] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(inputs, before)
    assert first.shape == inputs.shape
    assert first.dtype == inputs.dtype


@pytest.mark.parametrize("name", CHANGES)
def test_each_example_draws_its_own_and_depends_on_no_other(name: str) -> None:
    change, shape = CHANGES[name]
    one = noise(1, *shape).expand(6, *shape).clone()
    changed = change(one, None, seeded())[0]
    differ = [not torch.allclose(a, b, atol=1e-3) for a, b in itertools.combinations(changed, 2)]
    assert sum(differ) >= 10
    one[3] = noise(*shape, seed=9)
    again = change(one, None, seeded())[0]
    assert torch.equal(again[:3], changed[:3])
    assert torch.equal(again[4:], changed[4:])


@pytest.mark.parametrize("name", ["spatial-2", "intensity-2", "signals"])
def test_torchs_own_random_numbers_are_left_alone(name: str) -> None:
    change, shape = CHANGES[name]
    torch.manual_seed(4)
    expected = torch.rand(2)
    torch.manual_seed(4)
    change(noise(2, *shape), None, seeded())
    assert torch.equal(torch.rand(2), expected)


def test_values_change_and_masks_stay() -> None:
    masks = torch.randint(0, 3, (2, 8, 8), generator=seeded())
    inputs = noise(2, 1, 8, 8)
    changed, there = Intensity(probability=1.0)(inputs, masks, seeded())
    assert there is masks
    assert not torch.equal(changed, inputs)


def test_noise_is_as_strong_as_asked() -> None:
    changed, _ = Intensity(**{**QUIET, "noise": 0.4})(torch.zeros(300, 1, 32, 32), None, seeded())
    spread = changed.flatten(1).std(1)
    assert float(spread.max()) <= 0.4 * 1.1
    assert float(spread.mean()) == pytest.approx(0.2, abs=0.02)  # uniform from 0 to the most
    assert changed.mean(dim=(1, 2, 3)).abs().max() < 0.05


def test_brightness_and_contrast_are_an_offset_and_a_factor_about_the_mean() -> None:
    inputs = noise(100, 1, 8, 8) + 3
    brighter, _ = Intensity(**{**QUIET, "brightness": 0.3})(inputs, None, seeded())
    offset = (brighter - inputs).flatten(1)
    assert offset.std(1).max() < 1e-5
    assert 0.2 < float(offset.abs().max()) <= 0.3 + 1e-5
    harder, _ = Intensity(**{**QUIET, "contrast": 0.3})(inputs, None, seeded())
    assert harder.mean(dim=(2, 3)).numpy() == pytest.approx(inputs.mean(dim=(2, 3)).numpy(), abs=1e-4)
    factor = harder.flatten(1).std(1) / inputs.flatten(1).std(1)
    assert 1 / 1.3 - 1e-4 <= float(factor.min()) < 0.9
    assert 1.1 < float(factor.max()) <= 1.3 + 1e-4


def test_gamma_keeps_range_and_order() -> None:
    inputs = noise(8, 1, 16, 16)
    bent, _ = Intensity(**{**QUIET, "gamma": 0.5})(inputs, None, seeded())
    for one, was in zip(bent.flatten(1), inputs.flatten(1), strict=True):
        assert float(one.min()) == pytest.approx(float(was.min()), abs=1e-5)
        assert float(one.max()) == pytest.approx(float(was.max()), abs=1e-5)
        assert (one[was.argsort()].diff() >= -1e-6).all()
    assert (bent - inputs).abs().max() > 0.05


@pytest.mark.parametrize("sides", [(15, 15), (9, 9, 9)])
def test_blur_keeps_the_sum_and_lessens_the_spread(sides: tuple[int, ...]) -> None:
    inputs = torch.zeros(16, 1, *sides)
    inputs[(slice(None), 0, *(side // 2 for side in sides))] = 1
    changed, _ = Intensity(**{**QUIET, "blur": 0.8})(inputs, None, seeded())
    assert changed.flatten(1).sum(1).numpy() == pytest.approx(np.ones(16), abs=1e-4)
    assert torch.allclose(changed, changed.flip(-1), atol=1e-6)
    grid = torch.arange(sides[-1]) - sides[-1] // 2
    width = (changed.sum(dim=tuple(range(1, changed.ndim - 1))) * grid**2).sum(1).sqrt()
    assert 0.5 < float(width.max()) <= 0.81


def test_blur_wider_than_its_default_reach_is_not_cut_off() -> None:
    inputs = torch.zeros(40, 1, 41, 41)
    inputs[:, :, 20, 20] = 1
    changed, _ = Intensity(**{**QUIET, "blur": 3.0})(inputs, None, seeded())
    width = (changed[:, 0].sum(1) * (torch.arange(41) - 20) ** 2).sum(1).sqrt()
    assert 2.6 < float(width.max()) <= 3.0


def test_shading_is_slow_and_a_factor() -> None:
    changed, _ = Intensity(**{**QUIET, "shading": 0.3})(torch.ones(8, 1, 33, 33), None, seeded())
    assert float(changed.min()) > 0.5
    assert changed.diff(dim=2).abs().max() < 0.08
    assert changed.std(dim=(2, 3)).min() > 0.01


@given(alpha=st.floats(0.05, 3), n=st.integers(1, 9), classes=st.integers(2, 5), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_mixed_labels_are_probabilities_that_lean_to_the_example(alpha: float, n: int, classes: int, seed: int) -> None:
    labels = torch.arange(n) % classes
    targets = torch.nn.functional.one_hot(labels, classes).float()
    inputs = targets[:, :, None, None].expand(-1, -1, 2, 3)
    mixed, soft = Mixup(alpha)(inputs, targets, seeded(seed))
    assert soft.sum(1).numpy() == pytest.approx(np.ones(n), abs=1e-6)
    assert (soft >= 0).all()
    assert (soft[torch.arange(n), labels] >= 0.5 - 1e-6).all()
    assert mixed.numpy() == pytest.approx(soft[:, :, None, None].expand(-1, -1, 2, 3).numpy(), abs=1e-6)


@pytest.mark.parametrize("change", [Spatial(), Spatial(spacing=(1.0, 1.0, 3.0))])
@pytest.mark.parametrize("shape", [(2, 1, 30), (2, 3)])
def test_inputs_without_that_many_axes_are_refused(change: Spatial, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError):
        change(noise(*shape), None, seeded())


def test_spacings_that_do_not_fit_and_tables_are_refused() -> None:
    with pytest.raises(InputError, match="spacing"):
        Spatial(spacing=(1.0,))(noise(1, 1, 4, 4), None, seeded())
    with pytest.raises(InputError):
        Intensity()(noise(4, 3), None, seeded())


KINDS = {"intensity": Intensity, "spatial": Spatial, "signals": Signals}
SHAPES = {"ecg": (12, 500), "vital-signs": (5, 60), "abdominal-ct": (1, 8, 12, 12), "chest-ct": (1, 8, 12, 12)}


@pytest.mark.parametrize("modality", DEFAULTS)
def test_every_default_can_be_followed_and_gives_its_reason_in_both_languages(modality: str) -> None:
    default = default_for(modality)
    inputs = noise(2, *SHAPES.get(modality, (1, 12, 12)))
    for name, values in default.augment.items():
        change = KINDS[name](**{key: tuple(one) if isinstance(one, list) else one for key, one in values.items()})
        assert torch.isfinite(change(inputs, None, seeded())[0]).all()
    assert len(default.english) > 60
    assert len(default.chinese) > 20
    assert any("\u4e00" <= letter <= "\u9fff" for letter in default.chinese)


@pytest.mark.parametrize("modality", ["chest-xray", "abdominal-ct", "chest-ct", "brain-mr"])
def test_where_the_side_is_a_finding_nothing_is_mirrored(modality: str) -> None:
    assert not DEFAULTS[modality].augment["spatial"].get("mirrored")


@pytest.mark.parametrize("modality", ["abdominal-ct", "chest-ct"])
def test_hounsfield_units_are_not_bent(modality: str) -> None:
    values = DEFAULTS[modality].augment["intensity"]
    assert values.get("gamma", 0.0) == 0
    assert values["contrast"] == 0
    assert values.get("shading", 0.0) == 0


def test_a_modality_that_is_not_laid_down_is_refused_not_guessed() -> None:
    with pytest.raises(NotFoundError, match="chest-xray"):
        default_for("xray")
