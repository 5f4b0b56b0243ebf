"""What is to be taught: network, preparation, augmentation, plan and seeds, with the words for the card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from suwen.errors import InputError
from suwen.learn.augment.intensity import Intensity
from suwen.learn.augment.signals import Signals
from suwen.learn.augment.spatial import Spatial
from suwen.learn.fit import Augmentation
from suwen.learn.plan import Plan
from suwen.learn.prepare import Prepare

__all__ = ["AUGMENTATIONS", "Lesson"]

AUGMENTATIONS: Mapping[str, type[Any]] = {"intensity": Intensity, "signals": Signals, "spatial": Spatial}


@dataclass(frozen=True, slots=True)
class Lesson:
    """A model to be made.

    `network` has `kind` and `settings` of the catalogue; `augment` names augmentations with their settings; with
    several `seeds` the model is the ensemble of their networks. `rule` is how the threshold is chosen on the validation
    part.
    """

    name: str
    version: str
    purpose: Mapping[str, str]
    limits: Mapping[str, tuple[str, ...]]
    licence: str
    network: Mapping[str, Any]
    prepare: Prepare = field(default_factory=Prepare)
    augment: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    plan: Plan = field(default_factory=Plan)
    seeds: tuple[int, ...] = (0,)
    flips: tuple[int, ...] = ()
    rule: str = "youden"

    def augmentations(self) -> Sequence[Augmentation]:
        """The augmentations, in the order they are named."""
        strange = sorted(set(self.augment) - set(AUGMENTATIONS))
        if strange:
            raise InputError(f"no augmentation is called {', '.join(strange)}; there are {', '.join(AUGMENTATIONS)}")
        return [_made(name, settings) for name, settings in self.augment.items()]

    def values(self) -> dict[str, Any]:
        """What decides the outcome, as plain values for a card."""
        return {
            "plan": asdict(self.plan),
            "seeds": list(self.seeds),
            "augment": {name: dict(settings) for name, settings in self.augment.items()},
            "rule": self.rule,
        }


def _made(name: str, settings: Mapping[str, Any]) -> Any:
    kind = AUGMENTATIONS[name]
    strange = sorted(set(settings) - {one.name for one in fields(kind)})
    if strange:
        raise InputError(f"the augmentation {name} has no {', '.join(strange)}")
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()})
