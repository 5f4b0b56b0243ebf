"""The maps from a model's logits to calibrated probabilities: frozen, callable, kept as JSON of format 1.

Format 1 is an object with `format` 1, `kind` and the fields of that kind. To change a meaning, raise the number and
keep reading 1. Logits are (n,), log-odds of class 1, or (n, k), one column a class; probabilities have their shape.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from suwen.errors import FormatError, InputError
from suwen.learn.measure import checked
from suwen.learn.measure.checked import Floats

__all__ = [
    "Beta",
    "Calibrator",
    "Isotonic",
    "OneVsRest",
    "Platt",
    "Temperature",
    "calibrator_from_json",
    "logits",
    "sigmoid",
    "softmax",
]

FORMAT = 1
_LEAST = 2.0**-52


@dataclass(frozen=True, slots=True)
class Temperature:
    """Divide all logits by one number: more than 1 softens (Guo 2017). The order of the classes never changes."""

    kind: ClassVar[str] = "temperature"
    temperature: float = 1.0

    def __call__(self, given: Any) -> Floats:
        """Probabilities from logits, (n,) or (n, k)."""
        table = checked.scores(given, "logits") / self.temperature
        return sigmoid(table) if table.ndim == 1 else softmax(table)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object of format 1."""
        return {"format": FORMAT, "kind": self.kind, "temperature": self.temperature}


@dataclass(frozen=True, slots=True)
class Platt:
    """A logistic curve over the logit: slope * logit + level (Platt 1999). Two classes, (n,)."""

    kind: ClassVar[str] = "platt"
    slope: float
    level: float

    def __call__(self, given: Any) -> Floats:
        """Probabilities (n,) from logits (n,)."""
        return sigmoid(self.slope * checked.numbers(given, "logits") + self.level)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object of format 1."""
        return {"format": FORMAT, "kind": self.kind, "slope": self.slope, "level": self.level}


@dataclass(frozen=True, slots=True)
class Beta:
    """Log-odds = rise * ln(p) - fall * ln(1 - p) + level, rise and fall >= 0 (Kull 2017). Two classes, (n,)."""

    kind: ClassVar[str] = "beta"
    rise: float
    fall: float
    level: float

    def __call__(self, given: Any) -> Floats:
        """Probabilities (n,) from logits (n,)."""
        column = checked.numbers(given, "logits")
        return sigmoid(-self.rise * np.logaddexp(0, -column) + self.fall * np.logaddexp(0, column) + self.level)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object of format 1."""
        return {"format": FORMAT, "kind": self.kind, "rise": self.rise, "fall": self.fall, "level": self.level}


@dataclass(frozen=True, slots=True)
class Isotonic:
    """A rising line through knots (logit, probability), flat beyond the ends (Zadrozny & Elkan 2002). Two classes.

    Never 0 or 1: a sample of n cannot tell a chance below 1 / (n + 2) from none.
    """

    kind: ClassVar[str] = "isotonic"
    at: tuple[float, ...]
    chance: tuple[float, ...]

    def __call__(self, given: Any) -> Floats:
        """Probabilities (n,) from logits (n,)."""
        return np.asarray(np.interp(checked.numbers(given, "logits"), self.at, self.chance))

    def to_json(self) -> dict[str, Any]:
        """As a JSON object of format 1."""
        return {"format": FORMAT, "kind": self.kind, "at": list(self.at), "chance": list(self.chance)}


@dataclass(frozen=True, slots=True)
class OneVsRest:
    """A calibrator of two classes for each class, their answers divided by their sum."""

    kind: ClassVar[str] = "one_vs_rest"
    each: tuple[Platt | Beta | Isotonic, ...] = field(default=())

    def __call__(self, given: Any) -> Floats:
        """Probabilities (n, k) from logits (n, k)."""
        table = checked.scores(given, "logits")
        if table.ndim != 2 or table.shape[1] != len(self.each):
            raise InputError(f"logits of shape {table.shape}: this calibrator knows {len(self.each)} classes")
        odds = logits(softmax(table), one_vs_rest=True)
        chances = np.column_stack([one(odds[:, place]) for place, one in enumerate(self.each)])
        return np.asarray(chances / np.maximum(chances.sum(axis=1, keepdims=True), np.finfo(float).tiny))

    def to_json(self) -> dict[str, Any]:
        """As a JSON object of format 1."""
        return {"format": FORMAT, "kind": self.kind, "each": [one.to_json() for one in self.each]}


Calibrator = Temperature | Platt | Beta | Isotonic | OneVsRest


def calibrator_from_json(document: Mapping[str, Any]) -> Calibrator:
    """Read back what `to_json` wrote. Raises FormatError for another format, kind, or impossible numbers."""
    if document.get("format") != FORMAT:
        raise FormatError(f"a calibrator of format {document.get('format')!r} needs a newer Suwen: this reads {FORMAT}")
    kind = document.get("kind")
    try:
        if kind == OneVsRest.kind:
            return OneVsRest(tuple(_two_classes(calibrator_from_json(one)) for one in document["each"]))
        if kind == Isotonic.kind:
            return _isotonic(document)
        return _few(str(kind), document)
    except (KeyError, TypeError, ValueError) as wrong:
        if isinstance(wrong, FormatError):
            raise
        raise FormatError(f"a calibrator of kind {kind!r} lacks its numbers, or they are not numbers") from wrong


def logits(probabilities: Any, *, one_vs_rest: bool = False) -> Floats:
    """Logits whose sigmoid (n,) or softmax (n, k) gives these probabilities; `one_vs_rest`: log-odds of each class."""
    table = checked.probabilities(probabilities)
    held = np.clip(table, _LEAST, 1 - _LEAST)
    if table.ndim == 2 and not one_vs_rest:
        return np.asarray(np.log(held))
    return np.asarray(np.log(held) - np.log1p(-held))


def sigmoid(values: Floats) -> Floats:
    """1 / (1 + exp(-x)), without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(values / 2)))


def softmax(table: Floats) -> Floats:
    """Exponentials divided by the sum of their row, without overflow, (n, k)."""
    lifted = np.exp(table - table.max(axis=1, keepdims=True))
    return np.asarray(lifted / lifted.sum(axis=1, keepdims=True))


def _few(kind: str, document: Mapping[str, Any]) -> Calibrator:
    if kind == Temperature.kind:
        return Temperature(_number(document, "temperature", above=0.0))
    if kind == Platt.kind:
        return Platt(_number(document, "slope"), _number(document, "level"))
    if kind == Beta.kind:
        return Beta(*(_number(document, name) for name in ("rise", "fall", "level")))
    raise FormatError(f"a calibrator of kind {kind!r} is unknown")


def _isotonic(document: Mapping[str, Any]) -> Isotonic:
    at, chance = (np.array(document[name], dtype=np.float64) for name in ("at", "chance"))
    sound = at.ndim == chance.ndim == 1 and len(at) == len(chance) > 0 and np.isfinite(at).all()
    if not sound or (np.diff(at) < 0).any() or (np.diff(chance) < 0).any() or not ((chance >= 0) & (chance <= 1)).all():
        raise FormatError("an isotonic calibrator needs rising knots with rising probabilities in 0..1")
    return Isotonic(tuple(at.tolist()), tuple(chance.tolist()))


def _two_classes(one: Calibrator) -> Platt | Beta | Isotonic:
    if isinstance(one, Temperature | OneVsRest):
        raise FormatError(f"a calibrator of kind {one.kind!r} cannot stand for one class against the rest")
    return one


def _number(document: Mapping[str, Any], name: str, above: float = -math.inf) -> float:
    value = float(document[name])
    if not math.isfinite(value) or value <= above:
        raise FormatError(f"the calibrator's {name} is {value}, which cannot be")
    return value
