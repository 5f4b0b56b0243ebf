"""Every constraint measured on data at hand: what accuracy it costs and what it gives, at several strengths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from suwen.learn.batch import Batch, Penalty
from suwen.learn.constraints.answers import one_logit
from suwen.learn.constraints.concepts import ConceptBottleneck, ConceptPenalty, intervention_curve
from suwen.learn.constraints.gates import GatePenalty, HardConcreteGates
from suwen.learn.constraints.monotone import MonotonePenalty, check_monotone
from suwen.learn.constraints.monotone_nets import MonotoneNet, MonotoneResidual
from suwen.learn.constraints.plain import trained
from suwen.learn.constraints.reasons import AttentionInside, RightReasons, attention_outside, gradient_outside
from suwen.learn.constraints.sparsity import L1, GroupLasso
from suwen.learn.constraints.tradeoff import Curve, Measured, trade_off
from suwen.learn.constraints.tree import TreePenalty, average_path_length
from suwen.learn.measure.ranking import auc

__all__ = [
    "Parts",
    "attention_curve",
    "certified",
    "concept_curve",
    "corrected",
    "monotone_curve",
    "reasons_curve",
    "sparse_curves",
    "tree_curve",
]

Array = NDArray[Any]


@dataclass(frozen=True)
class Parts:
    """Examples to learn from, examples to measure on, and what the data are called."""

    training: Batch
    unseen: Batch
    data: str

    @property
    def features(self) -> int:
        """Columns of the table."""
        return int(self.training.inputs.shape[1])


def sparse_curves(parts: Parts, *, seeds: Sequence[int], rng: np.random.Generator) -> tuple[Curve, ...]:
    """L1 and group lasso on the first layer (proximal), and gates on the inputs: features used."""

    def lasso(strength: float, seed: int) -> nn.Module:
        return _descended(_net(parts.features, seed), parts, L1(strength, ("0",), exact=True), seed)

    def group(strength: float, seed: int) -> nn.Module:
        return _descended(_net(parts.features, seed), parts, GroupLasso(strength, "0"), seed)

    def gated(strength: float, seed: int) -> nn.Module:
        net = _net(parts.features, seed)
        model = nn.Sequential(HardConcreteGates(parts.features), *net)
        return _table(model, parts, [GatePenalty(strength)], seed, steps=800)

    def columns(model: nn.Module) -> float:
        return float((model.get_parameter("0.weight") != 0).any(0).sum())

    def opened(model: nn.Module) -> float:
        return float(sum(len(gates.open()) for gates in model.modules() if isinstance(gates, HardConcreteGates)))

    plan: tuple[tuple[str, Callable[[float, int], nn.Module], Callable[[nn.Module], float], tuple[float, ...]], ...] = (
        ("l1", lasso, columns, (0.0, 0.003, 0.01, 0.03, 0.06)),
        ("group_lasso", group, columns, (0.0, 0.005, 0.01, 0.03, 0.06)),
        ("gates", gated, opened, (0.0, 0.012, 0.015, 0.02, 0.05)),
    )
    return tuple(
        _curve((name, "features_used"), make, figure, strengths, parts, seeds=seeds, rng=rng)
        for name, make, figure, strengths in plan
    )


def tree_curve(parts: Parts, *, seeds: Sequence[int], rng: np.random.Generator) -> Curve:
    """Tree regularisation: the average path length of the tree that imitates the model on unseen examples."""

    def make(strength: float, seed: int) -> nn.Module:
        penalty = TreePenalty(strength, parts.training.inputs, seed=seed)
        return _table(_net(parts.features, seed), parts, [penalty], seed)

    def path(model: nn.Module) -> float:
        return average_path_length(model, parts.unseen.inputs)

    return _curve(("tree", "path_length"), make, path, (0.0, 0.03, 0.1, 0.3), parts, seeds=seeds, rng=rng)


def monotone_curve(
    parts: Parts, directions: tuple[int, ...], *, seeds: Sequence[int], rng: np.random.Generator
) -> Curve:
    """The gradient penalty: share of pairs, drawn evenly within the 1st to 99th percentile, in the wrong order."""
    ranges = _ranges(parts)
    limits = tuple((float(low), float(high)) for low, high in ranges)

    def make(strength: float, seed: int) -> nn.Module:
        penalty = MonotonePenalty(directions, strength, limits)
        return _table(_net(parts.features, seed), parts, [penalty], seed, steps=400)

    def violations(model: nn.Module) -> float:
        return check_monotone(model, ranges, directions, np.random.default_rng(0), samples=1000).share

    strengths = (0.0, 0.03, 0.1, 0.3, 1.0)
    return _curve(("monotone", "violations"), make, violations, strengths, parts, seeds=seeds, rng=rng)


def certified(parts: Parts, directions: tuple[int, ...], *, seeds: Sequence[int]) -> dict[str, float]:
    """AUC and share of violations of the two certified nets and of certified nets' plainest peer, a logistic line."""
    ranges, found = _ranges(parts), dict[str, float]()
    kinds: dict[str, Callable[[], nn.Module]] = {
        "monotone_net": lambda: MonotoneNet(directions),
        "monotone_residual": lambda: MonotoneResidual(directions),
        "logistic": lambda: nn.Linear(parts.features, 1),
    }
    for name, kind in kinds.items():
        nets = [_table(_seeded(kind, seed), parts, [], seed, steps=400) for seed in seeds]
        rng = np.random.default_rng(0)
        shares = [check_monotone(net, ranges, directions, rng, samples=1000).share for net in nets]
        found[f"{name}_auc"] = float(np.mean([auc(parts.unseen.labels.numpy(), _scores(net, parts)) for net in nets]))
        found[f"{name}_violations"] = float(np.mean(shares))
    return found


def reasons_curve(parts: Parts, *, seeds: Sequence[int], rng: np.random.Generator) -> Curve:
    """Input gradients outside the mask, on images whose marker tells the label in training only."""

    def make(strength: float, seed: int) -> nn.Module:
        return _image(parts, [RightReasons(strength)] if strength else [], seed, pooled=4)

    def outside(model: nn.Module) -> float:
        return gradient_outside(model, parts.unseen.inputs, parts.unseen.extra["mask"])

    strengths = (0.0, 0.1, 1.0, 10.0)
    return _curve(("right_reasons", "gradient_outside"), make, outside, strengths, parts, seeds=seeds, rng=rng)


def attention_curve(parts: Parts, *, seeds: Sequence[int], rng: np.random.Generator) -> Curve:
    """Attention (Grad-CAM of the last convolution) outside the mask, on the same images."""

    def make(strength: float, seed: int) -> nn.Module:
        return _image(parts, [AttentionInside(strength, _LAST)] if strength else [], seed, pooled=1)

    def outside(model: nn.Module) -> float:
        seen = parts.unseen
        return attention_outside(model, _LAST, seen.inputs, seen.labels, seen.extra["mask"])

    strengths = (0.0, 0.1, 0.3, 0.5)
    return _curve(("attention_inside", "attention_outside"), make, outside, strengths, parts, seeds=seeds, rng=rng)


def concept_curve(parts: Parts, names: tuple[str, ...], *, seeds: Sequence[int], rng: np.random.Generator) -> Curve:
    """A joint bottleneck: the mean AUC of the concepts, each where it is known."""

    def make(strength: float, seed: int) -> nn.Module:
        return _bottleneck(parts, names, strength, seed)

    def known(model: nn.Module) -> float:
        return _concept_auc(model, parts.unseen) if isinstance(model, ConceptBottleneck) else 0.0

    strengths = (0.0, 0.3, 1.0, 3.0, 10.0)
    return _curve(("concepts", "concept_auc"), make, known, strengths, parts, better="more", seeds=seeds, rng=rng)


def corrected(parts: Parts, names: tuple[str, ...], *, seeds: Sequence[int]) -> dict[str, float]:
    """A sequential bottleneck: AUC with 0, 1, ... concepts corrected, with rounded concepts, and of a net without."""
    labels, unseen = parts.unseen.labels.numpy(), parts.unseen

    def judged(outputs: Tensor) -> float:
        return auc(labels, one_logit(outputs).numpy())

    nets = [_bottleneck(parts, names, 1.0, seed, sequential=True) for seed in seeds]
    truth = unseen.extra["concepts"]
    curve = np.mean([intervention_curve(net, unseen.inputs, truth, judged) for net in nets], axis=0)
    plain = [_table(_net(parts.features, seed), parts, [], seed) for seed in seeds]
    return {
        **{f"corrected_{count}": float(value) for count, value in enumerate(curve)},
        "rounded": float(np.mean([judged(net.answer(unseen.inputs, hard=True).outputs) for net in nets])),
        "concepts": float(np.mean([_concept_auc(net, unseen) for net in nets])),
        "without_bottleneck": float(np.mean([auc(labels, _scores(net, parts)) for net in plain])),
    }


_LAST = "3"  # the last convolution of the image net, behind its activation


def _seeded(make: Callable[[], nn.Module], seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def _net(features: int, seed: int) -> nn.Sequential:
    layers = _seeded(lambda: nn.Sequential(nn.Linear(features, 16), nn.Tanh(), nn.Linear(16, 1)), seed)
    return nn.Sequential(*layers.children())


def _table(model: nn.Module, parts: Parts, penalties: Sequence[Penalty], seed: int, *, steps: int = 300) -> nn.Module:
    return trained(model, parts.training, penalties, steps=steps, seed=seed, decay=1e-3)


def _descended(model: nn.Module, parts: Parts, penalty: Penalty, seed: int) -> nn.Module:
    """Plain gradient descent, for which the proximal step is the right one."""
    return trained(model, parts.training, [penalty], steps=800, rate=0.1, seed=seed, decay=1e-2, adaptive=False)


def _image(parts: Parts, penalties: Sequence[Penalty], seed: int, *, pooled: int) -> nn.Module:
    """Two convolutions and a linear head on `pooled` by `pooled` means; Grad-CAM is true to a head on one mean only."""

    def make() -> nn.Module:
        body = [nn.Conv2d(1, 12, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(12, 16, 3, padding=1), nn.ReLU()]
        return nn.Sequential(*body, nn.AdaptiveAvgPool2d(pooled), nn.Flatten(), nn.Linear(16 * pooled**2, 1))

    rate = 1e-2 if pooled == 1 else 3e-3
    return trained(_seeded(make, seed), parts.training, penalties, steps=300, rate=rate, size=48, seed=seed)


def _bottleneck(
    parts: Parts, names: tuple[str, ...], strength: float, seed: int, *, sequential: bool = False
) -> ConceptBottleneck:
    encoder = _seeded(lambda: nn.Sequential(nn.Linear(parts.features, 16), nn.Tanh(), nn.Linear(16, len(names))), seed)
    head = _seeded(lambda: nn.Linear(len(names), 1), seed)
    model = ConceptBottleneck(encoder, head, names, mode="sequential" if sequential else "joint")
    return trained(model, parts.training, [ConceptPenalty(strength)], steps=300, seed=seed, decay=1e-3)


@torch.no_grad()
def _concept_auc(model: ConceptBottleneck, batch: Batch) -> float:
    truth, shown = batch.extra["concepts"], model.concepts(batch.inputs)
    known = ~torch.isnan(truth)
    each = [auc(truth[known[:, at], at].numpy(), shown[known[:, at], at].numpy()) for at in range(len(model.names))]
    return float(np.mean(each))


def _ranges(parts: Parts) -> Array:
    return np.asarray(np.quantile(parts.training.inputs.numpy(), [0.01, 0.99], axis=0)).T


@torch.no_grad()
def _scores(model: nn.Module, parts: Parts) -> Array:
    return np.asarray(one_logit(model(parts.unseen.inputs)).numpy(), dtype=np.float64)


def _curve(  # noqa: PLR0913
    names: tuple[str, str],
    make: Callable[[float, int], nn.Module],
    figure: Callable[[nn.Module], float],
    strengths: Sequence[float],
    parts: Parts,
    *,
    seeds: Sequence[int],
    rng: np.random.Generator,
    better: str = "less",
) -> Curve:
    labels = parts.unseen.labels.numpy().astype(np.int64)

    def measure(model: nn.Module) -> Measured:
        return Measured(labels, _scores(model, parts), figure(model))

    points = trade_off(make, strengths, measure, rng=rng, seeds=seeds)
    return Curve(names[0], names[1], better, points, parts.data, len(labels))
