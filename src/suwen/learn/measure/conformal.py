"""Sets and bands that hold the truth as often as promised, whatever the model (conformal prediction).

The promise: over calibration and new patients drawn alike (exchangeable), the chance that the set holds the truth is at
least 1 - alpha, and at most 1 - alpha + 1 / (n + 1) when scores do not tie (Vovk 2005; Lei 2018). It is an average over
patients, not a promise for each; only the class-conditional (Mondrian) sets promise it for each class.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from suwen.errors import FormatError, InputError
from suwen.learn.measure import checked
from suwen.learn.measure.checked import Floats, Ints
from suwen.learn.measure.intervals import Estimate, clopper_pearson

__all__ = [
    "ConformalBand",
    "ConformalSets",
    "Kind",
    "conformal_from_json",
    "conformal_quantile",
    "coverage",
    "fit_conformal_band",
    "fit_conformal_sets",
]

FORMAT = 1
Kind = Literal["lac", "aps", "raps"]
_KINDS = ("lac", "aps", "raps")


@dataclass(frozen=True, slots=True)
class ConformalSets:
    """Sets of classes that hold the true one with chance 1 - alpha.

    `kind` "lac": all classes probable enough, the smallest sets on average (Sadinle 2019); "aps": the most probable
    classes up to a mass, sizes that follow the difficulty (Romano 2020); "raps": the same with long sets discouraged by
    `penalty` for each class beyond the first `free` (Angelopoulos 2021). `limits` holds one number, or one for each
    class (Mondrian); infinite where there were too few examples to leave anything out. `counts` are those examples.
    """

    kind: Kind
    alpha: float
    limits: tuple[float, ...]
    counts: tuple[int, ...]
    penalty: float = 0.0
    free: int = 0

    def predict(
        self, probabilities: Any, *, rng: np.random.Generator | None = None, allow_empty: bool = False
    ) -> NDArray[np.bool_]:
        """Which classes are in the set of each row, (n, k) booleans, from probabilities (n, k) or (n,).

        Without `rng` APS and RAPS are not randomised, which covers more than promised, and gives the same answer each
        time. Empty sets, which say "nothing I know", get the most probable class unless `allow_empty`.
        """
        table = _table(probabilities)
        if len(self.limits) not in (1, table.shape[1]):
            raise InputError(
                f"probabilities of {table.shape[1]} classes; these sets were fitted for {len(self.limits)}"
            )
        luck = np.ones(len(table)) if rng is None else rng.random(len(table))
        sets = _strangeness(table, self.kind, luck, self.penalty, self.free) <= np.array(self.limits)
        if not allow_empty:
            alone = ~sets.any(axis=1)
            sets[alone, table[alone].argmax(axis=1)] = True
        return np.asarray(sets)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object of format 1; an infinite limit is null."""
        limits = [None if math.isinf(limit) else limit for limit in self.limits]
        return {"format": FORMAT, **asdict(self), "limits": limits, "counts": list(self.counts)}


@dataclass(frozen=True, slots=True)
class ConformalBand:
    """A band moved outwards (or inwards) by `widen`, in the unit of the truth, so that it covers 1 - alpha."""

    alpha: float
    widen: float
    n: int

    def predict(self, low: Any, high: Any) -> tuple[Floats, Floats]:
        """The band (n,), (n,) around predicted quantiles; infinite when there were too few examples to promise."""
        below, above = checked.numbers(low, "low"), checked.numbers(high, "high")
        checked.pair(below, above)
        ends = below - self.widen, above + self.widen
        middle = (below + above) / 2
        return np.minimum(ends[0], middle), np.maximum(ends[1], middle)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object of format 1; an infinite width is null."""
        return {
            "format": FORMAT,
            "kind": "band",
            **asdict(self),
            "widen": None if math.isinf(self.widen) else self.widen,
        }


def fit_conformal_sets(
    truth: Any,
    probabilities: Any,
    *,
    alpha: float = 0.1,
    kind: Kind = "lac",
    mondrian: bool = False,
    rng: np.random.Generator | None = None,
    raps: tuple[float, int] = (0.01, 2),
) -> ConformalSets:
    """Fit on calibration data that the model, its calibrator and its threshold never saw.

    `truth` (n,), `probabilities` (n, k), or (n,) for two classes. APS and RAPS need `rng`: without the random share of
    the last class their coverage is only a bound. `raps` is its penalty and how many classes go free. `mondrian`
    promises for each class by itself, which needs at least 1 / alpha - 1 examples of each. Raises InputError when a
    class then has none.
    """
    classes, table = checked.classes(truth), _table(probabilities)
    checked.whole(classes, table)
    if kind not in _KINDS or not raps[0] >= 0 or raps[1] < 0:
        raise InputError(f"kind {kind!r}, raps {raps}: use one of {', '.join(_KINDS)}, and numbers not below 0")
    if kind != "lac" and rng is None:
        raise InputError(f"{kind} is fitted with a random share: give rng")
    used = raps if kind == "raps" else (0.0, 0)
    luck = np.ones(len(table)) if rng is None else rng.random(len(table))
    own = _strangeness(table, kind, luck, *used)[np.arange(len(table)), classes]
    members = [own[classes == one] for one in range(table.shape[1])] if mondrian else [own]
    if not all(map(len, members)):
        raise InputError(
            f"class {list(map(len, members)).index(0)} has no calibration example: nothing can be promised"
        )
    limits = tuple(conformal_quantile(part, alpha) for part in members)
    return ConformalSets(kind, alpha, limits, tuple(map(len, members)), *used)


def fit_conformal_band(truth: Any, low: Any, high: Any, *, alpha: float = 0.1) -> ConformalBand:
    """Conformalised quantile regression (Romano 2019): `low` and `high` (n,) are quantiles predicted for `truth` (n,).

    With low = high = a plain prediction this is split conformal regression with bands of equal width.
    """
    real, below, above = (
        checked.numbers(part, name) for part, name in ((truth, "truth"), (low, "low"), (high, "high"))
    )
    checked.pair(real, below)
    checked.pair(real, above)
    return ConformalBand(alpha, conformal_quantile(np.maximum(below - real, real - above), alpha), len(real))


def conformal_quantile(strangeness: Any, alpha: float) -> float:
    """The ceil((n + 1)(1 - alpha))-th smallest of n, or infinity when there is none so high."""
    column = np.sort(checked.numbers(strangeness, "strangeness"))
    if not 0 < alpha < 1:
        raise InputError(f"alpha is {alpha}: give the share of misses that is allowed, between 0 and 1")
    # 1e-9 keeps (n + 1)(1 - alpha), when it is whole, from being lifted over it by rounding.
    place = math.ceil((len(column) + 1) * (1 - alpha) - 1e-9)
    return float(column[place - 1]) if place <= len(column) else math.inf


def coverage(truth: Any, sets: Any, *, level: float = 0.95) -> Estimate:
    """Share of rows whose set (n, k) holds the truth (n,), with its Clopper-Pearson interval."""
    classes, members = checked.classes(truth), np.asarray(sets)
    if members.ndim != 2 or members.dtype != bool or len(members) != len(classes):
        raise InputError(f"sets of shape {members.shape} for {len(classes)} rows: give booleans (n, classes)")
    checked.whole(classes, members.astype(np.float64))
    return clopper_pearson(int(members[np.arange(len(classes)), classes].sum()), len(classes), level=level)


def conformal_from_json(document: Mapping[str, Any]) -> ConformalSets | ConformalBand:
    """Read back what `to_json` wrote. Raises FormatError for another format or kind."""
    if document.get("format") != FORMAT:
        raise FormatError(
            f"conformal limits of format {document.get('format')!r} need a newer Suwen: this reads {FORMAT}"
        )
    kind = document.get("kind")
    if kind not in (*_KINDS, "band"):
        raise FormatError(f"conformal limits of kind {kind!r} are unknown")
    try:
        if kind == "band":
            return ConformalBand(float(document["alpha"]), _limit(document["widen"]), int(document["n"]))
        limits, counts = map(_limit, document["limits"]), map(int, document["counts"])
        rest = float(document["penalty"]), int(document["free"])
        return ConformalSets(kind, float(document["alpha"]), tuple(limits), tuple(counts), *rest)
    except (KeyError, TypeError, ValueError) as wrong:
        raise FormatError(f"conformal limits of kind {kind!r} lack their numbers, or they are not numbers") from wrong


def _limit(value: Any) -> float:
    return math.inf if value is None else float(value)


def _table(probabilities: Any) -> Floats:
    table = checked.probabilities(probabilities)
    return np.column_stack([1 - table, table]) if table.ndim == 1 else table


def _strangeness(table: Floats, kind: str, luck: Floats, penalty: float, free: int) -> Floats:
    """How strange each class would be as the truth, (n, k): higher is stranger."""
    if kind == "lac":
        return 1 - table
    order = np.argsort(-table, axis=1, kind="stable")
    ranked = np.take_along_axis(table, order, axis=1)
    mass = np.cumsum(ranked, axis=1) - ranked * (1 - luck[:, None])
    mass += penalty * np.maximum(np.arange(1, table.shape[1] + 1) - free, 0)
    answer = np.empty_like(table)
    np.put_along_axis(answer, _as_index(order), mass, axis=1)
    return answer


def _as_index(order: Any) -> Ints:
    return np.asarray(order, dtype=np.int64)
