"""The networks that nnU-Net plans describe, plain and residual, with its names of weights, so that its files fit.

Shapes and names follow the public description of nnU-Net v2 (Isensee 2021, Nature Methods 18:203; residual encoder:
Isensee 2024, arXiv:2404.09556). Only what these plans use is here: strided convolutions, instance norm, leaky ReLU.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suwen.errors import FormatError, MissingExtraError

try:
    import torch
    from torch import Tensor, nn
except ImportError as error:
    raise MissingExtraError("torch", "learn") from error

__all__ = ["Plan", "UNet", "plan_of"]

_KINDS = {"PlainConvUNet": False, "ResidualEncoderUNet": True}
_CONVOLUTIONS = {"torch.nn.modules.conv.Conv2d": 2, "torch.nn.modules.conv.Conv3d": 3}
_NORMS = {2: "torch.nn.modules.instancenorm.InstanceNorm2d", 3: "torch.nn.modules.instancenorm.InstanceNorm3d"}
_ACTIVATIONS = {
    "torch.nn.LeakyReLU",
    "torch.nn.modules.activation.LeakyReLU",
    "torch.nn.ReLU",
    "torch.nn.modules.activation.ReLU",
}
_MOST = 4096  # channels of a stage: more is a mistake in a file, or meant to exhaust the memory


@dataclass(frozen=True, slots=True)
class Plan:
    """A network as a plan describes it: one entry a stage, finest first; `blocks` are convolutions where plain."""

    residual: bool
    dimensions: int
    features: tuple[int, ...]
    kernels: tuple[tuple[int, ...], ...]
    strides: tuple[tuple[int, ...], ...]
    blocks: tuple[int, ...]
    decoding: tuple[int, ...]
    bias: bool
    affine: bool
    epsilon: float
    slope: float  # of the leaky ReLU; 0 is a plain one


def plan_of(name: str, told: Mapping[str, Any]) -> Plan:
    """A plan from `network_class_name` and `arch_kwargs` of an nnU-Net plans.json.

    Raises FormatError for a network, convolution, norm or activation that is not one of those that nnU-Net plans, and
    for numbers that do not fit one another.
    """
    kind = name.rpartition(".")[2]
    if kind not in _KINDS:
        raise FormatError(
            f"the plan names the network {kind!r}; {' and '.join(sorted(_KINDS))} can be read",
            zh=f"方案指定的网络为 {kind!r}；可读取 {'、'.join(sorted(_KINDS))}",
        )
    try:
        return _plan(_KINDS[kind], told)
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(
            f"the plan of the network is incomplete or wrong at {error}", zh=f"网络方案不完整或有误：{error}"
        ) from None


def _plan(residual: bool, told: Mapping[str, Any]) -> Plan:
    dimensions = _CONVOLUTIONS[told["conv_op"]]
    _known("norm_op", told, {_NORMS[dimensions]})
    _known("nonlin", told, _ACTIVATIONS)
    if told.get("dropout_op") not in (None, "None"):
        raise ValueError("dropout_op")
    stages = int(told["n_stages"])
    norm, activation = told.get("norm_op_kwargs") or {}, told.get("nonlin_kwargs") or {}
    leaky = "Leaky" in str(told["nonlin"])
    blocks = told["n_blocks_per_stage" if residual else "n_conv_per_stage"]
    return Plan(
        residual,
        dimensions,
        _numbers(told["features_per_stage"], stages),
        _sizes(told["kernel_sizes"], stages, dimensions),
        _sizes(told["strides"], stages, dimensions),
        _numbers(blocks, stages),
        _numbers(told["n_conv_per_stage_decoder"], stages - 1),
        bool(told.get("conv_bias", False)),
        bool(norm.get("affine", False)),
        float(norm.get("eps", 1e-5)),
        float(activation.get("negative_slope", 0.01)) if leaky else 0.0,
    )


def _known(key: str, told: Mapping[str, Any], names: set[str]) -> None:
    if told[key] not in names:
        raise ValueError(key)


def _numbers(told: Any, count: int) -> tuple[int, ...]:
    found = tuple(int(one) for one in told) if isinstance(told, list | tuple) else (int(told),) * count
    if len(found) != count or not all(0 < one <= _MOST for one in found):
        raise ValueError("features or blocks of the stages")
    return found


def _sizes(told: Any, count: int, dimensions: int) -> tuple[tuple[int, ...], ...]:
    found = tuple(_numbers(one, dimensions) for one in told)
    if len(found) != count:
        raise ValueError("kernel_sizes or strides")
    return found


class _Block(nn.Module):
    """Convolution, instance norm and, where asked, activation."""

    def __init__(
        self,
        plan: Plan,
        channels: tuple[int, int],
        kernel: Sequence[int],
        *,
        stride: Any,
        active: bool = True,
        bias: bool,
    ):
        super().__init__()
        convolution = nn.Conv3d if plan.dimensions == 3 else nn.Conv2d
        norm = nn.InstanceNorm3d if plan.dimensions == 3 else nn.InstanceNorm2d
        pad = tuple((one - 1) // 2 for one in kernel)
        self.conv = convolution(*channels, tuple(kernel), stride, pad, bias=bias)  # type: ignore[arg-type]
        self.norm = norm(channels[1], eps=plan.epsilon, affine=plan.affine)
        parts: list[nn.Module] = [self.conv, self.norm]
        if active:
            parts.append(nn.LeakyReLU(plan.slope))
        self.all_modules = nn.Sequential(*parts)

    def forward(self, inputs: Tensor) -> Tensor:
        answer: Tensor = self.all_modules(inputs)
        return answer


class _Stacked(nn.Module):
    def __init__(self, plan: Plan, channels: tuple[int, int], kernel: Sequence[int], count: int, stride: Any = 1):
        super().__init__()
        into, out = channels
        first = _Block(plan, (into, out), kernel, stride=stride, bias=plan.bias)
        more = (_Block(plan, (out, out), kernel, stride=1, bias=plan.bias) for _ in range(count - 1))
        self.convs = nn.Sequential(first, *more)

    def forward(self, inputs: Tensor) -> Tensor:
        answer: Tensor = self.convs(inputs)
        return answer


class _Residual(nn.Module):
    def __init__(self, plan: Plan, channels: tuple[int, int], kernel: Sequence[int], stride: Sequence[int]):
        super().__init__()
        into, out = channels
        self.conv1 = _Block(plan, (into, out), kernel, stride=tuple(stride), bias=plan.bias)
        self.conv2 = _Block(plan, (out, out), kernel, stride=1, active=False, bias=plan.bias)
        self.active = nn.LeakyReLU(plan.slope)
        ways: list[nn.Module] = []
        if max(stride) > 1:
            pool = nn.AvgPool3d if plan.dimensions == 3 else nn.AvgPool2d
            ways.append(pool(tuple(stride), tuple(stride)))  # type: ignore[arg-type]
        if into != out:
            ways.append(_Block(plan, (into, out), (1,) * plan.dimensions, stride=1, active=False, bias=False))
        self.skip = nn.Sequential(*ways)

    def forward(self, inputs: Tensor) -> Tensor:
        answer: Tensor = self.active(self.conv2(self.conv1(inputs)) + self.skip(inputs))
        return answer


class _ResidualStage(nn.Module):
    def __init__(self, plan: Plan, channels: tuple[int, int], at: int):
        super().__init__()
        into, out = channels
        first = _Residual(plan, (into, out), plan.kernels[at], plan.strides[at])
        more = (
            _Residual(plan, (out, out), plan.kernels[at], (1,) * plan.dimensions) for _ in range(plan.blocks[at] - 1)
        )
        self.blocks = nn.Sequential(first, *more)

    def forward(self, inputs: Tensor) -> Tensor:
        answer: Tensor = self.blocks(inputs)
        return answer


class _Encoder(nn.Module):
    def __init__(self, plan: Plan, channels: int):
        super().__init__()
        self.stem: nn.Module | None = None
        if plan.residual:
            self.stem = _Stacked(plan, (channels, plan.features[0]), plan.kernels[0], 1)
            channels = plan.features[0]
        stages: list[nn.Module] = []
        for at, out in enumerate(plan.features):
            if plan.residual:
                stages.append(_ResidualStage(plan, (channels, out), at))
            else:
                one = _Stacked(plan, (channels, out), plan.kernels[at], plan.blocks[at], plan.strides[at])
                stages.append(nn.Sequential(one))
            channels = out
        self.stages = nn.Sequential(*stages)

    def forward(self, inputs: Tensor) -> list[Tensor]:
        found, now = [], inputs if self.stem is None else self.stem(inputs)
        for stage in self.stages:
            now = stage(now)
            found.append(now)
        return found


class _Decoder(nn.Module):
    def __init__(self, plan: Plan, encoder: _Encoder, classes: int):
        super().__init__()
        self.encoder = encoder  # nnU-Net stores the encoder's weights under the decoder too
        turned = nn.ConvTranspose3d if plan.dimensions == 3 else nn.ConvTranspose2d
        flat = nn.Conv3d if plan.dimensions == 3 else nn.Conv2d
        ups, stages, heads = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for at in range(len(plan.features) - 1, 0, -1):
            below, here, stride = plan.features[at], plan.features[at - 1], plan.strides[at]
            ups.append(turned(below, here, stride, stride, bias=plan.bias))  # type: ignore[arg-type]
            count = plan.decoding[len(plan.features) - 1 - at]
            stages.append(_Stacked(plan, (2 * here, here), plan.kernels[at - 1], count))
            heads.append(flat(here, classes, 1))
        self.stages, self.transpconvs, self.seg_layers = stages, ups, heads

    def forward(self, skips: list[Tensor]) -> Tensor:
        now = skips[-1]
        for up, stage, skip in zip(self.transpconvs, self.stages, reversed(skips[:-1]), strict=True):
            now = stage(torch.cat((up(now), skip), 1))
        answer: Tensor = self.seg_layers[-1](now)
        return answer


class UNet(nn.Module):
    """A U-Net of this plan: (n, channels, *spatial) to raw answers (n, classes, *spatial)."""

    def __init__(self, plan: Plan, channels: int, classes: int):
        super().__init__()
        self.encoder = _Encoder(plan, channels)
        self.decoder = _Decoder(plan, self.encoder, classes)

    def forward(self, inputs: Tensor) -> Tensor:
        """Raw answers of the finest stage."""
        answer: Tensor = self.decoder(self.encoder(inputs))
        return answer
