"""Benchmark risk-equations: its figures keep what was promised, and absent data are said."""

from __future__ import annotations

from pathlib import Path

import pytest

from suwen import datasets
from suwen.bench.risk_equations import run
from suwen.bench.setting import Options
from suwen.errors import DataError


def test_promised_figures() -> None:
    if not (datasets.folder() / "heart/risk").is_dir():
        pytest.skip("heart/risk is not in the data folder (SUWEN_DATA)")
    seen: list[tuple[int, int]] = []
    result = run(Options(datasets.folder(), limit=5), lambda done, of: seen.append((done, of)))
    assert result.metrics["prevent.max_error"] < 1e-9
    assert result.metrics["china_par.men.held_out.mean_error"] < 0.15
    assert result.metrics["china_par.women.held_out.mean_error"] < 0.15
    assert result.metrics["pce.max_error"] < 0.11
    assert result.metrics["outside"] == 0
    assert result.metrics.get("qrisk3.max_error", 0.0) < 0.1
    assert seen[-1][0] == seen[-1][1]


def test_absent_data(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="heart/risk"):
        run(Options(tmp_path))
