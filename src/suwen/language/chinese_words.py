"""Words of Chinese findings, read from chinese_words.txt: parts, quantities, manifestations, sides, fillers, likes."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

__all__ = ["alike", "standard", "words"]

List = Literal[
    "body",
    "measured",
    "manifestation",
    "dependent",
    "change",
    "unmeasured",
    "alone",
    "side",
    "filler",
    "neutral",
    "ordinary",
    "diagnosis",
    "sign",
    "compound",
    "act",
    "transitive",
]


def words(*lists: List) -> frozenset[str]:
    """The words of one list or of several together; "neutral" holds the blank too."""
    found = frozenset(word for name in lists for word in _lists()[name])
    return found | {" "} if "neutral" in lists else found


@cache
def standard() -> dict[str, str]:
    """Words of which one may stand for another within an expression, each with the one both are compared by."""
    return dict(pair.split("=", 1) for pair in _lists()["standard"])


@cache
def alike() -> frozenset[tuple[str, str]]:
    """Ordered pairs of characters that are typed one for the other."""
    groups = _lists()["alike"]
    return frozenset((one, other) for group in groups for one in group for other in group if one != other)


@cache
def _lists() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    name = ""
    for line in files("suwen.language").joinpath("chinese_words.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            name = line.strip("[]")
            found[name] = []
        elif line and not line.startswith("#"):
            found[name] += line.split()
    return found
