"""Scores made of several properties: QED, CNS MPO, solubility (ESOL) and the BOILED-Egg."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.nouns import Part, Property
from suwen.drugs.screen import Screen
from suwen.subject import Saying

__all__ = ["boiled_egg", "central", "drug_likeness", "esol"]

_QED_NAMES = {
    "MW": ("weight", Saying("molecular weight", "分子量")),
    "ALOGP": ("logp", Saying("logP", "logP")),
    "HBA": ("acceptors", Saying("acceptors, counted as QED does", "受体数（QED计法）")),
    "HBD": ("donors", Saying("donors, counted as QED does", "供体数（QED计法）")),
    "PSA": ("tpsa", Saying("polar surface area", "极性表面积")),
    "ROTB": ("rotatable_bonds", Saying("rotatable bonds", "可旋转键数")),
    "AROM": ("aromatic_rings", Saying("aromatic rings", "芳香环数")),
    "ALERTS": ("alerts", Saying("structural alerts of QED", "QED结构警示数")),
}

# Axes of the ellipses in (polar surface with S and P, logP): centre, half lengths, turn in degrees. From the
# supporting information of Daina and Zoete 2016.
_WHITE = (71.051, 2.292, 142.081 / 2, 8.740 / 2, -1.031325)
_YOLK = (38.117, 3.177, 82.061 / 2, 5.557 / 2, -0.171887)

# Where desirability begins and ends to fall (Wager 2010, table 1)
_MONOTONE = {"logp": (3.0, 5.0), "logd": (2.0, 4.0), "weight": (360.0, 500.0), "donors": (0.5, 3.5), "pka": (8.0, 10.0)}
_HUMP = (20.0, 40.0, 90.0, 120.0)
_CENTRAL_NAMES = {
    "logp": Saying("logP", "logP"),
    "logd": Saying("logD at pH 7.4", "pH 7.4时的logD"),
    "weight": Saying("molecular weight", "分子量"),
    "tpsa": Saying("polar surface area", "极性表面积"),
    "donors": Saying("hydrogen bond donors", "氢键供体数"),
    "pka": Saying("pKa of the most basic centre", "最强碱性中心的pKa"),
}


def drug_likeness(structure: Any, numbers: Mapping[str, float], bits: NDArray[np.uint64]) -> Property:
    """QED with mean weights and its eight parts (Bickerton 2012): the weighted geometric mean of desirabilities.

    `numbers` holds weight, logp, donors_strict, tpsa and rotatable_bonds; `bits` is the fingerprint of the screen.
    """
    from rdkit.Chem import QED  # noqa: PLC0415

    qed: Any = QED  # untyped
    values = _qed_values(structure, numbers, bits)
    weights = qed.WEIGHT_MEAN._asdict()
    parts = []
    for name, (key, called) in _QED_NAMES.items():
        desirable = float(qed.ads(values[name], qed.adsParameters[name]))
        parts.append(Part(key, called, values[name], desirable, desirable, weights[name]))
    mean = sum(one.weight * math.log(one.low) for one in parts) / sum(one.weight for one in parts)
    return Property("qed", math.exp(mean), parts=tuple(parts))


def _qed_values(structure: Any, numbers: Mapping[str, float], bits: NDArray[np.uint64]) -> dict[str, float]:
    """What RDKit's QED.properties gives; most of it is known by now, and patterns that cannot be there are skipped."""
    from rdkit.Chem import QED, DeleteSubstructs, GetSSSR, Mol  # noqa: PLC0415

    aromatic = DeleteSubstructs(Mol(structure), QED.AliphaticRings)
    alerts = (QED.StructuralAlerts[one] for one in _qed_alerts().possible(bits))
    return {
        "MW": numbers["weight"],
        "ALOGP": numbers["logp"],
        "HBA": float(sum(len(structure.GetSubstructMatches(one)) for one in QED.Acceptors)),
        "HBD": numbers["donors_strict"],
        "PSA": numbers["tpsa"],
        "ROTB": numbers["rotatable_bonds"],
        "AROM": float(len(GetSSSR(aromatic))),
        "ALERTS": float(sum(structure.HasSubstructMatch(one) for one in alerts)),
    }


@cache
def _qed_alerts() -> Screen:
    from rdkit.Chem import QED  # noqa: PLC0415

    return Screen(QED.StructuralAlerts)


def esol(logp: float, weight: float, rotatable: float, aromatic: float) -> float:
    """Log10 of solubility in water in mol/L (Delaney 2004); `weight` in g/mol, `aromatic` the share of heavy atoms."""
    return 0.16 - 0.63 * logp - 0.0062 * weight + 0.066 * rotatable - 0.74 * aromatic


def boiled_egg(polar: float, logp: float) -> tuple[float, float]:
    """Where a molecule lies in the white (gut) and in the yolk (brain): under 1 inside, 1 on the border, above outside.

    `polar` in Å², sulfur and phosphorus counted. Daina and Zoete 2016.
    """
    return _within(polar, logp, _WHITE), _within(polar, logp, _YOLK)


def _within(polar: float, logp: float, ellipse: tuple[float, float, float, float, float]) -> float:
    x, y, along, across, degrees = ellipse
    turn = math.radians(degrees)
    right, up = polar - x, logp - y
    first = (right * math.cos(turn) + up * math.sin(turn)) / along
    second = (up * math.cos(turn) - right * math.sin(turn)) / across
    return math.hypot(first, second)


def central(
    numbers: Mapping[str, float], *, basic: bool, pka: float | None = None, logd: float | None = None
) -> Property:
    """CNS MPO (Wager 2010): six desirabilities added up, each from 0 to 1.

    `numbers` holds logp, weight, tpsa, donors. `pka` is that of the most basic centre; unknown, it leaves its part
    open, unless the molecule has no centre that could be basic (`basic` False), which is desirable. `logd` unknown is
    at most logp, so its part is at least that of logp.
    """
    bounds = {key: (_desirable(key, numbers[key]),) * 2 for key in ("logp", "weight", "tpsa", "donors")}
    values: dict[str, float | None] = {**{key: numbers[key] for key in bounds}, "logd": logd, "pka": pka}
    known = logd if logd is not None else numbers["logp"]
    bounds["logd"] = (_desirable("logd", known), 1.0 if logd is None else _desirable("logd", known))
    bounds["pka"] = _of_pka(pka, basic=basic)
    parts = tuple(Part(key, name, values[key], *bounds[key]) for key, name in _CENTRAL_NAMES.items())
    low, high = sum(one.low for one in parts), sum(one.high for one in parts)
    return Property("cns_mpo", low if low == high else None, low, high, parts)


def _of_pka(pka: float | None, *, basic: bool) -> tuple[float, float]:
    if pka is not None:
        return (_desirable("pka", pka),) * 2
    return (0.0, 1.0) if basic else (1.0, 1.0)


def _desirable(key: str, value: float) -> float:
    if key == "tpsa":
        none, rising, falling, gone = _HUMP
        return _ramp((value - none) / (rising - none)) * _ramp((gone - value) / (gone - falling))
    best, worst = _MONOTONE[key]
    return _ramp((worst - value) / (worst - best))


def _ramp(share: float) -> float:
    return min(max(share, 0.0), 1.0)
