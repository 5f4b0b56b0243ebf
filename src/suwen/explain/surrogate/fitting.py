"""Making a surrogate: queries, candidate trees, the choice among them, and its fidelity on rows it was not made from.

The network may be asked anything, so the tree is grown on thousands of constructed rows beside the training rows, and
the candidate kept is the one that imitates best on further constructed rows. Held-out rows are only ever measured on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from suwen.errors import InputError
from suwen.explain.surrogate.fidelity import measure
from suwen.explain.surrogate.growing import (
    Asked,
    Shape,
    binned,
    descend,
    grow,
    leaf_chances,
    thresholds_of,
)
from suwen.explain.surrogate.nouns import Fidelity, Floor, Surrogate
from suwen.explain.surrogate.queries import draw_queries
from suwen.explain.surrogate.refining import imitation_loss, refine
from suwen.explain.tables.chances import Model, answer, checked_columns, checked_rows
from suwen.explain.tables.columns import Column
from suwen.explain.tables.trees import LEAF, Node, Tree, route, tree_leaves, tree_values
from suwen.learn.nouns import Array

__all__ = ["Effort", "Predictor", "crossfit", "folds_of", "imitate", "imitating_tree"]

_EMPHASIS = 0.1  # what a different decision costs beside squared error
Predictor = Callable[[Array], Array]


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is asked: queries a candidate, candidates, weight of all training rows against all queries, leaf size.

    `least` is the least share of the weight in a leaf. `density` names how queries are drawn. Depths that are only
    shown for comparison get a quarter of the candidates.
    """

    queries: int = 15_000
    candidates: int = 8
    share: float = 0.15
    least: float = 0.005
    density: str = "pairs"

    def __post_init__(self) -> None:
        if self.queries < 1 or self.candidates < 1 or not 0 <= self.share < 1 or not 0 < self.least < 0.5:
            raise InputError("a surrogate needs queries, candidates, a share in 0..1 and leaves of less than half")


def imitate(  # noqa: PLR0913  # the network, its rows, and what is promised about the tree
    model: Model,
    training: Array,
    columns: Sequence[Column],
    *,
    rng: np.random.Generator,
    depth: int = 4,
    deepest: int = 6,
    held_out: Array | None = None,
    groups: Sequence[str] = (),
    floor: Floor | None = None,
    threshold: float = 0.5,
    target: int = 1,
    names: tuple[tuple[str, str], tuple[str, str]] = (("negative", "阴性"), ("positive", "阳性")),
    source: str = "",
    effort: Effort | None = None,
) -> Surrogate:
    """A tree of at most `depth` questions that imitates `model`'s probability of class `target`.

    `training` rows (n, features); `held_out` rows, which the network never saw, measure the fidelity; without them
    five folds of the training rows do (whole `groups` together), and the fidelity says so. `names` are those of the
    negative and the positive answer in English and Chinese. Raises InputError where tables, columns or the model's
    answers do not fit; a tree below its floor is returned, but refuses to explain.
    """
    rows = checked_rows(training, what="training rows")
    described = checked_columns(columns, rows.shape[1])
    if not 1 <= depth <= deepest <= 8:
        raise InputError(f"depths must satisfy 1 <= depth <= deepest <= 8, not {depth} and {deepest}")
    asked = effort or Effort()
    depths = {each: asked.candidates if each == depth else -(-asked.candidates // 4) for each in range(1, deepest + 1)}
    trees = _trees(model, rows, (threshold, target), depths, rng=rng, effort=asked)
    if held_out is None:
        by_depth = _crossfitted(model, rows, (threshold, target), depths, rng=rng, effort=asked, groups=groups)
    else:
        by_depth = _held_out(model, checked_rows(held_out, width=rows.shape[1]), (threshold, target), trees, rng=rng)
    fidelity = dict(by_depth)[depth]
    chosen = {"density": asked.density, "queries": str(asked.queries), "leaves": str(len(tree_leaves(trees[depth])))}
    return Surrogate(
        _counted(trees[depth], rows, answer(model, rows, target=target), threshold),
        described,
        fidelity,
        by_depth,
        floor=floor or Floor(),
        threshold=threshold,
        negative=names[0],
        positive=names[1],
        source=source,
        chosen=chosen,
    )


def imitating_tree(  # the network, its rows and decision
    model: Model,
    training: Array,
    *,
    rng: np.random.Generator,
    depth: int = 4,
    threshold: float = 0.5,
    target: int = 1,
    effort: Effort | None = None,
) -> Tree:
    """The tree alone, without any measure of its fidelity."""
    rows = checked_rows(training, what="training rows")
    asked = effort or Effort()
    return _trees(model, rows, (threshold, target), {depth: asked.candidates}, rng=rng, effort=asked)[depth]


def _trees(
    model: Model,
    rows: Array,
    decision: tuple[float, int],
    depths: Mapping[int, int],
    *,
    rng: np.random.Generator,
    effort: Effort,
) -> dict[int, Tree]:
    """The best of so many candidates of each depth. Choosing uses fresh queries; training rows only grow the trees."""
    threshold, target = decision
    cuts = thresholds_of(rows)
    chance = answer(model, rows, target=target)
    judged = _asked(model, rows, chance, cuts, target, rng=rng, effort=replace(effort, share=0.0))
    best: dict[int, tuple[float, Shape, Array]] = {}
    for number in range(max(depths.values())):
        asked = _asked(model, rows, chance, cuts, target, rng=rng, effort=effort)
        least = effort.least * float(asked.weight.sum())
        for depth in (each for each, candidates in depths.items() if number < candidates):
            grown = grow(asked, depth=depth, least=least)
            refined = refine(grown, asked, least=least, emphasis=_EMPHASIS, threshold=threshold)
            for shape in (grown, refined):
                chances = leaf_chances(shape, descend(shape, asked.bins), asked)
                loss = _loss(shape, chances, judged, threshold)
                if depth not in best or loss < best[depth][0] - 1e-12:
                    best[depth] = (loss, shape, chances)
    return {depth: _as_tree(shape, chances, cuts) for depth, (_, shape, chances) in best.items()}


def _asked(  # the network, its rows as they are and as bins
    model: Model,
    rows: Array,
    chance: Array,
    cuts: list[Array],
    target: int,
    *,
    rng: np.random.Generator,
    effort: Effort,
) -> Asked:
    drawn = draw_queries(rows, effort.queries, density=effort.density, rng=rng)
    bins = np.vstack([binned(rows, cuts), binned(drawn, cuts)])
    own = np.full(len(rows), effort.share / len(rows))
    weight = np.concatenate([own, np.full(len(drawn), (1 - effort.share) / len(drawn))])
    return Asked(bins, np.concatenate([chance, answer(model, drawn, target=target)]), weight)


def _loss(shape: Shape, chances: Array, judged: Asked, threshold: float) -> float:
    said = chances[descend(shape, judged.bins)]
    return float(judged.weight @ imitation_loss(said, judged.chance, emphasis=_EMPHASIS, threshold=threshold))


def _as_tree(shape: Shape, chances: Array, cuts: list[Array]) -> Tree:
    """Plain nodes in the order of the heap, without the places that no row can reach; counts come later."""
    order, waiting = [], [0]
    while waiting:
        place = waiting.pop(0)
        order.append(place)
        if shape.feature[place] >= 0:
            waiting += [2 * place + 1, 2 * place + 2]
    number = {place: index for index, place in enumerate(order)}
    nodes = []
    for place in order:
        feature, value = int(shape.feature[place]), float(chances[place])
        if feature < 0:
            nodes.append(Node(value, 0.0))
            continue
        threshold = float(cuts[feature][shape.cut[place]])
        nodes.append(Node(value, 0.0, feature, threshold, number[2 * place + 1], number[2 * place + 2]))
    return Tree(tuple(nodes))


def _counted(tree: Tree, rows: Array, chance: Array, threshold: float) -> Tree:
    """The tree with its training rows counted. Cover is half a row more a leaf, so that no share is ever zero."""
    leaf = route(tree, rows)
    counts = np.bincount(leaf, minlength=len(tree.nodes))
    positives = np.bincount(leaf, chance >= threshold, minlength=len(tree.nodes)).astype(np.int64)
    covers = np.array([0.5 * (node.feature == LEAF) for node in tree.nodes]) + counts
    for place in range(len(tree.nodes) - 1, -1, -1):
        node = tree.nodes[place]
        if node.feature != LEAF:
            for column in (counts, positives, covers):
                column[place] = column[node.left] + column[node.right]
    return Tree(
        tuple(
            replace(node, cover=float(covers[place]), count=int(counts[place]), positives=int(positives[place]))
            for place, node in enumerate(tree.nodes)
        )
    )


def _held_out(
    model: Model, rows: Array, decision: tuple[float, int], trees: dict[int, Tree], *, rng: np.random.Generator
) -> tuple[tuple[int, Fidelity], ...]:
    threshold, target = decision
    network = answer(model, rows, target=target)
    told = "rows neither the network nor the tree was made from"
    return tuple(
        (depth, measure(tree_values(tree, rows), network, threshold=threshold, measured_on=told, rng=rng))
        for depth, tree in trees.items()
    )


def _crossfitted(  # the network, its rows and how they are split
    model: Model,
    rows: Array,
    decision: tuple[float, int],
    depths: Mapping[int, int],
    *,
    rng: np.random.Generator,
    effort: Effort,
    groups: Sequence[str],
) -> tuple[tuple[int, Fidelity], ...]:
    threshold, target = decision

    def make(part: Array) -> dict[int, Predictor]:
        grown = _trees(model, part, decision, depths, rng=rng, effort=effort)
        return {depth: partial(tree_values, tree) for depth, tree in grown.items()}

    return crossfit(make, rows, answer(model, rows, target=target), threshold=threshold, rng=rng, groups=groups)


def crossfit(  # what is made, from which rows, and how they are split
    make: Callable[[Array], dict[int, Predictor]],
    rows: Array,
    network: Array,
    *,
    threshold: float,
    rng: np.random.Generator,
    groups: Sequence[str] = (),
) -> tuple[tuple[int, Fidelity], ...]:
    """Fidelity of what `make` makes from four fifths of the rows, measured on the fifth, pooled over five folds."""
    fold = folds_of(len(rows), groups, rng=rng)
    said: dict[int, Array] = {}
    for number in range(int(fold.max()) + 1):
        for key, predict in make(rows[fold != number]).items():
            said.setdefault(key, np.zeros(len(rows)))[fold == number] = predict(rows[fold == number])
    told = "training rows of the network, five folds: those the tree was not made from"
    return tuple(
        (key, measure(one, network, threshold=threshold, measured_on=told, rng=rng, groups=groups))
        for key, one in said.items()
    )


def folds_of(n: int, groups: Sequence[str], *, rng: np.random.Generator) -> Array:
    """A fold 0..4 for each of n rows; the rows of one group share theirs. Raises InputError below ten groups."""
    if len(groups) not in (0, n):
        raise InputError(f"{n} rows have {len(groups)} groups: give one for each")
    _, group = np.unique(np.asarray(groups), return_inverse=True) if len(groups) else (None, np.arange(n))
    size = int(group.max()) + 1 if n else 0
    if size < 10:
        raise InputError(f"five folds need at least ten groups of rows, not {size}; give held-out rows instead")
    fold = rng.permutation(np.arange(size) % 5)
    return np.asarray(fold[group])
