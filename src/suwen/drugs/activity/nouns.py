"""Nouns of the activity models: an assay's table, its cliffs, how well a model did, and what it forecasts."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

from suwen.drugs.admet.nouns import Neighbour
from suwen.errors import Problem
from suwen.learn.measure.intervals import Estimate
from suwen.subject import Saying

__all__ = [
    "MEMBERS",
    "UNITS",
    "ActivityForecast",
    "Assay",
    "Cliff",
    "Judged",
    "Kind",
    "LeftOut",
    "Measured",
    "Member",
    "Neighbour",
    "Share",
    "Unit",
]

Unit: TypeAlias = Literal["as is", "M", "mM", "uM", "nM", "pM"]
UNITS: tuple[Unit, ...] = get_args(Unit)
Kind: TypeAlias = Literal["amount", "classes"]
Member: TypeAlias = Literal["joint", "circles", "topology", "language", "vectors", "boosted"]
MEMBERS: MappingProxyType[Member, Saying] = MappingProxyType(
    {
        "joint": Saying("Gaussian process on all counted fragments and descriptors", "高斯过程：全部片段计数与描述符"),
        "circles": Saying("Gaussian process on counted circular fragments", "高斯过程：环形片段计数"),
        "topology": Saying("Gaussian process on counted pairs, torsions and paths", "高斯过程：原子对、扭转与路径计数"),
        "language": Saying("Gaussian process on vectors of the molecular language model", "高斯过程：分子语言模型向量"),
        "vectors": Saying(
            "support vectors on all counted fragments and descriptors", "支持向量机：全部片段计数与描述符"
        ),
        "boosted": Saying("boosted trees on counted fragments and descriptors", "提升树：片段计数与描述符"),
    }
)

_UNSAID = Saying("", "")


@dataclass(frozen=True, slots=True)
class Measured:
    """A molecule of the assay: its standardised SMILES and InChIKey, and the value that is learned.

    `value` is the median of the `repeats` measurements of this molecule, `spread` the difference between the largest
    and the smallest of them (0 where there is one). In the unit that is learned: of concentrations -log10 of mol/l.
    """

    smiles: str
    key: str
    name: str
    value: float
    repeats: int = 1
    spread: float = 0.0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that is not learned from: its place among the molecules of the file from 1, the structure as written (cut
    short), and why.
    """

    row: int
    written: str
    why: Saying


@dataclass(frozen=True, slots=True)
class Assay:
    """A table made ready: one row a molecule, the column it came from, and everything that was changed on the way.

    `kind` "amount": numbers; "classes": 0 and 1. `unit` is that of the column; where it is a concentration, `values`
    are -log10 of it in mol/l. `contradictory` are the molecules whose repeats differ over ten times (of classes: in
    their class); they are left out and stand here to be looked at. `rows` counts the rows that were read.
    `whence` says how the column was found.
    """

    molecules: tuple[Measured, ...]
    column: str
    unit: Unit
    kind: Kind
    rows: int
    left_out: tuple[LeftOut, ...] = ()
    contradictory: tuple[Measured, ...] = ()
    noticed: tuple[Problem, ...] = ()
    whence: Saying = _UNSAID

    @property
    def merged(self) -> int:
        """How many molecules stand for several rows."""
        return sum(one.repeats > 1 for one in self.molecules)


@dataclass(frozen=True, slots=True)
class Cliff:
    """Two molecules that are much alike and differ over ten times in potency (van Tilborg 2022).

    `first` is the more potent one; both are places in `Assay.molecules`. `difference` is in log units; `fragments`,
    `scaffold` and `string` are the three likenesses 0..1, of which at least one is 0.9 or more.
    """

    first: int
    second: int
    difference: float
    fragments: float
    scaffold: float
    string: float


@dataclass(frozen=True, slots=True)
class Share:
    """What one member says in the whole: its weight in the stack (they are not below 0), and its own error out of fold.

    `error` is the root mean square error of an amount, 1 - AUROC of classes.
    """

    member: Member
    weight: float
    error: float


@dataclass(frozen=True, slots=True)
class Judged:
    """How well the whole way of fitting did on molecules that it had not seen (nested cross-validation).

    Of amounts `error` is the root mean square error with its 95 % interval (bootstrap over molecules), `rank` is
    Spearman's correlation; of classes `error` is the Brier score and `rank` the AUROC. `baseline` is the error of the
    usual model (support vectors on ECFP4 bits), `average` that of always saying the mean, in the same folds.
    `cliffs` is the error over the `cliff_molecules` that stand on a cliff (None without any). `held` is the share of
    molecules whose interval held the truth, where `coverage` was promised.
    """

    error: Estimate
    rank: Estimate
    baseline: Estimate
    average: float
    cliffs: Estimate | None
    cliff_molecules: int
    held: Estimate
    coverage: float
    folds: int


@dataclass(frozen=True, slots=True)
class ActivityForecast:
    """What a model says of a molecule. `low` and `high` hold the truth with the chance `coverage` (of classes None;
    `classes` then are the answers, False or True, that cannot be excluded at that level).

    `similarity` 0..1 is the ECFP4 Tanimoto likeness to the nearest molecule learned from; `inside` tells whether that
    lies in the domain where the interval was measured. `disagreement` is the standard deviation of the members'
    forecasts. `cliffs` are those of `nearest` at least 0.5 alike that stand on an activity cliff: there small changes
    matter.
    `known` is what was measured of this very molecule, where it is among those learned from.
    """

    smiles: str
    key: str
    name: str
    value: float
    low: float | None
    high: float | None
    classes: tuple[bool, ...]
    coverage: float
    inside: bool
    similarity: float
    disagreement: float
    nearest: tuple[Neighbour, ...]
    cliffs: tuple[Neighbour, ...]
    known: float | None
