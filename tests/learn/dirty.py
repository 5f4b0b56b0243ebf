"""Data sets made for the tests of cleaning, each piece of dirt in a place that is known."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from suwen.learn.clean.nouns import Array, Cleaning, Form, Holding, Loaded, Sample, Sign

nibabel = pytest.importorskip("nibabel")
pytest.importorskip("sklearn")
pytest.importorskip("scipy")
pytest.importorskip("PIL")

VOLUMES = 16


def names_of(cleaning: Cleaning, sign: Sign) -> set[str]:
    return {name for one in cleaning.of(sign) for name in one.where}


def picture(rng: np.random.Generator, side: int = 48) -> Array:
    """A smooth picture (side, side) uint8, unlike any other."""
    fft = np.fft.rfft2(rng.normal(size=(side, side)))
    rows, columns = np.meshgrid(np.fft.fftfreq(side), np.fft.rfftfreq(side), indexing="ij")
    smooth = np.fft.irfft2(fft / (0.05 + np.hypot(rows, columns)) ** 2, s=(side, side))
    scaled = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    return np.asarray(255 * scaled, np.uint8)


def holding_of(
    values: list[Array], form: Form = Form.IMAGES, *, labels: list[str] | None = None, **columns: list[str]
) -> Holding:
    """A holding of arrays in memory; `columns` may be group and split, or attributes."""
    own = {"group", "split"}
    samples = [
        Sample(
            f"{at:04d}",
            labels[at] if labels else "0",
            **{name: cells[at] for name, cells in columns.items() if name in own},
            attributes={name: cells[at] for name, cells in columns.items() if name not in own},
        )
        for at in range(len(values))
    ]
    return Holding(form, "made", tuple(samples), lambda at: Loaded(values[at]))


def write_volumes(folder: Path) -> dict[Sign, set[str]]:
    """Sixteen volumes with masks below images/ and labels/; returns what is wrong with which of them."""
    rng = np.random.default_rng(0)
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    for at in range(VOLUMES):
        values, mask = rng.normal(100, 10, (12, 13, 14)).astype("f4"), np.zeros((12, 13, 14), "u1")
        mask[3:8, 3:8, 3:7], mask[3:8, 3:8, 7:10] = 1, 2
        affine = np.diag({4: [-1, 1, 1, 1.0], 5: [1, 1, 3, 1.0]}.get(at, [1, 1, 1, 1.0]))
        values *= 400 if at == 3 else 1
        values[2, 2, 2] = np.nan if at == 8 else values[2, 2, 2]
        values[:] = 5 if at == 9 else values
        mask = {1: np.zeros_like(mask), 2: mask[1:], 11: np.where(mask == 2, 0, mask)}.get(at, mask)
        if at == 6:
            mask[11, 11, 11] = 1
        if at == 7:
            mask[:2, :2, :2] = 7
        moved = affine.copy()
        moved[0, 3] = 4 if at == 10 else 0
        nibabel.save(nibabel.Nifti1Image(values, affine), folder / "images" / f"c{at:02d}.nii.gz")
        if at:
            nibabel.save(nibabel.Nifti1Image(mask, moved), folder / "labels" / f"c{at:02d}.nii.gz")
    whole = (folder / "images" / "c12.nii.gz").read_bytes()
    (folder / "images" / "c13.nii.gz").write_bytes(whole[:800])
    (folder / "images" / "._c01.nii.gz").write_bytes(b"left by a Mac")
    _write_claim(folder / "images" / "c14.nii.gz", folder / "images" / "c14.nii")
    nibabel.save(nibabel.Nifti1Image(np.zeros((3, 3, 3), "u1"), np.eye(4)), folder / "labels" / "orphan.nii.gz")
    return {
        Sign.NO_LABEL: {"c00.nii.gz"},
        Sign.EMPTY_MASK: {"c01.nii.gz"},
        Sign.MISMATCHED: {"c02.nii.gz", "c10.nii.gz"},
        Sign.SCALE: {"c03.nii.gz"},
        Sign.ORIENTATION: {"c04.nii.gz"},
        Sign.SPACING: {"c05.nii.gz"},
        Sign.FRAGMENT: {"c06.nii.gz"},
        Sign.UNKNOWN_CLASS: {"c07.nii.gz"},
        Sign.NOT_FINITE: {"c08.nii.gz"},
        Sign.CONSTANT: {"c09.nii.gz"},
        Sign.MISSING_CLASS: {"c11.nii.gz"},
        Sign.UNREADABLE: {"c13.nii.gz", "c14.nii"},
        Sign.NO_IMAGE: {"orphan.nii.gz"},
    }


def _write_claim(before: Path, file: Path) -> None:
    """A header that claims five thousand million voxels and has eight."""
    before.unlink()
    nibabel.save(nibabel.Nifti1Image(np.zeros((2, 2, 2), "f4"), np.eye(4)), file)
    data = bytearray(file.read_bytes())
    data[40:56] = struct.pack("<8h", 3, 2000, 2000, 1300, 1, 1, 1, 1)
    file.write_bytes(data)


def write_record(folder: Path, name: str, stored: Array, *, comments: tuple[str, ...] = ("Dx: 1",)) -> None:
    """A WFDB record of int16 samples (channels, time)."""
    channels, length = stored.shape
    lines = [f"{name} {channels} 500 {length}"]
    for one in stored:
        checksum = int(np.int64(one.sum()) & 0xFFFF)
        lines.append(f"{name}.dat 16 1000(0)/mV 16 0 {one[0]} {checksum - 65536 * (checksum > 32767)} 0 I")
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.hea").write_text("\n".join([*lines, *(f"#{one}" for one in comments)]) + "\n", "utf-8")
    (folder / f"{name}.dat").write_bytes(np.ascontiguousarray(stored.T, "<i2").tobytes())
