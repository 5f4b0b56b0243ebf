"""Benchmark chest-lesions: does the reading of chest radiographs find the shadows that people marked, and where?

Evaluate only: nothing was learned or chosen on these marks. Two parts:

- 64 radiographs of the COVID-19 Chest X-ray Segmentations (General Blockchain 2020; images of Cohen et al. 2020).
  The stored masks of this data set are blank (all pixels set), so only the box around each class is used: its edges
  say which lungs and which thirds of the lungs lesions reach at least (`iou`, `side`, `highest`, `lowest`).
- NIH radiographs with the boxes of the RSNA pneumonia challenge (Shih 2019): `rsna_pointing`: the strongest place
  lies in a box; `rsna_iou`: shadows against boxes; `rsna_side` and `rsna_zone`: share of lungs and of their thirds
  rightly called sick (boxes on a tenth) or not; `_balanced`: both errors with the same weight; `rsna_area_error`: mean
  difference of the sick share of the lungs. Heat maps learned from the labels of these radiographs, so ours is judged
  here without them.

Baselines: all of both lungs, the inner half of both lungs, and the heat map of the learned score where there is one.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from suwen.bench.result import Result
from suwen.bench.setting import Options, digest
from suwen.errors import DataError, InputError, MissingExtraError, NotFoundError

if TYPE_CHECKING:
    from suwen.imaging.chest.nouns import Anatomy, Score

__all__ = ["run"]

Mask = NDArray[np.bool_]
Answers = dict[str, "Answer"]
_LESIONS, _CHEST = "imaging/chest_lesions", "imaging/chest"
_KINDS = ("Ground Glass Opacities", "Consolidation", "Pleural Effusion")
_SICK = 0.1  # of a lung or a third of it
_HOT = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One radiograph (rows, columns) and where lesions were marked; `boxed` where only their common box is known."""

    name: str
    values: NDArray[np.float32]
    lesion: Mask
    boxed: bool


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a method says: the place it points to, and the pixels it calls sick."""

    place: tuple[int, int]
    sick: Mask


def run(options: Options, notify: Callable[[int, int], None] = lambda _done, _all: None) -> Result:
    """Read every radiograph, and judge the reading and the baselines on the same marks."""
    begin = time.perf_counter()
    tables = (options.data / _LESIONS / "structure.csv", options.data / _CHEST / "boxes_rsna_stage2_matched.csv")
    if not all(table.is_file() for table in tables):
        raise DataError(f"{tables[0]} or {tables[1]} is missing: fetch the data sets 'chest_lesions' and 'chest'")
    cases = [
        *_some(_boxed(options.data / _LESIONS), options.limit, options.seed),
        *_some(_marked(options.data / _CHEST), options.limit, options.seed),
    ]
    judged: dict[str, list[dict[str, float]]] = {}
    outlined = 0
    for done, case in enumerate(cases, start=1):
        found = _answers(case)
        if found is not None:
            outlined += 1
            drawn, answers = found
            for method, answer in answers.items():
                judged.setdefault(method, []).append(_judge(case, drawn, answer))
        notify(done, len(cases))
    figures = {method: _mean(rows) for method, rows in judged.items()}
    ours = figures.pop("suwen", {}) | {"outlined": outlined / max(1, len(cases))}
    return Result("chest-lesions", digest(*tables), len(cases), ours, figures, seconds=time.perf_counter() - begin)


def _some(cases: list[Callable[[], Case]], limit: int | None, seed: int) -> Iterator[Case]:
    if limit is not None and limit < len(cases):
        chosen = np.random.default_rng(seed).choice(len(cases), limit, replace=False)
        cases = [cases[int(at)] for at in sorted(chosen)]
    for read in cases:
        yield read()


def _boxed(folder: Path) -> list[Callable[[], Case]]:
    """Radiographs with the box of their lesions, in pixels of the original, which was larger than what is stored."""
    boxes: dict[str, list[tuple[str, list[int]]]] = {}
    with (folder / "structure.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["Template Name"] in _KINDS and (folder / "images" / f"{Path(row['Filename']).stem}.jpg").is_file():
                place = [int(row[name]) for name in ("Left", "Top", "Width", "Height")]
                boxes.setdefault(Path(row["Filename"]).stem, []).append((row["Resolution"], place))

    def read(name: str) -> Case:
        values = _picture(folder / "images" / f"{name}.jpg")
        lesion = np.zeros(values.shape, bool)
        edges = []
        for resolution, (left, top, width, height) in boxes[name]:
            across = values.shape[1] / int(resolution.split("x")[0])
            edges.append([round(one * across) for one in (left, top, left + width, top + height)])
        left, top, right, bottom = (pick(one[at] for one in edges) for at, pick in enumerate((min, min, max, max)))
        lesion[top : bottom + 1, left : right + 1] = True
        return Case(name, values, lesion, boxed=True)

    return [partial(read, name) for name in sorted(boxes)]


def _marked(folder: Path) -> list[Callable[[], Case]]:
    """NIH radiographs with boxes of opacity, given in a frame of 1024 pixels."""
    boxes: dict[str, list[list[float]]] = {}
    with (folder / "boxes_rsna_stage2_matched.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["Target"] == "1":
                place = [float(row[name]) for name in ("x", "y", "width", "height")]
                boxes.setdefault(row["Image Index"].replace(".png", ".jpg"), []).append(place)

    def read(name: str) -> Case:
        values = _picture(folder / "images" / name)
        lesion = np.zeros(values.shape, bool)
        scale = values.shape[0] / 1024
        for left, top, width, height in boxes[name]:
            rows = slice(int(top * scale), int((top + height) * scale) + 1)
            lesion[rows, int(left * scale) : int((left + width) * scale) + 1] = True
        return Case(name, values, lesion, boxed=False)

    return [partial(read, name) for name in sorted(boxes) if (folder / "images" / name).is_file()]


def _picture(file: Path) -> NDArray[np.float32]:
    from PIL import Image as Picture  # noqa: PLC0415

    return np.asarray(Picture.open(file).convert("L"), np.float32)


def _answers(case: Case) -> tuple[Anatomy, Answers] | None:
    """Ours and the baselines; None where no anatomy was found (`outlined` counts the others)."""
    from suwen.formats.images.nouns import Image  # noqa: PLC0415
    from suwen.imaging.chest.anatomy import anatomy  # noqa: PLC0415
    from suwen.subject import Grid  # noqa: PLC0415

    image = Image(case.name, case.values, Grid(case.values.shape))
    try:
        drawn = anatomy(image)
    except InputError:
        return None
    learned = _scores(image, drawn) if case.boxed else ()
    answers = {"suwen": _ours(image, drawn, learned)}
    if learned:
        heat = np.mean([one.heat for one in learned], axis=0)
        answers["heat map"] = Answer(_peak(heat), (heat > _HOT) & drawn.lungs)
        answers["without heat"] = _ours(image, drawn, ())
    answers["all of the lungs"] = Answer(_middle(drawn), drawn.lungs)
    answers["inner half"] = _prior(drawn)
    return drawn, answers


def _scores(image: object, drawn: Anatomy) -> tuple[Score, ...]:
    try:
        from suwen.imaging.chest.scores import scores  # noqa: PLC0415

        return scores(image, anatomy=drawn)  # type: ignore[arg-type]
    except (ImportError, MissingExtraError, DataError, NotFoundError):
        return ()


def _ours(image: object, drawn: Anatomy, learned: tuple[Score, ...]) -> Answer:
    from suwen.imaging.chest.reading import strongest_place  # noqa: PLC0415

    place, sick = strongest_place(image, drawn, scores=learned)  # type: ignore[arg-type]
    return Answer(place, sick)


def _peak(heat: NDArray[np.floating]) -> tuple[int, int]:
    row, across = np.unravel_index(int(np.argmax(heat)), heat.shape)
    return int(row), int(across)


def _middle(drawn: Anatomy) -> tuple[int, int]:
    """A place in the middle of the larger lung."""
    larger = max((drawn.right_lung, drawn.left_lung), key=lambda one: int(one.sum()))
    rows, across = np.nonzero(larger)
    nearest = int(np.argmin((rows - rows.mean()) ** 2 + (across - across.mean()) ** 2))
    return int(rows[nearest]), int(across[nearest])


def _prior(drawn: Anatomy) -> Answer:
    """The inner half of each lung, by the distance from its border."""
    from scipy.ndimage import distance_transform_edt  # noqa: PLC0415

    sick = np.zeros(drawn.lungs.shape, bool)
    for lung in (drawn.right_lung, drawn.left_lung):
        depth = distance_transform_edt(lung)
        if lung.any():
            sick |= lung & (depth >= np.median(depth[lung]))
    return Answer(_middle(drawn), sick)


def _judge(case: Case, drawn: Anatomy, answer: Answer) -> dict[str, float]:
    lungs = (drawn.right_lung, drawn.left_lung)
    return _judge_box(case, lungs, answer) if case.boxed else _judge_marks(case, lungs, answer)


def _judge_box(case: Case, lungs: tuple[Mask, Mask], answer: Answer) -> dict[str, float]:
    """Against the common box of all lesions: which lungs it reaches, and the highest and lowest third."""
    around = np.zeros_like(answer.sick)
    if answer.sick.any():
        rows, across = (np.flatnonzero(answer.sick.any(axis=1 - axis)) for axis in (0, 1))
        around[rows[0] : rows[-1] + 1, across[0] : across[-1] + 1] = True
    figures = {
        "pointing": float(case.lesion[answer.place]),
        "iou": float((case.lesion & around).sum() / (case.lesion | around).sum()),
    }
    figures |= _agree(
        "side", [bool((case.lesion & one).any()) for one in lungs], [bool((answer.sick & one).any()) for one in lungs]
    )
    thirds = [_thirds(lungs[0])[at] | _thirds(lungs[1])[at] for at in range(3)]
    truth = [at for at, one in enumerate(thirds) if (case.lesion & one).sum() >= _SICK * one.sum()]
    said = [at for at, one in enumerate(thirds) if (answer.sick & one).any()]
    if truth:
        figures["highest"] = float(bool(said) and said[0] == truth[0])
        figures["lowest"] = float(bool(said) and said[-1] == truth[-1])
    return figures


def _judge_marks(case: Case, lungs: tuple[Mask, Mask], answer: Answer) -> dict[str, float]:
    whole = lungs[0] | lungs[1]
    lesion, sick = case.lesion & whole, answer.sick & whole
    figures = {
        "rsna_pointing": float(case.lesion[answer.place]),
        "rsna_iou": float((lesion & sick).sum() / max(1, (lesion | sick).sum())),
        "rsna_area_error": abs(float(lesion.sum()) - float(sick.sum())) / float(whole.sum()),
    }
    for name, parts in (("rsna_side", list(lungs)), ("rsna_zone", [*_thirds(lungs[0]), *_thirds(lungs[1])])):
        truth, said = ([bool((mask & one).sum() >= _SICK * one.sum()) for one in parts] for mask in (lesion, sick))
        figures |= _agree(name, truth, said)
    return figures


def _agree(name: str, truth: list[bool], said: list[bool]) -> dict[str, float]:
    """Sums and counts of right answers, and of those over sick and over spared parts."""
    figures: dict[str, float] = {}
    for sick, called in zip(truth, said, strict=True):
        for key in ("right", "found" if sick else "spared"):
            figures[f"{name}|{key}|sum"] = figures.get(f"{name}|{key}|sum", 0.0) + float(sick == called)
            figures[f"{name}|{key}|count"] = figures.get(f"{name}|{key}|count", 0.0) + 1.0
    return figures


def _thirds(lung: Mask) -> list[Mask]:
    """Thirds of the height of a lung, from the apex."""
    rows = np.flatnonzero(lung.any(axis=1))
    cuts = np.linspace(rows[0], rows[-1] + 1, 4).astype(int)
    found = []
    for low, high in pairwise(cuts):
        zone = np.zeros(lung.shape, bool)
        zone[low:high] = lung[low:high]
        found.append(zone)
    return found


def _mean(rows: list[dict[str, float]]) -> dict[str, float]:
    """Means over images; sides and zones are counted over all of them together."""
    names = sorted({name for row in rows for name in row if "|" not in name})
    figures = {name: float(np.mean([row[name] for row in rows if name in row])) for name in names}
    for part in sorted({name.split("|")[0] for row in rows for name in row if "|" in name}):
        share = {}
        for key in ("right", "found", "spared"):
            total, count = (sum(row.get(f"{part}|{key}|{kind}", 0.0) for row in rows) for kind in ("sum", "count"))
            share[key] = total / count if count else float("nan")
        figures[part] = share["right"]
        if not np.isnan(share["found"] + share["spared"]):
            figures[f"{part}_balanced"] = (share["found"] + share["spared"]) / 2
    return figures
