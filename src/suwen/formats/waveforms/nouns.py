"""Recordings of the electrocardiogram as they come in: samples in millivolts by lead, marks, and what was noticed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError, NotFoundError, Problem

__all__ = ["Mark", "MarkKind", "Recording"]


class MarkKind(Enum):
    """What a mark speaks of."""

    BEAT = "beat"
    RHYTHM = "rhythm"
    WAVE = "wave"
    QUALITY = "quality"
    MEASUREMENT = "measurement"
    STATEMENT = "statement"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Mark:
    """An annotation of a file: where it starts, what it is, and its text.

    `sample` counts from the first sample of the recording; `until` is the sample where it ends, where the file says
    so. The text of a beat is its MIT code ("N", "V", "A", ...), of a rhythm its MIT name without the bracket ("AFIB"),
    of a wave "P", "QRS", "T" or a bracket of the MIT format, of a measurement its name, value and unit, of a statement
    a code such as one of SNOMED CT. Free text is never kept, for it may name the patient. `lead` is "" for all leads.
    """

    sample: int
    kind: MarkKind
    text: str = ""
    lead: str = ""
    until: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One recording: `samples` (leads, time) float32 in mV, read-only, NaN where a sample is missing.

    `id` is a digest of leads, rate and samples, as file names often name the patient. `leads` are names in standard
    spelling (I, II, III, aVR, aVL, aVF, V1-V9, V3R-V7R, X, Y, Z, MLII, ...), each once. `rate` is in samples a second.
    `start` is in seconds from the start of the file's own clock, never a date. `acquired` are technical facts (format,
    device, filters), never such as name the patient. `noticed` says what a reader must know.
    """

    id: str
    leads: tuple[str, ...]
    rate: float
    samples: NDArray[np.float32]
    start: float = 0.0
    annotations: tuple[Mark, ...] = ()
    acquired: tuple[tuple[str, str], ...] = ()
    noticed: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or len(self.samples) != len(self.leads):
            raise InputError(
                f"{len(self.leads)} leads do not name samples of the shape {self.samples.shape}",
                zh=f"{len(self.leads)} 个导联与形状为 {self.samples.shape} 的采样数据不符",
            )
        if self.samples.dtype != np.float32:
            raise InputError(
                f"samples are float32 in mV, not {self.samples.dtype}",
                zh=f"采样值须为以 mV 计的 float32，而非 {self.samples.dtype}",
            )
        if len(set(self.leads)) != len(self.leads):
            raise InputError("every lead of a recording has a name of its own", zh="记录的各导联须有各自的名称")
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise InputError(
                f"a rate is a number of samples a second above 0, not {self.rate}",
                zh=f"采样率须为大于 0 的每秒采样点数，而非 {self.rate}",
            )
        self.samples.flags.writeable = False

    @property
    def seconds(self) -> float:
        """How long the recording is."""
        return float(self.samples.shape[1] / self.rate)

    def lead(self, name: str) -> NDArray[np.float32]:
        """The samples of one lead, shape (time,), in mV; NotFoundError where it was not recorded."""
        if name not in self.leads:
            raise NotFoundError(
                f"there is no lead {name}; there are {', '.join(self.leads)}",
                zh=f"没有导联 {name}；有 {'、'.join(self.leads)}",
            )
        found: NDArray[np.float32] = self.samples[self.leads.index(name)]
        return found

    def marked(self, kind: MarkKind) -> tuple[Mark, ...]:
        """The marks of one kind, in their order."""
        return tuple(mark for mark in self.annotations if mark.kind is kind)
