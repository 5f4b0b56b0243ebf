"""Benchmark heart-disease: the coronary model on hospitals that it did not learn from, one hospital a file.

Each table of `heart/uci` is a hospital. Those of the recipe (Cleveland, Hungarian, Switzerland) are judged by the
shipped model that was made without them, penalty, slope, levels and conformal limits included; any other by that of
all. Per hospital:

- `SITE.auroc` with its 95 % interval (`.low`, `.high`; bootstrap over people);
- `SITE.ece`, `SITE.brier`: the level fitted to the hospital's own people out of fold (ten folds), slope as shipped;
  `SITE.ece.transported`: the level as it is shipped, nothing known of the hospital;
- `SITE.slope`: calibration slope of the shipped log-odds, 1 is right; `SITE.ece.platt` with slope and level fitted out
  of fold; `SITE.ece.by_chance`: the error that a model which is right would show among so few people;
- `SITE.coverage`, `.well`, `.sick`, `SITE.set_size`: of the conformal sets, 90 % promised for each class.

Baselines, fitted in the same run to the other hospitals at hand (this folder and the reference folder): a plain
logistic regression, boosted trees with the same directions that see what is missing, and a logistic regression that
sees nothing but which columns are missing (how far that tells the disease).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen import datasets
from suwen.bench.result import Result
from suwen.bench.setting import Options, digest
from suwen.diagnosis.heart.coronary_exam import COLUMNS, DIRECTIONS, exam_row, read_exams
from suwen.diagnosis.heart.coronary_weights import conformal_sets, part, score
from suwen.errors import DataError, InputError, MissingExtraError

__all__ = ["run"]

Notify = Callable[[int, int], None]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Table = tuple[Floats, Ints]

FOLDER = "heart/uci"
SITES = ("cleveland", "hungarian", "switzerland", "va")
DRAWS, FOLDS, BINS = 2000, 10, 10
ANCHORS: Mapping[str, Mapping[str, Any]] = {
    "logistic regression, four hospitals": {
        "cleveland.auroc": 0.848,
        "hungarian.auroc": 0.864,
        "switzerland.auroc": 0.630,
        "va.auroc": 0.707,
        "source": "leave one hospital out over all four UCI hospitals, unknown values by the median",
    }
}


def run(options: Options, notify: Notify = lambda _done, _all: None) -> Result:
    """Every hospital of the folder. Raises DataError where there is none or a table cannot be read."""
    begin = time.perf_counter()
    files = sorted((options.data / FOLDER).glob("*.csv"))
    if not files:
        raise DataError(f"no table in {options.data / FOLDER}: the data set is missing")
    tables = {_site(file): _table(file) for file in files}
    others = {_site(file): _table(file) for file in sorted((datasets.folder() / FOLDER).glob("*.csv"))} | tables
    metrics: dict[str, float] = {}
    baselines: dict[str, dict[str, float]] = {}
    for done, (site, table) in enumerate(tables.items(), 1):
        judged = _some(table, options)
        metrics |= {f"{site}.{name}": value for name, value in _metrics(site, judged)}
        for peer, value in _peers(judged, [one for name, one in others.items() if name != site]):
            baselines.setdefault(peer, {})[f"{site}.auroc"] = value
        notify(done, len(tables))
    people = sum(len(_some(table, options)[1]) for table in tables.values())
    return Result(
        "heart-disease", digest(*files), people, metrics, baselines, ANCHORS, seconds=time.perf_counter() - begin
    )


def _site(file: Path) -> str:
    """The hospital of a file, also of names such as processed.hungarian: or people learned from would be judged."""
    words = set(re.split(r"[^a-z]+", file.stem.lower()))
    return next((one for one in SITES if one in words), file.stem)


def _table(file: Path) -> Table:
    people, sick = read_exams(file)
    return np.array([exam_row(one.values) for one in people]).reshape(-1, len(COLUMNS)), sick


def _some(table: Table, options: Options) -> Table:
    if options.limit is None or options.limit >= len(table[1]):
        return table
    chosen = np.sort(np.random.default_rng(options.seed).permutation(len(table[1]))[: options.limit])
    return table[0][chosen], table[1][chosen]


def _metrics(site: str, table: Table) -> Iterator[tuple[str, float]]:
    """Figures of one hospital; those that need both classes are left out where one is missing."""
    from suwen.learn.measure import auc, calibration_error  # noqa: PLC0415

    rows, sick = table
    one = part(site)
    scored = score(one, rows)
    odds = scored.odds(one.level)
    yield "n", float(len(sick))
    yield "sick", float(sick.mean())
    yield "seen", float(not one.left_out and site in one.levels)
    yield "ece.transported", calibration_error(sick, _chances(odds), bins=BINS)
    found = conformal_sets(one).predict(_chances(odds))
    held = found[np.arange(len(sick)), sick]
    yield "coverage", float(held.mean())
    for name, kind in (("well", 0), ("sick", 1)):
        if (sick == kind).any():
            yield f"coverage.{name}", float(held[sick == kind].mean())
    yield "set_size", float(found.sum(axis=1).mean())
    if len(np.unique(sick)) > 1:
        yield "auroc", auc(sick, odds)
        yield from _interval(sick, odds)
        yield from _calibrated(sick, odds)


def _interval(sick: Ints, odds: Floats) -> Iterator[tuple[str, float]]:
    from suwen.learn.measure import auc, bootstrap  # noqa: PLC0415

    try:
        found = bootstrap(auc, sick, odds, rng=np.random.default_rng(0), n=DRAWS)
    except InputError:  # too few of a class for an interval; the figure itself stands
        return
    if found.low is not None and found.high is not None:
        yield from (("auroc.low", found.low), ("auroc.high", found.high))


def _calibrated(sick: Ints, odds: Floats) -> Iterator[tuple[str, float]]:
    """Calibration where only the level, or slope and level, were fitted to other people of the hospital."""
    from suwen.learn.measure import brier, calibration_error, calibration_slope, fit_platt  # noqa: PLC0415
    from suwen.learn.splits import folds  # noqa: PLC0415

    try:
        parts = folds([f"row {row}" for row in range(len(sick))], sick, k=FOLDS, salt="heart-disease")
        level, both = np.zeros(len(sick)), np.zeros(len(sick))
        for train, test in parts:
            level[test] = _chances(odds[test] + _shift(sick[train], odds[train]))
            both[test] = fit_platt(sick[train], odds[train])(odds[test])
    except InputError:  # too few people of a class
        return
    with suppress(InputError):  # classes that are parted without a mistake have no slope
        yield "slope", calibration_slope(sick, _chances(odds))
    yield "ece", calibration_error(sick, level, bins=BINS)
    yield "brier", brier(sick, level)
    yield "ece.platt", calibration_error(sick, both, bins=BINS)
    # What a model that is right would show: the error of a finite sample is not nought.
    rng = np.random.default_rng(0)
    drawn = [calibration_error((rng.random(len(level)) < level).astype(int), level, bins=BINS) for _ in range(200)]
    yield "ece.by_chance", float(np.mean(drawn))


def _shift(sick: Ints, odds: Floats) -> float:
    """What is added to log-odds so that the mean chance is the share of the sick, half a person added to each."""
    wanted = (sick.sum() + 0.5) / (len(sick) + 1)
    low, high = -40.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _chances(odds + middle).mean() < wanted else (low, middle)
    return (low + high) / 2


def _chances(odds: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(odds / 2)))


def _peers(judged: Table, others: list[Table]) -> Iterator[tuple[str, float]]:
    """Area under the curve of each baseline, fitted to the other hospitals; nothing where there is no other."""
    from suwen.learn.measure import auc  # noqa: PLC0415

    if not others or len(np.unique(judged[1])) < 2:
        return
    rows, sick = np.concatenate([one for one, _ in others]), np.concatenate([one for _, one in others])
    for name, fit in (("logistic", _logistic), ("boosted trees", _boosted), ("what is missing alone", _missing)):
        yield name, auc(judged[1], fit(rows, sick, judged[0]))


def _logistic(rows: Floats, sick: Ints, judged: Floats) -> Floats:
    """Medians for unknown values, standard deviations, L2 of 1: what everybody would try first."""
    try:
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("scikit-learn", "learn") from error
    known = ~np.isnan(rows).all(axis=0)
    middle = np.nanmedian(rows[:, known], axis=0)
    table, asked = (np.where(np.isnan(one[:, known]), middle, one[:, known]) for one in (rows, judged))
    size = np.where(table.std(axis=0) > 0, table.std(axis=0), 1)
    fitted = LogisticRegression(max_iter=1000).fit((table - middle) / size, sick)
    return np.asarray(fitted.decision_function((asked - middle) / size))


def _boosted(rows: Floats, sick: Ints, judged: Floats) -> Floats:
    from suwen.learn.tabular.boosted import BoostedClassifier  # noqa: PLC0415

    grown = BoostedClassifier(leaves=4, rounds=200, rows=0.7, columns=0.5, monotone=[int(one) for one in DIRECTIONS])
    return np.asarray(grown.fit(rows, sick).predict_proba(judged)[:, 1])


def _missing(rows: Floats, sick: Ints, judged: Floats) -> Floats:
    return _logistic(np.isnan(rows).astype(float), sick, np.isnan(judged).astype(float))
