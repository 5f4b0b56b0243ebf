"""How often our rules say what a reader said: counts on labelled traces, and the likelihood ratio that follows.

The counts are made by the recipe `ecg_signs` and shipped as JSON. None of the rules was fitted to the labels.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from suwen.diagnosis.rhythm.labels import LABELLED, RECORDINGS
from suwen.errors import DataError
from suwen.subject import Saying

__all__ = ["FORMAT", "Counted", "Ratio", "chance_of", "counted", "ratio_of"]

FORMAT = 1
_ROOM = "suwen.diagnosis.rhythm"


@dataclass(frozen=True, slots=True)
class Counted:
    """Of `cases` traces that a reader labelled so our rule named `hits`; of `others` it named `wrong`; `source` says
    which traces these were.
    """

    hits: int
    cases: int
    wrong: int
    others: int
    source: Saying


@dataclass(frozen=True, slots=True)
class Ratio:
    """A positive likelihood ratio with its 95 % interval."""

    value: float
    low: float
    high: float


@cache
def counted() -> Mapping[str, Counted]:
    """The counts by sign. Raises DataError where the file is damaged."""
    text = resources.files(_ROOM).joinpath("measured.json").read_text("utf-8")
    try:
        tree = json.loads(text)
        if tree["format"] != FORMAT:
            raise DataError(
                f"the counts of ECG signs have format {tree['format']}, not {FORMAT}: install it anew",
                zh=f"心电图征象统计表的格式为 {tree['format']}，而非 {FORMAT}：请重新安装",
            )
        found = {key: Counted(**(one | {"source": Saying(**one["source"])})) for key, one in tree["signs"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as reason:
        raise DataError(
            f"the counts of ECG signs are damaged ({type(reason).__name__}): install it anew",
            zh=f"心电图征象统计表已损坏（{type(reason).__name__}）：请重新安装",
        ) from None
    return MappingProxyType(found)


def ratio_of(one: Counted) -> Ratio | None:
    """The positive likelihood ratio, half a trace added to each count (Haldane), interval by Simel et al. 1991.

    None where no trace was labelled so, or every one: then nothing was measured.
    """
    if not one.cases or not one.others:
        return None
    hit, all_ill, false, all_well = one.hits + 0.5, one.cases + 1.0, one.wrong + 0.5, one.others + 1.0
    value = (hit / all_ill) / (false / all_well)
    spread = 1.96 * math.sqrt(1 / hit - 1 / all_ill + 1 / false - 1 / all_well)
    return Ratio(value, value * math.exp(-spread), value * math.exp(spread))


def chance_of(key: str, ratio: Ratio) -> tuple[float, float, float] | None:
    """Chance that a reader would say so, and its interval: the ratio upon how common the label is in `RECORDINGS`."""
    if key not in LABELLED:
        return None
    odds = LABELLED[key] / (RECORDINGS - LABELLED[key])
    value, low, high = (odds * one / (1 + odds * one) for one in (ratio.value, ratio.low, ratio.high))
    return value, low, high
