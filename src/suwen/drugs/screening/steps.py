"""The steps of a funnel that goals ask for, in order: work on each candidate, or a choice among them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from suwen.drugs.quantities import QUANTITIES
from suwen.drugs.screening.best import Candidates, Choice, best_by
from suwen.drugs.screening.candidates import Candidate, Outcome
from suwen.drugs.screening.dockers import DOCKING_COLUMN, Docker, docked_outcomes, docking_criteria
from suwen.drugs.screening.filters import FilterWork, filter_criteria
from suwen.drugs.screening.foretelling import ModelWork, model_criteria
from suwen.drugs.screening.goals import DockingGoal, Goals, LikenessGoal
from suwen.drugs.screening.likeness import (
    FusedWork,
    LikenessWork,
    fused_query,
    likeness_columns,
    likeness_criteria,
    overlaid,
)
from suwen.drugs.screening.nouns import Column, Criterion, Stage
from suwen.drugs.screening.picking import pick, pick_criteria
from suwen.drugs.screening.predictors import Predictor
from suwen.subject import Saying

__all__ = ["Chosen", "Each", "Step", "Streamed", "columns_of", "criteria_of", "steps_of"]

Work = Callable[[list[Any]], list[Outcome]]


@dataclass(frozen=True, slots=True)
class Each:
    """A step that works on each candidate by itself, `together` at a time; `work` is made when the step begins."""

    name: str
    stage: Stage
    work: Callable[[Candidates], Work]
    together: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """A step that looks at all candidates and chooses among them."""

    name: str
    stage: Stage
    choose: Callable[[Candidates], Choice]


@dataclass(frozen=True, slots=True)
class Streamed:
    """A step that shares out its work itself: outcomes in the order of the candidates, as they come."""

    name: str
    stage: Stage
    outcomes: Callable[[Iterator[Candidate]], Iterator[Outcome]]


Step = Each | Chosen | Streamed


def steps_of(
    goals: Goals, predictors: tuple[Predictor, ...], docker: Docker | None, *, processes: int
) -> tuple[Step, ...]:
    """Every step, the cheapest first; the names are those of their files in the journal, so they stay."""
    columns = tuple(dict.fromkeys(part.key for part in goals.rank.parts if part.key in QUANTITIES))
    filters = FilterWork(goals.filters, goals.standardised, columns)
    steps: list[Step] = [Each("1-filters", "filters", lambda _: filters, 64)]
    if goals.likeness is not None:
        steps += _likeness(goals.likeness, goals.seed, processes)
    steps += _models(goals, predictors)
    if goals.pick is not None:
        chosen = partial(pick, goals.pick, seed=goals.seed, workers=processes)
        steps.append(Chosen("4-pick", "pick", chosen))
    if goals.docking is not None and docker is not None:
        steps += _docking(goals.docking, docker)
    return tuple(steps)


def _likeness(goal: LikenessGoal, seed: int, processes: int) -> Iterator[Step]:
    yield Each("2-likeness", "likeness", lambda _: LikenessWork(goal), 500)
    if goal.method == "fused":

        def fused(candidates: Candidates) -> Work:
            query = fused_query(goal.like, candidates(), seed)
            return list if query is None else FusedWork(query)

        yield Each("2-likeness-fused", "likeness", fused, 500)
    columns = ("fused", "likeness")
    if goal.overlay:

        def laid(candidates: Candidates) -> Choice:
            best = best_by(candidates, columns, goal.overlay, "likeness.best")
            return overlaid(goal, candidates, seed=seed, processes=processes, best=best)

        yield Chosen("2-likeness-overlay", "likeness", laid)
    if goal.keep is not None:
        keep = goal.keep

        def best(candidates: Candidates) -> Choice:
            if not goal.overlay:
                return best_by(candidates, columns, keep, "likeness.best")
            # Those that were laid over come first, in the order of both ranks; the others keep the order they had.
            laid = best_by(lambda: (one for one in candidates() if "overlay.place" in one.values),
                           ("overlay.place",), keep, "likeness.best", lowest=True)  # fmt: skip
            rest = best_by(lambda: (one for one in candidates() if "overlay.place" not in one.values),
                           columns, max(0, keep - len(laid.rows)), "likeness.best")  # fmt: skip
            return Choice("likeness.best", {**laid.rows, **rest.rows})

        yield Chosen("2-likeness-best", "likeness", best)


def _models(goals: Goals, predictors: tuple[Predictor, ...]) -> Iterator[Step]:
    if goals.models:
        yield Each("3-models", "models", lambda _: ModelWork(goals.models, predictors), 128)
    for at, goal in enumerate(goals.models, start=1):
        if goal.keep is not None:
            best = partial(
                best_by, columns=(goal.key,), count=goal.keep, key=f"{goal.key}.best", lowest=goal.best == "low"
            )
            yield Chosen(f"3-models-best-{at}", "models", best)


def _docking(goal: DockingGoal, docker: Docker) -> Iterator[Step]:
    yield Streamed("5-docking", "docking", partial(docked_outcomes, docker, at_most=goal.at_most))
    if goal.keep is not None:
        best = partial(best_by, columns=("docking",), count=goal.keep, key="docking.best", lowest=True)
        yield Chosen("5-docking-best", "docking", best)


def criteria_of(goals: Goals, predictors: tuple[Predictor, ...]) -> tuple[Criterion, ...]:
    """Everything that is asked, in the order of the steps."""
    made = list(filter_criteria(goals.filters))
    if goals.likeness is not None:
        made += likeness_criteria(goals.likeness)
    made += model_criteria(goals.models, [one for each in predictors for one in each.columns()])
    if goals.pick is not None:
        made += pick_criteria(goals.pick)
    if goals.docking is not None:
        made += docking_criteria(goals.docking)
    said = Saying(f"among the best {goals.rank.keep} of the ranking", f"总排序前{goals.rank.keep}名")
    made.append(Criterion("rank.best", "rank", said))
    if goals.rank.apart is not None:
        said = Saying(
            f"at most {goals.rank.apart:g} alike to any better one", f"与排序更前者相似度不超过{goals.rank.apart:g}"
        )
        made.append(Criterion("rank.apart", "rank", said))
    return tuple(made)


def columns_of(goals: Goals, predictors: tuple[Predictor, ...]) -> tuple[Column, ...]:
    """Every column that a survivor may carry: what was asked first, then all other quantities."""
    asked = dict.fromkeys([*(one.key for one in goals.filters.quantities), *(one.key for one in goals.rank.parts)])
    first = [key for key in asked if key in QUANTITIES]
    keys = [*first, *(key for key in QUANTITIES if key not in asked)]
    made = [Column(key, "filters", QUANTITIES[key].name, QUANTITIES[key].unit, QUANTITIES[key].source) for key in keys]
    if goals.likeness is not None:
        made += likeness_columns(goals.likeness)
    made += _model_columns(goals, predictors)
    return (*made, DOCKING_COLUMN) if goals.docking is not None else tuple(made)


def _model_columns(goals: Goals, predictors: tuple[Predictor, ...]) -> Iterator[Column]:
    known = {one.key: one for each in predictors for one in each.columns()}
    for goal in goals.models:
        one = known[goal.endpoint or goal.key]
        yield Column(goal.key, "models", one.name, one.unit, one.source)
        for end, said in (("low", Saying("lowest", "下限")), ("high", Saying("highest", "上限"))):
            name = Saying(f"{one.name.en}, {said.en}", f"{one.name.zh}（{said.zh}）")
            yield Column(f"{goal.key}.{end}", "models", name, one.unit, one.source)
