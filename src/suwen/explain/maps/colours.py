"""Colours of a heat map: straight lines in OKLab from blue through grey to yellow, told apart without red or green."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["oklab", "signed_colours", "strength_colours"]

# OKLab (Ottosson 2020): equal steps in it look equally large. Lines without a part on the red-green axis (a = 0) keep
# their order for readers with protanopia or deuteranopia; lightness rises along them, so that they survive grey print.
_DARK, _BRIGHT = (0.30, 0.0, -0.12), (0.94, 0.0, 0.17)
_COLD, _MIDDLE, _WARM = (0.45, 0.0, -0.16), (0.72, 0.0, 0.0), (0.92, 0.0, 0.17)
_TO_CONES = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.291485548]]
)
_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.707614701],
    ]
)


def strength_colours(values: NDArray[Any]) -> NDArray[np.uint8]:
    """SRGB (..., 3) of values in 0..1: dark blue is nothing, bright yellow the map's maximum."""
    share = np.clip(np.asarray(values, float), 0, 1)[..., None]
    return oklab((1 - share) * np.array(_DARK) + share * np.array(_BRIGHT))


def signed_colours(values: NDArray[Any]) -> NDArray[np.uint8]:
    """SRGB (..., 3) of values in -1..1: blue speaks against, grey is neither, yellow speaks for."""
    share = np.clip(np.asarray(values, float), -1, 1)[..., None]
    end = np.where(share > 0, np.array(_WARM), np.array(_COLD))
    return oklab((1 - np.abs(share)) * np.array(_MIDDLE) + np.abs(share) * end)


def oklab(colours: NDArray[Any]) -> NDArray[np.uint8]:
    """sRGB, 8 bits a channel, of OKLab colours (..., 3)."""
    linear = np.clip((np.asarray(colours, float) @ _TO_CONES.T) ** 3 @ _TO_RGB.T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    found: NDArray[np.uint8] = np.round(255 * encoded).astype(np.uint8)
    return found
