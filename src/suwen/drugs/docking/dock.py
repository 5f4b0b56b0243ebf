"""One molecule docked into a receptor's box: poses with scores, or one error that says why there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from suwen.drugs.docking.beside import Beside, Failed
from suwen.drugs.docking.box import check_box
from suwen.drugs.docking.nouns import Box, Docked, Pose, Receptor, Settings
from suwen.errors import InputError, Problem
from suwen.formats.molecules.nouns import Molecule

__all__ = ["answered", "dock", "problem_of"]


def dock(
    receptor: Receptor,
    molecule: Molecule,
    box: Box,
    *,
    settings: Settings | None = None,
    processes: int = 1,
) -> Docked:
    """Dock a molecule by AutoDock Vina (Eberhardt J et al. J Chem Inf Model 2021;61:3891-3898).

    The work is done in a process beside, which is ended after `settings.limit` seconds; a hang or crash of it is an
    error here and no score. The same input and seed give the same poses, whatever the number of `processes` (threads
    of Vina). A score ranks poses and, less surely, molecules; it is no binding energy (Vina's standard error
    is 2.85 kcal/mol: Trott O, Olson AJ. J Comput Chem 2010;31:455-461).

    Raises:
        InputError: the box is away from the receptor, a setting is out of range, or the molecule was not docked; its
            problem says why.
        MissingExtraError: vina or RDKit is not installed.

    """
    remarks = check_box(receptor, box)
    with Beside(receptor, box, settings or Settings(), threads=processes) as beside:
        answer = beside.ask(molecule.smiles)
    if isinstance(answer, Failed):
        raise InputError("this molecule was not docked", answer.problems)
    return answered(molecule, answer, remarks)


def answered(molecule: Molecule, answer: dict[str, Any], remarks: Iterable[Problem] = ()) -> Docked:
    """A Docked of what the process beside answered; the row stays 0."""
    made = []
    for rank, one in enumerate(answer["poses"], start=1):
        places = np.asarray(one["coordinates"], float).reshape(-1, 3)
        places.flags.writeable = False
        made.append(Pose(rank, float(one["score"]), float(one["inter"]), places, str(one["block"])))
    noticed = (*remarks, *(Problem("", what) for what in answer["noticed"]))
    return Docked(
        molecule,
        str(answer["smiles"]),
        int(answer["charge"]),
        int(answer["torsions"]),
        int(answer["heavy"]),
        tuple(made),
        int(answer["forms"]),
        float(answer["seconds"]),
        noticed,
    )


def problem_of(failed: Failed, name: str = "") -> Problem:
    """The first problem of a failure, said of the molecule of that name."""
    first = failed.problems[0]
    return replace(first, where=name or first.where)
