"""Signs are present, absent or not judged by their criterion: ratio, recess, scale and shift, on phantoms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from chest_phantoms import BODY, Phantom, phantom

from suwen.formats.images.nouns import View
from suwen.imaging.chest.clear import load_clear
from suwen.imaging.chest.nouns import Side
from suwen.imaging.chest.plane import lay
from suwen.imaging.chest.pleural_line import pleural_line
from suwen.imaging.chest.proportions import proportions
from suwen.imaging.chest.reading import read_shadows
from suwen.imaging.chest.shadow_nouns import Judged, Sign
from suwen.imaging.chest.shadows import look
from suwen.imaging.chest.sign_words import CODES
from suwen.imaging.chest.signs import CTR_LIMIT, RULES

CLEAR = phantom()


def signs(painted: Phantom, name: str, *, view: View = View.PA, scaled: bool = True) -> list[Sign]:
    shown = read_shadows(painted.image(view=view, scaled=scaled), painted.anatomy)
    return [one for one in shown.signs if one.name == name]


def large_heart() -> Phantom:
    heart = CLEAR.anatomy.heart.copy()
    rows, across = (one * CLEAR.mm for one in np.indices(heart.shape))
    heart |= ((rows - 220) / 50) ** 2 + ((across - 185) / 80) ** 2 <= 1
    anatomy = replace(
        CLEAR.anatomy,
        heart=heart,
        mediastinum=CLEAR.anatomy.mediastinum | heart,
        right_lung=CLEAR.anatomy.right_lung & ~heart,
        left_lung=CLEAR.anatomy.left_lung & ~heart,
    )
    values = np.where(heart & ~CLEAR.anatomy.heart, 2900.0, CLEAR.values).astype(np.float32)
    return replace(CLEAR, anatomy=anatomy, values=values)


def filled_base(side: Side) -> Phantom:
    """Fluid to a level with a meniscus in one costophrenic angle: white, and no longer lung."""
    lung = CLEAR.anatomy.right_lung if side is Side.RIGHT else CLEAR.anatomy.left_lung
    rows, across = (one * CLEAR.mm for one in np.indices(lung.shape))
    lateral = np.abs(across - 175) - 100
    fluid = lung & (rows > 225 - np.clip(lateral, 0, None) ** 2 / 30)
    kept = {"right_lung": CLEAR.anatomy.right_lung & ~fluid, "left_lung": CLEAR.anatomy.left_lung & ~fluid}
    values = np.where(fluid, BODY, CLEAR.values).astype(np.float32)
    return replace(CLEAR, values=values, anatomy=replace(CLEAR.anatomy, **kept))


def test_the_catalogue_is_whole_and_every_sign_has_a_ground_in_both_languages() -> None:
    found = read_shadows(CLEAR.image(), CLEAR.anatomy).signs
    assert {one.name for one in found} == set(RULES) == set(CODES)
    for one in found:
        assert one.code.value == CODES[one.name]
        assert one.basis.en.strip()
        assert any("\u4e00" <= letter <= "\u9fff" for letter in one.basis.zh)
        assert "{" not in one.basis.en + one.basis.zh


def test_the_cardiothoracic_ratio_is_measured_and_judged_in_pa_only() -> None:
    image = CLEAR.image()
    plane = lay(image.float_values(), image.grid, CLEAR.anatomy)
    ratio = proportions(plane, look(plane, load_clear()))["cardiothoracic"]
    heart = np.flatnonzero(CLEAR.anatomy.heart.any(axis=0))
    lungs = np.flatnonzero(CLEAR.anatomy.lungs.any(axis=0))
    assert ratio == pytest.approx(np.ptp(heart) / np.ptp(lungs), abs=0.01)
    assert [one.state for one in signs(CLEAR, "cardiomegaly")] == [Judged.ABSENT]
    (large,) = signs(large_heart(), "cardiomegaly")
    assert large.state is Judged.PRESENT
    assert (large.value or 0) > CTR_LIMIT
    for view in (View.AP, View.UNKNOWN):
        (unjudged,) = signs(large_heart(), "cardiomegaly", view=view)
        assert unjudged.state is Judged.NOT_JUDGED
        assert unjudged.value == pytest.approx(large.value)


@pytest.mark.parametrize("side", [Side.RIGHT, Side.LEFT])
def test_a_filled_costophrenic_angle_is_seen_on_its_side(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    # The measured criterion, which judges where the network cannot be asked; the phantom's base is no painted fluid.
    monkeypatch.setattr("suwen.imaging.chest.shadows._told", lambda _plane: {})
    assert [one.state for one in signs(CLEAR, "effusion")] == [Judged.ABSENT]
    found = [one for one in signs(filled_base(side), "effusion") if one.state is Judged.PRESENT]
    assert [one.side for one in found] == [side]
    assert found[0].region is not None


def test_nodule_and_mass_are_a_matter_of_millimetres() -> None:
    at = CLEAR.at(Side.RIGHT, 0.5, 0.4)
    small, large = CLEAR.disc(at, 20), CLEAR.disc(at, 38)
    assert signs(small, "nodule")[0].state is Judged.PRESENT
    assert signs(small, "mass")[0].state is Judged.ABSENT
    assert signs(large, "mass")[0].state is Judged.PRESENT
    assert signs(large, "nodule")[0].state is Judged.ABSENT
    for name in ("nodule", "mass"):
        assert signs(small, name, scaled=False)[0].state is Judged.NOT_JUDGED


def test_upper_zone_predominance_needs_a_shadow_there() -> None:
    assert signs(CLEAR.disc(CLEAR.at(Side.LEFT, 0.5, 0.2), 26), "upper zone opacity")[0].state is Judged.PRESENT
    assert signs(CLEAR.disc(CLEAR.at(Side.LEFT, 0.5, 0.7), 26), "upper zone opacity")[0].state is Judged.ABSENT


def test_a_shifted_mediastinum_is_seen_to_its_side() -> None:
    moved = CLEAR.anatomy.mediastinum.copy()
    across = np.indices(moved.shape)[1] * CLEAR.mm
    moved |= CLEAR.anatomy.left_lung & (across < 175 + 75)
    anatomy = replace(
        CLEAR.anatomy,
        mediastinum=moved,
        left_lung=CLEAR.anatomy.left_lung & ~moved,
        right_lung=CLEAR.anatomy.right_lung,
    )
    (shift,) = signs(replace(CLEAR, anatomy=anatomy), "mediastinal shift")
    assert (shift.state, shift.side) == (Judged.PRESENT, Side.LEFT)
    assert signs(CLEAR, "mediastinal shift")[0].state is Judged.ABSENT


def test_a_pleural_line_with_a_dark_smooth_band_outside_scores_above_a_clear_lung() -> None:
    left = CLEAR.anatomy.left_lung
    across, rows = np.indices(left.shape)[1] * CLEAR.mm, np.indices(left.shape)[0] * CLEAR.mm
    centre, half = 245.0, 66.0
    border = half * np.sqrt(np.clip(1 - ((rows - 150) / 112) ** 2, 0, 1))
    border = np.where(rows > 150, half, border) - 18
    band, line = left & (across - centre > border), left & (np.abs(across - centre - border) < 1.2)
    values = np.where(band, 800.0, CLEAR.values) + 500.0 * line
    scores = []
    for painted in (CLEAR, replace(CLEAR, values=values.astype(np.float32))):
        image = painted.image()
        plane = lay(image.float_values(), image.grid, painted.anatomy)
        lung = plane.lung(Side.LEFT)
        assert lung is not None
        scores.append(pleural_line(plane, lung, look(plane, load_clear()).above[Side.LEFT]).score)
    assert scores[1] > 2 * scores[0]
    assert scores[1] > 0.3


@pytest.mark.parametrize("name", ["miliary pattern", "venous congestion", "spiculation"])
def test_what_cannot_be_measured_is_not_judged(name: str) -> None:
    assert [one.state for one in signs(CLEAR, name)] == [Judged.NOT_JUDGED]
