"""Counterfactuals: the smallest plausible changes of a row that would turn the model's decision.

They speak of the model alone. Changing a measured value need not change the disease, and no treatment follows from it.
Features that cannot change stay, the others keep to the range of training rows (or a stated one), to their allowed
direction and to values that training rows hold; few changes are preferred to small ones (Wachter et al. 2018 for the
question; sparsity first, then distance, then distance to real rows).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from suwen.errors import InputError
from suwen.explain.tables.chances import Model, answer, checked_columns, checked_rows
from suwen.explain.tables.columns import Column, shown
from suwen.learn.nouns import Array

__all__ = ["Change", "Counterfactual", "counterfactual_sentence", "counterfactuals"]

_GRID = 24  # values tried of a measured column
_BEAM = 40  # partly changed rows kept at each number of changes
_CLAUSE = {"en": "{column} were {after} instead of {before}", "zh": "{column}为 {after}（而不是 {before}）"}
_SENTENCE = {
    "en": "The model would answer {after} instead of {before} if {changes}. "
    "This describes the model, not the patient: it does not say that changing a value would change the disease.",
    "zh": "如果{changes}，模型的回答将由 {before} 变为 {after}。"
    "这只说明模型如何判断，并不说明患者：改变某项数值不等于改变疾病，也不是治疗建议。",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One feature changed: its column's index, and its value before and after."""

    feature: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """Changes that turn the decision, the model's chance before and after them, and how far they go.

    `distance` is the sum of |change| in training standard deviations (1 for a changed coded column). `unusual` is the
    share of training rows that lie nearer to their own nearest neighbour than the changed row does to its: near 1
    means that no real case looks like it.
    """

    changes: tuple[Change, ...]
    before: float
    after: float
    distance: float
    unusual: float


@dataclass(frozen=True, slots=True)
class _Search:
    model: Model
    target: int
    threshold: float
    one: Array
    upwards: bool  # the decision sought is "at least the threshold"
    values: tuple[Array, ...]  # values each feature may take, without the one it has
    cost: Array  # (features,) of one unit; coded features cost 1 however far

    coded: Array

    def flips(self, chance: Array) -> Array:
        return np.asarray(chance >= self.threshold if self.upwards else chance < self.threshold)

    def ask(self, rows: Array) -> Array:
        return answer(self.model, rows, target=self.target)

    def distance(self, rows: Array) -> Array:
        gap = np.abs(rows - self.one)
        return np.asarray(np.where(self.coded, gap > 0, gap * self.cost).sum(axis=1))


def counterfactuals(  # noqa: PLR0913  # the model, the row and what is plausible
    model: Model,
    row: Array,
    training: Array,
    columns: Sequence[Column],
    *,
    threshold: float = 0.5,
    target: int = 1,
    wanted: int = 3,
    most_changed: int = 4,
) -> tuple[Counterfactual, ...]:
    """Up to `wanted` ways, fewest changes first, to turn the decision "chance of `target` at least `threshold`".

    No answer changes a superset of another's features. An empty answer means that none was found with at most
    `most_changed` plausible changes. Raises InputError where tables and columns do not fit.
    """
    rows = checked_rows(training, what="training rows")
    described = checked_columns(columns, rows.shape[1])
    one = checked_rows(np.atleast_2d(row), width=rows.shape[1], what="the explained row")[0]
    if not 0 < threshold < 1:
        raise InputError(f"a decision threshold lies between 0 and 1, not {threshold}")
    before = float(answer(model, one[None, :], target=target)[0])
    search = _prepared(model, one, rows, described, (threshold, target, before < threshold))
    found: list[Array] = []
    beam = one[None, :]
    for _ in range(most_changed):
        reached, beam = _step(search, beam, found)
        found += reached
        if len(found) >= wanted or not len(beam):
            break
    told = [_told(search, changed, before, rows) for changed in found]
    return tuple(sorted(told, key=lambda each: (len(each.changes), each.distance))[:wanted])


def counterfactual_sentence(found: Counterfactual, columns: Sequence[Column], lang: str = "en") -> str:
    """What would have turned the model's answer, in words, with the warning that it is about the model only."""
    if lang not in _SENTENCE:
        raise InputError(f"the language is one of {', '.join(_SENTENCE)}, not {lang!r}")
    clauses = []
    for change in found.changes:
        column = columns[change.feature]
        before, after = (shown(column, value, lang) for value in (change.before, change.after))
        clauses.append(_CLAUSE[lang].format(column=column.label(lang), after=after, before=before))
    joint = "，且" if lang == "zh" else " and "
    before, after = (_percent(chance, lang) for chance in (found.before, found.after))
    return _SENTENCE[lang].format(changes=joint.join(clauses), before=before, after=after)


def _percent(chance: float, lang: str) -> str:
    text = f"{100 * chance:.1f}".removesuffix(".0")
    return f"{text}%" if lang == "zh" else f"{text} %"


def _prepared(
    model: Model, one: Array, rows: Array, columns: Sequence[Column], asked: tuple[float, int, bool]
) -> _Search:
    threshold, target, upwards = asked
    spread = rows.std(axis=0)
    coded = np.array([bool(column.choices) for column in columns])
    values = tuple(_plausible(column, rows[:, j], float(one[j])) for j, column in enumerate(columns))
    cost = 1 / np.where(spread > 0, spread, np.inf)
    return _Search(model, target, threshold, one, upwards, values, cost, coded)


def _plausible(column: Column, seen: Array, now: float) -> Array:
    """Values a feature may take instead: those of training rows inside its range, on the allowed side."""
    if column.immutable:
        return np.empty(0)
    low = np.quantile(seen, 0.01) if column.low is None else column.low
    high = np.quantile(seen, 0.99) if column.high is None else column.high
    held = np.unique(seen)
    held = held[(held >= low) & (held <= high) & (held != now)]
    if column.direction:
        held = held[(held - now) * column.direction > 0]
    if len(held) > _GRID and not column.choices:
        held = held[np.linspace(0, len(held) - 1, _GRID).round().astype(int)]
    return np.asarray(held)


def _step(search: _Search, beam: Array, found: list[Array]) -> tuple[list[Array], Array]:
    """Change one more feature of every row of the beam: the shortest flips, and the most promising rest."""
    grown = [_grown(search, start) for start in beam]
    rows = np.concatenate([part for part in grown if len(part)]) if any(map(len, grown)) else np.empty((0, 0))
    rows = np.unique(rows, axis=0) if len(rows) else rows
    rows = rows[[not _covers(search.one, row, found) for row in rows]] if len(rows) else rows
    if not len(rows):
        return [], rows
    chance = search.ask(rows)
    flips = search.flips(chance)
    best: dict[tuple[int, ...], Array] = {}
    shortest = rows[flips][np.argsort(search.distance(rows[flips]), kind="stable")]
    for row in shortest:
        tight = _tightened(search, row)
        key = tuple(np.flatnonzero(tight != search.one).tolist())
        if not any(set(other) <= set(key) for other in best):
            best = {other: kept for other, kept in best.items() if not set(key) <= set(other)} | {key: tight}
        if len(best) >= _BEAM:
            break
    rest, promise = rows[~flips], chance[~flips] if search.upwards else -chance[~flips]
    return _disjoint(search, list(best.values())), _leaders(search.one, rest, promise)


def _leaders(one: Array, rows: Array, promise: Array) -> Array:
    """The most promising rows, at most three of one set of features, so that the beam does not end in one corner."""
    kept: list[int] = []
    seen: dict[bytes, int] = {}
    for place in np.argsort(-promise, kind="stable"):
        key = (rows[place] != one).tobytes()
        seen[key] = seen.get(key, 0) + 1
        if seen[key] <= 3:
            kept.append(int(place))
        if len(kept) == _BEAM:
            break
    return rows[kept]


def _disjoint(search: _Search, rows: list[Array]) -> list[Array]:
    """Nearest first, those that share fewest features with the ones before them first: diverse answers."""
    waiting = sorted(rows, key=lambda row: float(search.distance(row[None, :])[0]))
    taken: list[Array] = []
    used: set[int] = set()
    while waiting:
        shared = [len(used & set(np.flatnonzero(row != search.one).tolist())) for row in waiting]
        chosen = waiting.pop(int(np.argmin(shared)))
        used |= set(np.flatnonzero(chosen != search.one).tolist())
        taken.append(chosen)
    return taken


def _grown(search: _Search, start: Array) -> Array:
    free = [j for j, values in enumerate(search.values) if len(values) and start[j] == search.one[j]]
    parts = []
    for j in free:
        block = np.tile(start, (len(search.values[j]), 1))
        block[:, j] = search.values[j]
        parts.append(block)
    return np.concatenate(parts) if parts else np.empty((0, len(start)))


def _covers(one: Array, row: Array, found: list[Array]) -> bool:
    """Whether the row changes all that an answer already found changes: then it says nothing new."""
    changed = row != one
    return any(bool(np.all(changed[other != one])) for other in found)


def _tightened(search: _Search, row: Array) -> Array:
    """Undo changes that are not needed, then bring each measured value as near to its old one as the flip allows."""
    tight = row.copy()
    for j in np.flatnonzero(tight != search.one):
        undone = tight.copy()
        undone[j] = search.one[j]
        if search.flips(search.ask(undone[None, :]))[0]:
            tight = undone
            continue
        if not search.coded[j]:
            tight = _nearest_flip(search, tight, int(j))
    return tight


def _nearest_flip(search: _Search, row: Array, j: int) -> Array:
    """The flipping value of feature j nearest to the old one, among plausible values between the two."""
    values = search.values[j]
    low, high = sorted((float(search.one[j]), float(row[j])))
    between = values[(values >= low) & (values <= high)]
    block = np.tile(row, (len(between), 1))
    block[:, j] = between
    flipping = block[search.flips(search.ask(block))]
    return flipping[np.argmin(np.abs(flipping[:, j] - search.one[j]))] if len(flipping) else row


def _told(search: _Search, changed: Array, before: float, rows: Array) -> Counterfactual:
    places = np.flatnonzero(changed != search.one)
    changes = tuple(Change(int(j), float(search.one[j]), float(changed[j])) for j in places)
    after = float(search.ask(changed[None, :])[0])
    distance = float(search.distance(changed[None, :])[0])
    return Counterfactual(changes, before, after, distance, _unusual(changed, rows, search.cost))


def _unusual(changed: Array, rows: Array, cost: Array) -> float:
    """Share of training rows nearer to their nearest neighbour than the changed row is to its nearest training row."""
    if len(rows) < 2:
        return 1.0
    scaled, point = rows * cost, changed * cost
    own = float(np.linalg.norm(scaled - point, axis=1).min())
    square = (scaled**2).sum(axis=1)
    nearest = np.empty(len(rows))
    for start in range(0, len(rows), 512):
        part = slice(start, start + 512)
        gap = square[part, None] + square[None, :] - 2 * scaled[part] @ scaled.T
        gap[np.arange(gap.shape[0]), np.arange(start, start + gap.shape[0])] = np.inf
        nearest[part] = np.sqrt(np.maximum(gap.min(axis=1), 0))
    return float(np.mean(nearest < own))
