"""Confounders: attributes (view, site, scanner, size of the picture) by which the label could be guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from suwen.learn.clean.nouns import Array, Measured, Severity, Sign, Suggestion, Suspicion
from suwen.learn.clean.questions import Question

__all__ = ["attributes_of", "cramers_v", "find_confounders"]

PERMUTATIONS = 999
P_BOUND = 0.01  # after Bonferroni over all attributes and questions
V_BOUND = 0.1  # a small effect (Cohen 1988, "Statistical power analysis", for two classes)
V_NOTABLE = 0.2
V_GRAVE = 0.5
AREA_GIVES_AWAY = 0.97  # the attribute is the label in other words
MOST_LEVELS = 30
BINS = 4  # of an attribute that is a number
LEAST = 5  # examples of a value that counts for itself


@dataclass(frozen=True, slots=True)
class _Attribute:
    name: str
    codes: Array  # (n,) -1 where unknown
    levels: tuple[str, ...]


def find_confounders(
    measured: Sequence[Measured],
    questions: Sequence[Question],
    groups: Array,
    rng: np.random.Generator,
    *,
    only_giving_away: bool = False,
) -> list[Suspicion]:
    """Suspicions about attributes that go with a label: Cramér's V, p by permutation, and the area by itself.

    One example of each group is counted: ten pictures of one patient are one observation. `only_giving_away` leaves the
    rest out: the columns of a table are meant to go with its label.
    """
    attributes = attributes_of(measured)
    _, first = np.unique(groups, return_index=True)
    one_each = np.zeros(len(measured), bool)
    one_each[first] = True
    tests = max(1, len(attributes) * len(questions))
    found = []
    for question in questions:
        for attribute in attributes:
            known = one_each & (question.labels >= 0) & (attribute.codes >= 0)
            labels, codes = question.labels[known], attribute.codes[known]
            if len(np.unique(labels)) < 2 or len(np.unique(codes)) < 2:
                continue
            suspicion = _judged(question, attribute, labels, codes, (tests, rng))
            if suspicion is not None and (suspicion.sign is Sign.GIVES_AWAY or not only_giving_away):
                found.append(suspicion)
    return found


def cramers_v(labels: Array, codes: Array) -> float:
    """Association of two columns of classes, 0..1, with the bias of small samples taken off (Bergsma 2013)."""
    table = _table(labels, codes)
    n, (rows, columns) = table.sum(), table.shape
    if n < 2 or min(rows, columns) < 2:
        return 0.0
    phi = max(0.0, _chi2(table) / n - (rows - 1) * (columns - 1) / (n - 1))
    rows_, columns_ = rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)
    return float(min(1.0, np.sqrt(phi / max(min(rows_, columns_) - 1, 1e-9))))


def attributes_of(measured: Sequence[Measured]) -> list[_Attribute]:
    """The attributes of the examples as classes: those that came with them, and how they are stored."""
    columns: dict[str, list[str | None]] = {}
    for name in dict.fromkeys(name for one in measured for name in one.sample.attributes):
        columns[name] = [_short(one.sample.attributes.get(name)) for one in measured]
    columns["(size)"] = ["x".join(map(str, one.shape)) if one.shape else None for one in measured]
    columns["(spacing)"] = [" x ".join(f"{x:.2g}" for x in one.spacing) or None for one in measured]
    columns["(file type)"] = [one.sample.file.suffix if one.sample.file else None for one in measured]
    found = [_attribute(name, cells) for name, cells in columns.items()]
    return [one for one in found if one is not None]


def _short(cell: str | None) -> str | None:
    """0.14300000000000002 is 0.143."""
    number = _number(cell)
    return cell if number is None or cell is None or len(cell) < 10 else f"{number:.6g}"


def _attribute(name: str, cells: Sequence[str | None]) -> _Attribute | None:
    counts: dict[str, int] = {}
    for cell in cells:
        if cell is not None:
            counts[cell] = counts.get(cell, 0) + 1
    numbers = [_number(cell) for cell in cells]
    if len(counts) > 2 * BINS and all(
        x is not None for x, cell in zip(numbers, cells, strict=True) if cell is not None
    ):
        return _binned(name, numbers)
    if not 2 <= len(counts) <= MOST_LEVELS and not _repeats(counts, len(cells)):
        return None
    levels = [level for level, many in counts.items() if many >= LEAST]
    rare = len(levels) < len(counts)
    place = {level: at for at, level in enumerate(levels)}
    codes = np.array([-1 if cell is None else place.get(cell, len(levels)) for cell in cells])
    return _Attribute(name, codes, (*levels, *(("...",) if rare else ())))


def _repeats(counts: Mapping[str, int], n: int) -> bool:
    """Many levels, but most examples are of one that others have too: sizes of pictures, serial numbers of scanners."""
    return len(counts) > 1 and sum(many for many in counts.values() if many >= LEAST) > n / 2


def _number(cell: str | None) -> float | None:
    try:
        number = float(cell) if cell is not None else None
    except ValueError:
        return None
    return number if number is None or np.isfinite(number) else None


def _binned(name: str, numbers: Sequence[float | None]) -> _Attribute:
    known = np.array([one for one in numbers if one is not None])
    borders = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))
    codes = np.array([-1 if one is None else int(np.searchsorted(borders, one, side="right")) for one in numbers])
    edges = [f"{one:.4g}" for one in borders]
    levels = [
        f"< {edges[0]}",
        *(f"{low} - {high}" for low, high in pairwise(edges)),
        f">= {edges[-1]}",
    ]
    return _Attribute(name, codes, tuple(levels))


def _judged(
    question: Question, attribute: _Attribute, labels: Array, codes: Array, chance: tuple[int, np.random.Generator]
) -> Suspicion | None:
    v = cramers_v(labels, codes)
    if v < V_BOUND:
        return None
    tests, rng = chance
    p = _permuted(labels, codes, rng)
    if p * tests > max(P_BOUND, tests / (PERMUTATIONS + 1)):
        return None
    area = _area(labels, codes)
    gives_away = area >= AREA_GIVES_AWAY
    facts: dict[str, str | int | float] = {
        "attribute": attribute.name,
        "finding": question.finding,
        "v": round(v, 3),
        "p": round(p, 4),
        "area": round(area, 3),
        "n": len(labels),
        "table": _shares(question, attribute, labels, codes),
    }
    severity = Severity.GRAVE if gives_away or v >= V_GRAVE else Severity.NOTABLE
    severity = Severity.HINT if v < V_NOTABLE and not gives_away else severity
    suggestion = Suggestion.DROP_COLUMN if gives_away else Suggestion.STRATIFY
    return Suspicion(Sign.GIVES_AWAY if gives_away else Sign.CONFOUNDER, (), severity, suggestion, v, facts)


def _permuted(labels: Array, codes: Array, rng: np.random.Generator) -> float:
    """Share of permutations at least as associated; never 0 (Phipson and Smyth 2010)."""
    seen = _chi2(_table(labels, codes))
    as_high = sum(_chi2(_table(rng.permutation(labels), codes)) >= seen - 1e-9 for _ in range(PERMUTATIONS))
    return (1 + as_high) / (1 + PERMUTATIONS)


def _table(labels: Array, codes: Array) -> Array:
    _, rows = np.unique(labels, return_inverse=True)
    _, columns = np.unique(codes, return_inverse=True)
    width = int(columns.max()) + 1
    counts = np.bincount(rows * width + columns, minlength=(int(rows.max()) + 1) * width)
    return counts.reshape(-1, width).astype(float)


def _chi2(table: Array) -> float:
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / table.sum()
    return float(((table - expected) ** 2 / expected).sum())


def _area(labels: Array, codes: Array) -> float:
    """Area under the ROC curve of the label guessed from the attribute alone, by the share of each of its values.

    Mean over the classes. Values are few and of five examples or more each, so that this flatters little.
    """
    areas = []
    for one in np.unique(labels):
        positive = labels == one
        inside = np.bincount(codes, minlength=int(codes.max()) + 1).astype(float)
        hits = np.bincount(codes, weights=positive, minlength=len(inside))
        score = (hits / np.maximum(inside, 1))[codes]
        areas.append(_rank_area(positive, score))
    return float(np.mean(areas))


def _rank_area(positive: Array, score: Array) -> float:
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    up, down = positive.sum(), (~positive).sum()
    return float((ranks[positive].sum() - up * (up + 1) / 2) / (up * down))


def _shares(question: Question, attribute: _Attribute, labels: Array, codes: Array) -> str:
    """Per cent of each class that has each value, for the reader: "1: AP 80 %, PA 20 %"."""
    parts = []
    for at, name in enumerate(question.classes):
        inside = codes[labels == at]
        if not len(inside):
            continue
        shares = np.bincount(inside, minlength=len(attribute.levels)) / len(inside)
        largest = sorted(range(len(shares)), key=lambda one: -shares[one])[:3]
        shown = f"{'+' if at else '−'}{question.finding}" if question.finding else name
        parts.append(f"{shown}: " + ", ".join(f"{attribute.levels[one]} {100 * shares[one]:.0f} %" for one in largest))
    return "; ".join(parts)
