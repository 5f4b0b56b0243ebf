"""Draw a key picture: a slice in its window, outlines of masks, measured lines, a scale bar, the patient's sides."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import DataError, InputError
from suwen.formats.images.nouns import Image, Window
from suwen.formats.images.writing.dicom import load
from suwen.formats.images.writing.nouns import Language, Mask
from suwen.formats.images.writing.picture import (
    PALETTE,
    Drawing,
    Layer,
    Picture,
    Ruler,
    opposite,
    picture_sides,
    spoken_side,
)
from suwen.subject import Grid, Scale

__all__ = ["overlay_picture"]

Point = tuple[float, float]  # across, down
Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]  # left, top, right, bottom
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
_WORDS: dict[str, dict[Language, str]] = {
    "detector": {"en": "at the detector", "zh": "探测器平面"},
    "stated": {"en": "as stated", "zh": "按所述间距"},
    "pixels": {"en": "px", "zh": "像素"},
}


@dataclass(frozen=True, slots=True, eq=False)
class _Canvas:
    """What is being drawn on, how many of its pixels one of the image takes (rows, columns), and where words stand."""

    draw: Any
    size: tuple[int, int]  # rows, columns
    zoom: tuple[float, float]
    line: int
    font: Any
    lang: Language
    taken: list[Box]

    def at(self, point: tuple[float, float]) -> tuple[float, float]:
        """Across and down of an array index: the centre of a pixel of the image is the centre of its square."""
        return (point[1] + 0.5) * self.zoom[1] - 0.5, (point[0] + 0.5) * self.zoom[0] - 0.5


def overlay_picture(image: Image, drawing: Drawing, *, font: Path, lang: Language = "en", side: int = 1024) -> Picture:
    """A picture of one slice with all that `drawing` names, its longer side `side` pixels, in true proportion.

    Outlines lie on the outermost pixels inside each mask. Lengths are in mm where the image has a scale ("≤" where it
    is that of the detector: the body is magnified there), in pixels otherwise; then there is no scale bar.

    Raises:
        InputError: a mask does not fit the image, there is no such slice, or the side is not 64 to 8192.
        DataError: the font cannot be read.

    """
    plane = _plane(image, drawing)
    if not 64 <= side <= 8192:
        raise InputError(
            f"a picture is 64 to 8192 pixels wide, not {side}", zh=f"图片宽度为 64 至 8192 像素，而非 {side}"
        )
    size, zoom = _size(image.grid, plane.shape, side)
    grey = _grey(plane, drawing.window or (image.windows[0] if image.windows else None))
    pil = load("PIL.Image")
    pixels = np.repeat(np.asarray(pil.fromarray(grey).resize(size[::-1], pil.Resampling.BICUBIC))[..., None], 3, 2)
    line = max(1, round(side / 400))
    colours = _colours(drawing.layers)
    for layer, colour in zip(drawing.layers, colours, strict=True):
        _outline(pixels, _scaled(_slice(layer.mask, image, drawing), size), colour, line)
    sides = drawing.sides or picture_sides(image)
    drawn = _annotated(pixels, image.grid, drawing, (zoom, line, _font(font, side), lang), sides)
    spacing = _spacing(image.grid, zoom)
    return Picture(drawn, zoom, spacing, sides, (drawing.slice,))


def _plane(image: Image, drawing: Drawing) -> NDArray[Any]:
    if image.values.ndim == 2:
        if drawing.slice:
            raise InputError(
                f"a flat image has only the slice 0, not {drawing.slice}",
                zh=f"平面图像只有层面 0，没有 {drawing.slice}",
            )
        return image.values
    if not 0 <= drawing.slice < image.values.shape[0]:
        raise InputError(
            f"there is no slice {drawing.slice}: the image has {image.values.shape[0]}, counted from 0",
            zh=f"没有层面 {drawing.slice}：该图像有 {image.values.shape[0]} 层，从 0 计",
        )
    plane: NDArray[Any] = image.values[drawing.slice]
    return plane


def _slice(mask: Mask, image: Image, drawing: Drawing) -> Mask:
    if mask.shape == image.values.shape[-2:]:
        return mask
    if mask.shape != image.values.shape:
        raise InputError(
            f"a mask of the shape {mask.shape} does not fit an image of {image.values.shape}",
            zh=f"形状为 {mask.shape} 的掩膜与 {image.values.shape} 的图像不符",
        )
    plane: Mask = mask[drawing.slice]
    return plane


def _size(grid: Grid, shape: tuple[int, ...], side: int) -> tuple[tuple[int, int], tuple[float, float]]:
    """Rows and columns of the picture, and its pixels a pixel of the image: pixels that are not square are drawn so."""
    tall, wide = grid.spacing[-2:] if grid.spacing else (1.0, 1.0)
    rows, columns = shape[0] * tall, shape[1] * wide
    scale = side / max(rows, columns)
    size = max(1, round(rows * scale)), max(1, round(columns * scale))
    return size, (size[0] / shape[0], size[1] / shape[1])


def _grey(plane: NDArray[Any], window: Window | None) -> NDArray[np.uint8]:
    values = plane.astype(np.float32)
    finite = values[np.isfinite(values)]
    if window is None:
        low, high = (float(one) for one in np.percentile(finite, (1, 99))) if finite.size else (0.0, 1.0)
    else:  # linear, from PS3.3 C.11.2.1.2.1, whose half steps matter to eight bits only
        low, high = window.centre - window.width / 2, window.centre + window.width / 2
    share = (np.nan_to_num(values, nan=low) - low) / max(high - low, 1e-6)
    grey: NDArray[np.uint8] = (np.clip(share, 0, 1) * 255).round().astype(np.uint8)
    return grey


def _colours(layers: tuple[Layer, ...]) -> list[tuple[int, int, int]]:
    return [layer.colour or PALETTE[number % len(PALETTE)] for number, layer in enumerate(layers)]


def _scaled(mask: Mask, size: tuple[int, int]) -> Mask:
    """The mask at the picture's size; each pixel of the picture takes that of the image in whose square it lies."""
    rows = (np.arange(size[0]) * mask.shape[0]) // size[0]
    columns = (np.arange(size[1]) * mask.shape[1]) // size[1]
    scaled: Mask = mask[np.ix_(rows, columns)]
    return scaled


def _outline(pixels: NDArray[np.uint8], mask: Mask, colour: tuple[int, int, int], line: int) -> None:
    """Colour the outermost `line` pixels of a mask, after a dark rim outside it: seen on bone and on air alike."""
    pixels[_grown(mask, 1) & ~mask] //= 3
    pixels[mask & ~_shrunk(mask, line)] = colour


def _grown(mask: Mask, by: int) -> Mask:
    for _ in range(by):
        wide = np.pad(mask, 1)
        mask = wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:] | mask
    return mask


def _shrunk(mask: Mask, by: int) -> Mask:
    """Beyond the picture is not mask: an outline is closed at its edge."""
    for _ in range(by):
        wide = np.pad(mask, 1)
        mask = wide[:-2, 1:-1] & wide[2:, 1:-1] & wide[1:-1, :-2] & wide[1:-1, 2:] & mask
    return mask


def _font(path: Path, side: int) -> Any:
    try:
        return load("PIL.ImageFont").truetype(str(path), max(11, round(side / 44)))
    except OSError:
        raise DataError(
            f"the font {path.name} cannot be read; name a TrueType or OpenType file",
            zh=f"无法读取字体 {path.name}；请指定 TrueType 或 OpenType 文件",
        ) from None


def _annotated(
    pixels: NDArray[np.uint8], grid: Grid, drawing: Drawing, how: tuple[Any, ...], sides: tuple[str, str] | None
) -> NDArray[np.uint8]:
    zoom, line, font, lang = how
    picture = load("PIL.Image").fromarray(pixels)
    canvas = _Canvas(load("PIL.ImageDraw").Draw(picture), pixels.shape[:2], zoom, line, font, lang, [])
    if drawing.scale_bar and grid.spacing:
        _scale_bar(canvas, grid)
    _legend(canvas, drawing.layers)
    if sides is not None:
        _letter_sides(canvas, sides)
    for ruler in drawing.rulers:  # last: their numbers stand where nothing else does
        _rule(canvas, ruler, grid)
    return np.array(picture)


def _write(canvas: _Canvas, at: Point, text: str, anchor: str, colour: Colour = _WHITE) -> None:
    """Words with a dark rim, moved back where they would run out of the picture."""
    across, down, box = _inside(canvas, at, text, anchor)
    canvas.taken.append(box)
    canvas.draw.text(
        (at[0] + across, at[1] + down), text, fill=colour, font=canvas.font, anchor=anchor,
        stroke_width=canvas.line, stroke_fill=_BLACK,
    )  # fmt: skip


def _inside(canvas: _Canvas, at: tuple[float, float], text: str, anchor: str) -> tuple[float, float, Box]:
    """How far words are moved to stand in the picture, and the box they then fill."""
    box = canvas.draw.textbbox(at, text, font=canvas.font, anchor=anchor, stroke_width=canvas.line)
    rows, columns = canvas.size
    across = max(0, -box[0]) - max(0, box[2] - columns)
    down = max(0, -box[1]) - max(0, box[3] - rows)
    return across, down, (box[0] + across, box[1] + down, box[2] + across, box[3] + down)


def _free(canvas: _Canvas, places: list[tuple[tuple[float, float], str]], text: str) -> tuple[tuple[float, float], str]:
    """The first place where words cover none that stand there, else the first."""
    for at, anchor in places:
        left, top, right, bottom = _inside(canvas, at, text, anchor)[2]
        if not any(left < box[2] and box[0] < right and top < box[3] and box[1] < bottom for box in canvas.taken):
            return at, anchor
    return places[0]


def _rule(canvas: _Canvas, ruler: Ruler, grid: Grid) -> None:
    start, end = canvas.at(ruler.start), canvas.at(ruler.end)
    length = math.dist(start, end) or 1.0
    across = (-(end[1] - start[1]) / length, (end[0] - start[0]) / length)
    tick = 3 * canvas.line
    strokes = [(start, end)] + [
        ((x - across[0] * tick, y - across[1] * tick), (x + across[0] * tick, y + across[1] * tick))
        for x, y in (start, end)
    ]
    for colour, width in ((_BLACK, canvas.line + 2), (ruler.colour, canvas.line)):
        for stroke in strokes:
            canvas.draw.line(stroke, fill=colour, width=width)
    text = ruler.text or _length(ruler, grid, canvas.lang)
    left, right = sorted((start, end))
    middle, gap = ((left[0] + right[0]) / 2, (left[1] + right[1]) / 2), 2 * tick
    places = [((right[0] + gap, right[1]), "lm"), ((middle[0], middle[1] - gap), "md"),
              ((middle[0], middle[1] + gap), "ma"), ((left[0] - gap, left[1]), "rm")]  # fmt: skip
    at, anchor = _free(canvas, places, text)
    _write(canvas, at, text, anchor, ruler.colour)


def _length(ruler: Ruler, grid: Grid, lang: Language) -> str:
    """The length of a ruler with its unit, as far as the image's scale allows one."""
    rows, columns = ruler.end[0] - ruler.start[0], ruler.end[1] - ruler.start[1]
    if grid.spacing is None:
        return f"{math.hypot(rows, columns):.0f} {_WORDS['pixels'][lang]}"
    tall, wide = grid.spacing[-2:]
    limit = "≤ " if grid.scale is Scale.DETECTOR else ""
    return f"{limit}{math.hypot(rows * tall, columns * wide):.1f} mm"


def _scale_bar(canvas: _Canvas, grid: Grid) -> None:
    """A bar of a round length, about a fifth of the picture's width, at the lower right."""
    rows, columns = canvas.size
    each = (grid.spacing or (1.0, 1.0))[-1] / canvas.zoom[1]  # mm a pixel of the picture
    length = _round_below(columns * each / 4)
    gap, tick = 8 * canvas.line, 3 * canvas.line
    right, bottom = columns - gap, rows - gap
    left = right - length / each
    for colour, width in ((_BLACK, canvas.line + 2), (_WHITE, canvas.line)):
        canvas.draw.line(((left, bottom), (right, bottom)), fill=colour, width=width)
        for x in (left, right):
            canvas.draw.line(((x, bottom - tick), (x, bottom + tick)), fill=colour, width=width)
    words = _WORDS.get(grid.scale.value)
    said = f"{length:g} mm" + (f" ({words[canvas.lang]})" if words else "")
    _write(canvas, ((left + right) / 2, bottom - 2 * tick), said, "md")


def _round_below(length: float) -> float:
    ten = 10.0 ** math.floor(math.log10(length))
    return max(one * ten for one in (1, 2, 5) if one * ten <= length)


def _legend(canvas: _Canvas, layers: tuple[Layer, ...]) -> None:
    step, gap = round(canvas.font.size * 1.4), 6 * canvas.line
    named = [(layer.name, colour) for layer, colour in zip(layers, _colours(layers), strict=True) if layer.name]
    for number, (name, colour) in enumerate(named):
        top = gap + number * step
        swatch = (gap, top + step * 0.2, gap + step * 0.6, top + step * 0.8)
        canvas.draw.rectangle(swatch, fill=colour, outline=_BLACK)
        _write(canvas, (gap + step, top + step / 2), name.said(canvas.lang), "lm")


def _letter_sides(canvas: _Canvas, sides: tuple[str, str]) -> None:
    rows, columns = canvas.size
    gap = 4 * canvas.line
    places = (
        (opposite(sides[0]), (gap, rows / 2), "lm"),
        (sides[0], (columns - gap, rows / 2), "rm"),
        (opposite(sides[1]), (columns / 2, gap), "ma"),
        (sides[1], (columns / 2, rows - gap), "md"),
    )
    for letters, at, anchor in places:
        if letters:
            _write(canvas, at, spoken_side(letters, canvas.lang), anchor)


def _spacing(grid: Grid, zoom: tuple[float, float]) -> tuple[float, float] | None:
    """Of the picture's pixels, where a length measured on it would be one in the patient."""
    if grid.spacing is None or grid.scale not in (Scale.PATIENT, Scale.CALIBRATED):
        return None
    return grid.spacing[-2] / zoom[0], grid.spacing[-1] / zoom[1]
