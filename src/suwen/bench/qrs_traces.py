"""Traces with annotated beats for the recipe and the benchmark `qrs`: CPSC2019, CPSC2021, CinC2021, MIT-BIH 100."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import DataError

__all__ = ["FOLDER", "Annotated", "mitdb", "pairs_of_twelve", "read_beats", "strips", "with_rhythms"]

FOLDER = "heart/ecg"
_BEATS = frozenset({*range(1, 14), 25, 34, 35, 38})  # codes of annotations that are beats (WFDB, ecgcodes.h)
_SKIP, _NUMBER, _SUBTYPE, _CHANNEL, _TEXT = 59, 60, 61, 62, 63


@dataclass(frozen=True, slots=True, eq=False)
class Annotated:
    """A trace (leads, time) in mV at `rate` Hz and the samples of its beats; `recording` is shared by its strips."""

    name: str
    values: NDArray[np.float32]
    rate: float
    beats: NDArray[np.int64]
    recording: str


def strips(folder: Path) -> list[Annotated]:
    """The strips of CPSC2019 (10 s, 500 Hz), in order of name; strips with equal beats are leads of one recording."""
    from scipy.io import loadmat  # noqa: PLC0415

    found = []
    for file in sorted((folder / FOLDER / "cpsc2019/data").glob("*.mat")):
        reference = folder / FOLDER / "cpsc2019/ref" / file.name.replace("data", "R")
        beats = np.asarray(loadmat(reference)["R_peak"], np.int64).ravel()
        values = np.asarray(loadmat(file)["ecg"], np.float32).reshape(1, -1)
        found.append(Annotated(file.stem, values, 500.0, beats, ",".join(map(str, beats[:6]))))
    if not found:
        raise DataError(f"no strip in {folder / FOLDER / 'cpsc2019'}: the data set is missing")
    return found


def mitdb(folder: Path, name: str = "100") -> Annotated:
    """A record of the MIT-BIH arrhythmia database: two leads, 360 Hz, half an hour (format 212)."""
    file = folder / FOLDER / "mitdb" / f"{name}.dat"
    raw = np.frombuffer(_bytes(file), np.uint8).astype(np.int64).reshape(-1, 3)
    one, two = raw[:, 0] | ((raw[:, 1] & 15) << 8), raw[:, 2] | ((raw[:, 1] >> 4) << 8)
    values = np.stack([np.where(lead > 2047, lead - 4096, lead) for lead in (one, two)])
    beats, _codes = read_beats(file.with_suffix(".atr"))
    return Annotated(f"mitdb {name}", np.asarray((values - 1024) / 200, np.float32), 360.0, beats, f"mitdb {name}")


def with_rhythms(folder: Path) -> Iterator[Annotated]:
    """The records of CPSC2021: two leads, 200 Hz, with their beats; the patient is the number in the name."""
    for file in sorted((folder / FOLDER / "cpsc2021").glob("*.hea")):
        values, rate, _names = _plain(file)
        beats, _codes = read_beats(file.with_suffix(".atr"))
        yield Annotated(file.stem, values, rate, beats, "cpsc2021 " + file.stem.split("_")[1])


def pairs_of_twelve(folder: Path) -> Iterator[tuple[str, NDArray[np.float32], float, tuple[str, ...]]]:
    """The twelve-lead records of CinC2021, ten seconds at 500 Hz: name, (leads, time), rate, names of the leads."""
    for file in sorted((folder / FOLDER / "cinc2021").glob("*.hea")):
        yield (file.stem, *_plain(file))


def read_beats(file: Path) -> tuple[NDArray[np.int64], tuple[int, ...]]:
    """Samples and codes of the beats in an annotation file of the MIT format."""
    words = np.frombuffer(_bytes(file), "<u2")
    at = place = 0
    found: list[tuple[int, int]] = []
    while place < len(words):
        code, value = int(words[place]) >> 10, int(words[place]) & 1023
        place += 1
        if not code and not value:
            break
        if code == _SKIP:
            at += int(np.int32(np.uint32(int(words[place]) << 16 | int(words[place + 1]))))
            place += 2
        elif code == _TEXT:
            place += (value + 1) // 2
        elif code not in (_NUMBER, _SUBTYPE, _CHANNEL):
            at += value
            if code in _BEATS:
                found.append((at, code))
    return np.array([sample for sample, _ in found], np.int64), tuple(code for _, code in found)


def _plain(header: Path) -> tuple[NDArray[np.float32], float, tuple[str, ...]]:
    """A record of interleaved 16-bit samples, as its header says."""
    lines = header.read_text("utf-8").splitlines()
    leads, rate = int(lines[0].split()[1]), float(lines[0].split()[2])
    rows: list[list[str]] = [line.split() for line in lines[1 : leads + 1]]
    start = int(rows[0][1].partition("+")[2] or 0)
    data: Any = np.frombuffer(_bytes(header.parent / rows[0][0]), "<i2", offset=start).reshape(-1, leads).T
    gains, zeros = [], []
    for row in rows:
        gain, _, rest = row[2].partition("(")
        gains.append(float(gain.split("/")[0]))
        zeros.append(float(rest.split(")")[0]) if rest else float(row[4]))
    values = (data - np.array(zeros)[:, None]) / np.array(gains)[:, None]
    return np.asarray(values, np.float32), rate, tuple(row[-1] for row in rows)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as reason:
        raise DataError(f"cannot read {file}: {reason.strerror}") from None
