"""Benchmark chest: the learned scores of pneumonia and opacity on radiographs of people that the weights never saw.

Evaluated are the images of `imaging/chest` whose patient the weights did not learn from; a folder that shares no image
with the training part is evaluated whole. Truths, and which figure uses which:

- `auroc`: the score "pneumonia" against NIH's label Pneumonia, mined from reports (Wang et al. 2017), against the rest.
- `opacity.auroc`: the score "opacity" against the reading of radiologists, Target of the RSNA challenge of 2018, on the
  images that were read (Shih et al., Radiology AI 2019;1:e180041). `opacity.auroc.labelled` is the same among images
  labelled pneumonia only, where source and year of the image do not tell the answer.
- `auroc.same_source`: `auroc` among patients 1280 to 3970 and detectors of 2048 x 2500 pixels, whence all those without
  finding come; whoever reads tone and grain instead of lungs loses here.
- `pointing`: how often the highest place of the heat map "opacity" lies in a box (RSNA, or NIH where no other);
  `iou`: overlap of the boxes with the heat above half its highest.
- `view.well`, `view.sick`: how well the pneumonia score tells AP from PA among those of one label; .5 is not at all.

In a folder that holds the training part, figures after `out_of_fold.` are of its images, each scored by those networks
alone that did not see its patient, and those after `all.` of both parts together: more images, so the steadier figures.

Intervals are by patient (`.low`, `.high`). Nothing of the RSNA was used to learn or to choose.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.bench.result import Result
from suwen.bench.setting import Options, digest
from suwen.errors import DataError, InputError

__all__ = ["run"]

Notify = Callable[[int, int], None]
Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]

_FRAME = 1024.0  # pixels a side of the frame that the boxes are given in
_YEARS, _DETECTOR = (1280, 3970), {2048, 2500}
_DRAWS = 1000
ANCHORS: Mapping[str, Mapping[str, Any]] = {
    "TorchXRayVision DenseNet-121 (trained on hundreds of thousands)": {
        "auroc": 0.71,
        "opacity.auroc": 0.88,
        "source": "TorchXRayVision BENCHMARKS.md: NIH pneumonia; RSNA opacity (RSNA pneumonia .86); other test images",
    },
}


@dataclass(frozen=True)
class Case:
    """One radiograph: who, what is known of it, and what was found."""

    patient: str
    pneumonia: int
    opacity: int | None
    ap: bool
    same_source: bool
    rsna: tuple[Box, ...]
    nih: tuple[Box, ...]
    found: Mapping[str, float]
    hits: Mapping[str, float]

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Those of the RSNA's radiologists, or of NIH's where they drew none."""
        return self.rsna or self.nih


def run(options: Options, notify: Notify = lambda _done, _all: None) -> Result:
    """Scores, heat maps and baselines in one run. Raises DataError when the folder lacks images or labels."""
    begin = time.perf_counter()
    folder = options.data / "imaging/chest"
    rows, learned = _judged(folder, options)
    rsna, nih = _rsna(folder), _nih(folder)
    seconds: list[float] = []
    found = []
    for done, row in enumerate([*rows, *learned], 1):
        found.append(_case(folder, row, rsna, nih, seconds))
        notify(done, len(rows) + len(learned))
    cases, folded = found[: len(rows)], found[len(rows) :]
    metrics = dict(_metrics(cases))
    if folded:
        metrics |= {f"out_of_fold.{name}": value for name, value in _metrics(folded)}
        metrics |= {f"all.{name}": value for name, value in _metrics(found)}
    metrics |= {"unseen_folder": float(not learned), "ms_each": 1000 * float(np.median(seconds))}
    files = [folder / "labels.csv", *(_picture(folder, row) for row in rows)]
    spent = time.perf_counter() - begin
    return Result("chest", digest(*files), len(cases), metrics, _baselines(cases), ANCHORS, seconds=spent)


def _judged(folder: Path, options: Options) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Rows of labels.csv of people never learned from, and rows learned from; of the latter none in another folder."""
    from suwen.imaging.chest.scores_network import readout  # noqa: PLC0415

    file = folder / "labels.csv"
    if not file.is_file():
        raise DataError(f"no labels.csv in {folder}: the data set is missing")
    with file.open(encoding="utf-8") as text:
        rows = [row for row in csv.DictReader(text) if _picture(folder, row).is_file()]
    known = readout()
    learned = [row for row in rows if _name(row) in known.trained]
    if learned:
        rows = [row for row in rows if row["Patient ID"] not in known.patients]
    if not rows:
        raise DataError(f"no image in {folder} is of a patient whom the weights did not learn from")
    return _some(rows, options), _some(learned, options)


def _some(rows: list[dict[str, str]], options: Options) -> list[dict[str, str]]:
    if options.limit is None or options.limit >= len(rows):
        return rows
    chosen = np.random.default_rng(options.seed).permutation(len(rows))[: options.limit]
    return [rows[place] for place in sorted(chosen)]


def _name(row: Mapping[str, str]) -> str:
    return Path(row["Image Index"]).stem


def _picture(folder: Path, row: Mapping[str, str]) -> Path:
    return folder / "images" / f"{_name(row)}.jpg"


def _rsna(folder: Path) -> dict[str, tuple[int, tuple[Box, ...]]]:
    """Target and boxes by name of image; empty where the file is not there."""
    found: dict[str, tuple[int, tuple[Box, ...]]] = {}
    for row in _table(folder / "boxes_rsna_stage2_matched.csv"):
        name, target = _name(row), int(float(row["Target"]))
        box = tuple(float(row[side]) for side in ("x", "y", "width", "height")) if target else ()
        before = found.get(name, (0, ()))
        found[name] = (max(before[0], target), (*before[1], *([box] if len(box) == 4 else [])))
    return found


def _nih(folder: Path) -> dict[str, tuple[Box, ...]]:
    """Boxes of pneumonia and infiltration by name of image."""
    found: dict[str, tuple[Box, ...]] = {}
    file = folder / "boxes_nih_BBox_List_2017.csv"
    if not file.is_file():
        return found
    with file.open(encoding="utf-8") as text:
        for row in list(csv.reader(text))[1:]:
            if row[1] in {"Pneumonia", "Infiltrate"}:
                x, y, width, height = (float(one) for one in row[2:6])
                found[Path(row[0]).stem] = (*found.get(Path(row[0]).stem, ()), (x, y, width, height))
    return found


def _table(file: Path) -> list[dict[str, str]]:
    if not file.is_file():
        return []
    with file.open(encoding="utf-8") as text:
        return list(csv.DictReader(text))


def _case(
    folder: Path,
    row: Mapping[str, str],
    rsna: Mapping[str, tuple[int, tuple[Box, ...]]],
    nih: Mapping[str, tuple[Box, ...]],
    seconds: list[float],
) -> Case:
    from suwen.formats.images import read_study  # noqa: PLC0415
    from suwen.imaging.chest.scores import out_of_fold, scores  # noqa: PLC0415
    from suwen.imaging.chest.scores_network import readout  # noqa: PLC0415

    name, file = _name(row), _picture(folder, row)
    image = read_study(file).images[0]
    fold = readout().trained.get(name)
    begin = time.perf_counter()
    answers = {one.name: one for one in (scores(image) if fold is None else out_of_fold(image, fold))}
    seconds.append(time.perf_counter() - begin)
    target, boxes = rsna.get(name, (None, ()))
    drawn = boxes or nih.get(name, ())
    brightness, plain, centre = _others(image.values)
    found = {one: float(answer.chance.value or 0.0) for one, answer in answers.items()}
    found |= {"brightness": brightness, "bytes": float(file.stat().st_size)}
    maps = {one: answer.heat for one, answer in answers.items()} | {"grad_cam": plain, "centre": centre}
    return Case(
        row["Patient ID"],
        int("Pneumonia" in row["Finding Labels"].split("|")),
        target,
        row["View Position"] == "AP",
        _same_source(row),
        boxes,
        nih.get(name, ()),
        found,
        dict(_hits(maps, drawn)) if drawn else {},
    )


def _same_source(row: Mapping[str, str]) -> bool:
    """Whether the image comes from where those without finding come from; a folder that does not say: no."""
    try:
        size = {int(row["OriginalImage[Width"]), int(row["Height]"])}
        return _YEARS[0] <= int(row["Patient ID"]) <= _YEARS[1] and size == _DETECTOR
    except (KeyError, ValueError):
        return False


def _hits(maps: Mapping[str, NDArray[Any]], boxes: Sequence[Box]) -> Iterator[tuple[str, float]]:
    from suwen.explain.maps import overlap, pointing  # noqa: PLC0415

    shape = next(iter(maps.values())).shape
    mask = np.zeros(shape, bool)
    for x, y, width, height in boxes:
        down, across = shape[0] / _FRAME, shape[1] / _FRAME
        mask[round(y * down) : round((y + height) * down), round(x * across) : round((x + width) * across)] = True
    for name, heat in maps.items():
        yield name, pointing(heat, mask)
        yield f"{name}.iou", overlap(heat, mask)


def _others(values: NDArray[Any]) -> tuple[float, NDArray[np.float32], NDArray[np.float32]]:
    """Baselines of one image: mean grey of the lungs, plain Grad-CAM of the first network, and the lungs' middle."""
    from suwen.imaging.chest.scores_input import lay_lungs, spread_back  # noqa: PLC0415

    lungs = lay_lungs(values)
    shape = (values.shape[0], values.shape[1])
    field = spread_back(lungs.right + lungs.left, lungs.box, shape)
    grey = np.asarray(values, np.float64)
    brightness = float((grey * field).sum() / max(float(field.sum()), 1e-6))
    middle = np.zeros_like(field)
    for lung in (lungs.right, lungs.left):
        there = np.argwhere(lung > 0.5)
        if len(there):
            row, column = there.mean(0)
            rows, columns = np.indices(lung.shape)
            bump = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 200).astype(np.float32)
            middle = np.maximum(middle, spread_back(bump, lungs.box, shape))
    return brightness, _grad_cam(lungs, shape), middle


def _grad_cam(lungs: Any, shape: tuple[int, int]) -> NDArray[np.float32]:
    import torch  # noqa: PLC0415

    from suwen.explain.maps import grad_cam  # noqa: PLC0415
    from suwen.imaging.chest.scores_input import spread_back  # noqa: PLC0415
    from suwen.imaging.chest.scores_network import first_network, network_inputs  # noqa: PLC0415

    with torch.enable_grad():
        heat = grad_cam(first_network(), network_inputs(lungs), 0)
    return spread_back(np.asarray(heat, np.float32), lungs.box, shape)


def _metrics(cases: Sequence[Case]) -> Iterator[tuple[str, float]]:
    """Every figure that its truths allow: a folder without boxes has none of pointing."""
    read = [one for one in cases if one.opacity is not None]
    for name, part in _parts(cases):
        yield from _area(f"auroc{name}", part, "pneumonia", lambda one: one.pneumonia)
    yield from _area("auroc.same_source", [one for one in cases if one.same_source], "pneumonia", _labelled)
    for name, part in _parts(read):
        yield from _area(f"opacity.auroc{name}", part, "opacity", _opaque)
    for name, part in _parts([one for one in read if one.pneumonia]):
        yield from _area(f"opacity.auroc.labelled{name}", part, "opacity", _opaque)
    for name, label in (("view.well", 0), ("view.sick", 1)):
        yield from _area(
            name, [one for one in cases if one.pneumonia == label], "pneumonia", lambda one: int(one.ap), interval=False
        )
    boxed = [one for one in cases if one.hits]
    for name, key in (("pointing", "opacity"), ("iou", "opacity.iou"), ("pointing.pneumonia_map", "pneumonia")):
        yield from _mean(name, boxed, key)
    yield from _mean("pointing.rsna", [one for one in boxed if one.rsna], "opacity")
    yield from _mean("pointing.nih", [one for one in boxed if not one.rsna], "opacity")
    yield from _calibration(cases, read)
    yield "patients", float(len({one.patient for one in cases}))
    yield "read_by_rsna", float(len(read))
    yield "with_boxes", float(len(boxed))


def _labelled(case: Case) -> int:
    return case.pneumonia


def _opaque(case: Case) -> int:
    return case.opacity or 0


def _parts(cases: Sequence[Case]) -> Iterator[tuple[str, list[Case]]]:
    yield "", list(cases)
    yield ".ap", [one for one in cases if one.ap]
    yield ".pa", [one for one in cases if not one.ap]


def _area(
    name: str, cases: Sequence[Case], key: str, truth: Callable[[Case], int], *, interval: bool = True
) -> Iterator[tuple[str, float]]:
    """The area under the curve and its interval; nothing where a class is missing."""
    from suwen.learn.measure import auc, bootstrap  # noqa: PLC0415

    labels = np.array([truth(one) for one in cases])
    if len(np.unique(labels)) < 2:
        return
    given = np.array([one.found[key] for one in cases])
    yield name, auc(labels, given)
    if not interval:
        return
    people = [one.patient for one in cases]
    try:
        found = bootstrap(auc, labels, given, groups=people, rng=np.random.default_rng(0), n=_DRAWS)
    except InputError:  # too few of a class for an interval; the figure itself stands
        return
    if found.low is not None and found.high is not None:
        yield from ((f"{name}.low", found.low), (f"{name}.high", found.high))


def _mean(name: str, cases: Sequence[Case], key: str) -> Iterator[tuple[str, float]]:
    """Mean over images with boxes, with a percentile interval by patient."""
    if not cases:
        return
    values = np.array([one.hits[key] for one in cases])
    yield name, float(values.mean())
    people = np.array([one.patient for one in cases])
    names = np.unique(people)
    rng, draws = np.random.default_rng(0), []
    for _ in range(_DRAWS):
        drawn = rng.choice(names, len(names))
        rows = np.concatenate([np.flatnonzero(people == who) for who in drawn])
        draws.append(float(values[rows].mean()))
    low, high = np.quantile(draws, (0.025, 0.975))
    yield from ((f"{name}.low", float(low)), (f"{name}.high", float(high)))


def _calibration(cases: Sequence[Case], read: Sequence[Case]) -> Iterator[tuple[str, float]]:
    """Expected calibration error of each chance against its truth, at the share of sick people in this folder."""
    from suwen.learn.measure import calibration_error  # noqa: PLC0415

    for name, part, key, truth in (
        ("ece", cases, "pneumonia", _labelled),
        ("opacity.ece", read, "opacity", _opaque),
    ):
        if part:
            labels, given = np.array([truth(one) for one in part]), np.array([one.found[key] for one in part])
            yield name, calibration_error(labels, given)


def _baselines(cases: Sequence[Case]) -> dict[str, dict[str, float]]:
    """What can be had without looking into the lungs, or without learning where to look."""
    read = [one for one in cases if one.opacity is not None]
    found = {
        "view alone (AP higher)": dict(_simple(cases, read, lambda one: float(one.ap))),
        "mean brightness of the lungs": dict(_simple(cases, read, lambda one: one.found["brightness"])),
        "the pneumonia score": dict(_simple(cases, read, lambda one: one.found["pneumonia"])),
        "the opacity score": dict(_simple(cases, read, lambda one: one.found["opacity"])),
        "bytes of the file": dict(_simple(cases, read, lambda one: one.found["bytes"])),
    }
    boxed = [one for one in cases if one.hits]
    for name, key in (("middle of each lung", "centre"), ("plain Grad-CAM of one network", "grad_cam")):
        if boxed:
            found[name] = {
                "pointing": float(np.mean([one.hits[key] for one in boxed])),
                "iou": float(np.mean([one.hits[f"{key}.iou"] for one in boxed])),
            }
    return found


def _simple(cases: Sequence[Case], read: Sequence[Case], value: Callable[[Case], float]) -> Iterator[tuple[str, float]]:
    from suwen.learn.measure import auc  # noqa: PLC0415

    for prefix, chosen, truth in (("auroc", cases, _labelled), ("opacity.auroc", read, _opaque)):
        for name, part in _parts(chosen):
            labels = np.array([truth(one) for one in part])
            if len(np.unique(labels)) == 2:
                yield f"{prefix}{name}", auc(labels, np.array([value(one) for one in part]))
    same, labelled = [one for one in cases if one.same_source], [one for one in read if one.pneumonia]
    for name, part, truth in (
        ("auroc.same_source", same, _labelled),
        ("opacity.auroc.labelled", labelled, _opaque),
    ):
        labels = np.array([truth(one) for one in part])
        if len(np.unique(labels)) == 2:
            yield name, auc(labels, np.array([value(one) for one in part]))
