"""Layers of a network that still know where things are: found, named, and traced back to the input's voxels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from suwen.errors import InputError
from suwen.explain.maps.geometry import Geometry
from suwen.explain.maps.network import Score, at_rest, prepared, scored

__all__ = ["Layer", "Seen", "opened", "see", "spatial_layers", "stages", "target_layer"]


@dataclass(frozen=True, slots=True)
class Layer:
    """A module with spatial output: its name in the model, the shape of that output, and where its cells lie."""

    name: str
    channels: int
    geometry: Geometry  # from the layer's cells to the voxels of the input

    @property
    def shape(self) -> tuple[int, ...]:
        """Cells on each axis."""
        return self.geometry.shape


@dataclass(frozen=True, slots=True)
class Seen:
    """One layer's answer to one example, and the gradient of the target's score: both (channels, *cells)."""

    layer: Layer
    activation: Tensor
    gradient: Tensor


def spatial_layers(model: nn.Module, inputs: Tensor) -> tuple[Layer, ...]:
    """Every innermost module whose output still has more than one cell, in the order in which it was run.

    Pooling without parameters is left out: it only hands on what the layer before it said, on fewer cells.
    `inputs` is a batch of one. Raises InputError where there is none (a network of tokens or of a table).
    """
    found: dict[str, Layer] = {}
    with at_rest(model), torch.no_grad(), _Trace(inputs) as trace:
        hooks = [_noting(module, name, found, trace) for name, module in model.named_modules() if _is_inner(module)]
        try:
            model(inputs)
        finally:
            for hook in hooks:
                hook.remove()
    if not found:
        raise InputError(
            "the model has no layer with spatial output: use integrated gradients, occlusion or RISE",
            zh="模型没有空间输出的层：请用积分梯度、遮挡或 RISE",
        )
    return tuple(found.values())


def target_layer(model: nn.Module, inputs: Tensor, *, name: str | None = None) -> Layer:
    """The last layer with spatial output, or the one named; `inputs` is a batch of one."""
    layers = spatial_layers(model, inputs)
    if name is None:
        return layers[-1]
    chosen = next((layer for layer in layers if layer.name == name), None)
    if chosen is None:
        raise InputError(
            f"no layer {name!r} with spatial output; there are {', '.join(one.name for one in layers)}",
            zh=f"没有空间输出的层 {name!r}；有 {'、'.join(one.name for one in layers)}",
        )
    return chosen


def stages(model: nn.Module, inputs: Tensor) -> tuple[Layer, ...]:
    """The last layer of each resolution, coarse to fine: what LayerCAM combines."""
    last = {layer.shape: layer for layer in spatial_layers(model, inputs)}
    return tuple(sorted(last.values(), key=lambda layer: prod(layer.shape)))


def see(model: nn.Module, inputs: Tensor, target: int, *, layers: Sequence[Layer], score: Score) -> tuple[Seen, ...]:
    """What these layers answer to a batch of one, with gradients; parameters and their gradients stay untouched."""
    kept: dict[str, Tensor] = {}
    modules = dict(model.named_modules())
    hooks = [modules[layer.name].register_forward_hook(_keeping(kept, layer.name)) for layer in layers]
    try:
        with at_rest(model), torch.enable_grad():
            # The input asks for gradients, so that this also works where every parameter is frozen.
            answer = model(inputs.detach().clone().requires_grad_(True))
            total = scored(answer, target, score).sum()
            gradients = torch.autograd.grad(total, [kept[layer.name] for layer in layers])
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(
        Seen(layer, kept[layer.name].detach()[0], gradient.detach()[0])
        for layer, gradient in zip(layers, gradients, strict=True)
    )


def opened(model: nn.Module, inputs: Any, target: int, names: Sequence[str] | None) -> tuple[Tensor, tuple[Layer, ...]]:
    """A checked batch of one, and the layers named (the last spatial one where none is)."""
    batch = prepared(model, inputs, target)
    chosen = names or (None,)
    return batch, tuple(target_layer(model, batch, name=name) for name in chosen)


def _is_inner(module: nn.Module) -> bool:
    return next(module.children(), None) is None


def _keeping(kept: dict[str, Tensor], name: str) -> Callable[[nn.Module, Any, Any], Tensor]:
    def keep(_module: nn.Module, _given: Any, output: Any) -> Tensor:
        kept[name] = output
        # A copy goes on: an in-place ReLU behind this layer would otherwise overwrite what is kept.
        return output.clone()  # type: ignore[no-any-return]

    return keep


def _noting(module: nn.Module, name: str, found: dict[str, Layer], trace: _Trace) -> Any:
    def note(_module: nn.Module, given: tuple[Any, ...], output: Any) -> None:
        spatial = isinstance(output, Tensor) and output.ndim == trace.ndim and prod(output.shape[2:]) > 1
        if spatial and not _only_pools(module, given, output):
            found.pop(name, None)  # a module that is run twice counts where it was run last
            found[name] = Layer(name, output.shape[1], trace.geometry(output))

    return module.register_forward_hook(note)


def _only_pools(module: nn.Module, given: tuple[Any, ...], output: Tensor) -> bool:
    if next(module.parameters(), None) is not None or not given or not isinstance(given[0], Tensor):
        return False
    return prod(output.shape[2:]) < prod(given[0].shape[2:])


class _Trace(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Follows where the cells of every tensor lie in the input, operation by operation.

    A convolution of kernel 3, stride 2 and padding 1 has its cells at 0, 2, 4 ..., not at 0.5, 2.5, 4.5: a map that is
    merely stretched over the input is shifted, and by whole voxels after a few such layers.
    """

    def __init__(self, inputs: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.ndim = inputs.ndim
        self._whole = Geometry.of(inputs.shape[2:])
        # The tensors are kept with their place: an id may be given again once its tensor is gone.
        self._places: dict[int, tuple[Tensor, Geometry]] = {id(inputs): (inputs, self._whole)}

    def geometry(self, tensor: Tensor) -> Geometry:
        known = self._places.get(id(tensor))
        return known[1] if known else self._whole.resize(tensor.shape[2:])

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        answer = func(*args, **(kwargs or {}))
        output = answer[0] if isinstance(answer, tuple) and answer else answer
        source = self._source(args)
        if source is not None and isinstance(output, Tensor) and output.ndim == self.ndim:
            self._places[id(output)] = (output, _moved(func.__name__.split(".")[0], source, output, args))
        return answer

    def _source(self, args: tuple[Any, ...]) -> Geometry | None:
        flat = [one for arg in args for one in (arg if isinstance(arg, list | tuple) else [arg])]
        return next((self._places[id(one)][1] for one in flat if id(one) in self._places), None)


def _moved(operation: str, source: Geometry, output: Tensor, args: tuple[Any, ...]) -> Geometry:
    """Where the output's cells lie, given where the first input's lie."""
    axes, shape = len(source.shape), tuple(output.shape[2:])
    if operation == "convolution" and not args[6]:
        kernel, stride, padding, dilation = args[1].shape[2:], args[3], args[4], args[5]
    elif "pool" in operation and "adaptive" not in operation and "max" in operation:
        kernel, stride, padding, dilation = _four(args, axes, (1, 2, 3, 4))
    elif "pool" in operation and "adaptive" not in operation:
        kernel, stride, padding, dilation = _four(args, axes, (1, 2, 3))
    elif operation == "slice" and args[1] >= 2:
        first, by = (args[2] or 0) if len(args) > 2 else 0, args[4] if len(args) > 4 else 1
        first = first + source.shape[args[1] - 2] if first < 0 else first
        alone = [a == args[1] - 2 for a in range(axes)]
        kernel = dilation = (1,) * axes
        stride, padding = [by if one else 1 for one in alone], [-first if one else 0 for one in alone]
    elif operation == "constant_pad_nd":
        before = [args[1][2 * (axes - 1 - a)] if 2 * (axes - 1 - a) < len(args[1]) else 0 for a in range(axes)]
        kernel, stride, padding, dilation = (1,) * axes, (1,) * axes, before, (1,) * axes
    else:
        # Pointwise operations keep the cells; any other change of size covers the same extent.
        return source if shape == source.shape else source.resize(shape)
    kernel, stride, padding, dilation = (_each(one, axes) for one in (kernel, stride, padding, dilation))
    shift = [d * (k - 1) / 2 - p for k, p, d in zip(kernel, padding, dilation, strict=True)]
    start = tuple(s + t * move for s, t, move in zip(source.start, source.step, shift, strict=True))
    step = tuple(t * by for t, by in zip(source.step, stride, strict=True))
    return Geometry(source.stored, shape, start, step, source.axes)


def _four(args: tuple[Any, ...], axes: int, places: Sequence[int]) -> tuple[Any, Any, Any, Any]:
    """Kernel, stride, padding and dilation of a pooling from its positional arguments."""
    kernel = args[places[0]]
    stride = (args[places[1]] if len(args) > places[1] else None) or kernel
    padding = args[places[2]] if len(args) > places[2] else 0
    dilation = args[places[3]] if len(places) > 3 and len(args) > places[3] else 1
    return kernel, stride, padding, (1,) * axes if dilation is None else dilation


def _each(value: Any, axes: int) -> tuple[int, ...]:
    values = tuple(value) if isinstance(value, list | tuple | torch.Size) else (value,)
    return values * axes if len(values) == 1 else values
