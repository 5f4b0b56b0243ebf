"""What cleaning speaks of: samples as read, what was measured on them, suspicions, and the cleaning itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Array",
    "Cleaning",
    "Form",
    "Holding",
    "Loaded",
    "MaskFacts",
    "Measured",
    "Remark",
    "Sample",
    "Severity",
    "Sign",
    "Suggestion",
    "Suspicion",
]

Array = NDArray[Any]
Facts = Mapping[str, str | int | float]


class Form(Enum):
    """What an example is."""

    IMAGES = "images"  # (height, width)
    VOLUMES = "volumes"  # (x, y, z) as stored
    SIGNALS = "signals"  # (channels, time)
    TABLES = "tables"  # (features,)


class Severity(Enum):
    """How much it matters, gravest first."""

    GRAVE = "grave"  # training or measuring with it is wrong
    NOTABLE = "notable"  # needs a remedy or a decision
    HINT = "hint"  # worth a look; may well be right

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return list(Severity).index(self)


class Sign(Enum):
    """What is suspicious, in the order in which it is shown."""

    UNREADABLE = "unreadable"
    MISMATCHED = "mismatched"  # image and label disagree in shape or position
    NO_LABEL = "no_label"
    NO_IMAGE = "no_image"  # a label without what it labels
    NOT_FINITE = "not_finite"
    CONSTANT = "constant"
    LEAK = "leak"  # one patient on both sides of a split
    DUPLICATE = "duplicate"
    NEAR_DUPLICATE = "near_duplicate"
    LABEL = "label"  # the label is probably wrong
    SCALE = "scale"  # wild intensities
    SPIKE = "spike"  # single values far above the rest of an example
    SPACING = "spacing"
    ORIENTATION = "orientation"
    EMPTY_MASK = "empty_mask"
    UNKNOWN_CLASS = "unknown_class"
    MISSING_CLASS = "missing_class"
    MASK_SIZE = "mask_size"
    FRAGMENT = "fragment"
    GIVES_AWAY = "gives_away"  # a column that is the label in other words
    CONFOUNDER = "confounder"
    OUTLIER = "outlier"


class Suggestion(Enum):
    """What a person may do about it; cleaning does none of it."""

    EXCLUDE = "exclude"
    REPAIR = "repair"
    LABEL = "label"
    RELABEL = "relabel"
    ONE_SIDE = "one_side"
    KEEP_ONE = "keep_one"
    NORMALISE = "normalise"
    RESAMPLE = "resample"
    REORIENT = "reorient"
    DROP_COLUMN = "drop_column"
    STRATIFY = "stratify"
    LOOK = "look"


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One suspicion: which examples, why, how grave, how sure, what to do.

    `facts` are the numbers and names of the sentence a report writes in its language. `score` orders suspicions of one
    sign, larger is more suspicious. `proposed` is the label that is proposed, never applied without a person.
    """

    sign: Sign
    where: tuple[str, ...]
    severity: Severity
    suggestion: Suggestion
    score: float = 0.0
    facts: Facts = field(default_factory=dict)
    proposed: str | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """Something a reader must know about the cleaning itself: a check that was not possible, or what it is worth."""

    key: str
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """One example as its folder names it. Several labels of one example stand in `label` with | between them."""

    name: str
    label: str | None = None
    group: str = ""
    split: str = ""
    file: Path | None = None
    attributes: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The values of one example, and of its mask; `spacing` in mm along the stored axes, `axes` as in "RAS"."""

    values: Array
    mask: Array | None = None
    spacing: tuple[float, ...] = ()
    axes: str = ""
    gap: float = 0.0  # mm: how far a corner of the mask lies from the same corner of the image


@dataclass(frozen=True, slots=True)
class Holding:
    """What a folder holds. `load(i)` reads sample i, raising FormatError or DataError; `found` is what reading met."""

    form: Form
    source: str
    samples: tuple[Sample, ...]
    load: Callable[[int], Loaded]
    found: tuple[Suspicion, ...] = ()
    features: tuple[str, ...] = ()
    masks: bool = False  # labels are masks
    orphans: tuple[str, ...] = ()  # labels without an example
    remarks: tuple[Remark, ...] = ()

    @property
    def several(self) -> bool:
        """An example may have several labels."""
        return any("|" in (one.label or "") for one in self.samples)


@dataclass(frozen=True, slots=True)
class MaskFacts:
    """What was measured on a mask: voxels of each class above 0, and its small separate pieces."""

    shape: tuple[int, ...]
    gap: float
    voxels: Mapping[int, int]
    whole: bool  # all values are integers
    pieces: Mapping[int, tuple[int, ...]]  # voxels of each connected component of a class, largest first


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured on one example in the single pass over the data."""

    sample: Sample
    digest: str  # SHA-256 of the file, or of the row of an array
    content: str = ""  # SHA-256 of the decoded values
    shape: tuple[int, ...] = ()
    spacing: tuple[float, ...] = ()
    axes: str = ""
    quantiles: tuple[float, float, float] = (0.0, 0.0, 0.0)  # 1 %, 50 %, 99 % of the finite values
    extremes: tuple[float, float] = (0.0, 0.0)
    finite: float = 1.0  # share of the values
    bits: Array = field(default_factory=lambda: np.zeros(0, bool))  # perceptual hash
    sketch: Array = field(default_factory=lambda: np.zeros(0, np.float32))  # small copy, mean 0 and variance 1
    texture: Array = field(default_factory=lambda: np.zeros(0, np.float32))  # histograms of gradients, or a spectrum
    mask: MaskFacts | None = None
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Cleaning:
    """The result: everything suspicious about a data set, gravest first; the data themselves are untouched."""

    form: Form
    source: str
    measured: tuple[Measured, ...]
    suspicions: tuple[Suspicion, ...]
    remarks: tuple[Remark, ...] = ()
    orphans: tuple[str, ...] = ()

    def of(self, sign: Sign) -> tuple[Suspicion, ...]:
        """The suspicions of one sign, most suspicious first."""
        return tuple(one for one in self.suspicions if one.sign is sign)
