"""Evidence of a map says where, in the stored image, and what the place is worth to the model, measured."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from bright_blob import flat_net, held_out
from torch import nn

from suwen.errors import InputError
from suwen.explain.maps import Baseline, Geometry, HeatMap, Score, areas, evidence, heat_map
from suwen.finding import Bearing
from suwen.subject import Region


class Patches(nn.Module):
    """The log-odds are 4 times the mean of one patch, less 2 times that of another."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        odds = 4 * x[:, 0, 2:5, 3:7].mean((1, 2)) - 2 * x[:, 0, 8:10, 8:11].mean((1, 2))
        return torch.stack([torch.zeros_like(odds), odds], 1)


def bright(*boxes: tuple[tuple[int, int], tuple[int, int]]) -> HeatMap:
    values = np.zeros((12, 14), np.float32)
    for heat, (low, high) in zip((3, 2, 1.8), boxes, strict=False):
        values[low[0] : high[0], low[1] : high[1]] = heat
    return HeatMap(values, "occlusion", 1, "patches", "voxel by voxel")


FOR, AGAINST, IDLE = ((2, 3), (5, 7)), ((8, 8), (10, 11)), ((0, 9), (2, 12))
SETTINGS: dict[str, Any] = {
    "model": Patches(),
    "inputs": np.ones((1, 12, 14), np.float32),
    "image": "film-1",
    "classes": ("normal", "pneumonia"),
    "source": "model card 1",
    "baseline": Baseline.ZERO,
}


def test_weights_are_measured_not_read_off_the_map() -> None:
    """Three bright areas: one that carries the answer, one that speaks against it, one that does nothing."""
    found = {one.seen: one for one in evidence(bright(FOR, AGAINST, IDLE), **SETTINGS)}
    supports, against, idle = (found[Region("film-1", *box)] for box in (FOR, AGAINST, IDLE))
    assert supports.weight == pytest.approx(4 / math.log(10), rel=1e-5)
    assert against.weight == pytest.approx(-2 / math.log(10), rel=1e-5)
    assert idle.weight == 0
    assert [one.bearing for one in (supports, against, idle)] == [Bearing.SUPPORTS, Bearing.AGAINST, Bearing.NEUTRAL]
    assert all(one.source == "model card 1" for one in found.values())


def test_sentences_in_both_languages_say_where_and_how_much() -> None:
    english, chinese = (evidence(bright(FOR, AGAINST, IDLE), lang=lang, **SETTINGS) for lang in ("en", "zh"))
    assert "rows 3–5, columns 4–7" in english[0].sentence
    assert "speaks for pneumonia" in english[0].sentence
    assert "fall to 0.018 of" in english[0].sentence
    assert "50%" in english[0].sentence
    assert "第 3–5 行，第 4–7 列" in chinese[0].sentence
    assert "支持“pneumonia”" in chinese[0].sentence
    assert (
        {one.bearing for one in english}
        == {one.bearing for one in chinese}
        == {
            Bearing.SUPPORTS,
            Bearing.AGAINST,
            Bearing.NEUTRAL,
        }
    )
    assert all(one.sentence.isascii() is False for one in chinese)


def test_the_region_lies_in_the_stored_image() -> None:
    """Stored 60 x 50, cropped, flipped and halved: the box of the map comes back to the voxels it came from."""
    geometry = Geometry.of((60, 50)).crop((10, 5), (34, 33)).flip(1).resize((12, 14))
    (one,) = evidence(bright(FOR), geometry=geometry, **SETTINGS)
    assert one.seen == Region("film-1", (14, 19), (20, 27))


def test_areas_in_padding_are_left_out() -> None:
    geometry = Geometry.of((5, 14)).pad((7, 0), (0, 0))
    assert [one.seen for one in evidence(bright(FOR, AGAINST), geometry=geometry, **SETTINGS)] == [
        Region("film-1", (1, 8), (3, 11))
    ]


def test_a_map_of_a_network_names_the_blob() -> None:
    images, masks = held_out(6)
    for image, mask in zip(images, masks, strict=True):
        found = heat_map(flat_net(), image, 1, method="occlusion", rng=np.random.default_rng(0))
        settings = {**SETTINGS, "model": flat_net(), "inputs": image, "baseline": Baseline.MEAN}
        first = evidence(found, **settings)[0]
        assert first.weight > 0.3
        assert mask[tuple(slice(a, b) for a, b in zip(first.seen.low, first.seen.high, strict=True))].any()


def test_a_volume_is_told_in_slices_and_another_image_can_stand_in() -> None:
    values = np.zeros((4, 5, 6), np.float32)
    values[1:3, 2, 3:5] = 1

    class Corner(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            odds = x[:, 0, 1, 2, 3]
            return torch.stack([-odds, odds], 1)

    settings = {**SETTINGS, "model": Corner(), "inputs": np.ones((1, 4, 5, 6)), "baseline": np.full((1, 4, 5, 6), 0.5)}
    (one,) = evidence(HeatMap(values, "rise", 1, "m", "p"), **settings)
    assert "slices 2–3, rows 3–3, columns 4–5" in one.sentence
    assert "a reference image" in one.sentence
    assert one.weight == pytest.approx(1 / math.log(10), rel=1e-5)
    assert evidence(HeatMap(values, "rise", 1, "m", "p"), score=Score.LOGIT, **settings)[0].weight < one.weight


def test_areas_hold_together_over_corners_and_come_by_heat() -> None:
    values = np.zeros((6, 6), np.float32)
    values[0, 0] = values[1, 1] = 1
    values[4, 2:6] = 0.9
    values[0, 5] = 0.4
    first, second = areas(values)
    assert (first.box, first.voxels, first.heat) == (((4, 2), (5, 6)), 4, pytest.approx(3.6))
    assert second.box == ((0, 0), (2, 2))
    assert len(areas(values, threshold=0.3)) == 3
    assert len(areas(values, threshold=0.3, most=1)) == 1
    assert areas(-values) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"inputs": np.ones((1, 5, 5))}, "do not fit"),
        ({"geometry": Geometry.of((5, 5))}, "do not fit"),
        ({"classes": ("normal",)}, "classes are named"),
        ({"lang": "fr"}, "en and zh"),
        ({"threshold": 0.0}, "threshold"),
        ({"most": 0}, "at least one area"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        evidence(bright(FOR), **{**SETTINGS, **change})


def test_a_map_with_holes_is_refused() -> None:
    with pytest.raises(InputError, match="not finite"):
        HeatMap(np.array([[np.nan]], np.float32), "rise", 0, "m", "p")
