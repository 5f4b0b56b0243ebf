"""Proves that ST, Q and R are judged by the published limits: just below nothing is said, just above it is."""

from __future__ import annotations

import numpy as np
import pytest
from ecg_maker import HEALTHY, made, read, signs_of

from suwen.diagnosis.rhythm.ischaemia import raised, st_limit
from suwen.diagnosis.rhythm.leads import neighbouring, territories
from suwen.diagnosis.rhythm.nouns import LeadWaves
from suwen.diagnosis.rhythm.q_waves import old_infarction
from suwen.diagnosis.rhythm.synthetic import LEADS
from suwen.diagnosis.rhythm.vocabulary import FIGURES, SIGNS
from suwen.subject import Sex

M, F = Sex.MALE, Sex.FEMALE
STEP = 0.02  # mV to either side of a limit


def leads_of(sign: object) -> set[str]:
    return {place.lead for place in sign.places}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("age", "sex", "limit"),
    [(60, M, 0.2), (40, M, 0.2), (39, M, 0.25), (60, F, 0.15), (30, F, 0.15), (None, M, 0.25), (60, None, 0.2)],
)
def test_the_limit_of_v2_and_v3_goes_by_age_and_sex(age: float | None, sex: Sex | None, limit: float) -> None:
    assert st_limit("V2", age, sex) == limit
    for off, there in ((-STEP, False), (STEP, True)):
        heights = {lead: {"j": limit + off} for lead in ("V2", "V3")}
        found = signs_of(heights, age=age, sex=sex)
        assert ("st_elevation" in found) is there
        if there:
            assert leads_of(found["st_elevation"]) == {"V2", "V3"}


@pytest.mark.parametrize("pair", [("V5", "V6"), ("V4", "V5")])
def test_a_tenth_of_a_millivolt_counts_in_two_neighbours(pair: tuple[str, str]) -> None:
    for off, there in ((-STEP, False), (STEP, True)):
        found = signs_of({lead: {"j": 0.1 + off} for lead in pair})
        assert ("st_elevation" in found) is there
    assert leads_of(found["st_elevation"]) == set(pair)
    assert found["st_elevation"].figures["elevation"] == pytest.approx(0.12, abs=0.015)
    assert "2018" in found["st_elevation"].source


def test_one_lead_alone_or_two_that_lie_apart_are_not_enough() -> None:
    for heights in ({"V5": {"j": 0.3}}, {"V4": {"j": 0.3}, "V6": {"j": 0.3}}):
        assert "st_elevation" not in signs_of(heights)


def test_the_inferior_wall_with_what_lies_opposite_and_the_right_ventricle() -> None:
    found = signs_of({"II": {"j": 0.2}, "I": {"j": -0.08}})
    assert leads_of(found["st_elevation"]) == {"II", "III", "aVF"}
    assert leads_of(found["st_depression"]) == {"I", "aVL"}
    assert "mirror image" in found["st_depression"].detail[0].en
    assert "right_ventricle" not in found
    right = signs_of({"II": {"j": 0.2}, "V1": {"j": 0.15}})
    assert leads_of(right["right_ventricle"]) == {"V1"}


def test_lowered_segments_count_when_flat_or_falling() -> None:
    low = ("V4", "V5", "V6")
    for level, there in ((-0.03, False), (-0.08, True)):
        assert ("st_depression" in signs_of({lead: {"j": level} for lead in low})) is there
    falling = signs_of({lead: {"j": -0.08, "slope": -0.05} for lead in low})
    assert leads_of(falling["st_depression"]) == set(low)
    assert "st_depression" not in signs_of({lead: {"j": -0.15, "slope": 0.13} for lead in low})


def test_the_back_wall_is_thought_of() -> None:
    found = signs_of({lead: {"j": -0.12} for lead in ("V1", "V2", "V3")})
    assert leads_of(found["posterior_wall"]) == {"V1", "V2", "V3"}
    assert "posterior_wall" not in signs_of({lead: {"j": -0.12, "t": -0.2} for lead in ("V1", "V2", "V3")})


def test_many_lowered_leads_with_a_raised_avr() -> None:
    heights = {lead: {"j": -0.15} for lead in ("I", "II", "V3", "V4", "V5", "V6")}
    assert signs_of(heights)["diffuse_depression"].figures["leads"] >= 6
    assert "diffuse_depression" not in signs_of({lead: {"j": -0.15} for lead in ("V4", "V5", "V6")})


def test_a_wide_qrs_is_judged_by_sgarbossa_and_smith() -> None:
    block = {
        "I": {"s": 0.0, "r_wide": 2.6, "t": -0.2}, "II": {"q": 0.0, "s": 0.0, "r_wide": 2.6, "t": -0.1},
        "V1": {"r": 0.0, "s": -1.8, "s_wide": 3.2, "t": 0.4}, "V2": {"r": 0.0, "s": -2.2, "s_wide": 3.2, "t": 0.5},
        "V3": {"r": 0.0, "s": -2.0, "s_wide": 3.2, "t": 0.5}, "V5": {"q": 0.0, "s": 0.0, "r_wide": 2.6, "t": -0.2},
        "V6": {"q": 0.0, "s": 0.0, "r_wide": 2.6, "t": -0.2},
    }  # fmt: skip
    plain = signs_of({lead: row | ({"j": 0.2} if lead in ("V1", "V2", "V3") else {}) for lead, row in block.items()})
    assert plain.keys() & {"lbbb", "wide_qrs"}
    assert not plain.keys() & {"st_elevation", "st_depression", "q_waves", "t_inversion", "poor_r", "lvh"}
    concordant = signs_of({lead: row | ({"j": 0.2} if lead in ("V5", "V6") else {}) for lead, row in block.items()})
    assert leads_of(concordant["st_elevation"]) >= {"V5", "V6"}
    assert "Smith" in concordant["st_elevation"].source


def test_a_notch_at_the_end_of_qrs_is_early_repolarisation() -> None:
    young = {lead: {"notch": 0.3, "s": 0.0, "j": 0.05} for lead in ("V4", "V5", "V6")}
    found = signs_of(young, age=25)
    assert leads_of(found["early_repolarisation"]) == {"V4", "V5", "V6"}
    assert "st_elevation" not in found
    assert "early_repolarisation" not in signs_of({lead: {"s": 0.0} for lead in ("V4", "V5", "V6")})
    only_one = {"V5": {"notch": 0.3, "s": 0.0}}
    assert "early_repolarisation" not in signs_of(only_one)


@pytest.mark.parametrize(
    ("lead", "row", "there"),
    [
        ("V2", LeadWaves(q=-0.05, q_ms=18, r=0.5), False),
        ("V2", LeadWaves(q=-0.05, q_ms=22, r=0.5), True),
        ("V5", LeadWaves(q=-0.2, q_ms=40, r=0.5), False),
    ],
)
def test_q_of_v2_and_v3_counts_alone_others_do_not(lead: str, row: LeadWaves, there: bool) -> None:
    assert bool(old_infarction({lead: row})) is there


@pytest.mark.parametrize("group", [("I", "aVL"), ("V4", "V5"), ("V5", "V6"), ("II", "aVF"), ("III", "aVF")])
def test_q_waves_of_a_group_count_from_thirty_milliseconds_and_a_tenth_on(group: tuple[str, str]) -> None:
    def found(q: float, q_ms: float, r: float = 0.5) -> set[str]:
        return set(old_infarction({lead: LeadWaves(q=q, q_ms=q_ms, r=r) for lead in group}))

    assert found(-0.11, 31) == set(group)
    assert found(-0.09, 31) == found(-0.11, 29) == set()
    assert found(-0.5, 60, r=0.0) == set(group)
    assert not old_infarction({"III": LeadWaves(q=-0.3, q_ms=40, r=0.3), "aVL": LeadWaves(q=-0.3, q_ms=40, r=0.3)})


def test_deep_q_waves_are_read_from_the_trace() -> None:
    heights = {"II": {"q": -0.4, "q_wide": 1.6, "r": 0.8}}
    found = signs_of(heights)
    assert leads_of(found["q_waves"]) == {"II", "III", "aVF"}
    assert "poor_r" not in found
    gone = signs_of({"V2": {"r": 0.0}, "V3": {"r": 0.0}})
    assert leads_of(gone["q_waves"]) == {"V2", "V3"}
    for height, there in ((0.28, True), (0.34, False)):
        assert ("poor_r" in signs_of({"V3": {"r": height}})) is there


def test_a_tall_broad_r_in_v1_and_v2_hints_at_the_back_wall() -> None:
    heights = {lead: {"r": 1.0, "r_wide": 1.6, "s": -0.2, "t": 0.4} for lead in ("V1", "V2")}
    assert "posterior_r" in signs_of(heights)
    assert "posterior_r" not in signs_of({lead: row | {"t": -0.2} for lead, row in heights.items()})


def test_a_thick_ventricle_needs_a_quarter_of_s() -> None:
    leads = {"V1": LeadWaves(r=0.1, s=-2.0, j=0.3), "V2": LeadWaves(r=0.1, s=-2.4, j=0.35)}
    assert raised(leads, 60, M) == ("V1", "V2")
    assert raised(leads, 60, M, thick=True) == ()
    more = {"V1": LeadWaves(r=0.1, s=-2.0, j=0.51), "V2": LeadWaves(r=0.1, s=-2.4, j=0.61)}
    assert raised(more, 60, M, thick=True) == ("V1", "V2")


def test_neighbours_and_parts_of_the_heart() -> None:
    assert neighbouring(["V6", "II", "aVF", "V4"]) == ("II", "aVF")
    assert neighbouring(["aVL", "I"]) == ("aVL", "I")
    assert [one.en for one in territories(["II", "V3", "V1"])] == ["septal", "anterior", "inferior"]
    assert [one.zh for one in territories(["aVF"])] == ["下壁"]
    assert territories(["aVR"]) == ()


def test_a_healthy_heart_has_no_sign_and_the_order_of_leads_changes_nothing() -> None:
    for age, sex in ((60, M), (30, F), (None, None), (85, F)):
        assert set(signs_of(age=age, sex=sex)) == {"sinus"}
        assert set(signs_of(age=age, sex=sex, spoilt=0.02)) == {"sinus"}
    trace = made(
        {"II": {"j": 0.2}, "I": {"j": -0.08}, "V5": {"q": -0.4, "q_wide": 1.6}, "V6": {"q": -0.4, "q_wide": 1.6}}
    )
    order = [7, 3, 11, 0, 5, 9, 1, 8, 2, 10, 4, 6]
    one, other = read(trace), read(trace[order], names=tuple(LEADS[at] for at in order))
    assert one.keys() == other.keys() >= {"st_elevation", "st_depression", "q_waves"}
    for key in one:
        assert leads_of(one[key]) == leads_of(other[key])


def test_missing_and_spoilt_leads_give_no_sign() -> None:
    heights = {lead: {"j": 0.4} for lead in ("V4", "V5", "V6")}
    trace = made(heights)
    assert "st_elevation" in read(trace)
    trace[LEADS.index("V5")] = 0.0
    assert "st_elevation" not in read(trace)
    cut = made(heights)
    cut[9:] = np.clip(cut[9:], -1.0, 0.35)  # the segment itself is cut off: how high it was nobody knows
    assert "st_elevation" not in read(cut)
    few = [LEADS.index(name) for name in ("I", "II", "V4", "V5")]
    assert leads_of(read(made(heights)[few], names=("I", "II", "V4", "V5"))["st_elevation"]) == {"V4", "V5"}
    assert set(HEALTHY) < set(LEADS)


def test_every_sign_can_be_told_and_lies_on_the_trace() -> None:
    heights = {
        "I": {"p": 0.1, "j": -0.1, "t": -0.2}, "II": {"p": 0.3, "j": 0.25}, "V1": {"s": -2.2, "p2": -0.2},
        "V2": {"r": 0.0}, "V3": {"r": 0.0}, "V5": {"r": 2.6, "j": -0.1, "t": -0.2}, "V6": {"j": -0.1, "t": -0.3},
    }  # fmt: skip
    found = signs_of(heights, late=0.06)
    assert len(found) >= 8
    for key, sign in found.items():
        assert key in SIGNS
        assert set(sign.figures) <= set(FIGURES)
        assert sign.source
        assert sign.places
        assert all(0 <= place.begin <= place.end <= 10 and place.lead in (*LEADS, "") for place in sign.places)
