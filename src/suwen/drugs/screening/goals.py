"""Goals of a screening: what is asked of a molecule at each stage, and how the survivors are ranked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

__all__ = [
    "Between",
    "DockingGoal",
    "Filters",
    "Goals",
    "LikenessGoal",
    "ModelGoal",
    "PickGoal",
    "RankGoal",
    "RankPart",
    "Substructure",
    "Want",
]

Want: TypeAlias = Literal["low", "high", "between"]


@dataclass(frozen=True, slots=True)
class Between:
    """A quantity of QUANTITIES and where it may lie, both ends allowed; None is open."""

    key: str
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True)
class Substructure:
    """A part that every molecule must have, or none may have: SMARTS, and what a reader calls it."""

    smarts: str
    name: str = ""

    @property
    def called(self) -> str:
        """The name, or the SMARTS where there is none."""
        return self.name or self.smarts


@dataclass(frozen=True, slots=True)
class Filters:
    """Cheap tests: ranges, rules (keys of RULES) that must not surely be broken, alert sets that must not hit,
    substructures, and the elements that may occur (hydrogen always may).
    """

    quantities: tuple[Between, ...] = ()
    rules: tuple[str, ...] = ()
    without_alerts: tuple[str, ...] = ()
    required: tuple[Substructure, ...] = ()
    forbidden: tuple[Substructure, ...] = ()
    elements: tuple[str, ...] = ()
    drop_duplicates: bool = True


@dataclass(frozen=True, slots=True)
class LikenessGoal:
    """Likeness to known molecules (SMILES): highest Tanimoto of ECFP4 to any of them, 0..1, and how many are kept.

    `method` ranks those that are kept: "tanimoto", or "fused" (weights of what the known have in common against the
    library, which needs at least two of them to be of use). `overlay` of the best by that are laid over the known in
    space, and the ranks of both are joined; 0: none.
    """

    like: tuple[str, ...]
    at_least: float | None = None
    at_most: float | None = None
    keep: int | None = None
    method: Literal["tanimoto", "fused"] = "tanimoto"
    overlay: int = 0


@dataclass(frozen=True, slots=True)
class ModelGoal:
    """What a learned model must say: of an ADMET `endpoint` by key, or of an activity model in a `file`.

    `surely` asks the whole interval to keep the limit, `inside` the molecule to lie in the model's domain. `keep`
    keeps so many of the best, `best` telling which end that is.
    """

    key: str
    endpoint: str = ""
    file: Path | None = None
    at_least: float | None = None
    at_most: float | None = None
    surely: bool = False
    inside: bool = False
    keep: int | None = None
    best: Literal["low", "high"] = "low"


@dataclass(frozen=True, slots=True)
class PickGoal:
    """A diverse choice by ECFP4: `count` molecules as far apart as can be ("maxmin"), or those of the list, in its
    order, that are at most `alike` (Tanimoto) to any chosen before ("sphere").
    """

    method: Literal["maxmin", "sphere"] = "maxmin"
    count: int | None = None
    alike: float = 0.6


@dataclass(frozen=True, slots=True)
class DockingGoal:
    """Docking into a receptor (file), in a box of `centre` and `size` in angstrom, or around a ligand in a file.

    `at_most` is the highest score kept, in kcal/mol; `keep` keeps so many of the best.
    """

    receptor: Path
    centre: tuple[float, float, float] | None = None
    size: tuple[float, float, float] | None = None
    around: Path | None = None
    at_most: float | None = None
    keep: int | None = None
    exhaustiveness: int = 8


@dataclass(frozen=True, slots=True)
class RankPart:
    """One goal of the ranking (Derringer and Suich 1980): a column, and from where to where it gets better.

    `want` "low": desirability 1 at `low` or below, 0 at `high` or above; "high" the other way round; "between": 1 from
    `low` to `high`, falling to 0 over `margin` on both sides. `power` bends the slope (1: straight).
    """

    key: str
    want: Want
    low: float
    high: float
    margin: float = 0.0
    power: float = 1.0
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class RankGoal:
    """How survivors are ranked: by the weighted geometric mean of the parts ("merit"), or by Pareto fronts of them,
    and in a front by merit. Without parts: by docking score, else by likeness, else in the order of the library.

    The best `keep` are kept; `apart` leaves out those more alike (Tanimoto of ECFP4) to a better one.
    """

    parts: tuple[RankPart, ...] = ()
    method: Literal["merit", "pareto"] = "merit"
    keep: int = 1000
    apart: float | None = None


@dataclass(frozen=True, slots=True)
class Goals:
    """Everything asked in one screening. `standardised` says that the library holds standard forms already (written by
    Suwen), so that they are not made anew. Made by `read_goals` from a file, or in Python and checked by `check_goals`.
    """

    title: str = ""
    standardised: bool = False
    seed: int = 0
    filters: Filters = field(default_factory=Filters)
    likeness: LikenessGoal | None = None
    models: tuple[ModelGoal, ...] = ()
    pick: PickGoal | None = None
    docking: DockingGoal | None = None
    rank: RankGoal = field(default_factory=RankGoal)
