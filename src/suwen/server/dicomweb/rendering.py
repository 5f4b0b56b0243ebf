"""Frames as pictures a browser shows: window, size and quality as asked for (PS3.18 10.4.1.1.5 and 8.3.5)."""

from __future__ import annotations

import io
import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from fastapi import HTTPException
from numpy.typing import NDArray
from starlette.datastructures import QueryParams

from suwen.errors import FormatError, MissingExtraError
from suwen.formats.images.budget import Budget
from suwen.formats.images.decoding import Decoder
from suwen.formats.images.frames import Frame, frames_of, not_an_image
from suwen.formats.images.headers import guarded, import_pydicom
from suwen.formats.images.objects import open_object
from suwen.formats.images.pixels import samples_of
from suwen.formats.images.stored import Stored
from suwen.server.dicomweb.objects import BESIDE, codec_for, opened, parsed

__all__ = ["Drawn", "drawn_of", "picture"]

_MEMORY = 2**30
_LARGEST = 4096  # pixels of a side that a picture is made with
_FUNCTIONS = frozenset({"linear", "linear-exact", "sigmoid"})
Grey = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drawn:
    """How a frame is drawn: window (centre, width, function; None: the object's own), the box it fits, the quality."""

    window: tuple[float, float, str] | None = None
    box: tuple[int, int] | None = None  # width, height
    quality: int = 90


def drawn_of(query: QueryParams, *, box: tuple[int, int] | None = None) -> Drawn:
    """Read `window`, `viewport` and `quality`. Raises HTTPException 400."""
    window = query.get("window", "")
    view = query.get("viewport", "")
    sizes = [_number(one) for one in view.split(",")[:2]] if view else []
    if view and (len(sizes) != 2 or not all(1 <= one <= _LARGEST for one in sizes)):
        raise HTTPException(400, f"a viewport is a width and a height of 1 to {_LARGEST} pixels")
    quality = _number(query.get("quality", "90"))
    if not 1 <= quality <= 100:
        raise HTTPException(400, "a quality is a number of 1 to 100")
    fit = (int(sizes[0]), int(sizes[1])) if sizes else box
    return Drawn(_window(window) if window else None, fit, int(quality))


def _window(text: str) -> tuple[float, float, str]:
    centre, width, function, *more = [*text.split(","), "linear"][:4]
    del more
    found = _number(centre), _number(width), function.strip().lower()
    if (found[1] < 1 and found[2] == "linear") or found[1] <= 0 or found[2] not in _FUNCTIONS:
        raise HTTPException(400, "a window is a centre, a width of 1 or more, and linear, linear-exact or sigmoid")
    return found


def _number(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        raise HTTPException(400, "a number is expected here") from None
    if not math.isfinite(found) or abs(found) > 1e9:
        raise HTTPException(400, "a number is expected here")
    return found


def picture(data: bytes, number: int, media: str, drawn: Drawn) -> bytes:
    """A frame (from 1) as JPEG or PNG. Raises HTTPException 404 for none, 406 for what cannot be drawn."""
    source = open_object(Stored("object", None, data), Budget(_MEMORY))
    if not source.pixels or not_an_image(source):
        raise HTTPException(406, "this object is no image that is drawn here")
    found = frames_of(source)
    if not 1 <= number <= len(found):
        raise HTTPException(404, f"this object has the frames 1 to {len(found)}")
    frame = found[number - 1]
    try:
        pixels = _colours(data, number) if frame.form.samples > 1 else _grey(frame, drawn)
    except FormatError:
        raise HTTPException(406, "the samples of this frame cannot be decoded here") from None
    return _encoded(pixels, media, drawn)


def _colours(data: bytes, number: int) -> NDArray[np.uint8]:
    dataset, how = parsed(data), dict[str, str]()
    with guarded("colours"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        syntax = dataset.file_meta.TransferSyntaxUID
        if syntax in BESIDE:
            dataset = opened(data, str(syntax))
        elif syntax.is_compressed:
            how = {"decoding_plugin": codec_for(str(syntax))}
        found: NDArray[Any] = import_pydicom().pixels.pixel_array(
            dataset, index=number - 1, **how
        )  # as red, green and blue
    most = (1 << int(dataset.BitsStored)) - 1
    return found.astype(np.uint8) if most == 255 else (found * (255.0 / most)).astype(np.uint8)


def _grey(frame: Frame, drawn: Drawn) -> NDArray[np.uint8]:
    with Decoder(Budget(_MEMORY)) as decoder:
        samples = samples_of([frame], decoder, Budget(_MEMORY))
    values = samples.values[0].astype(np.float64)
    window = drawn.window or _own_window(frame, values, samples.mirror)
    return np.round(255 * _shown(values, *window)).astype(np.uint8)


def _own_window(frame: Frame, values: Grey, mirror: float | None) -> tuple[float, float, str]:
    """The first window of the object, turned over with its values; without one all greys that occur."""
    facts = frame.facts("FrameVOILUTSequence")
    centre, width = facts.number("WindowCenter"), facts.number("WindowWidth")
    if centre is not None and width is not None and width > 0:
        function = facts.word("VOILUTFunction").lower().replace("_", "-") or "linear"
        turned = centre if mirror is None else mirror - centre + (1 if function == "linear" else 0)
        return turned, max(width, 1.0), function if function in _FUNCTIONS else "linear"
    low, high = float(values.min()), float(values.max())
    return (low + high) / 2, max(high - low, 1.0), "linear-exact"


def _shown(values: Grey, centre: float, width: float, function: str) -> Grey:
    """Values as shares of white (PS3.3 C.11.2.1.2)."""
    if function == "sigmoid":
        return np.asarray(1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -500, 500))), np.float64)
    if function == "linear":
        share = (values - (centre - 0.5)) / max(width - 1, 1e-9) + 0.5
    else:
        share = (values - centre) / width + 0.5
    return np.clip(share, 0, 1)


def _encoded(pixels: NDArray[np.uint8], media: str, drawn: Drawn) -> bytes:
    try:
        from PIL import Image  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("pillow", "imaging") from None
    shown = Image.fromarray(pixels)
    if drawn.box is not None:
        share = min(drawn.box[0] / shown.width, drawn.box[1] / shown.height)
        size = (max(1, round(shown.width * share)), max(1, round(shown.height * share)))
        shown = shown.resize(size, Image.Resampling.LANCZOS if share < 1 else Image.Resampling.BICUBIC)
    out = io.BytesIO()
    if media == "image/png":
        shown.save(out, "PNG")
    else:
        shown.save(out, "JPEG", quality=drawn.quality)
    return out.getvalue()
