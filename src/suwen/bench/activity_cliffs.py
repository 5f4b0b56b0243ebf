"""Benchmark activity-cliffs: potency of molecules, those on activity cliffs by themselves, on targets of MoleculeACE.

Every table of the folder is a target (van Tilborg 2022; smiles, y = -log10 of nM, cliff_mol, split). What is fitted is
what `fit_activity` fits, to the rows whose split is train; the others are judged. `rmse`, `rmse_cliff`: means over the
targets of the root mean square error over all judged molecules, and over those on a cliff, in log units; each also by
target. `coverage` is the share of judged molecules whose interval of 90 % held the truth, `half_width` half its mean
width. `wins` is the share of targets where the error is below the peer's.

The peer in the same run is that benchmark's best: support vectors with a Gaussian kernel on 1,024 bits of ECFP4, cost
and kernel width by five-fold cross-validation on the same rows.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.bench.result import Result
from suwen.bench.setting import Options, digest
from suwen.errors import DataError, MissingExtraError

__all__ = ["run"]

Notify = Callable[[int, int], None]
Floats = NDArray[np.float64]

FOLDER = "drugs/activity_cliffs"
PEER = "SVM-ECFP4"
ANCHORS: Mapping[str, Mapping[str, Any]] = {
    "SVM-ECFP, 30 targets": {
        "rmse": 0.671,
        "rmse_cliff": 0.751,
        "source": "results of MoleculeACE (van Tilborg 2022), mean of the 30 targets",
    }
}


@dataclass(frozen=True, slots=True, eq=False)
class _Target:
    name: str
    smiles: list[str]
    values: Floats
    cliffs: NDArray[np.bool_]
    learned: NDArray[np.intp]
    judged: NDArray[np.intp]


def run(options: Options, notify: Notify = lambda _done, _all: None) -> Result:
    """Every target; `limit` takes the first so many by name. Raises DataError, MissingExtraError."""
    begin = time.perf_counter()
    files = sorted((options.data / FOLDER).glob("*.csv"))[: options.limit]
    if not files:
        raise DataError(f"no table in {options.data / FOLDER}: the data set is missing")
    rows: list[dict[str, float]] = []
    metrics: dict[str, float] = {}
    count = 0
    peer: dict[str, float] = {}
    for done, file in enumerate(files, start=1):
        target = _read(file)
        count += len(target.judged)
        rows.append(_judged(target, options.seed))
        metrics |= {f"{target.name}.{key}": rows[-1][key] for key in ("rmse", "rmse_cliff")}
        peer |= {f"{target.name}.{key}": rows[-1][f"peer_{key}"] for key in ("rmse", "rmse_cliff")}
        notify(done, len(files))
    means = {key: float(np.nanmean([row[key] for row in rows])) for key in rows[0]}
    found = {key: value for key, value in means.items() if not key.startswith("peer_")} | metrics
    told = {key.removeprefix("peer_"): value for key, value in means.items() if key.startswith("peer_")} | peer
    spent = time.perf_counter() - begin
    return Result("activity-cliffs", digest(*files), count, found, {PEER: told}, ANCHORS, seconds=spent)


def _read(file: Path) -> _Target:
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        values = np.array([float(row["y"]) for row in rows])
        cliffs = np.array([row["cliff_mol"] == "1" for row in rows])
        learned = np.array([row["split"] == "train" for row in rows])
        smiles = _canonical([row["smiles"] for row in rows])
    except (OSError, UnicodeDecodeError, KeyError, ValueError, csv.Error):
        raise DataError(f"{file.name} is no table of MoleculeACE (smiles, y, cliff_mol, split)") from None
    if not learned.any() or learned.all():
        raise DataError(f"{file.name} has nothing to learn from, or nothing to judge")
    return _Target(file.stem, smiles, values, cliffs, np.flatnonzero(learned), np.flatnonzero(~learned))


def _canonical(smiles: list[str]) -> list[str]:
    """As this release of RDKit writes them, which is what the language model has read; ValueError for what is none."""
    try:
        from rdkit import Chem  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("rdkit", "drugs") from None
    molecules = [Chem.MolFromSmiles(one) for one in smiles]
    if None in molecules:
        raise ValueError("no molecule")
    return [str(Chem.MolToSmiles(one)) for one in molecules]


def _judged(target: _Target, seed: int) -> dict[str, float]:
    """Errors of ours and of the peer, with the coverage of ours."""
    from suwen.drugs.activity.fit import fit_activity  # noqa: PLC0415
    from suwen.drugs.activity.model import forecast  # noqa: PLC0415
    from suwen.drugs.activity.nouns import Assay, Measured  # noqa: PLC0415
    from suwen.drugs.activity.stacking import folds_of  # noqa: PLC0415
    from suwen.drugs.activity.usual import choose_usual, usual_says  # noqa: PLC0415
    from suwen.drugs.representation.kinds import represent  # noqa: PLC0415
    from suwen.formats.molecules.nouns import Molecule  # noqa: PLC0415

    learned, judged = target.learned, target.judged
    chosen = tuple(Measured(target.smiles[at], "", "", float(target.values[at]) + 9) for at in learned.tolist())
    model = fit_activity(Assay(chosen, "y", "nM", "amount", len(chosen)), seed=seed, judged=False)
    said = forecast(model, [Molecule(target.smiles[at], "") for at in judged.tolist()])
    values = np.array([one.value for one in said]) - 9
    ends = np.array([(one.low, one.high) for one in said], np.float64) - 9
    bits, truth = represent(target.smiles, kinds=("ecfp4",))["ecfp4"], target.values
    usual = choose_usual(bits[learned], truth[learned], folds_of(len(learned), np.random.default_rng(seed)))
    other = usual_says(usual, bits[learned], truth[learned], bits[judged])
    real, steep = truth[judged], target.cliffs[judged]
    ours, theirs = _errors(values - real, steep), _errors(other - real, steep)
    return {
        **ours,
        "coverage": float(((ends[:, 0] <= real) & (real <= ends[:, 1])).mean()),
        "half_width": float((ends[:, 1] - ends[:, 0]).mean() / 2),
        "wins": float(ours["rmse"] < theirs["rmse"]),
        **{f"peer_{key}": value for key, value in theirs.items()},
    }


def _errors(errors: Floats, steep: NDArray[np.bool_]) -> dict[str, float]:
    on_cliffs = errors[steep]
    return {
        "rmse": float(np.sqrt((errors**2).mean())),
        "rmse_cliff": float(np.sqrt((on_cliffs**2).mean())) if len(on_cliffs) else float("nan"),
    }
