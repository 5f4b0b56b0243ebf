"""The stage of likeness: Tanimoto to known molecules, ranks by what these have in common, overlays in space."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from suwen.drugs.screening.best import Candidates, Choice
from suwen.drugs.screening.candidates import Candidate, Dropped, Outcome
from suwen.drugs.screening.goals import LikenessGoal
from suwen.drugs.screening.nouns import Column, Criterion
from suwen.drugs.similarity.fingerprints import Words, fingerprints, several_fingerprints
from suwen.drugs.similarity.fused import FUSED, FusedQuery, fit_fused, highest_tanimoto
from suwen.formats.molecules import read_molecule
from suwen.formats.molecules.nouns import Molecule
from suwen.subject import Saying

__all__ = [
    "FusedWork",
    "LikenessWork",
    "fused_query",
    "likeness_columns",
    "likeness_criteria",
    "overlaid",
    "queries_of",
]

_BACKGROUND = 5000  # molecules of the library that are the background of the weights


@dataclass(frozen=True, slots=True)
class LikenessWork:
    """The work on a lot of candidates: the highest likeness to any of the known ones, and its limits."""

    goal: LikenessGoal

    def __call__(self, candidates: list[Candidate]) -> list[Outcome]:
        """What becomes of each candidate."""
        words = fingerprints([one.molecule.smiles for one in candidates])
        likeness = highest_tanimoto(_words(self.goal.like), words)
        return [self._one(one, float(value)) for one, value in zip(candidates, likeness.tolist(), strict=True)]

    def _one(self, one: Candidate, value: float) -> Outcome:
        low, high = self.goal.at_least, self.goal.at_most
        if (low is not None and value < low) or (high is not None and value > high):
            return Dropped("likeness")
        return replace(one, values={**one.values, "likeness": value})


@dataclass(frozen=True, slots=True, eq=False)
class FusedWork:
    """The work on a lot of candidates: their score by several fingerprints, weighted by what the known have."""

    query: FusedQuery

    def __call__(self, candidates: list[Candidate]) -> list[Outcome]:
        """The candidates with their scores."""
        words, _good = several_fingerprints([one.molecule.smiles for one in candidates], kinds=FUSED)
        scores = self.query.scores(words).tolist()
        return [
            replace(one, values={**one.values, "fused": float(score)})
            for one, score in zip(candidates, scores, strict=True)
        ]


def fused_query(like: tuple[str, ...], candidates: Iterator[Candidate], seed: int) -> FusedQuery | None:
    """What the known molecules have in common against a sample of the candidates; None where there are none."""
    smiles = _sampled(candidates, np.random.default_rng(seed))
    if not smiles:
        return None
    known, _ = several_fingerprints([one.smiles for one in queries_of(like)], kinds=FUSED)
    background, _ = several_fingerprints(smiles, kinds=FUSED)
    return fit_fused(known, background)


def overlaid(goal: LikenessGoal, candidates: Candidates, *, seed: int, processes: int, best: Choice) -> Choice:
    """The best by likeness laid over the known molecules: each gets `overlay`, and its place by both ranks.

    `best` are those that are laid, all others stay in as they are. A molecule without a conformer fails.
    """
    from suwen.drugs.screening.shape import rerank  # noqa: PLC0415 (only where it is asked for)

    column = "fused" if goal.method == "fused" else "likeness"
    chosen = sorted((one for one in candidates() if one.row in best.rows), key=lambda one: -one.values[column])
    found = rerank(queries_of(goal.like), [one.molecule for one in chosen], seed=seed, processes=processes)
    failed = {chosen[one.number].row: one.problem for one in found if one.problem is not None}
    rows: dict[int, dict[str, float]] = {one.row: {} for one in candidates() if one.row not in best.rows}
    for one in found:
        if one.combined is not None:
            rows[chosen[one.number].row] = {"overlay": one.combined, "overlay.place": float(one.place)}
    return Choice("likeness.best", rows, failed)


def likeness_criteria(goal: LikenessGoal) -> tuple[Criterion, ...]:
    """What is asked of the likeness."""
    made = []
    signs = [f"≥ {goal.at_least:g}"] if goal.at_least is not None else []
    signs += [f"≤ {goal.at_most:g}"] if goal.at_most is not None else []
    if signs:
        said = Saying(f"likeness to the known {' and '.join(signs)}", f"与已知分子的相似度 {' 且 '.join(signs)}")
        made.append(Criterion("likeness", "likeness", said))
    if goal.keep is not None:
        said = Saying(f"among the {goal.keep} likest", f"相似度前{goal.keep}名")
        made.append(Criterion("likeness.best", "likeness", said))
    return tuple(made)


def likeness_columns(goal: LikenessGoal) -> tuple[Column, ...]:
    """The columns that the stage fills."""
    made = [
        Column(
            "likeness", "likeness", Saying("highest likeness to the known (ECFP4 Tanimoto)", "与已知分子的最高相似度"),
            "1", "Rogers D, Hahn M. J Chem Inf Model 2010;50:742-754",
        )
    ]  # fmt: skip
    if goal.method == "fused":
        name = Saying("score by what the known have in common", "已知分子共有特征评分")
        made.append(Column("fused", "likeness", name, "1", "Hert J et al. J Chem Inf Model 2006;46:462-470"))
    if goal.overlay:
        name = Saying("overlay in space with the known (shape and features)", "与已知分子的三维叠合（形状与特征）")
        made.append(Column("overlay", "likeness", name, "1", "Grant JA et al. J Comput Chem 1996;17:1653-1666"))
    return tuple(made)


@cache
def queries_of(like: tuple[str, ...]) -> tuple[Molecule, ...]:
    """The known molecules in standard form."""
    return tuple(read_molecule(one) for one in like)


@cache
def _words(like: tuple[str, ...]) -> Words:
    return fingerprints([one.smiles for one in queries_of(like)])


def _sampled(candidates: Iterator[Candidate], rng: np.random.Generator) -> list[str]:
    """SMILES of a sample of equal chances (Vitter's reservoir), so that a library in order does not mislead."""
    kept: list[str] = []
    for seen, one in enumerate(candidates):
        if seen < _BACKGROUND:
            kept.append(one.molecule.smiles)
            continue
        at = int(rng.integers(0, seen + 1))
        if at < _BACKGROUND:
            kept[at] = one.molecule.smiles
    return kept
