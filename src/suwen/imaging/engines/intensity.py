"""Intensities as a network was trained on them: clipped, shifted and scaled by named schemes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import FormatError

__all__ = ["SCHEMES", "scaled"]

Floats = NDArray[np.float32]
Inside = NDArray[np.bool_] | None
_LEAST = 1e-8  # a spread below this is none


def scaled(scheme: str, values: Floats, told: Mapping[str, Any], inside: Inside = None) -> Floats:
    """One channel by the scheme of this name with the numbers `told`; `inside` is the body, outside being empty.

    Raises FormatError for a scheme that is not known, or a number it lacks.
    """
    if scheme not in SCHEMES:
        raise FormatError(
            f"the intensity scheme {scheme!r} is not known; known are {', '.join(sorted(SCHEMES))}",
            zh=f"未知的强度方案 {scheme!r}；已知的有 {'、'.join(sorted(SCHEMES))}",
        )
    try:
        found: Floats = SCHEMES[scheme](values, told, inside).astype(np.float32)
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(
            f"the intensity scheme {scheme} lacks a number or has a wrong one: {error}",
            zh=f"强度方案 {scheme} 缺少数值或数值有误：{error}",
        ) from None
    return found


def _ct(values: Floats, told: Mapping[str, Any], inside: Inside) -> NDArray[Any]:
    """Clipped to the percentiles of the training data, then mean and spread of them."""
    del inside
    clipped = np.clip(values, float(told["percentile_00_5"]), float(told["percentile_99_5"]))
    found: NDArray[Any] = (clipped - float(told["mean"])) / max(float(told["std"]), _LEAST)
    return found


def _zscore(values: Floats, told: Mapping[str, Any], inside: Inside) -> NDArray[Any]:
    del told
    part = values if inside is None else values[inside]
    found: NDArray[Any] = (values - part.mean()) / max(float(part.std()), _LEAST)
    return found if inside is None else np.where(inside, found, values)


def _unit(values: Floats, told: Mapping[str, Any], inside: Inside) -> NDArray[Any]:
    del told, inside
    low = values.min()
    found: NDArray[Any] = (values - low) / max(float(values.max() - low), _LEAST)
    return found


def _range(values: Floats, told: Mapping[str, Any], inside: Inside) -> NDArray[Any]:
    """From one range to another, clipped where so said."""
    del inside
    low, high = float(told["from_low"]), float(told["from_high"])
    to_low, to_high = float(told.get("to_low", 0)), float(told.get("to_high", 1))
    if not high > low:
        raise ValueError("from_high is not above from_low")
    found: NDArray[Any] = (values - low) / (high - low) * (to_high - to_low) + to_low
    return np.clip(found, to_low, to_high) if told.get("clip", True) else found


def _none(values: Floats, told: Mapping[str, Any], inside: Inside) -> NDArray[Any]:
    del told, inside
    return values


# The first five are nnU-Net's names, `Range` is ours.
SCHEMES: dict[str, Callable[[Floats, Mapping[str, Any], Inside], NDArray[Any]]] = {
    "CTNormalization": _ct,
    "ZScoreNormalization": _zscore,
    "RescaleTo01Normalization": _unit,
    "NoNormalization": _none,
    "Range": _range,
}
