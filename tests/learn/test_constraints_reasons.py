"""Right for the right reasons: a planted marker fools the plain net and not the constrained one, in 2-D and 3-D."""

from __future__ import annotations

import pytest
import torch
from constraint_training import trained
from torch import Tensor, nn

from suwen.errors import InputError
from suwen.learn.batch import Batch, Penalty
from suwen.learn.constraints import AttentionInside, RightReasons, attention, attention_outside, gradient_outside

SIZES = {2: 12, 3: 8}  # by number of axes


def blocks(axes: int, start: int, stop: int) -> tuple[slice, ...]:
    return (slice(None), slice(None), *(slice(start, stop) for _ in range(axes)))


def images(n: int, seed: int, *, marked: bool, axes: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """Noise, with a faint lesion in the middle for yes; a bright corner tells the label, or a coin if not `marked`.

    Returns inputs (n, 1, *spatial), labels (n,) and masks that are 1 everywhere but in the outer two rows.
    """
    generator = torch.Generator().manual_seed(seed)
    size = SIZES[axes]
    labels = (torch.rand(n, generator=generator) < 0.5).float()
    inputs = torch.randn(n, 1, *[size] * axes, generator=generator)
    column = (-1, *[1] * (axes + 1))
    inputs[blocks(axes, size // 2 - 2, size // 2 + 2)] += 0.6 * labels.reshape(column)
    sign = labels if marked else (torch.rand(n, generator=generator) < 0.5).float()
    inputs[blocks(axes, 0, 2)] += 4 * sign.reshape(column)
    mask = torch.zeros_like(inputs)
    mask[blocks(axes, 2, size - 2)] = 1
    return inputs, labels, mask


def dense(axes: int = 2) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(SIZES[axes] ** axes, 12), nn.Tanh(), nn.Linear(12, 1))


def stripes(n: int, seed: int, *, marked: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Upright stripes in the middle for yes and level ones for no; an edge, bright or dark, tells as in `images`."""
    generator = torch.Generator().manual_seed(seed)
    labels = (torch.rand(n, generator=generator) < 0.5).float()
    inputs = 0.3 * torch.randn(n, 1, 12, 12, generator=generator)
    wave = torch.tensor([0.5, -0.5] * 4)
    level = wave.reshape(8, 1).expand(8, 8)
    inputs[:, :, 2:10, 2:10] += torch.where(labels.reshape(-1, 1, 1, 1) > 0, level.T, level)
    sign = labels if marked else (torch.rand(n, generator=generator) < 0.5).float()
    inputs[:, :, 0:2] += (2 * sign - 1).reshape(-1, 1, 1, 1)
    mask = torch.zeros_like(inputs)
    mask[:, :, 2:10, 2:10] = 1
    return inputs, labels, mask


def convolved() -> nn.Sequential:
    torch.manual_seed(0)
    body = [nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 1))


def accuracy(model: nn.Module, inputs: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        return float(((model(inputs)[:, 0] > 0) == labels.bool()).float().mean())


def learned(penalties: list[Penalty], *, axes: int = 2) -> nn.Module:
    inputs, labels, mask = images(2000, 1, marked=True, axes=axes)
    return trained(dense(axes), inputs, labels, penalties, extra={"mask": mask}, steps=300, rate=3e-3, size=64)


@pytest.mark.parametrize("axes", [2, 3])
def test_the_constrained_net_beats_the_shortcut(axes: int) -> None:
    inputs, labels, mask = images(600, 2, marked=False, axes=axes)
    plain, right = learned([], axes=axes), learned([RightReasons(100.0)], axes=axes)
    assert accuracy(plain, inputs, labels) < 0.7
    assert accuracy(right, inputs, labels) > 0.8
    assert gradient_outside(right, inputs, mask) < 0.3 * gradient_outside(plain, inputs, mask)


def test_the_plain_net_looks_best_where_the_marker_still_tells() -> None:
    """Why the test above is needed: on data with the same marker the shortcut is not seen, but praised."""
    inputs, labels, _ = images(600, 3, marked=True)
    assert accuracy(learned([]), inputs, labels) > 0.98 > accuracy(learned([RightReasons(100.0)]), inputs, labels)


def test_attention_moves_inside_and_the_shortcut_loses() -> None:
    inputs, labels, mask = stripes(400, 2, marked=False)
    train_inputs, train_labels, train_mask = stripes(800, 1, marked=True)

    def learned_stripes(penalties: list[Penalty]) -> nn.Module:
        extra = {"mask": train_mask}
        return trained(convolved(), train_inputs, train_labels, penalties, extra=extra, steps=250, size=64)

    plain, right = learned_stripes([]), learned_stripes([AttentionInside(3.0, "3")])
    before, after = (attention_outside(model, "3", inputs, labels, mask) for model in (plain, right))
    assert after < 0.5 * before
    assert accuracy(plain, inputs, labels) < 0.7
    assert accuracy(right, inputs, labels) > 0.9


def test_the_penalty_of_a_line_is_its_slope_outside_by_hand() -> None:
    """One logit z = w.x: the summed log chances have the gradient (1 - 2p) w."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 1, bias=False))
    with torch.no_grad():
        model[1].weight.copy_(torch.tensor([[1.0, 2.0, 3.0, 4.0]]))
    inputs = torch.tensor([[[[0.1, 0.0], [0.0, 0.1]]]])
    mask = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])
    chance = torch.sigmoid(torch.tensor(0.5))
    expected = 2 * float((1 - 2 * chance) ** 2) * (2**2 + 4**2)
    found = RightReasons(2.0)(model, Batch(inputs, torch.ones(1), extra={"mask": mask}), torch.zeros(1))
    assert float(found.detach()) == pytest.approx(expected, rel=1e-5)
    assert gradient_outside(model, inputs, mask) == pytest.approx(6 / 10)


def test_the_map_of_a_hand_made_net_lies_where_its_channel_is_bright() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.Flatten(), nn.Linear(16, 1, bias=False))
    with torch.no_grad():
        model[0].weight.fill_(1)
        model[2].weight.fill_(1)
    inputs = torch.zeros(2, 1, 4, 4)
    inputs[:, 0, 1, 2] = 5
    labels = torch.tensor([1.0, 0.0])
    maps = attention(model, "0", inputs, labels).detach()
    assert maps[0].argmax() == 6
    assert maps[0].count_nonzero() == 1
    assert maps[1].count_nonzero() == 0  # the same brightness speaks against no
    mask = torch.zeros(2, 1, 4, 4)
    assert attention_outside(model, "0", inputs, labels, mask) == 1
    assert attention_outside(model, "0", inputs, labels, 1 - mask) == 0


def test_everything_allowed_costs_nothing() -> None:
    inputs, labels, mask = images(5, 1, marked=True)
    batch = Batch(inputs, labels, extra={"mask": torch.ones_like(mask)})
    for penalty in (RightReasons(1.0), AttentionInside(1.0, "1")):
        assert float(penalty(convolved(), batch, torch.zeros(1)).detach()) == 0


@pytest.mark.parametrize(
    ("penalty", "extra", "said"),
    [
        (RightReasons(1.0), {}, "no 'mask'"),
        (RightReasons(1.0), {"mask": torch.ones(3, 1, 5, 5)}, "does not fit"),
        (AttentionInside(1.0, "9"), {"mask": torch.ones(3, 1, 12, 12)}, "no layer"),
        (AttentionInside(1.0, "6"), {"mask": torch.ones(3, 1, 12, 12)}, "no maps"),
    ],
)
def test_wrong_input_is_refused(penalty: Penalty, extra: dict[str, Tensor], said: str) -> None:
    inputs, labels, _ = images(3, 1, marked=True)
    with pytest.raises(InputError, match=said):
        penalty(convolved(), Batch(inputs, labels, extra=extra), torch.zeros(1))
