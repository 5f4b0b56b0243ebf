"""Diverse choices by ECFP4: molecules far apart (MaxMin), or none too much alike to a better one (spheres)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from suwen.drugs.screening.best import NOTHING, Candidates, Choice
from suwen.drugs.screening.candidates import Candidate
from suwen.drugs.screening.goals import PickGoal
from suwen.drugs.screening.nouns import Criterion
from suwen.drugs.similarity.fingerprints import Words, fingerprints
from suwen.drugs.similarity.fused import highest_tanimoto
from suwen.formats.molecules.structure import chemistry
from suwen.subject import Saying

__all__ = ["apart", "pick", "pick_criteria"]

_BATCH = 5000


def pick(goal: PickGoal, candidates: Candidates, *, seed: int, workers: int = 1) -> Choice:
    """The candidates that are chosen: MaxMin (Ashton M et al. Quant Struct-Act Relat 2002;21:598-604), or spheres
    (Butina D. J Chem Inf Comput Sci 1999;39:747-750) around each in the order of likeness, else of the library.
    """
    rows, vectors = _vectors(candidates(), workers)
    if goal.method == "maxmin":
        count = min(goal.count or len(rows), len(rows))
        picker = chemistry("rdkit.SimDivFilters.rdSimDivPickers").MaxMinPicker()
        chosen = picker.LazyBitVectorPick(vectors, len(rows), count, seed=seed + 1) if count else []  # 0: any
    else:
        # The picker takes a molecule at the limit for one too many; "at most" lets it in.
        farther = max(0.0, 1.0 - goal.alike - 1e-9)
        picker = chemistry("rdkit.SimDivFilters.rdSimDivPickers").LeaderPicker()
        chosen = picker.LazyBitVectorPick(vectors, len(rows), farther, pickSize=goal.count or 0) if rows else []
    return Choice("pick", dict.fromkeys((rows[at] for at in chosen), NOTHING))


def pick_criteria(goal: PickGoal) -> tuple[Criterion, ...]:
    """What is asked of the choice."""
    if goal.method == "maxmin":
        said = Saying(f"among {goal.count} chosen to lie far apart", f"入选{goal.count}个彼此差异最大的分子")
    else:
        said = Saying(f"at most {goal.alike:g} alike to any chosen before", f"与已选分子相似度不超过{goal.alike:g}")
    return (Criterion("pick", "pick", said),)


def apart(ordered: Sequence[int], smiles: Callable[[int], str], alike: float, count: int) -> list[int]:
    """The first `count` of the rows `ordered`, best first, that are at most `alike` to any taken before."""
    taken: list[int] = []
    kept: list[Words] = []
    source = iter(ordered)
    while (batch := list(islice(source, 256))) and len(taken) < count:
        for row, words in zip(batch, fingerprints([smiles(row) for row in batch]), strict=True):
            if len(taken) == count:
                break
            if not kept or highest_tanimoto(np.stack([words]), np.stack(kept)).max() <= alike:
                taken.append(row)
                kept.append(words)
    return taken


def _vectors(candidates: Iterator[Candidate], workers: int) -> tuple[list[int], list[Any]]:
    """Rows and RDKit's bit vectors, the likest first where likeness is known."""
    data_structs = chemistry("rdkit.DataStructs")
    found: list[tuple[float, int, Any]] = []
    while batch := list(islice(candidates, _BATCH)):
        words = fingerprints([one.molecule.smiles for one in batch], workers=workers)
        for one, row in zip(batch, words.astype("<u8", copy=False), strict=True):
            merit = one.values.get("fused", one.values.get("likeness", 0.0))
            found.append((-merit, one.row, data_structs.CreateFromFPSText(row.tobytes().hex())))
    found.sort(key=lambda one: one[:2])
    return [one[1] for one in found], [one[2] for one in found]
