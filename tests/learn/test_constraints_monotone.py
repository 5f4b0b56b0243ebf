"""Monotone nets keep directions whatever their weights, the penalty mends most, and the search finds what is broken."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from constraint_training import trained
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from suwen.errors import InputError
from suwen.learn.batch import Batch
from suwen.learn.constraints import (
    CARDIOVASCULAR,
    MonotoneNet,
    MonotonePenalty,
    MonotoneResidual,
    check_monotone,
    directions_of,
)
from suwen.learn.constraints.directions import SOURCES

RANGES = np.array([[-3.0, 3.0]] * 3)
ARCHITECTURES = [MonotoneNet, MonotoneResidual]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@given(
    directions=st.lists(st.sampled_from([-1, 0, 1]), min_size=1, max_size=5),
    depth=st.integers(1, 3),
    scale=st.floats(0.1, 20),
    seed=st.integers(0, 10_000),
)
@settings(max_examples=40, deadline=None)
def test_no_weights_break_a_certified_net(
    architecture: type[MonotoneNet] | type[MonotoneResidual], directions: list[int], depth: int, scale: float, seed: int
) -> None:
    torch.manual_seed(seed)
    model = architecture(directions, widths=(6,) * depth).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * scale)
    ranges = np.array([[-5.0, 5.0]] * len(directions))
    found = check_monotone(model, ranges, directions, np.random.default_rng(seed), samples=100, tolerance=1e-6)
    assert found.certificate is not None
    assert found.certificate.holds
    assert (found.broken, found.pairs) == (0, 100 * sum(map(abs, directions)))


def test_a_certificate_fails_when_its_reason_fails() -> None:
    net = MonotoneNet([1, 0])
    with torch.no_grad():
        net.entrance.weight[0, 0] = float("nan")
    assert not net.certificate().holds


def test_free_columns_may_go_both_ways_in_a_certified_net() -> None:
    """|x1| decides, with a rise in x0: a net held to +1 in x1 as well could not know it."""
    inputs = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    labels = (inputs[:, 1].abs() + 0.3 * inputs[:, 0] > 0.8).float()
    for architecture in ARCHITECTURES:
        torch.manual_seed(0)
        free = trained(architecture([1, 0]), inputs, labels, steps=400)
        torch.manual_seed(0)
        held = trained(architecture([1, 1]), inputs, labels, steps=400)
        assert accuracy(free, inputs, labels) > 0.92
        assert accuracy(held, inputs, labels) < 0.85


def accuracy(model: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        return float(((model(inputs).flatten() > 0) == labels.bool()).float().mean())


def bent(n: int = 300) -> tuple[Tensor, Tensor]:
    """Few noisy patients whose risk rises with x0, and falls by chance where x0 is high."""
    generator = torch.Generator().manual_seed(5)
    inputs = torch.rand(n, 3, generator=generator) * 6 - 3
    chance = torch.sigmoid(1.5 * inputs[:, 0]) - 0.5 * (inputs[:, 0] > 2)
    return inputs, (torch.rand(n, generator=generator) < chance).float()


def plain() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 24), nn.Tanh(), nn.Linear(24, 1))


def test_the_penalty_takes_violations_away_and_the_plain_net_has_them() -> None:
    directions = (1, 0, 0)
    ranges = tuple((-3.0, 3.0) for _ in range(3))
    without = trained(plain(), *bent(), steps=500, rate=2e-2)
    with_penalty = trained(plain(), *bent(), [MonotonePenalty(directions, 5.0, ranges)], steps=500, rate=2e-2)
    rng = np.random.default_rng(0)
    before, after = (check_monotone(model, RANGES, directions, rng, samples=1000) for model in (without, with_penalty))
    assert before.share > 0.1
    assert before.certificate is None
    assert after.share < 0.2 * before.share
    assert before.by_feature[1:] == (0.0, 0.0)


def test_the_penalty_is_zero_for_a_rising_line_and_its_slope_for_a_falling_one() -> None:
    line = nn.Linear(2, 1)
    with torch.no_grad():
        line.weight.copy_(torch.tensor([[2.0, -3.0]]))
    batch = Batch(torch.randn(5, 2), torch.zeros(5))
    for signs, strength, expected in (((1, -1), 1.0, 0.0), ((1, 1), 0.5, 1.5), ((0, 0), 1.0, 0.0)):
        found = MonotonePenalty(signs, strength)(line, batch, line(batch.inputs)).detach()
        assert float(found) == pytest.approx(expected)


def test_the_search_finds_a_fall_and_measures_it() -> None:
    line = nn.Linear(2, 1)
    with torch.no_grad():
        line.weight.copy_(torch.tensor([[1.0, -1.0]]))
    found = check_monotone(line, RANGES[:2], (1, 1), np.random.default_rng(0), samples=500)
    assert found.by_feature[0] == 0
    assert found.by_feature[1] > 0.99
    assert found.share == pytest.approx(found.broken / 1000)
    assert 5 < found.worst <= 6


def test_two_class_outputs_are_judged_by_their_difference() -> None:
    pair = nn.Linear(1, 2)
    with torch.no_grad():
        pair.weight.copy_(torch.tensor([[3.0], [1.0]]))  # both rise, but class 0 faster
    assert check_monotone(pair, RANGES[:1], (1,), np.random.default_rng(0)).share > 0.99


def test_every_direction_has_a_source_that_is_written_out_and_words_in_both_languages() -> None:
    for name, one in CARDIOVASCULAR.items():
        assert name == one.factor
        assert one.sign in (-1, 1)
        assert one.sources
        assert set(one.sources) <= set(SOURCES)
        assert bool(one.limits_en) == bool(one.limits_zh)
        assert one.name_zh != one.name_en
    assert set(SOURCES) == {source for one in CARDIOVASCULAR.values() for source in one.sources}


def test_directions_by_name() -> None:
    assert directions_of(["ldl_cholesterol", None, "hdl_cholesterol"]) == (1, 0, -1)
    with pytest.raises(InputError, match="ldl_cholesterole"):
        directions_of(["ldl_cholesterole"])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: MonotoneNet([2]),
        lambda: MonotoneNet([]),
        lambda: MonotoneNet([1], widths=(2,)),
        lambda: MonotoneResidual([1], widths=(3,)),
        lambda: MonotoneResidual([1], slope=0),
        lambda: MonotoneNet([1])(torch.zeros(2, 2)),
        lambda: MonotoneResidual([1])(torch.zeros(2, 2)),
        lambda: check_monotone(plain(), RANGES, (1,), np.random.default_rng(0)),
        lambda: check_monotone(nn.Linear(3, 5), RANGES, (1, 0, 0), np.random.default_rng(0)),
    ],
)
def test_wrong_input_is_refused(wrong: object) -> None:
    with pytest.raises(InputError):
        wrong()  # type: ignore[operator]
