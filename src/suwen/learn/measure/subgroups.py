"""Whether a model serves all alike: any measures by sex, age, site or other attribute, unknown kept as a group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Any

import numpy as np

from suwen.errors import InputError
from suwen.learn.measure import checked
from suwen.learn.measure.drawing import Language
from suwen.learn.measure.intervals import Estimate, bootstrap, difference

__all__ = ["Note", "Subgroup", "SubgroupTable", "age_bands", "subgroup_markdown", "subgroup_table"]

_EDGES = (18.0, 40.0, 65.0, 80.0)


class Note(Enum):
    """What a reader of a row must be told."""

    TOO_FEW = "too_few"  # too few patients or events to say anything
    UNDEFINED = "undefined"  # a measure has no value here, for instance because there is one class only
    DIFFERENT = "different"  # the interval of the difference from everyone else excludes zero


@dataclass(frozen=True, slots=True)
class Subgroup:
    """One row: those with this value of the attribute (None: unknown), against all others.

    `n` counts patients, `rows` examples, `events` examples of a class other than 0 (None when the truth is no class).
    An estimate or difference (this group minus the others) is None where it is undefined.
    """

    attribute: str
    value: str | None
    n: int
    rows: int
    events: int | None
    estimates: dict[str, Estimate | None]
    differences: dict[str, Estimate | None]
    notes: tuple[Note, ...]
    different: tuple[str, ...] = ()  # measures whose difference excludes zero

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "attribute": self.attribute,
            "value": self.value,
            "n": self.n,
            "rows": self.rows,
            "events": self.events,
            "estimates": {name: one and one.to_json() for name, one in self.estimates.items()},
            "differences": {name: one and one.to_json() for name, one in self.differences.items()},
            "notes": [note.value for note in self.notes],
            "different": list(self.different),
        }


@dataclass(frozen=True, slots=True)
class SubgroupTable:
    """The whole sample and all subgroups; `comparisons` is how many differences were looked at.

    At 95 %, one in twenty comparisons excludes zero where nothing differs: read warnings together with that number.
    """

    overall: dict[str, Estimate | None]
    n: int
    rows: tuple[Subgroup, ...]
    comparisons: int

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "overall": {name: one and one.to_json() for name, one in self.overall.items()},
            "n": self.n,
            "rows": [row.to_json() for row in self.rows],
            "comparisons": self.comparisons,
        }


def subgroup_table(
    metrics: Mapping[str, Callable[..., float]],
    arrays: Sequence[Any],
    attributes: Mapping[str, Sequence[Any]],
    *,
    rng: np.random.Generator,
    groups: Sequence[Any] | None = None,
    n: int = 1000,
    least: tuple[int, int] = (30, 10),
) -> SubgroupTable:
    """Measure every metric(*arrays) in every group of every attribute, and its difference from everyone else.

    `arrays` start with the truth, all (n_rows, ...). `attributes` hold one value a row; None, NaN and "" are the group
    `unknown`. `groups` names the patient of each row. `least` is the number of patients, and of events and of
    non-events when the truth is a class, below which a row says TOO_FEW and never DIFFERENT. Intervals are those of
    `bootstrap`; differences resample all patients together. Raises InputError for lengths that disagree.
    """
    columns = [np.asarray(array) for array in arrays]
    if groups is not None and any(checked.unknown(group) for group in groups):
        raise InputError("some rows name no group: each needs its patient")
    units = np.array([str(group) for group in groups]) if groups is not None else np.arange(len(columns[0]))
    lengths = {len(column) for column in (*columns, units, *attributes.values())}
    if len(lengths) != 1 or not metrics:
        raise InputError(f"{len(metrics)} metrics, columns of lengths {sorted(lengths)}: give some, of one length")
    sample = _Sample(metrics, columns, units, rng, n, least)
    rows = [
        _row(sample, attribute, value, inside)
        for attribute, given in attributes.items()
        for value, inside in _values(given)
    ]
    compared = sum(one is not None for row in rows for one in row.differences.values())
    everyone = np.ones(len(units), dtype=bool)
    return SubgroupTable(_estimates(sample, everyone), len(np.unique(units)), tuple(rows), compared)


def age_bands(ages: Sequence[float | None], *, edges: Sequence[float] = _EDGES) -> tuple[str | None, ...]:
    """Band of each age in years, "0-17", "18-39" ... "80+" by default; unknown stays None. InputError below 0."""
    starts = [0.0, *edges]
    if list(starts) != sorted(set(starts)):
        raise InputError(f"edges {tuple(edges)} of age bands must rise from above 0")
    names = [f"{low:g}-{high - 1:g}" for low, high in pairwise(starts)] + [f"{starts[-1]:g}+"]
    return tuple(None if checked.unknown(age) else names[_band(float(age or 0), starts)] for age in ages)


def subgroup_markdown(table: SubgroupTable, *, lang: Language = "en", digits: int = 3) -> str:
    """The table for readers, as Markdown in zh or en. Raises InputError for another language."""
    if lang not in _WORDS:
        raise InputError(f"language {lang!r} is unknown: use zh or en")
    words, names = _WORDS[lang], list(table.overall)
    head = [words["attribute"], words["group"], words["n"], words["events"], *names, words["notes"]]
    lines = [_line(head), _line(["---"] * len(head))]
    lines.append(_line([words["all"], "", str(table.n), "", *_cells(table.overall, words, digits), ""]))
    for row in table.rows:
        value = words["unknown"] if row.value is None else row.value
        events = "" if row.events is None else str(row.events)
        told = [words[note.value] for note in row.notes if note is not Note.DIFFERENT]
        told += [f"{name} {words['different']}" for name in row.different]
        cells = _cells(row.estimates, words, digits)
        lines.append(_line([row.attribute, value, str(row.n), events, *cells, words["join"].join(told)]))
    return "\n".join([*lines, "", words["foot"].format(count=table.comparisons), ""])


_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "attribute": "Attribute",
        "group": "Group",
        "n": "Patients",
        "events": "Events",
        "notes": "Notes",
        "all": "All",
        "unknown": "unknown",
        "too_few": "too few to say",
        "undefined": "not all measures are defined",
        "different": "differs from the others",
        "join": "; ",
        "foot": "95 % intervals in brackets. {count} comparisons; about one in twenty differs by chance alone.",
    },
    "zh": {
        "attribute": "属性",
        "group": "亚组",
        "n": "患者数",
        "events": "事件数",
        "notes": "说明",
        "all": "全部",
        "unknown": "未知",
        "too_few": "例数过少，无法判断",
        "undefined": "部分指标无定义",
        "different": "与其余患者不同",
        "join": "；",
        "foot": "方括号内为 95% 区间。共比较 {count} 次；即使没有差别，约每二十次也会有一次显示差别。",
    },
}


@dataclass(frozen=True, slots=True)
class _Sample:
    metrics: Mapping[str, Callable[..., float]]
    columns: list[Any]
    units: Any
    rng: np.random.Generator
    n: int
    least: tuple[int, int]


def _row(sample: _Sample, attribute: str, value: str | None, inside: Any) -> Subgroup:
    units, truth = len(np.unique(sample.units[inside])), sample.columns[0]
    classes = truth.ndim == 1 and (truth.dtype.kind in "iub" or bool(np.isin(truth, (0, 1)).all()))
    events = int((truth[inside] != 0).sum()) if classes else None
    few = units < sample.least[0] or (events is not None and min(events, inside.sum() - events) < sample.least[1])
    estimates = _estimates(sample, inside)
    differences = _differences(sample, inside)
    different = () if few else tuple(name for name, one in differences.items() if one and _apart(one))
    told = {
        Note.TOO_FEW: few,
        Note.UNDEFINED: any(one is None for one in estimates.values()),
        Note.DIFFERENT: bool(different),
    }
    notes = tuple(note for note, holds in told.items() if holds)
    return Subgroup(attribute, value, units, int(inside.sum()), events, estimates, differences, notes, different)


def _estimates(sample: _Sample, inside: Any) -> dict[str, Estimate | None]:
    chosen, units = [column[inside] for column in sample.columns], sample.units[inside]
    answer: dict[str, Estimate | None] = {}
    for name, metric in sample.metrics.items():
        try:
            answer[name] = bootstrap(metric, *chosen, groups=units, rng=sample.rng, n=sample.n)
        except InputError:
            answer[name] = _alone(metric, chosen, len(np.unique(units)))
    return answer


def _alone(metric: Callable[..., float], chosen: list[Any], units: int) -> Estimate | None:
    """The value without an interval where only that can be had."""
    try:
        return Estimate(float(metric(*chosen)), None, None, units, method="none")
    except InputError:
        return None


def _differences(sample: _Sample, inside: Any) -> dict[str, Estimate | None]:
    answer: dict[str, Estimate | None] = {}
    for name, metric in sample.metrics.items():
        try:
            answer[name] = difference(metric, sample.columns, inside, groups=sample.units, rng=sample.rng, n=sample.n)
        except InputError:
            answer[name] = None
    return answer


def _apart(difference: Estimate) -> bool:
    return difference.low is not None and difference.high is not None and (difference.low > 0 or difference.high < 0)


def _values(given: Sequence[Any]) -> list[tuple[str | None, Any]]:
    """Values by name, unknown last, each with the rows that have it."""
    named = np.array(["" if checked.unknown(value) else str(value) for value in given])
    known: list[str | None] = sorted({str(name) for name in named if name}, key=_natural)
    return [(value, named == (value or "")) for value in (*known, *([None] if (named == "").any() else []))]


def _natural(name: str | None) -> tuple[float, str]:
    """Bands of age by their first number, other names by their letters."""
    head = (name or "").split("-")[0].rstrip("+")
    return (float(head), "") if head.isdigit() else (float("inf"), name or "")


def _band(age: float, starts: list[float]) -> int:
    if age < 0:
        raise InputError("an age is below 0")
    return int(np.searchsorted(starts, age, side="right")) - 1


def _cells(estimates: Mapping[str, Estimate | None], words: Mapping[str, str], digits: int) -> list[str]:
    return [words["unknown"] if one is None else one.text(digits) for one in estimates.values()]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
