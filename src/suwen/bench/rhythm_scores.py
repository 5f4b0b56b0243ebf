"""How well found episodes fit annotated ones: ANSI/AAMI EC57, and the score of the challenge CPSC2021."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from suwen.bench.rhythm_traces import CLASSES, Holter
from suwen.diagnosis.rhythm.nouns import Span

__all__ = ["Judged", "auroc", "challenge", "class_of", "joined", "judged", "rates_of", "with_intervals"]

_WHOLE = 0.95  # of the time, from which fibrillation is called persistent
# what the challenge gives for a class (rows: true non, paroxysmal, persistent; columns: said)
_CLASS = np.array([[1, -1, -0.5], [-2, 1, 0], [-1, 0, 1]])
_FEWEST = 5  # beats between two episodes (CPSC2021)


@dataclass(frozen=True, slots=True)
class Judged:
    """Counts of one trace: episodes annotated, of these found, said, of these right; the same in seconds; borders.

    `borders` are distances in beats of begins and ends of the episodes that were found.
    """

    patient: str
    annotated: int
    found: int
    said: int
    right: int
    annotated_time: float
    said_time: float
    shared_time: float
    borders: tuple[int, ...]
    classes: tuple[int, int]
    points: float


def joined(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Spans in order, those that overlap or touch as one."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return tuple(found)


def judged(trace: Holter, spans: Sequence[Span]) -> Judged:
    """Episodes of one trace against its annotation. An episode is found, or right, where any of the others overlaps."""
    shared = sum(_overlap(one, other) for one in trace.spans for other in spans)
    return Judged(
        trace.patient,
        len(trace.spans),
        _touched(trace.spans, spans),
        len(spans),
        _touched(spans, trace.spans),
        sum(end - begin for begin, end in trace.spans),
        sum(end - begin for begin, end in spans),
        shared,
        _borders(trace, spans),
        (trace.kind, class_of(spans, trace.seconds)),
        challenge(trace, spans),
    )


def class_of(spans: Sequence[Span], seconds: float) -> int:
    """Number in `CLASSES`: none, persistent where fibrillation is there nearly all the time, else paroxysmal."""
    if not spans:
        return CLASSES.index("non")
    whole = sum(end - begin for begin, end in spans) >= _WHOLE * seconds
    return CLASSES.index("persistent" if whole else "paroxysmal")


def challenge(trace: Holter, spans: Sequence[Span]) -> float:
    """Points of one trace: for its class, and 1 for a border within one beat, 0.5 within two (score_2021, CPSC2021).

    As in the challenge, the sum over borders is multiplied by annotated over said episodes where more were said, the
    rows that are counted are beats and marks together, and in persistent fibrillation everything before the second
    beat is a right begin, and everything after the last but one a right end.
    """
    points = float(_CLASS[trace.kind, class_of(spans, trace.seconds)])
    if not trace.spans or not spans:
        return points
    rows = np.sort(np.concatenate([trace.beats, [at for span in trace.spans for at in span]]))
    borders = 0.0
    for begin, end in spans:
        borders += sum(_near(rows, begin, first, (-1, 2), trace.kind == 2, False) for first, _ in trace.spans)
        borders += sum(_near(rows, end, last, (-2, 1), False, trace.kind == 2) for _, last in trace.spans)
    return points + borders * min(1.0, len(trace.spans) / len(spans))


def _near(
    rows: NDArray[np.float64], said: float, true: float, full: tuple[int, int], before: bool, after: bool
) -> float:
    """1 within the rows `full` around the true border, 0.5 one row further; open to a side where it says so."""
    at = int(np.searchsorted(rows, true))
    low, high = at + full[0], at + full[1]

    def row(number: int) -> float:
        return -np.inf if number <= 0 else np.inf if number >= len(rows) - 1 else float(rows[number])

    if (before or said >= row(low)) and (after or said < row(high)):
        return 1.0
    return 0.5 if row(low - 1) <= said < row(high + 1) else 0.0


def _overlap(one: Span, other: Span) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))


def _touched(spans: Sequence[Span], others: Sequence[Span]) -> int:
    return sum(any(_overlap(one, other) > 0 for other in others) for one in spans)


def _borders(trace: Holter, spans: Sequence[Span]) -> tuple[int, ...]:
    """Distances in beats of begin and end of every episode that was found, those at the ends of the trace left out."""
    found: list[int] = []
    for begin, end in trace.spans:
        own = [one for one in spans if _overlap(one, (begin, end)) > 0]
        for true, said in ((begin, own[0][0]), (end, own[-1][1])) if own else ():
            if trace.beats[0] < true < trace.beats[-1]:
                found.append(abs(int(np.searchsorted(trace.beats, said)) - int(np.searchsorted(trace.beats, true))))
    return tuple(found)


def rates_of(cases: Sequence[Judged]) -> dict[str, float]:
    """The figures of all traces together (gross statistics of EC57); 1 where there is nothing to be found or said."""
    total = {name: sum(getattr(one, name) for one in cases) for name in _SUMS}
    borders = np.array([at for one in cases for at in one.borders], np.int64)
    found = {
        "af.sensitivity": _share(total["found"], total["annotated"]),
        "af.ppv": _share(total["right"], total["said"]),
        "af.duration.sensitivity": _share(total["shared_time"], total["annotated_time"]),
        "af.duration.ppv": _share(total["shared_time"], total["said_time"]),
        "af.class.accuracy": _share(sum(one.classes[0] == one.classes[1] for one in cases), len(cases)),
        "af.challenge": _share(sum(one.points for one in cases), len(cases)),
        "af.episodes": float(total["annotated"]),
        "af.said": float(total["said"]),
        "af.false": float(total["said"] - total["right"]),
    }
    if len(borders):
        found |= {f"af.borders.within{beats}": float((borders <= beats).mean()) for beats in (1, 2)}
    return found


_SUMS = ("annotated", "found", "said", "right", "annotated_time", "said_time", "shared_time")


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else 1.0


def with_intervals(cases: Sequence[Judged], rng: np.random.Generator, *, times: int = 1000) -> dict[str, float]:
    """The figures, and of sensitivity and PPV the 95 % interval by drawing patients again (percentile bootstrap)."""
    by_patient: dict[str, list[Judged]] = {}
    for one in cases:
        by_patient.setdefault(one.patient, []).append(one)
    groups = list(by_patient.values())
    names = ("af.sensitivity", "af.ppv", "af.duration.sensitivity", "af.duration.ppv")
    drawn = []
    for _ in range(times):
        some = [one for at in rng.integers(0, len(groups), len(groups)) for one in groups[int(at)]]
        figures = rates_of(some)
        drawn.append([figures[name] for name in names])
    low, high = np.quantile(np.array(drawn), [0.025, 0.975], axis=0)
    found: Mapping[str, float] = {
        f"{name}.{side}": float(value)
        for side, values in (("low", low), ("high", high))
        for name, value in zip(names, values, strict=True)
    }
    return rates_of(cases) | dict(found) | {"af.patients": float(len(groups))}


def auroc(truth: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """Area under the curve by ranks, ties halved (Mann & Whitney 1947); 0.5 where there is but one class."""
    positive, negative = int(truth.sum()), int((~truth).sum())
    if not positive or not negative:
        return 0.5
    values, place, count = np.unique(score, return_inverse=True, return_counts=True)
    edges = np.concatenate([[0], np.cumsum(count)])
    ranks = np.array([(first + last + 1) / 2 for first, last in pairwise(edges.tolist())])[place]
    above = float(ranks[truth].sum()) - positive * (positive + 1) / 2
    return above / (positive * negative) if len(values) else 0.5
