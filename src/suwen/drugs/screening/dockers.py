"""The stage of docking: each candidate docked into the receptor; what fails is a failure, never a score."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import tee
from typing import Protocol, TypeAlias

from suwen.drugs.screening.candidates import Candidate, Dropped, Outcome
from suwen.drugs.screening.goals import DockingGoal
from suwen.drugs.screening.nouns import Column, Criterion, Failed
from suwen.drugs.screening.words import problem
from suwen.errors import InputError, Problem
from suwen.formats.molecules.nouns import Molecule
from suwen.subject import Saying

__all__ = ["DOCKING_COLUMN", "Docker", "Laid", "docked_outcomes", "docking_criteria"]

DOCKING_COLUMN = Column(
    "docking",
    "docking",
    Saying("docking score (Vina, lower is better)", "对接打分（Vina，越低越好）"),
    "kcal/mol",
    "Eberhardt J et al. J Chem Inf Model 2021;61:3891-3898",
)
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Laid:
    """A molecule docked: the score of its best pose in kcal/mol, lower is better, and that pose as a mol block."""

    score: float
    pose: str


Answer: TypeAlias = Laid | Problem


class Docker(Protocol):
    """Something that docks molecules."""

    def __call__(self, molecules: Iterable[Molecule]) -> Iterator[Answer]:
        """An answer to each molecule, in order, as soon as it is there; the problem where one cannot be docked.

        Raises InputError where nothing can be docked, as where the receptor cannot be used.
        """
        ...


def docked_outcomes(
    docker: Docker, candidates: Iterator[Candidate], *, at_most: float | None = None
) -> Iterator[Outcome]:
    """What becomes of each candidate, in order."""
    candidates, asked = tee(candidates)
    answers = docker(one.molecule for one in asked)
    for one in candidates:
        answer = next(answers, None)
        if answer is None:
            raise InputError(
                "docking ended before every molecule had its answer; screen again to go on",
                zh="对接在全部分子得出结果之前结束；请重新筛选以继续",
            )
        yield _outcome(one, answer, at_most)


def _outcome(one: Candidate, answer: Answer, at_most: float | None) -> Outcome:
    if isinstance(answer, Laid) and not math.isfinite(answer.score):
        answer = problem("no_score", where=one.molecule.name)
    if isinstance(answer, Problem):
        return Failed(one.row, (one.molecule.written or one.molecule.smiles)[:_SHOWN], "docking", answer)
    if at_most is not None and answer.score > at_most:
        return Dropped("docking")
    return replace(one, values={**one.values, "docking": float(answer.score)}, pose=answer.pose)


def docking_criteria(goal: DockingGoal) -> Iterator[Criterion]:
    """What is asked of the docking."""
    if goal.at_most is not None:
        said = Saying(f"docking score ≤ {goal.at_most:g} kcal/mol", f"对接打分 ≤ {goal.at_most:g} kcal/mol")
        yield Criterion("docking", "docking", said)
    if goal.keep is not None:
        said = Saying(f"among the best {goal.keep} by docking score", f"对接打分前{goal.keep}名")
        yield Criterion("docking.best", "docking", said)
