"""How alike molecules are, as kernels: shares of counted fragments in common, and distances of standardised numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.activity.counted import Counts
from suwen.errors import MissingExtraError

__all__ = ["Floats", "Scaling", "fit_scaling", "likeness", "radial"]

Floats = NDArray[np.float64]
_LIMIT = 4.0  # standard deviations: one odd descriptor would else outweigh all others
_BLOCK = 512  # rows of a table of distances worked out at once
_MOST = 64  # of one fragment: a long chain counts no further


def likeness(first: Counts, second: Counts) -> Floats:
    """Min-max kernel (len(first), len(second)): sum of the smaller counts by sum of the larger ones, 0..1.

    The Tanimoto likeness of counts (Ralaivola 2005); positive semidefinite. A count above 64 counts as 64. Of two
    molecules without any fragment it is 1.
    """
    keys = np.unique(np.concatenate([first.keys, second.keys]))
    left, right = _sparse(first, keys), _sparse(second, keys)
    common = np.zeros((len(first), len(second)), np.float32)
    # The smaller of two counts is the number of levels that both exceed; these sums are whole, so exact in any order.
    for level in range(int(min(left.data.max(initial=0), right.data.max(initial=0)))):
        common += (_above(left, level) @ _above(right, level).T).toarray()
    sums = _sums(first)[:, None] + _sums(second)[None] - common.astype(np.float64)
    return np.where(sums > 0, common / np.maximum(sums, 1.0), 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Mean and deviation of each column, NaN passed over, and the squared distance at which likeness falls to 1/e."""

    mean: Floats
    deviation: Floats
    width: float

    def scaled(self, rows: Any) -> Floats:
        """Rows (n, columns) in deviations, within -4..4; what is not known lies at the mean."""
        numbers = (np.asarray(rows, np.float64) - self.mean) / self.deviation
        return np.clip(np.nan_to_num(numbers, nan=0.0, posinf=_LIMIT, neginf=-_LIMIT), -_LIMIT, _LIMIT)


def fit_scaling(rows: Any) -> Scaling:
    """The scaling of rows (n, columns); the width is the median squared distance of up to 1,000 rows evenly chosen."""
    table = np.asarray(rows, np.float64)
    known = ~np.isnan(table)
    counts = np.maximum(known.sum(0), 1)
    mean = np.where(known, table, 0.0).sum(0) / counts
    deviation = np.sqrt((np.where(known, table - mean, 0.0) ** 2).sum(0) / counts)
    # A column that never moves tells nothing: any deviation of a new molecule there is shut out.
    deviation = np.where(deviation > 1e-9 * np.maximum(1.0, np.abs(mean)), deviation, np.inf)
    made = Scaling(mean, deviation, 1.0)
    chosen = made.scaled(table[np.unique(np.linspace(0, len(table) - 1, min(len(table), 1000)).astype(np.intp))])
    apart = _distances(chosen, chosen)[np.triu_indices(len(chosen), 1)]
    return Scaling(mean, deviation, max(float(np.median(apart)), 1e-9) if len(apart) else 1.0)


def radial(first: Any, second: Any, scaling: Scaling) -> Floats:
    """Gaussian kernel (len(first), len(second)) of rows, of the width of the scaling."""
    left, right = scaling.scaled(first), scaling.scaled(second)
    return np.exp(-_distances(left, right) / scaling.width)


def _distances(left: Floats, right: Floats) -> Floats:
    """Squared distances. Pair by pair, not as a matrix product, whose last digits depend on how many rows there are."""
    try:
        from scipy.spatial.distance import cdist  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("scipy", "drugs") from None
    parts = [cdist(left[at : at + _BLOCK], right, "sqeuclidean") for at in range(0, len(left), _BLOCK)]
    return np.concatenate([np.zeros((0, len(right))), *parts])


def _sparse(counts: Counts, keys: NDArray[np.int64]) -> Any:
    try:
        from scipy.sparse import csr_array  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("scipy", "drugs") from None
    values = np.minimum(counts.counts, _MOST).astype(np.float32)
    return csr_array((values, np.searchsorted(keys, counts.keys), counts.starts), shape=(len(counts), len(keys)))


def _above(counts: Any, level: int) -> Any:
    found = counts > level if level else counts.astype(bool)
    return found.astype(np.float32)


def _sums(counts: Counts) -> Floats:
    whole = np.concatenate([np.zeros(1), np.cumsum(np.minimum(counts.counts, _MOST), dtype=np.float64)])
    return np.asarray(whole[counts.starts[1:]] - whole[counts.starts[:-1]])
