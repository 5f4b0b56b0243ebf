"""The shipped coronary model: one line per resampling, for all hospitals and with each left out; read and audited.

The weights are a perceptron of the catalogue whose hidden units only split each column into what is above and below
zero, so that every output is a line in the columns; its inputs "unknown" carry no weight. Both is checked when it is
loaded: a model that learned from what is missing is not loaded.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.heart.coronary_exam import COLUMNS, DIRECTIONS
from suwen.diagnosis.heart.coronary_missing import expectation, patterns
from suwen.errors import FormatError, MissingExtraError, NotFoundError

if TYPE_CHECKING:
    from suwen.learn.card import Card
    from suwen.learn.measure import ConformalSets

__all__ = [
    "NAME",
    "Part",
    "Scored",
    "conformal_sets",
    "level_for",
    "part",
    "part_from",
    "parts",
    "score",
    "shipped_card",
]

Floats = NDArray[np.float64]

NAME = "heart_disease"
_STEEPEST = 40.0  # log-odds beyond which a level is no share of people any more


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One model: of all hospitals, or of all but `left_out`.

    `weights` (members, columns): the first is the model, the others are fitted to resampled people and tell how sure it
    is. `mean` (columns,) and `covariance` are of the columns; `levels` the constant of each hospital it learned from,
    found with lines that had not seen those people; `reference` (points,) the quantiles of its lines; `conformal` its
    sets; `penalty` the one chosen.
    """

    name: str
    left_out: str
    weights: Floats
    mean: Floats
    covariance: Floats
    levels: Mapping[str, float]
    reference: Floats
    conformal: Mapping[str, Any]
    penalty: float

    @property
    def level(self) -> float:
        """The constant where nothing is known of the hospital: the middle of those it learned from."""
        return float(np.mean(list(self.levels.values())))

    def described(self) -> dict[str, Any]:
        """All but the weights, as plain values for the card."""
        return {
            "name": self.name,
            "left_out": self.left_out,
            "mean": _rounded(self.mean),
            "covariance": [_rounded(row) for row in self.covariance],
            "levels": {site: round(level, 5) for site, level in self.levels.items()},
            "reference": _rounded(self.reference),
            "conformal": dict(self.conformal),
            "penalty": self.penalty,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Of rows (n,): the line without its level, how much its members differ (variance), and what unknowns leave open.

    `shrink` is what log-odds are multiplied by where something is unknown, so that the chance is the mean over what the
    unknown may be (MacKay 1992).
    """

    line: Floats
    doubt: Floats
    open: Floats

    @property
    def shrink(self) -> Floats:
        """Between 0 and 1; the same for everybody with the same unknown columns."""
        return np.asarray(1 / np.sqrt(1 + math.pi * self.open / 8))

    def odds(self, level: float) -> Floats:
        """Log-odds (n,) at a level."""
        return np.asarray(self.shrink * (self.line + level))

    def chances(self, level: float) -> Floats:
        """Chances (n,) at a level."""
        return np.asarray(1 / (1 + np.exp(-self.odds(level))))


def score(one: Part, rows: Floats) -> Scored:
    """The lines of `one` for rows (n, columns), NaN where unknown."""
    line, doubt, left = (np.zeros(len(rows)) for _ in range(3))
    for known, here in patterns(rows):
        found = expectation(known, one.covariance, DIRECTIONS)
        weights = one.weights[:, known] + one.weights[:, ~known] @ found.lines.T  # a line in the known columns alone
        level = one.weights @ one.mean
        lines = (rows[np.ix_(here, known)] - one.mean[known]) @ weights.T + level
        line[here], doubt[here] = lines[:, 0], lines.var(axis=1)
        left[here] = one.weights[0, ~known] @ found.left @ one.weights[0, ~known]
    return Scored(line, doubt, np.maximum(left, 0))


def level_for(one: Part, share: float) -> float:
    """The level at which the people learned from would have the disease in `share`, by bisection."""
    low, high = -_STEEPEST, _STEEPEST
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if np.mean(1 / (1 + np.exp(-one.reference - middle))) < share else (low, middle)
    return (low + high) / 2


def conformal_sets(one: Part) -> ConformalSets:
    """Sets of 90 % for each class, fitted to people of hospitals that the line had not seen, at the level of `one`."""
    from suwen.learn.measure import ConformalSets, conformal_from_json  # noqa: PLC0415

    found = conformal_from_json(one.conformal)
    if not isinstance(found, ConformalSets):
        raise FormatError(f"{NAME} holds no conformal sets of two classes", zh=f"{NAME} 没有两类的保形预测集")
    return found


@cache
def parts() -> tuple[Part, ...]:
    """Every shipped model, that of all hospitals first.

    Raises:
        MissingExtraError: PyTorch, which reads the weights, is not installed.
        FormatError: the weights are not lines, look at what is missing, or go against the directions.

    """
    network, card = _loaded()
    described = card.training["parts"]
    weights = _lines(network.state_dict())
    if len(weights) % len(described):
        raise FormatError(
            f"{NAME} has {len(weights)} lines for {len(described)} models",
            zh=f"{NAME} 有 {len(weights)} 行，而模型有 {len(described)} 个",
        )
    blocks = np.split(weights, len(described))
    return tuple(part_from(one, block) for one, block in zip(described, blocks, strict=True))


def part(left_out: str = "") -> Part:
    """The model that did not see a hospital; without a name, or for one that none has seen, that of all.

    Raises NotFoundError where the shipped models have no such part.
    """
    known = {one.left_out: one for one in parts()}
    found = known.get(left_out) or known.get("")
    if found is None:
        raise NotFoundError(f"{NAME} has no model of all hospitals", zh=f"{NAME} 没有全部医院的模型")
    return found


def part_from(described: Mapping[str, Any], weights: Floats) -> Part:
    """A part from what the card says and its weights (members, columns)."""
    return Part(
        described["name"],
        described["left_out"],
        weights,
        np.array(described["mean"], np.float64),
        np.array(described["covariance"], np.float64),
        dict(described["levels"]),
        np.array(described["reference"], np.float64),
        dict(described["conformal"]),
        float(described["penalty"]),
    )


def shipped_card() -> Card:
    """The card of the shipped model."""
    return _loaded()[1]


@cache
def _loaded() -> tuple[Any, Card]:
    try:
        from suwen.learn.weights import Trust, load_model, pins, shipped  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("torch", "learn") from error
    return load_model(shipped(NAME), Trust(pinned=pins()))


def _lines(state: Mapping[str, Any]) -> Floats:
    """Weights (outputs, columns) of a perceptron that is a set of lines."""
    first, start, last = (np.asarray(state[name], np.float64) for name in _TENSORS)
    columns = len(COLUMNS)
    same = np.eye(columns)
    plain = first.shape == (2 * columns, 2 * columns) and np.array_equal(first[:, :columns], np.vstack([same, -same]))
    if (
        not plain
        or first[:, columns:].any()
        or start.any()
        or not np.array_equal(last[:, :columns], -last[:, columns:])
    ):
        raise FormatError(
            f"{NAME} is not a set of lines that leave out what is unknown", zh=f"{NAME} 不是一组可缺省未知项的行"
        )
    lines = last[:, :columns]
    if (lines * DIRECTIONS < 0).any():
        raise FormatError(f"a line of {NAME} goes against what physiology demands", zh=f"{NAME} 有一行与生理学要求相悖")
    return np.asarray(lines)


_TENSORS = ("body.0.weight", "body.0.bias", "body.3.weight")


def _rounded(values: Floats) -> list[float]:
    return [float(f"{one:.6g}") for one in values]
