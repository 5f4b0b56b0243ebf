"""How likely it is of every beat that the atria fibrillate: a small learned function of measures, in plain arrays.

One hidden layer. What ships was learned by `suwen.bench.rhythm_fit` from made rhythms and the records of CPSC2021 that
may be learned from, and lies beside this file with its provenance.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.unevenness import MEASURES
from suwen.errors import DataError

__all__ = ["Weights", "log_odds", "shipped_weights"]

Floats = NDArray[np.float64]
_FILE = "fibrillation.json"


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Mean and spread of each measure (measures,), `inner` (measures, hidden), `offsets` and `outer` (hidden,), `bias`.

    `patients` of CPSC2021 are those whose records were learned from; `source` says in words what else was.
    """

    mean: Floats
    spread: Floats
    inner: Floats
    offsets: Floats
    outer: Floats
    bias: float
    patients: tuple[str, ...] = ()
    source: str = ""


def log_odds(measures: Floats, weights: Weights) -> Floats:
    """Log odds (beats,) of measures (beats, `MEASURES`)."""
    scaled = np.clip((measures - weights.mean) / weights.spread, -4, 4)
    hidden = np.tanh(scaled @ weights.inner + weights.offsets)
    return np.asarray(hidden @ weights.outer + weights.bias, np.float64)


@cache
def shipped_weights() -> Weights:
    """Those that come with the package. Raises DataError where they do not fit the measures."""
    found: Any = json.loads((files("suwen.diagnosis.rhythm") / _FILE).read_text("utf-8"))
    if tuple(found["measures"]) != MEASURES:
        raise DataError(
            f"{_FILE} was learned from other measures; learn it again", zh=f"{_FILE} 是按其他指标学得的；请重新训练"
        )
    arrays = {name: np.array(found[name], np.float64) for name in ("mean", "spread", "inner", "offsets", "outer")}
    learned = tuple(str(one) for one in found["patients"])
    return Weights(**arrays, bias=float(found["bias"]), patients=learned, source=str(found["source"]))
