"""How honest probabilities are: Brier score and its parts, log loss, calibration error, slope and intercept.

Functions ending in `_many` take weights (b, n) and return (b,) with NaN where undefined.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from suwen.errors import InputError
from suwen.learn.measure import checked
from suwen.learn.measure.checked import Floats, Ints

__all__ = [
    "Murphy",
    "Scheme",
    "bin_numbers",
    "brier",
    "brier_many",
    "calibration_error",
    "calibration_error_many",
    "calibration_intercept",
    "calibration_intercept_many",
    "calibration_slope",
    "calibration_slope_many",
    "log_loss",
    "log_loss_many",
    "murphy",
    "top",
]

Scheme = Literal["mass", "width"]
_LEAST = 2.0**-52  # a probability of 0 for what happened costs 36 nats, not infinity
_ROUNDS, _STEEPEST = 60, 1e4
_SEPARATED = "the fit does not settle: classes are perfectly separated, or all probabilities are equal"


@dataclass(frozen=True, slots=True)
class Murphy:
    """Brier score = reliability - resolution + uncertainty + within.

    `reliability` is the squared miscalibration (0 is best), `resolution` how far the bins' outcomes differ from the
    whole, `uncertainty` the variance of the outcome, `within` what binning hides (0 with bins of equal probabilities).
    """

    reliability: float
    resolution: float
    uncertainty: float
    within: float

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


def brier(truth: Any, probabilities: Any) -> float:
    """Mean squared error of the probabilities (Brier 1950): 0..1 for (n,); for (n, k) summed over classes, 0..2."""
    return float(brier_many(*_both(truth, probabilities), None)[0])


def log_loss(truth: Any, probabilities: Any) -> float:
    """Mean of -ln(probability of what happened), in nats; probabilities below 2^-52 count as that."""
    return float(log_loss_many(*_both(truth, probabilities), None)[0])


def murphy(truth: Any, probabilities: Any, *, bins: int | None = None, scheme: Scheme = "mass") -> Murphy:
    """Decompose the Brier score of two classes (Murphy 1973; `within` after Stephenson 2008).

    Without `bins`, examples of exactly equal probability form a bin, which makes `within` 0.
    """
    happened, chance = _two(truth, probabilities)
    place = np.unique(chance, return_inverse=True)[1] if bins is None else bin_numbers(chance, bins, scheme)
    size = np.bincount(place).astype(np.float64)
    held, overall = size > 0, float(happened.mean())
    share, size = size[held] / len(chance), size[held]
    seen = np.bincount(place, weights=happened)[held] / size
    said = np.bincount(place, weights=chance)[held] / size
    reliability, resolution = float(share @ (said - seen) ** 2), float(share @ (seen - overall) ** 2)
    uncertainty = overall * (1 - overall)
    whole = float(np.mean((chance - happened) ** 2))
    within = 0.0 if bins is None else whole - (reliability - resolution + uncertainty)
    return Murphy(reliability, resolution, uncertainty, within)


def calibration_error(truth: Any, probabilities: Any, *, bins: int = 15, scheme: Scheme = "mass") -> float:
    """Expected calibration error: mean over bins, by size, of |mean probability - share that happened|.

    For (n,) the probability of class 1 is judged; for (n, k) that of the most probable class (Naeini 2015, Guo 2017).
    `scheme` "mass" gives bins equally many examples (equal probabilities are never parted), "width" equal intervals.
    The error is biased upwards in small samples, the more so the more bins.
    """
    return float(calibration_error_many(*_both(truth, probabilities), None, bins=bins, scheme=scheme)[0])


def calibration_slope(truth: Any, probabilities: Any) -> float:
    """Slope b of logit P(truth) = a + b logit(probability) (Cox 1958): 1 is right, below 1 is overconfident.

    Two classes. Raises InputError when the fit does not settle (one class, perfect separation, no spread).
    """
    return checked.defined(
        calibration_slope_many(*_two(truth, probabilities), None), "the calibration slope", _SEPARATED
    )


def calibration_intercept(truth: Any, probabilities: Any) -> float:
    """Calibration in the large: a of logit P(truth) = a + logit(probability); above 0 the risk is understated.

    The slope is held at 1 (Van Calster 2019). Two classes; raises InputError when there is only one.
    """
    values = calibration_intercept_many(*_two(truth, probabilities), None)
    return checked.defined(values, "the calibration intercept", "there is only one class")


def bin_numbers(chance: Floats, bins: int, scheme: Scheme) -> Ints:
    """Bin of each probability, 0..bins-1; equal probabilities always share one."""
    if bins < 1 or scheme not in ("mass", "width"):
        raise InputError(f"{bins} bins by {scheme!r}: give at least one bin, by 'mass' or 'width'")
    if scheme == "width":
        return np.minimum((chance * bins).astype(np.int64), bins - 1)
    ranked = np.sort(chance)
    middle = (np.searchsorted(ranked, chance, "left") + np.searchsorted(ranked, chance, "right")) / 2
    return np.minimum((middle * bins / len(chance)).astype(np.int64), bins - 1)


def top(truth: Ints, table: Floats) -> tuple[Floats, Floats]:
    """What is judged for calibration: (happened, probability), of class 1 or of the most probable class."""
    if table.ndim == 1:
        return (truth == 1).astype(np.float64), table
    best = table.argmax(axis=1)
    return (best == truth).astype(np.float64), table[np.arange(len(best)), best]


def brier_many(truth: Ints, chance: Floats, weights: Floats | None) -> Floats:
    """Brier score of each weighting."""
    if chance.ndim == 1:
        return _mean((chance - truth) ** 2, weights)
    return _mean(((chance - np.eye(chance.shape[1])[truth.astype(np.int64)]) ** 2).sum(axis=1), weights)


def log_loss_many(truth: Ints, chance: Floats, weights: Floats | None) -> Floats:
    """Log loss of each weighting."""
    happened = (
        np.where(truth == 1, chance, 1 - chance)
        if chance.ndim == 1
        else chance[np.arange(len(truth)), truth.astype(np.int64)]
    )
    return _mean(-np.log(np.maximum(happened, _LEAST)), weights)


def calibration_error_many(
    truth: Ints, chance: Floats, weights: Floats | None, *, bins: int = 15, scheme: Scheme = "mass"
) -> Floats:
    """Calibration error of each weighting; the bins are those of the whole sample."""
    happened, said = top(truth, chance)
    place = bin_numbers(said, bins, scheme)
    given = np.ones((1, len(said))) if weights is None else weights
    gap = np.zeros((len(said), bins))
    gap[np.arange(len(said)), place] = said - happened
    return checked.ratio(np.abs(given @ gap).sum(axis=1), given.sum(axis=1))


def calibration_slope_many(truth: Any, chance: Floats, weights: Floats | None) -> Floats:
    """Calibration slope of each weighting, all fitted at once by Newton's method."""
    given = np.ones((1, len(chance))) if weights is None else weights
    column, happened = _logit(chance if chance.ndim == 1 else chance[:, 1]), np.asarray(truth, dtype=np.float64)
    level, slope = np.zeros((len(given), 1)), np.ones((len(given), 1))
    settled = np.zeros(len(given), dtype=bool)
    for _ in range(_ROUNDS):
        chances = _sigmoid(level + slope * column)
        pull, bend = given * (happened - chances), given * chances * (1 - chances)
        bent = bend @ column
        across, along = bend.sum(axis=1), bend @ column**2
        below = across * along - bent**2
        sound = below > 1e-12 * np.maximum(across * along, 1e-300)
        below = np.where(sound, below, 1.0)
        pulled, lifted = pull @ column, pull.sum(axis=1)
        step_level = np.clip(np.where(sound, (along * lifted - bent * pulled) / below, 0), -5, 5)
        step_slope = np.clip(np.where(sound, (across * pulled - bent * lifted) / below, 0), -5, 5)
        level, slope = level + step_level[:, None], slope + step_slope[:, None]
        settled = sound & (np.maximum(np.abs(step_level), np.abs(step_slope)) < 1e-9)
        if settled.all():
            break
    return np.where(settled & (np.abs(slope[:, 0]) < _STEEPEST), slope[:, 0], np.nan)


def calibration_intercept_many(truth: Any, chance: Floats, weights: Floats | None) -> Floats:
    """Calibration in the large of each weighting: Newton's steps, halved into the bracket when they leave it."""
    given = np.ones((1, len(chance))) if weights is None else weights
    column = _logit(chance if chance.ndim == 1 else chance[:, 1])
    wanted, size = given @ np.asarray(truth, dtype=np.float64), given.sum(axis=1)
    low, high, level = np.full(len(given), -80.0), np.full(len(given), 80.0), np.zeros(len(given))
    for _ in range(_ROUNDS):
        chances = _sigmoid(level[:, None] + column)
        lacking = wanted - (given * chances).sum(axis=1)
        low, high = np.where(lacking > 0, level, low), np.where(lacking > 0, high, level)
        step = lacking / np.maximum((given * chances * (1 - chances)).sum(axis=1), 1e-300)
        inside = (level + step > low) & (level + step < high)
        moved = np.where(inside, level + step, (low + high) / 2)
        done, level = np.abs(moved - level) < 1e-11, moved
        if done.all():
            break
    return np.where((wanted > 0) & (wanted < size), level, np.nan)


def _both(truth: Any, chance: Any) -> tuple[Ints, Floats]:
    classes, table = checked.classes(truth), checked.probabilities(chance)
    checked.whole(classes, table)
    return classes, table


def _two(truth: Any, chance: Any) -> tuple[Ints, Floats]:
    classes, table = _both(truth, chance)
    if table.ndim == 2:
        if table.shape[1] != 2:
            raise InputError(f"probabilities of {table.shape[1]} classes: this measure knows two, judge one at a time")
        table = np.ascontiguousarray(table[:, 1])
    return classes, table


def _mean(values: Floats, weights: Floats | None) -> Floats:
    return np.array([values.mean()]) if weights is None else checked.ratio(weights @ values, weights.sum(axis=1))


def _logit(chance: Floats) -> Floats:
    held = np.clip(chance, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(held) - np.log1p(-held))


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(values / 2)))
