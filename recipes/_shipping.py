"""What every recipe of an image model does: read, teach, write weights, card and pin, and say what came out."""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path

import torch

from suwen.explain.opening.checking import with_checks
from suwen.learn.card import Card
from suwen.learn.fit import Progress
from suwen.learn.lesson import Lesson
from suwen.learn.nouns import Examples
from suwen.learn.teach import teach
from suwen.learn.weights import SHIPPED, card_path, save_model


def ship(lesson: Lesson, read: Callable[[], tuple[Examples, Examples]]) -> None:
    """Train as the command line says and put the model where the package ships it."""
    parser = argparse.ArgumentParser(description=f"Trains {lesson.name}; writes weights and card")
    parser.add_argument("--into", type=Path, default=SHIPPED, help="folder of the model (default: the package)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=1, help="the same number gives the same weights")
    parser.add_argument("--keep", type=Path, help="folder of checkpoints; an interrupted run goes on from there")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    training, validation = read()
    print(f"{lesson.name}: {len(training)} to learn from, {len(validation)} to choose by, {options.device}", flush=True)
    taught = teach(
        lesson, training, validation, device=options.device, folder=options.keep, notify=_told(time.monotonic())
    )
    model = with_checks(taught.model, lesson, training, validation)
    card = save_model(model.network, model.card, options.into)
    _pin(card, options.into)
    for name, figure in card.figures.items():
        spread = "" if figure.low is None else f" ({figure.low:.4f} to {figure.high:.4f})"
        print(f"{name}: {figure.value:.4f}{spread}")


def _told(begin: float) -> Callable[[int, Progress], None]:
    def told(seed: int, progress: Progress) -> None:
        if progress.step == progress.steps:
            figures = " ".join(f"{name} {value:.4f}" for name, value in progress.figures.items())
            seconds = time.monotonic() - begin
            place = f"seed {seed} epoch {progress.epoch}/{progress.epochs}"
            print(f"{place} loss {progress.loss:.4f} {figures} {seconds:.0f} s", flush=True)

    return told


def _pin(card: Card, folder: Path) -> None:
    """The digest of the card goes into the package: another card, or other weights, are not loaded as shipped."""
    pins = folder / "pins.json"
    kept = json.loads(pins.read_text("utf-8")) if pins.exists() else {}
    written = card_path(folder / f"{card.name}.safetensors").read_bytes()
    kept[card.name] = hashlib.sha256(written).hexdigest()
    pins.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", "utf-8")
