"""The benchmark `activity-cliffs` learns from the training rows alone, judges the others, and names what is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rdkit")
pytest.importorskip("scipy")
pytest.importorskip("sklearn")
pytest.importorskip("lightgbm")
pytest.importorskip("torch")

from suwen.bench import activity_cliffs
from suwen.bench.activity_cliffs import FOLDER, PEER, run
from suwen.bench.setting import Options
from suwen.errors import DataError

HEADS = ("c1ccc(X)cc1", "c1ccnc(X)c1", "C1CCN(CC1)CCX", "c1csc(X)c1")
TAILS = ("", "C", "CC", "CCC", "O", "N", "F", "Cl", "OC", "C#N", "CO", "CCO")


def _table(folder: Path, name: str, spoiled: float = 0.0) -> Path:
    rng = np.random.default_rng(2)
    lines = ["smiles,exp_mean [nM],y,cliff_mol,split,y [pEC50/pKi]"]
    for at, smiles in enumerate(head.replace("X", f"C(=O)NC{tail}") for head in HEADS for tail in TAILS):
        part = "test" if at % 4 == 1 else "train"
        y = (spoiled if part == "test" else 0.0) - 2 + at // 12 + 0.3 * float(rng.normal())
        lines.append(f"{smiles},{10**-y},{y},{int(at % 3 == 0)},{part},{9 + y}")
    file = folder / FOLDER / f"{name}.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file


def test_figures_are_means_over_targets_and_the_judged_rows_are_never_learned(tmp_path: Path) -> None:
    _table(tmp_path, "A")
    _table(tmp_path, "B", spoiled=5.0)  # were they learned from, the error would be less than the 5 they are off
    told: list[tuple[int, int]] = []
    result = run(Options(tmp_path), lambda done, every: told.append((done, every)))
    found = result.metrics
    assert found["A.rmse"] < 1
    assert found["B.rmse"] > 4
    assert found["rmse"] == pytest.approx((found["A.rmse"] + found["B.rmse"]) / 2)
    assert found["rmse_cliff"] == pytest.approx((found["A.rmse_cliff"] + found["B.rmse_cliff"]) / 2)
    assert result.baselines[PEER]["A.rmse"] < 1
    assert 0.5 < found["half_width"] * 2 < 10
    assert result.n == 24
    assert told == [(1, 2), (2, 2)]


def test_missing_and_foreign_tables_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no table"):
        run(Options(tmp_path))
    file = _table(tmp_path, "A")
    good = file.read_text("utf-8")
    for bad in (good.replace("smiles,", "structure,", 1), good.replace("c1csc(", "c1csc((", 1), "x\n1\n"):
        file.write_text(bad, "utf-8")
        with pytest.raises(DataError, match="no table of MoleculeACE"):
            run(Options(tmp_path))
    file.write_text(good.replace("test", "train"), "utf-8")
    with pytest.raises(DataError, match="nothing to judge"):
        run(Options(tmp_path))


def test_the_anchor_names_its_source() -> None:
    assert all("source" in one for one in activity_cliffs.ANCHORS.values())
