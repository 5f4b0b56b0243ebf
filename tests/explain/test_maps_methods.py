"""Every method finds what decides: the bright blob, in flat and in solid images that are not square."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from bright_blob import blobs, flat_net, held_out, solid_net
from torch import nn

from suwen.errors import InputError
from suwen.explain.maps import METHODS, Score, heat_map, pointing

SETTINGS: dict[str, dict[str, Any]] = {"rise": {"masks": 400, "cells": 6}}
SOLID: dict[str, dict[str, Any]] = {"rise": {"masks": 250, "cells": 4}, "occlusion": {"window": 4, "stride": 2}}


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_the_networks_know_the_task() -> None:
    for net, shape in ((flat_net(), (24, 20)), (solid_net(), (10, 12, 14))):
        images, labels, _ = blobs(100, shape, np.random.default_rng(9))
        with torch.no_grad():
            assert (net(torch.from_numpy(images)).argmax(1).numpy() == labels).mean() > 0.95


@pytest.mark.parametrize("method", sorted(METHODS))
def test_it_points_to_the_blob(method: str) -> None:
    images, masks = held_out(20)
    found = [heat_map(flat_net(), one, 1, method=method, rng=rng(), **SETTINGS.get(method, {})) for one in images]
    assert all(one.values.shape == (24, 20) and one.values.dtype == np.float32 for one in found)
    assert np.mean([pointing(one.values, mask) for one, mask in zip(found, masks, strict=True)]) > 0.9


@pytest.mark.parametrize("method", sorted(METHODS))
def test_it_points_to_the_blob_in_a_volume(method: str) -> None:
    images, masks = held_out(6, (10, 12, 14))
    found = [heat_map(solid_net(), one, 1, method=method, rng=rng(), **SOLID.get(method, {})) for one in images]
    assert all(one.values.shape == (10, 12, 14) for one in found)
    assert np.mean([pointing(one.values, mask, tolerance=1) for one, mask in zip(found, masks, strict=True)]) > 0.8


@pytest.mark.parametrize("method", sorted(METHODS))
def test_the_same_seed_gives_the_same_map_and_the_model_is_left_alone(method: str) -> None:
    net, (images, _) = flat_net(), held_out(1)
    net.train()
    net[1].eval()  # modes differ between modules, and each must come back
    net.zero_grad()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    modes = [module.training for module in net.modules()]
    first, second = (heat_map(net, images[0], 1, method=method, rng=rng(), **SETTINGS.get(method, {})) for _ in "ab")
    assert np.array_equal(first.values, second.values)
    assert [module.training for module in net.modules()] == modes
    assert all(parameter.grad is None and parameter.requires_grad for parameter in net.parameters())
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    net.eval()


@pytest.mark.parametrize("method", [name for name in sorted(METHODS) if "cam" not in name])
def test_the_size_of_a_batch_changes_nothing(method: str) -> None:
    images, _ = held_out(1)
    settings = SETTINGS.get(method, {})
    maps = [
        heat_map(flat_net(), images[0], 1, method=method, rng=rng(), batch=b, **settings).values for b in (1, 7, 64)
    ]
    for other in maps[1:]:
        assert np.allclose(maps[0], other, atol=1e-4 * np.abs(maps[0]).max())


@pytest.mark.parametrize("method", sorted(METHODS))
def test_frozen_parameters_and_in_place_layers_are_no_obstacle(method: str) -> None:
    images, _ = held_out(1)
    free = heat_map(flat_net(), images[0], 1, method=method, rng=rng(), **SETTINGS.get(method, {})).values
    try:
        for parameter in flat_net().parameters():
            parameter.requires_grad_(False)
        with torch.no_grad():
            frozen = heat_map(flat_net(), images[0], 1, method=method, rng=rng(), **SETTINGS.get(method, {})).values
    finally:
        for parameter in flat_net().parameters():
            parameter.requires_grad_(True)
    assert np.allclose(free, frozen, atol=1e-6)


@pytest.mark.parametrize("method", sorted(METHODS))
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda image: image[0], "channels"),
        (lambda image: image[None, None], "channels"),
        (lambda image: np.full_like(image, np.nan), "not finite"),
    ],
)
def test_what_is_no_example_is_refused(method: str, change: Any, said: str) -> None:
    images, _ = held_out(1)
    with pytest.raises(InputError, match=said):
        heat_map(flat_net(), change(images[0]), 1, method=method, rng=rng())


@pytest.mark.parametrize("method", sorted(METHODS))
@pytest.mark.parametrize("target", [-1, 2])
def test_a_class_that_does_not_exist_is_refused(method: str, target: int) -> None:
    images, _ = held_out(1)
    with pytest.raises(InputError, match="does not exist"):
        heat_map(flat_net(), images[0], target, method=method, rng=rng())


def test_an_unknown_method_names_the_known_ones() -> None:
    images, _ = held_out(1)
    with pytest.raises(InputError, match="grad_cam"):
        heat_map(flat_net(), images[0], 1, method="magic", rng=rng())


def test_a_model_without_places_is_refused_by_layers_and_explained_by_occlusion() -> None:
    images, _ = held_out(1)
    table = nn.Sequential(nn.Flatten(), nn.Linear(480, 2))
    with pytest.raises(InputError, match="no layer with spatial output"):
        heat_map(table, images[0], 1, method="grad_cam", rng=rng())
    assert heat_map(table, images[0], 1, method="occlusion", rng=rng()).values.any()


def test_a_model_that_answers_no_classes_is_refused() -> None:
    images, _ = held_out(1)
    with pytest.raises(InputError, match="logits"):
        heat_map(nn.Conv2d(1, 2, 3), images[0], 1, method="occlusion", rng=rng())


def test_a_single_output_means_the_class_beside_not() -> None:
    """One sigmoid output that is the difference of two softmax outputs gives the same map."""
    images, _ = held_out(1)
    net = flat_net()
    one = nn.Sequential(*net[:-1], nn.Linear(16, 1)).eval()
    with torch.no_grad():
        one[-1].weight.copy_(net[-1].weight[1:] - net[-1].weight[:1])
        one[-1].bias.copy_(net[-1].bias[1:] - net[-1].bias[:1])
    for score in (Score.LOG_ODDS, Score.PROBABILITY):
        two = heat_map(net, images[0], 1, method="occlusion", rng=rng(), score=score).values
        assert np.allclose(
            two, heat_map(one, images[0], 0, method="occlusion", rng=rng(), score=score).values, atol=1e-5
        )
