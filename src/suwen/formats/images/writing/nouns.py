"""What results are made of before they are written: named codes, segments, outlines, measurements."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError
from suwen.subject import Code

__all__ = [
    "AI",
    "ANATOMY",
    "MORPHOLOGY",
    "SUWEN",
    "Algorithm",
    "Group",
    "Language",
    "Mark",
    "Mask",
    "Measured",
    "Outline",
    "Quality",
    "Segment",
    "SegmentReference",
    "Side",
    "Software",
    "Term",
    "Tracking",
    "Written",
]

Language = Literal["en", "zh"]
Side = Literal["right", "left", "both"]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Term:
    """A code whose label is English, and its name in Chinese: `Term(Code("SCT:39607008", "Lung"), "肺")`."""

    code: Code
    zh: str = ""

    def said(self, lang: Language) -> str:
        """Its name in a language; the other one where there is none; the code where there is neither."""
        names = (self.zh, self.code.label) if lang == "zh" else (self.code.label, self.zh)
        return next((name for name in names if name), self.code.value)


# Segmentation property categories (DICOM PS3.16 CID 7150) and an algorithm family (CID 7162)
ANATOMY = Term(Code("SCT:91723000", "Anatomical Structure"), "解剖结构")
MORPHOLOGY = Term(Code("SCT:49755003", "Morphologically Abnormal Structure"), "形态异常结构")
AI = Term(Code("DCM:123110", "Artificial Intelligence"), "人工智能")


@dataclass(frozen=True, slots=True)
class Software:
    """The device that speaks in what is written: its maker, its name and its version."""

    name: str = "Suwen"
    version: str = "unreleased"
    manufacturer: str = "Suwen"
    serial: str = "none"


SUWEN = Software()


@dataclass(frozen=True, slots=True)
class Algorithm:
    """Who drew a segment: a named algorithm with its version, alone, with a person's help, or a person by hand."""

    name: str
    version: str
    kind: Literal["AUTOMATIC", "SEMIAUTOMATIC", "MANUAL"] = "AUTOMATIC"
    family: Term = AI


@dataclass(frozen=True, slots=True)
class Tracking:
    """The name and UID by which a lesion is known in later studies, segments and reports."""

    name: str
    uid: str


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """A mask on the grid of an image (shape as its values), what it shows, and who drew it.

    `colour` is red, green, blue in 0..255: the colour a viewer is advised to use. A mask may be empty.
    """

    mask: Mask
    kind: Term
    algorithm: Algorithm
    category: Term = ANATOMY
    label: str = ""
    site: Term | None = None
    tracking: Tracking | None = None
    colour: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """A region or line on one slice, in array indices (row, column) whose whole numbers are centres of pixels.

    A polyline is closed where its last point is its first. An ellipse is given by the two ends of its long axis, then
    those of its short axis (DICOM PS3.3 C.18.6.1.2). `slice` counts from 0; a flat image has only slice 0.
    """

    points: tuple[tuple[float, float], ...]
    slice: int = 0
    kind: Literal["POLYLINE", "ELLIPSE", "POINT"] = "POLYLINE"

    def __post_init__(self) -> None:
        least = {"POLYLINE": 2, "ELLIPSE": 4, "POINT": 1}[self.kind]
        if len(self.points) < least or (self.kind != "POLYLINE" and len(self.points) != least):
            raise InputError(
                f"a region {self.kind} does not have {len(self.points)} points; give {least}",
                zh=f"区域类型 {self.kind} 不能有 {len(self.points)} 个点；须为 {least}",
            )
        if not all(math.isfinite(one) for point in self.points for one in point):
            raise InputError(
                "the points of a region are finite numbers of rows and columns", zh="区域各点须为有限的行列数值"
            )

    @property
    def closed(self) -> bool:
        """Whether it bounds an area."""
        return self.kind == "ELLIPSE" or (self.kind == "POLYLINE" and self.points[0] == self.points[-1])


@dataclass(frozen=True, slots=True)
class Mark:
    """What is drawn in a presentation state: a region or line, and words beside it."""

    outline: Outline
    text: str = ""
    tracking: Tracking | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A DICOM object that was written, by which later ones refer to it."""

    path: Path
    sop_class: str
    sop_instance: str
    series: str


@dataclass(frozen=True, slots=True)
class SegmentReference:
    """A segment of a segmentation that was written: `number` counts from 1, in the order the segments were given."""

    written: Written
    number: int


@dataclass(frozen=True, slots=True)
class Measured:
    """A measured quantity: `unit` is a UCUM code (`mm`, `mm2`, `cm3`, `%`, `1` for a ratio; `HU` is understood).

    `derivation` says how it was taken from many (mean, standard deviation); `line` is where it was taken.
    """

    kind: Term
    value: float
    unit: str
    derivation: Term | None = None
    line: Outline | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise InputError(
                f"{self.kind.code.value} has no finite value; leave out what could not be measured",
                zh=f"{self.kind.code.value} 没有有限的数值；无法测量的请省略",
            )


@dataclass(frozen=True, slots=True)
class Quality:
    """A question about a finding and its answer, both coded: margin, spiculated."""

    question: Term
    answer: Term


@dataclass(frozen=True, slots=True)
class Group:
    """All that is reported of one finding: what and where it is, its region, its measurements and qualities."""

    finding: Term
    site: Term | None = None
    laterality: Side | None = None
    region: Outline | SegmentReference | None = None
    measured: tuple[Measured, ...] = ()
    qualities: tuple[Quality, ...] = ()
    tracking: Tracking | None = None
    algorithm: Algorithm | None = None
