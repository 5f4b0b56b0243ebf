"""Tree regularisation: a net is pushed towards answers that a small decision tree can imitate."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch
from sklearn.tree import DecisionTreeClassifier
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from suwen.errors import InputError
from suwen.learn.batch import Batch
from suwen.learn.constraints.answers import class_logits

__all__ = ["TreePenalty", "average_path_length", "imitating_tree"]

_FITS = 100  # steps of the surrogate each time: with 30 it lags behind the weights and the penalty hardly bites


@torch.no_grad()
def imitating_tree(
    model: Callable[[Tensor], Tensor], inputs: Tensor, *, leaf: int = 5, seed: int = 0
) -> DecisionTreeClassifier:
    """A decision tree of scikit-learn fitted to the classes the model answers for `inputs` (n, features).

    `leaf` is the least number of examples in a leaf; the smaller, the truer and the longer the tree.
    """
    if inputs.ndim != 2 or len(inputs) < 2 * leaf:
        raise InputError(
            f"a tree imitates a model of tables, on at least {2 * leaf} rows; given was {tuple(inputs.shape)}"
        )
    answers = class_logits(model(inputs)).argmax(1).numpy()
    tree = DecisionTreeClassifier(min_samples_leaf=leaf, random_state=seed)
    return tree.fit(inputs.numpy(), answers)


def average_path_length(model: Callable[[Tensor], Tensor], inputs: Tensor, *, leaf: int = 5, seed: int = 0) -> float:
    """Decisions an imitating tree takes for an example, on average (Wu et al. 2018, algorithm "AveragePathLength").

    0 where the model answers one class for all, which is the simplest model and seldom a useful one.
    """
    tree = imitating_tree(model, inputs, leaf=leaf, seed=seed)
    nodes = tree.decision_path(inputs.numpy().astype(np.float32)).sum(
        axis=1
    )  # the leaf counts as a node, not a decision
    return float(np.mean(nodes)) - 1


class TreePenalty:
    """Strength times the average path length as a second net predicts it from the weights (Wu et al. 2018).

    The path length itself has no gradient. So every `every` calls it is measured for the weights as they are and for
    `around` disturbed copies, a surrogate net is fitted to the last `memory` measurements, and its answer, which has a
    gradient, is the penalty. The surrogate is right near weights that were seen; that is why it is fitted again and
    again. The disturbances and the surrogate's start come from `seed`. One penalty serves one training.
    """

    name = "tree"

    def __init__(
        self,
        strength: float,
        inputs: Tensor,
        *,
        leaf: int = 5,
        every: int = 10,
        around: int = 24,
        memory: int = 240,
        seed: int = 0,
    ) -> None:
        if strength < 0 or every < 1 or around < 1 or memory < around:
            raise InputError("a tree penalty needs a strength from 0 up, and every, around and memory of at least one")
        self.strength, self.inputs, self.leaf, self.every, self.around = strength, inputs, leaf, every, around
        self.seen: deque[tuple[Tensor, float]] = deque(maxlen=memory)
        self.surrogate: nn.Module | None = None
        self.spread = (0.0, 1.0)
        self._calls = 0
        self._generator = torch.Generator().manual_seed(seed)

    def __call__(self, model: nn.Module, batch: Batch, outputs: Tensor) -> Tensor:  # noqa: ARG002
        """The penalty, never below zero."""
        if not self.strength:
            return outputs.new_zeros(())
        if self._calls % self.every == 0:
            self._look(model)
            self._fit()
        self._calls += 1
        return self.strength * self.predicted(model)

    def predicted(self, model: nn.Module) -> Tensor:
        """The path length the surrogate predicts for the weights of `model`; a scalar with gradients."""
        if self.surrogate is None:
            raise InputError("the surrogate has seen no weights yet: call the penalty in a training first")
        middle, scale = self.spread
        return functional.relu(self.surrogate(_flat(model)) * scale + middle)

    @torch.no_grad()
    def _look(self, model: nn.Module) -> None:
        """Measure the weights as they are and near them: disturbed, shrunk and grown."""
        for weights in (_flat(model), *self._near(_flat(model))):
            answering = partial(_answers, model, _unflat(model, weights))
            self.seen.append((weights.clone(), average_path_length(answering, self.inputs, leaf=self.leaf)))

    def _near(self, weights: Tensor) -> Iterator[Tensor]:
        for number in range(self.around):
            size = (0.05, 0.15, 0.4)[number % 3] * weights.std()
            noise = torch.randn(weights.shape, generator=self._generator)
            factor = 1 - 0.3 * float(torch.rand((), generator=self._generator))
            yield weights * factor + size * noise

    @torch.enable_grad()
    def _fit(self) -> None:
        weights = torch.stack([one for one, _ in self.seen])
        lengths = torch.tensor([length for _, length in self.seen])
        self.spread = float(lengths.mean()), max(float(lengths.std()), 0.1)
        if self.surrogate is None:
            self.surrogate = _surrogate(weights.shape[1], self._generator)
        wanted = (lengths - self.spread[0]) / self.spread[1]
        optimiser = torch.optim.AdamW(self.surrogate.parameters(), lr=3e-3, weight_decay=1e-2)
        for _ in range(_FITS):
            optimiser.zero_grad()
            functional.mse_loss(self.surrogate(weights), wanted).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        self.surrogate.requires_grad_(True)


class _Last(nn.Module):
    """Drops the last axis of one."""

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs.squeeze(-1)


def _surrogate(weights: int, generator: torch.Generator) -> nn.Module:
    with torch.random.fork_rng(devices=[]):  # the training's random numbers stay what they were
        net = nn.Sequential(nn.Linear(weights, 25), nn.Tanh(), nn.Linear(25, 1), _Last())
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / max(parameter.shape[-1], 1) ** 0.5)
    return net


def _answers(model: nn.Module, weights: dict[str, Tensor], inputs: Tensor) -> Tensor:
    answers: Tensor = functional_call(model, weights, (inputs,))
    return answers


def _flat(model: nn.Module) -> Tensor:
    return torch.cat([parameter.flatten() for parameter in model.parameters()])


def _unflat(model: nn.Module, weights: Tensor) -> dict[str, Tensor]:
    named, at = {}, 0
    for name, parameter in model.named_parameters():
        named[name] = weights[at : at + parameter.numel()].reshape(parameter.shape)
        at += parameter.numel()
    return named
