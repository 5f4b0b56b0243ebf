"""How many patients share their quasi-identifiers: a report, and leaving out those that too few share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

__all__ = ["anonymity", "crowded"]


def crowded(classes: Sequence[tuple[str, ...]], least: int) -> list[bool]:
    """For each row whether at least `least` rows have its quasi-identifiers (k-anonymity; L. Sweeney, 2002)."""
    sizes = Counter(classes)
    return [sizes[one] >= least for one in classes]


def anonymity(names: Sequence[str], classes: Sequence[tuple[str, ...]], least: int) -> dict[str, Any]:
    """The report for the manifest: which columns, how many different combinations, and how few share one."""
    sizes = Counter(classes)
    return {
        "columns": list(names),
        "classes": len(sizes),
        "k": min(sizes.values(), default=0),
        "unique": sum(size == 1 for size in sizes.values()),
        "required": least,
    }
