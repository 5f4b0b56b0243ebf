"""How sharp the border of a region is: intensities along its outward normals, and a sigmoid fitted to their mean.

The sigmoid and its two numbers, the step of intensity and the width in which it happens, follow Xu et al. (Med Phys
2012;39:5405); Levman and Martel (Acad Radiol 2011;18:1577) use the slope of the same profile. Samples between which
the image is interpolated bound what can be seen: a perfect edge has a width of about 0.8 steps.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.optimize import least_squares
from scipy.special import expit

from suwen.imaging.measure.frame import Frame, Mask, Numbers
from suwen.imaging.measure.mesh import border_points
from suwen.imaging.measure.nouns import Margin

__all__ = ["margin", "profile"]

_REACH = 6.0  # steps looked outward and inward
_SEEN = 3.0  # steps on each side that must lie in the image
_MOST = 3000  # border points looked at; more do not change the mean
_TEN_TO_NINETY = 2 * np.log(9.0)  # width of the logistic function between 10 and 90 %


def margin(mask: Mask, values: Numbers, frame: Frame) -> Margin | None:
    """Width, step and slope of the border; None where no intensity changes across it, or too little beside it is seen.

    The mask has an empty rim; `values` are NaN outside the image.
    """
    at, mean = profile(mask, values, frame)
    known = np.isfinite(mean)
    at, mean = at[known], mean[known]
    step = float(frame.cell ** (1 / mask.ndim))
    if (
        not len(at)
        or at[0] > -_SEEN * step
        or at[-1] < _SEEN * step
        or np.ptp(mean) < 1e-9 * max(1.0, float(np.abs(mean).max()))
    ):
        return None
    least = frame.steps.min() / 50
    ends = float(np.median(mean[:4])), float(np.median(mean[-4:]))
    start = [ends[0], ends[1] - ends[0], 0.0, frame.steps.min() / 2]
    bounds = [[-np.inf, -np.inf, at[0], least], [np.inf, np.inf, at[-1], _REACH * step]]
    scale = max(float(np.ptp(mean)), 1e-12)
    fitted = least_squares(
        lambda free: (free[0] + free[1] * expit((at - free[2]) / free[3]) - mean) / scale,
        np.clip(start, bounds[0], bounds[1]),
        bounds=bounds,
        x_scale=[scale, scale, frame.steps.min(), frame.steps.min()],
    )
    change, shift, wide = (float(one) for one in fitted.x[1:])
    misfit = float(np.sqrt((fitted.fun**2).mean())) * scale / max(abs(change), 1e-12)
    return Margin(float(_TEN_TO_NINETY * wide), change, shift, change / (4 * wide), misfit, frame.unit)


def profile(mask: Mask, values: Numbers, frame: Frame) -> tuple[Numbers, Numbers]:
    """Distance outside the border (negative: inside) and the mean intensity there, NaN where outside the image."""
    points = border_points(mask)
    points = points[:: max(1, len(points) // _MOST)]
    step = float(frame.cell ** (1 / mask.ndim))
    smooth = ndimage.gaussian_filter(mask.astype(np.float32), 1.5 * step / frame.steps)
    ahead, behind = (
        [ndimage.map_coordinates(smooth, (points + move).T, order=1) for move in moves]
        for moves in (np.eye(mask.ndim), -np.eye(mask.ndim))
    )
    slope = (np.stack(ahead, axis=1) - np.stack(behind, axis=1)).astype(np.float64) / 2
    back = np.linalg.inv(frame.vectors)
    normal = -slope @ back.T
    length = np.linalg.norm(normal, axis=1)
    kept = length > 1e-9
    normal, points = normal[kept] / length[kept, None], points[kept]
    # Border points lie up to half a sample off the true border, most where slices are thick: left so, they would blur
    # the mean. Each is moved to the level of the smoothed mask, less the mean move, which is the bias of smoothing.
    move = (ndimage.map_coordinates(smooth, points.T, order=1) - 0.5) / length[kept]
    move = np.clip(move - move.mean(), -frame.steps.max(), frame.steps.max())
    points = points + (move[:, None] * normal) @ back
    at = np.linspace(-_REACH, _REACH, 49) * step
    places = points[:, None, :] + (at[:, None] * normal[:, None, :]) @ back
    found = ndimage.map_coordinates(values, np.moveaxis(places, 2, 0), order=1, mode="constant", cval=np.nan)
    known = np.isfinite(found)
    number = known.sum(axis=0)
    total = np.where(known, found, 0.0).sum(axis=0)
    return at, np.where(number > 0, total / np.maximum(number, 1), np.nan)
