"""Overlay: an image with its heat map laid over it, a legend beside it and a mask's contour, as PNG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from suwen.errors import InputError, MissingExtraError
from suwen.explain.maps.colours import signed_colours, strength_colours
from suwen.explain.maps.nouns import HeatMap

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["overlay"]

_BAR, _GAP, _TEXT = 14, 8, 58  # widths of the legend's parts in pixels
_STRONGEST = 0.75  # opacity where the map is strongest: the anatomy below stays visible
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)


def overlay(
    image: NDArray[Any],
    heat_map: HeatMap,
    *,
    mask: NDArray[Any] | None = None,
    axis: int = 0,
    index: int | None = None,
    signed: bool = False,
    side: int = 448,
) -> bytes:
    """PNG of a grey image (*spatial), the same shape as the map, its longer side enlarged to about `side` pixels.

    Opacity grows with the map's strength, so what is weak does not hide the image. Of a volume one slice is shown:
    `index` along `axis`, the one with most heat where none is named. `mask` is drawn as a white contour edged in black.
    The legend gives the map's own numbers: two maps of different images are only alike where the legends are. With
    `signed`, blue speaks against the class; without, only what speaks for it is coloured.

    Raises:
        InputError: if shapes differ or the slice does not exist.
        MissingExtraError: if Pillow is not installed.

    """
    grey, values, truth = _slices(np.asarray(image, float), heat_map.values, mask, axis, index)
    low, high = float(grey.min()), float(grey.max())
    zoom = max(round(side / max(grey.shape)), 1)
    base = _enlarged((grey - low) / (high - low) if high > low else np.zeros_like(grey), zoom)[..., None]
    reach = float(np.abs(heat_map.values).max() if signed else heat_map.values.max())
    heat = _enlarged(values / reach if reach > 0 else np.zeros_like(values), zoom)
    colours = signed_colours(heat) if signed else strength_colours(heat)
    opacity = _STRONGEST * np.clip(np.abs(heat) if signed else heat, 0, 1)[..., None]
    painted = np.round((1 - opacity) * 255 * base + opacity * colours).astype(np.uint8)
    if truth is not None:
        _draw_contour(painted, _enlarged(truth.astype(float), zoom) > 0.5)
    return _png(_with_legend(painted, reach, signed=signed))


def _slices(
    image: NDArray[Any], values: NDArray[Any], mask: NDArray[Any] | None, axis: int, index: int | None
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any] | None]:
    shapes = {np.shape(one) for one in (image, values, mask) if one is not None}
    if len(shapes) != 1 or image.ndim not in (2, 3):
        raise InputError(
            f"image, map and mask must be (*spatial) of one shape, not {sorted(shapes)}",
            zh=f"图像、热图和掩膜须形状相同，而非 {sorted(shapes)}",
        )
    truth = None if mask is None else np.asarray(mask) > 0
    if image.ndim == 2:
        return image, values, truth
    others = tuple(a for a in range(3) if a != axis)
    at = int(np.maximum(values, 0).sum(others).argmax()) if index is None else index
    if not 0 <= axis < 3 or not 0 <= at < image.shape[axis]:
        raise InputError(
            f"there is no slice {at} on axis {axis} of a volume of {image.shape}",
            zh=f"形状为 {image.shape} 的容积数据在轴 {axis} 上没有层面 {at}",
        )
    picture, heat = image.take(at, axis), values.take(at, axis)
    return picture, heat, None if truth is None else np.asarray(truth.take(at, axis))


def _enlarged(values: NDArray[Any], zoom: int) -> NDArray[np.float64]:
    """Each voxel as a square: an enlarged map must not look finer than the input on which it was computed."""
    return np.kron(np.asarray(values, float), np.ones((zoom, zoom)))


def _draw_contour(painted: NDArray[np.uint8], inside: NDArray[np.bool_]) -> None:
    line = inside & ~ndimage.binary_erosion(inside, iterations=2)
    painted[ndimage.binary_dilation(line, iterations=1) & ~line] = _BLACK
    painted[line] = _WHITE


def _with_legend(painted: NDArray[np.uint8], reach: float, *, signed: bool) -> Image:
    try:
        from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("pillow", "learn") from error
    height, width = painted.shape[:2]
    tall = max(height, 64)
    canvas = Image.new("RGB", (width + 2 * _GAP + _BAR + _TEXT, tall), _WHITE)
    canvas.paste(Image.fromarray(painted), (0, 0))
    ramp = np.linspace(1, -1 if signed else 0, tall - 24)
    colours = signed_colours(ramp) if signed else strength_colours(ramp)
    canvas.paste(Image.fromarray(np.repeat(colours[:, None], _BAR, 1)), (width + _GAP, 12))
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(11)
    ticks = [(1.0, 12), (0.0, tall // 2), (-1.0, tall - 12)] if signed else [(1.0, 12), (0.0, tall - 12)]
    for share, at in ticks:
        text = f"{share * reach:+.3g}" if share else "0"
        draw.text((width + 2 * _GAP + _BAR, at), text, _BLACK, font=font, anchor="lm")
    return canvas


def _png(canvas: Image) -> bytes:
    written = io.BytesIO()
    canvas.save(written, "PNG", optimize=True)
    return written.getvalue()
