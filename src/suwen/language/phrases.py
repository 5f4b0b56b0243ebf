"""Finds which of many phrases occur in a text, by their first two characters, or end at a place of it.

Plain arrays instead of an Aho-Corasick library: no further dependency, built in a fraction of a second, and quick
because few pairs of characters begin a phrase.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

__all__ = ["Endings", "Phrases"]

_BITS = 22
_FACTOR = np.uint32(2654435761)  # Knuth's multiplicative hash (The Art of Computer Programming 3, 6.4)


class Phrases:
    """Phrases of two characters or more; shorter ones are left out."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = frozenset(phrase for phrase in phrases if len(phrase) > 1)
        lengths: dict[str, set[int]] = defaultdict(set)
        for phrase in self._phrases:
            lengths[phrase[:2]].add(len(phrase))
        self._lengths = {head: tuple(sorted(found, reverse=True)) for head, found in lengths.items()}
        self._heads = np.zeros(1 << _BITS, bool)
        for head in self._lengths:
            self._heads[_hashes(head)] = True

    def __contains__(self, phrase: str) -> bool:
        return phrase in self._phrases

    def find(self, text: str) -> list[tuple[int, int]]:
        """Spans of the longest phrase at each place where one begins, in ascending order; they may overlap."""
        if len(text) < 2:
            return []
        found = []
        for start in np.flatnonzero(self._heads[_hashes(text)]).tolist():
            for length in self._lengths.get(text[start : start + 2], ()):
                phrase = text[start : start + length]
                if phrase in self._phrases:
                    found.append((start, start + len(phrase)))  # at the end of the text it may be a shorter one
                    break
        return found


class Endings:
    """Words looked up by where they end."""

    def __init__(self, known: frozenset[str]) -> None:
        self._known = known
        lengths: dict[str, set[int]] = {}
        for word in known:
            lengths.setdefault(word[-1], set()).add(len(word))
        self._lengths = {last: tuple(sorted(found, reverse=True)) for last, found in lengths.items()}

    def longest(self, text: str, end: int) -> str:
        """The longest known word that ends at a place, "" for none."""
        for length in self._lengths.get(text[end - 1], ()) if end else ():
            if length <= end and text[end - length : end] in self._known:
                return text[end - length : end]
        return ""


def _hashes(text: str) -> np.ndarray:
    """A number below 2**22 for each pair of neighbouring characters."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    mixed: np.ndarray = ((codes[:-1] * np.uint32(31337) + codes[1:]) * _FACTOR) >> np.uint32(32 - _BITS)
    return mixed
