"""Proves that the judged quality of a chest radiograph worsens in the right aspect when the image is spoilt."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Picture
from scipy import ndimage

from suwen import datasets
from suwen.errors import InputError, NotFoundError
from suwen.finding import Maker
from suwen.formats.images.nouns import Image, View
from suwen.imaging.chest.anatomy import anatomy
from suwen.imaging.chest.nouns import Anatomy
from suwen.imaging.chest.quality import quality
from suwen.imaging.chest.quality_limits import LIMITS
from suwen.imaging.chest.quality_nouns import Grade, Quality
from suwen.subject import Grid

pytest.importorskip("torch")

Grey = NDArray[np.float32]
FILMS = ("00001823_000.jpg", "00005274_011.jpg", "00012012_007.jpg")


def shown(values: NDArray[np.generic], view: View = View.PA) -> Image:
    return Image("x", np.ascontiguousarray(values), Grid(values.shape), view=view)


def phantom(*, shift: int = 0, high: float = 1.0, size: int = 600) -> tuple[Grey, Anatomy]:
    """A drawn thorax: two dark lungs with vessels in a grey body, a bright mediastinum with a spine between them."""
    rows, columns = np.mgrid[:size, :size].astype(np.float32) / size
    rows = (rows - 0.5) / high + 0.5
    right = ((columns - 0.28) / 0.16) ** 2 + ((rows - 0.5) / 0.33) ** 2 < 1
    left = ((columns - 0.72) / 0.16) ** 2 + ((rows - 0.5) / 0.33) ** 2 < 1
    middle = 0.5 + shift / size
    mediastinum = (np.abs(columns - middle) < 0.09) & (np.abs(rows - 0.5) < 0.3)
    heart = (((columns - middle - 0.03) / 0.13) ** 2 + ((rows - 0.66) / 0.14) ** 2 < 1) & (rows < 0.76)
    mediastinum |= heart
    right, left = right & ~mediastinum, left & ~mediastinum
    grey = np.full((size, size), 120, np.float32) + 20 * rows
    grey[right | left] = 60
    grey[mediastinum] = 190
    grey += 25 * (np.abs(columns - middle) < 0.035) + 6 * np.sin(rows * 60)
    grey = ndimage.gaussian_filter(grey, 1.5) + 8 * np.sin(columns * 260) * np.sin(rows * 260)
    grey += np.random.default_rng(0).normal(0, 0.5, grey.shape).astype(np.float32)
    return grey.astype(np.float32), Anatomy(right, left, heart, mediastinum, 1.0, Maker("drawn"))


def value(judged: Quality, name: str) -> float:
    found = judged.aspect(name).value
    assert found is not None
    return found


def test_every_aspect_has_words_in_both_languages_limits_and_a_source() -> None:
    grey, body = phantom()
    judged = quality(shown(grey), body)
    assert [one.name for one in judged.aspects] == ["projection", *LIMITS]
    for one in judged.aspects:
        assert set(one.words) == {"en", "zh"}
        assert all(text.strip() and "{" not in text for text in one.words.values())
        assert one.source
    with pytest.raises(NotFoundError, match="inversion"):
        judged.aspect("beauty")


def test_a_well_taken_phantom_is_limited_by_nothing_but_its_pixels() -> None:
    grey, body = phantom()
    judged = quality(shown(grey), body)
    assert {one.name for one in judged.aspects if one.grade is not Grade.OK} == {"resolution"}
    assert judged.grade is Grade.LIMITED


@pytest.mark.parametrize(("view", "grade"), [(View.PA, "ok"), (View.AP, "limited"), (View.UNKNOWN, "limited")])
def test_the_projection_is_what_the_image_states(view: View, grade: str) -> None:
    grey, body = phantom()
    assert quality(shown(grey, view), body).aspect("projection").grade.value == grade


SPOILT: dict[str, tuple[Callable[[Grey], Grey], bool]] = {  # aspect: what spoils it, whether its value rises
    "inversion": (lambda grey: 255 - grey, False),
    "clipping": (lambda grey: np.clip(grey * 1.6, 0, 255), True),
    "sharpness": (lambda grey: ndimage.gaussian_filter(grey, 5), False),
    "noise": (lambda grey: grey + np.random.default_rng(1).normal(0, 25, grey.shape).astype(np.float32), True),
    "penetration": (lambda grey: np.minimum(grey, 170), False),
    "objects": (lambda grey: np.where(np.arange(grey.shape[1]) % 40 < 4, 255, grey), True),
}


@pytest.mark.parametrize("name", list(SPOILT))
def test_a_spoilt_image_is_worse_in_the_aspect_that_was_spoilt(name: str) -> None:
    spoil, rises = SPOILT[name]
    grey, body = phantom()
    before = quality(shown(grey), body).aspect(name)
    after = quality(shown(spoil(grey).astype(np.float32)), body).aspect(name)
    assert before.value is not None
    assert after.value is not None
    assert (after.value > before.value) is rises
    assert before.grade is Grade.OK
    assert after.grade is not Grade.OK


def test_less_difference_between_lungs_and_mediastinum_is_less_contrast() -> None:
    grey, body = phantom()
    opaque = np.where(body.lungs, grey + 110, grey).astype(np.float32)
    assert value(quality(shown(opaque), body), "contrast") < value(quality(shown(grey), body), "contrast")
    assert quality(shown(opaque), body).aspect("contrast").grade is not Grade.OK


def test_noise_is_not_taken_for_sharpness() -> None:
    grey, body = phantom()
    noisy = grey + np.random.default_rng(1).normal(0, 25, grey.shape)
    judged = quality(shown(noisy.astype(np.float32)), body).aspect("sharpness")
    assert judged.value is None
    assert judged.grade is Grade.LIMITED


def test_a_mediastinum_out_of_the_middle_is_told_with_its_side() -> None:
    turned = [phantom(shift=shift) for shift in (-60, 0, 60)]
    shifts = [value(quality(shown(grey), body), "rotation") for grey, body in turned]
    assert shifts == sorted(shifts)
    assert abs(shifts[1]) < 0.01
    grey, body = phantom(shift=60)
    aspect = quality(shown(grey), body).aspect("rotation")
    assert aspect.grade is Grade.LIMITED
    assert "left" in aspect.words["en"]
    assert "左" in aspect.words["zh"]
    assert value(quality(shown(grey), body), "symmetry") > 0  # pushed to the left, the left lung is the narrower


def test_a_low_thorax_is_a_shallow_breath() -> None:
    grey, body = phantom(high=0.5)
    aspect = quality(shown(grey), body).aspect("inspiration")
    assert aspect.grade is not Grade.OK
    assert value(quality(shown(grey), body), "inspiration") < value(
        quality(shown(phantom()[0]), phantom()[1]), "inspiration"
    )


def test_lungs_cut_off_by_the_border_are_told_with_their_ends() -> None:
    grey, body = phantom()
    cut = Anatomy(*(one[180:] for one in (body.right_lung, body.left_lung, body.heart, body.mediastinum)), 1.0, body.by)
    aspect = quality(shown(grey[180:]), cut).aspect("coverage")
    assert aspect.grade is not Grade.OK
    assert "apices" in aspect.words["en"]
    assert "肺尖" in aspect.words["zh"]
    assert "bases" not in aspect.words["en"]


def test_fewer_pixels_are_less_resolution_and_little_else() -> None:
    grey, body = phantom()
    few = Anatomy(
        *(one[::2, ::2] for one in (body.right_lung, body.left_lung, body.heart, body.mediastinum)), 1.0, body.by
    )
    plain, small = quality(shown(grey), body), quality(shown(grey[::2, ::2]), few)
    assert value(small, "resolution") == pytest.approx(value(plain, "resolution") / 2, rel=0.02)
    for name in ("rotation", "symmetry", "inspiration", "contrast"):
        assert value(small, name) == pytest.approx(value(plain, name), abs=0.02)


def test_outlines_of_another_image_are_refused() -> None:
    grey, body = phantom()
    with pytest.raises(InputError, match="do not lie on"):
        quality(shown(grey[:-1]), body)
    with pytest.raises(InputError, match="lateral"):
        quality(shown(grey, View.LATERAL), body)
    none = np.zeros_like(body.heart)
    with pytest.raises(InputError, match="not outlined"):
        quality(shown(grey), Anatomy(none, body.left_lung, body.heart, body.mediastinum, 1.0, body.by))


@pytest.mark.parametrize("name", FILMS)
def test_real_films_are_judged_as_they_are_spoilt(name: str) -> None:
    path = datasets.folder() / "imaging/chest/images" / name
    if not path.exists():
        pytest.skip("imaging/chest is not in the data folder (SUWEN_DATA)")
    with Picture.open(path) as opened:
        film = np.asarray(opened.convert("L")).astype(np.float32)
    body = anatomy(shown(film))
    plain = quality(shown(film), body)
    assert all(plain.aspect(one).grade is not Grade.UNUSABLE for one in LIMITS)
    assert quality(shown(255 - film), body).aspect("inversion").grade is Grade.UNUSABLE
    rows = body.lungs.any(axis=1).nonzero()[0]
    top = int(rows[0] + (rows[-1] - rows[0]) * 0.3)
    cropped = film[top:]
    assert value(quality(shown(cropped), anatomy(shown(cropped))), "coverage") > value(plain, "coverage")
    for aspect, rises in (("clipping", True), ("sharpness", False), ("noise", True)):
        after = value(quality(shown(SPOILT[aspect][0](film).astype(np.float32)), body), aspect)
        assert (after > value(plain, aspect)) is rises


def test_a_real_negative_is_still_outlined_and_told() -> None:
    path = datasets.folder() / "imaging/chest/images" / FILMS[0]
    if not path.exists():
        pytest.skip("imaging/chest is not in the data folder (SUWEN_DATA)")
    with Picture.open(path) as opened:
        negative = 255 - np.asarray(opened.convert("L"))
    judged = quality(shown(negative), anatomy(shown(negative)))
    assert judged.aspect("inversion").grade is Grade.UNUSABLE
    assert judged.grade is Grade.UNUSABLE
