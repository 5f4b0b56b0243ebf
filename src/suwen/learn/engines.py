"""Ways to run one network on a CPU: PyTorch as it is, PyTorch with normalisation folded in, and ONNX Runtime."""

from __future__ import annotations

import copy
import io
import itertools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from suwen.errors import InputError, MissingExtraError

__all__ = ["OPSET", "Engine", "folded", "onnx_bytes", "onnx_engine", "threads_of_torch", "torch_engines"]

OPSET = 17  # the newest that torch's exporter writes by itself; onnxruntime has read it since 1.12
_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}
_FATAL = 4  # onnxruntime speaks up only before it dies: what it refuses is said by our own error


@dataclass(frozen=True, slots=True)
class Engine:
    """One way to run a network: `run` takes (n, ...) float32 on the CPU and gives the raw answers for them."""

    name: str
    run: Callable[[Tensor], Tensor]


@contextmanager
def threads_of_torch(threads: int) -> Iterator[None]:
    """PyTorch with this many threads for an operation, and then as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def torch_engines(network: nn.Module, dimensions: int) -> list[Engine]:
    """PyTorch as it is, folded, and folded with the channels last in memory, for inputs of so many dimensions."""
    light = folded(network)
    found = [Engine("torch", network), Engine("torch folded", light)]
    if dimensions in _LAST:
        order = _LAST[dimensions]
        last = copy.deepcopy(light).to(memory_format=order)  # type: ignore[call-overload]
        found.append(Engine("torch channels last", lambda part: last(part.contiguous(memory_format=order))))
    return found


def folded(network: nn.Module) -> nn.Module:
    """A copy for evaluation whose batch normalisations are part of the convolutions right before them."""
    light = copy.deepcopy(network).eval()
    for module in light.modules():
        if isinstance(module, nn.Sequential):
            for place, (one, two) in enumerate(itertools.pairwise(list(module))):
                if isinstance(one, nn.modules.conv._ConvNd) and isinstance(two, nn.modules.batchnorm._BatchNorm):
                    module[place], module[place + 1] = fuse_conv_bn_eval(one, two), nn.Identity()
    return light


def onnx_bytes(network: nn.Module, example: Tensor) -> bytes:
    """The network as an ONNX document (`inputs` to `answers`, any number of examples), traced with `example` (n, ...).

    Raises:
        InputError: an operation of the network cannot be written as ONNX.

    """
    written = io.BytesIO()
    free = {"inputs": {0: "n"}, "answers": {0: "n"}}
    # Without gradients torch's transformers take a shortcut that has no counterpart in ONNX.
    with warnings.catch_warnings(), torch.inference_mode(False), torch.enable_grad():
        warnings.simplefilter("ignore")  # the tracer guesses; whether it guessed right is tested on other inputs
        try:
            torch.onnx.export(
                network,
                (example.clone(),),
                written,  # type: ignore[arg-type]  # the exporter that we use takes a file too
                dynamo=False,  # the other exporter needs one package more and is slower by far on small networks
                opset_version=OPSET,
                input_names=["inputs"],
                output_names=["answers"],
                dynamic_axes=free,
            )
        except (RuntimeError, ValueError, TypeError) as error:
            raise InputError("this network cannot be written as ONNX") from error
    return written.getvalue()


def onnx_engine(network: nn.Module, example: Tensor, *, threads: int = 1) -> Engine:
    """ONNX Runtime on the CPU. What it cannot run is told when it runs.

    Raises:
        InputError: the network cannot be written as ONNX, or ONNX Runtime does not take it.
        MissingExtraError: onnxruntime or onnx is not installed.

    """
    try:
        import onnx  # noqa: F401, PLC0415  # torch's exporter needs it
        import onnxruntime  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "onnxruntime", "learn") from None
    onnxruntime.disable_telemetry_events()  # on Windows it reports to its maker; nothing leaves this machine
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = _FATAL
    document, failures = onnx_bytes(network, example), _failures()
    try:
        session = onnxruntime.InferenceSession(document, options, providers=["CPUExecutionProvider"])
    except failures as error:
        raise InputError("ONNX Runtime does not take this network") from error

    def run(part: Tensor) -> Tensor:
        try:
            return torch.from_numpy(session.run(None, {"inputs": part.contiguous().numpy()})[0])
        except failures as error:
            raise InputError("ONNX Runtime cannot run this network for this many examples") from error

    return Engine("onnx", run)


def _failures() -> tuple[type[Exception], ...]:
    """What onnxruntime raises: its errors share no class but Exception, which would hide errors of ours."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state  # noqa: PLC0415

    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NotImplemented", "RuntimeException")
    found: list[Any] = [getattr(state, name) for name in names if hasattr(state, name)]
    return tuple(found)
