"""Benchmark screen: are actives found early by what others have in common, and how fast are the likest molecules found.

- `auc`, `bedroc` (alpha 20), `ef1`: mean over the 118 targets of Riniker & Landrum (2013; 80 of ChEMBL, 21 of DUD, 17
  of MUV), five draws each: five actives are known, a fifth of the decoys is set aside as background, everything else
  is ranked by `fit_fused`. Draws are ours, by seed: the platform's own lists of draws are not among the data. The
  baseline is the highest ECFP4 Tanimoto likeness to the same five. `.gain` is the mean difference over targets with its
  bootstrap interval, `.wins` the share of targets that gain, `confirmed.` the same over the three targets in four that
  the constants were not chosen on. Decoys of DUD and ChEMBL are easier to tell from actives than a real library is.
- `molecules_per_s`: molecules of the library by the median time of a search for the 100 likest, one query at a time, on
  one core; `exact` the share of queries whose hits are those of a full comparison. `ratio_fpsim2` is FPSim2's time by
  ours, each at its best of one or two cores, by rounds that alternate; `.core` by seconds of one core, which other work
  on the machine changes less. FPSim2 runs where SUWEN_FPSIM2_PYTHON names a Python that has it, and else is left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.bench.result import Result
from suwen.bench.screen_cases import Target, draw, files, read_targets
from suwen.bench.screen_race import race
from suwen.bench.setting import Options, digest
from suwen.drugs.similarity.enrichment import bedroc, enrichment_factor
from suwen.drugs.similarity.fingerprints import Kind, Words, several_fingerprints
from suwen.drugs.similarity.fused import FUSED, fit_fused, highest_tanimoto
from suwen.learn.measure.ranking import auc

__all__ = ["run"]

Notify = Callable[[int, int], None]
Table = NDArray[np.float64]
ANCHORS: Mapping[str, Mapping[str, Any]] = {}
_DRAWS = 5
_NAMES = ("auc", "bedroc", "ef1")
_CHOSEN_ON = 4  # the constants of `fused` were chosen on every fourth target


def run(options: Options, notify: Notify = lambda _done, _all: None) -> Result:
    """Ranks of actives, then the race. Raises DataError where data are missing, MissingExtraError without RDKit."""
    begin = time.perf_counter()
    targets, smiles = read_targets(options.data)
    places = np.arange(len(targets))
    if options.limit is not None and options.limit < len(targets):
        places = np.sort(np.random.default_rng(options.seed).choice(len(targets), options.limit, replace=False))
    words, good = _fingerprints([targets[at] for at in places.tolist()], smiles)
    ours, usual = [], []
    for done, at in enumerate(places.tolist(), start=1):
        draws = [_judged(targets[at], words, good, (options.seed, turn)) for turn in range(_DRAWS)]
        ours.append(np.mean([one for one, _ in draws], axis=0))
        usual.append(np.mean([one for _, one in draws], axis=0))
        notify(done, len(places) + 1)
    metrics, baselines = _figures(np.array(ours), np.array(usual), places, options.seed)
    raced, peers = race(options)
    notify(len(places) + 1, len(places) + 1)
    spent = time.perf_counter() - begin
    used = digest(*files(options.data), options.data / "drugs/zinc250k.smi.xz")
    return Result("screen", used, len(places), metrics | raced, baselines | peers, ANCHORS, seconds=spent)


def _fingerprints(targets: Sequence[Target], smiles: Sequence[str]) -> tuple[dict[Kind, Words], NDArray[np.bool_]]:
    """Fingerprints of the molecules that these targets have; the others stay empty and count as unreadable."""
    used = np.unique(np.concatenate([one for target in targets for one in (target.actives, target.decoys)]))
    some, readable = several_fingerprints([smiles[at] for at in used.tolist()], kinds=FUSED, workers=2)
    good = np.zeros(len(smiles), np.bool_)
    good[used] = readable
    words = {kind: np.zeros((len(smiles), part.shape[1]), np.uint64) for kind, part in some.items()}
    for kind, part in some.items():
        words[kind][used] = part
    return words, good


def _judged(
    target: Target, words: Mapping[Kind, Words], good: NDArray[np.bool_], seeds: Sequence[int]
) -> tuple[list[float], list[float]]:
    """Figures of the fused ranks and of the highest ECFP4 likeness, of one draw."""
    one = draw(target, good, seeds)
    known, aside, ranked = (
        {kind: part[at] for kind, part in words.items()} for at in (one.known, one.aside, one.ranked)
    )
    fused = fit_fused(known, aside).scores(ranked)
    return _three(one.truth, fused), _three(one.truth, highest_tanimoto(known["ecfp4"], ranked["ecfp4"]))


def _three(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> list[float]:
    return [auc(truth.astype(np.int64), scores), bedroc(truth, scores), enrichment_factor(truth, scores)]


def _figures(
    ours: Table, usual: Table, places: NDArray[np.intp], seed: int
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Means over the targets (targets, 3), gains with their intervals, and the baseline's means."""
    metrics = dict(zip(_NAMES, ours.mean(0).tolist(), strict=True))
    confirming = places % _CHOSEN_ON != 0
    for prefix, rows in (("", np.ones(len(places), np.bool_)), ("confirmed.", confirming)):
        if rows.any():
            metrics |= _gains(prefix, ours[rows] - usual[rows], np.random.default_rng(seed))
    return metrics, {"ECFP4 Tanimoto": dict(zip(_NAMES, usual.mean(0).tolist(), strict=True))}


def _gains(prefix: str, gains: Table, rng: np.random.Generator) -> dict[str, float]:
    means = gains[rng.integers(0, len(gains), (2000, len(gains)))].mean(1)
    low, high = np.quantile(means, (0.025, 0.975), axis=0)
    found: dict[str, float] = {}
    for at, name in enumerate(_NAMES):
        found |= {
            f"{prefix}{name}.gain": float(gains[:, at].mean()),
            f"{prefix}{name}.gain.low": float(low[at]),
            f"{prefix}{name}.gain.high": float(high[at]),
            f"{prefix}{name}.wins": float((gains[:, at] > 0).mean()),
        }
    return found
