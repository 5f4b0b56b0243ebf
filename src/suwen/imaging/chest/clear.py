"""What clear lungs look like, place by place: the features shadows are found by, against radiographs without finding.

`clear.json` holds mean and standard deviation of each feature in lung coordinates, over NIH ChestX-ray14 radiographs
labelled "No Finding" (Wang et al., CVPR 2017:2097-2106), and what the detector answers on such radiographs that were
not used for the tables. It is made by `recipes/clear_lungs.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import DataError
from suwen.imaging.chest.nouns import Side
from suwen.imaging.chest.plane import LungPlane, Plane, Values, level, spread

__all__ = ["BLOBS", "LARGE", "Clear", "Features", "features", "fit_clear", "load_clear", "relative"]

BLOBS = (3.0, 4.5, 7.0, 10.0)  # sigma in samples; a blob it answers to most is 2.8 sigma across
_TABLE = (24, 12)  # cells over lung coordinates (v, u)
LARGE, _FINE = 9.0, 3.5  # sigma in samples
_LEAST = 12  # radiographs below which a table means nothing
_BLOB = tuple(f"blob {sigma:g}" for sigma in BLOBS)
FORMAT = 1

Features = Mapping[str, Mapping[Side, Values]]


@dataclass(frozen=True, slots=True, eq=False)
class Clear:
    """Tables (v, u) of mean and standard deviation by feature and side, and figures of held-out clear radiographs.

    `answers` maps the name of a detector to the strongest answer on each held-out radiograph without finding, sorted.
    `figures` are normal limits of whole-lung measures (see `signs`), as (2.5th percentile, median, 97.5th percentile).
    """

    mean: Mapping[tuple[str, Side], Values]
    deviation: Mapping[tuple[str, Side], Values]
    answers: Mapping[str, NDArray[np.float64]]
    figures: Mapping[str, tuple[float, float, float]]
    source: str

    def beyond(self, detector: str, strength: float) -> float:
        """Share of clear radiographs without an answer this strong: 0..1, never quite 1 (rule of succession)."""
        known = self.answers.get(detector, np.zeros(0))
        return float((np.searchsorted(known, strength, "left") + 1) / (len(known) + 2))


def features(plane: Plane) -> Features:
    """What shadows are found by, in every place of each lung; densities are against the clearer quarter of both."""
    field = np.any([one.field for one in plane.lungs], axis=0) if plane.lungs else np.zeros((1, 1), bool)
    if not plane.lungs:
        return {}
    large, fine = level(plane.density, field, LARGE), level(plane.density, field, _FINE)
    offset = float(np.quantile(large[field], 0.25))
    found: dict[str, dict[Side, Values]] = {"large": {}, "fine": {}, "level": {}}
    for lung in plane.lungs:
        found["large"][lung.side] = _only(large - offset, lung)
        found["fine"][lung.side] = _only(fine - offset, lung)
        found["level"][lung.side] = _only(large, lung)
    found["side"] = _sides(plane, found["large"])
    found |= _blobs(plane, field)
    return found


def _only(values: Values, lung: LungPlane) -> Values:
    return np.where(lung.field, values, np.nan).astype(np.float32)


def _sides(plane: Plane, large: Mapping[Side, Values]) -> dict[Side, Values]:
    """How much denser a place is than its mirror image in the other lung."""
    if len(plane.lungs) != 2:
        return {}
    one, other = plane.lungs
    return {
        mine.side: (large[mine.side] - spread(_cells(large[theirs.side], theirs), mine)).astype(np.float32)
        for mine, theirs in ((one, other), (other, one))
    }


def _blobs(plane: Plane, field: NDArray[np.bool_]) -> dict[str, dict[Side, Values]]:
    """Negative Laplacian of Gaussian by scale, times how round the answer is: ribs and vessels are lines (0)."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter  # noqa: PLC0415

    # Beyond the border the lung is carried on, or its edge would be the strongest blob.
    nearest = distance_transform_edt(~field, return_distances=False, return_indices=True)
    carried = np.where(field, plane.density, level(plane.density, field, 4.0)[tuple(nearest)]).astype(np.float32)
    found: dict[str, dict[Side, Values]] = {}
    for sigma in BLOBS:
        smooth = gaussian_filter(carried, sigma, truncate=3.0)
        gy, gx = np.gradient(smooth)
        (yy, yx), xx = np.gradient(gy), np.gradient(gx, axis=1)
        half, root = -(yy + xx) / 2, np.sqrt(((yy - xx) / 2) ** 2 + yx**2)
        # The weaker of both curvatures: a line has one that is 0, a saddle one that is negative.
        weaker = np.maximum(half - root, 0) * sigma**2
        found[f"blob {sigma:g}"] = {lung.side: _only(weaker.astype(np.float32), lung) for lung in plane.lungs}
    return found


def _cells(values: Values, lung: LungPlane) -> Values:
    """Means of a feature over the cells of a table; empty cells take the mean of the row, then of all."""
    rows, across = _TABLE
    at = np.clip((lung.v[lung.field] * rows).astype(int), 0, rows - 1) * across
    at += np.clip((lung.u[lung.field] * across).astype(int), 0, across - 1)
    count = np.bincount(at, minlength=rows * across).reshape(_TABLE)
    total = np.bincount(at, weights=values[lung.field], minlength=rows * across).reshape(_TABLE)
    overall = total.sum() / max(1, count.sum())
    row = np.where(count.sum(1) > 0, total.sum(1) / np.maximum(count.sum(1), 1), overall)
    return np.where(count > 0, total / np.maximum(count, 1), row[:, None]).astype(np.float32)


def _highest(values: Values, lung: LungPlane) -> Values:
    """Greatest value of a feature in each cell of a table; 0 in empty cells."""
    rows, across = _TABLE
    at = np.clip((lung.v[lung.field] * rows).astype(int), 0, rows - 1) * across
    at += np.clip((lung.u[lung.field] * across).astype(int), 0, across - 1)
    found = np.zeros(rows * across, np.float32)
    np.maximum.at(found, at, values[lung.field])
    return found.reshape(_TABLE)


def _usual(stack: Values) -> Values:
    """How strong blobs of clear lungs get in each cell: the 90th percentile, evened out over its neighbours."""
    from scipy.ndimage import gaussian_filter  # noqa: PLC0415

    high = gaussian_filter(np.quantile(stack, 0.9, axis=0), 1.0, mode="nearest")
    return np.asarray(np.maximum(high, 0.5 * float(np.median(high)) + 1e-6), np.float32)


def relative(found: Features, plane: Plane, clear: Clear) -> Features:
    """Features in standard deviations of clear lungs at the same place."""
    scaled: dict[str, dict[Side, Values]] = {}
    for name, sides in found.items():
        for side, values in sides.items():
            lung = plane.lung(side)
            if lung is not None and (name, side) in clear.mean:
                mean, deviation = (spread(one[name, side], lung) for one in (clear.mean, clear.deviation))
                scaled.setdefault(name, {})[side] = ((values - mean) / deviation).astype(np.float32)
    return scaled


def fit_clear(planes: Iterable[Plane], *, source: str) -> Clear:
    """Learn the tables from planes of clear radiographs. Raises DataError where there are too few."""
    cells: dict[tuple[str, Side], list[Values]] = {}
    for plane in planes:
        for name, sides in features(plane).items():
            for side, values in sides.items():
                lung = plane.lung(side)
                if lung is not None:
                    cells.setdefault((name, side), []).append(
                        _highest(values, lung) if name in _BLOB else _cells(values, lung)
                    )
    if not cells or min(len(one) for one in cells.values()) < _LEAST:
        raise DataError(
            f"clear lungs are learned from at least {_LEAST} radiographs with both lungs",
            zh=f"学习清晰肺野至少需要 {_LEAST} 张含两肺的胸片",
        )
    mean, deviation = {}, {}
    for key, tables in cells.items():
        stack = np.stack(tables)
        if key[0] in _BLOB:
            mean[key], deviation[key] = np.zeros(_TABLE, np.float32), _usual(stack)
            continue
        # Quantiles: a few radiographs labelled clear are not.
        mean[key] = np.median(stack, axis=0).astype(np.float32)
        low, high = np.quantile(stack, [0.16, 0.84], axis=0)
        half = (high - low) / 2
        deviation[key] = np.maximum(half, 0.25 * float(np.median(half)) + 1e-6).astype(np.float32)
    return Clear(mean, deviation, {}, {}, source)


def as_json(clear: Clear) -> dict[str, Any]:
    """A tree for `clear.json`; four significant digits."""
    tables = [
        {
            "feature": name,
            "side": side.value,
            "mean": _digits(clear.mean[name, side]),
            "sd": _digits(clear.deviation[name, side]),
        }
        for name, side in sorted(clear.mean, key=lambda key: (key[0], key[1].value))
    ]
    return {
        "format": FORMAT,
        "source": clear.source,
        "table": list(_TABLE),
        "tables": tables,
        "answers": {name: [round(float(one), 4) for one in values] for name, values in clear.answers.items()},
        "figures": {name: [round(one, 4) for one in values] for name, values in clear.figures.items()},
    }


def _digits(values: Values) -> list[float]:
    return [float(f"{one:.4g}") for one in values.ravel().tolist()]


@cache
def load_clear() -> Clear:
    """The tables that are shipped. Raises DataError when they are damaged or of a later format."""
    file = files("suwen.imaging.chest").joinpath("clear.json")
    try:
        tree = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as reason:
        raise DataError(
            f"the tables of clear lungs cannot be read: {reason}", zh=f"无法读取清晰肺野数据表：{reason}"
        ) from None
    if tree.get("format") != FORMAT:
        raise DataError(
            f"the tables of clear lungs have format {tree.get('format')}, not {FORMAT}: install them anew",
            zh=f"清晰肺野数据表的格式为 {tree.get('format')}，而非 {FORMAT}：请重新安装",
        )
    mean, deviation = {}, {}
    for one in tree["tables"]:
        key = (one["feature"], Side(one["side"]))
        mean[key], deviation[key] = (
            np.asarray(one[kind], np.float32).reshape(tree["table"]) for kind in ("mean", "sd")
        )
    answers = {name: np.asarray(values, float) for name, values in tree["answers"].items()}
    figures = {name: (low, middle, high) for name, (low, middle, high) in tree["figures"].items()}
    return Clear(mean, deviation, answers, figures, tree["source"])
