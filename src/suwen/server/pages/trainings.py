"""Trainings as they run: the logs of `suwen train` in a folder, read anew at each look."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suwen.errors import DataError, FormatError, NotFoundError

__all__ = ["Run", "run_named", "runs_in"]

_LOG = "log.jsonl"
_NAME = re.compile(r"[\w][\w .-]{0,99}")
_WIDTH, _HEIGHT = 640.0, 200.0


@dataclass(frozen=True, slots=True)
class Run:
    """One training: its epochs as the log has them, whether it is over, and both losses as points of a drawing."""

    name: str
    over: bool
    epochs: tuple[dict[str, Any], ...]
    training: str = ""
    validation: str = ""


def runs_in(folder: Path) -> tuple[str, ...]:
    """Names of the trainings in a folder, the one that was written last first."""
    logs = [one for one in folder.glob(f"*/{_LOG}") if _NAME.fullmatch(one.parent.name)]
    return tuple(one.parent.name for one in sorted(logs, key=lambda one: -one.stat().st_mtime))


def run_named(folder: Path, name: str) -> Run:
    """A training by its name. Raises NotFoundError; nothing outside of the folder can be named."""
    from suwen.learn.log import read_log  # noqa: PLC0415

    if name not in runs_in(folder):
        raise NotFoundError("there is no training of this name", zh="没有该名称的训练")
    try:
        lines = read_log(folder / name)
    except (DataError, FormatError) as damaged:
        said = damaged.said("zh")
        raise FormatError(
            f"the log of this training cannot be read: {damaged}", zh=f"无法读取该训练的日志：{said}"
        ) from None
    epochs = tuple(one for one in lines if one["kind"] == "epoch")
    over = any(one["kind"] == "end" for one in lines)
    training = [one["loss"] for one in epochs]
    validation = [one["validation_loss"] for one in epochs]
    top = max([*training, *validation], default=1.0) or 1.0
    return Run(name, over, epochs, _points(training, top), _points(validation, top))


def _points(values: Sequence[float], top: float) -> str:
    """A polyline from the left to the right, the largest value at the top."""
    step = _WIDTH / max(len(values) - 1, 1)
    return " ".join(f"{at * step:.1f},{_HEIGHT * (1 - value / top):.1f}" for at, value in enumerate(values))
