"""Benchmarks pneumonia, adrenal and hippocampus: the shipped weights on data they were not chosen by, never trained.

Evaluated is the test part of the data set where it is there, else the validation part, which the figures then say:
epochs, calibration and threshold were chosen on it. The threshold is that of the card, fixed on the validation part.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from suwen.bench.result import Result
from suwen.bench.setting import Options, digest
from suwen.errors import DataError
from suwen.learn.nouns import Examples

__all__ = ["adrenal", "hippocampus", "pneumonia"]

Notify = Callable[[int, int], None]

PNEUMONIA: Mapping[str, Mapping[str, Any]] = {
    "ResNet-50, 224 pixels": {
        "auc": 0.962,
        "acc": 0.884,
        "source": "MedMNIST v2, Yang et al. 2023, table 3, test part",
    },
    "Google AutoML Vision": {"auc": 0.991, "acc": 0.946, "source": "MedMNIST v2, Yang et al. 2023, table 3, test part"},
}
ADRENAL: Mapping[str, Mapping[str, Any]] = {
    "ResNet-18 + ACS": {"auc": 0.839, "acc": 0.754, "source": "MedMNIST v2, Yang et al. 2023, table 4, 28 voxels"},
    "ResNet-18 + 3D": {"auc": 0.827, "acc": 0.721, "source": "MedMNIST v2, Yang et al. 2023, table 4, 28 voxels"},
}
HIPPOCAMPUS: Mapping[str, Mapping[str, Any]] = {
    "nnU-Net": {"dice.anterior": 0.90, "dice.posterior": 0.89, "source": "Isensee et al. 2021, cross-validation"},
}


def pneumonia(options: Options, notify: Notify = lambda _done, _all: None) -> Result:
    """AUC and accuracy of the shipped ensemble and of each of its networks, beside a logistic line on the pixels."""
    return _classifier("pneumonia", options.data / "imaging/pneumonia.npz", PNEUMONIA, options, notify)


def adrenal(options: Options, notify: Notify = lambda _done, _all: None) -> Result:
    """AUC and accuracy of the shipped ensemble and of each of its networks, beside a logistic line on the size."""
    return _classifier("adrenal", options.data / "imaging/adrenal3d.npz", ADRENAL, options, notify)


def _classifier(
    name: str, file: Path, anchors: Mapping[str, Mapping[str, Any]], options: Options, notify: Notify
) -> Result:
    from suwen.learn.examples import read_examples  # noqa: PLC0415
    from suwen.learn.measure import bootstrap, calibration_error  # noqa: PLC0415
    from suwen.learn.measure.classes import accuracy, sensitivity, specificity  # noqa: PLC0415
    from suwen.learn.measure.ranking import auc  # noqa: PLC0415

    begin = time.perf_counter()
    _there(file)
    model = _model(name)
    parts = read_examples(file, classes=model.card.classes)
    judged, part = _judged(parts, options)
    notify(1, 3)
    logits = model.logits(judged.inputs)
    seconds = _seconds_each(lambda: model.logits(judged.inputs[:64]), min(64, len(judged)))
    chances = model.calibrated(logits)[:, 1]
    called = (chances >= (model.card.threshold or 0.5)).astype(int)
    interval = bootstrap(auc, judged.labels, chances, rng=np.random.default_rng(0))
    notify(2, 3)
    metrics: dict[str, float] = {
        "auc": auc(judged.labels, chances),
        "auc.low": interval.low if interval.low is not None else float("nan"),
        "auc.high": interval.high if interval.high is not None else float("nan"),
        "acc": accuracy(judged.labels, called),
        "sensitivity": sensitivity(judged.labels, called),
        "specificity": specificity(judged.labels, called),
        "ece": calibration_error(judged.labels, chances),
        "test_part": float(part == "test"),
        "ms_each": 1000 * seconds,
        **_faster(model, judged.inputs[:32]),
        **_single(model, judged),
    }
    baseline = _line(parts["train"], judged)
    notify(3, 3)
    return Result(
        name,
        digest(file),
        len(judged),
        metrics,
        {"logistic line on size and brightness": baseline},
        anchors,
        seconds=time.perf_counter() - begin,
    )


def _faster(model: Any, inputs: Any) -> dict[str, float]:
    """How many times faster than PyTorch one by one the fastest equal engine answers, and by how much it differs."""
    from suwen.learn.inference import benchmark  # noqa: PLC0415

    measured = benchmark(model, inputs)
    return {"times_faster": measured.gain, "engines_differ": max(measured.differences.values(), default=0.0)}


def _single(model: Any, judged: Examples) -> dict[str, float]:
    """Mean and spread of the networks, each at the threshold of the card."""
    from suwen.learn.measure.classes import accuracy  # noqa: PLC0415
    from suwen.learn.measure.ranking import auc  # noqa: PLC0415
    from suwen.learn.model import Model  # noqa: PLC0415

    members = list(getattr(model.network, "members", [model.network]))
    if len(members) < 2:
        return {}
    areas, shares = [], []
    for member in members:
        chances = Model(member, model.card).chances(judged.inputs)[:, 1]
        areas.append(auc(judged.labels, chances))
        shares.append(accuracy(judged.labels, (chances >= (model.card.threshold or 0.5)).astype(int)))
    return {
        "networks": float(len(members)),
        "single.auc.mean": float(np.mean(areas)),
        "single.auc.spread": float(np.std(areas, ddof=1)),
        "single.acc.mean": float(np.mean(shares)),
        "single.acc.spread": float(np.std(shares, ddof=1)),
    }


def _line(training: Examples, judged: Examples) -> dict[str, float]:
    """A logistic line on four numbers of each input: what can be had without looking at shapes."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    from suwen.learn.measure.classes import accuracy  # noqa: PLC0415
    from suwen.learn.measure.ranking import auc  # noqa: PLC0415

    line = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    line.fit(_numbers(training), training.labels)
    chances = line.predict_proba(_numbers(judged))[:, 1]
    return {
        "auc": auc(judged.labels, chances),
        "acc": accuracy(judged.labels, (chances >= 0.5).astype(int)),
    }


def _numbers(examples: Examples) -> Any:
    flat = examples.inputs.reshape(len(examples), -1)
    rows = [(row.mean(), row.std(), (row > 127).mean(), float(np.median(row))) for row in flat]
    return np.asarray(rows, np.float64)


def hippocampus(options: Options, notify: Notify = lambda _done, _all: None) -> Result:
    """Dice, 95 % Hausdorff distance and volume error on the patients that the recipe set aside.

    Beside it, the mean shape: every voxel gets the class that most training volumes have there.
    """
    from suwen.learn.examples import read_examples  # noqa: PLC0415

    begin = time.perf_counter()
    folder = _there(options.data / "imaging/hippocampus")
    model = _model("hippocampus")
    whole = read_examples(folder, classes=model.card.classes)[""]
    fifth = np.arange(len(whole)) % 5 == 0  # as the recipe divides it
    seen = {one.digest for one in model.card.data}
    training = whole.chosen(~fifth)
    # A folder that the weights never saw is judged whole; the reference folder only where they did not learn.
    judged = whole.chosen(fifth) if training.digest() in seen else whole
    judged = judged.chosen(np.arange(len(judged))[: options.limit])
    metrics = _outlined(judged, model.labels, notify)
    seconds = _seconds_each(lambda: [model.labels(one) for one in judged.inputs[:5]], min(5, len(judged)))
    mean = _mean_shape(training, model)
    baseline = _outlined(judged, lambda volume: model.prepare.back(mean, volume.shape[1:]), lambda _done, _all: None)
    metrics |= _faster(model, judged.inputs[:1])
    metrics |= {"seconds_each": seconds, "unseen_folder": float(training.digest() not in seen)}
    return Result(
        "hippocampus",
        digest(*sorted(folder.glob("*/*"))),
        len(judged),
        metrics,
        {"mean shape": baseline},
        HIPPOCAMPUS,
        seconds=time.perf_counter() - begin,
    )


def _outlined(judged: Examples, outline: Callable[[Any], Any], notify: Notify) -> dict[str, float]:
    from suwen.learn.measure import mask_scores  # noqa: PLC0415

    rows: dict[str, list[float]] = {}
    for done, (inputs, truth) in enumerate(zip(judged.inputs, judged.labels, strict=True), 1):
        scores = mask_scores(truth, outline(inputs), spacing=judged.spacing, classes=judged.classes)
        for name, one in scores.items():
            rows.setdefault(f"dice.{name}", []).append(one.dice)
            rows.setdefault("hd95_mm", []).append(one.hausdorff95)
            rows.setdefault(f"hd95_mm.{name}", []).append(one.hausdorff95)
            rows.setdefault(f"volume_error_ml.{name}", []).append(abs(one.volume_error))
        notify(done, len(judged))
    return {name: float(np.mean(values)) for name, values in rows.items()}


def _mean_shape(training: Examples, model: Any) -> Any:
    masks = np.stack([model.prepare.mask(one) for one in training.labels])
    votes = np.stack([(masks == number).sum(0) for number in range(len(model.card.classes))])
    return votes.argmax(0).astype(np.uint8)


def _model(name: str) -> Any:
    from suwen.learn.model import Model  # noqa: PLC0415
    from suwen.learn.weights import Trust, load_model, pins, shipped  # noqa: PLC0415

    return Model(*load_model(shipped(name), Trust(pinned=pins())))


def _there(path: Path) -> Path:
    if not path.exists():
        raise DataError(f"no {path.name} in {path.parent}: the data set is missing")
    return path


def _judged(parts: Mapping[str, Examples], options: Options) -> tuple[Examples, str]:
    name = next((one for one in ("test", "val") if one in parts), None)
    if name is None or "train" not in parts:
        raise DataError("the file has no test or val part, or no train part for the baseline")
    whole = parts[name]
    if options.limit is None or options.limit >= len(whole):
        return whole, name
    chosen = np.random.default_rng(options.seed).permutation(len(whole))[: options.limit]
    return whole.chosen(np.sort(chosen)), name


def _seconds_each(work: Callable[[], Any], n: int) -> float:
    """Median of five runs, by example."""
    taken = []
    for _ in range(5):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return float(np.median(taken)) / max(n, 1)
