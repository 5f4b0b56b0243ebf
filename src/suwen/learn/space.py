"""Where an architecture is searched: the choices for each setting of a network and each value of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from suwen.errors import InputError
from suwen.learn.nets.catalogue import CATALOGUE
from suwen.learn.plan import Plan

__all__ = ["SPACES", "Among", "Real", "Space", "Whole"]

_WIDEST = 512


@dataclass(frozen=True, slots=True)
class Among:
    """One of some values."""

    values: tuple[str | bool | int | float, ...]

    def drawn(self, trial: Any, name: str) -> Any:
        """The value a trial of Optuna takes."""
        return trial.suggest_categorical(name, list(self.values))


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number of a range, both ends in it."""

    low: int
    high: int
    step: int = 1

    def drawn(self, trial: Any, name: str) -> Any:
        """The value a trial of Optuna takes."""
        return trial.suggest_int(name, self.low, self.high, step=self.step)


@dataclass(frozen=True, slots=True)
class Real:
    """A number of a range, drawn on a logarithmic scale where `log`."""

    low: float
    high: float
    log: bool = False

    def drawn(self, trial: Any, name: str) -> Any:
        """The value a trial of Optuna takes."""
        return trial.suggest_float(name, self.low, self.high, log=self.log)


Choices = Among | Whole | Real


@dataclass(frozen=True, slots=True)
class Space:
    """The choices for a network of the catalogue.

    `settings` names settings of it, `plan` values of a plan; what is not named stays as the lesson has it. Where the
    network has `widths`, they are made of `width`, the first, and `stages`, how many; each is twice the one before
    (perceptron: half), which keeps the cost of all stages alike.
    """

    kind: str
    settings: Mapping[str, Choices]
    plan: Mapping[str, Choices] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in CATALOGUE:
            raise InputError(f"no network is called {self.kind}; there are {', '.join(CATALOGUE)}")
        known = {one.name for one in fields(CATALOGUE[self.kind].settings)}
        if "widths" in known:
            known = known - {"widths"} | {"stages", "width"}
        strange = sorted(set(self.settings) - known) + sorted(set(self.plan) - {one.name for one in fields(Plan)})
        if strange:
            raise InputError(f"neither the network {self.kind} nor a plan has {', '.join(strange)} to search over")
        if ("stages" in self.settings) != ("width" in self.settings) and "stages" in known:
            raise InputError("name both `width` and `stages`, or neither")

    def drawn(self, trial: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Settings of the network and values of the plan for one trial of Optuna."""
        settings = {name: choices.drawn(trial, name) for name, choices in self.settings.items()}
        plan = {name: choices.drawn(trial, f"plan.{name}") for name, choices in self.plan.items()}
        if "stages" in settings:
            width, stages = settings.pop("width"), settings.pop("stages")
            shrinks = self.kind == "perceptron"
            factors = [0.5**n if shrinks else 2.0**n for n in range(stages)]
            settings["widths"] = [max(2, min(_WIDEST, int(width * factor))) for factor in factors]
        return settings, plan


_ACTIVATIONS = Among(("relu", "silu", "gelu", "leaky"))
_PLAN: Mapping[str, Choices] = {"rate": Real(3e-4, 3e-2, log=True), "weight_decay": Real(1e-4, 0.3, log=True)}

SPACES: Mapping[str, Space] = {
    "residual": Space(
        "residual",
        {
            "width": Whole(8, 48, 8),
            "stages": Whole(2, 4),
            "depth": Whole(1, 3),
            "stem": Whole(0, 2),
            "excite": Among((True, False)),
            "activation": _ACTIVATIONS,
            "drop": Real(0.0, 0.5),
        },
        {**_PLAN, "smoothing": Real(0.0, 0.2)},
    ),
    "unet": Space(
        "unet",
        {"width": Whole(8, 24, 8), "stages": Whole(2, 4), "depth": Whole(1, 2), "activation": _ACTIVATIONS},
        _PLAN,
    ),
    "temporal": Space(
        "temporal",
        {"width": Whole(16, 96, 16), "depth": Whole(3, 8), "kernel": Among((3, 5, 7)), "activation": _ACTIVATIONS},
        _PLAN,
    ),
    "perceptron": Space(
        "perceptron",
        {"width": Whole(16, 128, 16), "stages": Whole(1, 3), "activation": _ACTIVATIONS, "drop": Real(0.0, 0.5)},
        _PLAN,
    ),
}
