"""Tiny models taught on planted blobs, saved and loaded, and inputs in files: what the tests of opened models share."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from suwen.explain.opening.opened import Opened
from suwen.finding import Bearing
from suwen.learn.lesson import Lesson
from suwen.learn.model import Model
from suwen.learn.nouns import Examples, Task
from suwen.learn.plan import Plan
from suwen.learn.prepare import Prepare
from suwen.learn.teach import teach
from suwen.learn.weights import Trust, load_model, save_model
from suwen.subject import Region

__all__ = [
    "blob",
    "films",
    "lawful",
    "load",
    "table",
    "teach_films",
    "teach_rows",
    "teach_volumes",
    "write_film",
    "write_table",
    "write_volume",
]

SIDES = (20, 24)
LIMITS = {"en": ("Learned from drawn blobs.",), "zh": ("训练数据为绘制的斑块。",)}
PURPOSE = {"en": "Chance of a blob.", "zh": "存在斑块的概率。"}


def blob(shape: tuple[int, ...], at: tuple[int, ...], radius: float = 2.5, seed: int = 0) -> NDArray[np.uint8]:
    """Noise with a bright ball centred `at`."""
    noise = np.random.default_rng(seed).normal(60, 8, shape)
    far = sum((axis - middle) ** 2 for axis, middle in zip(np.indices(shape), at, strict=True))
    return np.clip(np.where(far <= radius**2, 230, noise), 0, 255).astype(np.uint8)


def films(n: int = 60, seed: int = 0, shape: tuple[int, ...] = SIDES) -> Examples:
    """Half with a blob anywhere, half without."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    rows = []
    for number, label in enumerate(labels):
        at = tuple(int(rng.integers(4, side - 4)) for side in shape)
        rows.append(blob(shape, at if label else (-99,) * len(shape), seed=1000 * seed + number))
    return Examples(
        np.stack(rows)[:, None], labels, Task.CLASSES, ("normal", "pneumonia"), source="drawn blobs", licence="MIT"
    )


def _taught(lesson: Lesson, training: Examples, validation: Examples) -> Model:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return teach(lesson, training, validation).model
    finally:
        torch.set_num_threads(threads)


def _lesson(name: str, network: dict[str, Any], prepare: Prepare, **more: Any) -> Lesson:
    plan = Plan(epochs=6, batch=6, rate=2e-2, watch="last")
    return Lesson(name, "0.1", PURPOSE, LIMITS, "MIT", network, prepare, plan=more.pop("plan", plan), **more)


def teach_films(folder: Path, *, prepare: Prepare | None = None, training: dict[str, Any] | None = None) -> Path:
    """A classifier of pictures; the card says which size it was taught on unless `training` says otherwise."""
    prepare = prepare or Prepare(scale="unit")
    network = {"kind": "residual", "settings": {"widths": [4, 8], "depth": 1, "drop": 0.0}}
    lesson = _lesson("blobs", network, prepare, seeds=(0, 1), flips=(1,))
    model = _taught(lesson, films(60), films(24, seed=1))
    more = {"shape": list(SIDES)} if training is None else training
    card = replace(model.card, training={**model.card.training, **more})
    save_model(model.network, card, folder)
    return folder / "blobs.safetensors"


def teach_volumes(folder: Path) -> Path:
    """A network of outlines of balls in volumes."""
    rng = np.random.default_rng(5)
    rows, masks = [], []
    for number in range(12):
        at = tuple(int(one) for one in rng.integers(4, 12, 3))
        rows.append(blob((16, 16, 16), at, 3.5, seed=number))
        masks.append((rows[-1] > 150).astype(np.uint8))
    whole = Examples(
        np.stack(rows)[:, None],
        np.stack(masks),
        Task.MASKS,
        ("background", "ball"),
        spacing=(1.0, 1.0, 1.0),
        source="drawn balls",
    )
    network = {"kind": "unet", "settings": {"axes": 3, "widths": [4, 8], "outputs": 2}}
    plan = Plan(epochs=6, batch=3, rate=2e-2, watch="last")
    lesson = _lesson("balls", network, Prepare(scale="unit", shape=(16, 16, 16)), plan=plan)
    model = _taught(lesson, whole.chosen(range(9)), whole.chosen(range(9, 12)))
    save_model(model.network, model.card, folder)
    return folder / "balls.safetensors"


def table(n: int = 80, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    rows = rng.normal(0, 1, (n, 3)).astype(np.float32)
    return rows, (rows[:, 0] - 0.5 * rows[:, 1] > 0).astype(np.int64)


def teach_rows(folder: Path) -> Path:
    """A perceptron of three columns, the third of no use."""
    rows, labels = table()
    whole = Examples(rows, labels, Task.CLASSES, ("normal", "ill"), features=("a", "b", "c"), source="drawn rows")
    network = {"kind": "perceptron", "settings": {"features": 3, "widths": [8], "drop": 0.0}}
    lesson = _lesson("rows", network, Prepare(scale="none"), plan=Plan(epochs=5, batch=8, rate=3e-2, watch="last"))
    model = _taught(lesson, whole.chosen(range(60)), whole.chosen(range(60, 80)))
    save_model(model.network, model.card, folder)
    return folder / "rows.safetensors"


def load(weights: Path) -> Model:
    """The model as a door loads it."""
    return Model(*load_model(weights, Trust(unsigned=True)))


def write_film(file: Path, values: NDArray[np.uint8]) -> Path:
    from PIL import Image  # noqa: PLC0415

    Image.fromarray(values).save(file)
    return file


def write_volume(file: Path, values: NDArray[np.uint8], affine: NDArray[np.float64]) -> Path:
    import nibabel  # noqa: PLC0415

    image = nibabel.Nifti1Image(values, affine)
    image.header["descrip"] = b"Zhang San 1970"
    nibabel.save(image, file)
    return file


def write_table(file: Path, n: int = 30) -> Path:
    rows, labels = table(n, seed=3)
    lines = [f"{a:.4f},{b:.4f},{c:.4f},{label}" for (a, b, c), label in zip(rows, labels, strict=True)]
    file.write_text("\n".join(["a,b,c,label", *lines]) + "\n", "utf-8")
    return file


def lawful(opened: Opened, lang: str) -> None:
    """What every finding obeys, sentences in `lang`."""
    finding = opened.finding
    assert finding.evidence
    assert finding.maker.name == opened.card.name
    assert finding.maker.data_digest
    if finding.chance.value is not None:
        assert 0 <= finding.chance.value <= 1
        assert finding.chance.calibration.strip()
    for one in finding.evidence:
        assert math.isfinite(one.weight)
        assert one.source.startswith(f"{opened.card.name} {opened.card.version}")
        assert "{" not in one.sentence
        assert any("\u4e00" <= letter <= "\u9fff" for letter in one.sentence) is (lang == "zh")
        if one.bearing is Bearing.NEUTRAL:
            assert abs(one.weight) < 0.05
        else:
            assert (one.weight > 0) is (one.bearing is Bearing.SUPPORTS)
        if isinstance(one.seen, Region) and opened.picture is not None:
            sides = zip(one.seen.low, one.seen.high, opened.picture.stored.shape, strict=True)
            assert all(0 <= low < high <= side for low, high, side in sides)
