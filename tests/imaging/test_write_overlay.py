"""Key pictures show outlines, lengths, sides and scale where they belong, in both languages, and never a false mm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from write_cases import HEART, KINDS, LUNG, blob, case, middle

import suwen.report
from suwen.errors import DataError, InputError
from suwen.formats.images.nouns import Image, Window
from suwen.formats.images.writing.nouns import Language
from suwen.formats.images.writing.overlay import overlay_picture
from suwen.formats.images.writing.picture import PALETTE, Drawing, Layer, Picture, Ruler, picture_sides, write_png
from suwen.subject import Grid, Scale

FONT = Path(suwen.report.__file__).parent / "fonts" / "NotoSansCJKsc-Regular.otf"


def draw(image: Image, drawing: Drawing, lang: Language = "en", side: int = 600) -> Picture:
    return overlay_picture(image, drawing, font=FONT, lang=lang, side=side)


def flat(scale: Scale = Scale.NONE, spacing: tuple[float, float] | None = None) -> Image:
    return Image("x", np.full((100, 150), 50, np.uint8), Grid((100, 150), spacing, scale))


def coloured(picture: Picture, colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    return np.asarray((picture.pixels == colour).all(axis=2))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_kind_of_image_is_drawn(kind: str, lang: Language, tmp_path: Path) -> None:
    image = case(kind, tmp_path / kind)
    layers = Layer(blob(image), LUNG), Layer(blob(image, 0.7, 0.1), HEART)
    picture = draw(image, Drawing(layers, (Ruler((20, 20), (40, 60)),), middle(image)), lang)
    assert max(picture.pixels.shape[:2]) == 600
    assert picture.slices == (middle(image),)
    for colour in PALETTE[:2]:
        assert coloured(picture, colour).sum() > 100
    write_png(tmp_path / "picture.png", picture)
    from PIL import Image as Pictures  # noqa: PLC0415

    with Pictures.open(tmp_path / "picture.png") as read:
        np.testing.assert_array_equal(np.asarray(read), picture.pixels)
        assert not read.info  # no text, no name of a patient


def test_outlines_lie_on_the_outermost_pixels_inside_the_mask() -> None:
    mask = np.zeros((100, 150), bool)
    mask[30:60, 40:110] = True
    picture = draw(flat(), Drawing((Layer(mask),), scale_bar=False))  # four pixels of the picture to one of the image
    shown = coloured(picture, PALETTE[0])
    rows, columns = np.nonzero(shown)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (120, 239, 160, 439)
    assert not shown[124:236, 164:436].any()  # an outline, not a patch
    assert (picture.pixels[119, 165:435] < 50).all()  # with a dark rim


def test_colours_are_told_apart_by_any_eye() -> None:
    """Under simulated deuteranopia and protanopia (Vienot, Brettel, Mollon 1999) no two colours become one."""
    linear = (np.array(PALETTE) / 255) ** 2.2
    to_lms = np.array([[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]])
    deutan = np.array([[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]])
    protan = np.array([[0, 2.02344, -2.52581], [0, 1, 0], [0, 0, 1]])
    for blind in (np.eye(3), deutan, protan):
        seen = np.clip(linear @ (np.linalg.inv(to_lms) @ blind @ to_lms).T, 0, 1) ** (1 / 2.2) * 255
        apart = np.linalg.norm(seen[:, None] - seen[None], axis=2)
        assert apart[~np.eye(len(seen), dtype=bool)].min() > 25


def test_pixels_that_are_not_square_are_drawn_in_their_shape() -> None:
    picture = draw(flat(Scale.PATIENT, (0.5, 0.25)), Drawing())
    assert picture.pixels.shape[:2] == (600, 450)
    assert picture.spacing is not None
    np.testing.assert_allclose(picture.spacing, (50 / 600, 37.5 / 450))
    assert draw(flat(Scale.DETECTOR, (0.5, 0.25)), Drawing()).spacing is None


@pytest.fixture
def words(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that is drawn."""
    from PIL import ImageDraw  # noqa: PLC0415

    seen: list[str] = []
    draw_text = ImageDraw.ImageDraw.text

    def text(self: ImageDraw.ImageDraw, xy: tuple[float, float], text: str, *rest: object, **more: object) -> None:
        seen.append(text)
        draw_text(self, xy, text, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", text)
    return seen


@pytest.mark.parametrize(
    ("scale", "lang", "length", "bar"),
    [
        (Scale.PATIENT, "en", "25.0 mm", "10 mm"),
        (Scale.CALIBRATED, "zh", "25.0 mm", "10 mm"),
        (Scale.DETECTOR, "en", "≤ 25.0 mm", "10 mm (at the detector)"),
        (Scale.DETECTOR, "zh", "≤ 25.0 mm", "10 mm (探测器平面)"),
        (Scale.STATED, "zh", "25.0 mm", "10 mm (按所述间距)"),
        (Scale.NONE, "en", "50 px", ""),
        (Scale.NONE, "zh", "50 像素", ""),
    ],
)
def test_lengths_are_as_sure_as_the_scale(
    scale: Scale, lang: Language, length: str, bar: str, words: list[str]
) -> None:
    image = flat(scale, None if scale is Scale.NONE else (0.5, 0.5))
    draw(image, Drawing(rulers=(Ruler((10, 10), (40, 50)),)), lang)
    assert words == ([bar] if bar else []) + [length]


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    image = flat(Scale.PATIENT, (0.5, 0.5))
    with_bar, without = (draw(image, Drawing(scale_bar=shown)).pixels for shown in (True, False))
    white = (with_bar == 255).all(axis=2) & ~(without == 255).all(axis=2)
    row = white.sum(axis=1).argmax()
    columns = np.nonzero(white[row])[0]
    assert abs((columns.max() - columns.min()) - 10 / 0.5 * 4) <= 4  # 10 mm, four pixels of the picture to one


def test_the_ruler_ends_on_the_pixels_measured() -> None:
    image = flat(Scale.PATIENT, (0.5, 0.5))
    picture = draw(image, Drawing(rulers=(Ruler((30, 20), (30, 90), " ", (255, 0, 255)),), scale_bar=False))
    rows, columns = np.nonzero(coloured(picture, (255, 0, 255)))
    np.testing.assert_allclose((columns.min(), columns.max()), (20.5 * 4, 90.5 * 4), atol=2)
    np.testing.assert_allclose(rows.mean(), 30.5 * 4, atol=2)


@pytest.mark.parametrize(("kind", "sides"), [("ct", ("L", "P")), ("oblique", ("L", "PF")), ("dx", ("L", "F"))])
def test_sides_of_the_patient_are_lettered(kind: str, sides: tuple[str, str], tmp_path: Path, words: list[str]) -> None:
    image = case(kind, tmp_path / kind)
    assert picture_sides(image) == sides
    draw(image, Drawing(scale_bar=False))
    assert words == {"ct": ["R", "L", "A", "P"], "oblique": ["R", "L", "AH", "PF"], "dx": ["R", "L", "H", "F"]}[kind]
    words.clear()
    draw(image, Drawing(scale_bar=False), "zh")
    assert words[:2] == ["R右", "L左"]


def test_no_side_is_guessed(words: list[str]) -> None:
    assert picture_sides(flat()) is None
    draw(flat(), Drawing())
    assert words == []
    draw(flat(), Drawing(sides=("R", "F")))  # unless somebody says it
    assert words == ["L", "R", "H", "F"]


def test_names_of_layers_are_in_the_language_asked(words: list[str]) -> None:
    mask = np.ones((100, 150), bool)
    draw(flat(), Drawing((Layer(mask, LUNG), Layer(mask), Layer(mask, HEART))), "zh")
    draw(flat(), Drawing((Layer(mask, LUNG),)), "en")
    assert words == ["肺", "心脏", "Lung"]


def test_the_window_says_what_is_black_and_white() -> None:
    image = Image("x", np.tile(np.arange(-100, 100, dtype=np.int16), (200, 1)), Grid((200, 200)))
    grey = draw(image, Drawing(window=Window(0, 50)), side=200).pixels[100, :, 0]
    assert (grey[:70] == 0).all()
    assert (grey[130:] == 255).all()
    assert abs(int(grey[100]) - 128) < 6


def test_a_plain_or_unfinite_image_is_drawn() -> None:
    values = np.full((80, 80), np.nan, np.float32)
    values[10, 10] = 3
    assert draw(Image("x", values, Grid((80, 80))), Drawing()).pixels.shape == (600, 600, 3)
    assert draw(Image("x", np.full((80, 80), np.nan, np.float32), Grid((80, 80))), Drawing()).pixels.max() == 0


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    for drawing in (Drawing((Layer(np.ones((2, 2), bool)),)), Drawing(slice=1)):
        with pytest.raises(InputError):
            draw(flat(), drawing)
    with pytest.raises(InputError, match="64 to 8192"):
        draw(flat(), Drawing(), side=10)
    with pytest.raises(DataError, match="font"):
        overlay_picture(flat(), Drawing(), font=tmp_path / "none.otf")
