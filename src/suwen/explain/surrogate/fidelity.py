"""How nearly one set of probabilities imitates another: agreement with Wilson's interval, R² with a bootstrap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from suwen.errors import InputError
from suwen.explain.surrogate.nouns import Fidelity
from suwen.learn.nouns import Array

__all__ = ["explained_variance", "measure", "wilson"]

_Z = 1.959964  # 95 %
_DRAWS = 500


def measure(  # two answers, where they decide, and where they come from
    said: Array,
    network: Array,
    *,
    threshold: float,
    measured_on: str,
    rng: np.random.Generator,
    groups: Sequence[str] = (),
) -> Fidelity:
    """Fidelity of probabilities `said` (n,) to the network's (n,). Whole groups are drawn in the bootstrap."""
    if len(said) != len(network) or len(said) == 0:
        raise InputError(f"fidelity needs as many answers of both, not {len(said)} and {len(network)}")
    same = (said >= threshold) == (network >= threshold)
    low, high = wilson(int(same.sum()), len(same))
    r2_low, r2_high = _bootstrap(said, network, groups, rng)
    r2 = explained_variance(said, network)
    return Fidelity(float(same.mean()), low, high, r2, min(r2_low, r2), max(r2_high, r2), len(said), measured_on)


def explained_variance(said: Array, network: Array) -> float:
    """R²: 1 - squared error / variance of the network's answers.

    Where the network answers the same everywhere there is no variance to explain: 1 for a tree that says so, else 0.
    """
    error = float(((said - network) ** 2).sum())
    spread = float(((network - network.mean()) ** 2).sum())
    if spread < 1e-12 * len(network):
        return 1.0 if error < 1e-9 * len(network) else 0.0
    return 1.0 - error / spread


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (Wilson 1927)."""
    share, z2 = hits / n, _Z * _Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z / (1 + z2 / n) * float(np.sqrt(share * (1 - share) / n + z2 / (4 * n * n)))
    return max(0.0, middle - half), min(1.0, middle + half)


def _bootstrap(said: Array, network: Array, groups: Sequence[str], rng: np.random.Generator) -> tuple[float, float]:
    """Percentile interval of R². Sums per group are enough, so that no row is copied."""
    _, group = np.unique(np.asarray(groups), return_inverse=True) if len(groups) else (None, np.arange(len(said)))
    parts = [
        np.bincount(group, weights) for weights in (np.ones(len(said)), network, network**2, (said - network) ** 2)
    ]
    size = len(parts[0])
    weight = rng.multinomial(size, np.full(size, 1 / size), size=_DRAWS)
    n, first, second, error = (weight @ part for part in parts)
    spread = second - first**2 / n
    found = 1 - error / np.where(spread > 1e-12 * n, spread, np.inf)
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)
