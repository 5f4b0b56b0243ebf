"""Proves that rules of thumb are kept or broken exactly at their limits, that what is unknown is not decided."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.drugs.nouns import Property, RuleOutcome
from suwen.drugs.profile import profile
from suwen.drugs.quantities import QUANTITIES
from suwen.drugs.rules import RULES, Limit, check_rules
from suwen.formats.molecules.nouns import Molecule

MIDDLING = {
    "weight": 300.0, "logp": 2.0, "logd": 1.0, "donors": 1.0, "acceptors": 3.0, "rotatable_bonds": 3.0, "tpsa": 60.0,
    "hydrogen_bonds": 4.0, "refractivity": 80.0, "atoms": 40.0, "rings": 3.0, "carbons": 15.0, "heteroatoms": 4.0,
    "solubility": -3.0,
}  # fmt: skip


def check(**changed: float) -> dict[str, RuleOutcome]:
    numbers = {**dict.fromkeys(QUANTITIES, 0.0), **MIDDLING, **changed}
    return {one.key: one for one in check_rules({key: Property(key, value) for key, value in numbers.items()})}


def test_a_middling_molecule_keeps_every_rule() -> None:
    assert {key for key, one in check().items() if one.kept is not True} == set()


@pytest.mark.parametrize(
    ("rule", "within", "beyond"),
    [
        ("veber", {"rotatable_bonds": 10}, {"rotatable_bonds": 11}),
        ("veber", {"tpsa": 150, "hydrogen_bonds": 12}, {"tpsa": 150, "hydrogen_bonds": 13}),
        ("egan", {"logp": 5.88}, {"logp": 5.89}),
        ("egan", {"tpsa": 131.6}, {"tpsa": 131.7}),
        ("ghose", {"weight": 160}, {"weight": 159.9}),
        ("ghose", {"refractivity": 130}, {"refractivity": 130.1}),
        ("ghose", {"atoms": 70}, {"atoms": 71}),
        ("muegge", {"carbons": 5}, {"carbons": 4}),
        ("muegge", {"heteroatoms": 2}, {"heteroatoms": 1}),
        ("muegge", {"logp": -2}, {"logp": -2.1}),
        ("muegge", {"rings": 7}, {"rings": 8}),
        ("lead_like", {"weight": 350}, {"weight": 351}),
        ("lead_like", {"rotatable_bonds": 7}, {"rotatable_bonds": 8}),
        ("lead_like_oprea", {"logp": 4.2}, {"logp": 4.3}),
        ("lead_like_oprea", {"solubility": -5}, {"solubility": -5.1}),
        ("fragment", {"acceptors": 3}, {"acceptors": 4}),
        ("fragment_narrow", {"tpsa": 60}, {"tpsa": 61}),
        ("gsk_4_400", {"logp": 4, "weight": 400}, {"logp": 4, "weight": 401}),
        ("pfizer_3_75", {"logp": 6, "tpsa": 75}, {"logp": 3.1, "tpsa": 74}),
        ("beyond_five", {"weight": 1000, "donors": 6}, {"donors": 7}),
        ("golden_triangle", {"logd": 5, "weight": 500}, {"logd": 5.1}),
    ],
)
def test_limits(rule: str, within: dict[str, float], beyond: dict[str, float]) -> None:
    assert check(**within)[rule].kept is True
    assert check(**beyond)[rule].kept is False


def test_the_rule_of_five_forgives_one() -> None:
    assert check(weight=501)["lipinski"].kept is True
    assert check(weight=501)["lipinski"].broken == 1
    assert check(weight=501, logp=5.1)["lipinski"].kept is False


def test_what_is_unknown_is_not_decided() -> None:
    known = {key: Property(key, value) for key, value in {**dict.fromkeys(QUANTITIES, 0.0), **MIDDLING}.items()}
    bounded = {outcome.key: outcome for outcome in check_rules(known | {"logd": Property("logd", None, None, 3.0)})}
    assert bounded["golden_triangle"].kept is None
    assert bounded["golden_triangle"].criteria[1].met is None
    low = {one.key: one for one in check_rules(known | {"logd": Property("logd", None, None, -2.5)})}
    assert low["golden_triangle"].kept is False  # at most -2.5 is surely under -2


finite = st.floats(-10, 10, allow_nan=False)


@given(finite, finite, finite, finite, finite)
def test_a_limit_decides_on_an_interval_only_what_holds_all_over_it(
    low: float, high: float, start: float, length: float, share: float
) -> None:
    limit = Limit("logp", min(low, high), max(low, high))
    end = start + abs(length)
    inside = start + abs(length) * (share + 10) / 20
    told = limit.met(Property("logp", None, start, end))
    assert told is None or told is limit.met(Property("logp", inside))


def test_rules_are_said_in_both_languages() -> None:
    for rule in RULES.values():
        assert all((rule.name.en, rule.name.zh, rule.meaning.en, rule.meaning.zh, rule.source))
        for number in range(len(rule.criteria)):
            assert rule.said(number, "en") != rule.said(number, "zh")
    assert RULES["pfizer_3_75"].said(0, "en") == (
        "logP (octanol/water, Crippen) ≤ 3 or topological polar surface area ≥ 75"
    )


def test_known_drugs() -> None:
    aspirin = profile(Molecule("CC(=O)Oc1ccccc1C(=O)O", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"))
    assert {one.key for one in aspirin.rules if one.kept} >= {"lipinski", "veber", "egan", "ghose", "gsk_4_400"}
    pytest.importorskip("rdkit")
    # Atorvastatin breaks weight and logP, though it is taken by mouth
    statin = "CC(C)c1c(C(=O)Nc2ccccc2)c(-c2ccccc2)c(-c2ccc(F)cc2)n1CC[C@@H](O)C[C@@H](O)CC(=O)O"
    outcome = next(one for one in profile(Molecule(statin, "x")).rules if one.key == "lipinski")
    assert (outcome.broken, outcome.kept) == (2, False)
