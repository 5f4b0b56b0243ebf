"""A fitted activity model: what it has learned, and what it says of new molecules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.activity.kernels import Floats
from suwen.drugs.activity.nouns import ActivityForecast, Assay, Cliff, Judged, Neighbour, Share
from suwen.drugs.activity.stacking import Stack
from suwen.drugs.activity.sureness import COVERAGE, Band, Chances, Domain, tanimoto
from suwen.drugs.activity.views import Scalings, Views, between, see
from suwen.formats.molecules.nouns import Molecule

__all__ = ["ActivityModel", "Answers", "Core", "forecast"]

_NEAREST = 3
_ALIKE = 0.5  # of ECFP4: what lies farther from a cliff is not near it
_TOGETHER = 256  # molecules worked at once, so that memory does not grow with the list


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Of several molecules (n,): values, ends of the intervals, disagreement, and answers not excluded (n, 2).

    Of amounts `classes` has no column; of classes the ends are NaN.
    """

    values: Floats
    low: Floats
    high: Floats
    disagreement: Floats
    classes: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Core:
    """What is learned of values: the stack, then a band (amounts) or a curve to chances (classes), and the domain."""

    stack: Stack
    band: Band | None
    chances: Chances | None
    domain: Domain

    def answers(self, each: Floats, similarity: Floats) -> Answers:
        """From what each member says (n, members) and the likeness (n,) to the nearest molecule learned from."""
        values, apart = self.stack.whole(each), each.std(axis=1)
        if self.chances is not None:
            chances = self.chances.curve(values)
            unknown = np.full(len(values), np.nan)
            return Answers(chances, unknown, unknown, apart, self.chances.sets.predict(chances))
        half = np.zeros(len(values)) if self.band is None else self.band.half(apart, similarity)
        return Answers(values, values - half, values + half, apart, np.zeros((len(values), 0), np.bool_))


@dataclass(frozen=True, slots=True, eq=False)
class ActivityModel:
    """A fitted model: the assay with its cliffs, how well it was judged (None: not asked for), the members' shares.

    `views` are those of the assay's molecules, `seed` is what it was fitted with. `out_of_fold` is what was said of
    each molecule when it was judged (empty where it was not).
    """

    assay: Assay
    cliffs: tuple[Cliff, ...]
    judged: Judged | None
    shares: tuple[Share, ...]
    core: Core
    views: Views
    scalings: Scalings
    seed: int
    out_of_fold: tuple[float, ...] = ()


def forecast(
    model: ActivityModel,
    molecules: Sequence[Molecule],
    *,
    notify: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[ActivityForecast]:
    """What the model says of each molecule, in their order. Raises MissingExtraError without RDKit or PyTorch."""
    found: list[ActivityForecast] = []
    for at in range(0, len(molecules), _TOGETHER):
        found += _forecast(model, molecules[at : at + _TOGETHER])
        notify(len(found), len(molecules))
    return found


def _forecast(model: ActivityModel, molecules: Sequence[Molecule]) -> Iterator[ActivityForecast]:
    asked = see([one.smiles for one in molecules])
    kernels = between(asked, model.views, model.scalings)
    alike = tanimoto(asked.rows["ecfp4"], model.views.rows["ecfp4"])
    similarity = alike.max(axis=1)
    answers = model.core.answers(model.core.stack.each(kernels, asked.trees()), similarity)
    measured = {one.key or one.smiles: one.value for one in model.assay.molecules}
    steep = {place for one in model.cliffs for place in (one.first, one.second)}
    for at, molecule in enumerate(molecules):
        places = np.argsort(-alike[at], kind="stable")[:_NEAREST].tolist()
        near = {place: _neighbour(model.assay, place, float(alike[at, place])) for place in places}
        bounded = model.core.band is not None and bool(np.isfinite(answers.low[at]))
        yield ActivityForecast(
            molecule.smiles,
            molecule.key,
            molecule.name,
            float(answers.values[at]),
            float(answers.low[at]) if bounded else None,
            float(answers.high[at]) if bounded else None,
            tuple(answer for answer, held in zip((False, True), answers.classes[at].tolist(), strict=False) if held),
            COVERAGE,
            bool(similarity[at] >= model.core.domain.least),
            float(similarity[at]),
            float(answers.disagreement[at]),
            tuple(near.values()),
            tuple(one for place, one in near.items() if place in steep and one.similarity >= _ALIKE),
            measured.get(molecule.key or molecule.smiles),
        )


def _neighbour(assay: Assay, place: int, similarity: float) -> Neighbour:
    one = assay.molecules[place]
    return Neighbour(one.smiles, similarity, one.value)
