"""Damaged WFDB, MATLAB, EDF, SCP, DICOM, aECG and tables give findings or an error of the project, within bounds.

SUWEN_FUZZ=2000 reads so many instead of the 400 of an ordinary run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

COUNT = int(os.environ.get("SUWEN_FUZZ", "400"))
SEED = 20_261_126
RESIDENT = 2**29


def test_damaged_waveforms_never_crash_hang_or_take_memory(tmp_path: Path) -> None:
    """The files are read in a process of its own, so that a crash fails the test and names the file."""
    note, here = tmp_path / "note.json", Path(__file__).parent
    command = [sys.executable, str(here / "read_wave_mutants.py"), "0", str(COUNT), str(SEED), str(note)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, check=False, timeout=60 + COUNT, env=environment)
    assert note.is_file(), done.stderr[-1_000:]
    found = json.loads(note.read_text("utf-8"))
    assert done.returncode == 0, f"ended by {done.returncode} at file {found}: {done.stderr[-1_000:]!r}"
    assert found["failed"] == []
    assert found["peak"] < RESIDENT
    outcomes = found["outcomes"]
    assert sum(outcomes.values()) == COUNT
    assert outcomes["recording"] > COUNT / 10, "most damage is harmless: not everything may be refused"
    assert outcomes["FormatError"] > COUNT / 10
    assert found["findings"] >= outcomes["recording"], "what is read is said something of"
