"""Whole-lung measures that signs are read from: cardiothoracic ratio, costophrenic recess, shift, volumes, hila."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from suwen.imaging.chest.nouns import Side
from suwen.imaging.chest.plane import LungPlane, Plane, Values
from suwen.imaging.chest.shadows import Search

__all__ = ["Proportions", "proportions"]

Proportions = Mapping[str, float]


def proportions(plane: Plane, search: Search) -> Proportions:
    """Measures by name; one that cannot be taken is left out.

    `cardiothoracic`: greatest width of the heart over the greatest inner width of the chest. `recess right`, `recess
    left`: how far the lateral lung reaches below the dome of the diaphragm, over the height of the lung. `shift`: the
    middle of the mediastinum against the middle of the chest over its width, positive to the patient's left. `areas`:
    logarithm (base 2) of the right over the left lung's area. `bases`: how much lower the left lung ends, over its
    height. `hilum right`, `hilum left`: density around the hilum and `basal right`, `basal left` in the costophrenic
    angle, in standard deviations of clear lungs. `fluid right` and the like, `air right` and the like: the
    network's log-odds of effusion and pneumothorax, the mean of the strongest hundredth of that lung.
    """
    found: dict[str, float] = {}
    for lung in plane.lungs:
        name = lung.side.value
        found |= {f"recess {name}": _recess(lung), **_densities(lung, search)}
        for word, kind in (("fluid", "effusion"), ("air", "pneumothorax")):
            if kind in search.told:
                found[f"{word} {name}"] = _strongest(search.told[kind][lung.field])
    if len(plane.lungs) == 2:
        right, left = plane.lungs
        found["areas"] = float(np.log2(right.mask.sum() / left.mask.sum()))
        found["bases"] = (left.bottom - right.bottom) / plane.lung_height
        found |= _across(plane)
    return found


def _strongest(values: Values) -> float:
    """Mean of the strongest hundredth."""
    return float(np.sort(values)[-max(4, len(values) // 100) :].mean())


def _recess(lung: LungPlane) -> float:
    """Of the lung itself and not its hull: fluid in the recess is what fills the hull."""
    columns = np.flatnonzero(lung.mask.any(axis=0))
    lowest = lung.mask.shape[0] - 1 - lung.mask[::-1].argmax(axis=0)
    lateral = columns if lung.side is Side.LEFT else columns[::-1]  # from the medial to the lateral border
    count = len(lateral)
    outer, inner = lateral[int(0.75 * count) :], lateral[int(0.25 * count) : max(int(0.65 * count), 1)]
    return float((lowest[outer].max() - lowest[inner].min()) / lung.height)


def _densities(lung: LungPlane, search: Search) -> dict[str, float]:
    large = search.relative["large"][lung.side]
    hilum = lung.field & (lung.u < 0.3) & (lung.v > 0.33) & (lung.v < 0.6)
    basal = lung.field & (lung.u > 0.6) & (lung.v > 0.8)
    return {
        f"{name} {lung.side.value}": float(np.mean(large[place]))
        for name, place in (("hilum", hilum), ("basal", basal))
        if place.sum() > 20
    }


def _across(plane: Plane) -> dict[str, float]:
    right, left = plane.lungs
    both = right.mask | left.mask
    rows = np.flatnonzero(right.mask.any(axis=1) & left.mask.any(axis=1))
    if len(rows) < 20:
        return {}
    first, last = both[rows].argmax(axis=1), both.shape[1] - 1 - both[rows, ::-1].argmax(axis=1)
    chest = float((last - first + 1).max())
    found: dict[str, float] = {}
    across = np.flatnonzero(plane.heart.any(axis=0))
    if len(across):
        found["cardiothoracic"] = float((across[-1] - across[0] + 1) / chest)
    # The upper half: lower down the heart lies to the left in everybody.
    upper = rows[: len(rows) // 2]
    inner_right = both.shape[1] - 1 - right.mask[upper, ::-1].argmax(axis=1)
    inner_left = left.mask[upper].argmax(axis=1)
    middle = (inner_right + inner_left) / 2 - (first[: len(upper)] + last[: len(upper)]) / 2
    found["shift"] = float(np.median(middle) / chest)
    return found
