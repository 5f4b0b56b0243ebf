"""Sanity checks of an explanation: it must change when the model, or what the model was taught, is made random."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from scipy.stats import rankdata
from torch import nn

from suwen.errors import InputError
from suwen.explain.maps.nouns import Verdict

__all__ = ["THRESHOLD", "Method", "label_randomisation", "parameter_randomisation", "sanity_checks", "similarity"]

THRESHOLD = 0.5
_REASON = (
    "mean Spearman rank correlation of absolute maps with those of the randomised model; 1 means that the map ignores "
    "the model (an edge detector), 0 that nothing but the model made it; a map whose ranks share more than half passes "
    "for one drawn from the image alone"
)
_NOT_RUN = "needs a model taught with shuffled labels: pass labels and refit"


class Method(Protocol):
    """A method of explanation with its settings bound: one example (channels, *spatial) to a map (*spatial)."""

    def __call__(self, model: nn.Module, inputs: NDArray[Any], target: int, /) -> NDArray[Any]:
        """The map of one example."""


def sanity_checks(  # noqa: PLR0913 - what is explained, and how it is taught anew
    method: Method,
    model: nn.Module,
    inputs: NDArray[Any],
    targets: Sequence[int],
    *,
    rng: np.random.Generator,
    labels: NDArray[np.int64] | None = None,
    refit: Callable[[NDArray[np.int64]], nn.Module] | None = None,
    name: str = "",
) -> tuple[Verdict, Verdict]:
    """Both checks: parameters always, labels where `labels` and `refit` are given (else its verdict says "not run")."""
    first = parameter_randomisation(method, model, inputs, targets, rng=rng, name=name)
    if labels is None or refit is None:
        return first, Verdict("label randomisation", _named(method, name), None, {}, THRESHOLD, _NOT_RUN)
    return first, label_randomisation(method, model, inputs, targets, labels=labels, refit=refit, rng=rng, name=name)


def parameter_randomisation(
    method: Method,
    model: nn.Module,
    inputs: NDArray[Any],
    targets: Sequence[int],
    *,
    rng: np.random.Generator,
    name: str = "",
) -> Verdict:
    """Cascading randomisation from the last layer to the first (Adebayo et al. 2018, "Sanity checks", section 3.1).

    `inputs` are several examples (n, channels, *spatial); their targets stay those of the trained model. Figures:
    `spearman_<k>` and `ssim_<k>` after k groups of layers out of about five, and `spearman`, `ssim` at the end. The
    verdict follows `spearman`: structural similarity is shown, but two smooth maps resemble each other anyway. A map
    that is constant, or does not change, counts as 1. `model` itself is not changed.
    """
    trained = _maps(method, model, inputs, targets)
    figures: dict[str, float] = {}
    for step, randomised in enumerate(_cascade(model, rng), start=1):
        rank, structure = _compared(trained, _maps(method, randomised, inputs, targets))
        figures |= {f"spearman_{step}": rank, f"ssim_{step}": structure, "spearman": rank, "ssim": structure}
    return _verdict("parameter randomisation", _named(method, name), figures)


def label_randomisation(  # noqa: PLR0913 - what is explained, and how it is taught anew
    method: Method,
    model: nn.Module,
    inputs: NDArray[Any],
    targets: Sequence[int],
    *,
    labels: NDArray[np.int64],
    refit: Callable[[NDArray[np.int64]], nn.Module],
    rng: np.random.Generator,
    name: str = "",
) -> Verdict:
    """The map of a model taught with shuffled labels must differ (Adebayo et al. 2018, section 3.2).

    `refit` trains a new model of the same kind on the labels it is given, on the same inputs.
    """
    taught = refit(rng.permutation(labels))
    rank, structure = _compared(_maps(method, model, inputs, targets), _maps(method, taught, inputs, targets))
    return _verdict("label randomisation", _named(method, name), {"spearman": rank, "ssim": structure})


def similarity(these: NDArray[Any], those: NDArray[Any]) -> tuple[float, float]:
    """Spearman rank correlation and structural similarity (Wang et al. 2004, window 7) of two absolute maps."""
    one, other = np.abs(np.asarray(these, float)), np.abs(np.asarray(those, float))
    if one.shape != other.shape:
        raise InputError(
            f"maps of shape {one.shape} and {other.shape} cannot be compared",
            zh=f"形状为 {one.shape} 和 {other.shape} 的热图无法比较",
        )
    return _spearman(one, other), _structural(_scaled(one), _scaled(other))


def _maps(method: Method, model: nn.Module, inputs: NDArray[Any], targets: Sequence[int]) -> list[NDArray[Any]]:
    if not len(inputs) or len(inputs) != len(targets):
        raise InputError(
            f"a check needs examples and a target for each, not {len(inputs)} and {len(targets)}",
            zh=f"检验须有样本及各自的目标，而非 {len(inputs)} 和 {len(targets)}",
        )
    return [method(model, one, int(target)) for one, target in zip(inputs, targets, strict=True)]


def _compared(these: Sequence[NDArray[Any]], those: Sequence[NDArray[Any]]) -> tuple[float, float]:
    rank, structure = zip(*(similarity(one, other) for one, other in zip(these, those, strict=True)), strict=True)
    return float(np.mean(rank)), float(np.mean(structure))


def _cascade(model: nn.Module, rng: np.random.Generator) -> list[nn.Module]:
    """Copies of the model, ever more of whose layers are initialised anew, the last layer first; about five steps."""
    names = [name for name, module in model.named_modules() if next(module.parameters(recurse=False), None) is not None]
    if not names:
        raise InputError("the model has no parameters to make random", zh="模型没有可随机化的参数")
    order = list(reversed(names))
    ends = sorted({round(len(order) * part / 5) for part in range(1, 6)} - {0})
    seeds = rng.integers(0, 2**31, len(order))
    return [_randomised(model, order[:end], seeds) for end in ends]


def _randomised(model: nn.Module, names: Sequence[str], seeds: NDArray[np.int64]) -> nn.Module:
    changed = copy.deepcopy(model)
    modules = dict(changed.named_modules())
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        for name, seed in zip(names, seeds, strict=False):
            torch.manual_seed(int(seed))
            _renew(modules[name])
    return changed


def _renew(module: nn.Module) -> None:
    reset = getattr(module, "reset_parameters", None)
    if callable(reset):
        reset()
        return
    for parameter in module.parameters(recurse=False):
        parameter.normal_(0, 0.02)  # the deviation with which transformers are commonly initialised


def _verdict(check: str, method: str, figures: dict[str, float]) -> Verdict:
    return Verdict(check, method, figures["spearman"] < THRESHOLD, figures, THRESHOLD, _REASON)


def _named(method: Method, name: str) -> str:
    return name or getattr(method, "__name__", type(method).__name__)


def _spearman(these: NDArray[Any], those: NDArray[Any]) -> float:
    one, other = rankdata(these.ravel()), rankdata(those.ravel())
    if one.std() == 0:
        return 1.0  # a map without ranks never reacted to any model
    # A random model whose map is flat has answered: nothing there. That is a change.
    return float(np.corrcoef(one, other)[0, 1]) if other.std() > 0 else 0.0


def _scaled(values: NDArray[Any]) -> NDArray[Any]:
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def _structural(these: NDArray[Any], those: NDArray[Any]) -> float:
    def mean(values: NDArray[Any]) -> NDArray[Any]:
        return ndimage.uniform_filter(values, size=7, mode="nearest")  # type: ignore[no-any-return]

    one, other = mean(these), mean(those)
    spread = mean(these**2) - one**2 + mean(those**2) - other**2
    shared = mean(these * those) - one * other
    small, smaller = 0.01**2, 0.03**2  # K1 and K2 of the paper, for values in 0..1
    index = (2 * one * other + small) * (2 * shared + smaller) / ((one**2 + other**2 + small) * (spread + smaller))
    return float(index.mean())
