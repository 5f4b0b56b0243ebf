"""A picture of what augmentations do: a row for each example, the original first and then draws, with their names."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from suwen.errors import InputError, MissingExtraError

__all__ = ["picture"]

Change = Callable[[Tensor, Tensor | None, torch.Generator], tuple[Tensor, Tensor | None]]
Tile = NDArray[np.uint8]
_TILE, _GAP, _HEAD, _SIDE = 128, 4, 20, 120  # pixels
_WORDS = {"en": ("as stored", "draw {}"), "zh": ("原始", "第 {} 次")}
_TINT = np.array([213, 94, 0], np.float64)  # Okabe & Ito's vermilion: seen on grey by the colour-blind too


def picture(  # noqa: PLR0913  # a picture has this many parts
    inputs: Tensor,
    changes: Sequence[Change],
    *,
    masks: Tensor | None = None,
    names: Sequence[str] = (),
    draws: int = 5,
    seed: int = 0,
    lang: Literal["zh", "en"] = "en",
    font: Path | None = None,
) -> bytes:
    """PNG of examples (n, channels, *spatial) and `draws` changed copies of each.

    Of a volume the middle slice of the first axis is shown, of a signal the first channel as a line; masks tint what
    they cover. Grey values run from the smallest to the largest of the original in the whole row, so that a change of
    brightness is seen. `font` is a TrueType or OpenType file; Chinese needs one that has it.

    Raises:
        InputError: there is nothing to show, the names do not fit, or Chinese is asked for without a font.
        MissingExtraError: pillow is not installed.

    """
    if find_spec("PIL") is None:
        raise MissingExtraError("pillow", "learn")
    if not len(inputs) or inputs.ndim not in {3, 4, 5} or draws < 1:
        raise InputError("a picture needs signals, images or volumes, and at least one draw of each")
    if len(names) not in {0, len(inputs)}:
        raise InputError(f"{len(inputs)} examples have {len(names)} names")
    if lang == "zh" and font is None:
        raise InputError("Chinese words need a font that has them: give its file")
    generator = torch.Generator().manual_seed(seed)
    columns = [(inputs, masks), *(_changed(inputs, masks, changes, generator) for _ in range(draws))]
    rows = [
        [_tile(given[row], inputs[row], None if drawn is None else drawn[row]) for given, drawn in columns]
        for row in range(len(inputs))
    ]
    original, drawn_word = _WORDS[lang]
    heads = [original, *(drawn_word.format(number) for number in range(1, draws + 1))]
    return _sheet(rows, heads, list(names) or [str(row + 1) for row in range(len(inputs))], font)


def _changed(
    inputs: Tensor, masks: Tensor | None, changes: Sequence[Change], generator: torch.Generator
) -> tuple[Tensor, Tensor | None]:
    for change in changes:
        inputs, masks = change(inputs, masks, generator)
    return inputs, masks


def _tile(given: Tensor, original: Tensor, mask: Tensor | None) -> Tile:
    """(side, side, 3) of one example, with grey values as the original has them."""
    low, high = float(original.min()), float(original.max())
    if given.ndim == 2:  # a line may leave the range of the original without being cut off
        low, high = low - 0.2 * (high - low), high + 0.2 * (high - low)
    values = ((given.double() - low) / max(high - low, 1e-9)).clamp(0, 1).numpy()
    if given.ndim == 2:
        return _traced(values[0], None if mask is None else mask.numpy() > 0)
    flat = values if given.ndim == 3 else values[:, values.shape[1] // 2]
    shown = np.moveaxis(flat, 0, -1) if len(flat) == 3 else np.repeat(flat[0][:, :, None], 3, axis=2)
    colours = shown * 255
    if mask is not None:
        covered = (mask if given.ndim == 3 else mask[mask.shape[0] // 2]).numpy() > 0
        colours[covered] = 0.6 * colours[covered] + 0.4 * _TINT
    return _fitted(colours.round().astype(np.uint8))


def _fitted(colours: Tile) -> Tile:
    """Enlarged or made smaller to the tile without changing its proportions, on black."""
    from PIL import Image  # noqa: PLC0415

    height, width = colours.shape[:2]
    share = _TILE / max(height, width)
    size = (max(1, round(width * share)), max(1, round(height * share)))
    small = np.asarray(Image.fromarray(colours).resize(size, Image.Resampling.BILINEAR))
    tile = np.zeros((_TILE, _TILE, 3), np.uint8)
    top, left = (_TILE - size[1]) // 2, (_TILE - size[0]) // 2
    tile[top : top + size[1], left : left + size[0]] = small
    return tile


def _traced(values: NDArray[np.float64], covered: NDArray[np.bool_] | None) -> Tile:
    """A signal as a line from left to right, the steps that a mask covers tinted below it."""
    from PIL import Image, ImageDraw  # noqa: PLC0415

    sheet = Image.new("RGB", (_TILE, _TILE), "white")
    pen = ImageDraw.Draw(sheet)
    across = np.linspace(2, _TILE - 3, len(values))
    up = (_TILE - 10) - values * (_TILE - 20)
    if covered is not None:
        for x in across[covered]:
            pen.line([(float(x), _TILE - 6), (float(x), _TILE - 2)], fill=tuple(int(one) for one in _TINT))
    pen.line([(float(x), float(y)) for x, y in zip(across, up, strict=True)], fill="black")
    return np.asarray(sheet)


def _sheet(rows: Sequence[Sequence[Tile]], heads: Sequence[str], names: Sequence[str], font: Path | None) -> bytes:
    from PIL import Image, ImageDraw  # noqa: PLC0415

    step = _TILE + _GAP
    sheet = Image.new("RGB", (_SIDE + step * len(heads), _HEAD + step * len(rows)), "white")
    pen, letters = ImageDraw.Draw(sheet), _letters(font)
    for column, head in enumerate(heads):
        pen.text((_SIDE + column * step + 2, 3), head, fill="black", font=letters)
    for row, (tiles, name) in enumerate(zip(rows, names, strict=True)):
        top = _HEAD + row * step
        pen.text((4, top + _TILE // 2 - 6), name[:18], fill="black", font=letters)
        for column, tile in enumerate(tiles):
            sheet.paste(Image.fromarray(tile), (_SIDE + column * step, top))
    written = io.BytesIO()
    sheet.save(written, "PNG", optimize=True)
    return written.getvalue()


def _letters(font: Path | None) -> Any:
    from PIL import ImageFont  # noqa: PLC0415

    if font is None:
        return ImageFont.load_default()
    try:
        return ImageFont.truetype(str(font), 12)
    except OSError as error:
        raise InputError(f"{font.name} is no font that can be read") from error
