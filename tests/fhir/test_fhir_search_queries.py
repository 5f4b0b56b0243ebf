"""Queries and their answers: what is refused is named without its value, results are sorted, paged and counted, the
blind index gets only what it can answer, and counts over Synthea are those of plain Python.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from fhir_searching import PATIENT, observation

from suwen import datasets
from suwen.errors import FormatError
from suwen.formats.fhir import Stored, parse_tree
from suwen.formats.fhir.searching.capability import capability_statement
from suwen.formats.fhir.searching.parsing import MODIFIERS, parse_query
from suwen.formats.fhir.searching.patient import patient_part
from suwen.formats.fhir.searching.search import matches, search
from suwen.formats.fhir.searching.table import TYPES, Kind, parameters

# Queries


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Observation?colour=red", "is no search parameter of Observation"),
        ("Observation?code.name=peter", "points at nothing"),
        ("Observation?focus.name=peter", "at which type"),
        ("Observation?patient:Group.name=peter", "at which type"),
        ("Observation?subject:Robot.name=peter", "at which type"),
        ("Observation?patient.colour=peter", "is no search parameter of Patient"),
        ("Observation?patient._sort=name", "not answered"),
        ("Observation?patient.link.link.link.name=peter", "in a row"),
        ("Observation?_has:Observation:patient:code=1", "never points at Observation"),
        ("Patient?_has:Observation:code:code=1", "names no reference"),
        ("Patient?_has:Observation:patient=1", "names no reference"),
        ("Patient?_has:Observation:patient:colour=1", "is no search parameter of Observation"),
        ("Observation?_include=Observation:subject", "_include is not answered"),
        ("Observation?_revinclude=Provenance:target", "_revinclude is not answered"),
        ("Observation?code:in=http://x", "no modifier of that name"),
        ("Observation?code:above=x", "no modifier of that name"),
        ("Observation?date:exact=2020", "no modifier of that name"),
        ("Observation?date=spring", "is no date"),
        ("Observation?date=xx2020", "is no date"),
        ("Observation?value-quantity=5|mg", "is no quantity"),
        ("Observation?value-quantity=much", "begin with a number"),
        ("Observation?code=a|b|c", "more than one |"),
        ("Observation?code=", "is empty"),
        ("Observation?code:missing=maybe", "neither true nor false"),
        ("Observation?subject=a b", "is no reference"),
        ("Observation?code-value-quantity=1", "2 values with"),
        ("Observation?_count=-1", "whole number"),
        ("Observation?_count=%C2%B2", "whole number"),
        ("Observation?_sort=colour", "can be sorted"),
        ("Observation?_summary=data", "only count"),
        ("Observation?code=%ff", "UTF-8"),
        ("Robot?code=1", "no search for this type"),
        ("?code=1", "no search for this type"),
        ("Observation?" + "&".join(["code=1"] * 201), "more than 200"),
        ("Observation?code=" + "1" * 70_000, "longer than"),
    ],
)
def test_what_is_not_answered_is_refused(text: str, named: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse_query(text)
    assert named in str(caught.value)


def test_all_problems_come_at_once_and_repeat_no_value() -> None:
    with pytest.raises(FormatError) as caught:
        parse_query("Patient?birthdate=Zhangsan&Li%20Si=1&gender:in=Wangwu&identifier=Zhaoliu|a|b")
    assert len(caught.value.problems) == 4
    assert not any(name in str(caught.value) for name in ("Zhangsan", "Li Si", "Wangwu", "Zhaoliu"))


def test_a_query_as_a_url_has_it() -> None:
    text = "Observation?code=http%3A%2F%2Floinc.org%7C8302-2&date=ge2020-01-01"
    text += "&_sort=-date,_id&_count=20&_offset=40&_format=json"
    query = parse_query(text)
    assert (query.kind, query.count, query.offset, len(query.criteria)) == ("Observation", 20, 40, 2)
    assert [(one.name, falls) for one, falls in query.sort] == [("date", True), ("_id", False)]
    assert parse_query("/Observation/_search?_summary=count").only_count
    assert parse_query("Observation").criteria == ()


def dated(id_: str, day: str | None) -> Stored:
    return Stored(observation(id=id_, **({"effectiveDateTime": day} if day else {})))


def test_results_are_sorted_paged_and_counted() -> None:
    given = [
        dated("b", "2020-01-02"),
        dated("x", None),
        dated("a", "2020-01-03"),
        dated("c", "2020-01-02"),
        Stored(PATIENT),
    ]

    def ids(text: str) -> tuple[list[str], int]:
        found = search(given, parse_query(f"Observation?{text}"))
        return [one.resource["id"] for one in found.stored], found.total

    assert ids("") == (["b", "x", "a", "c"], 4)
    assert ids("_sort=date") == (["b", "c", "a", "x"], 4)
    assert ids("_sort=-date") == (["a", "b", "c", "x"], 4)
    assert ids("_sort=date,-_id") == (["c", "b", "a", "x"], 4)
    assert ids("_sort=_id&_count=2&_offset=1") == (["b", "c"], 4)
    assert ids("_summary=count") == ([], 4)
    assert ids("_count=0&date=2020-01-02") == ([], 2)


def test_references_within_a_bundle_are_followed() -> None:
    mine = Stored({"resourceType": "Patient", "id": "p9"}, full_url="urn:uuid:11111111-2222-4333-8444-555555555555")
    seen = Stored(observation(subject={"reference": mine.full_url}))
    far = Stored(observation(id="far", subject={"reference": "http://a.org/fhir/Patient/p8"}))
    there = Stored({"resourceType": "Patient", "id": "p8"}, source="http://a.org/fhir/")
    for criterion, ids in (
        ("patient=p9", ["o1"]),
        ("patient=Patient/p9", ["o1"]),
        (f"subject={mine.full_url}", ["o1"]),
        ("subject=Group/p9", []),
        ("patient=Patient/p8", ["far"]),
        ("patient=p7", []),
    ):
        found = search([mine, seen, far, there], parse_query(f"Observation?{criterion}"))
        assert [one.resource["id"] for one in found.stored] == ids


def test_damaged_elements_answer_nothing_and_break_nothing() -> None:
    odd: list[Any] = [
        None,
        1,
        "x",
        [],
        {},
        [None],
        [[1]],
        {"coding": "x"},
        {"reference": 5},
        {"start": 7},
        {"value": "x"},
    ]
    for type_ in TYPES:
        for parameter in parameters(type_).values():
            value = {
                Kind.DATE: "2020",
                Kind.NUMBER: "1",
                Kind.QUANTITY: "1",
                Kind.COMPOSITE: "$".join("2020" for _ in parameter.parts),
            }.get(parameter.kind, "abc")
            if parameter.kind is Kind.COMPOSITE and any(part.kind is Kind.REFERENCE for part in parameter.parts):
                value = "a$b"
            query = parse_query(f"{type_}?{parameter.name}={value}&_sort=_id")
            for one in odd:
                nested: dict[str, Any] = {path.split(".")[0].rstrip("?"): one for path in parameter.paths}
                assert matches({"resourceType": type_, **nested}, query) in {True, False}
                inner = {path.split(".")[0]: {path.split(".")[-1]: one} for path in parameter.paths}
                assert matches({"resourceType": type_, **inner}, query) in {True, False}


# Patients by blind index


def test_the_blind_index_answers_what_is_exact_and_the_rest_is_left() -> None:
    part = patient_part(parse_query("Patient?identifier=A-7&birthdate=1970-03-04&name:exact=张三&gender=male"))
    assert part.fields == (("identifier", "A-7"), ("birth_date", "1970-03-04"), ("name", "张三"))
    assert [one.parameter.name for one in part.rest.criteria] == ["name", "gender"]
    assert matches(PATIENT, part.rest)


@pytest.mark.parametrize(
    ("criterion", "fields"),
    [
        ("identifier=urn:oid:1.2|A-7", (("identifier", "A-7"),)),
        ("family:exact=张", (("name", "张"),)),
        ("name=张", ()),
        ("name:exact=张三,李四", ()),
        ("name:contains=张三", ()),
        ("identifier=A-7,A-8", ()),
        ("identifier=urn:oid:1.2|", ()),
        ("identifier:not=A-7", ()),
        ("identifier:missing=true", ()),
        ("birthdate=1970", ()),
        ("birthdate=ge1970-03-04", ()),
        ("birthdate=1970-03-04T10:00", ()),
        ("birthdate:missing=false", ()),
        ("gender=male", ()),
    ],
)
def test_what_the_index_cannot_settle_stays_to_be_checked(criterion: str, fields: tuple[Any, ...]) -> None:
    part = patient_part(parse_query(f"Patient?{quote(criterion, safe='=')}"))
    assert part.fields == fields
    assert len(part.rest.criteria) == 1


def test_a_day_is_a_day_in_any_zone() -> None:
    for zone in ("Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "UTC"):
        query = parse_query("Patient?birthdate=2000-02-29", zone=ZoneInfo(zone))
        assert patient_part(query).fields == (("birth_date", "2000-02-29"),)
    with pytest.raises(FormatError):
        patient_part(parse_query("Observation"))


# What is said of it


def test_the_capability_statement_is_that_of_fhir_and_names_every_parameter() -> None:
    r4b = pytest.importorskip("fhir.resources.R4B.capabilitystatement", reason="fhir.resources is not installed")
    for url in ("", "https://localhost/fhir"):
        said = capability_statement(today=date(2020, 1, 1), version="1.0", url=url)
        r4b.CapabilityStatement.model_validate(json.loads(json.dumps(said)))
        assert {one["type"] for one in said["rest"][0]["resource"]} == set(TYPES)
    for one in said["rest"][0]["resource"]:
        for parameter in one["searchParam"]:
            assert parameters(one["type"])[parameter["name"]].kind.value == parameter["type"]
    assert set(MODIFIERS) == set(Kind)


# Synthea, counted twice


@pytest.fixture(scope="module")
def synthea() -> list[Stored]:
    folder = datasets.folder() / "platform" / "synthea_r4"
    files = sorted(folder.glob("*.json.gz")) if folder.is_dir() else []
    if not files:
        pytest.skip("the Synthea records are not in the data folder (SUWEN_DATA)")
    trees = [parse_tree(gzip.decompress(file.read_bytes()).decode()) for file in files[:6]]
    return [Stored(one["resource"], one["fullUrl"]) for tree in trees for one in tree["entry"]]


def codes(resource: dict[str, Any], system: str) -> set[str]:
    return {one["code"] for one in resource.get("code", {}).get("coding", []) if one["system"] == system}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


SPRING = datetime(2015, 1, 1, tzinfo=UTC)
COUNTS: list[tuple[str, Callable[[dict[str, Any]], bool]]] = [
    ("Observation?code=http://loinc.org|8302-2", lambda one: "8302-2" in codes(one, "http://loinc.org")),
    ("Observation?date=ge2015-01-01", lambda one: moment(one["effectiveDateTime"]) >= SPRING),
    ("Observation?date=lt2015-01-01", lambda one: moment(one["effectiveDateTime"]) < SPRING),
    (
        "Observation?code=http://loinc.org|8302-2&value-quantity=gt150|http://unitsofmeasure.org|cm",
        lambda one: "8302-2" in codes(one, "http://loinc.org") and one["valueQuantity"]["value"] > 150,
    ),
    (
        "Observation?code=http://loinc.org|8302-2&value-quantity=gt1.5|http://unitsofmeasure.org|m",
        lambda one: "8302-2" in codes(one, "http://loinc.org") and one["valueQuantity"]["value"] > 150,
    ),
    (
        "Observation?combo-code-value-quantity=8480-6$ge120",
        lambda one: any(
            part["code"]["coding"][0]["code"] == "8480-6" and part["valueQuantity"]["value"] >= 120
            for part in one.get("component", [])
        ),
    ),
    ("Condition?clinical-status=resolved", lambda one: one["clinicalStatus"]["coding"][0]["code"] == "resolved"),
    ("Condition?abatement-date:missing=true", lambda one: "abatementDateTime" not in one),
    ("Encounter?class=EMER,IMP", lambda one: one["class"]["code"] in {"EMER", "IMP"}),
    ("Encounter?class:not=AMB", lambda one: one["class"]["code"] != "AMB"),
    ("MedicationRequest?status:not=active", lambda one: one["status"] != "active"),
    ("Immunization?vaccine-code=140", lambda one: one["vaccineCode"]["coding"][0]["code"] == "140"),
    ("Procedure?date=2018", lambda one: {one["performedPeriod"][end][:4] for end in ("start", "end")} == {"2018"}),
    ("Patient?gender=female", lambda one: one["gender"] == "female"),
]


@pytest.mark.parametrize(("text", "holds"), COUNTS, ids=[text for text, _ in COUNTS])
def test_counts_over_synthea_are_those_of_plain_python(
    synthea: list[Stored], text: str, holds: Callable[[dict[str, Any]], bool]
) -> None:
    kind = text.partition("?")[0]
    wanted = [one.resource["id"] for one in synthea if one.kind == kind and holds(one.resource)]
    found = search(synthea, parse_query(text))
    assert [one.resource["id"] for one in found.stored] == wanted
    assert found.total == len(wanted)
    assert found.total > 0 or "140" in text


def test_a_patients_own_resources_are_found_by_id_and_reference(synthea: list[Stored]) -> None:
    patients = [one for one in synthea if one.kind == "Patient"]
    every = [one for one in synthea if one.kind == "Observation"]
    total = 0
    for patient in patients:
        by_id = search(synthea, parse_query(f"Observation?patient={patient.resource['id']}"))
        assert by_id == search(synthea, parse_query(f"Observation?subject=Patient/{patient.resource['id']}"))
        assert {one.resource["subject"]["reference"] for one in by_id.stored} <= {patient.full_url}
        total += by_id.total
    assert total == len(every)
