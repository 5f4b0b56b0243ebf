"""A molecule on its way through the funnel, what can become of it at a step, and both as trees for the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from suwen.drugs.screening.nouns import Failed, Stage
from suwen.errors import Problem
from suwen.formats.molecules.nouns import Molecule, Refused

__all__ = [
    "Candidate",
    "Dropped",
    "Given",
    "Outcome",
    "Raw",
    "candidate_of",
    "candidate_tree",
    "failed_of",
    "failed_tree",
]


@dataclass(frozen=True, slots=True)
class Raw:
    """A row of a library that was not looked at yet: a structure as text, its name and other cells."""

    row: int
    written: str
    name: str = ""
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A molecule that is still in: its row in the library, the numbers worked out so far, its docked pose."""

    row: int
    molecule: Molecule
    values: Mapping[str, float] = field(default_factory=dict)
    pose: str = ""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A molecule that does not meet the criterion of this key."""

    key: str


Given: TypeAlias = Raw | Candidate | Refused
Outcome: TypeAlias = Candidate | Dropped | Failed


def candidate_tree(one: Candidate) -> dict[str, Any]:
    """The candidate for JSON; empty parts are left out."""
    molecule = one.molecule
    made: dict[str, Any] = {"row": one.row, "smiles": molecule.smiles, "key": molecule.key, "values": dict(one.values)}
    parts = {
        "name": molecule.name,
        "written": molecule.written,
        "fields": [list(pair) for pair in molecule.fields],
        "noticed": [[problem.where, problem.what, problem.remedy] for problem in molecule.noticed],
        "pose": one.pose,
    }
    return made | {key: value for key, value in parts.items() if value}


def candidate_of(tree: Mapping[str, Any]) -> Candidate:
    """The candidate of such a tree; KeyError, TypeError or ValueError where it is none."""
    molecule = Molecule(
        str(tree["smiles"]),
        str(tree["key"]),
        str(tree.get("written", "")),
        str(tree.get("name", "")),
        tuple((str(name), str(value)) for name, value in tree.get("fields", ())),
        tuple(Problem(str(where), str(what), str(remedy)) for where, what, remedy in tree.get("noticed", ())),
    )
    values = {str(key): float(value) for key, value in tree["values"].items()}
    return Candidate(int(tree["row"]), molecule, values, str(tree.get("pose", "")))


def failed_tree(one: Failed) -> dict[str, Any]:
    """The failure for JSON."""
    problem = [one.problem.where, one.problem.what, one.problem.remedy]
    return {"row": one.row, "written": one.written, "stage": one.stage, "problem": problem}


def failed_of(tree: Mapping[str, Any]) -> Failed:
    """The failure of such a tree; KeyError, TypeError or ValueError where it is none."""
    where, what, remedy = tree["problem"]
    stage: Stage = tree["stage"]
    return Failed(int(tree["row"]), str(tree["written"]), stage, Problem(str(where), str(what), str(remedy)))
