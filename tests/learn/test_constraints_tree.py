"""Tree regularisation: path lengths are counted right, and fall in training while the answers stay good."""

from __future__ import annotations

import pytest
import torch
from constraint_training import trained
from torch import Tensor, nn

from suwen.errors import InputError
from suwen.learn.batch import Batch
from suwen.learn.constraints import TreePenalty, average_path_length, imitating_tree
from suwen.learn.measure.ranking import auc

EMPTY = Batch(torch.zeros(1, 1), torch.zeros(1))


def noisy(n: int, seed: int) -> tuple[Tensor, Tensor]:
    """A straight border of one column, a tenth of the labels turned over, and six columns of noise."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.rand(n, 7, generator=generator) * 2 - 1
    labels = inputs[:, 0] > 0
    return inputs, (labels ^ (torch.rand(n, generator=generator) < 0.2)).float()


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(7, 16), nn.Tanh(), nn.Linear(16, 1))


def test_a_threshold_takes_one_decision_and_a_constant_none() -> None:
    inputs, _ = noisy(400, 0)
    assert average_path_length(lambda rows: rows[:, 0] - 0.1, inputs) == 1
    assert average_path_length(lambda rows: rows[:, 0] * 0 + 1, inputs) == 0


def test_a_nested_rule_takes_what_its_tree_takes() -> None:
    """Yes where x0 > 0 and x1 > 0: half the examples are decided by one look at x0, half need x1 too."""
    inputs, _ = noisy(400, 0)
    inputs = inputs[:, :2]
    inputs[:, 0] = inputs[:, 0].sign()
    share = float((inputs[:, 0] > 0).float().mean())
    found = average_path_length(lambda rows: torch.minimum(rows[:, 0], rows[:, 1]), inputs)
    first_by_second = 1 + float((inputs[:, 1] > 0).float().mean())
    assert min(abs(found - (1 + share)), abs(found - first_by_second)) < 1e-6


def test_the_tree_imitates_the_model_and_not_the_labels() -> None:
    inputs, labels = noisy(400, 0)
    model = trained(net(), inputs, labels, steps=50)
    with torch.no_grad():
        answers = (model(inputs)[:, 0] > 0).numpy()
    agreed = (imitating_tree(model, inputs, leaf=1).predict(inputs.numpy()) == answers).mean()
    assert agreed > 0.99


def test_the_path_shortens_and_the_answers_stay_good() -> None:
    inputs, labels = noisy(300, 1)
    unseen, truth = noisy(2000, 2)
    found = {}
    for strength in (0.0, 0.1):
        model = trained(net(), inputs, labels, [TreePenalty(strength, inputs)], steps=250, rate=2e-2)
        with torch.no_grad():
            found[strength] = average_path_length(model, inputs), auc(truth.numpy(), model(unseen)[:, 0].numpy())
    assert found[0.1][0] < 0.75 * found[0.0][0]
    assert found[0.1][1] > found[0.0][1] - 0.01


def test_the_surrogate_learns_lengths_and_has_gradients() -> None:
    inputs, _ = noisy(200, 1)
    penalty, model = TreePenalty(0.5, inputs), net()
    value = penalty(model, EMPTY, torch.zeros(1))
    value.backward()
    assert float(value.detach()) == pytest.approx(0.5 * float(penalty.predicted(model).detach()))
    assert sum(float(parameter.grad.abs().sum()) for parameter in model.parameters()) > 0
    lengths = torch.tensor([length for _, length in penalty.seen])
    assert float(penalty.predicted(model).detach()) == pytest.approx(
        float(lengths[0]), abs=3 * float(lengths.std()) + 0.3
    )


def test_the_same_seed_gives_the_same_penalty_and_leaves_torch_alone() -> None:
    inputs, _ = noisy(200, 1)
    torch.manual_seed(5)
    values = [float(TreePenalty(1.0, inputs, seed=2)(net(), EMPTY, torch.zeros(1)).detach()) for _ in range(2)]
    assert values[0] == values[1]
    torch.manual_seed(5)
    TreePenalty(1.0, inputs)._look(nn.Linear(7, 1, bias=False))
    torch.manual_seed(5)
    expected = torch.rand(1)
    model = net()
    torch.manual_seed(5)
    TreePenalty(1.0, inputs)(model, EMPTY, torch.zeros(1))
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: TreePenalty(-1.0, torch.zeros(20, 2)),
        lambda: TreePenalty(1.0, torch.zeros(20, 2), every=0),
        lambda: TreePenalty(1.0, torch.zeros(20, 2)).predicted(nn.Linear(2, 1)),
        lambda: imitating_tree(nn.Linear(2, 1), torch.zeros(5, 2)),
        lambda: imitating_tree(nn.Linear(2, 1), torch.zeros(50, 2, 2)),
    ],
)
def test_wrong_input_is_refused(wrong: object) -> None:
    with pytest.raises(InputError):
        wrong()  # type: ignore[operator]
