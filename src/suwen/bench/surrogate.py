"""Benchmark surrogate: how nearly a tree of four questions imitates networks trained on tables, on held-out rows.

Breast cancer (Wisconsin diagnostic, from scikit-learn) and heart disease (UCI Cleveland, complete rows). Each split of
a five-fold cross-validation, repeated four times, trains a network on its training rows, makes the surrogate from the
same rows, and measures it against the network's answers on the held-out fifth, which neither has seen; so do the
peers, plain CART on the network's decisions and on its probabilities. Intervals are the corrected resampled t of
Nadeau and Bengio (2003), because splits share rows. `limit` is the number of splits of each table.
"""

from __future__ import annotations

import csv
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from suwen.bench.result import Result
from suwen.bench.setting import Options, over_processes
from suwen.errors import DataError, MissingExtraError
from suwen.explain.surrogate import Effort, explained_variance, imitate, imitate_by_rules, rule_answers
from suwen.explain.tables import named_columns, tree_values
from suwen.learn.nouns import Array

__all__ = ["run"]

DEPTH, DEEPEST = 4, 6
SPLITS = 20
EFFORT = Effort()
HEART = "heart/uci/cleveland.csv"
NETWORKS: Mapping[str, tuple[tuple[int, ...], float]] = {  # hidden layers, weight decay
    "": ((32,), 1.0),
    "two_layers.": ((32, 16), 0.01),
}
_TABLES: dict[str, tuple[Array, Array]] = {}
Row = dict[str, float]


@dataclass(frozen=True, slots=True)
class _Job:
    table: str
    network: str
    split: int
    seed: int


def run(options: Options, notify: Callable[[int, int], None] = lambda _done, _all: None) -> Result:
    """Imitate a network of every split and measure. Raises DataError without the heart table."""
    begin = time.perf_counter()
    _TABLES.update({"": _breast_cancer(), "heart.": _heart(options.data / HEART)})
    splits = range(SPLITS if options.limit is None else max(1, min(options.limit, SPLITS)))
    kinds = [("", ""), ("", "two_layers."), ("heart.", "")]
    jobs = [_Job(table, network, split, options.seed) for table, network in kinds for split in splits]
    rows = list(over_processes(_measured, jobs, notify=notify))
    found: dict[str, list[Row]] = {}
    for job, row in zip(jobs, rows, strict=True):
        found.setdefault(job.table + job.network, []).append(row)
    metrics: Row = {"depth": float(DEPTH)}
    baselines: dict[str, Row] = {"CART on decisions": {}, "CART on probabilities": {}}
    for kind, said in found.items():
        metrics |= _summed(said, kind, "")
        baselines["CART on decisions"] |= _summed(said, kind, "labels.")
        baselines["CART on probabilities"] |= _summed(said, kind, "chances.")
    digest = hashlib.sha256()
    for table in _TABLES.values():
        for part in table:
            digest.update(np.ascontiguousarray(part).tobytes())
    n = int(sum(row["n"] for row in rows))
    return Result("surrogate", digest.hexdigest(), n, metrics, baselines, seconds=time.perf_counter() - begin)


def _summed(rows: Sequence[Row], kind: str, peer: str) -> Row:
    """Means over splits, and for agreement and R² at the benchmark's depth their 95 % interval."""
    own = [key for key in rows[0] if key.startswith(peer) and key != "n"]
    own = [key for key in own if peer or not key.startswith(("labels.", "chances."))]
    found = {}
    for key in own:
        values = np.array([row[key] for row in rows])
        name = kind + key.removeprefix(peer)
        found[name] = float(values.mean())
        if key.removeprefix(peer) in ("agreement", "r2"):
            half = _half_width(values)
            found |= {f"{name}_low": found[name] - half, f"{name}_high": found[name] + half}
    return found


def _half_width(values: Array) -> float:
    """Half the 95 % interval of a mean over splits that share rows: a fifth held out, four fifths trained on."""
    if len(values) < 2:
        return 0.0
    from scipy.stats import t  # noqa: PLC0415  # scipy takes long to load

    spread = (1 / len(values) + 0.25) * values.var(ddof=1)
    return float(t.ppf(0.975, len(values) - 1) * np.sqrt(spread))


def _measured(job: _Job) -> Row:
    rows, labels = _TABLES[job.table]
    held = _held_out(labels, job.split, job.seed)
    training, others = rows[~held], rows[held]
    seed = [job.seed, job.split]
    network = _network(training, labels[~held], NETWORKS[job.network], job.split)
    truth, said = labels[held], network(others)
    columns = named_columns([str(number) for number in range(rows.shape[1])])
    rng = np.random.default_rng(seed)
    made = imitate(network, training, columns, rng=rng, depth=DEPTH, deepest=DEEPEST, held_out=others, effort=EFFORT)
    answers = tree_values(made.tree, others)
    found = {"n": float(len(others)), **_compared(answers, said), "leaves": float(made.chosen["leaves"])}
    for depth, fidelity in made.by_depth:
        found |= {f"depth{depth}.agreement": fidelity.agreement, f"depth{depth}.r2": fidelity.r2}
    found |= {"network_accuracy": _same(said, truth), "tree_accuracy": _same(answers, truth)}
    rules = imitate_by_rules(network, training, columns, rng=rng, held_out=others, effort=EFFORT)
    listed = _compared(rule_answers(rules.rules, others), said)
    found |= {"rules": float(len(rules.rules)), **{f"rules.{key}": value for key, value in listed.items()}}
    return found | _peers(training, network(training), others, said)


def _same(chance: Array, truth: Array) -> float:
    return float(np.mean((chance >= 0.5) == truth))


def _compared(answers: Array, network: Array) -> Row:
    return {"agreement": _same(answers, network >= 0.5), "r2": explained_variance(answers, network)}


def _peers(training: Array, chance: Array, others: Array, said: Array) -> Row:
    """Plain CART on the network's decisions and on its probabilities of the training rows, at every depth."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor  # noqa: PLC0415

    found: Row = {}
    for depth in range(1, DEEPEST + 1):
        labels = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(training, chance >= 0.5)
        chances = DecisionTreeRegressor(max_depth=depth, random_state=0).fit(training, chance)
        answers = {"labels.": labels.predict_proba(others)[:, -1], "chances.": chances.predict(others)}
        for peer, each in answers.items():
            figures = _compared(each, said)
            found |= {f"{peer}depth{depth}.{key}": value for key, value in figures.items()}
            found |= {peer + key: value for key, value in figures.items()} if depth == DEPTH else {}
    return found


def _held_out(labels: Array, split: int, seed: int) -> Array:
    """Whether each row stands in fold `split` % 5 of repetition `split` // 5, as many of each label in every fold."""
    rng = np.random.default_rng([seed, split // 5])
    fold = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        where = rng.permutation(np.flatnonzero(labels == label))
        fold[where] = np.arange(len(where)) % 5
    return np.asarray(fold == split % 5)


def _network(rows: Array, labels: Array, kind: tuple[tuple[int, ...], float], seed: int) -> Callable[[Array], Array]:
    """A small network on standardised columns, trained to the end of its iterations: a function to probabilities."""
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    middle, spread = rows.mean(axis=0), rows.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    hidden, decay = kind
    network = MLPClassifier(hidden, alpha=decay, max_iter=1500, random_state=seed)
    network.fit((rows - middle) / spread, labels)
    return lambda asked: np.asarray(network.predict_proba((asked - middle) / spread)[:, 1])


def _breast_cancer() -> tuple[Array, Array]:
    """569 biopsies with 30 features; 1 is malignant."""
    try:
        from sklearn.datasets import load_breast_cancer  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("scikit-learn", "learn") from None
    table: Any = load_breast_cancer()
    return np.asarray(table.data, dtype=np.float64), np.asarray(1 - table.target)


def _heart(file: Path) -> tuple[Array, Array]:
    """The rows of Cleveland without a missing value, 13 features; 1 is any narrowing of the coronary arteries."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise DataError(f"the heart table {HEART} is not in the data folder {file.parents[2]}") from None
    kept = [line for line in csv.reader(lines) if line and "?" not in line]
    try:
        table = np.array(kept, dtype=np.float64)
    except ValueError:
        raise DataError(f"{file} is damaged: a cell is not a number, or a row has another length") from None
    if table.ndim != 2 or table.shape[1] != 14 or len(table) < 50:
        raise DataError(f"{file} is damaged: 14 columns and at least 50 complete rows are expected, not {table.shape}")
    return table[:, :-1], np.asarray(table[:, -1] > 0).astype(np.int64)
