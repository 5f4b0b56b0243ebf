"""Monotonicity by clinical knowledge: a penalty on gradients of the wrong sign, and the search for violations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from suwen.errors import InputError
from suwen.learn.batch import Batch
from suwen.learn.constraints.answers import one_logit

__all__ = ["Certificate", "Certified", "MonotonePenalty", "Violations", "check_monotone", "checked_directions"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the architecture guarantees: the directions, whether the weights as they are keep it, and why."""

    directions: tuple[int, ...]
    holds: bool
    reason: str


@runtime_checkable
class Certified(Protocol):
    """A model whose monotonicity follows from its architecture."""

    def certificate(self) -> Certificate:
        """The guarantee, read off the weights."""


@dataclass(frozen=True, slots=True)
class Violations:
    """Pairs of inputs that differ in one feature and whose answers stand in the wrong order.

    `worst` is the largest fall in logits against the direction; `by_feature` is the share of pairs of each feature that
    break it (0 where the direction is 0). `certificate` is None where the architecture guarantees nothing.
    """

    pairs: int
    broken: int
    worst: float
    by_feature: tuple[float, ...]
    certificate: Certificate | None

    @property
    def share(self) -> float:
        """Broken pairs of all pairs."""
        return self.broken / self.pairs if self.pairs else 0.0


@dataclass(frozen=True)
class MonotonePenalty:
    """Strength times the mean of the gradients of the wrong sign, at the batch (Gupta et al. 2019, pointwise loss).

    `directions` has +1, -1 or 0 for each column of a table. With `ranges` ((low, high) for each column), as many points
    drawn evenly from them are added to the batch (Liu et al. 2020), so that it also holds where no patient was.
    It guarantees nothing: check with `check_monotone`, or use a certified net.
    """

    directions: tuple[int, ...]
    strength: float
    ranges: tuple[tuple[float, float], ...] = ()
    name: str = "monotone"

    def __call__(self, model: nn.Module, batch: Batch, outputs: Tensor) -> Tensor:  # noqa: ARG002
        """The penalty; runs the model once more. Raises InputError where directions and columns differ in number."""
        signs = batch.inputs.new_tensor(checked_directions(self.directions, batch.inputs.shape[1]))
        points = self._points(batch.inputs.detach()).requires_grad_()
        (slopes,) = torch.autograd.grad(one_logit(model(points)).sum(), points, create_graph=True)
        return self.strength * torch.relu(-slopes * signs).sum(1).mean()

    def _points(self, inputs: Tensor) -> Tensor:
        if not self.ranges:
            return inputs.clone()
        low, high = inputs.new_tensor(self.ranges).T
        return torch.cat([inputs, low + torch.rand_like(inputs) * (high - low)])


def checked_directions(directions: Sequence[int], columns: int) -> tuple[int, ...]:
    """The directions, if they are +1, -1 or 0 and one for each column. Raises InputError otherwise."""
    if len(directions) != columns or not set(directions) <= {-1, 0, 1}:
        raise InputError(
            f"{columns} columns need {columns} directions, each +1, -1 or 0; given were {list(directions)}"
        )
    return tuple(directions)


@torch.no_grad()
def check_monotone(
    model: nn.Module,
    ranges: NDArray[Any],
    directions: Sequence[int],
    rng: np.random.Generator,
    *,
    samples: int = 2000,
    tolerance: float = 1e-5,
) -> Violations:
    """Look for violations: `samples` points in `ranges` (features, 2), each with one feature moved upwards.

    Every feature with a direction gets `samples` pairs, drawn evenly. A pair is broken where the logit goes against the
    direction by more than `tolerance` (single precision rounds near 1e-6). None found is no proof; the certificate is.
    """
    signs = checked_directions(directions, len(ranges))
    found = {at: _falls(model, ranges, at, sign, rng, samples) for at, sign in enumerate(signs) if sign}
    broken = {at: int((falls > tolerance).sum()) for at, falls in found.items()}
    worst = max((float(falls.max()) for falls in found.values()), default=0.0)
    return Violations(
        samples * len(found),
        sum(broken.values()),
        max(worst, 0.0),
        tuple(broken.get(at, 0) / samples for at in range(len(signs))),
        model.certificate() if isinstance(model, Certified) else None,
    )


def _falls(
    model: nn.Module, ranges: NDArray[Any], at: int, sign: int, rng: np.random.Generator, samples: int
) -> NDArray[np.float64]:
    """How far the logit goes against the direction when feature `at` rises, (samples,)."""
    low, high = np.asarray(ranges, dtype=np.float64).T
    lower = rng.uniform(low, high, size=(samples, len(low)))
    upper = lower.copy()
    lower[:, at], upper[:, at] = np.sort(rng.uniform(low[at], high[at], size=(2, samples)), axis=0)
    kind = next((parameter.dtype for parameter in model.parameters()), torch.float32)
    was = model.training
    model.eval()
    before, after = (
        one_logit(model(torch.as_tensor(points, dtype=kind))).double().numpy() for points in (lower, upper)
    )
    model.train(was)
    return np.asarray((before - after) * sign, dtype=np.float64)
