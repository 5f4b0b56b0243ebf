"""A model that answers faster: the same numbers by the quickest engine there is for inputs of this shape."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from suwen.errors import InputError, MissingExtraError
from suwen.learn.engines import Engine, onnx_engine, threads_of_torch, torch_engines
from suwen.learn.model import Model
from suwen.learn.nouns import Array

__all__ = ["CLOSE", "Choice", "Fast", "benchmark", "fast"]

CLOSE = 1e-4  # raw answers of an engine may differ by so much from PyTorch's, or it is not used
_BLOCK = 8  # examples at once: enough to hide the cost of a call, few enough to stay in the cache of a core
_SLOW = 0.05  # seconds an example: above, the cost of a call is nothing, and blocks are not tried


@dataclass(frozen=True, slots=True)
class Choice:
    """What was measured for inputs of one shape.

    `rates` holds examples a second by engine and by number of examples at once; `differences` the greatest difference
    of a raw answer from PyTorch's; `refused` why an engine is not used.
    """

    shape: tuple[int, ...]
    threads: int
    rates: Mapping[str, Mapping[int, float]]
    differences: Mapping[str, float]
    refused: Mapping[str, str] = field(default_factory=dict)

    def fastest(self, n: int) -> tuple[str, int]:
        """Engine, and number of examples at once, for a call with `n` examples: a block half full is worth it."""
        rates = [(rate, name, at_once) for name, row in self.rates.items() for at_once, rate in row.items()]
        _, name, at_once = max(one for one in rates if one[2] <= 2 * n)
        return name, at_once

    @property
    def gain(self) -> float:
        """Times as many examples a second as PyTorch as it is, asked one by one."""
        return max(rate for row in self.rates.values() for rate in row.values()) / self.rates["torch"][1]


class Fast(nn.Module):
    """Answers as `network` does in evaluation mode, to 1e-4, by the engine that is fastest for the shape asked.

    At the first inputs of a shape the engines are made, compared with PyTorch on these inputs and on noise, and
    measured: this costs about as much as 50 small inputs or 8 large ones. An engine that is absent, fails or answers
    otherwise is left out, and `choices` says why. Weights are those of the first call: after further training make a
    new one. Where gradients are asked for, in training mode and on a GPU, `network` answers itself.
    """

    def __init__(self, network: nn.Module, *, threads: int = 1) -> None:
        super().__init__()
        if threads < 1:
            raise InputError(f"at least one thread computes, not {threads}")
        self.network, self.threads = network, threads
        self.choices: dict[tuple[int, ...], Choice] = {}
        self._engines: dict[tuple[int, ...], dict[str, Engine]] = {}
        self._lock = threading.Lock()  # a server asks from several threads; one of them measures
        self.eval()

    def forward(self, inputs: Tensor) -> Tensor:
        """Inputs (n, ...) to raw answers (n, ...)."""
        if self.training or inputs.requires_grad or inputs.device.type != "cpu":
            answer: Tensor = self.network(inputs)
            return answer
        name, at_once = self.choice(inputs).fastest(len(inputs))
        run = self._engines[tuple(inputs.shape[1:])][name].run
        with torch.no_grad(), threads_of_torch(self.threads):
            return torch.cat([run(part) for part in torch.split(inputs, at_once)])

    def engines(self, inputs: Tensor) -> list[Engine]:
        """The engines that answer inputs (n, ...) of this shape as PyTorch does."""
        self.choice(inputs)
        return list(self._engines[tuple(inputs.shape[1:])].values())

    def choice(self, inputs: Tensor) -> Choice:
        """What was, or now is, measured for inputs (n, ...) of this shape."""
        shape = tuple(inputs.shape[1:])
        with self._lock, torch.no_grad(), threads_of_torch(self.threads):
            if shape not in self.choices:
                self._engines[shape], refused = _engines(self.network, inputs, self.threads)
                self.choices[shape] = _measured(self._engines[shape], inputs, refused, self.threads)
            return self.choices[shape]


def fast(model: Model, *, threads: int = 1) -> Model:
    """The same model, answering faster: calibration, mirrored copies and preparation stay as its card says."""
    return replace(model, network=Fast(model.network, threads=threads))


def benchmark(model: Model, inputs: Sequence[Array] | Array, *, threads: int = 1) -> Choice:
    """Measure the engines on stored inputs as the model prepares them; mirrored copies cost as much each.

    Raises:
        InputError: the inputs are not what the model takes.

    """
    network = model.network.network if isinstance(model.network, Fast) else model.network
    with torch.inference_mode(False):
        return Fast(network, threads=threads).choice(model.prepared(inputs))


def _engines(network: nn.Module, inputs: Tensor, threads: int) -> tuple[dict[str, Engine], dict[str, str]]:
    network.eval()
    found = {one.name: one for one in torch_engines(network, inputs.ndim)}
    try:
        found["onnx"] = onnx_engine(network, _like(inputs, 2), threads=threads)
    except (InputError, MissingExtraError) as error:
        return found, {"onnx": str(error)}
    return found, {}


def _like(inputs: Tensor, n: int) -> Tensor:
    """`n` examples: those there are, then noise of the same spread, so that one example does not decide alone."""
    if len(inputs) >= n:
        return inputs[:n].clone()
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn((n - len(inputs), *inputs.shape[1:]), generator=generator)
    spread = inputs.nan_to_num().std(correction=0)
    return torch.cat([inputs, (noise * spread + inputs.nan_to_num().mean()).to(inputs.dtype)])


def _measured(engines: dict[str, Engine], inputs: Tensor, refused: dict[str, str], threads: int) -> Choice:
    """Engines that answer otherwise are taken out of `engines`."""
    probe = _like(inputs, 3)
    begin = time.perf_counter()
    right = engines["torch"].run(probe)
    slow = (time.perf_counter() - begin) / len(probe) > _SLOW
    differences, refused = {"torch": 0.0}, dict(refused)
    for name in [one for one in engines if one != "torch"]:
        differences[name], reason = _compared(engines[name], probe, right)
        if reason:
            refused[name] = reason
            del engines[name]
    block = _like(inputs, 2 if slow else _BLOCK)
    sizes = (1,) if slow else (1, _BLOCK)
    rates = {
        name: {at_once: _rate(engine, block, at_once, threads, times=1 if slow else 2) for at_once in sizes}
        for name, engine in engines.items()
    }
    return Choice(tuple(inputs.shape[1:]), threads, rates, differences, refused)


def _compared(engine: Engine, probe: Tensor, right: Tensor) -> tuple[float, str]:
    """Greatest difference from the right answers, and why the engine is refused, if it is."""
    try:
        found = engine.run(probe)
    except InputError as error:
        return float("nan"), str(error)
    difference = float((found - right).abs().max())
    if difference <= CLOSE:
        return difference, ""
    return difference, f"answers differ from PyTorch's by {difference:.1e}, more than {CLOSE:.0e}"


def _rate(engine: Engine, block: Tensor, at_once: int, threads: int, *, times: int) -> float:
    """Examples a second, the best of some rounds; on one thread by its own time, which others do not disturb."""
    clock: Callable[[], float] = time.thread_time if threads == 1 else time.perf_counter
    parts, least = torch.split(block, at_once), float("inf")
    for _ in range(times):
        begin = clock()
        for part in parts:
            engine.run(part)
        least = min(least, clock() - begin)
    return len(block) / max(least, 1e-9)
