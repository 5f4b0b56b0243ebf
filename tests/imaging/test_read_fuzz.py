"""Damaged DICOM, NIfTI, PNG, JPEG and zip files give a Study or an error of the project, in bounded time and memory.

SUWEN_FUZZ=2000 reads so many instead of the 400 of an ordinary run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pydicom")
pytest.importorskip("nibabel")
pytest.importorskip("PIL")

COUNT = int(os.environ.get("SUWEN_FUZZ", "400"))
SEED = 20_261_126
RESIDENT = 2**30


def test_damaged_files_never_crash_hang_or_take_memory(tmp_path: Path) -> None:
    """The files are read in a process of its own, so that the crash of a codec fails the test and names the file."""
    note, here = tmp_path / "note.json", Path(__file__).parent
    command = [sys.executable, str(here / "read_mutants.py"), "0", str(COUNT), str(SEED), str(note)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=30 + COUNT, env=_environment())
    found = json.loads(note.read_text("utf-8"))
    assert done.returncode == 0, f"ended by {done.returncode} at file {found}: {done.stderr[-1_000:]!r}"
    assert found["failed"] == []
    assert found["peak"] < RESIDENT
    outcomes = found["outcomes"]
    assert sum(outcomes.values()) == COUNT
    assert outcomes["study"] > COUNT / 10, "most damage is harmless: not everything may be refused"
    assert outcomes["FormatError"] > COUNT / 10


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
