"""Nouns of reading a chest radiograph: shadows, signs, the clinical context, and sentences in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from suwen.errors import InputError
from suwen.imaging.chest.nouns import Mask, Side
from suwen.subject import Code, Region, Saying, Sex

__all__ = [
    "Context",
    "Density",
    "Judged",
    "Margin",
    "Number",
    "Setting",
    "Shadow",
    "Shape",
    "Sign",
    "Size",
    "Zone",
]


class Judged(Enum):
    """What was found of a feature; what could not be measured is never taken for absent."""

    PRESENT = "present"
    ABSENT = "absent"
    NOT_JUDGED = "not judged"


class Zone(Enum):
    """Thirds of the height of a lung, from the apex; they are not lobes, which overlap in a frontal view."""

    UPPER = "upper"
    MIDDLE = "middle"
    LOWER = "lower"


class Shape(Enum):
    """Outline of a shadow; LOBAR also covers segments: one piece that fills a third of a lung or reaches its border."""

    ROUND = "round"
    OVAL = "oval"
    IRREGULAR = "irregular"
    BAND = "band"
    LOBAR = "lobar or segmental"
    PATCHY = "patchy"


class Margin(Enum):
    """Edge of a shadow, by the measured distance over which it fades."""

    SHARP = "sharp"
    ILL_DEFINED = "ill-defined"
    NOT_JUDGED = "not judged"


class Density(Enum):
    """How white a shadow is against the lung, the heart and the ribs of the same image."""

    FAINT = "faint"
    DENSE = "dense"
    CALCIFIED = "calcified"


class Number(Enum):
    """How many shadows there are beside this one."""

    SOLITARY = "solitary"
    MULTIPLE = "multiple"
    DIFFUSE = "diffuse"


class Setting(Enum):
    """Where the patient was seen, which decides how common a disease is before the image is looked at."""

    SCREENING = "screening"
    OUTPATIENT = "outpatient with respiratory symptoms"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Size:
    """Extent of a shadow: the share of its lung always, and lengths only where the grid has a scale.

    `long_mm` is the longest diameter, `short_mm` the longest across it. On a projection measured at the detector the
    body is magnified: then lengths are upper bounds.
    """

    share: float
    long_mm: float | None = None
    short_mm: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Shadow:
    """One abnormal shadow. `mask` lies on the grid of the image; fractions are of the height or width of its lung.

    `perihilar` is the distance of its centre from the hilum over the height of the lung. `excess` is its mean density
    above what is expected there, on a scale on which clear lung is 0 and the heart of the same image 1. `edge` is the
    distance over which its edge fades, over the height of the lung. `strength` is the peak of what it was detected by,
    in standard deviations of clear lungs; `certainty` 0..1 is the share of shadows this strong that are not found in
    radiographs without finding.
    """

    mask: Mask
    region: Region
    side: Side
    zone: Zone
    zones: tuple[Zone, ...]
    apical: bool
    perihilar: float
    pleural: bool
    costophrenic: bool
    size: Size
    shape: Shape
    margin: Margin
    edge: float | None
    density: Density
    excess: float
    homogeneous: bool
    cavity: Judged
    calcification: Judged
    air_bronchogram: Judged
    mirrored: bool
    number: Number
    nodular: bool
    strength: float
    certainty: float


@dataclass(frozen=True, slots=True)
class Sign:
    """A radiological sign: looked for by a measured criterion, or not judged, and why (`basis`).

    `shadow` is the number of the shadow it was read from; signs of one shadow are not independent.
    """

    name: str
    code: Code
    state: Judged
    basis: Saying
    side: Side | None = None
    value: float | None = None
    region: Region | None = None
    shadow: int | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the patient beside the image; all of it may be unknown.

    `present` and `absent` are HPO codes of symptoms that were asked for. Raises InputError for an age outside 0..130
    and for a symptom both present and absent.
    """

    age_years: float | None = None
    sex: Sex = Sex.UNKNOWN
    present: frozenset[str] = field(default_factory=frozenset)
    absent: frozenset[str] = field(default_factory=frozenset)
    smoker: bool | None = None  # now or ever
    cancer_history: bool | None = None  # outside the chest, more than five years ago (Swensen 1997)
    setting: Setting | None = None
    prevalence: Mapping[str, float] = field(default_factory=dict)  # by HPO code of the disease, where the user knows it

    def __post_init__(self) -> None:
        if self.age_years is not None and not (np.isfinite(self.age_years) and 0 <= self.age_years <= 130):
            raise InputError(
                f"an age lies between 0 and 130 years, not {self.age_years}",
                zh=f"年龄应在 0 至 130 岁之间，而非 {self.age_years}",
            )
        wrong = [code for code, share in self.prevalence.items() if not 0 < share < 1]
        if wrong:
            raise InputError(
                f"a prevalence lies between 0 and 1, both excluded; wrong for {', '.join(sorted(wrong))}",
                zh=f"患病率应大于 0 且小于 1；有误者：{'、'.join(sorted(wrong))}",
            )
        both = self.present & self.absent
        if both:
            raise InputError(
                f"a symptom is present or absent, not both: {', '.join(sorted(both))}",
                zh=f"症状不能既有又无：{'、'.join(sorted(both))}",
            )
