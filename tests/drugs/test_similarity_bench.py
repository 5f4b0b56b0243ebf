"""The benchmark `screen` runs on a made data set, draws fairly, opens no pickle, and says what its peer lacks."""

from __future__ import annotations

import gzip
import lzma
import sys
from pathlib import Path

import numpy as np
import pytest

from suwen.bench import screen
from suwen.bench.screen_cases import FOLDER, draw, read_targets
from suwen.bench.setting import Options
from suwen.errors import DataError

pytest.importorskip("rdkit", reason="fingerprints are RDKit's")
ACTIVES = [f"NS(=O)(=O)c1ccc({'C' * at}N)cc1" for at in range(1, 12)]
DECOYS = [f"c1ccccc1{'C' * at}O" for at in range(1, 40)] + ["C1CC"]


def listed(file: Path, smiles: list[str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"title{at}\tnumber{at}\t{one}\n" for at, one in enumerate(smiles)]
    file.write_bytes(gzip.compress(("# Mol_Title\tID\tSMILES\n" + "".join(lines)).encode()))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / FOLDER
    listed(folder / "DUD/cmp_list_DUD_made_actives.dat.gz", ACTIVES)
    listed(folder / "DUD/cmp_list_DUD_made_decoys.dat.gz", DECOYS)
    listed(folder / "ChEMBL/cmp_list_ChEMBL_1_actives.dat.gz", ACTIVES)
    listed(folder / "ChEMBL/cmp_list_ChEMBL_zinc_decoys.dat.gz", DECOYS)
    (folder / "ChEMBL_II").mkdir()
    (folder / "ChEMBL_II/Target_no_1.pkl").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    molecules = [*ACTIVES, *DECOYS, *(f"{'C' * at}N" for at in range(1, 80))]
    (tmp_path / "drugs/zinc250k.smi.xz").write_bytes(lzma.compress("\n".join(molecules).encode()))
    return tmp_path


def test_the_benchmark_runs_without_its_peer(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUWEN_FPSIM2_PYTHON", raising=False)
    told: list[tuple[int, int]] = []
    result = screen.run(Options(data), lambda done, most: told.append((done, most)))
    assert result.n == 2
    assert told[-1] == (3, 3)
    assert result.metrics["auc"] == pytest.approx(1.0)
    assert result.metrics["bedroc"] == pytest.approx(1.0)
    assert result.metrics["exact"] == 1.0
    assert "ratio_fpsim2" not in result.metrics
    assert list(result.baselines) == ["ECFP4 Tanimoto"]


def test_a_python_without_the_peer_is_one_clear_error(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUWEN_FPSIM2_PYTHON", sys.executable)
    try:
        import FPSim2  # noqa: F401, PLC0415
    except ImportError:
        with pytest.raises(DataError, match="does not run FPSim2"):
            screen.run(Options(data, limit=1))
    else:
        assert "ratio_fpsim2" in screen.run(Options(data, limit=1)).metrics


def test_draws_share_nothing_and_come_again(data: Path) -> None:
    targets, smiles = read_targets(data)
    assert [one.name for one in targets] == ["ChEMBL_1", "DUD_made"]
    assert len(smiles) == len(ACTIVES) + len(DECOYS)
    good = np.array([one != "C1CC" for one in smiles])
    one, again, other = (draw(targets[1], good, seeds) for seeds in ((0, 1), (0, 1), (0, 2)))
    parts = np.concatenate([one.known, one.aside, one.ranked])
    assert sorted(parts.tolist()) == np.flatnonzero(good).tolist()
    assert len(one.known) == 5
    assert len(one.aside) == 7
    assert one.truth.sum() == len(ACTIVES) - 5
    assert {smiles[at] for at in one.ranked[one.truth]} <= set(ACTIVES)
    assert np.array_equal(one.known, again.known)
    assert not np.array_equal(one.known, other.known)


def test_what_is_missing_or_damaged_is_said(tmp_path: Path, data: Path) -> None:
    with pytest.raises(DataError, match="no lists of actives"):
        read_targets(tmp_path / "nowhere")
    (data / FOLDER / "DUD/cmp_list_DUD_made_decoys.dat.gz").unlink()
    with pytest.raises(DataError, match="has no decoys"):
        read_targets(data)
    (data / FOLDER / "DUD/cmp_list_DUD_made_decoys.dat.gz").write_bytes(b"no gzip")
    with pytest.raises(DataError, match="not a list of compounds"):
        read_targets(data)
