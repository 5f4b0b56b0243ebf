"""The stage of the models: each asked only of molecules that the ones before it left in."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from suwen.drugs.screening.candidates import Candidate, Dropped, Outcome
from suwen.drugs.screening.goals import ModelGoal
from suwen.drugs.screening.nouns import Column, Criterion, Failed
from suwen.drugs.screening.predictors import Foretold, Predictor
from suwen.drugs.screening.words import problem
from suwen.drugs.units import unit_text
from suwen.errors import InputError, MissingExtraError, Problem
from suwen.subject import Saying

__all__ = ["ModelWork", "model_criteria"]

_SHOWN = 80


@dataclass(frozen=True, slots=True)
class ModelWork:
    """The work of the models on a lot of candidates."""

    goals: tuple[ModelGoal, ...]
    predictors: tuple[Predictor, ...]

    def __call__(self, candidates: list[Candidate]) -> list[Outcome]:
        """What becomes of each candidate."""
        made: list[Outcome] = list(candidates)
        for predictor in self.predictors:
            keys = {column.key for column in predictor.columns()}
            goals = [one for one in self.goals if one.key in keys or one.endpoint in keys]
            left = [(at, one) for at, one in enumerate(made) if isinstance(one, Candidate)]
            answers = _asked(predictor, [one for _, one in left])
            for (at, one), answer in zip(left, answers, strict=True):
                made[at] = _judged(one, answer, goals)
        return made


def model_criteria(goals: Sequence[ModelGoal], columns: Sequence[Column]) -> tuple[Criterion, ...]:
    """What the models are asked, in the order of the goals."""
    by_key = {one.key: one for one in columns}
    return tuple(made for goal in goals for made in _criteria(goal, by_key[goal.endpoint or goal.key]))


def _criteria(goal: ModelGoal, column: Column) -> Iterator[Criterion]:
    unit = f" {unit_text(column.unit)}".rstrip()
    if goal.inside:
        said = Saying(f"{column.name.en}: like what the model learned from", f"{column.name.zh}：处于模型适用域内")
        yield Criterion(f"{goal.key}.inside", "models", said)
    if goal.at_least is not None or goal.at_most is not None:
        signs = [f"≥ {goal.at_least:g}{unit}"] if goal.at_least is not None else []
        signs += [f"≤ {goal.at_most:g}{unit}"] if goal.at_most is not None else []
        surely = Saying(" (the whole interval)", "（整个区间）") if goal.surely else Saying("", "")
        said = Saying(
            f"{column.name.en} {' and '.join(signs)}{surely.en}", f"{column.name.zh} {' 且 '.join(signs)}{surely.zh}"
        )
        yield Criterion(goal.key, "models", said)
    if goal.keep is not None:
        said = Saying(f"among the best {goal.keep} by {column.name.en}", f"{column.name.zh}前{goal.keep}名")
        yield Criterion(f"{goal.key}.best", "models", said)


Answer = Mapping[str, Foretold] | Problem


def _asked(predictor: Predictor, candidates: Sequence[Candidate]) -> Sequence[Answer]:
    """What is foretold of each; where a lot fails it is asked again one by one, so that only the bad one fails."""
    if not candidates:
        return []
    try:
        answers = predictor([one.molecule for one in candidates])
    except MissingExtraError:
        raise
    except (InputError, ValueError, RuntimeError, OverflowError) as failed:
        if len(candidates) > 1:
            return [answer for one in candidates for answer in _asked(predictor, [one])]
        return [problem("model", why=(str(failed).splitlines() or [""])[0][:160])]
    if len(answers) != len(candidates):
        raise InputError(
            f"a model answered {len(answers)} times to {len(candidates)} molecules",
            zh=f"模型对 {len(candidates)} 个分子给出了 {len(answers)} 个结果",
        )
    return answers


def _judged(one: Candidate, answer: Answer, goals: Sequence[ModelGoal]) -> Outcome:
    if isinstance(answer, Problem):
        return _failed(one, answer)
    values = dict(one.values)
    for goal in goals:
        found = answer.get(goal.endpoint or goal.key)
        if found is None or not math.isfinite(found.value):
            return _failed(one, problem("no_number", key=goal.key))
        values[goal.key] = found.value
        for end, number in (("low", found.low), ("high", found.high)):
            if number is not None and math.isfinite(number):
                values[f"{goal.key}.{end}"] = number
        if goal.inside and not found.inside:
            return Dropped(f"{goal.key}.inside")
        if not _kept(goal, found):
            return Dropped(goal.key)
    return replace(one, values=values)


def _kept(goal: ModelGoal, found: Foretold) -> bool:
    low = found.low if goal.surely and found.low is not None else found.value
    high = found.high if goal.surely and found.high is not None else found.value
    above = goal.at_least is None or low >= goal.at_least
    return above and (goal.at_most is None or high <= goal.at_most)


def _failed(one: Candidate, what: Problem) -> Failed:
    return Failed(one.row, (one.molecule.written or one.molecule.smiles)[:_SHOWN], "models", what)
