"""References: how a finding names its subject without carrying the record."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What kind of subject a finding is about."""

    PATIENT = "patient"
    STUDY = "study"
    SIGNAL = "signal"
    MOLECULE = "molecule"
    TARGET = "target"
    TRIAL = "trial"


@dataclass(frozen=True, slots=True)
class Reference:
    """The kind and identifier of a subject."""

    kind: Kind
    id: str
