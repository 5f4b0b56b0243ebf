"""What a benchmark keeps is found again for the same cause, and made anew for another or when it is damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from suwen.bench.kept import Kept, code_digest


def test_made_once_for_one_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUWEN_CACHE", str(tmp_path))
    made = []

    def make() -> dict[str, np.ndarray]:
        made.append(1)
        return {"one": np.arange(3.0)}

    for _ in range(2):
        assert Kept("b", ["tables 1"]).arrays("part", make)["one"].tolist() == [0, 1, 2]
    assert len(made) == 1
    Kept("b", ["tables 2"]).arrays("part", make)
    assert len(made) == 2
    for file in tmp_path.rglob("*.npz"):
        file.write_bytes(b"cut off")
    Kept("b", ["tables 1"]).arrays("part", make)
    assert len(made) == 3


def test_a_folder_that_cannot_be_written_is_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    monkeypatch.setenv("SUWEN_CACHE", str(tmp_path / "file"))
    assert Kept("b", ["x"]).arrays("part", lambda: {"one": np.ones(1)})["one"].tolist() == [1]


def test_code_decides(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n", "utf-8")
    before = code_digest([tmp_path], ["numpy"])
    assert code_digest([tmp_path], ["numpy"]) == before
    (tmp_path / "a.py").write_text("x = 2\n", "utf-8")
    assert code_digest([tmp_path], ["numpy"]) != before
