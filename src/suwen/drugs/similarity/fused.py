"""Ranks fused from several actives and several fingerprints, weighted by what is rare in the library.

Tanimoto asks how much two molecules share, whatever it is: a ring that half the library has counts as much as the one
that only the actives have. Here each bit weighs by how much more often the actives have it than the background does,
and the scores of several kinds of fingerprint, each in units of the spread of the background, are added.

Weights are those of substructural analysis by naive Bayes (Xia et al., J Med Chem 2004;47:4463; Hert et al., J Chem Inf
Model 2006;46:462), with `prior` molecules of the background counted among the actives, since these are few. The
constants (prior, kinds) were chosen on every fourth target of the benchmark `screen`; the others confirm them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.similarity.fingerprints import Kind, Words, popcount, several_fingerprints
from suwen.errors import InputError, Problem

__all__ = ["FUSED", "PRIOR", "FusedQuery", "Part", "fit_fused", "highest_tanimoto", "rank_fused"]

FUSED: tuple[Kind, ...] = ("ecfp4", "fcfp4", "torsions", "pairs")
PRIOR = 20.0
_CHUNK = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One fingerprint's share: weight of each bit (bits,) in nats, and mean and spread of the background's scores."""

    weights: NDArray[np.float32]
    mean: float
    spread: float


@dataclass(frozen=True, slots=True)
class FusedQuery:
    """What several actives have in common against a background, ready to score candidates."""

    parts: Mapping[Kind, Part]

    def scores(self, candidates: Mapping[Kind, Words]) -> NDArray[np.float64]:
        """Score (candidates,) of fingerprints {kind: (candidates, words)}: mean of the parts' in standard deviations.

        It ranks; it is no probability. Raises InputError where a kind is missing.
        """
        missing = [kind for kind in self.parts if kind not in candidates]
        if missing:
            raise InputError(
                f"the candidates lack fingerprints of kind {', '.join(missing)}",
                zh=f"候选分子缺少类型为 {'、'.join(missing)} 的指纹",
            )
        each = [
            (_weighed(candidates[kind], part.weights) - part.mean) / part.spread for kind, part in self.parts.items()
        ]
        return np.asarray(np.mean(each, axis=0))


def fit_fused(actives: Mapping[Kind, Words], background: Mapping[Kind, Words], *, prior: float = PRIOR) -> FusedQuery:
    """Learn from actives {kind: (actives, words)} against a background {kind: (molecules, words)}.

    The background is the library that is searched, or a sample of it; nobody need have tested its molecules.
    Raises InputError where either is empty or the kinds differ.
    """
    if not actives or set(actives) != set(background):
        raise InputError(
            "actives and background need fingerprints of the same kinds, at least one",
            zh="活性分子和背景分子须有相同类型的指纹，至少一种",
        )
    if not all(len(words) for words in (*actives.values(), *background.values())):
        raise InputError(
            "ranking by actives needs at least one active and one molecule of the background",
            zh="按活性分子排序至少需要一个活性分子和一个背景分子",
        )
    return FusedQuery({kind: _part(words, background[kind], prior) for kind, words in actives.items()})


def rank_fused(
    actives: Sequence[str], library: Sequence[str], *, kinds: Sequence[Kind] = FUSED, workers: int = 2
) -> NDArray[np.float64]:
    """Score (molecules,) of each SMILES of a library by SMILES of actives; the library is its own background.

    Raises InputError where an active cannot be read; a molecule of the library that cannot has score nan.
    """
    words, good = several_fingerprints(actives, kinds=kinds)
    if not good.all():
        bad = [
            Problem(f"active {at + 1}", "its SMILES cannot be read", zh_what="其 SMILES 无法读取")
            for at in np.flatnonzero(~good).tolist()
        ]
        raise InputError("not every active is a molecule", bad, zh="并非每个活性项都是分子")
    candidates, readable = several_fingerprints(library, kinds=kinds, workers=workers)
    kept = {kind: one[readable] for kind, one in candidates.items()}
    found = np.full(len(library), np.nan)
    found[readable] = fit_fused(words, kept).scores(kept)
    return found


def highest_tanimoto(actives: Words, candidates: Words) -> NDArray[np.float64]:
    """Highest Tanimoto likeness (candidates,) to any of the actives: group fusion by MAX (Hert 2004), the usual way."""
    sizes, best = popcount(candidates), np.zeros(len(candidates))
    for active, size in zip(actives, popcount(actives).tolist(), strict=True):
        shared = popcount(candidates & active)
        best = np.maximum(best, shared / np.maximum(1, sizes + size - shared))
    return best


def _part(actives: Words, background: Words, prior: float) -> Part:
    usual = (_frequencies(background) * len(background) + 0.5) / (len(background) + 1)
    ours = (_frequencies(actives) * len(actives) + prior * usual) / (len(actives) + prior)
    weights = (np.log(ours / usual) - np.log((1 - ours) / (1 - usual))).astype(np.float32)
    scores = _weighed(background, weights)
    return Part(weights, float(scores.mean()), float(scores.std()) or 1.0)


def _frequencies(words: Words) -> NDArray[np.float64]:
    total = sum(bits.sum(0, dtype=np.float64) for bits in _bits(words))
    return np.asarray(total / len(words))


def _weighed(words: Words, weights: NDArray[np.float32]) -> NDArray[np.float64]:
    sums = [bits.astype(np.float32) @ weights for bits in _bits(words)]
    return np.concatenate([np.zeros(0, np.float32), *sums]).astype(np.float64)


def _bits(words: Words) -> Iterator[NDArray[np.uint8]]:
    for low in range(0, len(words), _CHUNK):
        part = np.ascontiguousarray(words[low : low + _CHUNK].astype("<u8", copy=False))
        yield np.unpackbits(part.view(np.uint8), axis=1, bitorder="little")
