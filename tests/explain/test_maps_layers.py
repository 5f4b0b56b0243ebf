"""Layers are found, named and traced: their cells lie where a change of the input is felt most."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from bright_blob import flat_net, held_out
from torch import nn

from suwen.errors import InputError
from suwen.explain.maps import grad_cam, spatial_layers, stages, target_layer


class Branches(nn.Module):
    """Strides, a shortcut, functional pooling and padding: what a hook on modules alone would not see."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 2, 5, 2, 2)
        self.second = nn.Conv2d(2, 2, 3, 2, 0)
        self.short = nn.Conv2d(2, 2, 1, 2, 0)
        self.last = nn.Conv2d(2, 2, 3, dilation=2, padding="same")
        self.head = nn.Linear(2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.first(x))
        x = self.second(nn.functional.pad(x, (0, 2, 0, 2)))[:, :, :4, :4] + self.short(x)[:, :, :4, :4]
        return self.head(self.last(nn.functional.avg_pool2d(x, 2, 1)).mean((2, 3)))


def felt(model: nn.Module, name: str, cell: tuple[int, int], side: int) -> np.ndarray:
    """Middle of the voxels that one cell of a layer answers to: the truth, from gradients."""
    kept: list[torch.Tensor] = []
    hook = dict(model.named_modules())[name].register_forward_hook(lambda _m, _i, out: kept.append(out))
    image = torch.ones(1, 1, side, side, requires_grad=True)
    model(image)
    hook.remove()
    (gradient,) = torch.autograd.grad(kept[-1][0, :, cell[0], cell[1]].sum(), image)
    rows, columns = np.nonzero(gradient[0, 0].numpy())
    return np.array([(rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2])


@pytest.mark.parametrize(
    ("build", "side"),
    [
        (lambda: nn.Sequential(nn.Conv2d(1, 2, 3, 2, 1), nn.Conv2d(2, 2, 3, 2, 1), nn.Conv2d(2, 2, 3, 2, 1)), 64),
        (lambda: nn.Sequential(nn.Conv2d(1, 2, 5), nn.AvgPool2d(2), nn.Conv2d(2, 2, 3, padding="same")), 40),
        (lambda: nn.Sequential(nn.Conv2d(1, 2, 7, 2, 3), nn.AvgPool2d(3, 2, 1), nn.Conv2d(2, 2, 3, dilation=2)), 64),
        (lambda: nn.Sequential(nn.ZeroPad2d((2, 0, 2, 0)), nn.Conv2d(1, 2, 3, 3)), 31),
        (Branches, 40),
    ],
)
def test_cells_lie_in_the_middle_of_what_they_see(build: type[nn.Module], side: int) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        body = build()
    for parameter in body.parameters():
        parameter.data = parameter.data.abs() + 0.1  # nothing cancels, no ReLU is off
    model = body if isinstance(body, Branches) else nn.Sequential(body, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    for layer in spatial_layers(model, torch.ones(1, 1, side, side)):
        cell = tuple(size // 2 for size in layer.shape)
        assert np.allclose(
            layer.geometry.to_stored(np.array([cell]))[0], felt(model, layer.name, cell, side), atol=0.51
        ), layer
        if not isinstance(body, Branches):
            assert np.allclose(layer.geometry.to_stored(np.array([cell]))[0], felt(model, layer.name, cell, side))


def test_the_last_layer_with_places_is_the_target() -> None:
    images = torch.zeros(1, 1, 24, 20)
    layers = spatial_layers(flat_net(), images)
    assert [layer.name for layer in layers] == ["0", "1", "2", "4", "5", "6"]  # neither pooling nor the head
    assert target_layer(flat_net(), images).name == "6"
    assert target_layer(flat_net(), images, name="1").shape == (24, 20)
    assert [layer.shape for layer in stages(flat_net(), images)] == [(12, 10), (24, 20)]
    assert layers[-1].channels == 16


def test_a_layer_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(InputError, match="there are 0, 1, 2, 4, 5, 6"):
        target_layer(flat_net(), torch.zeros(1, 1, 24, 20), name="7")


def test_an_in_place_layer_does_not_overwrite_what_is_explained() -> None:
    """The normalisation before an in-place ReLU: its negative answers count, as where the ReLU writes elsewhere."""
    apart, (images, _) = copy.deepcopy(flat_net()), held_out(1)
    for module in apart.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    assert np.array_equal(grad_cam(flat_net(), images[0], 1, layer="5"), grad_cam(apart, images[0], 1, layer="5"))
