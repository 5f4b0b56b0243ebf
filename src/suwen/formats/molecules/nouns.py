"""Molecules as they come in: one structure that can be trusted to be what it says, and what was noticed on the way."""

from __future__ import annotations

from dataclasses import dataclass

from suwen.errors import InputError, Problem

__all__ = ["Molecule", "Refused"]


@dataclass(frozen=True, slots=True)
class Molecule:
    """A molecule: `smiles` is RDKit's canonical isomeric SMILES of its standardised parent, `key` the InChIKey of that
    ("" where InChI knows none, which is noticed).

    `written` is the structure as it stood in the source (SMILES, or the canonical SMILES of a mol block), `name` and
    `fields` are what the source says beside it. `noticed` tells what standardising changed (salt taken off, charge
    neutralised, tautomer exchanged) and what is open (stereocentres not stated).
    """

    smiles: str
    key: str
    written: str = ""
    name: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    noticed: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        if not self.smiles:
            raise InputError("a molecule needs a structure, and this one has none", zh="分子须有结构，而此分子没有")


@dataclass(frozen=True, slots=True)
class Refused:
    """A row of a file that is no molecule: the row from 1, the structure as it was written (cut short), and why."""

    row: int
    written: str
    problem: Problem
