"""PNG and JPEG pictures: samples as they are stored, grey, upright, and without millimetres unless they are stated."""

from __future__ import annotations

import hashlib
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import MissingExtraError, Problem
from suwen.formats.images.budget import Budget
from suwen.formats.images.decoding import grey
from suwen.formats.images.headers import guarded
from suwen.formats.images.notice_strings import REASONS
from suwen.formats.images.notices import notice, reason, refusal
from suwen.formats.images.nouns import Image, Source
from suwen.formats.images.stored import Stored
from suwen.subject import Grid
from suwen.subject.grid import Scale

__all__ = ["read_picture"]

_ORIENTATION = 0x0112  # EXIF 2.3, 4.6.4: the only thing of EXIF that is read; the rest may name a person or a place
_AXES_SWAPPED = frozenset({5, 6, 7, 8})
_LOSSLESS_FORMATS = frozenset({"PNG"})


def read_picture(stored: Stored, budget: Budget, spacing: tuple[float, float] | None = None) -> Image:
    """Read a PNG (8 or 16 bit) or JPEG; `spacing` (between rows, between columns of the upright picture; mm) if known.

    Raises:
        FormatError: damaged or cut short.
        InputError: more samples than the budget has left.
        MissingExtraError: pillow is not installed.

    """
    try:
        import PIL.Image  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("pillow", "imaging") from error
    with guarded(reason("picture"), zh=REASONS["picture"]["zh"]), warnings.catch_warnings(), stored.open() as stream:
        warnings.simplefilter("ignore")
        try:
            with PIL.Image.open(stream, formats=("PNG", "JPEG")) as picture:
                values, said = _values(picture, budget)
        except (SyntaxError, PIL.Image.DecompressionBombError) as error:
            raise refusal("picture") from error
    digest = _digest(values)
    if spacing is None:
        grid, scale = Grid(values.shape), notice("no_scale")
    else:
        grid, scale = Grid(values.shape, spacing, Scale.STATED), notice("stated")
    return Image(digest, values, grid, sources=(Source("", "", 1, stored.path),), noticed=(scale, *said))


def _digest(values: NDArray[Any]) -> str:
    return hashlib.sha256(str(values.shape).encode() + np.ascontiguousarray(values).tobytes()).hexdigest()[:32]


def _values(picture: Any, budget: Budget) -> tuple[NDArray[Any], list[Problem]]:
    width, height = picture.size
    wide = picture.mode.startswith(("I", "F"))
    budget.require(width * height * (8 if wide else 16))
    budget.take(width * height * (4 if wide else 1))
    said = [] if picture.format in _LOSSLESS_FORMATS else [notice("lossy")]
    orientation = int(picture.getexif().get(_ORIENTATION, 1) or 1)
    values, remarks = _grey(picture)
    if 2 <= orientation <= 8:
        values = _upright(values, orientation)
        said.append(notice("upright", value=orientation))
    return np.ascontiguousarray(values), [*said, *remarks]


def _grey(picture: Any) -> tuple[NDArray[Any], list[Problem]]:
    """The samples as one channel: 8 bit stay 8, 16 bit stay 16; a palette, colour and transparency are taken off."""
    said = []
    if "A" in picture.getbands() or "transparency" in picture.info:
        said.append(notice("transparent"))
    if picture.mode == "1":
        return np.asarray(picture.convert("L")), said
    if picture.mode in ("L", "LA"):
        return np.asarray(picture.getchannel(0)), said
    if picture.mode.startswith("I"):
        samples = np.asarray(picture)
        return samples.astype(np.uint16) if samples.min() >= 0 and samples.max() < 65536 else samples, said
    return grey(np.asarray(picture.convert("RGB"))), [*said, notice("colour")]


def _upright(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Undo what the orientation says of the stored rows and columns (EXIF 2.3, tag 274, values 1 to 8)."""
    if orientation in _AXES_SWAPPED:
        values = values.T
    flips = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}.get(orientation, ())
    return np.flip(values, flips) if flips else values
