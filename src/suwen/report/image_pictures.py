"""The key pictures of a study: outlines, shadows by number, measured lines, heat; as PNG inside the page."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from importlib.resources import as_file, files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError
from suwen.formats.images.nouns import Image
from suwen.formats.images.writing.nouns import Term
from suwen.formats.images.writing.overlay import overlay_picture
from suwen.formats.images.writing.picture import Drawing, Layer, Picture, Ruler
from suwen.imaging.chest.reading import ChestReading
from suwen.imaging.engines.nouns import Segmentation
from suwen.imaging.engines.orient import Order, radiological
from suwen.imaging.reading import ImageReading
from suwen.imaging.structures import Structure, largest_slice
from suwen.report.strings import Language
from suwen.subject import Code

__all__ = ["chest_picture", "data_uri", "heat_picture", "key_picture", "structure_picture"]

_MOST = 7  # structures drawn in one picture: as many as there are colours told apart
_WARM = np.array([249, 212, 35], np.float32)
_LUNGS, _HEART = (86, 180, 233), (0, 158, 115)
_SHADOWS = ((230, 159, 0), (240, 228, 66), (213, 94, 0), (204, 121, 167))  # the rest of Okabe and Ito's colours


def key_picture(read: ImageReading, lang: Language) -> Picture:
    """The first picture of the page. Raises InputError where nothing was outlined."""
    if read.chest is not None:
        return chest_picture(read.image, read.chest, lang)
    if read.drawn is None or not read.drawn.labels.any():
        raise InputError(
            "nothing was outlined in this image, so that there is no key picture to write",
            zh="该图像中未勾画任何区域，因此没有关键图像可写",
        )
    return structure_picture(read.image, read.drawn, read.structures, lang)[0]


def chest_picture(image: Image, read: ChestReading, lang: Language, *, side: int = 900) -> Picture:
    """The radiograph with lungs, heart and its shadows, each with its number, as hung: the patient's right at left."""
    known = read.anatomy
    layers = [Layer(known.lungs, None, _LUNGS), Layer(known.heart, None, _HEART)]
    layers += [
        Layer(one.mask, Term(Code(f"suwen:shadow-{number}", str(number)), str(number)), _SHADOWS[(number - 1) % 4])
        for number, one in enumerate(read.shadows, 1)
    ]
    return _picture(image, Drawing(tuple(layers), _rulers(read), sides=("L", "F")), lang, side)


def _rulers(read: ChestReading) -> tuple[Ruler, ...]:
    """The widths of the cardiothoracic ratio, from border to border; none where the ratio was not taken.

    The heart from its border furthest right to that furthest left, drawn where it is widest; the chest where it is.
    """
    known = read.anatomy
    if "cardiothoracic" not in read.proportions:
        return ()
    rows = np.flatnonzero(known.right_lung.any(axis=1) & known.left_lung.any(axis=1))
    both = known.lungs.copy()
    both[np.setdiff1d(np.arange(len(both)), rows)] = False
    heart, chest = _widest(known.heart), _widest(both)
    whole = np.flatnonzero(known.heart.any(axis=0))
    return tuple(
        Ruler((float(at), float(first) - 0.5), (float(at), float(last) + 0.5))
        for at, first, last in ((heart[0], whole[0], whole[-1]), chest)
    )


def _widest(mask: NDArray[np.bool_]) -> tuple[int, int, int]:
    """The row in which a mask reaches furthest across, and its first and last column there."""
    first, last = mask.argmax(axis=1), mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)
    at = int(np.where(mask.any(axis=1), last - first, -1).argmax())
    return at, int(first[at]), int(last[at])


def heat_picture(image: Image, heat: NDArray[np.float32], lang: Language, *, side: int = 900) -> Picture:
    """The image with the heat of a score laid over it, its opacity growing with the heat (0..1)."""
    plain = _picture(image, Drawing(sides=("L", "F")), lang, side)
    rows, columns = plain.pixels.shape[:2]
    at = np.ix_(_nearest(rows, heat.shape[0]), _nearest(columns, heat.shape[1]))
    share = 0.65 * np.clip(heat[at], 0, 1)[..., None]
    mixed = plain.pixels * (1 - share) + _WARM * share
    return Picture(mixed.round().astype(np.uint8), plain.zoom, plain.spacing, plain.orientation)


def structure_picture(
    image: Image, drawn: Segmentation, structures: tuple[Structure, ...], lang: Language, *, side: int = 900
) -> tuple[Picture, int]:
    """The slice that shows most of what was drawn, hung as radiologists hang it, and its number from 0 as stored.

    The largest structures in it are outlined, with the longest diameters of those whose longest lies in this slice.
    """
    at = largest_slice(drawn)
    counts = np.bincount(drawn.labels[at].ravel() if drawn.labels.ndim == 3 else drawn.labels.ravel())
    inside = [one for one in structures if one.label < len(counts) and counts[one.label]]
    shown = sorted(inside, key=lambda one: -counts[one.label])[:_MOST]
    order = radiological(image.grid)
    turned = replace(image, values=order.apply(image.values), grid=order.grid(image.grid), sources=())
    labels = order.apply(drawn.labels)
    layers = tuple(Layer(labels == one.label, Term(Code(f"suwen:{one.label}", one.name), one.name)) for one in shown)
    number = at
    if drawn.labels.ndim == 3:
        number = int(order.index((at, 0, 0), drawn.labels.shape)[0])
    return _picture(turned, Drawing(layers, _longest(shown, at, order, image), slice=number), lang, side), at


def _longest(shown: list[Structure], at: int, order: Order, image: Image) -> tuple[Ruler, ...]:
    found = []
    for one in shown:
        if one.measures is not None and one.measures.slice in (None, at):
            first, second = (order.index(end, image.grid.shape)[-2:] for end in one.measures.longest.ends)
            found.append(Ruler((first[0], first[1]), (second[0], second[1])))
    return tuple(found)


def data_uri(picture: Picture) -> str:
    """A picture as PNG within an address."""
    from PIL import Image as Pixels  # noqa: PLC0415

    data = io.BytesIO()
    Pixels.fromarray(picture.pixels).save(data, "PNG")
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()


def _picture(image: Image, drawing: Drawing, lang: Language, side: int) -> Picture:
    with as_file(files("suwen.report") / "fonts" / "NotoSansCJKsc-Regular.otf") as font:
        return overlay_picture(image, drawing, font=font, lang=lang, side=side)


def _nearest(count: int, length: int) -> NDArray[Any]:
    return np.minimum((np.arange(count) + 0.5) * length / count, length - 1).astype(int)
