"""Proves that hypertrophy, atria, axis, voltage, QT and T are judged by their published limits, sex and age."""

from __future__ import annotations

import pytest
from ecg_maker import RATE, made, signs_of

from suwen.diagnosis.rhythm.hypertrophy import left_voltages
from suwen.diagnosis.rhythm.nouns import LeadWaves
from suwen.diagnosis.rhythm.repolarisation import adjusted_qtc, qt_limit
from suwen.diagnosis.rhythm.rhythm import read_rhythm
from suwen.diagnosis.rhythm.synthetic import LEADS
from suwen.subject import Sex

M, F = Sex.MALE, Sex.FEMALE


def met(leads: dict[str, LeadWaves], name: str, sex: Sex | None, qrs: float = 90.0) -> bool:
    value, limit = left_voltages(leads, qrs, sex)[name]
    return value >= limit


@pytest.mark.parametrize(("high", "there"), [(3.49, False), (3.51, True)])
def test_sokolow_and_lyon(high: float, there: bool) -> None:
    leads = {"V1": LeadWaves(r=0.2, s=-1.5), "V5": LeadWaves(r=1.0), "V6": LeadWaves(r=high - 1.5)}
    assert met(leads, "sokolow", M) is there
    bare = {"V1": LeadWaves(q=-1.5, q_ms=80), "V5": LeadWaves(r=high - 1.5)}
    assert met(bare, "sokolow", F) is there


@pytest.mark.parametrize(("sex", "limit"), [(M, 2.8), (F, 2.0), (None, 2.8)])
def test_cornell_voltage_and_product(sex: Sex | None, limit: float) -> None:
    def leads(total: float) -> dict[str, LeadWaves]:
        return {"aVL": LeadWaves(r=0.8), "V3": LeadWaves(r=0.3, s=0.8 - total)}

    assert not met(leads(limit), "cornell", sex)
    assert met(leads(limit + 0.01), "cornell", sex)
    more = 0.8 if sex is F else 0.0
    for product, there in ((243.0, False), (245.0, True)):
        assert met(leads(product / 100 - more), "cornell_product", sex, qrs=100.0) is there


@pytest.mark.parametrize(("sex", "limit"), [(M, 2.8), (F, 2.3)])
def test_peguero_and_lo_presti(sex: Sex, limit: float) -> None:
    for off, there in ((-0.02, False), (0.02, True)):
        leads = dict.fromkeys(LEADS, LeadWaves(r=0.5, s=-0.2))
        leads |= {"V2": LeadWaves(r=0.3, s=-1.6), "V4": LeadWaves(r=0.5, s=1.6 - limit - off)}
        assert met(leads, "peguero", sex) is there
    del leads["V6"]
    assert "peguero" not in left_voltages(leads, 90.0, sex)


def test_a_tall_ventricle_is_said_with_the_criteria_that_are_met_but_not_of_the_young_or_of_children() -> None:
    tall = {"V1": {"s": -1.8}, "V5": {"r": 2.4}, "V6": {"r": 1.9}}
    found = signs_of(tall)["lvh"]
    assert any("Sokolow-Lyon" in one.en and "Sokolow-Lyon" in one.zh for one in found.detail)
    assert "Sokolow" in found.source
    assert "Cornell" not in found.source
    assert found.figures["sokolow"] == pytest.approx(4.2, abs=0.1)
    assert {place.lead for place in found.places} >= {"V1", "V5"}
    for age in (25, 12):
        assert "lvh" not in signs_of(tall, age=age)
    strain = {lead: row | {"r": 3.2, "j": -0.1, "t": -0.3} for lead, row in tall.items() if lead != "V1"} | {
        "V1": tall["V1"]
    }
    assert signs_of(strain, age=25)["lvh"].figures["romhilt_estes"] >= 4


def test_cornell_counts_by_sex_on_the_trace() -> None:
    heights = {"I": {"r": 1.0}, "II": {"r": 0.6}, "V3": {"s": -1.7}}
    assert "lvh" not in signs_of(heights, sex=M)
    assert any("Cornell met" in one.en for one in signs_of(heights, sex=F)["lvh"].detail)


def test_a_thick_right_ventricle_needs_the_right_axis() -> None:
    chest = {"V1": {"r": 0.9, "s": -0.2, "t": -0.1}, "V5": {"s": -0.6}, "V6": {"r": 0.5, "s": -0.6}}
    right = {"I": {"r": 0.2, "s": -0.8}, "II": {"r": 0.9}}
    assert {"rvh", "right_axis"} <= signs_of(chest | right).keys()
    assert "rvh" not in signs_of(chest)
    assert "rvh" not in signs_of(right)


@pytest.mark.parametrize(
    ("one", "foot", "key"),
    [(0.9, -0.35, None), (0.9, -0.62, "left_axis"), (0.05, 1.0, None), (-0.15, 1.0, "right_axis")],
)
def test_the_axis_deviates_beyond_minus_30_and_90(one: float, foot: float, key: str | None) -> None:
    def row(net: float) -> dict[str, float]:
        return {"q": 0.0, "r": max(net, 0.0) + 0.1, "s": min(net, 0.0) - 0.1}

    found = signs_of({"I": row(one), "II": row(foot + one / 2)})
    assert {one for one in found if one.endswith("_axis")} == ({key} if key else set())


def test_low_voltage_in_all_limb_or_all_chest_leads() -> None:
    for high, there in ((0.36, True), (0.5, False)):
        found = signs_of({"I": {"r": high / 2, "s": 0.0}, "II": {"q": 0.0, "r": high, "s": -0.05}})
        assert ("low_voltage" in found) is there
    for high, there in ((0.85, True), (1.1, False)):
        chest = {f"V{at}": {"q": 0.0, "r": high / 2, "s": -high / 2} for at in range(1, 7)}
        assert ("low_voltage" in signs_of(chest)) is there


def test_atria_by_their_p_waves() -> None:
    for high, there in ((0.23, False), (0.28, True)):
        assert ("right_atrial" in signs_of({"II": {"p": high}})) is there
    for deep, there in ((-0.05, False), (-0.14, True)):
        assert ("left_atrial" in signs_of({"V1": {"p": 0.03, "p2": deep}})) is there
    assert "left_atrial" not in signs_of({"V1": {"p": 0.03, "p2": -0.14}}, age=10)


@pytest.mark.parametrize(("sex", "limit"), [(M, 450.0), (F, 460.0), (None, 460.0)])
def test_qt_is_long_from_the_limit_of_the_sex_on(sex: Sex | None, limit: float) -> None:
    assert qt_limit(sex) == limit
    reading = read_rhythm(made(), RATE, LEADS, method="rules")
    # a second of delay at 65 a minute is 1.027 of corrected QT (Fridericia)
    missing = (limit - reading.intervals.qtc["fridericia"]) / 1027
    for off, there in ((-0.008, False), (0.008, True)):
        found = signs_of(late=missing + off, sex=sex)
        assert ("long_qt" in found) is there
    assert found["long_qt"].figures["qtc"] == pytest.approx(limit + 8, abs=6)


def test_qt_is_short_at_340_and_not_judged_at_extreme_rates() -> None:
    reading = read_rhythm(made(), RATE, LEADS, method="rules")
    missing = (340 - reading.intervals.qtc["fridericia"]) / 1027
    for off, there in ((0.012, False), (-0.015, True)):
        assert ("short_qt" in signs_of(late=missing + off)) is there
    assert "long_qt" not in signs_of(bpm=130, late=0.04)


def test_a_wide_qrs_is_taken_off_qt() -> None:
    assert adjusted_qtc(480, 160, F) == 408
    assert adjusted_qtc(480, 160, M) == 415
    assert adjusted_qtc(480, 110, M) == 480


def test_t_upside_down_from_a_tenth_on_in_two_neighbours() -> None:
    for high, there in ((-0.08, False), (-0.12, True)):
        assert ("t_inversion" in signs_of({lead: {"t": high} for lead in ("V4", "V5")})) is there
    assert "t_inversion" not in signs_of({"V4": {"t": -0.3}})
    assert "t_inversion" not in signs_of({"V1": {"t": -0.3}})
    assert "t_inversion" not in signs_of({"V2": {"t": -0.3}, "V3": {"t": -0.3}}, age=10)
    found = signs_of({"V2": {"t": -0.3}, "V3": {"t": -0.4}})["t_inversion"]
    assert found.figures["amplitude"] == pytest.approx(-0.4, abs=0.02)


def test_flat_low_and_tall_t() -> None:
    for high, there in ((0.08, True), (0.16, False)):
        assert ("t_flat" in signs_of({lead: {"t": high} for lead in ("V4", "V5", "V6")})) is there
    assert "t_flat" in signs_of({lead: {"t": 0.15, "r": 1.9} for lead in ("V5", "V6")})
    for sex, limit in ((M, 1.4), (F, 1.0)):
        for off, there in ((-0.04, False), (0.05, True)):
            found = signs_of({lead: {"t": limit + off} for lead in ("V2", "V3")}, sex=sex)
            assert ("t_tall" in found) is there
