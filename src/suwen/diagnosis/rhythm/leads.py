"""Leads: which can be judged, which lie side by side, what part of the heart they look at, where a wave is in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from suwen.diagnosis.rhythm.nouns import LeadWaves, Place, Seen
from suwen.diagnosis.rhythm.swaps import CHEST, LIMBS, clear, swapped
from suwen.subject import Saying

__all__ = ["NEIGHBOURS", "neighbouring", "places_of", "territories", "usable"]

# In the order of the heart (Fourth Universal Definition of MI, 2018): aVL, I, (-aVR), II, aVF, III and V1 to V6;
# -aVR is the mean of I and II, and so never says more than both. Right and posterior leads lie side by side as well.
NEIGHBOURS: Sequence[tuple[str, str]] = (
    ("aVL", "I"),
    ("I", "II"),
    ("II", "aVF"),
    ("aVF", "III"),
    ("V1", "V2"),
    ("V2", "V3"),
    ("V3", "V4"),
    ("V4", "V5"),
    ("V5", "V6"),
    ("V6", "V7"),
    ("V7", "V8"),
    ("V8", "V9"),
    ("V3R", "V4R"),
)
_TERRITORIES: Mapping[tuple[str, ...], Saying] = MappingProxyType(
    {
        ("V1", "V2"): Saying("septal", "间隔"),
        ("V3", "V4"): Saying("anterior", "前壁"),
        ("V5", "V6"): Saying("lateral", "侧壁"),
        ("I", "aVL"): Saying("high lateral", "高侧壁"),
        ("II", "III", "aVF"): Saying("inferior", "下壁"),
        ("V7", "V8", "V9"): Saying("posterior", "后壁"),
        ("V3R", "V4R"): Saying("right ventricular", "右心室"),
    }
)
_SHOWN = 20  # beats of a lead that are marked at most


def usable(seen: Seen, *, order: bool = True) -> dict[str, LeadWaves]:
    """Waves of the leads that can be judged: of fair quality, not too noisy, and on the place their name says.

    Leads whose electrodes are probably exchanged are left out, so that no sign rests on them; those of the chest only
    if their `order` matters.
    """
    good = clear(seen)
    wrong = swapped(seen)
    if any(key in LIMBS for key in wrong):
        good = {name: waves for name, waves in good.items() if name.startswith("V")}
    if order and any(key in CHEST for key in wrong):
        good = {name: waves for name, waves in good.items() if not name.startswith("V")}
    return good


def neighbouring(leads: Iterable[str]) -> tuple[str, ...]:
    """Those leads of which a neighbour is among them too, in the order of the heart."""
    given = set(leads)
    kept = {one for pair in NEIGHBOURS if given.issuperset(pair) for one in pair}
    order = dict.fromkeys(one for pair in NEIGHBOURS for one in pair)
    return tuple(one for one in order if one in kept)


def territories(leads: Iterable[str]) -> tuple[Saying, ...]:
    """Parts of the heart that these leads look at (a sign's `places` name its leads), for a reader."""
    given = set(leads)
    return tuple(name for group, name in _TERRITORIES.items() if given.intersection(group))


def places_of(seen: Seen, leads: Iterable[str], part: str) -> tuple[Place, ...]:
    """Where a part of the usual beats ("p", "qrs", "st", "t", "qt") is on the trace, in each of these leads.

    At most 20 beats of a lead are marked; the middle of the beats stands for those whose part was not found.
    """
    begin, end = _spans(seen)[part]
    last = seen.trace.shape[1] / seen.rate  # ST and T of the last beat may be cut off
    found = [(float(a), min(float(b), last)) for a, b in zip(begin, end, strict=True) if a < min(b, last)]
    if not found:
        found = [(seen.whole.begin, seen.whole.end)]
    return tuple(Place(a, b, lead) for lead in leads for a, b in found[:_SHOWN])


def _spans(seen: Seen) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Begin and end in seconds by part, of the beats that are not premature."""
    usual = np.array([kind == "N" for kind in seen.kinds], bool)
    if not usual.any():
        usual = np.ones(len(seen.kinds), bool)
    times = {name: getattr(seen.found, name)[usual] / seen.rate for name in ("p_on", "p_off", "qrs_on", "qrs_off")}
    peak, last = seen.found.t_peak[usual] / seen.rate, seen.found.t_off[usual] / seen.rate
    return {
        "p": (times["p_on"], times["p_off"]),
        "qrs": (times["qrs_on"], times["qrs_off"]),
        "st": (times["qrs_off"], times["qrs_off"] + 0.08),
        "t": (np.maximum(times["qrs_off"], 2 * peak - last), last),
        "qt": (times["qrs_on"], last),
    }
