"""What makes ST, T and Q mean something else: bundle-branch block, pre-excitation, pacing, ventricular beats."""

from __future__ import annotations

from suwen.diagnosis.rhythm.bundles import bundles
from suwen.diagnosis.rhythm.ectopy import wide_tachycardia
from suwen.diagnosis.rhythm.nouns import Seen
from suwen.diagnosis.rhythm.pacing import pacing
from suwen.diagnosis.rhythm.preexcitation import preexcitation

__all__ = ["ADULT", "adult", "altered", "cut_short", "wide"]

ADULT = 18  # years from which the limits of voltages and axis hold (AHA/ACCF/HRS 2009 are for adults)


def altered(seen: Seen) -> frozenset[str]:
    """Keys of the signs after which ventricles are activated another way, and "ventricular" for most beats being so."""
    found = {sign.key for rule in (bundles, preexcitation) for sign in rule(seen)}
    if (seen.measured.qrs or 0.0) >= _WIDE and any(pacing(seen)):
        found.add("pacing")  # a paced atrium alters no ventricle
    if (seen.measured.qrs or 0.0) < _WIDE:
        found.discard("wide_qrs")  # from 110 ms on it is called wide, but ST and T do not follow from it yet
    mostly = 2 * seen.kinds.count("V") >= len(seen.kinds) or wide_tachycardia(seen)
    ventricular = {"ventricular"} if mostly else set()
    return frozenset(found & _KEYS) | ventricular


def wide(changed: frozenset[str]) -> bool:
    """Whether QRS is wide from something else than right bundle-branch block: all of ST and T follow from it."""
    return bool(changed & {"lbbb", "wide_qrs", "preexcitation", "pacing", "ventricular", "complete_block"})


def cut_short(seen: Seen) -> bool:
    """Whether premature ventricular beats follow on more than a third of the others (bigeminy), and hide their T."""
    usual = [at for at, kind in enumerate(seen.kinds) if kind == "N"]
    followed = sum(seen.kinds[at + 1 : at + 2] == ("V",) for at in usual)
    return 3 * followed > len(usual)


def adult(seen: Seen) -> bool:
    """Whether the limits of adults may be used: an age that is not known counts as adult."""
    return seen.age is None or seen.age >= ADULT


_WIDE = 120.0  # ms
_KEYS = frozenset({"lbbb", "rbbb", "wide_qrs", "preexcitation", "pacing", "complete_block"})
