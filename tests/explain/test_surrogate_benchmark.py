"""The benchmark of surrogates: its measures by hand, one split of every table from end to end, damaged data refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from suwen import datasets
from suwen.bench import surrogate
from suwen.bench.setting import Options
from suwen.errors import DataError
from suwen.explain.surrogate import Effort


def test_one_split_of_every_table(monkeypatch: pytest.MonkeyPatch) -> None:
    if not (datasets.folder() / surrogate.HEART).is_file():
        pytest.skip(f"{surrogate.HEART} is not in the data folder (SUWEN_DATA)")
    pytest.importorskip("sklearn")
    monkeypatch.setattr(surrogate, "EFFORT", Effort(queries=3000, candidates=2))
    result = surrogate.run(Options(datasets.folder(), limit=1))
    metrics = result.metrics
    assert (metrics["depth"], result.n) == (4.0, 2 * 115 + 60)
    for kind in ("", "heart.", "two_layers."):
        assert metrics[f"{kind}agreement"] == metrics[f"{kind}depth4.agreement"]
        assert metrics[f"{kind}r2"] == metrics[f"{kind}depth4.r2"]
        assert metrics[f"{kind}leaves"] <= 16
        for peer in result.baselines.values():
            assert {f"{kind}agreement", f"{kind}r2", f"{kind}depth6.r2"} <= set(peer)
    assert metrics["network_accuracy"] > 0.9
    assert metrics["r2"] > result.baselines["CART on decisions"]["r2"]
    assert len(result.data_digest) == 64


def test_folds_part_the_rows_and_keep_the_labels_in_proportion() -> None:
    labels = np.repeat([0, 1], [60, 40])
    held = np.array([surrogate._held_out(labels, split, 0) for split in range(10)])
    assert np.all(held[:5].sum(axis=0) == 1)
    assert np.all(held[5:].sum(axis=0) == 1)
    assert held[:, labels == 1].sum(axis=1).tolist() == [8] * 10
    assert not np.array_equal(held[0], held[5])


def test_the_interval_knows_that_splits_share_rows() -> None:
    """Ten splits, standard deviation 0.1: t(9) = 2.262, variance 0.01 · (1/10 + 1/4)."""
    values = np.array([0.0, 1.0] * 5)
    values = 0.1 * (values - values.mean()) / values.std(ddof=1)
    assert surrogate._half_width(values) == pytest.approx(2.262157 * np.sqrt(0.01 * 0.35), rel=1e-5)
    assert surrogate._half_width(values[:1]) == 0.0


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"1,2,x\n", b"1,2\n3\n", b"1,2,3\n" * 60])
def test_a_missing_or_damaged_table_is_said(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / surrogate.HEART
    file.parent.mkdir(parents=True)
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(DataError, match=r"cleveland\.csv"):
        surrogate._heart(file)
