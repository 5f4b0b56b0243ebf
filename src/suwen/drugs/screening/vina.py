"""Vina as the docker of a screening: receptor and box of the goals, a process for each molecule under way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from suwen.drugs.docking.box import box_of_file, check_box
from suwen.drugs.docking.journal import bound_to
from suwen.drugs.docking.many import dock_many
from suwen.drugs.docking.notices import notice
from suwen.drugs.docking.nouns import Box, Docked, Receptor, Settings
from suwen.drugs.docking.receptor import read_receptor
from suwen.drugs.screening.dockers import Answer, Laid
from suwen.drugs.screening.goals import DockingGoal
from suwen.errors import InputError
from suwen.formats.molecules.nouns import Molecule, Refused

__all__ = ["VinaDocker", "vina_docker"]


@dataclass(frozen=True, slots=True)
class VinaDocker:
    """Docks into one receptor; with a `folder` each answer is on disk as soon as it is there."""

    receptor: Receptor
    box: Box
    settings: Settings
    processes: int
    folder: Path | None

    def __call__(self, molecules: Iterable[Molecule]) -> Iterator[Answer]:
        """An answer to each molecule, in order."""
        found = dock_many(
            self.receptor,
            molecules,
            self.box,
            settings=self.settings,
            folder=self.folder,
            processes=self.processes,
        )
        for one in found:
            yield one.problem if isinstance(one, Refused) else _laid(one)


def _laid(one: Docked) -> Answer:
    """The best pose; where even that has no score below 0 nothing fits, and it is no candidate with a number."""
    if one.score >= 0.0:
        return notice("unfit", where=one.molecule.name, score=one.score)
    return Laid(one.score, one.poses[0].block)


def vina_docker(goal: DockingGoal, *, seed: int, processes: int, folder: Path | None) -> VinaDocker:
    """The docker of a goal, its receptor read and its box looked at, so that a wrong one ends the screening at once.

    Raises what reading the receptor and the ligand raises, InputError where the box is away from the receptor,
    MissingExtraError without Vina.
    """
    receptor = read_receptor(goal.receptor)
    if goal.around is not None:
        box = box_of_file(goal.around)
    elif goal.centre is not None and goal.size is not None:
        box = Box(goal.centre, goal.size)
    else:
        raise InputError(
            "docking needs a box: around a ligand, or with a centre and a size",
            zh="对接需要盒子：围绕配体，或给出中心和尺寸",
        )
    check_box(receptor, box)
    settings = Settings(seed=max(1, seed), exhaustiveness=goal.exhaustiveness)
    bound_to(receptor, box, settings)  # says here that Vina is missing
    return VinaDocker(receptor, box, settings, processes, folder)
