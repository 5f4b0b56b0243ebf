"""A quick look which of many patterns a molecule could contain, so that only those are searched for atom by atom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Screen", "fingerprint"]


_WORDS = 32  # 2,048 bits


class Screen:
    """Patterns by their pattern fingerprint: every bit of a pattern is set in each molecule that contains it."""

    def __init__(self, patterns: Sequence[Any]) -> None:
        """`patterns` are RDKit's query molecules; None can always be contained."""
        self._bits = np.zeros((len(patterns), _WORDS), np.uint64)
        for row, pattern in zip(self._bits, patterns, strict=True):
            if pattern is not None:
                row[:] = fingerprint(pattern)

    def possible(self, molecule: NDArray[np.uint64]) -> list[int]:
        """Numbers of the patterns that a molecule of this fingerprint may contain; the others it surely does not."""
        return [int(one) for one in np.flatnonzero(~(self._bits & ~molecule).any(axis=1))]


def fingerprint(structure: Any) -> NDArray[np.uint64]:
    """RDKit's pattern fingerprint of a molecule or pattern, 2,048 bits as 32 words."""
    from rdkit.Chem import PatternFingerprint  # noqa: PLC0415
    from rdkit.DataStructs import BitVectToBinaryText  # noqa: PLC0415

    return np.frombuffer(BitVectToBinaryText(PatternFingerprint(structure)), np.uint64)
