"""Proves that the anatomy lies on the image's grid, moves with it, is refused where there is none, and is measured."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture

from suwen import datasets
from suwen.errors import InputError
from suwen.finding import Maker
from suwen.formats.images.nouns import Image, View
from suwen.imaging.chest.anatomy import anatomy
from suwen.imaging.chest.anatomy_measures import cardiothoracic_ratio, costophrenic_angle, domes, lung_areas
from suwen.imaging.chest.nouns import Anatomy, Mask, Side
from suwen.learn.measure import dice
from suwen.subject import Grid, Scale

pytest.importorskip("torch")

RECIPES = Path(__file__).parents[2] / "recipes"
CLEAR, SECOND = "00001823_000.jpg", "00005274_011.jpg"  # drawn, of patients set aside: never learned from
SET_ASIDE = (CLEAR, SECOND, "00001281_000.jpg", "00001373_010.jpg", "00001235_001.jpg", "00009858_001.jpg")


def shown(values: NDArray[np.generic], view: View = View.UNKNOWN) -> Image:
    return Image("x", values, Grid(values.shape), view=view)


def film(name: str) -> NDArray[np.uint8]:
    path = datasets.folder() / "imaging/chest/images" / name
    if not path.exists():
        pytest.skip("imaging/chest is not in the data folder (SUWEN_DATA)")
    with Picture.open(path) as opened:
        return np.asarray(opened.convert("L")).copy()


def masks(found: Anatomy) -> tuple[Mask, Mask, Mask]:
    return found.right_lung, found.left_lung, found.mediastinum


def made(right: Mask, left: Mask, heart: Mask, mediastinum: Mask | None = None) -> Anatomy:
    return Anatomy(right, left, heart, heart if mediastinum is None else mediastinum, 1.0, Maker("test"))


def box(shape: tuple[int, int], rows: slice, columns: slice) -> Mask:
    mask = np.zeros(shape, bool)
    mask[rows, columns] = True
    return mask


def test_outlines_agree_with_those_drawn_on_patients_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(RECIPES))
    from _chest_drawing import drawn, labels  # type: ignore[import-not-found] # noqa: PLC0415

    outlines, scores = drawn(RECIPES / "annotations/chest_anatomy.json"), []
    for name in SET_ASIDE:
        assert int(hashlib.sha256(name.split("_", maxsplit=1)[0].encode()).hexdigest(), 16) % 4 == 0
        values = film(name)
        truth = labels(outlines[name], values.shape[0])
        sets = (truth == 1, truth == 2, truth >= 3)
        scores.append([dice(a, b) for a, b in zip(sets, masks(anatomy(shown(values))), strict=True)])
    right, left, middle = np.mean(scores, axis=0)
    assert min(right, left) > 0.92
    assert middle > 0.88


def test_masks_lie_on_the_grid_of_the_image_apart_and_in_their_places() -> None:
    values = film(CLEAR)[:, 10:300]
    found = anatomy(shown(values))
    right, left, middle = masks(found)
    assert all(one.shape == values.shape and not one.flags.writeable for one in (right, left, middle, found.heart))
    assert not (right & left).any()
    assert not ((right | left) & middle).any()
    assert not (found.heart & ~middle).any()
    places = [np.nonzero(one)[1].mean() for one in (right, middle, left)]
    assert places == sorted(places)
    assert 0 < found.certainty <= 1
    assert found.by.name == "model chest_anatomy"
    assert found.by.data_digest


def test_another_scale_of_greys_is_the_same_anatomy() -> None:
    values = film(SECOND)
    plain, other = anatomy(shown(values)), anatomy(shown(values.astype(np.int16) * 12 - 1000))
    for a, b in zip(masks(plain), masks(other), strict=True):
        assert dice(a, b) > 0.999


def test_a_larger_image_has_the_same_outlines_and_a_border_moves_them() -> None:
    values = film(SECOND)
    plain = masks(anatomy(shown(values)))
    large = masks(anatomy(shown(values.repeat(3, 0).repeat(3, 1))))
    framed = masks(anatomy(shown(np.pad(values, ((20, 0), (0, 40))))))
    for a, b, c in zip(plain, large, framed, strict=True):
        assert dice(a, b[1::3, 1::3]) > 0.985
        assert dice(a, c[20:, :-40]) > 0.93


def strange() -> Iterator[tuple[str, NDArray[np.generic]]]:
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[:200, :200]
    yield "noise", rng.integers(0, 256, (200, 200)).astype(np.uint8)
    yield "gradient", columns.astype(np.float32)
    yield "disc", (np.hypot(rows - 100, columns - 100) < 70).astype(np.uint8) * 200
    yield "stripes", (np.sin(columns / 4) * 100).astype(np.float32)
    yield (
        "hand",
        np.where(np.hypot(rows - 150, columns - 100) < 40, 180, 20)
        + np.where((np.abs(columns % 40 - 20) < 8) & (rows < 140) & (rows > 30), 120, 0),
    )


@pytest.mark.parametrize(("name", "values"), list(strange()), ids=lambda one: one if isinstance(one, str) else "")
def test_a_picture_without_a_thorax_is_refused(name: str, values: NDArray[np.generic]) -> None:
    del name
    with pytest.raises(InputError, match="no frontal chest radiograph"):
        anatomy(shown(values))


def test_slices_of_head_ct_are_refused() -> None:
    names = sorted((datasets.folder() / "imaging/head_ct/images").glob("*"))[1::2][:12]  # the others were learned from
    if not names:
        pytest.skip("imaging/head_ct is not in the data folder (SUWEN_DATA)")
    for name in names:
        with Picture.open(name) as opened, pytest.raises(InputError, match="no frontal chest radiograph"):
            anatomy(shown(np.asarray(opened.convert("L")).copy()))


def test_what_cannot_be_a_frontal_radiograph_is_refused_in_a_sentence() -> None:
    flat = np.zeros((100, 100), np.uint8)
    with pytest.raises(InputError, match="same value"):
        anatomy(shown(flat))
    with pytest.raises(InputError, match="volume"):
        anatomy(Image("x", np.zeros((2, 80, 80)), Grid((2, 80, 80))))
    with pytest.raises(InputError, match="lateral"):
        anatomy(shown(flat, View.LATERAL))
    with pytest.raises(InputError, match="too small"):
        anatomy(shown(np.zeros((40, 100))))
    with pytest.raises(InputError, match="narrow"):
        anatomy(shown(np.zeros((70, 400))))
    with pytest.raises(InputError, match="finite"):
        anatomy(shown(np.full((90, 90), np.nan, np.float32)))


def test_the_cardiothoracic_ratio_is_width_over_width_wherever_the_rows_are() -> None:
    shape = (100, 120)
    right, left = box(shape, slice(20, 80), slice(20, 50)), box(shape, slice(20, 80), slice(80, 110))
    right[70:75, 10:50] = True  # the widest row: 10..109
    heart = box(shape, slice(50, 60), slice(48, 70)) | box(shape, slice(60, 70), slice(60, 88))
    found = cardiothoracic_ratio(made(right, left, heart))
    assert found.value == pytest.approx(40 / 100)
    assert (found.heart_right, found.heart_left) == ((54.5, 47.5), (64.5, 87.5))
    assert found.thorax_right == (70.0, 9.5)
    assert found.thorax_left == (70.0, 109.5)
    assert not found.cut
    assert not found.enlarged(View.PA)


def test_a_ratio_between_the_limits_is_enlarged_in_pa_only() -> None:
    shape = (50, 110)
    lungs = box(shape, slice(5, 45), slice(0, 30)), box(shape, slice(5, 45), slice(70, 100))
    found = cardiothoracic_ratio(made(*lungs, box(shape, slice(20, 40), slice(25, 78))))
    assert found.value == pytest.approx(0.53)
    assert found.cut
    assert [found.enlarged(view) for view in (View.PA, View.AP, View.UNKNOWN)] == [True, False, False]
    with pytest.raises(InputError, match="lateral"):
        found.enlarged(View.LATERAL)
    with pytest.raises(InputError, match="side by side"):
        cardiothoracic_ratio(
            made(box(shape, slice(0, 10), slice(0, 9)), box(shape, slice(20, 40), slice(60, 90)), lungs[0])
        )


def test_areas_have_square_centimetres_only_with_a_scale() -> None:
    shape = (40, 60)
    body = made(
        box(shape, slice(0, 30), slice(0, 20)),
        box(shape, slice(0, 20), slice(40, 60)),
        box(shape, slice(0, 9), slice(25, 30)),
    )
    plain = lung_areas(body, Grid(shape))
    assert (plain.right, plain.left, plain.right_cm2, plain.right_share) == (600, 400, None, 0.6)
    scaled = lung_areas(body, Grid(shape, (2.0, 5.0), Scale.DETECTOR))
    assert (scaled.right_cm2, scaled.left_cm2) == (60.0, 40.0)


def triangle(degrees: float, shape: tuple[int, int] = (220, 240)) -> Mask:
    """A right lung whose wall is upright at column 20 and whose base rises to the midline from row 180."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    rise = (columns - 20) / np.tan(np.radians(degrees))
    mask: Mask = (columns >= 20) & (columns < 100) & (rows >= 40) & (rows <= 180 - rise)
    return mask


@pytest.mark.parametrize("degrees", [40.0, 60.0, 80.0])
def test_the_costophrenic_angle_is_that_of_the_outline_on_either_side(degrees: float) -> None:
    right = triangle(degrees)
    left = right[:, ::-1].copy()
    body = made(right, left, box(right.shape, slice(60, 120), slice(105, 135)))
    for side in (Side.RIGHT, Side.LEFT):
        found = costophrenic_angle(body, side)
        assert found is not None
        assert found.degrees == pytest.approx(degrees, abs=3)
    assert costophrenic_angle(body, Side.LEFT).tip[1] == 219  # type: ignore[union-attr]
    cut = made(right[:150], left[:150], body.heart[:150])
    assert costophrenic_angle(cut, Side.RIGHT) is None
    with pytest.raises(InputError, match="right or left"):
        costophrenic_angle(body, Side.MIDLINE)


def test_domes_stand_beside_the_heart_and_the_lower_one_is_told() -> None:
    rows, columns = np.mgrid[:200, :240]
    right = (columns > 20) & (columns < 100) & (rows > 30) & (rows < 140 + ((columns - 60) / 8) ** 2)
    left = (columns > 140) & (columns < 220) & (rows > 30) & (rows < 152 + ((columns - 185) / 8) ** 2)
    heart = box((200, 240), slice(90, 180), slice(100, 165))
    left &= ~heart
    found = domes(made(right, left, heart))
    assert found is not None
    assert found.right == (139.5, 60.0)
    assert found.left[0] == pytest.approx(151.5, abs=1)
    assert found.left_lower == pytest.approx(12 / 125, abs=0.02)
    assert domes(made(right[:120], left[:120], heart[:120])) is None


def test_the_card_says_who_drew_what_it_learned_from_and_the_weights_are_small() -> None:
    from suwen.learn.weights import Trust, load_model, pins, shipped  # noqa: PLC0415

    card = load_model(shipped("chest_anatomy"), Trust(pinned=pins()))[1]
    assert shipped("chest_anatomy").stat().st_size < 3_000_000
    assert "language model" in card.limits["en"][0]
    assert "语言模型" in card.limits["zh"][0]
    assert all("drawn by a language model" in one.name or "teacher" in one.name for one in card.data)
    assert {one.part for one in card.data} == {"training", "validation"}
    assert card.figures["dice.cardiomediastinum"].n == sum(one.n for one in card.data if one.part == "validation")


@pytest.mark.parametrize("border", [((0, 0), (60, 60)), ((60, 60), (0, 0))], ids=["wide", "tall"])
def test_a_wide_or_tall_image_has_its_masks_in_the_same_places(border: tuple[tuple[int, int], tuple[int, int]]) -> None:
    values = film(SECOND)
    (top, base), (start, end) = border
    for a, b in zip(masks(anatomy(shown(values))), masks(anatomy(shown(np.pad(values, border)))), strict=True):
        assert b.shape == (320 + top + base, 320 + start + end)
        assert dice(a, b[top : top + 320, start : start + 320]) > 0.9
