"""The end of the funnel: survivors ranked, those too alike to a better one left out, all their numbers filled in."""

from __future__ import annotations

from functools import partial

from suwen.drugs.quantities import QUANTITIES
from suwen.drugs.screening.best import Candidates
from suwen.drugs.screening.candidates import Candidate, Outcome
from suwen.drugs.screening.filters import broken_molecule, safely
from suwen.drugs.screening.goals import Goals, RankGoal
from suwen.drugs.screening.journal import Tally
from suwen.drugs.screening.lots import lots_of, spread
from suwen.drugs.screening.nouns import Failed, Kept
from suwen.drugs.screening.numbers import Numbers
from suwen.drugs.screening.picking import apart
from suwen.drugs.screening.ranking import Place, best_rows, desired_parts
from suwen.formats.molecules.standardise import standardised

__all__ = ["final_list"]


def final_list(goals: Goals, candidates: Candidates, count: int, *, processes: int) -> tuple[tuple[Kept, ...], Tally]:
    """The survivors best first, with every quantity, and what the ranking did; `count` candidates come to it."""
    places, tally = _placed(goals.rank, candidates, count)
    tally.entered = count
    chosen = {place.row: place for place in places}
    found: dict[int, Candidate] = {}
    survivors = (one for one in candidates() if one.row in chosen)
    for lot in spread(_filled, lots_of(survivors, 32), _worth(len(chosen), processes), _broken):
        for one in lot:
            if isinstance(one, Candidate):
                found[one.row] = one
            elif isinstance(one, Failed):
                tally.failures += 1
                tally.failed.append(one)
    ranked = [(chosen[row], found[row]) for row in chosen if row in found]
    tally.kept = len(ranked)
    return tuple(_kept(goals, at, place, one) for at, (place, one) in enumerate(ranked, start=1)), tally


def _placed(goal: RankGoal, candidates: Candidates, count: int) -> tuple[list[Place], Tally]:
    """The places of those that are kept, in order, and how many were dropped."""
    wanted = {part.key for part in goal.parts} | {"docking", "overlay.place", "fused", "likeness"}
    told = ((one.row, {key: one.values[key] for key in wanted & one.values.keys()}) for one in candidates())
    places, tally = best_rows(goal, told, goal.keep if goal.apart is None else count), Tally()
    if goal.apart is None:
        tally.dropped["rank.best"] = count - len(places)
        kept = places
    else:
        smiles = {one.row: one.molecule.smiles for one in candidates()}
        taken = apart([one.row for one in places], smiles.__getitem__, goal.apart, goal.keep)
        chosen = set(taken)
        kept = [one for one in places if one.row in chosen]
        # Once enough are taken the rest is not looked at: those behind the last one are out by their rank.
        looked_at = len(places) if len(taken) < goal.keep else [one.row for one in places].index(taken[-1]) + 1
        tally.dropped["rank.apart"] = looked_at - len(taken)
        tally.dropped["rank.best"] = len(places) - looked_at
    tally.dropped = +tally.dropped
    return kept, tally


def _worth(count: int, processes: int) -> int:
    """Starting processes takes as long as some hundred molecules."""
    return processes if count > 500 else 1


def _filled(candidates: list[Candidate]) -> list[Outcome]:
    return [safely(_fill, one, "rank") for one in candidates]


def _fill(one: Candidate) -> Outcome:
    molecule = one.molecule if one.molecule.key else standardised(one.molecule)
    numbers = Numbers(molecule)
    told = {key: numbers[key].value for key in QUANTITIES}
    values = {key: value for key, value in told.items() if value is not None}
    return Candidate(one.row, molecule, {**values, **one.values}, one.pose)


_broken = partial(broken_molecule, stage="rank")


def _kept(goals: Goals, place: int, found: Place, one: Candidate) -> Kept:
    parts = desired_parts(goals.rank.parts, one.values)
    values = tuple(one.values.items())
    return Kept(place, one.row, one.molecule, values, found.merit, found.front, parts, one.pose)
