"""A model as one network that maps can be made of: mirrored copies, temperature, members and outlines included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from suwen.errors import InputError
from suwen.explain.maps import METHODS, Baseline, heat_map, replacement, stages
from suwen.learn.model import Model
from suwen.learn.nets.ensemble import Ensemble

__all__ = ["Answering", "Outlined", "chosen_baseline", "mapped", "temperature_of"]

_OF_LAYERS = ("consensus", "grad_cam", "grad_cam_plus_plus", "layer_cam")
_ONE_LAYER = ("consensus", "grad_cam", "grad_cam_plus_plus")
_BATCHED = {"consensus": 16, "integrated_gradients": 16, "occlusion": 32, "multi_scale_occlusion": 32, "rise": 32}


class Answering(nn.Module):
    """Logits (n, classes) as the card answers: the mean with the mirrored copies, divided by the temperature."""

    def __init__(self, network: nn.Module, flips: Sequence[int] = (), temperature: float = 1.0) -> None:
        super().__init__()
        self.network, self.flips, self.temperature = network, tuple(flips), temperature

    def forward(self, inputs: Tensor) -> Tensor:
        """(n, channels, *spatial) to (n, classes) or (n, classes, *spatial)."""
        total = torch.zeros(())
        for axis in self.flips:
            answer = self.network(inputs.flip(axis + 2))
            total = total + (answer.flip(axis + 2) if answer.ndim == inputs.ndim else answer)
        # The copy that is not mirrored comes last: methods of layers look at what a layer said last, and place it.
        return cast(Tensor, (total + self.network(inputs)) / ((1 + len(self.flips)) * self.temperature))

    def member(self, network: nn.Module) -> Answering:
        """The same with one network of an ensemble."""
        return Answering(network, self.flips, self.temperature)


class Outlined(Answering):
    """Logits (n, classes) of a network of outlines: their mean over `inside` (*spatial), places fixed beforehand.

    Places given to the class by the answer to the whole input, as in Seg-Grad-CAM (Vinogradova et al. 2020).
    """

    def __init__(self, network: nn.Module, inside: Tensor, flips: Sequence[int] = ()) -> None:
        super().__init__(network, flips)
        self.inside: Tensor
        self.register_buffer("inside", inside, persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """(n, channels, *spatial) to (n, classes)."""
        answer = super().forward(inputs)
        return (answer * self.inside.to(answer)).flatten(2).sum(2) / self.inside.sum().to(answer)

    def member(self, network: nn.Module) -> Answering:
        """The same with one network of an ensemble."""
        return Outlined(network, self.inside, self.flips)


def temperature_of(model: Model) -> float | None:
    """The temperature of the card's calibration; 1 where it has none, None where it is of another kind."""
    if not model.card.calibration:
        return 1.0
    if model.card.calibration.get("kind") != "temperature":
        return None
    return float(model.card.calibration.get("temperature", 1.0))


def mapped(
    answering: nn.Module,
    inputs: NDArray[Any],
    target: int,
    *,
    method: str,
    baseline: Baseline,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """The map (*spatial) of one prepared example; of an ensemble the mean over its networks for methods of layers."""
    if method not in METHODS:
        raise InputError(f"no method of heat maps is called {method!r}; there are {', '.join(METHODS)}")
    network = answering.network if isinstance(answering, Answering) else answering
    parts: list[nn.Module] = [answering]
    if isinstance(answering, Answering) and isinstance(network, Ensemble) and method in _OF_LAYERS:
        parts = [answering.member(one) for one in network.members]
    settings = _settings(method, inputs, baseline)
    found = [
        heat_map(one, inputs, target, method=method, rng=rng, **settings, **_layer(one, inputs, method)).values
        for one in parts
    ]
    return np.asarray(np.mean(found, axis=0), np.float32)


def _settings(method: str, inputs: NDArray[Any], baseline: Baseline) -> dict[str, Any]:
    """A volume takes a hundred times the memory of an image, so few copies are held at once."""
    if method not in _BATCHED:
        return {}
    return {"baseline": baseline, "batch": _BATCHED[method] if np.ndim(inputs) == 3 else 2}


def _layer(network: nn.Module, inputs: NDArray[Any], method: str) -> dict[str, Any]:
    """Outlines are explained at the coarsest layer: the last one merely repeats the outline."""
    if not isinstance(network, Outlined) or method not in _ONE_LAYER:
        return {}
    batch = torch.from_numpy(np.asarray(inputs, np.float32))[None]
    return {"layer": stages(network, batch)[0].name}


def chosen_baseline(network: nn.Module, inputs: NDArray[Any], target: int) -> tuple[Baseline, float]:
    """Of the replacements the one with which the target's softmax is lowest, and that softmax.

    A grey image can itself look ill to a network; a map against such a replacement measures nothing.
    """
    fillers = {one: replacement(inputs, one) for one in (Baseline.MEAN, Baseline.BLUR, Baseline.ZERO)}
    with torch.inference_mode():
        scores = {
            one: float(torch.softmax(network(torch.from_numpy(filler.copy())[None]), 1)[0, target])
            for one, filler in fillers.items()
        }
    best = min(scores, key=lambda one: round(scores[one], 6))  # the first of equals
    return best, scores[best]
