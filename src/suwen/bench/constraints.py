"""Benchmark constraints: what sparsity, monotonicity, tree, right reasons and concepts cost in AUC, and what they give.

Tables: breast cancer of scikit-learn (sparsity), Framingham teaching set (monotonicity, demonstration only), UCI heart
disease of Cleveland and Budapest (tree, concepts). Images: PneumoniaMNIST with a marker planted in a corner that tells
the label in training and nothing on the unseen images. The range of strengths was tried out on the same split, so the
curves show a trade-off, every strength is reported, and none is recommended by them. The split is by `seed`; figures
are means over three trainings, of images two.
"""

from __future__ import annotations

import csv
import gzip
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from suwen.bench.result import Result
from suwen.bench.setting import Options, digest
from suwen.errors import DataError

if TYPE_CHECKING:  # torch is loaded only when this benchmark runs
    from suwen.learn.constraints.demonstration import Parts
    from suwen.learn.constraints.tradeoff import Curve

__all__ = ["measure_all", "run"]

Array = NDArray[Any]
_SEEDS = (0, 1, 2)
_IMAGE_SEEDS = (0, 1)  # trainings on images take longest
_DAYS = 3652  # ten years
CONCEPTS = ("exercise_angina", "st_depression", "narrowed_vessel", "thallium_defect")
# Columns of the Framingham set and the factor whose direction each has; None: free.
RISKS: Mapping[str, str | None] = {
    "AGE": "age",
    "SEX": None,
    "SYSBP": "systolic_pressure",
    "LDLC": "ldl_cholesterol",
    "HDLC": "hdl_cholesterol",
    "CURSMOKE": "smoking",
    "DIABETES": "diabetes",
    "BPMEDS": None,
    "BMI": None,
}


def run(options: Options, notify: Callable[[int, int], None] = lambda _done, _all: None) -> Result:
    """Measure every constraint; the first and last point of each curve become metrics, certified nets baselines."""
    begin = time.perf_counter()
    curves, further = measure_all(options, notify)
    metrics = {name: value for curve in curves for name, value in _ends(curve).items()}
    files = [options.data / "heart/framingham.csv.gz", *_sites(options.data), options.data / "imaging/pneumonia.npz"]
    return Result(
        "constraints",
        digest(*files),
        sum(curve.n for curve in curves),
        metrics,
        further,
        {},
        seconds=time.perf_counter() - begin,
    )


def measure_all(
    options: Options, notify: Callable[[int, int], None] = lambda _done, _all: None
) -> tuple[tuple[Curve, ...], dict[str, dict[str, float]]]:
    """All trade-off curves, to be drawn with `suwen.learn.constraints.draw`, and the figures beside them."""
    from suwen.learn.constraints import demonstration as shown  # noqa: PLC0415
    from suwen.learn.constraints.directions import directions_of  # noqa: PLC0415

    rng = np.random.default_rng(options.seed)
    cancer, risk = _breast_cancer(options), _framingham(options)
    hearts, chests = _hearts(options), _chests(options)
    signs = directions_of(list(RISKS.values()))
    curves = list(shown.sparse_curves(cancer, seeds=_SEEDS, rng=rng))
    steps: tuple[Callable[[], Curve], ...] = (
        lambda: shown.tree_curve(hearts, seeds=_SEEDS, rng=rng),
        lambda: shown.monotone_curve(risk, signs, seeds=_SEEDS, rng=rng),
        lambda: shown.reasons_curve(chests, seeds=_IMAGE_SEEDS, rng=rng),
        lambda: shown.attention_curve(chests, seeds=_IMAGE_SEEDS, rng=rng),
        lambda: shown.concept_curve(hearts, CONCEPTS, seeds=_SEEDS, rng=rng),
    )
    for step in steps:
        notify(len(curves), len(steps) + 3)
        curves.append(step())
    notify(len(curves), len(curves))
    further = {
        "certified": shown.certified(risk, signs, seeds=_SEEDS),
        "corrected": shown.corrected(hearts, CONCEPTS, seeds=_SEEDS),
    }
    return tuple(curves), further


def _ends(curve: Curve) -> dict[str, float]:
    found = {}
    for when, point in (("without", curve.points[0]), ("strongest", curve.points[-1])):
        found[f"{curve.constraint}_{when}_auc"] = point.auc
        found[f"{curve.constraint}_{when}_{curve.figure}"] = point.figure
    return found


def _parts(
    inputs: Array, labels: Array, data: str, options: Options, extra: Mapping[str, Array] | None = None
) -> Parts:
    """Three fifths to learn from, drawn by the seed; columns standardised and gaps filled by what is learned from."""
    import torch  # noqa: PLC0415

    from suwen.learn.batch import Batch  # noqa: PLC0415
    from suwen.learn.constraints.demonstration import Parts  # noqa: PLC0415

    order = np.random.default_rng(options.seed).permutation(len(inputs))[: options.limit]
    cut = 3 * len(order) // 5
    known = inputs[order[:cut]]
    filled = np.where(np.isnan(inputs), np.nanmedian(known, axis=0), inputs)
    spread = filled[order[:cut]].std(axis=0)
    scaled = (filled - filled[order[:cut]].mean(axis=0)) / np.where(spread > 0, spread, 1)

    def batch(rows: Array) -> Batch:
        more = {name: torch.tensor(values[rows], dtype=torch.float32) for name, values in (extra or {}).items()}
        return Batch(
            torch.tensor(scaled[rows], dtype=torch.float32), torch.tensor(labels[rows], dtype=torch.float32), extra=more
        )

    return Parts(batch(order[:cut]), batch(order[cut:]), data)


def _breast_cancer(options: Options) -> Parts:
    from sklearn.datasets import load_breast_cancer  # noqa: PLC0415

    inputs, labels = load_breast_cancer(return_X_y=True)
    return _parts(inputs, 1 - labels, "Breast cancer Wisconsin", options)


def _framingham(options: Options) -> Parts:
    """Third examination, where LDL and HDL were measured; first cardiovascular event within ten years of it.

    People with earlier coronary disease or stroke are left out. Death from other causes counts as no event, which a
    risk model for use must not do.
    """
    rows = [row for row in _table(options.data / "heart/framingham.csv.gz") if _first_event_possible(row)]
    inputs = np.array([[_number(row[name]) for name in RISKS] for row in rows])
    events = [_number(row["CVD"]) == 1 and _number(row["TIMECVD"]) <= _number(row["TIME"]) + _DAYS for row in rows]
    return _parts(inputs, np.array(events, dtype=np.float64), "Framingham", options)


def _first_event_possible(row: Mapping[str, str]) -> bool:
    free = all(_number(row[name]) == 0 for name in ("PREVCHD", "PREVSTRK"))
    return _number(row["PERIOD"]) == 3 and free and bool(row["LDLC"]) and _number(row["TIMECVD"]) > _number(row["TIME"])


def _table(file: Path) -> list[dict[str, str]]:
    try:
        with gzip.open(file, "rt", encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    except OSError as reason:
        raise DataError(f"cannot read {file}: {reason.strerror or 'it is damaged'}") from None


def _number(text: str) -> float:
    return float(text) if text not in ("", "?") else math.nan


def _sites(data: Path) -> list[Path]:
    return [data / f"heart/uci/{site}.csv" for site in ("cleveland", "hungarian")]


def _hearts(options: Options) -> Parts:
    """Bedside columns predict findings of tests (the concepts, unknown where not done), and these narrowed arteries."""
    rows = [row for file in _sites(options.data) for row in _site(file)]
    raw = np.array([[_number(text) for text in row] for row in rows])
    age, sex, pain, pressure, cholesterol, sugar, rest = raw[:, :7].T
    cholesterol = np.where(cholesterol == 0, np.nan, cholesterol)  # some sites wrote 0 for not measured
    pains = [np.where(np.isnan(pain), np.nan, pain == kind) for kind in (1, 2, 4)]
    inputs = np.column_stack([age, sex, *pains, pressure, cholesterol, sugar, rest])
    concepts = np.column_stack(
        [_above(raw[:, 8], 0), _above(raw[:, 9], 0.99), _above(raw[:, 11], 0), _above(raw[:, 12], 3)]
    )
    return _parts(inputs, (raw[:, 13] > 0).astype(np.float64), "UCI heart disease", options, {"concepts": concepts})


def _site(file: Path) -> list[Sequence[str]]:
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            return [row for row in csv.reader(stream) if len(row) == 14]
    except OSError as reason:
        raise DataError(f"cannot read {file}: {reason.strerror}") from None


def _above(column: Array, border: float) -> Array:
    """1 above, 0 at most, NaN where unknown (the sites also wrote -9)."""
    return np.where(np.isnan(column) | (column < -5), np.nan, column > border)


def _chests(options: Options) -> Parts:
    """A marker in the upper left corner: bright for pneumonia, dark for none; on the unseen images a coin decides."""
    import torch  # noqa: PLC0415

    from suwen.learn.batch import Batch  # noqa: PLC0415
    from suwen.learn.constraints.demonstration import Parts  # noqa: PLC0415

    file = options.data / "imaging/pneumonia.npz"
    try:
        with np.load(file) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except OSError as reason:
        raise DataError(f"cannot read {file}: {reason.strerror}") from None
    rng = np.random.default_rng(options.seed)

    def batch(part: str, most: int, *, marked: bool) -> Batch:
        rows = rng.permutation(len(arrays[f"{part}_images"]))[: min(most, options.limit or most)]
        inputs = arrays[f"{part}_images"][rows, None].astype(np.float32) / 255
        labels = arrays[f"{part}_labels"][rows, 0].astype(np.float32)
        inputs[:, :, :4, :4] = (labels if marked else rng.integers(0, 2, len(rows)))[:, None, None, None]
        mask = np.broadcast_to(_lungs(), inputs.shape).astype(np.float32)
        return Batch(torch.tensor(inputs - 0.5), torch.tensor(labels), extra={"mask": torch.tensor(mask)})

    return Parts(batch("train", 1500, marked=True), batch("val", 524, marked=False), "PneumoniaMNIST")


def _lungs() -> Array:
    """Where lungs lie in a 28 by 28 radiograph, roughly: two ellipses, generous, away from the corners."""
    down, across = np.mgrid[:28, :28]
    fields = [((down - 13.5) / 11) ** 2 + ((across - middle) / 6) ** 2 <= 1 for middle in (8, 19.5)]
    return np.asarray(fields[0] | fields[1])
