"""Proves the learning-rate finder: it points at rates that learn, sees divergence, and leaves the model alone."""

from __future__ import annotations

import copy
import math
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from torch import nn

from suwen.errors import InputError
from suwen.learn.augment.intensity import Intensity
from suwen.learn.augment.spatial import Spatial
from suwen.learn.finder import Found, find_rate
from suwen.learn.fit import train
from suwen.learn.nets.residual import Residual, ResidualSettings
from suwen.learn.nets.tables import Perceptron, PerceptronSettings
from suwen.learn.nets.unet import UNet, UNetSettings
from suwen.learn.nouns import Task
from suwen.learn.plan import Plan
from suwen.learn.source import Source

SGD = Plan(batch=16, optimiser="sgd", weight_decay=0.0, clip=None)


def quadratic(curvature: float) -> tuple[nn.Module, Source]:
    """One weight on inputs of this mean square: gradient descent diverges above a rate of 1 / curvature."""
    inputs = torch.full((64, 1), math.sqrt(curvature))
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, 3.0)
    return model, Source(inputs, torch.zeros(64), Task.NUMBERS, 1)


def table(n: int = 96) -> Source:
    rng = np.random.default_rng(0)
    inputs = rng.normal(0, 1, (n, 3)).astype(np.float32)
    labels = (inputs.sum(1) > 0).astype(np.int64)
    return Source(torch.from_numpy(inputs), torch.from_numpy(labels), Task.CLASSES, 2)


def perceptron() -> Perceptron:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Perceptron(PerceptronSettings(features=3, widths=(16,), drop=0.0))


@pytest.fixture(scope="module")
def found() -> Found:
    return find_rate(perceptron(), table(), Plan(batch=16), low=1e-5, high=100.0, steps=120)


@pytest.mark.parametrize("curvature", [1.0, 100.0])
def test_it_suggests_rates_below_the_known_limit_of_a_quadratic(curvature: float) -> None:
    model, source = quadratic(curvature)
    seen = find_rate(model, source, SGD, low=1e-6 / curvature, high=1e3 / curvature, steps=100)
    assert seen.diverged is not None
    assert seen.diverged > 0.5 / curvature  # momentum 0.9 with lookahead: beyond this it may swing up
    assert 1e-4 / curvature < seen.suggested < 1 / curvature
    assert seen.fell


def test_a_flatter_hill_asks_for_a_higher_rate() -> None:
    steep, flat = (
        find_rate(*quadratic(curvature), SGD, low=1e-7, high=1e3, steps=150).suggested for curvature in (100.0, 1.0)
    )
    assert 20 < flat / steep < 500


def test_the_suggestion_learns_and_its_hundredth_does_not(found: Found) -> None:
    ends = []
    for rate in (found.suggested, found.suggested / 100):
        plan = Plan(epochs=6, batch=16, rate=rate, watch="last", schedule="constant", warm_up=0)
        ends.append(train(perceptron(), table(), table(), plan).history[-1].loss)
    assert ends[0] < 0.6 * ends[1]


def test_rates_rise_exponentially(found: Found) -> None:
    steps = np.diff(np.log(found.rates))
    assert found.rates[0] == pytest.approx(1e-5)
    assert steps == pytest.approx(np.full(len(steps), math.log(1e7) / 119))
    assert len(found.losses) == len(found.rates)


def test_model_and_random_numbers_stay_as_they_are() -> None:
    model = Residual(ResidualSettings(widths=(4,), depth=1))
    model.train()
    before = copy.deepcopy(model.state_dict())
    inputs = torch.randn(24, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    source = Source(inputs, torch.arange(24) % 2, Task.CLASSES, 2)
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    first = find_rate(model, source, Plan(batch=8, balance="loss"), steps=12, augment=[Spatial(), Intensity()])
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert model.training
    assert first == find_rate(model, source, Plan(batch=8, balance="loss"), steps=12, augment=[Spatial(), Intensity()])


def test_masks_are_understood() -> None:
    source = Source(torch.randn(4, 1, 8, 8), (torch.rand(4, 8, 8) < 0.5).long(), Task.MASKS, 2)
    model = UNet(UNetSettings(axes=2, outputs=2, widths=(4, 8)))
    assert find_rate(model, source, Plan(batch=2), steps=10, augment=[Spatial()]).suggested > 0


def test_noise_is_not_called_learning() -> None:
    model = nn.Linear(3, 2)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    seen = find_rate(model, table(), SGD, low=1e-9, high=1e-8, steps=20)
    assert not seen.fell
    assert seen.diverged is None


def test_wild_inputs_are_told() -> None:
    source = table()
    source.inputs[:] = float("inf")
    with pytest.raises(InputError, match="inputs"):
        find_rate(nn.Linear(3, 2), source, Plan(batch=16))


@pytest.mark.parametrize(("low", "high", "steps"), [(0.0, 1.0, 50), (1.0, 0.1, 50), (1e-5, 1.0, 5)])
def test_a_range_that_does_not_rise_is_refused(low: float, high: float, steps: int) -> None:
    with pytest.raises(InputError, match="rises"):
        find_rate(nn.Linear(3, 2), table(), Plan(), low=low, high=high, steps=steps)


@pytest.mark.parametrize(("lang", "word"), [("en", "suggested"), ("zh", "建议")])
def test_the_picture_is_whole_and_names_the_suggestion(found: Found, lang: str, word: str) -> None:
    svg = found.svg(lang)  # type: ignore[arg-type]
    ElementTree.fromstring(svg)  # noqa: S314
    assert f"{word}" in svg
    assert f"{found.suggested:.1e}" in svg
    assert "nan" not in svg
