"""How a model is trained: everything that decides the outcome, in plain values that a card can hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from suwen.errors import InputError, Problem

__all__ = ["AVERAGES", "BALANCES", "OPTIMISERS", "SCHEDULES", "Plan"]

SCHEDULES = ("cosine", "one-cycle", "plateau", "constant")
OPTIMISERS = ("adamw", "sgd")
AVERAGES = ("none", "ema", "swa")
BALANCES = ("none", "loss", "sampling")


@dataclass(frozen=True, slots=True)
class Plan:
    """A training.

    `rate` is the highest learning rate. `schedule`: `cosine` after a linear `warm_up` (share of all steps; Loshchilov &
    Hutter 2017), `one-cycle` (Smith & Topin 2019), `plateau` (a tenth after `wait` epochs without gain), `constant`.
    `patience` epochs without gain end the training early (None: never). `smoothing` of labels (Szegedy et al. 2016).
    `average` of the weights: `ema` with `decay` a step, `swa` the mean of the epochs after the share `average_from`
    (Izmailov et al. 2018). `balance` of unequal classes: `loss` weighs, `sampling` draws all equally often.
    `accumulate` batches a step; `clip` the gradient's norm; `mixup` its alpha (0: none). `watch` is the figure of the
    validation part by which the best epoch is kept: `auc`, `accuracy`, `dice`, `loss`, or `last` for the last epoch.
    `mixed` computes in bfloat16 where the device is a GPU. The seed decides everything random.
    """

    epochs: int = 30
    batch: int = 32
    rate: float = 1e-3
    schedule: str = "cosine"
    warm_up: float = 0.05
    optimiser: str = "adamw"
    weight_decay: float = 1e-2
    smoothing: float = 0.0
    patience: int | None = None
    wait: int = 5
    average: str = "none"
    decay: float = 0.995
    average_from: float = 0.7
    balance: str = "none"
    accumulate: int = 1
    clip: float | None = 1.0
    mixup: float = 0.0
    watch: str = "auc"
    mixed: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        problems = [
            *_at_least(1, epochs=self.epochs, batch=self.batch, accumulate=self.accumulate, wait=self.wait),
            *_among(schedule=(self.schedule, SCHEDULES), optimiser=(self.optimiser, OPTIMISERS)),
            *_among(average=(self.average, AVERAGES), balance=(self.balance, BALANCES)),
        ]
        if self.rate <= 0:
            problems.append(Problem("rate", f"a learning rate is above 0, not {self.rate}"))
        shares = {name: getattr(self, name) for name in ("warm_up", "smoothing", "decay", "average_from")}
        problems += [
            Problem(name, f"a share from 0 up to 1, not {share}")
            for name, share in shares.items()
            if not 0 <= share < 1
        ]
        if problems:
            raise InputError("the training plan cannot be followed", problems)

    def to_json(self) -> str:
        """The plan as one JSON object."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Plan:
        """A plan from plain values, as read from JSON or YAML; unknown names are errors.

        Raises:
            InputError: a name or a value is not one of a plan.

        """
        known = {one.name for one in fields(cls)}
        strange = sorted(set(values) - known)
        if strange:
            raise InputError(f"a training plan has no {', '.join(strange)}; it has {', '.join(sorted(known))}")
        try:
            return cls(**values)
        except TypeError as error:
            raise InputError("a value of the training plan is of the wrong kind") from error


def _at_least(least: int, **values: int) -> list[Problem]:
    return [Problem(name, f"at least {least}, not {value}") for name, value in values.items() if value < least]


def _among(**choices: tuple[str, tuple[str, ...]]) -> list[Problem]:
    return [
        Problem(name, f"{value} is none of {', '.join(known)}")
        for name, (value, known) in choices.items()
        if value not in known
    ]
