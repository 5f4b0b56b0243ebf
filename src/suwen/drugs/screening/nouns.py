"""Nouns of screening: what was asked, how many molecules each stage kept and why others went, and the ranked rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

from suwen.errors import InputError, Problem
from suwen.formats.molecules.nouns import Molecule
from suwen.subject import Saying

__all__ = [
    "STAGES",
    "STAGE_NAMES",
    "Column",
    "Criterion",
    "Desired",
    "Failed",
    "Kept",
    "Overlay",
    "Screened",
    "Stage",
    "StageCount",
]

Stage: TypeAlias = Literal["read", "filters", "likeness", "models", "pick", "docking", "rank"]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""Stages in the order in which a molecule meets them; those that nothing was asked of are left out of a funnel."""

STAGE_NAMES: Mapping[Stage, Saying] = MappingProxyType(
    {
        "read": Saying("read", "读取"),
        "filters": Saying("filters", "筛选条件"),
        "likeness": Saying("likeness", "相似性"),
        "models": Saying("models", "预测模型"),
        "pick": Saying("diverse choice", "多样性挑选"),
        "docking": Saying("docking", "分子对接"),
        "rank": Saying("ranking", "排序"),
    }
)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing asked of a molecule: `key` names it in counts ("weight", "rule.lipinski", "herg"), `asked` says it."""

    key: str
    stage: Stage
    asked: Saying


@dataclass(frozen=True, slots=True)
class Column:
    """One number that survivors carry: `unit` is a UCUM code ("1": none), `source` where it comes from."""

    key: str
    stage: Stage
    name: Saying
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class Desired:
    """One part of the merit: the column, its value, how desirable that is (0 unacceptable to 1), and its weight."""

    key: str
    value: float
    desirability: float
    weight: float


@dataclass(frozen=True, slots=True)
class Kept:
    """A molecule that passed every stage: `place` 1 is the best, `row` its row in the library.

    `values` are (column key, number) in the order of the columns; a number that could not be told is absent. `merit` is
    the geometric mean of the `parts` (None where no part was asked for), `front` its Pareto front from 1 (None where
    not asked for). `pose` is the mol block of the best docked pose, "" without docking.
    """

    place: int
    row: int
    molecule: Molecule
    values: tuple[tuple[str, float], ...] = ()
    merit: float | None = None
    front: int | None = None
    parts: tuple[Desired, ...] = ()
    pose: str = ""

    def __getitem__(self, key: str) -> float:
        """The number of that column; InputError where this molecule has none."""
        for name, value in self.values:
            if name == key:
                return value
        raise InputError(
            f"the molecule has no number {key!r}; it has {', '.join(name for name, _ in self.values)}",
            zh=f"该分子没有数值 {key!r}；有 {'、'.join(name for name, _ in self.values)}",
        )


@dataclass(frozen=True, slots=True)
class StageCount:
    """What a stage did: `entered` = `kept` + all `dropped` + `failed`; `dropped` by criterion key, most first.

    A molecule counts for the first criterion it does not meet, in the order of cost. `seconds` by the clock; where a
    screening was taken up again, of all its runs.
    """

    stage: Stage
    entered: int
    kept: int
    dropped: tuple[tuple[str, int], ...]
    failed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """A molecule that could not be judged, which is neither kept nor dropped: its row, the stage, what went wrong."""

    row: int
    written: str
    stage: Stage
    problem: Problem


@dataclass(frozen=True, slots=True)
class Screened:
    """A whole screening: the funnel, the survivors best first, and what failed (the first ones; the counts are whole).

    `title` is that of the goals, `library` the name of what was screened, `criteria` all that was asked in the order of
    cost, `columns` the numbers that survivors may carry.
    """

    title: str
    library: str
    criteria: tuple[Criterion, ...]
    columns: tuple[Column, ...]
    stages: tuple[StageCount, ...]
    kept: tuple[Kept, ...]
    failed: tuple[Failed, ...]

    def criterion(self, key: str) -> Criterion:
        """The criterion of that key; InputError where nothing of that key was asked."""
        for one in self.criteria:
            if one.key == key:
                return one
        raise InputError(
            f"there is no criterion {key!r}; there are {', '.join(one.key for one in self.criteria)}",
            zh=f"没有准则 {key!r}；有 {'、'.join(one.key for one in self.criteria)}",
        )


@dataclass(frozen=True, slots=True)
class Overlay:
    """A hit laid over the query it fits best: Tanimoto 0..1 of volume and of features (`colour`), and their mean.

    `number` is the hit's place in the list given, from 0, `query` that of the query. `place` 1 is the best by the ranks
    of the list and of `combined` together, the former counting more. `problem` set: it could not be laid (no conformer)
    and has no score. `pose` and `query_pose` are mol blocks in one frame of reference.
    """

    number: int
    molecule: Molecule
    place: int
    query: int | None = None
    shape: float | None = None
    colour: float | None = None
    combined: float | None = None
    pose: str = ""
    query_pose: str = ""
    problem: Problem | None = None
