"""Finding and Evidence: one claim about a subject, its chance, and the reasons for and against it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from suwen.errors import InputError
from suwen.subject import Atoms, Code, Measurement, Reference, Region, Span, Stretch

__all__ = ["Bearing", "Chance", "Evidence", "Finding", "Maker", "Seen"]

Seen = Code | Measurement | Region | Stretch | Atoms | Span


class Bearing(Enum):
    """How a piece of evidence bears on a finding. The sign of its weight agrees: supports > 0, against < 0."""

    SUPPORTS = "supports"
    SUPPORTS_NARROWER = "supports_narrower"  # what was seen is a special form of what the claim predicts
    SUPPORTS_BROADER = "supports_broader"  # what was seen is a more general form of what the claim predicts
    SUPPORTS_RELATED = "supports_related"  # what was seen only shares a parent with what the claim predicts
    SUPPORTS_EXCLUDED = "supports_excluded"  # what was looked for and absent is rarer in this claim than elsewhere
    AGAINST = "against"
    AGAINST_EXCLUDED = "against_excluded"  # what was looked for and absent is common in this claim
    NEUTRAL = "neutral"  # weight is zero, or too small to be shown with a sign


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for a finding: what was seen, how it bears on it, how strongly, and where it comes from.

    `weight` is a log10 likelihood ratio (or an attribution in log-odds / ln 10); > 0 speaks for the finding.
    """

    bearing: Bearing
    seen: Seen
    weight: float
    sentence: str
    source: str

    def __post_init__(self) -> None:
        if not math.isfinite(self.weight):
            raise InputError(
                f"an evidence weight must be finite, not {self.weight}", zh=f"证据权重须为有限数，而非 {self.weight}"
            )
        if not self.sentence.strip() or not self.source.strip():
            raise InputError(
                "evidence needs a sentence and a source; one of them is blank", zh="证据须有语句和来源；其中之一为空"
            )


@dataclass(frozen=True, slots=True)
class Chance:
    """A calibrated probability with its interval; `value` None means unknown, and unknown stays unknown.

    `calibration` says on which data, unseen in fitting, the probability was calibrated.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    calibration: str = ""

    def __post_init__(self) -> None:
        for bound in (self.value, self.low, self.high):
            if bound is not None and not 0.0 <= bound <= 1.0:
                raise InputError(f"a probability lies in 0..1, not {bound}", zh=f"概率为 0 至 1，而非 {bound}")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise InputError(
                f"the interval's low end {self.low} is above its high end {self.high}",
                zh=f"区间下限 {self.low} 高于上限 {self.high}",
            )


@dataclass(frozen=True, slots=True)
class Maker:
    """Who made a finding: a person, or a model by card name, version and digest of the data it answers from."""

    name: str
    version: str = ""
    data_digest: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim about a subject, with its chance, the evidence for it, and who made it."""

    subject: Reference
    code: Code
    chance: Chance
    evidence: tuple[Evidence, ...]
    maker: Maker
    region: Region | None = None
    reviewed_by: Maker | None = None

    def __post_init__(self) -> None:
        if not self.evidence:
            raise InputError(
                f"a finding needs at least one piece of evidence; {self.code.value} has none",
                zh=f"所见至少须有一条证据；{self.code.value} 没有",
            )
