"""The few figures that are followed while a model trains."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from suwen.errors import InputError
from suwen.learn.measure.ranking import auc
from suwen.learn.nouns import Task

__all__ = ["figures", "score"]


def figures(outputs: Tensor, labels: Tensor, task: Task) -> dict[str, float]:
    """Figures of raw `outputs` (n, classes, ...) against `labels` (n, ...).

    Classes: accuracy, recall (mean over classes) and auc (one against rest, mean over classes that occur with others);
    masks: mean dice of the classes after background, over all voxels together; numbers: root mean squared error, r2.
    """
    if task is Task.NUMBERS:
        return _of_numbers(outputs.reshape(labels.shape).double(), labels.double())
    if task is Task.MASKS:
        return _of_masks(outputs.argmax(1), labels, outputs.shape[1])
    return _of_classes(torch.softmax(outputs, 1).numpy(), labels.numpy())


def _of_numbers(found: Tensor, labels: Tensor) -> dict[str, float]:
    error = float(((found - labels) ** 2).mean())
    spread = float(labels.var(correction=0))
    return {"rmse": error**0.5, "r2": 1 - error / spread if spread > 0 else float("nan")}


def _of_masks(found: Tensor, labels: Tensor, classes: int) -> dict[str, float]:
    scores = {}
    for one in range(1, classes):
        mine, true = found == one, labels == one
        size = int(mine.sum() + true.sum())
        scores[f"dice.{one}"] = 2 * int((mine & true).sum()) / size if size else 1.0
    return {"dice": float(np.mean(list(scores.values()))), **scores}


def _of_classes(chances: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    found = chances.argmax(1)
    present = [one for one in range(chances.shape[1]) if 0 < (labels == one).sum() < len(labels)]
    recalls = [float((found[labels == one] == one).mean()) for one in present]
    ranked = [auc((labels == one).astype(int), chances[:, one]) for one in present]
    known = {"accuracy": float((found == labels).mean())}
    return {**known, "recall": float(np.mean(recalls)), "auc": float(np.mean(ranked))} if present else known


def score(watch: str, measured: dict[str, float], loss: float) -> float:
    """The figure an epoch is judged by, higher being better.

    Raises:
        InputError: the task has no such figure.

    """
    if watch in ("loss", "last"):
        return -loss
    if watch not in measured:
        raise InputError(f"this task has no figure {watch} to watch; it has {', '.join(measured)}, loss and last")
    return -measured[watch] if watch == "rmse" else measured[watch]
