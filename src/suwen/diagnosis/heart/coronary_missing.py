"""Unknown examinations are expected from the known ones, never against physiology, and what stays open is measured.

An unknown column is the linear regression on the known ones, from the mean and covariance of all columns. Which columns
are unknown is never itself a reason: in these data it tells the hospital, and the hospital tells the diagnosis. A plain
regression could undo the directions of the model (an older person expected to have a better perfusion), so each
coefficient is held to the sign that both columns' directions demand: least squares under bounds, by coordinate descent.
A column without direction can weigh either way, so nothing is expected of it from columns that have one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Expectation", "expectation", "filled", "patterns"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_SWEEPS = 500
_SETTLED = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Expectation:
    """How unknown columns follow from known ones: `lines` (known, unknown), and `left` (unknown, unknown).

    `left` is the covariance of the unknown columns that the known ones leave open.
    """

    known: Bools
    lines: Floats
    left: Floats


def expectation(known: Bools, covariance: Floats, directions: NDArray[np.int64]) -> Expectation:
    """The regression of unknown columns on `known` (columns,) with signs held; covariance (columns, columns)."""
    unknown = ~known
    among, across = covariance[np.ix_(known, known)], covariance[np.ix_(known, unknown)]
    signs = directions[known][:, None] * directions[unknown][None, :]
    nought = (directions[known] != 0)[:, None] & (directions[unknown] == 0)[None, :]
    lines = np.linalg.solve(among, across)
    for _ in range(_SWEEPS if ((signs * lines < 0) | nought).any() else 0):
        before = lines.copy()
        for row in range(len(among)):
            free = (across[row] - among[row] @ lines) / among[row, row] + lines[row]
            lines[row] = np.where((signs[row] * free < 0) | nought[row], 0.0, free)
        if np.abs(lines - before).max(initial=0) < _SETTLED:
            break
    shared = lines.T @ across
    left = covariance[np.ix_(unknown, unknown)] - shared - shared.T + lines.T @ among @ lines
    return Expectation(known, np.asarray(lines, np.float64), np.asarray(left, np.float64))


def patterns(rows: Floats) -> Iterator[tuple[Bools, Bools]]:
    """Each pattern of known columns (columns,) with the rows (n,) that have it."""
    there = ~np.isnan(rows)
    for known in np.unique(there, axis=0):
        yield known, (there == known).all(axis=1)


def filled(rows: Floats, mean: Floats, covariance: Floats, directions: NDArray[np.int64]) -> Floats:
    """Rows (n, columns) with what is expected in place of NaN."""
    whole = rows.copy()
    for known, here in patterns(rows):
        found = expectation(known, covariance, directions)
        whole[np.ix_(here, ~known)] = mean[~known] + (rows[np.ix_(here, known)] - mean[known]) @ found.lines
    return whole
