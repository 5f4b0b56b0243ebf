"""What quality is judged by: numbers from the grey values and the outlines of a chest radiograph, nothing judged yet.

Most are taken on a plane on which the thorax is 256 samples wide, so that they mean the same at every resolution.
Grey values count as shares of the range from the 0.5th to the 99.5th percentile of the thorax and what is around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from suwen.formats.images.nouns import Image
from suwen.imaging.chest.anatomy_input import resampled
from suwen.imaging.chest.anatomy_measures import domes
from suwen.imaging.chest.nouns import Anatomy, Mask

__all__ = ["WIDTH", "measured"]

Grey = NDArray[np.float32]
WIDTH = 256  # samples across the thorax
_MOST = 1024  # samples a side of the plane, and pixels a side of the piece in which noise is measured


@dataclass(frozen=True, slots=True, eq=False)
class _Plane:
    grey: Grey  # 0 and 1 are the ends of the range
    right: Mask
    left: Mask
    heart: Mask
    mediastinum: Mask

    @property
    def lungs(self) -> Mask:
        both: Mask = self.right | self.left
        return both


def measured(image: Image, anatomy: Anatomy) -> Mapping[str, float]:
    """Measures by the name of the aspect they serve; one that cannot be taken is left out.

    `rotation`: the middle of the mediastinum against the middle of the thorax in the upper half of the lungs, over the
    width of the thorax, positive to the patient's left. `symmetry`: log2 of the mean width of the right over the left
    lung there. `inspiration`: from the right apex to the right dome of the diaphragm, over the width of the thorax.
    `clipping`: share of the lungs at the darkest, or of the mediastinum at the brightest value of the image, whichever
    is more. `contrast`: mediastinum less clear lung, in shares of the range; `inversion` the same with its sign.
    `penetration`: spread (10th to 90th percentile) of the grey behind the heart. `coverage`: how long lungs run along
    the border of the image, over the width of the thorax. `sharpness`: spread of details finer than a 256th over that
    of details up to a 64th of the thorax. `noise`: after Immerkaer (1996). `resolution`: pixels across the thorax.
    `objects`: share of the lungs under narrow bright things (leads, tubes, letters).
    """
    across = np.flatnonzero(anatomy.lungs.any(axis=0))
    width = float(across[-1] - across[0] + 1)
    plane = _laid(image, anatomy, width)
    contrast = float(np.median(plane.grey[plane.mediastinum]) - np.percentile(plane.grey[plane.lungs], 25))
    found = {
        "clipping": _clipped(image.values, anatomy),
        "contrast": abs(contrast),
        "inversion": contrast,
        "coverage": _contact(anatomy.lungs) / width,
        "resolution": width,
        "sharpness": _sharpness(plane),
        "noise": _noise(image.values, anatomy.lungs | anatomy.mediastinum),
        "objects": _objects(plane),
        "inspiration": _inspiration(anatomy, width),
    }
    inner = ndimage.binary_erosion(plane.heart, iterations=3)
    if inner.sum() > 50:
        low, high = np.percentile(plane.grey[inner], (10, 90))
        found["penetration"] = float(high - low)
    return found | _turned(plane)


def _laid(image: Image, anatomy: Anatomy, width: float) -> _Plane:
    rows, columns = image.values.shape
    scale = min(WIDTH / width, _MOST / max(rows, columns))
    shape = max(1, round(rows * scale)), max(1, round(columns * scale))
    grey = resampled(image.values, shape)
    names = (anatomy.right_lung, anatomy.left_lung, anatomy.heart, anatomy.mediastinum)
    step = max(1, int(1 / scale))  # every so many pixels of an outline are enough, and quick
    masks = [resampled(mask[step // 2 :: step, step // 2 :: step], shape) > 0.5 for mask in names]
    near = ndimage.binary_dilation(masks[0] | masks[1] | masks[3], iterations=round(WIDTH / 10))
    low, high = np.percentile(grey[near], (0.5, 99.5))
    return _Plane(np.asarray((grey - low) / max(float(high - low), 1e-6), np.float32), *masks)


def _turned(plane: _Plane) -> dict[str, float]:
    rows = np.flatnonzero(plane.right.any(axis=1) & plane.left.any(axis=1))
    if len(rows) < 20:
        return {}
    upper = rows[: len(rows) // 2]
    right, left, last = plane.right[upper], plane.left[upper], plane.right.shape[1] - 1
    outer = right.argmax(axis=1), last - left[:, ::-1].argmax(axis=1)
    inner = last - right[:, ::-1].argmax(axis=1), left.argmax(axis=1)
    shift = np.median((inner[0] + inner[1]) / 2 - (outer[0] + outer[1]) / 2) / WIDTH
    widths = float(right.sum()) / max(float(left.sum()), 1.0)
    return {"rotation": float(shift), "symmetry": float(np.log2(max(widths, 1e-3)))}


def _inspiration(anatomy: Anatomy, width: float) -> float:
    rows = np.flatnonzero(anatomy.right_lung.any(axis=1))
    found = domes(anatomy)
    base = float(rows[-1]) if found is None else found.right[0]
    return (base - float(rows[0])) / width


def _clipped(values: NDArray[np.generic], anatomy: Anatomy) -> float:
    step = max(1, max(values.shape) // _MOST)
    grey = values[::step, ::step].astype(np.float32)
    low, high = float(grey.min()), float(grey.max())
    near = (high - low) * 0.004  # one of 256 steps: pictures of 8 bits are jittered by compression
    lungs, middle = anatomy.lungs[::step, ::step], anatomy.mediastinum[::step, ::step]
    return max(float((grey[lungs] <= low + near).mean()), float((grey[middle] >= high - near).mean()))


def _contact(lungs: Mask) -> float:
    return float(lungs[0].sum() + lungs[-1].sum() + lungs[:, 0].sum() + lungs[:, -1].sum())


def _sharpness(plane: _Plane) -> float:
    smooth = ndimage.gaussian_filter(plane.grey, 1.0)
    fine, coarse = plane.grey - smooth, smooth - ndimage.gaussian_filter(plane.grey, 4.0)
    inner = ndimage.binary_erosion(plane.lungs, iterations=3)
    at = inner if inner.any() else plane.lungs
    return float(fine[at].std() / max(float(coarse[at].std()), 1e-6))


def _noise(values: NDArray[np.generic], body: Mask) -> float:
    """Standard deviation of noise over the range of the thorax, by a mask that lines and edges hardly pass."""
    rows, columns = np.flatnonzero(body.any(axis=1)), np.flatnonzero(body.any(axis=0))
    places = [(int(one[0]), int(one[-1]) + 1) for one in (rows, columns)]
    (top, base), (start, end) = [(max(a, (a + b - _MOST) // 2), min(b, (a + b + _MOST) // 2)) for a, b in places]
    piece, within = values[top:base, start:end].astype(np.float32), body[top:base, start:end]
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    found = np.abs(ndimage.convolve(piece, kernel))[within]
    low, high = np.percentile(piece, (0.5, 99.5))
    return float(np.sqrt(np.pi / 2) / 6 * found.mean() / max(float(high - low), 1e-6))


def _objects(plane: _Plane) -> float:
    """Brighter by a fifth of the range than anything as wide as a 30th of the thorax, and not as faint as ribs are."""
    size = round(WIDTH / 30)
    narrow = plane.grey - ndimage.grey_opening(plane.grey, size=(size, size))
    return float((narrow[plane.lungs] > 0.2).mean())
