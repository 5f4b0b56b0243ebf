"""What a model says of molecules, in one form for all models: the learned endpoints, and activity models in files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from suwen.drugs.screening.goals import ModelGoal
from suwen.drugs.screening.nouns import Column
from suwen.formats.molecules.nouns import Molecule
from suwen.subject import Saying

if TYPE_CHECKING:
    from suwen.drugs.activity.model import ActivityModel

__all__ = ["ActivityFile", "EndpointModels", "Foretold", "Predictor", "endpoint_units", "usual_predictors"]


@dataclass(frozen=True, slots=True)
class Foretold:
    """A number that a model says, what it may lie between (None: not told), and whether in the model's domain."""

    value: float
    low: float | None = None
    high: float | None = None
    inside: bool = True


class Predictor(Protocol):
    """Something that foretells some columns of molecules; it is sent to other processes, so it must be picklable."""

    def columns(self) -> tuple[Column, ...]:
        """The columns it fills."""
        ...

    def __call__(self, molecules: Sequence[Molecule]) -> Sequence[Mapping[str, Foretold]]:
        """What is foretold of each molecule, by column. Raises InputError where it cannot tell."""
        ...


def endpoint_units() -> Mapping[str, str]:
    """Every learned endpoint by key, with its unit ("1" where it is a chance)."""
    from suwen.drugs.admet.endpoints import ENDPOINTS  # noqa: PLC0415

    return {key: one.unit or "1" for key, one in ENDPOINTS.items()}


def usual_predictors(goals: Sequence[ModelGoal]) -> tuple[Predictor, ...]:
    """The predictors of these goals: one for all endpoints together, one for each file, in the order of the goals.

    Each is tried once here, so that an absent model ends the screening before it begins. Raises what loading raises.
    """
    made: list[Predictor] = []
    endpoints = tuple(one.endpoint for one in goals if one.endpoint)
    for goal in goals:
        if goal.file is not None:
            made.append(ActivityFile(goal.key, goal.file))
        elif endpoints and goal.endpoint == endpoints[0]:
            made.append(EndpointModels(endpoints))
    for one in made:
        one.columns()
        one([_PROBE])
    return tuple(made)


_PROBE = Molecule("CC(=O)Oc1ccccc1C(=O)O", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N", name="aspirin")


@dataclass(frozen=True, slots=True)
class EndpointModels:
    """The learned endpoints of these keys."""

    keys: tuple[str, ...]

    def columns(self) -> tuple[Column, ...]:
        """A column for each endpoint."""
        from suwen.drugs.admet.endpoints import ENDPOINTS  # noqa: PLC0415

        known = [ENDPOINTS[key] for key in self.keys]
        return tuple(Column(one.key, "models", one.name, one.unit or "1", one.source) for one in known)

    def __call__(self, molecules: Sequence[Molecule]) -> Sequence[Mapping[str, Foretold]]:
        """What is foretold of each endpoint."""
        from suwen.drugs.admet.forecast import forecasts  # noqa: PLC0415

        return [
            {
                one.endpoint.key: Foretold(one.value, one.low, one.high, one.inside)
                for one in found
                if one.endpoint.key in self.keys
            }
            for found in forecasts(molecules)
        ]


@dataclass(frozen=True, slots=True)
class ActivityFile:
    """The activity model in a file, in the column `key`."""

    key: str
    file: Path

    def columns(self) -> tuple[Column, ...]:
        """Its one column: of concentrations -log10 of mol/l, of classes the chance of the second one."""
        assay = _loaded(self.file).assay
        if assay.kind == "classes":
            name = Saying(f"{self.key} (chance)", f"{self.key}（概率）")
        elif assay.unit == "as is":
            name = Saying(self.key, self.key)
        else:
            name = Saying(f"{self.key} (-log10 of mol/l)", f"{self.key}（mol/l的负对数）")
        return (Column(self.key, "models", name, "1", self.file.name),)

    def __call__(self, molecules: Sequence[Molecule]) -> Sequence[Mapping[str, Foretold]]:
        """What it foretells."""
        from suwen.drugs.activity.model import forecast  # noqa: PLC0415

        found = forecast(_loaded(self.file), molecules)
        return [{self.key: Foretold(one.value, one.low, one.high, one.inside)} for one in found]


@cache
def _loaded(file: Path) -> ActivityModel:
    from suwen.drugs.activity.stored import load_activity  # noqa: PLC0415

    return load_activity(file)
