"""Leakage by patient: examples of one group on both sides of a split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from suwen.learn.clean.nouns import Measured, Severity, Sign, Suggestion, Suspicion

__all__ = ["find_leaks"]


def find_leaks(measured: Sequence[Measured]) -> list[Suspicion]:
    """One suspicion for each group (patient, site, publication) that stands in more than one split."""
    members: dict[str, list[Measured]] = defaultdict(list)
    for one in measured:
        if one.sample.group and one.sample.split:
            members[one.sample.group].append(one)
    found = []
    for group, inside in members.items():
        splits = sorted({one.sample.split for one in inside})
        if len(splits) > 1:
            facts: dict[str, str | int | float] = {"group": group, "splits": ", ".join(splits), "n": len(inside)}
            where = tuple(one.sample.name for one in inside)
            found.append(Suspicion(Sign.LEAK, where, Severity.GRAVE, Suggestion.ONE_SIDE, float(len(inside)), facts))
    return found
