"""The checks tell an explanation from a picture of the image: edges and constants fail, maps of the model pass."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from bright_blob import blobs, flat_net, held_out, taught
from scipy import ndimage
from torch import nn

from suwen.errors import InputError
from suwen.explain.maps import (
    card_lines,
    grad_cam,
    label_randomisation,
    occlusion,
    parameter_randomisation,
    sanity_checks,
    similarity,
)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def edges(_model: nn.Module, inputs: np.ndarray, _target: int) -> np.ndarray:
    """An edge detector: sharp, convincing, and blind to the model."""
    return ndimage.gaussian_gradient_magnitude(inputs[0], 1.0)


def constant(_model: nn.Module, inputs: np.ndarray, _target: int) -> np.ndarray:
    return np.ones(inputs.shape[1:])


def edges_of_a_model(model: nn.Module, inputs: np.ndarray, target: int) -> np.ndarray:
    """Mostly edges with a little of the model mixed in: what guided backpropagation amounts to."""
    return edges(model, inputs, target) + 0.05 * grad_cam(model, inputs, target)


@pytest.mark.parametrize("impostor", [edges, constant, edges_of_a_model])
def test_an_impostor_fails(impostor: Any) -> None:
    images, _ = held_out(6)
    verdict = parameter_randomisation(impostor, flat_net(), images, [1] * 6, rng=rng())
    assert verdict.passes is False
    assert verdict.figures["spearman"] > 0.8
    assert verdict.method == impostor.__name__


@pytest.mark.parametrize("method", [grad_cam, occlusion])
def test_maps_of_the_model_pass(method: Any) -> None:
    images, _ = held_out(8)
    verdict = parameter_randomisation(method, flat_net(), images, [1] * 8, rng=rng())
    assert verdict.passes is True
    assert verdict.figures["spearman"] < verdict.threshold
    assert {f"spearman_{step}" for step in range(1, 6)} <= verdict.figures.keys()
    assert verdict.reason


def test_the_model_is_left_alone_and_the_seed_decides() -> None:
    images, _ = held_out(2)
    before = {name: value.clone() for name, value in flat_net().state_dict().items()}
    state = torch.random.get_rng_state()
    first, second = (parameter_randomisation(grad_cam, flat_net(), images, [1, 1], rng=rng()) for _ in "ab")
    assert first == second
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(before[name], value) for name, value in flat_net().state_dict().items())
    other = parameter_randomisation(grad_cam, flat_net(), images, [1, 1], rng=np.random.default_rng(7))
    assert other.figures != first.figures


def test_labels_that_were_shuffled_must_show() -> None:
    """Edges do not care what was taught; occlusion does."""
    images, labels, _ = blobs(120, (24, 20), np.random.default_rng(4))
    shown, _ = held_out(6)
    given: list[np.ndarray] = []

    def refit(shuffled: np.ndarray) -> nn.Module:
        given.append(shuffled)
        return taught(images, shuffled, steps=30)

    settings: dict[str, Any] = {"labels": labels, "refit": refit, "rng": rng()}
    assert label_randomisation(edges, flat_net(), shown, [1] * 6, **settings).passes is False
    assert label_randomisation(occlusion, flat_net(), shown, [1] * 6, **settings).passes is True
    assert all(sorted(one) == sorted(labels) and not np.array_equal(one, labels) for one in given)


def test_both_checks_run_and_what_was_not_run_is_not_passed() -> None:
    images, _ = held_out(3)
    parameters, taught_labels = sanity_checks(grad_cam, flat_net(), images, [1] * 3, rng=rng(), name="Grad-CAM")
    assert parameters.passes is True
    assert taught_labels.passes is None
    english, chinese = (card_lines((parameters, taught_labels), lang=lang) for lang in ("en", "zh"))
    assert "Grad-CAM, parameter randomisation: this map passes" in english[0]
    assert "not run" in english[1]
    assert "通过检验" in chinese[0]
    assert "未做检验" in chinese[1]
    failed = parameter_randomisation(edges, flat_net(), images, [1] * 3, rng=rng())
    assert "FAILS" in card_lines((failed,))[0]
    assert "未通过" in card_lines((failed,), lang="zh")[0]
    with pytest.raises(InputError):
        card_lines((failed,), lang="fr")


def test_similarity_of_known_maps() -> None:
    values = np.random.default_rng(1).normal(size=(20, 18))
    assert similarity(values, values) == pytest.approx((1, 1))
    assert similarity(values, -2 * values) == pytest.approx((1, 1))  # absolute maps, any scale
    rank, structure = similarity(values, np.random.default_rng(2).normal(size=(20, 18)))
    assert abs(rank) < 0.2
    assert structure < 0.3
    assert similarity(np.ones((4, 4)), values[:4, :4])[0] == 1  # no ranks, no reaction
    assert similarity(values[:4, :4], np.ones((4, 4)))[0] == 0  # the random model says nothing anywhere
    with pytest.raises(InputError):
        similarity(values, values.T)


def test_nothing_to_check_is_refused() -> None:
    images, _ = held_out(2)
    with pytest.raises(InputError, match="target for each"):
        parameter_randomisation(grad_cam, flat_net(), images, [1], rng=rng())
    with pytest.raises(InputError, match="no parameters"):
        parameter_randomisation(constant, nn.Identity(), images, [1, 1], rng=rng())
