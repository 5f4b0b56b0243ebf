"""Sparsity finds the planted features, makes exact zeros, and a pruned model answers as the gated one did."""

from __future__ import annotations

import pytest
import torch
from constraint_training import trained
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from suwen.errors import InputError
from suwen.learn.batch import Batch, Penalty, Proximal
from suwen.learn.constraints import L1, GatePenalty, GroupLasso, HardConcreteGates, pruned

TRUE = (1, 4, 7)
EMPTY = Batch(torch.zeros(1, 1), torch.zeros(1))


def planted(n: int = 600, features: int = 12, *, seed: int = 3) -> tuple[Tensor, Tensor]:
    """Labels that three of the columns decide; the rest is noise."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(n, features, generator=generator)
    logits = 3 * inputs[:, 1] - 3 * inputs[:, 4] + 3 * inputs[:, 7]
    return inputs, (torch.rand(n, generator=generator) < torch.sigmoid(logits)).float()


def net(features: int = 12) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(features, 8), nn.Tanh(), nn.Linear(8, 1))


def shrunk(lasso: GroupLasso, *, seed: int = 3) -> nn.Sequential:
    """Weight decay holds the last layer, which would else grow and undo the shrinkage of the first."""
    return trained(net(), *planted(seed=seed), [lasso], steps=500, rate=0.1, plain_descent=True, decay=0.01)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_group_lasso_recovers_the_true_support(seed: int) -> None:
    lasso = GroupLasso(0.04, "0")
    selection = lasso.selection(shrunk(lasso, seed=seed), names=[f"x{at}" for at in range(12)])
    assert selection.kept == TRUE
    assert selection.kept_names == ("x1", "x4", "x7")
    assert len(selection.removed) == len(selection.removed_names) == 9


def test_without_the_proximal_step_nothing_is_exactly_zero() -> None:
    lasso = GroupLasso(0.02, "0", exact=False)
    assert len(lasso.selection(trained(net(), *planted(), [lasso], steps=200)).kept) == 12


def test_joined_columns_live_and_die_together() -> None:
    groups = tuple((at, at + 1) for at in range(0, 12, 2))
    lasso = GroupLasso(0.03, "0", groups=groups)
    model = shrunk(lasso)
    assert lasso.selection(model).kept == (0, 2, 3)
    alive = (model[0].weight != 0).any(0).reshape(6, 2)
    assert (alive[:, 0] == alive[:, 1]).all()


def test_whole_neurons_are_removed_with_their_bias() -> None:
    lasso = GroupLasso(0.02, "0", by="outputs")
    model = shrunk(lasso)
    gone = list(lasso.selection(model).removed)
    assert 0 < len(gone) < 8
    assert not model[0].bias[gone].any()


def test_the_lasso_thresholds_softly() -> None:
    model = nn.Linear(3, 1)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[0.5, -0.2, -2.0]]))
    L1(3.0, exact=True).after_step(model, rate=0.1)
    assert model.weight.tolist()[0] == pytest.approx([0.2, 0.0, -1.7])
    L1(3.0).after_step(model, rate=0.1)  # not exact: the loss does the work
    assert model.weight.tolist()[0] == pytest.approx([0.2, 0.0, -1.7])


@given(st.integers(0, 10_000), st.floats(0.01, 2))
@settings(max_examples=30, deadline=None)
def test_the_proximal_step_is_the_minimiser_it_claims(seed: int, strength: float) -> None:
    """prox(w) minimises half the squared distance plus the penalty: no nearby point is better."""
    generator = torch.Generator().manual_seed(seed)
    model = nn.Linear(4, 5, bias=False).double()
    start = torch.randn(5, 4, generator=generator, dtype=torch.float64)
    step, charge = GroupLasso(strength, ""), GroupLasso(strength, "", exact=False)

    def objective(weight: Tensor) -> float:
        with torch.no_grad():
            model.weight.copy_(weight)
        return float(0.5 * (weight - start).square().sum() + charge(model, EMPTY, weight.new_zeros(1)).detach())

    with torch.no_grad():
        model.weight.copy_(start)
    step.after_step(model, rate=1.0)
    best = model.weight.detach().clone()
    value = objective(best)
    for _ in range(20):
        near = best + 0.05 * torch.randn(5, 4, generator=generator, dtype=torch.float64)
        assert objective(near) >= value - 1e-12


def test_the_penalty_at_zero_keeps_finite_gradients() -> None:
    model = nn.Linear(3, 2)
    nn.init.zeros_(model.weight)
    GroupLasso(1.0, "", exact=False)(model, EMPTY, torch.zeros(1)).backward()
    assert torch.isfinite(model.weight.grad).all()


def test_gates_prune_to_the_true_features() -> None:
    torch.manual_seed(0)
    gates = HardConcreteGates(12)
    model = trained(
        nn.Sequential(gates, nn.Linear(12, 8), nn.Tanh(), nn.Linear(8, 1)), *planted(), [GatePenalty(0.03)], steps=700,
        rate=2e-2,
    )  # fmt: skip
    assert gates.open() == TRUE
    small = pruned(model)
    assert small[1].weight.shape == (8, 3)
    inputs, _ = planted(50, seed=9)
    torch.testing.assert_close(small(inputs), model(inputs), atol=1e-6, rtol=0)


def test_gates_are_random_in_training_only_and_exact_at_both_ends() -> None:
    gates, inputs = HardConcreteGates(4, opened=0.5), torch.ones(200, 4)
    drawn = gates.train()(inputs)
    assert (drawn == 0).any()
    assert (drawn == 1).any()
    assert torch.equal(gates.eval()(inputs), gates(inputs))


@given(st.floats(-4, 4))
@settings(max_examples=20, deadline=None)
def test_the_expected_number_of_gates_is_the_share_drawn_open(log_alpha: float) -> None:
    gates = HardConcreteGates(1)
    with torch.no_grad():
        gates.log_alpha.fill_(log_alpha)
    torch.manual_seed(0)
    share = float((gates.train()(torch.ones(20_000, 1)) > 0).float().mean())
    assert share == pytest.approx(float(gates.chances().detach()), abs=0.02)


def shut(gates: HardConcreteGates, *closed: int) -> HardConcreteGates:
    with torch.no_grad():
        gates.log_alpha.uniform_(-0.5, 3)
        gates.log_alpha[list(closed)] = -8
    return gates


def models() -> list[tuple[nn.Sequential, Tensor]]:
    """Gates at the entrance, between linear layers, on channels with norm and pool, and before a flattening."""
    torch.manual_seed(1)
    entrance = nn.Sequential(shut(HardConcreteGates(6), 0, 3), nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 1))
    nested = nn.Sequential(nn.Dropout(), nn.Linear(8, 2))
    between = nn.Sequential(nn.Linear(6, 8), nn.Sigmoid(), shut(HardConcreteGates(8), 1, 2, 7), nested)
    flat = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1, bias=False),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        shut(HardConcreteGates(6), 0, 5),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 4, 3, padding=1),
        nn.ELU(),
        shut(HardConcreteGates(4), 2),
        nn.Flatten(),
        nn.Linear(4 * 16, 3),
    )
    volume = nn.Sequential(
        nn.Conv3d(1, 4, 3),
        shut(HardConcreteGates(4), 1),
        nn.ReLU(),
        nn.AdaptiveAvgPool3d(1),
        nn.Flatten(),
        nn.Linear(4, 1),
    )
    table = torch.randn(9, 6)
    return [(entrance, table), (between, table), (flat, torch.randn(5, 3, 8, 8)), (volume, torch.randn(2, 1, 5, 5, 5))]


@pytest.mark.parametrize("which", range(4))
def test_pruned_is_smaller_and_answers_the_same(which: int) -> None:
    model, inputs = models()[which]
    model(inputs)  # the norm's statistics move away from their start
    model.eval()
    small = pruned(model)
    torch.testing.assert_close(small(inputs), model(inputs), atol=1e-6, rtol=1e-6)
    assert count(small) < count(model)
    assert not any(isinstance(layer, HardConcreteGates) for layer in small.modules())


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ([nn.Linear(4, 4), HardConcreteGates(4)], "must follow"),
        ([HardConcreteGates(4), nn.Sigmoid(), nn.Linear(4, 1)], "must follow"),  # sigmoid turns zero into a half
        ([nn.Linear(4, 4), nn.LayerNorm(4), HardConcreteGates(4), nn.Linear(4, 1)], "must stand"),
        ([nn.Linear(4, 4), shut(HardConcreteGates(4), 0, 1, 2, 3), nn.Linear(4, 1)], "all gates"),
        ([HardConcreteGates(4), nn.Conv1d(4, 4, 1, groups=2)], "groups of channels"),
    ],
)
def test_what_cannot_be_pruned_is_refused(layers: list[nn.Module], said: str) -> None:
    with pytest.raises(InputError, match=said):
        pruned(nn.Sequential(*layers))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: GroupLasso(0.1, "9")(net(), EMPTY, torch.zeros(1)) + GroupLasso(0.1, "9").selection(net()),
        lambda: GroupLasso(0.1, "1").selection(net()),
        lambda: GroupLasso(0.1, "0", groups=((0, 1), (1, 2))).selection(net()),
        lambda: GroupLasso(0.1, "0").selection(net(), names=["one"]),
        lambda: L1(-1.0),
        lambda: GroupLasso(float("nan"), "0"),
        lambda: GatePenalty(1.0)(net(), EMPTY, torch.zeros(1)),
        lambda: HardConcreteGates(0),
        lambda: HardConcreteGates(3)(torch.zeros(2, 4)),
    ],
)
def test_wrong_input_is_refused(wrong: object) -> None:
    with pytest.raises(InputError):
        wrong()  # type: ignore[operator]


def test_penalties_keep_their_contracts() -> None:
    penalties: list[Penalty] = [L1(0.1), GroupLasso(0.1, "0"), GroupLasso(0.1, "0", exact=False)]
    for penalty in penalties:
        assert isinstance(penalty, Proximal)
        assert penalty(net(), EMPTY, torch.zeros(1)).ndim == 0
