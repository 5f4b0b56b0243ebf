"""Criteria: every problem at once with its path, and each condition means what it says."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from bedside import condition, observation, resource
from hypothesis import given
from hypothesis import strategies as st
from study import DIABETES, SCT, hba1c, note

from suwen.cohort import parse_criteria, read_criteria
from suwen.cohort.anonymity import anonymity, crowded
from suwen.cohort.criteria import Group
from suwen.cohort.facts import FINDING, Facts, facts_of
from suwen.cohort.leaves import Index, NewerThan
from suwen.cohort.terms import Terms
from suwen.errors import DataError, InputError
from suwen.formats.fhir import Stored
from suwen.knowledge import Knowledge
from suwen.records.demographics import Demographics
from suwen.records.store.charts import Record
from suwen.subject import Sex

TODAY = Index(date(2026, 1, 1))
LOINC = "LOINC:4548-4"


def record(kind: str, payload: bytes, at: int = 0) -> Record:
    return Record(b"p" * 16, b"r" * 16, 1, at, kind, payload)


def facts(*resources: dict[str, Any], sex: Sex = Sex.FEMALE, born: str = "1960-05-05", at: int = 0) -> Facts:
    who = record("Demographics", Demographics(("1",), birth_date=born, sex=sex).to_bytes(), at)
    parts = [
        record(one["resourceType"], Stored(json.loads(json.dumps(one), parse_float=Decimal)).to_bytes())
        for one in resources
    ]
    return facts_of([who, *parts])


def judged(code: str, verdict: str, claim: str = "") -> Record:
    right = {"en": {"code": {"value": code}}}
    said = {"claim": claim or code, "found": right, "amended": {}, "reviews": [{"verdict": verdict, "at": 1}]}
    return record(FINDING, json.dumps({"format": 2, **said}).encode())


def holds(leaf: Any, of: Facts, index: Index = TODAY, terms: Terms | None = None) -> bool | None:
    read = parse_criteria({"format": 1, "features": ["sex"], "all": [leaf]})
    return read.fits.holds(of, index, terms or Terms())


# Reading


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"colour": 1}, "colour"),
        ({"format": 2}, "format"),
        ({"all": {}}, "all"),
        ({"all": ["nonsense"]}, "all[0]"),
        ({"all": [{"sex": "f"}]}, "all[0].sex"),
        ({"all": [{"sex": []}]}, "all[0].sex"),
        ({"all": [{"sex": "female", "age": {}}]}, "all[0]"),
        ({"all": [{"age": {"from": -1}}]}, "all[0].age.from"),
        ({"all": [{"age": {"from": 1.5}}]}, "all[0].age.from"),
        ({"all": [{"age": {"from": 40, "to": 20}}]}, "all[0].age"),
        ({"any": [{"all": [{"age": {"under": 3}}]}]}, "any[0].all[0].age.under"),
        ({"none": [{"condition": {}}]}, "none[0].condition"),
        ({"none": [{"condition": {"code": "E11"}}]}, "none[0].condition.code"),
        ({"none": [{"condition": {"code": "ICD9000:1"}}]}, "none[0].condition.code"),
        ({"none": [{"condition": {"code": "HP:123"}}]}, "none[0].condition.code"),
        ({"none": [{"condition": {"code": "SNOMEDCT:44054007"}}]}, "none[0].condition.code"),
        ({"none": [{"condition": {"code": LOINC, "prefix": LOINC}}]}, "none[0].condition"),
        ({"all": [{"observation": {"code": "LOINC:4548-5"}}]}, "all[0].observation.code"),
        ({"all": [{"observation": {"code": LOINC, "is": ">"}}]}, "all[0].observation.value"),
        ({"all": [{"observation": {"code": LOINC, "is": ">", "value": 3}}]}, "all[0].observation.unit"),
        ({"all": [{"observation": {"code": LOINC, "is": ">", "value": 3, "unit": "mmHg"}}]}, "all[0].observation.unit"),
        ({"all": [{"observation": {"code": LOINC, "is": "~", "value": 3, "unit": "%"}}]}, "all[0].observation.is"),
        ({"all": [{"observation": {"code": LOINC, "from": "1.2.2020"}}]}, "all[0].observation.from"),
        (
            {"all": [{"observation": {"code": LOINC, "from": "2021-01-01", "to": "2020-01-01"}}]},
            "all[0].observation.to",
        ),
        ({"all": [{"newer": {}}]}, "all[0].newer.than"),
        ({"all": [{"consent": {"code": "x"}}]}, "all[0].consent"),
        ({"features": []}, "features"),
        ({"features": None}, "features"),
        ({"features": ["name"]}, "features[0]"),
        ({"features": ["sex", "sex"]}, "features"),
        ({"features": [{"name": "patient", "present": {"sex": "male"}}]}, "features[0].name"),
        ({"features": [{"name": "Secretname", "present": {"sex": "male"}}]}, "features[0].name"),
        ({"features": [{"name": "a", "last": {"code": LOINC}}]}, "features[0].last.unit"),
        ({"features": [{"name": "a", "count": {"sex": "male"}}]}, "features[0].count"),
        ({"features": [{"present": {"sex": "male"}}]}, "features[0].name"),
        ({"index": {"first": {"sex": "male"}}}, "index.first"),
        ({"index": {"first": {"condition": {"code": LOINC, "within_days": 3}}}}, "index.first"),
        ({"index": {}}, "index"),
        ({"features": ["index_date"]}, "features"),
        ({"features": ["index_date"], "index": {"date": "2020-01-01"}}, "features"),
        ({"features": [{"name": "a", "last": {"code": "LOINC:30525-0", "unit": "a"}}]}, "features[0].last"),
        ({"features": [{"name": "a", "quasi": 1, "present": {"sex": "male"}}]}, "features[0].quasi"),
        ({"k": 0}, "k"),
        ({"texts": {"kind": "x"}}, "texts.kind"),
        ({"name": 3}, "name"),
    ],
)
def test_a_problem_is_told_by_its_path(changed: dict[str, Any], where: str) -> None:
    """Proves that each mistake is found where it stands, and that the criteria are then not usable at all."""
    with pytest.raises(InputError) as failure:
        parse_criteria({"format": 1, "features": ["sex"], **changed})
    assert where in {one.where for one in failure.value.problems}


def test_all_problems_are_told_at_once() -> None:
    """Proves that somebody mends a file once."""
    wrong = {"format": 1, "features": ["x"], "all": [{"sex": "f"}], "none": [{"age": {"to": "old"}}], "k": -1}
    with pytest.raises(InputError) as failure:
        parse_criteria(wrong)
    assert {one.where for one in failure.value.problems} == {"features[0]", "all[0].sex", "none[0].age.to", "k"}


@pytest.mark.parametrize(
    "junk", [b"", b"[]", b"3", b"a: b: c", b"{", b'{"format": 1}', b"--- 1\n--- 2\n", b"\xff\xfe\x00"]
)
def test_junk_is_refused_in_one_sentence(junk: bytes) -> None:
    """Proves that no file brings anything but one InputError."""
    with pytest.raises(InputError):
        read_criteria(junk)


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats(allow_nan=False) | st.sampled_from(["sex", LOINC, ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["all", "any", "age", "observation", "code", "first", "name", "last"]), inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["all", "any", "none", "features", "index", "label", "texts", "k"]), JSONS))
def test_whatever_is_written_is_understood_or_refused(document: dict[str, Any]) -> None:
    """Proves that no document escapes as another error."""
    with suppress(InputError):
        assert parse_criteria({"format": 1, **document}).columns


def test_yaml_and_json_are_the_same_criteria() -> None:
    """Proves that the digest is of what is said, not of how it is written."""
    yaml = f'format: 1\nfeatures: [sex]\nall:\n  - observation: {{code: "{LOINC}", is: ">=", value: 6.5, unit: "%"}}\n'
    said = {"all": [{"observation": {"unit": "%", "value": 6.50, "is": ">=", "code": LOINC}}], "features": ["sex"]}
    one, other = read_criteria(yaml.encode()), read_criteria(json.dumps({**said, "format": 1}).encode())
    assert one.digest == other.digest
    assert one.digest != read_criteria(yaml.replace("6.5", "6.6").encode()).digest


# What holds


@pytest.mark.parametrize(
    ("leaf", "expected"),
    [
        ({"sex": "female"}, True),
        ({"sex": ["male", "other"]}, False),
        ({"age": {"from": 65, "to": 65}}, True),
        ({"age": {"from": 66}}, False),
        ({"age": {"to": 64}}, False),
        ({"condition": {"code": f"SNOMEDCT:{DIABETES}"}}, True),
        ({"condition": {"code": f"SNOMEDCT:{DIABETES}", "from": "2020-02-02"}}, False),
        ({"condition": {"code": f"SNOMEDCT:{DIABETES}", "to": "2020-02-01"}}, True),
        ({"condition": {"code": f"SNOMEDCT:{DIABETES}", "within_days": 10_000}}, True),
        ({"condition": {"code": f"SNOMEDCT:{DIABETES}", "within_days": 30}}, False),
        ({"condition": {"prefix": "ICD10CM:E1"}}, True),
        ({"condition": {"prefix": "ICD10CM:F"}}, False),
        ({"condition": {"code": "urn:house|D7"}}, True),
        ({"condition": {"code": "HP:0001250", "narrower": False}}, True),
        ({"condition": {"code": "HP:0001251", "narrower": False}}, False),
        ({"observation": {"code": LOINC}}, True),
        ({"observation": {"code": "LOINC:2339-0"}}, False),
        ({"observation": {"code": LOINC, "is": ">=", "value": 7.5, "unit": "%"}}, True),
        ({"observation": {"code": LOINC, "is": ">", "value": 7.5, "unit": "%"}}, False),
        ({"observation": {"code": LOINC, "is": "=", "value": 75, "unit": "[ppth]"}}, True),
        ({"observation": {"code": LOINC, "is": ">", "value": 0, "unit": "mmol/L"}}, False),
        ({"observation": {"code": "LOINC:8480-6", "is": "=", "value": 14, "unit": "cm[Hg]"}}, True),
        ({"observation": {"code": "LOINC:8480-6", "is": "=", "value": 140, "unit": "mm[Hg]"}}, True),
        ({"document": {}}, True),
        ({"document": {"code": "LOINC:34133-9"}}, True),
        ({"document": {"code": "LOINC:11506-3"}}, False),
        ({"procedure": {"code": "SNOMEDCT:73761001"}}, True),
        ({"medication": {"code": "RXNORM:860975"}}, True),
        ({"consent": {}}, False),
        ({"newer": {"than": "1969-12-31"}}, True),
        ({"newer": {"than": "1970-01-01"}}, False),
        ({"none": [{"sex": "male"}]}, True),
        ({"any": [{"sex": "male"}, {"age": {"from": 60}}]}, True),
        ({"any": [{"sex": "male"}, {"age": {"from": 70}}]}, False),
    ],
)
def test_a_condition_means_what_it_says(leaf: dict[str, Any], expected: bool) -> None:
    """Proves each kind of condition on one record, with codes, units, days, components and limits."""
    pressure = resource(
        "Observation", "bp", status="final", code={"coding": [{"system": "http://loinc.org", "code": "85354-9"}]}
    )
    part = {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}}
    part["valueQuantity"] = {"value": 140, "code": "mm[Hg]"}  # type: ignore[assignment]
    drug = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "860975"}]}
    of = facts(
        condition(DIABETES, on="2020-02-01", system=SCT),
        condition("E11.9", on="2019", system="http://hl7.org/fhir/sid/icd-10-cm"),
        condition("D7", system="urn:house"),
        condition("F20.0", id_="c9", system="http://hl7.org/fhir/sid/icd-10-cm", verificationStatus=void("refuted")),
        observation("HP:0001250"),
        observation("HP:0001251", present=False),
        hba1c(7.5, "2020-01-10"),
        {**hba1c(99, "2020-01-11"), "status": "entered-in-error"},
        {**pressure, "component": [part]},
        note("text"),
        resource("Procedure", "p", status="completed", code={"coding": [{"system": SCT, "code": "73761001"}]}),
        resource("MedicationRequest", "m", status="active", medicationCodeableConcept=drug),
    )
    assert holds(leaf, of) is expected


def void(code: str) -> dict[str, Any]:
    return {"coding": [{"code": code}]}


def test_what_is_not_known_is_neither_so_nor_not() -> None:
    """Proves that unknown stays unknown, also under `none`: nobody is chosen for what their record does not say."""
    of = facts(sex=Sex.UNKNOWN, born="")
    for leaf in ({"sex": "female"}, {"age": {"from": 3}}, {"finding": {"code": "OMIM:154700", "narrower": False}}):
        assert holds(leaf, of) is None
        assert holds({"none": [leaf]}, of) is None
        assert holds({"any": [leaf, {"document": {}}]}, of) is None
        assert holds({"all": [leaf, {"document": {}}]}, of) is False


@given(
    st.lists(st.sampled_from([True, False, None]), max_size=4),
    st.lists(st.sampled_from([True, False, None]), max_size=4),
)
def test_groups_follow_kleene(every: list[bool | None], some: list[bool | None]) -> None:
    """Proves De Morgan's law for three values: none of these is all of their opposites."""
    said = [_Said(one) for one in every]
    opposite = [_Said(None if one is None else not one) for one in every]
    some_said = tuple(_Said(one) for one in some)
    args = (facts(), TODAY, Terms())
    assert Group(none=tuple(said)).holds(*args) == Group(all=tuple(opposite)).holds(*args)
    either = Group(any=some_said).holds(*args)
    if some:
        negated = Group(none=some_said).holds(*args)
        assert either == (None if negated is None else not negated)


class _Said:
    kinds: frozenset[str] = frozenset()

    def __init__(self, said: bool | None) -> None:
        self.said = said

    def holds(self, facts: Facts, index: Index, terms: Terms) -> bool | None:  # noqa: ARG002
        return self.said


@pytest.mark.parametrize(
    ("verdict", "claim", "leaf", "expected"),
    [
        ("confirmed", "", {}, True),
        ("rejected", "", {}, False),
        ("rejected", "", {"holds": False}, True),
        ("confirmed", "", {"holds": False}, False),
        ("amended", "OMIM:219700", {}, True),
        ("amended", "OMIM:219700", {"code": "OMIM:219700"}, False),
        ("confirmed", "", {"code": "OMIM:100800"}, None),
    ],
)
def test_verdicts_are_labels(verdict: str, claim: str, leaf: dict[str, Any], expected: bool | None) -> None:
    """Proves that only what a person judged is a label, by the latest verdict; the rest is unknown."""
    of = facts_of([judged("OMIM:154700", verdict, claim)])
    assert holds({"finding": {"code": "OMIM:154700", "narrower": False, **leaf}}, of) is expected


def test_a_term_stands_for_what_lies_below_it(few_terms: Knowledge) -> None:
    """Proves that HPO descendants and the SNOMED CT concepts that HPO refers to are taken along."""
    terms = Terms(few_terms)
    parent = {"condition": {"code": "HP:0002000"}}
    assert holds(parent, facts(condition("HP:0002200")), terms=terms) is True
    assert holds(parent, facts(condition("386661006", system=SCT)), terms=terms) is True
    assert holds(parent, facts(condition("HP:0001100")), terms=terms) is False
    only = {"condition": {"code": "HP:0002000", "narrower": False}}
    assert holds(only, facts(condition("HP:0002200")), terms=terms) is False
    with pytest.raises(DataError, match="ontology"):
        holds(parent, facts(condition("HP:0002200")))


def test_newer_counts_the_day_of_filing() -> None:
    """Proves the border: what was filed on the day itself is not newer than it."""
    day = 86_400_000_000
    of = replace(facts(), filed=20_000 * day + day - 1)
    border = date.fromordinal(date(1970, 1, 1).toordinal() + 20_000)
    assert NewerThan(border).holds(of, TODAY, Terms()) is False
    assert NewerThan(border).holds(replace(of, filed=of.filed + 1), TODAY, Terms()) is True


# k-anonymity


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"))), st.integers(1, 6))
def test_what_stays_is_shared_by_enough(classes: list[tuple[str, ...]], least: int) -> None:
    """Proves that after leaving out what too few share everything that stays is shared by k, and nothing more goes."""
    stays = crowded(classes, least)
    kept = [one for one, keep in zip(classes, stays, strict=True) if keep]
    report = anonymity(["a", "b"], kept, least)
    assert not kept or report["k"] >= least
    assert all(classes.count(one) < least for one, keep in zip(classes, stays, strict=True) if not keep)
