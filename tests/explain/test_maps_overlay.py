"""The overlay shows what the map says, at its place, in colours that readers with colour-blindness tell apart."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from suwen.errors import InputError
from suwen.explain.maps import HeatMap, overlay
from suwen.explain.maps.colours import signed_colours, strength_colours

# Machado, Oliveira & Fernandes 2009, severity 1.0, for linear RGB.
BLIND = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
}


def linear(colours: np.ndarray) -> np.ndarray:
    share = colours / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """OKLab of linear RGB."""
    cones = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    mix = [
        [0.2104542553, 0.793617785, -0.0040720468],
        [1.9779984951, -2.428592205, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.808675766],
    ]
    return np.cbrt(np.clip(rgb, 0, None) @ np.array(cones).T) @ np.array(mix).T


def shown(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def mapped(values: np.ndarray) -> HeatMap:
    return HeatMap(values.astype(np.float32), "rise", 0, "m", "p")


@pytest.mark.parametrize("colours", [strength_colours, signed_colours])
@pytest.mark.parametrize("sight", ["all", *BLIND])
def test_equal_steps_look_equal_and_rise(colours: Any, sight: str) -> None:
    ramp = np.linspace(-1 if colours is signed_colours else 0, 1, 17)
    rgb = linear(colours(ramp))
    seen = lab(rgb if sight == "all" else rgb @ np.array(BLIND[sight]).T)
    steps = np.linalg.norm(np.diff(seen, axis=0), axis=1)
    assert np.all(np.diff(seen[:, 0]) > 0)  # lightness rises: also right in grey print
    assert steps.min() > (0.6 if sight == "all" else 0.3) * steps.max()
    assert steps.min() > 0.02  # a just noticeable difference


def test_heat_lies_where_the_map_is_hot() -> None:
    values = np.zeros((20, 10))
    values[3, 7] = 1
    painted = shown(overlay(np.full((20, 10), 0.0), mapped(values), side=200))
    assert painted.shape[0] == 200
    lit = np.argwhere(painted[:, :100].sum(2) > 0)
    assert lit.min(0).tolist() == [30, 70]
    assert lit.max(0).tolist() == [39, 79]


def test_an_empty_map_leaves_the_image_as_it_is() -> None:
    image = np.random.default_rng(0).random((12, 12))
    painted = shown(overlay(image, mapped(np.zeros((12, 12))), side=12))[:12, :12]
    assert np.abs(painted[..., 0] / 255 - (image - image.min()) / np.ptp(image)).max() < 0.01
    assert np.all(painted == painted[..., :1])


def test_negative_values_show_only_when_signs_are_asked_for() -> None:
    values = -np.eye(8)
    plain, signed = (
        shown(overlay(np.zeros((8, 8)), mapped(values), signed=s, side=80))[:80, :80] for s in (False, True)
    )
    assert not plain.any()
    assert signed[5, 5, 2] > signed[5, 5, 0]  # blue speaks against


def test_a_contour_surrounds_its_mask() -> None:
    mask = np.zeros((10, 10), bool)
    mask[2:6, 3:8] = True
    painted = shown(overlay(np.full((10, 10), 0.0), mapped(np.zeros((10, 10))), mask=mask, side=200))[:, :200]
    white = np.argwhere(np.all(painted == 255, 2))
    assert white.min(0).tolist() == [40, 60]
    assert white.max(0).tolist() == [119, 159]
    assert not painted[80, 110].any()


def test_of_a_volume_the_hottest_slice_is_shown() -> None:
    values = np.zeros((4, 6, 8))
    values[2, 1, 1] = values[1, 5, 5] = 1
    values[2, 4, 4] = 0.5
    hottest, named = (overlay(np.zeros((4, 6, 8)), mapped(values), index=index, side=8) for index in (None, 2))
    assert hottest == named
    assert shown(overlay(np.zeros((4, 6, 8)), mapped(values), axis=2, side=6)).shape[0] >= 6


@pytest.mark.parametrize(
    "settings",
    [{"image": np.zeros((3, 3))}, {"mask": np.zeros((3, 3))}, {"image": np.zeros((1, 4, 4))}],
)
def test_what_does_not_fit_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        overlay(**{"image": np.zeros((4, 4)), "heat_map": mapped(np.zeros((4, 4))), **settings})
    with pytest.raises(InputError, match="no slice"):
        overlay(np.zeros((2, 4, 4)), mapped(np.zeros((2, 4, 4))), index=2)
