"""The painted images are sound DICOM by an independent checker, the same for one seed, and of the size said."""

from __future__ import annotations

import io
import itertools
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pydicom", reason="the extra imaging is not installed")
import pydicom

from suwen.cli.ward_images import NODULE_MM, Painted, painted_ct, painted_radiograph


def painted(seed: int = 0) -> Painted:
    numbers = itertools.count(1)
    taken = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    return Painted("MRN-1", "Testpatient^Ward", "19110304", "F", taken, lambda: f"1.2.6.{next(numbers)}", seed)


def test_the_checker_of_dicom3tools_finds_no_error(tmp_path: Path) -> None:
    checker = shutil.which("dciodvfy")
    if checker is None:
        pytest.skip("dciodvfy (dicom3tools) is not installed")
    for name, data in (("cr", painted_radiograph(painted())), ("ct", painted_ct(painted())[20])):
        (tmp_path / name).write_bytes(data)
        said = subprocess.run([checker, str(tmp_path / name)], capture_output=True, text=True, check=False).stderr
        assert "Error" not in said, said


def test_the_same_seed_paints_the_same() -> None:
    assert painted_radiograph(painted(3)) == painted_radiograph(painted(3))
    assert painted_radiograph(painted(3)) != painted_radiograph(painted(4))


def test_the_nodule_has_the_volume_said() -> None:
    slices = [pydicom.dcmread(io.BytesIO(one)) for one in painted_ct(painted())]
    values = np.stack([one.pixel_array.astype(float) - 1024 for one in slices])
    box = values[16:36, 68:83, 37:52]  # about the nodule, within the right lung
    cell = 6.0 * 2.25 * 2.25
    volume = float((box > -420).sum()) * cell
    assert volume == pytest.approx(np.pi / 6 * NODULE_MM**3, rel=0.15)
