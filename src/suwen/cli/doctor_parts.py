"""The nouns of `suwen doctor`: what was found of one part of an installation, and how grave it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from suwen.subject import Saying

__all__ = ["Check", "Grade", "fault", "good", "warning"]


class Grade(Enum):
    """How grave it is: a fault keeps something that everybody needs from working."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Check:
    """What was found of one part, and what would mend it."""

    name: str
    grade: Grade
    said: Saying
    remedy: Saying | None = None


def good(name: str, said: Saying) -> Check:
    """In order."""
    return Check(name, Grade.OK, said)


def warning(name: str, said: Saying, remedy: Saying | None = None) -> Check:
    """Works, but not for everything or not for long."""
    return Check(name, Grade.WARNING, said, remedy)


def fault(name: str, said: Saying, remedy: Saying | None = None) -> Check:
    """Does not work."""
    return Check(name, Grade.FAULT, said, remedy)
