"""Proves that the fast model gives the numbers of the plain one, leaves out what does not, and works without ONNX."""

from __future__ import annotations

import copy
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from suwen.errors import InputError, MissingExtraError
from suwen.learn.card import Card
from suwen.learn.engines import folded, onnx_engine, threads_of_torch
from suwen.learn.inference import CLOSE, Choice, Fast, benchmark, fast
from suwen.learn.model import Model
from suwen.learn.nets.catalogue import build

RESIDUAL = {"axes": 2, "widths": [4, 8], "depth": 1}
KINDS: dict[str, tuple[str, dict[str, Any], int, tuple[int, ...]]] = {
    "residual-1": ("residual", {**RESIDUAL, "axes": 1, "channels": 2}, 1, (2, 32)),
    "residual-2": ("residual", RESIDUAL, 1, (1, 12, 14)),
    "residual-3": ("residual", {**RESIDUAL, "axes": 3, "stem": 1}, 1, (1, 12, 10, 8)),
    "ensemble": ("residual", RESIDUAL, 2, (1, 12, 12)),
    "unet-2": ("unet", {"axes": 2, "widths": [4, 8], "outputs": 2}, 1, (1, 16, 12)),
    "unet-3": ("unet", {"axes": 3, "widths": [4, 8], "outputs": 3}, 1, (1, 8, 12, 16)),
    "temporal": ("temporal", {"width": 4, "depth": 2}, 1, (1, 40)),
    "transformer": ("transformer", {"width": 8, "depth": 1, "heads": 2}, 1, (1, 40)),
    "perceptron": ("perceptron", {"features": 3, "widths": [8]}, 1, (3,)),
    "columns": ("columns", {"kinds": [0, 3], "width": 8, "depth": 1, "heads": 2}, 1, (2,)),
}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with threads_of_torch(1):
        yield


def network(kind: str, settings: Mapping[str, Any], members: int = 1) -> nn.Module:
    """With statistics that are not those of the start, or folding them in would prove nothing."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        net = build(kind, settings, members=members)
        for module in net.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)
                module.weight.data.uniform_(0.5, 2)
                module.bias.data.normal_()
    return net.eval()


def model(net: nn.Module, kind: str = "residual", *, flips: tuple[int, ...] = (), task: str = "classes") -> Model:
    settings = {"axes": 2} if kind == "residual" else {}
    card = Card(
        "test",
        "1",
        {},
        task,
        ("no", "yes"),
        {"kind": kind, "settings": settings},
        {"scale": "each"},
        (),
        {},
        {},
        "MIT",
        flips=flips,
    )
    return Model(net, card)


def inputs(n: int, shape: tuple[int, ...], seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(0, 1, (n, *shape)).astype(np.float32))


@pytest.mark.parametrize("name", KINDS)
def test_every_engine_of_every_network_answers_the_same_not_only_the_chosen(name: str) -> None:
    kind, settings, members, shape = KINDS[name]
    net = network(kind, settings, members)
    quick = Fast(net)
    with torch.inference_mode():
        for n in (5, 1, 3):  # more and fewer than it was traced with
            given = inputs(n, shape, seed=n)
            expected = pytest.approx(net(given).numpy(), abs=CLOSE)
            assert quick(given).numpy() == expected
            assert {engine.name for engine in quick.engines(given) if engine.run(given).numpy() == expected} == (
                {"torch", "torch folded"}
                | ({"torch channels last"} if len(shape) > 2 else set())
                | ({"onnx"} if name != "columns" else set())
            )
    assert len(quick.choices) == 1


def test_folding_takes_the_normalisations_away_and_leaves_the_network_alone() -> None:
    net = network("residual", RESIDUAL)
    before = copy.deepcopy(net.state_dict())
    light = folded(net)
    assert not [one for one in light.modules() if isinstance(one, nn.modules.batchnorm._BatchNorm)]
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


def test_a_fast_model_keeps_mirrored_copies_and_calibration() -> None:
    plain = model(network("residual", RESIDUAL), flips=(1,))
    quick = fast(plain)
    images = inputs(11, (1, 12, 12)).numpy()
    assert quick.logits(images, batch=4) == pytest.approx(plain.logits(images, batch=4), abs=CLOSE)
    assert quick.chances(images) == pytest.approx(plain.chances(images), abs=CLOSE)
    without = model(plain.network)
    assert np.abs(without.logits(images) - quick.logits(images)).max() > 10 * CLOSE


def test_a_fast_model_draws_the_same_outlines() -> None:
    plain = model(network("unet", {"axes": 2, "widths": [4, 8], "outputs": 2}), "unet", task="masks")
    volume = inputs(1, (1, 16, 12))[0].numpy()
    assert np.array_equal(fast(plain).labels(volume), plain.labels(volume))


class _Counting(nn.Module):
    """What the tracer cannot know: how many examples there are becomes a constant of the ONNX document."""

    def forward(self, given: Tensor) -> Tensor:
        return given.flatten(1)[:, :2] * float(len(given))


def test_an_engine_that_answers_otherwise_is_left_out_with_the_reason() -> None:
    quick, given = Fast(_Counting()), inputs(3, (1, 6, 6))
    choice = quick.choice(given)
    assert "onnx" not in choice.rates
    assert "differ" in choice.refused["onnx"]
    assert choice.differences["onnx"] > CLOSE


def test_an_engine_that_fails_for_another_number_of_examples_is_left_out() -> None:
    choice = Fast(network(*KINDS["columns"][:2])).choice(inputs(3, (2,)))
    assert "onnx" not in choice.rates
    assert choice.refused["onnx"]


@pytest.mark.parametrize("absent", ["onnxruntime", "onnx"])
def test_without_onnx_pytorch_answers(monkeypatch: pytest.MonkeyPatch, absent: str) -> None:
    monkeypatch.setitem(sys.modules, absent, None)
    net, given = network("residual", RESIDUAL), inputs(3, (1, 12, 12))
    with pytest.raises(MissingExtraError, match=absent):
        onnx_engine(net, given)
    quick = Fast(net)
    with torch.inference_mode():
        assert quick(given).numpy() == pytest.approx(net(given).numpy(), abs=CLOSE)
    assert "learn" in quick.choices[1, 12, 12].refused["onnx"]


def test_gradients_come_from_the_network_itself() -> None:
    net, given = network("residual", RESIDUAL), inputs(2, (1, 12, 12)).requires_grad_()
    found = torch.autograd.grad(Fast(net)(given)[:, 1].sum(), given)[0]
    expected = torch.autograd.grad(net(given)[:, 1].sum(), given)[0]
    assert torch.equal(found, expected)
    assert found.abs().max() > 0


def test_training_mode_is_the_networks_own() -> None:
    net = network("residual", {**RESIDUAL, "drop": 0.9})
    quick = Fast(net).train()
    given = inputs(4, (1, 12, 12))
    assert not torch.equal(quick(given), quick(given))
    assert not quick.choices


def test_the_choice_is_the_fastest_that_the_call_can_fill() -> None:
    rates = {"torch": {1: 10.0, 8: 90.0}, "onnx": {1: 50.0, 8: 60.0}}
    choice = Choice((1, 4, 4), 1, rates, {})
    assert choice.fastest(1) == ("onnx", 1)
    assert choice.fastest(3) == ("onnx", 1)
    assert choice.fastest(4) == ("torch", 8)
    assert choice.fastest(100) == ("torch", 8)
    assert choice.gain == pytest.approx(9)


def test_a_benchmark_shows_every_engine_one_by_one_and_together() -> None:
    plain = model(network("residual", RESIDUAL))
    found = benchmark(fast(plain), inputs(9, (1, 12, 12)).numpy())
    assert set(found.rates) == {"torch", "torch folded", "torch channels last", "onnx"}
    assert all(set(row) == {1, 8} and min(row.values()) > 0 for row in found.rates.values())
    assert max(found.differences.values()) <= CLOSE


def test_threads_are_as_before_afterwards() -> None:
    before = torch.get_num_threads()
    with threads_of_torch(before + 1):
        assert torch.get_num_threads() == before + 1
    Fast(network("residual", RESIDUAL), threads=before + 1)(inputs(2, (1, 12, 12)))
    assert torch.get_num_threads() == before
    with pytest.raises(InputError, match="thread"):
        Fast(network("residual", RESIDUAL), threads=0)


def test_several_threads_may_ask_at_once() -> None:
    net, given = network("residual", RESIDUAL), inputs(6, (1, 12, 12))
    quick, found = Fast(net), dict[int, Tensor]()

    def ask(place: int) -> None:
        found[place] = quick(given)

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with torch.inference_mode():
        expected = net(given).numpy()
    assert len(found) == 4
    assert all(answer.numpy() == pytest.approx(expected, abs=CLOSE) for answer in found.values())
