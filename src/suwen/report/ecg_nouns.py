"""What an electrocardiogram's page is made from: the recording and its reading, the paper asked for, the sheets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from suwen.diagnosis.rhythm.nouns import Place, Reading, Sign
from suwen.diagnosis.rhythm.variability import Variability
from suwen.errors import InputError
from suwen.finding import Finding
from suwen.formats.waveforms.nouns import Recording
from suwen.subject import Sex

__all__ = ["GAINS", "LAYOUTS", "SPEEDS", "WIDTH", "Cell", "Mark", "Paper", "ReadEcg", "Row", "Sheet", "marks_of"]

LAYOUTS = ("auto", "3x4", "6x2", "12x1", "strips")
SPEEDS = (25.0, 50.0)  # mm/s
GAINS = (5.0, 10.0, 20.0)  # mm/mV
WIDTH = 250.0  # mm of trace in a row: 10 s at 25 mm/s
_WHOLE = 0.8  # share of the recording from which on a place is all of it


@dataclass(frozen=True, slots=True)
class Paper:
    """The paper asked for: layout, `speed` in mm/s, `gain` in mm/mV, and the part to draw, in seconds.

    `level` says that the baseline is taken out before drawing (below 0.67 Hz); else the samples are drawn as they are.

    Raises:
        InputError: the layout, speed or gain is none of those that are drawn, or the part is no span of time.

    """

    layout: str = "auto"
    speed: float = 25.0
    gain: float = 10.0
    begin: float | None = None
    seconds: float | None = None
    level: bool = False

    def __post_init__(self) -> None:
        for name, value, known in (
            ("layout", self.layout, LAYOUTS),
            ("speed", self.speed, SPEEDS),
            ("gain", self.gain, GAINS),
        ):
            if value not in known:
                said = ", ".join(one if isinstance(one, str) else f"{one:g}" for one in known)
                raise InputError(
                    f"the {name} of an electrocardiogram's paper is one of {said}, not {value}",
                    zh=f"心电图纸的 {name} 须为 {said} 之一，而非 {value}",
                )
        if self.begin is not None and not (math.isfinite(self.begin) and self.begin >= 0):
            raise InputError(
                f"a drawing begins at a second from 0 on, not at {self.begin:g}",
                zh=f"图须从 0 秒或之后开始，而非 {self.begin:g}",
            )
        if self.seconds is not None and not (math.isfinite(self.seconds) and self.seconds > 0):
            raise InputError(
                f"a drawing lasts longer than 0 seconds, not {self.seconds:g}",
                zh=f"图的时长须大于 0 秒，而非 {self.seconds:g}",
            )

    @property
    def row(self) -> float:
        """Seconds that a row of the paper holds."""
        return WIDTH / self.speed


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign with its number on the page, its places, and whether they are only parts of the recording."""

    number: int
    sign: Sign
    places: tuple[Place, ...]
    partial: bool

    @property
    def urgency(self) -> int:
        """0 to 3, as of a finding."""
        return self.sign.urgency


@dataclass(frozen=True, slots=True, eq=False)
class ReadEcg:
    """A recording with what was read in it; `findings`, where there are any, stand in the order of the signs.

    `variability` is None where the recording is too short for it; `age` is in years. `marks` are the numbered signs.
    InputError where findings do not go with the signs.
    """

    recording: Recording
    reading: Reading
    findings: tuple[Finding, ...] = ()
    variability: Variability | None = None
    age: float | None = None
    sex: Sex | None = None
    marks: tuple[Mark, ...] = field(init=False)

    def __post_init__(self) -> None:
        if self.findings and len(self.findings) != len(self.reading.signs):
            raise InputError(
                f"{len(self.findings)} findings do not go with {len(self.reading.signs)} signs",
                zh=f"{len(self.findings)} 项所见与 {len(self.reading.signs)} 项征象不对应",
            )
        object.__setattr__(self, "marks", marks_of(self.reading, self.recording.seconds))

    @property
    def finding_of(self) -> Mapping[int, Finding]:
        """The finding of each mark, by its number."""
        by_sign = {id(sign): one for sign, one in zip(self.reading.signs, self.findings, strict=False)}
        return {mark.number: by_sign[id(mark.sign)] for mark in self.marks if id(mark.sign) in by_sign}


def marks_of(reading: Reading, seconds: float) -> tuple[Mark, ...]:
    """The signs numbered from 1, the most urgent first and else in their order; places in order of time."""
    ordered = sorted(reading.signs, key=lambda sign: -sign.urgency)
    made = []
    for number, sign in enumerate(ordered, 1):
        places = tuple(sorted(sign.places, key=lambda one: (one.begin, one.end, one.lead)))
        partial = tuple(one for one in places if one.lead or one.end - one.begin < _WHOLE * seconds)
        made.append(Mark(number, sign, partial or places, bool(partial)))
    return tuple(made)


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of one lead (its number among the samples), from `begin` to `end` in seconds of the recording."""

    lead: int
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a sheet: its cells, the height of their baseline, and the band it takes, in mm from the top."""

    cells: tuple[Cell, ...]
    y: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """A piece of paper of `height` mm with the time from `begin` to `end` on it, in seconds of the recording."""

    begin: float
    end: float
    rows: tuple[Row, ...]
    height: float
