"""Shadows are found where they were painted and described as they are: place, size, shape, margin, density, cavity."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from chest_phantoms import Phantom, phantom

from suwen.errors import InputError, MissingExtraError
from suwen.imaging.chest.clear import load_clear
from suwen.imaging.chest.nouns import Side
from suwen.imaging.chest.plane import lay
from suwen.imaging.chest.reading import Shown, read_shadows
from suwen.imaging.chest.shadow_network import KINDS, evidence
from suwen.imaging.chest.shadow_nouns import Density, Judged, Margin, Number, Shadow, Shape, Zone
from suwen.imaging.chest.shadows import detect, look
from suwen.imaging.chest.words import describe_lungs, describe_shadow

CLEAR = phantom()
PLACES = [(Side.RIGHT, 0.5, 0.25), (Side.LEFT, 0.55, 0.5), (Side.RIGHT, 0.5, 0.75), (Side.LEFT, 0.5, 0.28)]
THIRDS = {0.25: Zone.UPPER, 0.28: Zone.UPPER, 0.5: Zone.MIDDLE, 0.75: Zone.LOWER}


def shown(painted: Phantom, *, scaled: bool = True) -> Shown:
    return read_shadows(painted.image(scaled=scaled), painted.anatomy)


def only(painted: Phantom, *, scaled: bool = True) -> Shadow:
    shadows = shown(painted, scaled=scaled).shadows
    assert len(shadows) == 1
    return shadows[0]


def test_a_clear_phantom_has_no_shadow() -> None:
    assert shown(CLEAR).shadows == ()
    assert "does not rule out" in describe_lungs(())
    assert "不能排除" in describe_lungs((), "zh")


@pytest.mark.parametrize(("side", "u", "v"), PLACES)
@pytest.mark.parametrize("across", [14.0, 22.0])
def test_a_disc_is_found_at_its_place_with_its_size(side: Side, u: float, v: float, across: float) -> None:
    at = CLEAR.at(side, u, v)
    found = only(CLEAR.disc(at, across))
    assert (found.side, found.zone) == (side, THIRDS[v])
    assert found.size.long_mm == pytest.approx(across, abs=2.0)
    assert found.size.short_mm == pytest.approx(across, abs=2.0)
    truth = CLEAR.far(at) <= across / 2
    assert (found.mask & truth).sum() / (found.mask | truth).sum() > 0.75
    assert all(low <= place < high for low, place, high in zip(found.region.low, at, found.region.high, strict=True))
    assert (found.shape, found.margin, found.density) == (Shape.ROUND, Margin.SHARP, Density.DENSE)
    assert (found.cavity, found.calcification, found.number) == (Judged.ABSENT, Judged.ABSENT, Number.SOLITARY)
    assert found.air_bronchogram is Judged.NOT_JUDGED
    assert found.homogeneous


def test_the_region_is_the_box_of_the_mask() -> None:
    found = only(CLEAR.disc(CLEAR.at(Side.RIGHT, 0.5, 0.3), 20))
    rows, across = (np.flatnonzero(found.mask.any(axis=1 - axis)) for axis in (0, 1))
    assert (rows[0], across[0]) == pytest.approx(found.region.low, abs=2)
    assert (rows[-1] + 1, across[-1] + 1) == pytest.approx(found.region.high, abs=2)


def test_a_mirrored_picture_gives_the_mirrored_side() -> None:
    painted = CLEAR.disc(CLEAR.at(Side.RIGHT, 0.5, 0.3), 20)
    one, other = only(painted), only(painted.mirrored())
    assert (one.side, other.side) == (Side.RIGHT, Side.LEFT)
    assert one.zone is other.zone
    assert one.size.long_mm == pytest.approx(other.size.long_mm, abs=1.5)


def test_an_ill_defined_margin_is_wider_than_a_sharp_one() -> None:
    at = CLEAR.at(Side.LEFT, 0.5, 0.6)
    soft = only(CLEAR.disc(at, 24, 0.6, soft=5))
    assert soft.margin is Margin.ILL_DEFINED
    assert (soft.edge or 0) > 1.8 * (only(CLEAR.disc(at, 24)).edge or 1)


def test_an_oval_is_an_oval() -> None:
    found = only(CLEAR.disc(CLEAR.at(Side.LEFT, 0.5, 0.6), 18, wide=1.6))
    assert found.shape is Shape.OVAL
    assert found.size.long_mm == pytest.approx(28.8, abs=2)
    assert found.size.short_mm == pytest.approx(18.0, abs=2)


def test_a_ring_is_a_cavity_and_a_disc_with_a_gap_is_not() -> None:
    at = CLEAR.at(Side.LEFT, 0.5, 0.3)
    assert only(CLEAR.ring(at, 26, 5)).cavity is Judged.PRESENT
    rows, across = np.indices(CLEAR.values.shape)
    ring = CLEAR.ring(at, 26, 5).values - CLEAR.values
    open_ring = np.where((rows > at[0]) & (np.abs(across - at[1]) < 6 / CLEAR.mm), 0, ring)
    for one in shown(replace(CLEAR, values=CLEAR.values + open_ring)).shadows:
        assert one.cavity is not Judged.PRESENT


def test_a_shadow_denser_than_bone_is_calcified() -> None:
    found = only(CLEAR.disc(CLEAR.at(Side.RIGHT, 0.5, 0.5), 14, 1.5))
    assert (found.density, found.calcification) == (Density.CALCIFIED, Judged.PRESENT)


def test_a_faint_shadow_is_faint() -> None:
    found = only(CLEAR.disc(CLEAR.at(Side.RIGHT, 0.5, 0.5), 24, 0.26, soft=2))
    assert found.density is Density.FAINT


def test_two_shadows_opposite_each_other_are_multiple_and_symmetrical() -> None:
    painted = CLEAR
    for side in (Side.RIGHT, Side.LEFT):
        painted = painted.disc(painted.at(side, 0.5, 0.3), 20)
    found = shown(painted).shadows
    assert {one.side for one in found} == {Side.RIGHT, Side.LEFT}
    assert all(one.mirrored and one.number is Number.MULTIPLE for one in found)
    assert "symmetrical" in describe_lungs(found)


def test_without_a_scale_nothing_is_in_millimetres() -> None:
    painted = CLEAR.disc(CLEAR.at(Side.LEFT, 0.5, 0.6), 20)
    found = only(painted, scaled=False)
    assert (found.size.long_mm, found.size.short_mm) == (None, None)
    assert found.size.share == pytest.approx(only(painted).size.share)
    for lang in ("en", "zh"):
        said = describe_shadow(found, lang)
        assert "mm" not in said
        assert "%" in said


def test_the_words_name_side_zone_size_and_margin_in_both_languages() -> None:
    found = only(CLEAR.disc(CLEAR.at(Side.RIGHT, 0.5, 0.25), 23))
    chinese, english = describe_shadow(found, "zh"), describe_shadow(found, "en")
    assert chinese.startswith("右上肺野见一类圆形高密度影，约 2")
    assert "边缘清楚" in chinese
    assert "支气管充气征无法判断" in chinese
    assert english.startswith("Right upper lung zone: rounded dense opacity, about 2")
    assert "sharp margin" in english
    with pytest.raises(InputError, match="en"):
        describe_shadow(found, "de")


def test_resolution_does_not_change_the_reading() -> None:
    small, large = (phantom(size=size) for size in (500, 1400))
    found = [only(one.disc(one.at(Side.LEFT, 0.5, 0.55), 22)) for one in (small, large)]
    assert found[0].size.long_mm == pytest.approx(found[1].size.long_mm, abs=2)
    assert found[0].zone is found[1].zone


def test_brightness_and_contrast_of_the_image_do_not_matter() -> None:
    painted = CLEAR.disc(CLEAR.at(Side.LEFT, 0.5, 0.55), 22)
    other = replace(painted, values=painted.values * 3.5 - 700)
    one, two = only(painted), only(other)
    assert (one.side, one.zone, one.density) == (two.side, two.zone, two.density)
    assert one.excess == pytest.approx(two.excess, abs=1e-3)


def test_the_plane_and_the_image_map_onto_each_other() -> None:
    image = CLEAR.image()
    plane = lay(image.float_values(), image.grid, CLEAR.anatomy)
    for lung, truth in zip(plane.lungs, (CLEAR.anatomy.right_lung, CLEAR.anatomy.left_lung), strict=True):
        back = plane.full(lung.mask)
        assert (back & truth).sum() / (back | truth).sum() > 0.97
    assert plane.mm is not None
    assert plane.mm[0] == pytest.approx(plane.step[0] * 0.5)


def test_no_lungs_or_masks_of_another_image_are_refused() -> None:
    none = replace(
        CLEAR.anatomy, right_lung=CLEAR.anatomy.right_lung & False, left_lung=CLEAR.anatomy.left_lung & False
    )
    with pytest.raises(InputError, match="no lungs"):
        read_shadows(CLEAR.image(), none)
    with pytest.raises(InputError, match="do not lie"):
        read_shadows(phantom(size=500).image(), CLEAR.anatomy)


def test_certainty_is_a_share_and_grows_with_strength() -> None:
    clear = load_clear()
    shares = [clear.beyond("nodule", strength) for strength in (0.0, 2.0, 5.0, 1e9)]
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] < 1


def test_without_the_network_shadows_are_found_and_compared_with_answers_without_it() -> None:
    painted = CLEAR.disc(CLEAR.at(Side.RIGHT, 0.5, 0.3), 20)
    image, clear = painted.image(), load_clear()
    plane = lay(image.float_values(), image.grid, painted.anatomy)
    plain, asked = look(plane, clear, learned=False), look(plane, clear)
    assert (dict(plain.told), plain.answer("nodule")) == ({}, "nodule")
    assert set(asked.told) == set(KINDS)
    assert asked.answer("nodule") == "learned nodule"
    assert {"nodule", "opacity", "learned nodule", "learned opacity"} <= clear.answers.keys()
    assert len(detect(plane, clear, plain)) == 1


def test_a_missing_torch_leaves_the_network_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_plane: object) -> None:
        raise MissingExtraError("torch", "learn")

    monkeypatch.setattr("suwen.imaging.chest.shadows.evidence", missing)
    assert only(CLEAR.disc(CLEAR.at(Side.RIGHT, 0.5, 0.3), 20)).nodular


def test_the_network_answers_the_mirrored_picture_mirrored() -> None:
    painted = CLEAR.disc(CLEAR.at(Side.RIGHT, 0.5, 0.3), 20)
    found = []
    for one in (painted, painted.mirrored()):
        image = one.image()
        found.append(evidence(lay(image.float_values(), image.grid, one.anatomy)))
    for kind in KINDS:
        one, other = found[0][kind], found[1][kind][:, ::-1]
        assert float(np.abs(one - other).mean()) < 0.25 * float(one.std())


def test_the_network_answers_more_where_a_shadow_was_painted() -> None:
    at = CLEAR.at(Side.RIGHT, 0.5, 0.3)
    painted = CLEAR.disc(at, 20)
    answers = []
    for one in (CLEAR, painted):
        image = one.image()
        plane = lay(image.float_values(), image.grid, one.anatomy)
        row, across = (
            round((place - start) / step) for place, start, step in zip(at, plane.origin, plane.step, strict=True)
        )
        answers.append(float(evidence(plane)["nodule"][row, across]))
    assert answers[1] > answers[0] + 1
