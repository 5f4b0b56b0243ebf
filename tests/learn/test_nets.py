"""Proves the networks: shapes on 1 to 3 axes, no aliasing, no look ahead, unknown values, settings refused, cards."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from suwen.errors import InputError, NotFoundError
from suwen.learn.nets.blocks import ACTIVATIONS, BlurPool, SqueezeExcite, activation, normalisation
from suwen.learn.nets.catalogue import CATALOGUE, build, settings_of
from suwen.learn.nets.ensemble import Ensemble
from suwen.learn.nets.residual import Residual, ResidualSettings
from suwen.learn.nets.signals import Temporal, TemporalSettings, Transformer, TransformerSettings
from suwen.learn.nets.tables import ColumnTransformer, ColumnTransformerSettings, Perceptron, PerceptronSettings
from suwen.learn.nets.unet import UNet, UNetSettings


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def seeded(made: type[nn.Module], settings: Any) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return made(settings).eval()


@pytest.mark.parametrize("norm", ["batch", "instance", "group"])
@pytest.mark.parametrize("sides", [(33,), (12, 17), (9, 12, 8)])
def test_a_residual_network_takes_1_to_3_axes_of_any_size(sides: tuple[int, ...], norm: str) -> None:
    settings = ResidualSettings(axes=len(sides), channels=2, outputs=3, widths=(4, 8), depth=2, stem=1, norm=norm)
    net = seeded(Residual, settings)
    inputs = noise(5, 2, *sides)
    assert net(inputs).shape == (5, 3)
    assert net.embedded(inputs).shape == (5, 8)
    net(inputs)[:, 0].sum().backward()
    assert all(weight.grad is not None for weight in net.parameters())


@pytest.mark.parametrize("sides", [(16, 24), (8, 16, 12)])
def test_a_unet_answers_for_every_voxel_at_each_resolution(sides: tuple[int, ...]) -> None:
    net = seeded(UNet, UNetSettings(axes=len(sides), channels=2, outputs=3, widths=(4, 6, 8)))
    inputs = noise(2, 2, *sides)
    assert net(inputs).shape == (2, 3, *sides)
    answers = net.answers(inputs)
    assert [answer.shape[2:] for answer in answers] == [tuple(side // 2 for side in sides), sides]
    assert torch.equal(answers[-1], net(inputs))


def test_a_unet_sees_the_whole_neighbourhood_and_fine_detail() -> None:
    net = seeded(UNet, UNetSettings(axes=2, outputs=2, widths=(4, 6, 8), norm="batch"))
    inputs = noise(1, 1, 32, 32).requires_grad_()
    gradient = torch.autograd.grad(net(inputs)[0, 1, 16, 16], inputs)[0][0, 0].abs()
    assert gradient[16, 16] > 0
    reach = (gradient > 0).nonzero()
    assert int(reach.max() - reach.min()) >= 20


def test_answers_do_not_depend_on_the_others_of_the_batch() -> None:
    net = seeded(Residual, ResidualSettings(widths=(4, 8), depth=1))
    inputs = noise(4, 1, 12, 12)
    with torch.no_grad():
        assert net(inputs)[:1].numpy() == pytest.approx(net(inputs[:1]).numpy(), abs=1e-5)


class _Every2(nn.Module):
    """Subsampling without a filter: what a stride does."""

    def forward(self, features: Tensor) -> Tensor:
        return features[:, :, ::2, ::2]


def strided(net: nn.Module) -> nn.Module:
    """The same network and weights, aliasing as strided networks do."""
    other = copy.deepcopy(net)
    for module in list(other.modules()):
        for name, child in module.named_children():
            if isinstance(child, BlurPool):
                setattr(module, name, _Every2())
    return other


def test_a_shift_by_a_pixel_changes_less_than_in_a_strided_network() -> None:
    net = seeded(Residual, ResidualSettings(widths=(8, 16, 32), depth=1, excite=False))
    inputs = torch.zeros(24, 1, 40, 40)
    inputs[:, :, 12:28, 12:28] = noise(24, 1, 16, 16)  # fine structure, away from the border
    moved = inputs.roll((1, 1), (2, 3))
    changes = []
    with torch.no_grad():
        for one in (net, strided(net)):
            before, after = one.embedded(inputs), one.embedded(moved)
            changes.append(float((after - before).norm() / (before - before.mean(0)).norm()))
    assert changes[0] < 0.5 * changes[1]


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_blur_pooling_halves_and_keeps_the_mean_of_a_flat_field(axes: int) -> None:
    for side, half in ((8, 4), (7, 4)):
        found = BlurPool(axes, 2)(torch.full((1, 2, *[side] * axes), 3.0))
        assert found.shape == (1, 2, *[half] * axes)
        assert found.numpy() == pytest.approx(np.full(found.shape, 3.0))


def test_blur_pooling_takes_away_what_would_alias() -> None:
    board = ((torch.arange(16)[:, None] + torch.arange(16)) % 2 * 2.0 - 1)[None, None]
    assert BlurPool(2, 1)(board)[:, :, 1:-1, 1:-1].abs().max() < 1e-6
    assert board[:, :, ::2, ::2].abs().min() == 1


def test_excitation_only_weighs_channels() -> None:
    features = noise(2, 8, 5, 5)
    share = (SqueezeExcite(8)(features) / features).detach()
    assert share.flatten(2).std(2).max() < 1e-5
    assert 0 < float(share.min()) < float(share.max()) < 1


@pytest.mark.parametrize("norm", ["batch", "instance", "group"])
def test_a_causal_network_does_not_look_ahead_or_is_refused(norm: str) -> None:
    settings = TemporalSettings(width=8, depth=3, causal=True, steps=True, norm=norm)
    if norm != "batch":
        with pytest.raises(InputError, match="ahead"):
            Temporal(settings)
        return
    net, inputs = seeded(Temporal, settings), noise(2, 1, 60)
    later = inputs.clone()
    later[:, :, 40:] += 5
    with torch.no_grad():
        before, after = net(inputs), net(later)
    assert torch.equal(before[:, :, :40], after[:, :, :40])
    assert (before[:, :, 40:] - after[:, :, 40:]).abs().max() > 1e-3


def test_a_network_that_is_not_causal_does_look_ahead() -> None:
    net, inputs = seeded(Temporal, TemporalSettings(width=8, depth=3, steps=True)), noise(2, 1, 60)
    later = inputs.clone()
    later[:, :, 40:] += 5
    with torch.no_grad():
        assert (net(inputs) - net(later))[:, :, :40].abs().max() > 1e-4


@pytest.mark.parametrize("kernel", [3, 4, 5])
@pytest.mark.parametrize("causal", [True, False])
def test_a_temporal_network_answers_every_step_or_the_whole(kernel: int, causal: bool) -> None:
    settings = TemporalSettings(channels=2, outputs=3, width=4, depth=3, kernel=kernel, causal=causal)
    assert seeded(Temporal, settings)(noise(2, 2, 37)).shape == (2, 3)
    every = TemporalSettings(channels=2, outputs=3, width=4, depth=3, kernel=kernel, causal=causal, steps=True)
    assert seeded(Temporal, every)(noise(2, 2, 37)).shape == (2, 3, 37)


def test_a_transformer_knows_where_a_patch_stands_and_takes_any_length() -> None:
    net = seeded(Transformer, TransformerSettings(width=8, depth=1, heads=2, patch=4))
    inputs = noise(1, 1, 32)
    turned = inputs.view(1, 1, 8, 4).flip(2).reshape(1, 1, 32)
    with torch.no_grad():
        assert (net(inputs) - net(turned)).abs().max() > 1e-5
        assert net(noise(3, 1, 50)).shape == (3, 2)


@pytest.mark.parametrize(
    "net",
    [
        seeded(Perceptron, PerceptronSettings(features=3, widths=(8,))),
        seeded(ColumnTransformer, ColumnTransformerSettings(kinds=(0, 3, 0), width=8, depth=1, heads=2)),
    ],
    ids=["perceptron", "columns"],
)
def test_unknown_values_are_known_to_be_unknown(net: nn.Module) -> None:
    inputs = torch.tensor([[0.0, 1.0, 0.5], [float("nan"), 1.0, 0.5], [0.0, float("nan"), float("nan")]])
    with torch.no_grad():
        found = net(inputs)
    assert torch.isfinite(found).all()
    assert (found[1] - found[0]).abs().max() > 1e-4  # unknown is not zero
    given = inputs.clone().requires_grad_()
    net(given)[:, 0].sum().backward()
    assert torch.isfinite(torch.cat([weight.grad.flatten() for weight in net.parameters()])).all()  # type: ignore[union-attr]


def test_categories_are_told_apart_without_an_order() -> None:
    net = seeded(ColumnTransformer, ColumnTransformerSettings(kinds=(4,), width=8, depth=1, heads=2))
    with torch.no_grad():
        found = net(torch.arange(4.0)[:, None])
        beyond = net(torch.tensor([[9.0], [-2.0]]))
    assert torch.pdist(found).min() > 1e-4
    assert beyond.numpy() == pytest.approx(found[[3, 0]].numpy(), abs=1e-6)
    with pytest.raises(InputError, match="categories"):
        ColumnTransformer(ColumnTransformerSettings(kinds=(1,)))


def test_an_ensembles_chances_are_the_mean_of_its_members() -> None:
    members = [
        seeded(Perceptron, PerceptronSettings(features=2, widths=(4,))),
        Perceptron(PerceptronSettings(features=2)),
    ]
    net, inputs = Ensemble(members).eval(), noise(6, 2)
    with torch.no_grad():
        mean = sum(torch.softmax(one(inputs), 1) for one in members) / 2
        found = torch.softmax(net(inputs), 1)
    assert found.numpy() == pytest.approx(torch.as_tensor(mean).numpy(), abs=1e-6)


def test_an_ensemble_of_outlines_too() -> None:
    net = build("unet", {"axes": 2, "widths": [4, 6], "outputs": 2}, members=2).eval()
    with torch.no_grad():
        found = torch.softmax(net(noise(1, 1, 8, 8)), 1)
    assert found.sum(1).numpy() == pytest.approx(np.ones((1, 8, 8)), abs=1e-5)


INPUTS: dict[str, Tensor] = {
    "residual": noise(2, 1, 16, 16),
    "unet": noise(1, 1, 16, 16, 16),
    "temporal": noise(2, 1, 40),
    "transformer": noise(2, 1, 40),
    "perceptron": noise(2, 1),
    "columns": noise(2, 1),
    "tokens": torch.tensor([[1, 7, 9, 2], [1, 8, 2, 0]]),
}


@pytest.mark.parametrize("kind", CATALOGUE)
@pytest.mark.parametrize("members", [1, 2])
def test_a_network_is_built_again_from_the_json_of_its_card(kind: str, members: int) -> None:
    values = settings_of(CATALOGUE[kind].settings())
    if members > 1 and not CATALOGUE[kind].taught:
        with pytest.raises(InputError, match="ensemble"):
            build(kind, values, members=members)
        return
    again = json.loads(json.dumps(values))
    first, second = (build(kind, one, members=members).eval() for one in (values, again))
    second.load_state_dict(first.state_dict())
    with torch.no_grad():
        one, other = first(INPUTS[kind]), second(INPUTS[kind])
        pairs = zip(one, other, strict=True) if isinstance(one, tuple) else [(one, other)]
        assert all(torch.equal(*pair) for pair in pairs)
    assert (
        settings_of(CATALOGUE[kind].settings(**{k: tuple(v) if isinstance(v, list) else v for k, v in again.items()}))
        == again
    )


@pytest.mark.parametrize("kind", CATALOGUE)
def test_every_network_says_in_both_languages_what_it_is_for(kind: str) -> None:
    entry = CATALOGUE[kind]
    assert len(entry.english) > 20
    assert any("\u4e00" <= letter <= "\u9fff" for letter in entry.chinese)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("residual", {"colour": 3}),
        ("residual", {"depth": "2"}),
        ("residual", {"depth": True}),
        ("residual", {"depth": -1}),
        ("residual", {"depth": 10**9}),
        ("residual", {"widths": []}),
        ("residual", {"widths": 32}),
        ("residual", {"widths": [32, 10**7]}),
        ("residual", {"widths": [32, 1.5]}),
        ("residual", {"excite": 1}),
        ("residual", {"drop": "much"}),
        ("residual", {"drop": float("nan")}),
        ("residual", {"activation": "step"}),
        ("residual", {"norm": "none"}),
        ("columns", {"kinds": [1]}),
    ],
    ids=str,
)
def test_settings_that_are_none_are_refused(kind: str, settings: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        build(kind, settings)


@pytest.mark.parametrize("members", [0, 65])
def test_ensembles_of_none_or_of_too_many_are_refused(members: int) -> None:
    with pytest.raises(InputError, match="members"):
        build("perceptron", {}, members=members)


def test_a_network_that_is_not_in_the_catalogue_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="residual"):
        build("os.system", {})


def test_names_of_blocks_are_those_laid_down() -> None:
    assert {type(activation(name)) for name in ACTIVATIONS} == set(ACTIVATIONS.values())
    with pytest.raises(InputError, match="relu"):
        activation("step")
    assert normalisation("group", 2, 6)(noise(1, 6, 3, 3)).shape == (1, 6, 3, 3)
    with pytest.raises(InputError, match="batch"):
        normalisation("layer", 2, 6)
