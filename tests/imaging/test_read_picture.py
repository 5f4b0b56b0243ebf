"""PNG and JPEG come in upright and grey, with millimetres only where somebody states them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageOps
import pytest

from suwen.errors import FormatError, InputError
from suwen.formats.images import notice_key, read_study
from suwen.subject.grid import Scale

GREY = np.arange(48 * 32).reshape(48, 32) % 251


def _saved(values: np.ndarray, path: Path, mode: str | None = None, **more: object) -> Path:
    picture = PIL.Image.fromarray(values)
    (picture.convert(mode) if mode else picture).save(path, **more)
    return path


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_png_keeps_its_bits(kind: type, tmp_path: Path) -> None:
    values = (GREY * (200 if kind is np.uint16 else 1)).astype(kind)
    (image,) = read_study(_saved(values, tmp_path / "one.png")).images
    assert image.values.dtype == kind
    assert np.array_equal(image.values, values)
    assert (image.grid.scale, image.grid.spacing) == (Scale.NONE, None)
    assert [notice_key(one) for one in image.noticed] == ["no_scale"]


def test_a_stated_spacing_is_taken_and_said_to_be_stated(tmp_path: Path) -> None:
    path = _saved(GREY.astype(np.uint8), tmp_path / "one.png")
    (image,) = read_study(path, spacing=(0.3, 0.2)).images
    assert (image.grid.scale, image.grid.spacing) == (Scale.STATED, (0.3, 0.2))
    assert [notice_key(one) for one in image.noticed] == ["stated"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_is_turned_upright(orientation: int, tmp_path: Path) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    path = _saved(GREY.astype(np.uint8), tmp_path / "one.jpg", quality=95, exif=exif)
    with PIL.Image.open(path) as picture:
        peer = np.asarray(PIL.ImageOps.exif_transpose(picture))
    (image,) = read_study(path, spacing=(0.3, 0.2)).images
    assert np.array_equal(image.values, peer)
    assert image.grid.spacing == (0.3, 0.2)
    assert ("upright" in {notice_key(one) for one in image.noticed}) == (orientation > 1)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LA", "1"])
def test_colours_palettes_and_transparency_become_grey(mode: str, tmp_path: Path) -> None:
    values = np.where(GREY > 99, 255, 0).astype(np.uint8)
    (image,) = read_study(_saved(values, tmp_path / "one.png", mode)).images
    assert np.array_equal(image.values, values)
    assert ("transparent" in {notice_key(one) for one in image.noticed}) == ("A" in mode)


def test_colours_have_the_brightness_of_bt_601(tmp_path: Path) -> None:
    colours = np.random.default_rng(4).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    (image,) = read_study(_saved(colours, tmp_path / "one.png")).images
    assert np.abs(image.values - colours @ [0.299, 0.587, 0.114]).max() <= 0.5


def test_a_damaged_or_enormous_picture_is_refused(tmp_path: Path) -> None:
    path = _saved(np.random.default_rng(5).integers(0, 256, (48, 32)).astype(np.uint8), tmp_path / "one.png")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FormatError):
        read_study(path)
    large = bytearray(whole)
    large[16:24] = b"\0\1\0\0\0\1\0\0"
    path.write_bytes(large)
    with pytest.raises(FormatError):
        read_study(path)
    path.write_bytes(whole)
    with pytest.raises(InputError, match="limit"):
        read_study(path, limit=100)
