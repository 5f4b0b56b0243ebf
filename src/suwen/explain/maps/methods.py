"""The table of methods, and the one call that makes a heat map by any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from suwen.errors import InputError
from suwen.explain.maps.consensus import consensus
from suwen.explain.maps.grad_cam import grad_cam
from suwen.explain.maps.grad_cam_plus_plus import grad_cam_plus_plus
from suwen.explain.maps.integrated_gradients import integrated_gradients
from suwen.explain.maps.layer_cam import layer_cam
from suwen.explain.maps.nouns import FloatMap, HeatMap
from suwen.explain.maps.occlusion import multi_scale_occlusion, occlusion
from suwen.explain.maps.rise import rise

__all__ = ["BEST", "METHODS", "heat_map", "named"]

METHODS: Mapping[str, Callable[..., FloatMap]] = MappingProxyType(
    {
        "consensus": consensus,
        "grad_cam": grad_cam,
        "grad_cam_plus_plus": grad_cam_plus_plus,
        "integrated_gradients": integrated_gradients,
        "layer_cam": layer_cam,
        "multi_scale_occlusion": multi_scale_occlusion,
        "occlusion": occlusion,
        "rise": rise,
    }
)
BEST = "consensus"  # beats plain Grad-CAM on insertion and pointing: benchmark heat-maps
_DRAWN = {"rise", "integrated_gradients"}  # those that take a random generator
_LAYERS = "cells of a layer, interpolated linearly from where they lie in the input"
_PLACED = {
    "consensus": f"in part {_LAYERS}; the rest voxel by voxel",
    "grad_cam": _LAYERS,
    "grad_cam_plus_plus": _LAYERS,
    "integrated_gradients": "voxel by voxel, not interpolated",
    "layer_cam": _LAYERS,
    "multi_scale_occlusion": "mean over the windows that cover a voxel, not interpolated",
    "occlusion": "mean over the windows that cover a voxel, not interpolated",
    "rise": "mean over smooth random masks, not interpolated",
}


def heat_map(
    model: nn.Module,
    inputs: NDArray[Any],
    target: int,
    *,
    method: str = BEST,
    rng: np.random.Generator,
    name: str = "",
    **settings: Any,
) -> HeatMap:
    """The map of one example (channels, *spatial) for class `target`, at the input's resolution.

    `settings` are those of the method, `name` the model's as its card gives it. Raises InputError for an unknown
    method, an example or class that does not fit, and for a method of layers where the model has none with places.
    """
    drawn = {"rng": rng} if method in _DRAWN else {}
    values = named(method)(model, inputs, target, **drawn, **settings)
    return HeatMap(values, method, target, name or type(model).__name__, _PLACED[method])


def named(method: str) -> Callable[..., FloatMap]:
    """The function of this name. Raises InputError that lists the names where there is none."""
    if method not in METHODS:
        raise InputError(
            f"no method of heat maps is called {method!r}; there are {', '.join(METHODS)}",
            zh=f"没有名为 {method!r} 的热图方法；有 {'、'.join(METHODS)}",
        )
    return METHODS[method]
