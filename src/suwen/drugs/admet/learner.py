"""Learns all endpoints: trees, kernels and one network for all, joined by weights found on molecules set aside.

Molecules are divided by their scaffold (Bemis & Murcko 1996), one division for all endpoints: what is set aside of one
endpoint is not seen in another either. Weights, calibration and intervals come from the parts set aside; then
everything is learned once more from all molecules.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.admet.kernels import EXACT, Line, fit_exact, fit_landmarks, kernel
from suwen.drugs.admet.network import Layers, fit_network, network_table
from suwen.drugs.admet.rows import Points, Scales, fit_scales, points_of, tree_table
from suwen.drugs.admet.trees import fit_trees
from suwen.drugs.representation.kinds import Representation, Rows
from suwen.errors import InputError, MissingExtraError
from suwen.learn.tabular.oblivious import Oblivious

__all__ = [
    "MEMBERS",
    "Fitted",
    "Held",
    "Task",
    "World",
    "fit_all",
    "held_out",
    "joined_answers",
    "member_weights",
    "scaffold_parts",
    "world_of",
]

MEMBERS = ("trees", "kernels", "network")
_LANDMARKS = 2500
_RIDGE = 0.1  # of tables too large to try several
_BELIEF = 400.0  # molecules' worth of belief in the shares below
_SHARES = (0.4, 0.3, 0.3)  # of the members, before anything was measured: trees alone are best on most tables
_SEEDS = (0, 1)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Notify = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What was measured of one endpoint: `rows` (n,) into the list of all molecules and `truth` (n,).

    `classes`: 0 or 1; `log`: an amount that is learned by its logarithm; `robust`: judged by the mean error.
    """

    key: str
    rows: Ints
    truth: Floats
    classes: bool
    log: bool = False
    robust: bool = False

    @property
    def learned(self) -> Floats:
        """The numbers as they are learned."""
        return np.log10(self.truth) if self.log else self.truth

    def only(self, kept: NDArray[np.bool_]) -> Task:
        """The rows (molecules,) that are kept."""
        mask = kept[self.rows]
        return Task(self.key, self.rows[mask], self.truth[mask], self.classes, self.log, self.robust)


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """All molecules as the members see them."""

    scales: Scales
    table: Rows
    points: Points
    inputs: Rows


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """All members learned: of each endpoint its forest, its landmarks (rows of all molecules) and line; the network."""

    forests: Mapping[str, Oblivious]
    landmarks: Mapping[str, Ints]
    lines: Mapping[str, Line]
    layers: Layers
    keys: tuple[str, ...]
    means: Floats
    spreads: Floats
    classes: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))

    def answers(self, world: World, rows: Ints, key: str) -> Floats:
        """What each member says (n, members) of the molecules: chances of classes, amounts as they are learned."""
        at = self.keys.index(key)
        said = self.layers(world.inputs[rows])[:, at]
        trees = self.forests[key].logits(world.table[rows])
        lines = self.lines[key](kernel(world.points[rows], world.points[self.landmarks[key]]))
        return joined_answers(
            trees, lines, said, classes=bool(self.classes[at]), scale=(self.means[at], self.spreads[at])
        )


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Answers (n, members) for molecules set aside, in the order of `rows`, and their truth as it is learned."""

    rows: Ints
    answers: Floats
    truth: Floats


def joined_answers(trees: Floats, lines: Floats, said: Floats, *, classes: bool, scale: tuple[float, float]) -> Floats:
    """Raw answers of the members brought to chances, or to the unit that is learned: (n, members)."""
    if classes:
        return np.stack([_chance(trees), np.clip(lines, 0.0, 1.0), _chance(said)], axis=1)
    return np.stack([trees, lines, said * scale[1] + scale[0]], axis=1)


def world_of(rows: Mapping[Representation, Rows], scales: Scales | None = None) -> World:
    """Molecules represented by KINDS as the members see them; scales are learned from them where none are given."""
    used = fit_scales(rows) if scales is None else scales
    return World(used, tree_table(rows, used), points_of(rows, used), network_table(rows, used))


def scaffold_parts(smiles: Sequence[str], *, parts: int, seed: int = 0) -> Ints:
    """The part (molecules,) of each molecule: all of one scaffold (without rings: each molecule alone) in one part."""
    found = [
        int.from_bytes(hashlib.sha256(f"{seed}:{one}".encode()).digest()[:8], "big") % parts
        for one in _scaffolds(smiles)
    ]
    return np.array(found, np.int64)


def _scaffolds(smiles: Sequence[str]) -> list[str]:
    try:
        from rdkit import Chem, rdBase  # noqa: PLC0415
        from rdkit.Chem.Scaffolds import MurckoScaffold  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("rdkit", "drugs") from None
    found = []
    with rdBase.BlockLogs():
        for text in smiles:
            molecule = Chem.MolFromSmiles(text)
            if molecule is None:
                raise InputError(f"the SMILES {text[:60]} cannot be read", zh=f"SMILES {text[:60]} 无法读取")
            frame: Any = MurckoScaffold.GetScaffoldForMol(molecule)  # type: ignore[no-untyped-call]
            scaffold = Chem.MolToSmiles(frame, isomericSmiles=False)
            found.append(scaffold or text)
    return found


def fit_all(
    world: World,
    tasks: Sequence[Task],
    *,
    seed: int = 0,
    notify: Notify = lambda _text: None,
    seeds: Sequence[int] = _SEEDS,
) -> Fitted:
    """Every member for every endpoint, from the rows of the tasks."""
    keys = tuple(one.key for one in tasks)
    means = np.array([0.0 if one.classes else one.learned.mean() for one in tasks])
    spreads = np.array([1.0 if one.classes else max(one.learned.std(), 1e-9) for one in tasks])
    truth = np.full((len(world.table), len(tasks)), np.nan)
    for at, one in enumerate(tasks):
        truth[one.rows, at] = (one.learned - means[at]) / spreads[at]
    known = np.flatnonzero(~np.isnan(truth).all(1))
    kinds = np.array([one.classes for one in tasks])
    layers = fit_network(world.inputs[known], truth[known], kinds, seeds=seeds)
    notify("network")
    forests, landmarks, lines = {}, {}, {}
    rng = np.random.default_rng(seed)
    for one in tasks:
        rows = one.rows if len(one.rows) <= EXACT else np.sort(rng.choice(one.rows, _LANDMARKS, replace=False))
        landmarks[one.key], lines[one.key] = rows, _line(world, one, rows)
        forests[one.key] = fit_trees(world.table[one.rows], one.learned, classes=one.classes, seed=seed)
        notify(one.key)
    return Fitted(forests, landmarks, lines, layers, keys, means, spreads, kinds)


def held_out(
    world: World,
    tasks: Sequence[Task],
    part: Ints,
    number: int,
    *,
    seed: int = 0,
    notify: Notify = lambda _text: None,
    seeds: Sequence[int] = _SEEDS,
) -> dict[str, Held]:
    """Answers for the molecules of one part (`part` (molecules,) equal to `number`) by members that saw none of it."""
    aside = part == number
    fitted = fit_all(world, [one.only(~aside) for one in tasks], seed=seed, notify=notify, seeds=seeds)
    found = {}
    for one in tasks:
        judged = one.only(aside)
        found[one.key] = Held(judged.rows, fitted.answers(world, judged.rows, one.key), judged.learned)
    return found


def member_weights(answers: Floats, truth: Floats) -> Floats:
    """Weights (members,) that sum to 1, none below 0, of least squared error on molecules set aside.

    Few molecules hardly move them from `_SHARES`, as many as `_BELIEF` half way (a ridge towards these).
    """
    try:
        from scipy.optimize import nnls  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("scipy", "drugs") from None
    count = answers.shape[1]
    before = np.array(_SHARES) if count == len(_SHARES) else np.full(count, 1 / count)
    if len(truth) < 2 * count:
        return before
    scale = float(np.std(truth)) or 1.0
    off = (answers - truth[:, None]) / scale
    # Of weights that sum to 1 the error of the sum is the sum of weighted errors; a heavy row asks for that sum.
    heavy = 100.0 * np.sqrt(len(truth))
    pull = np.sqrt(_BELIEF) * float(np.sqrt((off**2).mean()))
    rows = np.concatenate([off, np.full((1, count), heavy), pull * np.eye(count)])
    wanted = np.concatenate([np.zeros(len(off)), [heavy], pull * before])
    weights, _ = nnls(rows, wanted)
    total = weights.sum()
    return weights / total if total > 0 else before


def _line(world: World, task: Task, landmarks: Ints) -> Line:
    marks = world.points[landmarks]
    if len(landmarks) == len(task.rows):
        return fit_exact(kernel(marks, marks), task.learned)
    return fit_landmarks(kernel(world.points[task.rows], marks), kernel(marks, marks), task.learned, ridge=_RIDGE)


def _chance(raw: Floats) -> Floats:
    chance: Floats = 1 / (1 + np.exp(-np.clip(raw, -50, 50)))
    return chance
