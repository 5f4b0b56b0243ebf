"""Proves that a forecast says in both languages what it means, how sure it is, and warns on the unwanted side only."""

from __future__ import annotations

import math

import pytest
from forecasts_made import NEAR, bad_of_all, made, shares_made

from suwen.drugs.admet.endpoints import ENDPOINTS
from suwen.drugs.admet.findings import forecast_findings
from suwen.drugs.admet.levels import concern, is_sure
from suwen.drugs.admet.nouns import Forecast
from suwen.drugs.admet.words import (
    amount_text,
    closest_texts,
    domain_text,
    interval_text,
    level_texts,
    nearest_texts,
    percentile_text,
    sentences,
    strongest_atoms,
    value_text,
)
from suwen.finding import Bearing
from suwen.subject import Atoms, Measurement

LANGS = ("en", "zh")


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (-5.1549, "log cm/s", "-5.15 log cm/s"),
        (2.0, "log D", "2.00 log D"),
        (2.125, "-log10(mol/kg)", "2.12 -log10(mol/kg)"),
        (93.4, "%", "93 %"),
        (99.57, "%", "99.6 %"),
        (0.0123, "L/kg", "0.012 L/kg"),
        (123.4, "h", "120 h"),
        (9.96, "h", "10 h"),
        (0.0, "h", "0 h"),
    ],
)
def test_an_amount_is_rounded_as_far_as_its_measurement_goes(value: float, unit: str, said: str) -> None:
    assert amount_text(value, unit) == said


@pytest.mark.parametrize(("chance", "said"), [(0.004, "<1 %"), (0.374, "37 %"), (0.9961, ">99 %"), (0.5, "50 %")])
def test_a_chance_is_never_nothing_or_certainty(chance: float, said: str) -> None:
    assert value_text(made("herg", chance)) == said


def test_an_interval_says_in_what_share_of_cases_it_holds() -> None:
    assert interval_text(made("caco2", -5.0), "en") == "-5.50 to -4.50 log cm/s (90 % of cases)"
    assert "90 %" in interval_text(made("caco2", -5.0), "zh")
    assert interval_text(made("caco2", -5.0, low=None), "en") == "no interval"


@pytest.mark.parametrize(
    ("classes", "en", "zh"),
    [
        ((True,), "yes (", "是（"),
        ((False,), "no (", "否（"),
        ((False, True), "yes or no", "是或否"),
        ((), "unlike all", "均不相似"),
    ],
)
def test_of_a_chance_the_answers_that_remain_are_told(classes: tuple[bool, ...], en: str, zh: str) -> None:
    forecast = made("herg", 0.7, classes=classes)
    assert en in interval_text(forecast, "en")
    assert zh in interval_text(forecast, "zh")


def test_a_limit_is_told_with_its_side_and_whether_the_interval_crosses_it() -> None:
    limit = ENDPOINTS["caco2"].levels[0]
    (above,) = level_texts(made("caco2", limit.at), "en")
    assert above.startswith("at or above -5.15 log cm/s: passes the gut wall well")
    assert above.endswith("(the interval reaches to the other side)")
    (below,) = level_texts(made("caco2", -7.0), "en")
    assert below.startswith("below -5.15 log cm/s: passes the gut wall slowly")
    assert "interval" not in below
    assert "区间跨越" in level_texts(made("caco2", -5.2), "zh")[0]


def test_of_several_limits_those_next_to_the_value_are_told() -> None:
    told = [
        [one.partition(":")[0] for one in closest_texts(made("half_life", hours), "en")]
        for hours in (0.5, 1.0, 5.0, 99.0)
    ]
    assert told == [
        ["below 1 h"], ["at or above 1 h", "below 4 h"], ["at or above 4 h", "below 8 h"], ["at or above 8 h"],
    ]  # fmt: skip


def test_sure_is_what_no_end_or_answer_contradicts() -> None:
    limit = ENDPOINTS["lipophilicity"].levels[0]
    assert is_sure(made("lipophilicity", 4.0), limit)
    assert not is_sure(made("lipophilicity", 3.1), limit)
    assert not is_sure(made("lipophilicity", 4.0, high=None), limit)
    even = ENDPOINTS["herg"].levels[0]
    assert is_sure(made("herg", 0.8), even)
    assert not is_sure(made("herg", 0.8, classes=(False, True)), even)
    assert not is_sure(made("herg", 0.8, classes=(False,)), even)


def test_the_domain_names_the_nearest_known_molecule() -> None:
    inside, outside = made("herg", 0.7), made("herg", 0.7, inside=False)
    for lang in LANGS:
        assert "0.62" in domain_text(inside, lang)
        assert "42 %" in domain_text(inside, lang)
        assert domain_text(inside, lang) != domain_text(outside, lang)
    assert domain_text(outside, "en").startswith("outside of what was measured: nearest known molecule 0.62")
    assert domain_text(made("herg", 0.7, nearest=()), "en") == "no measured molecule to compare with"


def test_neighbours_are_told_with_what_was_measured_of_them() -> None:
    assert nearest_texts(made("herg", 0.7), "en")[:2] == (
        "CCO (similarity 0.62): measured yes",
        "CCCO (similarity 0.50): measured no",
    )
    assert nearest_texts(made("vdss", 0.7), "en")[0] == "CCO (similarity 0.62): measured 1.0 L/kg"
    assert len(nearest_texts(made("herg", 0.7), "zh")) == len(NEAR)


def test_a_percentile_is_told_where_there_is_one() -> None:
    assert percentile_text(made("herg", 0.7), "en") == ""
    assert percentile_text(made("herg", 0.7, percentile=87.4), "en") == "higher than 87 % of approved medicines"
    assert any("87 %" in one for one in sentences(made("herg", 0.7, percentile=87.4), "zh"))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("forecast", bad_of_all(), ids=list(ENDPOINTS))
def test_every_endpoint_can_be_told_in_full(forecast: Forecast, lang: str) -> None:
    told = sentences(forecast, lang)
    assert told[0].startswith(forecast.endpoint.name.said(lang))
    assert len(told) == 2 + len(forecast.endpoint.levels) + len(NEAR)
    assert all(one.strip() and "{" not in one for one in told)


def test_a_concern_is_the_unwanted_side_of_the_most_serious_limit() -> None:
    assert concern(made("herg", 0.5)) is ENDPOINTS["herg"].levels[0]
    assert concern(made("herg", 0.49)) is None
    assert concern(made("hia_hou", 0.49)) is ENDPOINTS["hia_hou"].levels[0]
    assert concern(made("hia_hou", 0.5)) is None
    assert concern(made("cl_micro", 20.0)) is None  # a middling rate
    assert concern(made("cl_micro", 60.0)) is ENDPOINTS["cl_micro"].levels[1]
    assert concern(made("solubility_aqsoldb", -5.0)) is None
    assert concern(made("solubility_aqsoldb", -7.0)) is ENDPOINTS["solubility_aqsoldb"].levels[0]
    for key, one in ENDPOINTS.items():
        if one.wanted == "neither":
            assert all(concern(made(key, value)) is None for value in (0.0, 0.99, 1e4))


@pytest.mark.parametrize("lang", LANGS)
def test_each_concern_is_a_finding_with_value_atoms_and_neighbours(lang: str) -> None:
    shares = {key: shares_made("CCO", (-0.5, 0.125, 1.5)) for key in ENDPOINTS}
    found = forecast_findings("KEY", bad_of_all(), shares, lang)
    wanted = [one for one in ENDPOINTS.values() if one.wanted != "neither"]
    assert [one.code.value for one in found] == [f"suwen:admet/{one.key}" for one in wanted]
    for finding, endpoint in zip(found, wanted, strict=True):
        assert finding.subject.id == "KEY"
        assert endpoint.name.said(lang) in finding.code.label
        value, atoms, *near = finding.evidence
        assert isinstance(value.seen, Measurement)
        assert isinstance(atoms.seen, Atoms)
        # Of what should be high, the atoms that pull it down are to blame.
        assert atoms.seen.indices == ((0,) if endpoint.wanted == "high" else (2,))
        assert [one.seen for one in near] == [Atoms(one.smiles, ()) for one in NEAR]
        if endpoint.kind == "chance":
            assert finding.chance.value == pytest.approx(0.95)
            assert atoms.weight == pytest.approx((0.5 if endpoint.wanted == "high" else 1.5) / math.log(10))
            assert atoms.bearing is Bearing.SUPPORTS
        else:
            assert finding.chance.value is None
            assert (atoms.weight, atoms.bearing) == (0.0, Bearing.NEUTRAL)


def test_without_shares_or_concern_there_is_nothing_made_up() -> None:
    assert forecast_findings("KEY", [made("herg", 0.1), made("vdss", 90.0)], {}, "en") == ()
    (only,) = forecast_findings("KEY", [made("herg", 0.9, nearest=())], {}, "en")
    assert [type(one.seen) for one in only.evidence] == [Measurement]
    (calm,) = forecast_findings("KEY", [made("herg", 0.9, nearest=())], {"herg": shares_made("C", (-1.0,))}, "en")
    assert len(calm.evidence) == 1


def test_atoms_that_drive_little_are_not_named() -> None:
    shares = shares_made("C" * 12, [0.1, 1.0, 0.26, 0.24, -0.9, -0.1, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0])
    assert strongest_atoms(shares, sign=1.0) == (1, 6, 7, 2)
    assert strongest_atoms(shares, sign=-1.0) == (4,)
    assert strongest_atoms(shares_made("CC", (0.0, 0.0)), sign=1.0) == ()
    assert len(strongest_atoms(shares_made("C" * 40, [1.0] * 40), sign=1.0)) == 8
