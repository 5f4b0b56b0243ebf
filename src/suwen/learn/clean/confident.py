"""Confident learning: which labels are wrong, told from out-of-fold probabilities (Northcutt, Jiang and Chuang 2021).

"Confident Learning: Estimating Uncertainty in Dataset Labels", Journal of Artificial Intelligence Research 70,
1373-1411. Written plainly because it is forty lines of numpy: cleanlab 2.9 (Apache-2.0) does the same with pandas
behind it, and a test holds both to the same answers.
"""

from __future__ import annotations

import numpy as np

from suwen.learn.clean.nouns import Array

__all__ = ["noisy_counts", "wrong_labels"]


def noisy_counts(labels: Array, chances: Array) -> Array:
    """The calibrated counts (k, k) of examples with label i that are truly j.

    `labels` (n,) are integers 0..k-1, `chances` (n, k) out-of-fold probabilities. An example counts as truly j where
    its chance of j is at least the mean chance of j among those labelled j (the threshold of self-confidence); of
    several such classes the likeliest. Rows are scaled to the numbers of given labels (eq. 1 to 3 of the paper).
    """
    classes = chances.shape[1]
    given = np.bincount(labels, minlength=classes)
    sums = np.array([chances[labels == one, one].sum() for one in range(classes)])
    threshold = np.where(given > 0, sums / np.maximum(given, 1), np.inf)
    confident = chances >= threshold
    truly = np.where(confident, chances, -1.0).argmax(axis=1)
    counted = confident.any(axis=1)
    counts = np.zeros((classes, classes))
    np.add.at(counts, (labels[counted], truly[counted]), 1.0)
    sums_ = counts.sum(axis=1, keepdims=True)
    scaled: Array = np.divide(counts * given[:, None], sums_, out=np.zeros_like(counts), where=sums_ > 0)
    empty = (sums_[:, 0] == 0) & (given > 0)
    scaled[empty, empty.nonzero()[0]] = given[empty]
    return scaled


def wrong_labels(labels: Array, chances: Array) -> tuple[Array, Array]:
    """A mask (n,) of the labels that are probably wrong, and their margins: chance of the likeliest less of the given.

    "Prune by noise rate" of the paper: of the examples labelled i, as many as the counts say are truly j, those with
    the largest margin for j; none whose likeliest class is the given one.
    """
    counts = np.rint(noisy_counts(labels, chances)).astype(int)
    own = chances[np.arange(len(labels)), labels]
    wrong = np.zeros(len(labels), bool)
    for given, truly in zip(*np.nonzero(counts), strict=True):
        if given == truly:
            continue
        rows = np.flatnonzero(labels == given)
        order = np.argsort(own[rows] - chances[rows, truly], kind="stable")
        wrong[rows[order[: counts[given, truly]]]] = True
    return wrong & (chances.argmax(axis=1) != labels), chances.max(axis=1) - own
