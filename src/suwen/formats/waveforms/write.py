"""Recordings written: WFDB in format 16 and CSV, both read back by `read_recording`."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from suwen.errors import InputError
from suwen.formats.waveforms.nouns import Recording

__all__ = ["write_csv", "write_wfdb"]

_NAME = re.compile(r"^[A-Za-z0-9_\-]{1,64}$")


def write_wfdb(recording: Recording, folder: Path, name: str) -> Path:
    """Write `name`.hea and `name`.dat (format 16, with sums and initial values); the path of the header.

    Samples are rounded to the finest step of each lead that 16 bits hold, 1 µV or finer up to ±32 mV. Missing samples
    keep the value that the format has for them. Annotations are not written.

    Raises:
        InputError: the name is not one of letters, digits, "_" and "-".

    """
    if not _NAME.match(name):
        raise InputError(
            "the name of a record is 1 to 64 letters, digits, underscores or hyphens",
            zh="记录名为 1 至 64 个字母、数字、下划线或连字符",
        )
    lines = [f"{name} {len(recording.leads)} {recording.rate:.12g} {recording.samples.shape[1]}"]
    columns = []
    for lead, values in zip(recording.leads, recording.samples, strict=True):
        top = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 0.0
        gain = _gain(top)
        whole = np.where(np.isfinite(values), np.rint(values.astype(np.float64) * gain), -32_768).astype(np.int16)
        first, total = (int(whole[0]) if whole.size else 0), int(whole.sum(dtype=np.int64))
        total = (total + 32_768) % 65_536 - 32_768
        lines.append(f"{name}.dat 16 {gain:.12g}(0)/mV 16 0 {first} {total} 0 {lead}")
        columns.append(whole)
    (folder / f"{name}.dat").write_bytes(np.stack(columns, 1).astype("<i2").tobytes())
    path = folder / f"{name}.hea"
    path.write_text("\n".join(lines) + "\n", "ascii")
    return path


def _gain(top: float) -> float:
    """Steps a mV: the greatest of 1, 2, 5, 10, ... 5000 with which the largest sample is within 16 bits."""
    steps = [one * 10.0**power for power in range(-6, 4) for one in (1, 2, 5)]
    fitting = [step for step in steps if top * step <= 32_767]
    return fitting[-1] if fitting else 32_767 / top


def write_csv(recording: Recording, path: Path) -> Path:
    """Write a table with a first line of lead names in mV, above it the rate; missing samples are empty cells."""
    lines = [f"# rate: {recording.rate:.12g} Hz", ",".join(f"{lead} (mV)" for lead in recording.leads)]
    for moment in recording.samples.T.tolist():
        cells = ["" if math.isnan(value) else f"{value:.9g}" for value in moment]
        lines.append(",".join(cells) if any(cells) else ",".join(["NaN"] * len(cells)))
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path
