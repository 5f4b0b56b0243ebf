"""Proves that mutated SMILES and SDF end in molecules or refusals: no crash, no hang, no growth of memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

COUNT = 400  # 10,000 of each were run when this was written


def test_mutations_are_molecules_or_refusals() -> None:
    pytest.importorskip("rdkit")
    pytest.importorskip("resource")
    script = Path(__file__).with_name("mutated_molecules.py")
    # In a process of its own: a crash of C++ would take the whole suite with it.
    ran = subprocess.run(
        [sys.executable, str(script), str(COUNT), "3"], capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2_000:]
    said = json.loads(ran.stdout)
    assert said["molecules"] + said["refused"] == COUNT
    assert said["of_sdf"] + said["refused_of_sdf"] >= COUNT // 2  # a mutation may leave nothing in a file
    assert min(said["molecules"], said["refused"], said["of_sdf"], said["refused_of_sdf"]) > COUNT // 20
    assert said["grown_kib"] < 64 * 1024
