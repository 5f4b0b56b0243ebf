"""A training that the demonstration's ward shows while it runs: made-up squares, a small network, a minute."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

__all__ = ["FOLDER", "train_in"]

FOLDER = "trainings"  # in the demonstration's folder, and its setting of that name
_NAME = "made-up-squares"
_EACH = 300  # examples of each side
_CONFIG: Mapping[str, Any] = MappingProxyType(
    {
        "name": _NAME,
        "purpose": {"en": "Which side a made-up square is on.", "zh": "判断虚构方块在哪一侧。"},
        "limits": {
            "en": ["Drawn for the demonstration; it says nothing of a patient."],
            "zh": ["为演示绘制的数据，与任何患者无关。"],
        },
        "licence": "CC0",
        "data": {"path": f"{_NAME}.npz", "classes": ["left", "right"], "source": "drawn here", "licence": "CC0"},
        "network": {"kind": "residual", "settings": {"widths": [8, 16], "depth": 1}},
        "augment": {"intensity": {"noise": 0.1}},
        "seeds": [0],
    }
)


def train_in(folder: Path, *, epochs: int = 40) -> None:
    """Train in `folder`, once, in a process of its own with low priority; nothing where the extra `learn` is absent.

    One that was broken off goes on where it stood. It ends with this process.
    """
    from importlib.util import find_spec  # noqa: PLC0415
    from multiprocessing import get_context  # noqa: PLC0415

    if find_spec("torch") is None or (folder / f"{_NAME}.safetensors").exists():
        return
    folder.mkdir(exist_ok=True)
    child = get_context("spawn").Process(target=_train, args=(folder, epochs), name="training", daemon=True)
    child.start()
    child.join()


def _train(folder: Path, epochs: int) -> None:
    from suwen.cli.train import train  # noqa: PLC0415

    with contextlib.suppress(OSError):
        os.nice(10)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.redirect_stderr(nowhere):
        _draw(folder)
        config = folder / f"{_NAME}.yaml"
        plan = {"epochs": epochs, "batch": 16, "rate": 3e-3}
        config.write_text(json.dumps({**_CONFIG, "plan": plan}, ensure_ascii=False), "utf-8")  # YAML holds all JSON
        with contextlib.suppress(SystemExit), contextlib.redirect_stdout(nowhere):
            train.main([str(config), "--into", str(folder)], standalone_mode=False)


def _draw(folder: Path) -> None:
    """Noise with a square on one side, the same at each call."""
    import numpy as np  # noqa: PLC0415

    rng = np.random.default_rng(0)
    labels = np.arange(2 * _EACH) % 2
    images = rng.normal(90, 30, (2 * _EACH, 24, 24))
    for row, label in enumerate(labels):
        top, left = rng.integers(2, 14), 1 + 11 * label + rng.integers(0, 3)
        images[row, top : top + 8, left : left + 8] += 25
    np.savez(folder / f"{_NAME}.npz", images=images.clip(0, 255).astype(np.uint8), labels=labels)
