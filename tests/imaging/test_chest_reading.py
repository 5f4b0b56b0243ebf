"""A whole reading: findings obey the laws in both languages, repeat themselves, and say what limits them."""

from __future__ import annotations

import csv
import math
from dataclasses import replace

import numpy as np
import pytest
from chest_phantoms import phantom

from suwen import datasets
from suwen.errors import InputError
from suwen.finding import Bearing, Chance, Maker
from suwen.formats.images.nouns import Image, View
from suwen.imaging.chest.nouns import Score, Side
from suwen.imaging.chest.reading import ChestReading, read_chest, strongest_place
from suwen.imaging.chest.shadow_nouns import Context, Setting
from suwen.subject import Grid, Kind, Reference, Region

CLEAR = phantom()
PAINTED = CLEAR.disc(CLEAR.at(Side.RIGHT, 0.5, 0.25), 24)
CONTEXT = Context(
    age_years=66,
    smoker=True,
    cancer_history=False,
    present=frozenset({"HP:0001945", "HP:0034315"}),
    absent=frozenset({"HP:0030830"}),
    setting=Setting.EMERGENCY,
)


def reading(*, scaled: bool = True, view: View = View.PA, context: Context | None = CONTEXT) -> ChestReading:
    return read_chest(PAINTED.image(scaled=scaled, view=view), anatomy=PAINTED.anatomy, scores=(), context=context)


def test_every_finding_obeys_the_laws_in_both_languages() -> None:
    one = reading()
    english, chinese = one.findings("en"), one.findings("zh")
    assert english == one.findings()
    assert len(english) >= 5
    for finding, other in zip(english, chinese, strict=True):
        assert finding.subject == Reference(Kind.STUDY, "phantom")
        assert finding.code == other.code
        assert finding.evidence
        assert finding.maker.data_digest
        assert finding.chance.calibration.strip()
        assert [e.weight for e in finding.evidence] == [e.weight for e in other.evidence]
        for evidence in (*finding.evidence, *other.evidence):
            assert math.isfinite(evidence.weight)
            assert evidence.source.strip()
            assert "{" not in evidence.sentence
            if evidence.bearing is Bearing.NEUTRAL:
                assert abs(evidence.weight) <= 0.005
            else:
                assert (evidence.weight > 0) is evidence.bearing.name.startswith("SUPPORTS")
        assert all(any("\u4e00" <= letter <= "\u9fff" for letter in e.sentence) for e in other.evidence)


def test_the_same_image_gives_the_same_findings() -> None:
    assert reading().findings() == reading().findings()


def test_the_mayo_model_bounds_the_chance_of_cancer_where_all_it_needs_is_known() -> None:
    cancer = next(one for one in reading().findings() if one.code.value == "HP:0100526")
    assert cancer.chance.value is None
    assert 0.5 < (cancer.chance.low or 0) < (cancer.chance.high or 0) < 0.95
    assert isinstance(cancer.evidence[0].seen, Region) or cancer.region is not None
    for missing in ({"age_years": None}, {"smoker": None}, {"cancer_history": None}):
        other = next(
            one for one in reading(context=replace(CONTEXT, **missing)).findings() if one.code.value == "HP:0100526"
        )
        assert (other.chance.low, other.chance.high) == (None, None)


def test_without_context_no_chance_is_given_at_all() -> None:
    for finding in reading(context=None).findings():
        assert finding.chance == Chance(None, calibration=finding.chance.calibration)


def test_without_a_scale_no_millimetre_appears_anywhere() -> None:
    one = reading(scaled=False)
    for lang in ("en", "zh"):
        said = " ".join([*one.sentences(lang), *(e.sentence for f in one.findings(lang) for e in f.evidence)])
        assert not any(f"{digit} mm" in said for digit in range(10))
    assert any("no scale" in remark.en for remark in one.remarks)
    assert any("无比例尺" in remark.zh for remark in one.remarks)


def test_a_detector_scale_is_said_to_be_an_upper_bound_and_ap_to_be_no_pa() -> None:
    said = [remark.en for remark in reading(view=View.AP).remarks]
    assert any("upper bounds" in one for one in said)
    assert any("not PA" in one for one in said)
    assert not any("not PA" in remark.en for remark in reading().remarks)


def test_a_heat_map_draws_the_strongest_place_to_itself() -> None:
    image = CLEAR.image()
    at = CLEAR.at(Side.LEFT, 0.5, 0.6)
    heat = np.exp(-((CLEAR.far(at) / 25) ** 2)).astype(np.float32)
    score = Score("pneumonia", Chance(0.95, calibration="test"), 1.0, heat, Maker("chest", "1"))
    place, _ = strongest_place(image, CLEAR.anatomy, scores=(score,))
    plain, _ = strongest_place(image, CLEAR.anatomy)
    assert CLEAR.far(at)[place] < 40
    assert CLEAR.far(at)[place] <= CLEAR.far(at)[plain]
    pneumonia = next(
        one
        for one in read_chest(image, anatomy=CLEAR.anatomy, scores=(score,)).findings()
        if one.code.value == "HP:0002090"
    )
    assert any(e.source == "chest 1" and e.weight == pytest.approx(1.0) for e in pneumonia.evidence)


def test_volumes_and_lateral_views_are_refused() -> None:
    volume = Image("v", np.zeros((3, 40, 40), np.float32), Grid((3, 40, 40)))
    with pytest.raises(InputError, match="flat"):
        read_chest(volume)
    with pytest.raises(InputError, match="lateral"):
        read_chest(replace(CLEAR.image(), view=View.LATERAL))
    with pytest.raises(InputError, match="en"):
        reading().findings("fr")


@pytest.mark.skipif(
    not (datasets.folder() / "imaging/chest/labels.csv").is_file(),
    reason="reference data 'chest' are not in SUWEN_DATA",
)
def test_a_disc_painted_into_a_real_radiograph_is_found_on_its_side() -> None:
    picture = pytest.importorskip("PIL.Image")
    pytest.importorskip("torch")
    from suwen.imaging.chest.anatomy import anatomy  # noqa: PLC0415

    folder = datasets.folder() / "imaging/chest"
    with (folder / "labels.csv").open(encoding="utf-8") as table:
        rows_of = [row for row in csv.DictReader(table) if row["Finding Labels"] == "No Finding"]
    names = [row["Image Index"].replace(".png", ".jpg") for row in rows_of if row["View Position"] == "PA"]
    found = tried = 0
    for name in names[:4]:
        file = folder / "images" / name
        values = np.asarray(picture.open(file).convert("L"), np.float32)
        image = Image(name, values, Grid(values.shape), view=View.PA)
        try:
            drawn = anatomy(image)
        except InputError:
            continue
        rows, across = np.nonzero(drawn.right_lung)
        at = (float(np.quantile(rows, 0.5)), float(np.quantile(across, 0.5)))
        down, over = np.indices(values.shape)
        values = values + 70 * (np.hypot(down - at[0], over - at[1]) <= 12)
        shadows = read_chest(replace(image, values=values), anatomy=drawn).shadows
        tried += 1
        found += any(one.side is Side.RIGHT and one.mask[round(at[0]), round(at[1])] for one in shadows)
    assert tried >= 2
    assert found >= 0.5 * tried
