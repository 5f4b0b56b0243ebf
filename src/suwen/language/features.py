"""From mentions to the features of a patient: which count, and what a text says both ways."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from suwen.language.nouns import Kind, Mention, Status
from suwen.subject import Feature, Span

__all__ = ["Read", "to_features"]

# What was so and is over is a feature of the disease all the same; what is feared, planned or of a relative is not.
_PRESENT = frozenset({Status.PRESENT, Status.PAST})
_COUNTS = frozenset({Kind.PHENOTYPE, Kind.LAB, Kind.VITAL})


@dataclass(frozen=True, slots=True)
class Read:
    """The features that a text gives, and codes that it says both of: present in one place and absent in another."""

    features: tuple[Feature, ...]
    both: tuple[str, ...] = ()


def to_features(mentions: Iterable[Mention], document: str) -> Read:
    """Each code once, at its first mention. Of one that is stated present and absent the presence counts.

    `document` names the text in the spans. Mentions of relatives, possibilities, conditions and plans do not count, nor
    do values that are doubted.
    """
    present: dict[str, Feature] = {}
    absent: dict[str, Feature] = {}
    for one in mentions:
        if one.kind not in _COUNTS or one.about != "patient" or one.question or one.code.system != "HP":
            continue
        if one.status in _PRESENT:
            present.setdefault(one.code.value, _feature(one, document, excluded=False))
        elif one.status is Status.ABSENT:
            absent.setdefault(one.code.value, _feature(one, document, excluded=True))
    both = tuple(code for code in absent if code in present)
    kept = [feature for code, feature in absent.items() if code not in present]
    return Read((*present.values(), *kept), both)


def _feature(one: Mention, document: str, *, excluded: bool) -> Feature:
    onset = one.when.age_years if one.when is not None and not excluded else None
    span = Span(document, one.start, one.end, one.text)
    return Feature(one.code, excluded, onset, f"{document}:{one.start}-{one.end}", span)
