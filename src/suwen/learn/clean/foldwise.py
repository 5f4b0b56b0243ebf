"""Chances of each class for each example, from a classifier that saw neither the example nor its group."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from suwen.learn.clean.extra import needed
from suwen.learn.clean.nouns import Array

__all__ = ["discrimination", "foldwise_chances"]

FOLDS = 5
MOST_KERNEL = 8000  # examples; a kernel machine takes the square of this in time


def foldwise_chances(rows: Array, labels: Array, groups: Array, *, seed: int, table: bool = False) -> Array:
    """Out-of-fold chances (n, k) of the classes 0..k-1; every class has at least `FOLDS` examples.

    A support vector machine with a radial kernel on pictures (its decisions turned into chances by logistic regression
    over all folds, after Platt 1999), a random forest on tables, logistic regression where there are more than 8,000.
    Examples of one group are never on both sides. The same seed gives the same chances.
    """
    folds = _folds(labels, groups, seed)
    if table:
        return _forest(rows, labels, folds, seed)
    classes = int(labels.max()) + 1
    linear = needed("sklearn.linear_model", "scikit-learn")
    decisions = np.zeros((len(labels), 1 if classes == 2 else classes))
    for learned, asked in folds:
        machine = _machine(len(learned), rows.shape[1]).fit(rows[learned], labels[learned])
        decisions[asked] = np.asarray(machine.decision_function(rows[asked])).reshape(len(asked), -1)
    return np.asarray(linear.LogisticRegression(max_iter=500).fit(decisions, labels).predict_proba(decisions))


def discrimination(labels: Array, chances: Array) -> float:
    """Mean over the classes of the area under the ROC curve of one class against the others; 0.5 is guessing."""
    auroc = needed("sklearn.metrics", "scikit-learn").roc_auc_score
    areas = [auroc(labels == one, chances[:, one]) for one in range(chances.shape[1]) if (labels == one).any()]
    return float(np.mean(areas))


def _machine(examples: int, columns: int) -> Any:
    if examples > MOST_KERNEL:
        return needed("sklearn.linear_model", "scikit-learn").LogisticRegression(C=0.001, max_iter=500)
    return needed("sklearn.svm", "scikit-learn").SVC(C=1.0, gamma=0.5 / columns)


def _folds(labels: Array, groups: Array, seed: int) -> list[tuple[Array, Array]]:
    chosen = needed("sklearn.model_selection", "scikit-learn")
    if len(np.unique(groups)) == len(groups):
        plain = chosen.StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        return list(plain.split(labels, labels))
    kept = chosen.StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # one large group may leave a fold without a class
        folds = list(kept.split(labels, labels, groups))
    every = len(np.unique(labels))
    whole = all(len(np.unique(labels[learned])) == every for learned, _ in folds)
    return (
        folds if whole else list(chosen.StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(labels, labels))
    )


def _forest(rows: Array, labels: Array, folds: list[tuple[Array, Array]], seed: int) -> Array:
    forest = needed("sklearn.ensemble", "scikit-learn").RandomForestClassifier
    chances = np.zeros((len(labels), int(labels.max()) + 1))
    for learned, asked in folds:
        grown = forest(300, min_samples_leaf=3, random_state=seed, n_jobs=1).fit(rows[learned], labels[learned])
        chances[np.ix_(asked, grown.classes_)] = grown.predict_proba(rows[asked])
    return chances
