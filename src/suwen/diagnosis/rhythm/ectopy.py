"""Premature beats and what they form: pairs, by turns with usual beats, and runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.citations import OWN, VENTRICULAR
from suwen.diagnosis.rhythm.nouns import Place, Seen, Sign
from suwen.subject import Saying

__all__ = ["premature", "runs_of", "turns_of", "wide_tachycardia"]

_RUN = Saying(
    "three or more beats from the ventricles in a row above 100 a minute; sustained from 30 s",
    "连续 3 个或以上室性搏动，频率高于 100 次/分；持续 ≥30 秒为持续性",
)
_WIDE = Saying(
    "even, above 100 a minute, QRS of 120 ms or more, no P before it: ventricular until shown otherwise",
    "规则、高于 100 次/分、QRS 波 ≥120 ms 且其前无 P 波：未排除前按室性处理",
)
_WORTH = 0.55  # quality of the best lead, above which a beat is named
_EARLY = {
    "V": Saying(
        "early by an eighth of RR or more, QRS wide and of another shape than the usual one",
        "提前至少 1/8 RR，QRS 波增宽、形态与基本心搏不同",
    ),
    "S": Saying(
        "early by an eighth of RR or more, QRS of the usual shape; not counted within fibrillation or flutter",
        "提前至少 1/8 RR，QRS 波形态同基本心搏；房颤、房扑时段不计",
    ),
}
_PATTERNS = {
    "bigeminy": Saying("each usual beat followed by a ventricular one, three times in a row or more",
                       "每个基本心搏后跟随 1 个室性早搏，连续 3 组或以上"),
    "trigeminy": Saying("two usual beats and a ventricular one by turns, three times in a row or more",
                        "每 2 个基本心搏后跟随 1 个室性早搏，连续 3 组或以上"),
    "couplet": Saying("two ventricular beats in a row", "连续 2 个室性早搏"),
    "vt": _RUN,
    "idioventricular": Saying("three or more beats from the ventricles in a row, at most 100 a minute",
                              "连续 3 个或以上室性搏动，频率不超过 100 次/分"),
    "atrial_run": Saying("three or more premature atrial beats in a row", "连续 3 个或以上房性早搏"),
}  # fmt: skip
_TURNS = 3  # times in a row, from which it is no chance
Run = tuple[int, int]  # numbers of the first beat and of the last


def premature(seen: Seen) -> Iterator[Sign]:
    """Premature beats of the ventricles and of the atria, each where it is, and the patterns they form."""
    if wide_tachycardia(seen):
        yield Sign("vt", _figures(seen, ((0, len(seen.kinds) - 1),)), (seen.whole,), VENTRICULAR, _WIDE)
        return
    runs = _clear_runs(seen, "V", 3)
    yield from _single(seen, "V", "pvc", [one for one in runs if _rate(seen, one) > 100])
    yield from _turns(seen)
    yield from _runs(seen, "couplet", [one for one in _clear_runs(seen, "V", 2) if one[1] == one[0] + 1])
    yield from _runs(seen, "vt", [one for one in runs if _rate(seen, one) > 100])
    slow = [one for one in runs if _rate(seen, one) <= 100 and not seen.atria.apart]
    yield from _runs(seen, "idioventricular", slow)
    yield from _single(seen, "S", "pac", [])
    atrial = [one for one in _clear_runs(seen, "S", 3) if not _fibrillates(seen, one[0])]
    yield from _runs(seen, "atrial_run", atrial)


def runs_of(kinds: Sequence[str], kind: str, least: int) -> list[Run]:
    """First and last number of every unbroken run of at least so many beats of a kind."""
    there = np.concatenate([[False], np.array([one == kind for one in kinds], bool), [False]])
    edges = np.flatnonzero(np.diff(there.astype(np.int8)))
    return [(int(a), int(b) - 1) for a, b in edges.reshape(-1, 2) if b - a >= least]


def _clear_runs(seen: Seen, kind: str, least: int) -> list[Run]:
    """Runs that stand where a lead is good enough: noise has every shape, and an alarm of it helps nobody."""
    return [
        run for run in runs_of(seen.kinds, kind, least) if all(_clear(seen, at) for at in range(run[0], run[1] + 1))
    ]


def _clear(seen: Seen, number: int) -> bool:
    """Whether in the second of the beat some lead is worth more than half."""
    index = seen.quality.index
    second = min(int(seen.beats.seconds[number]), index.shape[1] - 1)
    return second < 0 or float(index[:, second].max()) > _WORTH


def wide_tachycardia(seen: Seen) -> bool:
    """Whether the whole trace is fast and even with wide QRS and no P waves before them: VT until shown otherwise.

    AHA/ACC/HRS 2017: a regular tachycardia above 100 a minute with QRS from 120 ms is taken for ventricular.
    """
    rate, qrs = seen.measured.rate, seen.measured.qrs
    if rate is None or qrs is None or rate <= 100 or qrs < 120 or len(seen.kinds) < 8 or seen.atria.fibrillation:
        return False
    rr = seen.beats.intervals
    even = float(np.median(np.abs(np.diff(rr)))) < 0.08 * float(np.median(rr)) and seen.quality.leads.max() > _WORTH
    return bool(even and np.isfinite(seen.found.p_peak).mean() < 0.3)


def _single(seen: Seen, kind: str, key: str, apart_from: Sequence[Run]) -> Iterator[Sign]:
    """Beats of a kind, those of certain runs left out; of atrial ones those within fibrillation too."""
    left = {at for first, last in apart_from for at in range(first, last + 1)}
    where = [
        at
        for at, one in enumerate(seen.kinds)
        if one == kind and at not in left and _clear(seen, at) and not (kind == "S" and _fibrillates(seen, at))
    ]
    if where:
        figures = {"count": float(len(where)), "percent": 100 * len(where) / len(seen.kinds)}
        yield Sign(key, figures, tuple(seen.beat(at) for at in where), OWN, _EARLY[kind])


def _turns(seen: Seen) -> Iterator[Sign]:
    """Ventricular beats by turns with one usual beat each (bigeminy), or with two (trigeminy)."""
    line = "".join("V" if one == "V" else "N" for one in seen.kinds)
    for key, unit in (("bigeminy", "NV"), ("trigeminy", "NNV")):
        yield from _runs(seen, key, turns_of(line, unit))


def turns_of(line: str, unit: str) -> list[Run]:
    """Where a unit stands so often in a row that it is no chance, from its first beat to its last."""
    found: list[Run] = []
    at = line.find(unit)
    while at >= 0:
        end = at
        while line.startswith(unit, end):
            end += len(unit)
        if (end - at) // len(unit) >= _TURNS:
            found.append((at, end - 1))
        at = line.find(unit, end)
    return found


def _runs(seen: Seen, key: str, runs: Sequence[Run]) -> Iterator[Sign]:
    if runs:
        places = tuple(Place(seen.beat(first).begin, seen.beat(last).end) for first, last in runs)
        source = VENTRICULAR if key in ("vt", "couplet", "idioventricular") else OWN
        yield Sign(key, _figures(seen, runs), places, source, _PATTERNS[key])


def _figures(seen: Seen, runs: Sequence[Run]) -> dict[str, float]:
    """Count of runs, beats and seconds of the longest, and its rate."""
    long = max(runs, key=lambda one: one[1] - one[0])
    seconds = seen.beats.seconds
    figures = {
        "count": float(len(runs)),
        "beats": float(long[1] - long[0] + 1),
        "longest": float(seconds[long[1]] - seconds[long[0]]),
    }
    return figures | {"rate": _rate(seen, long)}


def _rate(seen: Seen, run: Run) -> float:
    """Beats a minute within a run of two or more."""
    inside: NDArray[np.float64] = np.diff(seen.beats.seconds[run[0] : run[1] + 1])
    return float(60 / np.median(inside)) if len(inside) else 0.0


def _fibrillates(seen: Seen, number: int) -> bool:
    at = float(seen.beats.seconds[number])
    return any(begin <= at <= end for begin, end in (*seen.atria.fibrillation, *seen.atria.flutter))
