"""Long traces with annotated episodes of fibrillation and flutter for the benchmark `rhythm`: CPSC2021, any number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.nouns import Span
from suwen.errors import DataError
from suwen.formats.waveforms import MarkKind, Recording, read_recording

__all__ = ["CLASSES", "FOLDER", "Holter", "holters"]

FOLDER = "heart/ecg/cpsc2021"
CLASSES = ("non", "paroxysmal", "persistent")  # as the headers say, numbered as the challenge does
_FIBRILLATING = frozenset({"AFIB", "AFL"})  # scored together by the challenge


@dataclass(frozen=True, slots=True, eq=False)
class Holter:
    """A trace (leads, time) in mV; seconds of annotated beats, and spans of fibrillation or flutter in seconds.

    `patient` is the number in the name of the file; `kind` the number of its class in `CLASSES`.
    """

    name: str
    patient: str
    values: NDArray[np.float32]
    rate: float
    beats: NDArray[np.float64]
    spans: tuple[Span, ...]
    kind: int

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return float(self.values.shape[1] / self.rate)


def holters(folder: Path) -> Iterator[Holter]:
    """The records of CPSC2021 in a data folder, in order of name. Raises DataError where there are none."""
    files = sorted((folder / FOLDER).glob("*.hea"))
    if not files:
        raise DataError(f"no record in {folder / FOLDER}: the data set is missing")
    for file in files:
        record = read_recording(file)
        beats = np.array([mark.sample for mark in record.marked(MarkKind.BEAT)], np.float64) / record.rate
        spans = _spans(record)
        values = np.asarray(record.samples, np.float32)
        kind = _kind(file, spans)
        yield Holter(file.stem, file.stem.split("_")[1], values, record.rate, np.unique(beats), spans, kind)


def _spans(record: Recording) -> tuple[Span, ...]:
    """From each mark of fibrillation or flutter to the next of another rhythm, or to the end."""
    found: list[Span] = []
    begin: float | None = None
    for mark in sorted(record.marked(MarkKind.RHYTHM), key=lambda one: one.sample):
        at = mark.sample / record.rate
        if mark.text in _FIBRILLATING:
            begin = at if begin is None else begin
        elif begin is not None:
            found.append((begin, at))
            begin = None
    if begin is not None:
        found.append((begin, record.seconds))
    return tuple(found)


def _kind(header: Path, spans: tuple[Span, ...]) -> int:
    """The class that the header says, else by the episodes: one that is there all the time is persistent."""
    said = header.read_text("utf-8", errors="replace").lower()
    for number, name in ((1, "paroxysmal"), (2, "persistent"), (0, "non atrial")):
        if name in said:
            return number
    return 1 if spans else 0
