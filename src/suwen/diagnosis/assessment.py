"""One patient weighed against every disease: probabilities, ranking, and the set that promises coverage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.circumstances import Circumstance, circumstances
from suwen.diagnosis.components import Components, Engine
from suwen.diagnosis.features import Features, resolve
from suwen.diagnosis.model import Combination, Model, Weights, load_model, none_logit, probabilities, scale, total
from suwen.diagnosis.nouns import NONE_OF_THESE
from suwen.errors import InputError
from suwen.knowledge import Diseases, Knowledge
from suwen.subject import Patient

__all__ = ["COVERAGE", "NONE_OF_THESE", "Assessment", "Prior", "assess"]

COVERAGE = 0.9
# Share of people with any rare disease, lower estimate (Nguengang Wakap et al., Eur J Hum Genet 2020;28:165-173).
RARE_DISEASE_PREVALENCE = 0.035
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prior:
    """What was believed before the features were seen.

    `weight` gives relative prevalences by disease code; diseases it does not name get the smallest of them, and without
    any all are alike. `setting` "rare" (default) is a clinic for rare diseases, as the model was calibrated on
    published solved cases; "common" is general practice, where all rare diseases together have a prior chance of 3.5 %.
    """

    weight: Mapping[str, float] = field(default_factory=dict)
    setting: str = "rare"

    def __post_init__(self) -> None:
        if self.setting not in ("rare", "common"):
            raise InputError(
                f"the setting is 'rare' or 'common', not {self.setting!r}",
                zh=f"场景须为 'rare'（罕见病）或 'common'（常见病），而非 {self.setting!r}",
            )
        wrong = [code for code, weight in self.weight.items() if not (np.isfinite(weight) and weight > 0)]
        if wrong:
            raise InputError(
                f"prevalences must be positive numbers; wrong for {', '.join(wrong[:5])}",
                zh=f"患病率须为正数；有误者：{'、'.join(wrong[:5])}",
            )

    def shift(self, diseases: Diseases) -> Array | float:
        """Natural logarithm of each disease's prior relative to the mean; a code stands for its equivalents."""
        if not self.weight:
            return 0.0
        if not any(code in diseases.number for code in self.weight):
            raise InputError(
                "none of the codes with a prevalence is a known disease; codes look like OMIM:154700",
                zh="给出患病率的编码均不是已知疾病；编码形如 OMIM:154700",
            )
        most = max(self.weight.values())
        weight = np.full(len(diseases), min(self.weight.values()) / most)
        for code, one in self.weight.items():
            if code in diseases.number:
                group = diseases.equivalent[diseases.number[code]]
                weight[diseases.equivalent == group] = one / most
        return np.asarray(np.log(weight / weight.mean()))

    def none_shift(self, unlisted: float) -> float:
        """What the setting adds to the logit of "none of these", whose prior share in solved cases is `unlisted`."""
        if self.setting == "rare":
            return 0.0
        return float(np.log((1 - RARE_DISEASE_PREVALENCE) / RARE_DISEASE_PREVALENCE * (1 - unlisted) / unlisted))


UNLISTED = (
    0.10  # share of published solved cases whose disease no other source describes: b.unrankable of the benchmark
)


@dataclass(frozen=True)
class Assessment:
    """Everything weighed for one patient; findings are read from it (see `evidence`).

    `scale` is what a unit of score adds to the logit of this patient's diseases. `chance` holds the probability of
    every disease by number (0 for those out of scope), `none` that of "none of these"; together they sum to 1.
    `order` lists the diseases in scope, most probable first.
    """

    engine: Engine
    patient: Patient
    features: Features
    components: Components
    weights: Weights
    model: Model
    prior: Prior
    scale: float
    logit: Array
    none_logit: float
    chance: Array
    none: float
    scope: NDArray[np.bool_]
    circumstances: tuple[Circumstance, ...]
    without: bool

    @property
    def knowledge(self) -> Knowledge:
        """The knowledge that was used, diseases known only from solved cases included."""
        return self.engine.knowledge

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Numbers of the diseases in scope, most probable first; ties in order of number."""
        inside = np.flatnonzero(self.scope)
        return inside[np.argsort(-self.chance[inside], kind="stable")]

    @cached_property
    def shortlist(self) -> int:
        """How many of the leading answers, "none of these" among them, form the set that promises COVERAGE."""
        chance = np.sort(np.append(self.chance[self.scope], self.none))[::-1]
        return min(int(np.searchsorted(np.cumsum(chance), self.weights.set_mass)) + 1, len(chance))

    @property
    def combination(self) -> Combination:
        """The fitted combination in use: with a case library or alone."""
        return self.model.with_cases if self.engine.library is not None else self.model.alone

    def rank(self, disease: int) -> float:
        """Rank of a disease among those in scope, ties in the middle; infinite when nothing is known about it."""
        if not self.scope[disease]:
            return float("inf")
        chance = self.logit[self.scope]
        mine = self.logit[disease]
        return 1.0 + float((chance > mine).sum()) + (float((chance == mine).sum()) - 1) / 2

    def answers(self, top: int) -> Iterator[int | None]:
        """The first `top` diseases in order with None for "none of these" at its place."""
        leading = self.order[:top].tolist()
        place = sum(1 for disease in leading if self.chance[disease] >= self.none)
        yield from leading[:place]
        yield None
        yield from leading[place:]


def assess(
    patient: Patient,
    *,
    knowledge: Knowledge | Engine,
    prior: Prior | None = None,
    prefixes: tuple[str, ...] = (),
    without: bool = False,
    lenient: bool = False,
) -> Assessment:
    """Weigh a patient against every disease.

    `prefixes` limits the diseases to those of some terminologies (`OMIM`); by default each group of equivalents is
    one disease, named by its OMIM entry where it has one. `patient.publication` is left out of case-based evidence
    and, with `without`, of the curated rows that cite only it. Raises TermError listing every problem with the
    features; with `lenient`, unusable features are noted and left out.
    """
    engine = knowledge if isinstance(knowledge, Engine) else Engine(knowledge)
    prior, model = prior or Prior(), load_model()
    features = resolve(patient, engine.knowledge.ontology, lenient=lenient)
    components = engine.components(features, publication=patient.publication, without=without)
    weights = model.weights(library=engine.library is not None, publication=patient.publication)
    found = circumstances(patient, engine.knowledge.diseases)
    scope = _scope(engine.knowledge, prefixes) & components.known
    score = total(components, weights)
    unit = scale(score[scope], components.n, weights)
    logit = unit * score + prior.shift(engine.knowledge.diseases) + sum(one.weight for one in found)
    logit = np.where(scope, logit, -np.inf)
    none_of_these = none_logit(components.n, weights) + prior.none_shift(UNLISTED)
    chance, none = probabilities(logit, none_of_these)
    return Assessment(
        engine,
        patient,
        features,
        components,
        weights,
        model,
        prior,
        unit,
        logit,
        none_of_these,
        chance,
        none,
        scope,
        found,
        without,
    )


def _scope(knowledge: Knowledge, prefixes: tuple[str, ...]) -> NDArray[np.bool_]:
    diseases = knowledge.diseases
    if prefixes:
        inside = np.array([code.partition(":")[0] in prefixes for code in diseases.ids])
        if not inside.any():
            raise InputError(
                f"no disease has a code of {', '.join(prefixes)}; there are OMIM, ORPHA and DECIPHER",
                zh=f"没有编码为 {'、'.join(prefixes)} 的疾病；可用 OMIM、ORPHA 和 DECIPHER",
            )
        return inside
    return np.asarray(diseases.equivalent == np.arange(len(diseases)))
