"""What is drawn on a picture of an image, and the picture that comes of it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError
from suwen.formats.images.nouns import Image, Window
from suwen.formats.images.writing.dicom import load
from suwen.formats.images.writing.file import write_file
from suwen.formats.images.writing.nouns import Language, Mask, Term
from suwen.formats.images.writing.source import read_origin

__all__ = ["PALETTE", "Drawing", "Layer", "Picture", "Ruler", "opposite", "picture_sides", "spoken_side", "write_png"]

Colour = tuple[int, int, int]

# Eight colours told apart by people with any colour vision (Okabe and Ito, 2008), without black
PALETTE: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (213, 94, 0),
    (204, 121, 167),
    (0, 114, 178),
)


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A mask (shape as the image, or as one slice), its name, and its colour; without one, of the palette in turn."""

    mask: Mask
    name: Term | None = None
    colour: Colour | None = None


@dataclass(frozen=True, slots=True)
class Ruler:
    """A measured line between two points (row, column; whole numbers are centres of pixels) of the slice drawn.

    `text` stands beside it; without one its length: in mm where the image has a scale, else in pixels.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    text: str = ""
    colour: Colour = (255, 255, 255)


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """What is drawn: the slice, its window (without one the image's first, else from 1st to 99th percentile) and all on
    it. `sides` are the letters where rows and columns run to, (L, F); without them those the affine gives, or none.
    """

    layers: tuple[Layer, ...] = ()
    rulers: tuple[Ruler, ...] = ()
    slice: int = 0
    window: Window | None = None
    sides: tuple[str, str] | None = None
    scale_bar: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An RGB picture (rows, columns, 3; uint8), the slices it shows, the size of its own pixels, where its sides lie.

    `zoom` is its pixels to one of the image (rows, columns); `spacing` is mm a pixel (rows, columns), None without a
    scale in the patient. `names_patient` only where text on it does.
    """

    pixels: NDArray[np.uint8]
    zoom: tuple[float, float] = (1.0, 1.0)
    spacing: tuple[float, float] | None = None
    orientation: tuple[str, str] | None = None
    slices: tuple[int, ...] = (0,)
    names_patient: bool = False

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or self.pixels.dtype != np.uint8:
            raise InputError(
                "a picture has rows, columns and the three bytes red, green, blue",
                zh="图片须有行、列及红、绿、蓝三个字节",
            )


def picture_sides(image: Image) -> tuple[str, str] | None:
    """To which sides of the patient the rows and the columns of a slice run, as DICOM letters such as (L, F).

    From the affine; of an image without a place from its source's Patient Orientation; None where neither says.
    """
    if image.grid.affine is not None:
        affine = np.array(image.grid.affine, np.float64)
        return _letters(affine[:3, 2]), _letters(affine[:3, 1])
    if image.sources and image.sources[0].file is not None:
        given = read_origin(image).first.get("PatientOrientation")
        if given is not None and len(given) == 2 and all(given):
            return str(given[0]), str(given[1])
    return None


def _letters(direction: NDArray[np.float64]) -> str:
    """Letters of a direction in the patient, the nearest axis first (DICOM PS3.3 C.7.6.1.1.1)."""
    unit = direction / np.linalg.norm(direction)
    named = [(abs(share), pair[int(share < 0)]) for share, pair in zip(unit, ("LR", "PA", "HF"), strict=True)]
    # A quarter is 14.5 degrees: less of an axis than that is not worth a letter
    return "".join(letter for share, letter in sorted(named, reverse=True) if share > 0.25)


def opposite(letters: str) -> str:
    """The other side: R for L, HA for FP."""
    return letters.translate(str.maketrans("LRPAHF", "RLAPFH"))


def spoken_side(letters: str, lang: Language) -> str:
    """A side as shown on a picture: the DICOM letters, in Chinese with their word."""
    words = {"L": "左", "R": "右", "P": "后", "A": "前", "H": "头", "F": "足"}
    return letters if lang == "en" else letters + "".join(words.get(one, "") for one in letters)


def write_png(path: Path, picture: Picture) -> None:
    """Write a picture as PNG, without any text in it. Raises DataError."""
    data = io.BytesIO()
    load("PIL.Image").fromarray(picture.pixels).save(data, "PNG", optimize=True)
    write_file(path, data.getvalue())
