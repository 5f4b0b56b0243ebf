"""Exact search of a library for the likest molecules, on both cores: the best k, or all above a threshold.

Molecules are sorted by their number of bits, so that those which cannot reach the threshold (Swamidass & Baldi 2007)
are never looked at; of the rest, shared bits are counted for 64 at a time (see `slices`). The best k are sought from
the query's own number of bits outwards, and the threshold rises to the k-th best likeness found so far. Nothing is
approximate: hits are those of comparing with every molecule, ties in the order in which the molecules were written.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.similarity.fingerprints import Words
from suwen.drugs.similarity.library import Library, open_library
from suwen.drugs.similarity.measures import TANIMOTO, Measure
from suwen.drugs.similarity.slices import SPAN, Bench, at_least, picked, shared_bits
from suwen.errors import InputError

__all__ = ["Hits", "search_above", "search_best", "search_many"]

_CACHE = 1_400_000  # bytes of columns added at a time: about the second cache of a core, and calls that are not short
_NARROW, _WIDE = 256, 4096  # words
_GROWTH = 16  # a span costs as much as a few thousand molecules: better few, each with more hits than are wanted
_WORTH_A_PROCESS = 100  # queries; starting a process takes as long as some of them
Span = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Hits, likest first, ties as written: numbers of molecules (hits,) and their likeness (hits,), 0 to 1."""

    numbers: NDArray[np.int64]
    likeness: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.numbers)


def search_best(
    library: Library, query: Words, k: int, *, threshold: float = 0.0, measure: Measure = TANIMOTO, workers: int = 1
) -> Hits:
    """The k likest molecules to a fingerprint (words,), of those at or above a threshold. Raises InputError.

    One thread is fast enough for a few million molecules; more pay off on larger libraries and a machine at rest.
    """
    if k < 1:
        raise InputError(f"the number of hits wanted is 1 or more, not {k}", zh=f"所需命中数须为 1 或更多，而非 {k}")
    return _Search(library, query, measure, threshold, k).run(workers)


def search_above(
    library: Library, query: Words, threshold: float, *, measure: Measure = TANIMOTO, workers: int = 1
) -> Hits:
    """All molecules whose likeness to a fingerprint (words,) is at or above a threshold. Raises InputError."""
    return _Search(library, query, measure, threshold, None).run(workers)


def search_many(
    library: Library,
    queries: Words,
    *,
    k: int | None = None,
    threshold: float = 0.0,
    measure: Measure = TANIMOTO,
    workers: int = 2,
) -> list[Hits]:
    """Hits of each query (queries, words): k of each, or all above the threshold. Raises InputError.

    Many queries are shared out to processes, which map the same library: threads would wait for one another.
    """
    if k is not None and k < 1:
        raise InputError(f"the number of hits wanted is 1 or more, not {k}", zh=f"所需命中数须为 1 或更多，而非 {k}")
    if workers < 2 or len(queries) < _WORTH_A_PROCESS * workers:
        return [_Search(library, query, measure, threshold, k).run(1) for query in queries]
    _Search(library, queries[0], measure, threshold, k)  # what is wrong with the question is said here
    parts = [(library.folder, part, measure, threshold, k) for part in np.array_split(queries, workers)]
    with ProcessPoolExecutor(workers) as pool:
        return [hits for part in pool.map(_elsewhere, parts) for hits in part]


def _elsewhere(job: tuple[Path, Words, Measure, float, int | None]) -> list[Hits]:
    folder, queries, measure, threshold, k = job
    library = open_library(folder)
    return [_Search(library, query, measure, threshold, k).run(1) for query in queries]


class _Search:
    """One query at work: what was found so far, and the likeness that a further hit must reach."""

    def __init__(self, library: Library, query: Words, measure: Measure, threshold: float, k: int | None) -> None:
        if not 0 <= threshold <= 1:
            raise InputError(
                f"a threshold of likeness is from 0 to 1, not {threshold}", zh=f"相似度阈值为 0 至 1，而非 {threshold}"
            )
        words = np.ascontiguousarray(query, np.uint64)
        if words.shape != (len(library.columns) // 64,):
            raise InputError(
                f"a query of this library ({library.kind}) has {len(library.columns) // 64} words",
                zh=f"该库（{library.kind}）的查询须有 {len(library.columns) // 64} 个字",
            )
        self.library, self.measure, self.k = library, measure, k
        bits = np.unpackbits(words.astype("<u8", copy=False).view(np.uint8), bitorder="little")
        self.query = np.flatnonzero(bits)
        self.width = int(np.clip(_CACHE // (8 * max(1, len(self.query))), _NARROW, _WIDE)) // SPAN * SPAN
        self.bounds = measure.likeness(np.minimum(len(self.query), library.heights), len(self.query), library.heights)
        self.threshold = threshold
        self.needed = (-1.0, np.zeros(0, np.int64))
        self.numbers, self.likeness = np.zeros(0, np.int64), np.zeros(0)
        self.lock = threading.Lock()

    def run(self, workers: int) -> Hits:
        early, spans = self._spans()
        self._look(iter(early))
        rest = iter(spans)  # shared: each thread takes the next span when it is done with its last
        with ThreadPoolExecutor(max(1, workers - 1)) as pool:
            others = [pool.submit(self._look, rest) for _ in range(1, min(workers, len(spans)))]
            self._look(rest)
            for other in others:
                other.result()
        return self._hits()

    def _spans(self) -> tuple[list[Span], list[Span]]:
        """Spans of words that can hold hits: for the best k growing ones that come first, then others by their bound.

        The first ones raise the threshold before much is looked at; each brings a few times the hits that are wanted.
        """
        low, high = self._reach(0, len(self.library.which))
        start = end = int(np.clip(np.searchsorted(self.library.popcounts, len(self.query)) // SPAN * SPAN, low, high))
        early: list[Span] = []
        size = max(SPAN, min(self.width, (self.k or 0) // 16 // SPAN * SPAN))
        while self.k is not None and size < self.width and end < high:
            early.append((end, min(end + size, high)))
            end, size = early[-1][1], _GROWTH * size
        ups = [(at, min(at + self.width, high)) for at in range(end, high, self.width)]
        downs = [(max(at - self.width, low), at) for at in range(start, low, -self.width)]
        which = self.library.which
        nearest = [(self.bounds[which[span[0]]], span) for span in ups]
        nearest += [(self.bounds[which[span[1] - 1]], span) for span in downs]
        return early, [span for _, span in sorted(nearest, key=lambda one: -one[0])]

    def _reach(self, low: int, high: int) -> Span:
        """The part of a span whose molecules can reach the threshold: one run, as the bound falls on both sides."""
        can = np.flatnonzero(self.bounds >= self.threshold)
        if not len(can):
            return low, low
        first, last = np.searchsorted(self.library.which, (can[0], can[-1] + 1)).tolist()
        first, last = first // SPAN * SPAN, -(-last // SPAN) * SPAN
        return max(low, first), max(low, first, min(high, last))

    def _look(self, spans: Iterator[Span]) -> None:
        bench = Bench(len(self.query), self.width)
        for span in spans:
            low, high = self._reach(*span)
            if low >= high:
                continue
            which = self.library.which[low:high]
            planes = shared_bits(self.library.columns, self.query, low, high, bench)
            places, shared = picked(at_least(planes, self._needed(), which), planes)
            if len(places):
                others = self.library.heights[which[places // 64]]
                self._keep(low * 64 + places, self.measure.likeness(shared, len(self.query), others))

    def _needed(self) -> NDArray[np.int64]:
        """Shared bits needed of molecules of each number of bits, kept until the threshold rises."""
        threshold, kept = self.threshold, self.needed
        if kept[0] != threshold:
            kept = threshold, self.measure.needed(threshold, len(self.query), self.library.heights)
            self.needed = kept
        return kept[1]

    def _keep(self, places: NDArray[np.int64], likeness: NDArray[np.float64]) -> None:
        numbers = np.asarray(self.library.order[places])
        real = numbers >= 0
        with self.lock:
            self.numbers = np.concatenate([self.numbers, numbers[real]])
            self.likeness = np.concatenate([self.likeness, likeness[real]])
            if self.k is not None and len(self.numbers) > self.k:
                least = np.partition(self.likeness, -self.k)[-self.k]
                kept = self.likeness >= least  # ties with the k-th stay: which of them is a hit is decided at the end
                self.numbers, self.likeness = self.numbers[kept], self.likeness[kept]
                self.threshold = max(self.threshold, float(least))

    def _hits(self) -> Hits:
        ranked = np.lexsort((self.numbers, -self.likeness))[: self.k]
        return Hits(self.numbers[ranked], self.likeness[ranked])
