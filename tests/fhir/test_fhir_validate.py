"""Every fault of a resource is found at its path, in plain words, and nothing that R4 allows is called a fault.

The peer is fhir.resources: what is accepted here without a remark, its R4B models accept too.
"""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from fhir_samples import bundle, sample, samples
from pydantic import ValidationError

import mutations
from suwen.formats.fhir.checking.bindings import code_flaw
from suwen.formats.fhir.checking.primitives import flaw, is_earlier
from suwen.formats.fhir.checking.r4 import NOT_IN_R4, UNCHECKED
from suwen.formats.fhir.checking.rules import RULES
from suwen.formats.fhir.checking.shapes import shape
from suwen.formats.fhir.checking.validate import check
from suwen.formats.fhir.checking.xhtml import is_narrative
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.tree import parse_tree


def put(resource: Json, path: str, value: object) -> Json:
    """The resource with the member at a path such as `name.0.family` set."""
    node: Any = resource
    steps = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in steps[:-1]:
        node = node[step]
    node[steps[-1]] = value
    return resource


def wrong(resource: Json) -> list[str]:
    return [problem.where for problem in check(resource).problems]


@pytest.mark.parametrize("resource", samples(), ids=lambda one: one["resourceType"])
def test_good_resources_pass_without_a_word(resource: Json) -> None:
    checked = check(resource)
    assert (checked.problems, checked.remarks) == ((), ())


REPEAT = "dosageInstruction[0].timing.repeat"
DOSE = "dosageInstruction[0].doseAndRate[0].doseQuantity"
BASIC = {"resourceType": "Basic", "code": {"text": "x"}}
FAULTS = (
    ("Patient", "gender", "femail", "gender"),
    ("Patient", "gender", 1, "gender"),
    ("Patient", "gender", "", "gender"),
    ("Patient", "gender", None, "gender"),
    ("Patient", "gender", ["female"], "gender"),
    ("Patient", "active", "true", "active"),
    ("Patient", "birthDate", "2020-13-45", "birthDate"),
    ("Patient", "birthDate", "2023-02-29", "birthDate"),
    ("Patient", "birthDate", "0000", "birthDate"),
    ("Patient", "birthDate", "1970-05-01T10:00:00Z", "birthDate"),
    ("Patient", "birthDate", 1970, "birthDate"),
    ("Patient", "id", "a b", "id"),
    ("Patient", "id", "x" * 65, "id"),
    ("Patient", "meta", {}, "meta"),
    ("Patient", "meta.lastUpdated", "2024-02-29T12:00:00", "meta.lastUpdated"),
    ("Patient", "meta.lastUpdated", "2024-02-29", "meta.lastUpdated"),
    ("Patient", "name", [], "name"),
    ("Patient", "name", {"family": "x"}, "name"),
    ("Patient", "name.0", {}, "name[0]"),
    ("Patient", "name.0", None, "name[0]"),
    ("Patient", "name.0", {"id": "only"}, "name[0]"),
    ("Patient", "name.0.given", [None], "name[0].given[0]"),
    ("Patient", "name.0.given", ["a", "", "b"], "name[0].given[1]"),
    ("Patient", "name.0._given", {"extension": []}, "name[0]._given"),
    ("Patient", "_birthDate", {"id": "x", "extension": []}, "_birthDate.extension"),
    ("Patient", "telecom.0.rank", 0, "telecom[0].rank"),
    ("Patient", "telecom.0.rank", 1.5, "telecom[0].rank"),
    ("Patient", "telecom.0.rank", 2**31, "telecom[0].rank"),
    ("Patient", "telecom.0.rank", True, "telecom[0].rank"),
    ("Patient", "identifier.0.system", "urn: x", "identifier[0].system"),
    ("Patient", "deceasedDateTime", "2020", "deceasedDateTime"),
    ("Patient", "deceasedString", "yes", "deceasedString"),
    ("Patient", "extension.0.url", None, "extension[0].url"),
    ("Patient", "extension.0.valueCodeableReference", {"concept": {}}, "extension[0].valueCodeableReference"),
    ("Patient", "extension.0.valueRatioRange", {"lowNumerator": {"value": 1}}, "extension[0].valueRatioRange"),
    ("Patient", "extension.1.valueString", "both", "extension[1]"),
    ("Patient", "text.div", "<div><script>x</script></div>", "text.div"),
    ("Patient", "text.div", "<div>open", "text.div"),
    ("Patient", "address.0.period.end", "2000-12", "address[0].period.end"),
    ("Patient", "contact.0", {"gender": "male"}, "contact[0]"),
    ("Encounter", "class.code", " AMB", "class.code"),
    ("Encounter", "status", "done", "status"),
    ("Encounter", "length.system", "http://example.org", "length"),
    ("Condition", "clinicalStatus", {"text": "active"}, "clinicalStatus"),
    ("Condition", "abatementString", "last year", "clinicalStatus"),
    ("Condition", "onsetAge.value", -1, "onsetAge"),
    ("Condition", "evidence.0", {"id": "x"}, "evidence[0]"),
    ("Observation", "valueString", "x", "dataAbsentReason"),
    ("Observation", "valueMoney", {"value": 1}, "valueMoney"),
    ("Observation", "component.0.valueQuantity.value", "120", "component[0].valueQuantity.value"),
    ("Observation", "component.0.valueQuantity.comparator", "=", "component[0].valueQuantity.comparator"),
    ("Observation", "component.0.valueBoolean", True, "component[0].valueBoolean"),
    ("AllergyIntolerance", "onsetRange", {"low": {"value": 9}, "high": {"value": 8.5}}, "onsetRange.low"),
    ("Observation", "component.1.valueSampledData.period", "10", "component[1].valueSampledData.period"),
    ("DiagnosticReport", "presentedForm.0.data", "aGVsbG8", "presentedForm[0].data"),
    ("DiagnosticReport", "presentedForm.0", {"data": "aGVsbG8="}, "presentedForm[0].contentType"),
    ("ImagingStudy", "series.0.number", -1, "series[0].number"),
    ("MedicationRequest", "medicationReference.reference", "#other", "medicationReference.reference"),
    ("MedicationRequest", "contained.0.contained", [BASIC], "contained[0].contained"),
    ("MedicationRequest", "contained.0.meta", {"versionId": "1"}, "contained[0].meta.versionId"),
    ("MedicationRequest", "contained.0.code", "x", "contained[0].code"),
    ("MedicationRequest", "medicationCodeableConcept", {"text": "x"}, "medicationCodeableConcept"),
    ("MedicationRequest", "dosageInstruction.0.timing.repeat.periodUnit", "days", f"{REPEAT}.periodUnit"),
    ("MedicationRequest", "dosageInstruction.0.doseAndRate.0.doseQuantity.comparator", "<", f"{DOSE}.comparator"),
    ("MedicationStatement", "status", "stop", "status"),
    ("AllergyIntolerance", "category", ["food", "drink"], "category[1]"),
    ("AllergyIntolerance", "verificationStatus.coding.0.code", "entered-in-error", "clinicalStatus"),
    ("FamilyMemberHistory", "bornString", "1950", ""),
    ("RiskAssessment", "prediction.0.probabilityDecimal", 100.5, "prediction[0].probabilityDecimal"),
    ("RiskAssessment", "prediction.1.probabilityRange.high.code", "1", "prediction[1].probabilityRange"),
    ("ServiceRequest", "occurrenceTiming.event.0", "2024-05-32", "occurrenceTiming.event[0]"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "path", "value", "where"), FAULTS, ids=[f"{one[0]}.{one[1]}-{n}" for n, one in enumerate(FAULTS)]
)
def test_a_fault_is_found_where_it_is(kind: str, path: str, value: object, where: str) -> None:
    resource = put(sample(kind), path, value)
    assert where in wrong(resource)
    assert all(
        problem.where.startswith("entry[3].resource") for problem in check(resource, "entry[3].resource").problems
    )


@pytest.mark.parametrize(
    ("kind", "name", "where"),
    [
        ("Observation", "status", "status"),
        ("Observation", "code", "code"),
        ("MedicationRequest", "subject", "subject"),
        ("AllergyIntolerance", "clinicalStatus", "clinicalStatus"),
        ("ServiceRequest", "intent", "intent"),
    ],
)
def test_what_is_required_is_missed(kind: str, name: str, where: str) -> None:
    assert wrong(sample(kind, **{name: None})) == [where]


def test_a_choice_that_is_required_is_missed_or_doubled() -> None:
    resource = sample("MedicationRequest", medicationReference=None, contained=None)
    assert wrong(resource) == ["medication[x]"]
    assert wrong(resource | {"medicationReference": {"display": "a"}, "medicationCodeableConcept": {"text": "b"}}) == [
        "medicationCodeableConcept"
    ]


def test_an_extension_stands_in_for_a_required_primitive() -> None:
    reason = {"extension": [{"url": "http://example.org/why", "valueCode": "unknown"}]}
    assert not wrong(sample("Observation", status=None, _status=reason))
    assert wrong(sample("Observation", status=None, _status={"id": "x"})) == ["_status"]
    assert not wrong(sample("Observation", _status={"id": "x"}))
    assert wrong(sample("Observation", _status={})) == ["_status"]


def test_ends_of_a_range_are_compared_in_one_unit_only() -> None:
    ends = {"low": {"value": 9, "unit": "g"}, "high": {"value": 1, "unit": "kg"}}
    assert not wrong(sample("AllergyIntolerance", onsetRange=ends))


@pytest.mark.parametrize(
    "extension",
    [
        {"valueCodeableReference": {"concept": {"text": "x"}}},
        {"valueRatioRange": {"denominator": {"value": 2}}},
        {"valueInteger64": "1"},
    ],
)
def test_types_of_later_releases_are_no_values_of_r4(extension: Json) -> None:
    checked = check(sample("Patient", extension=[{"url": "http://x", **extension}]))
    (problem,) = checked.problems[:1]
    assert problem.where == f"extension[0].{next(iter(extension))}"
    assert problem.what == "a type that R4 does not have here"


def test_types_of_r4_alone_are_values_too() -> None:
    extension = [{"url": "http://x", "valueMeta": {"tag": [{"code": "x"}]}}]
    assert check(sample("Patient", extension=extension)).problems == ()
    assert wrong(sample("Patient", extension=[{"url": "http://x", "valueMeta": {"tag": "x"}}])) == [
        "extension[0].valueMeta.tag"
    ]


def test_order_details_need_a_code() -> None:
    assert not wrong(sample("ServiceRequest", orderDetail=[{"text": "x"}]))
    assert wrong(sample("ServiceRequest", orderDetail=[{"text": "x"}], code=None)) == ["orderDetail"]


def test_all_faults_are_told_at_once_beside_an_unknown_element() -> None:
    resource = put(
        put(sample("Observation", status="x", mood="good"), "component.0.extra", {"a": [{"b": 1}]}), "code", {}
    )
    resource["component"][1].pop("code")
    checked = check(resource)
    assert [one.where for one in checked.problems] == ["status", "code", "component[1].code"]
    assert [one.where for one in checked.remarks] == ["component[0].extra", "mood"]


def test_values_are_never_quoted() -> None:
    word = "geheim 素问 7"
    for resource in samples():
        for node, key in mutations._slots(resource):
            damaged = node[key]
            node[key] = word
            text = " ".join(map(str, check(resource).problems)) + " ".join(map(str, check(resource).remarks))
            node[key] = damaged
            assert word not in text


def test_a_name_that_is_none_is_not_quoted_either() -> None:
    checked = check(sample("Patient", **{"Anna Müller 1970": 1, "_x\n": 2, "y" * 100: 3}))
    assert [one.where for one in checked.remarks] == ["(a name that FHIR does not have)"] * 3


def test_contained_resources_have_ids_of_their_own_and_are_used() -> None:
    drug = {"resourceType": "Medication", "id": "drug", "code": {"text": "x"}}
    assert wrong(sample("MedicationRequest", contained=[drug, drug])) == ["contained[1].id"]
    assert wrong(sample("MedicationRequest", contained=[drug, drug | {"id": "spare"}])) == ["contained[1]"]
    assert wrong(sample("MedicationRequest", contained=[{"resourceType": "Medication"}]))[0] == "contained[0].id"
    back = {"resourceType": "Provenance", "id": "p", "target": [{"reference": "#"}], "recorded": "2024-01-01T00:00:00Z"}
    assert not wrong(sample("MedicationRequest", contained=[drug, back | {"agent": [{"who": {"display": "x"}}]}]))


@pytest.mark.parametrize(
    "kind", sorted(NOT_IN_R4 | {"Patients", "patient", "Quantity", "BackboneElement", "Resource", "Age", ""})
)
def test_what_is_no_resource_of_r4_is_refused(kind: str) -> None:
    assert wrong({"resourceType": kind, "id": "x"}) == ["resourceType"]


@pytest.mark.parametrize("kind", sorted(UNCHECKED))
def test_types_without_a_model_are_kept_with_a_remark(kind: str) -> None:
    checked = check({"resourceType": kind, "anything": [{"goes": 1}]})
    assert (checked.problems, [one.where for one in checked.remarks]) == ((), ["resourceType"])
    assert wrong({"resourceType": kind, "anything": [{"goes": ""}]}) == ["anything[0].goes"]


def test_a_required_code_set_is_named_with_its_codes() -> None:
    assert code_flaw("done", "Observation.status").endswith("cancelled, entered-in-error, unknown")
    assert code_flaw("final", "Observation.status") == ""


def test_every_rule_and_binding_names_elements_that_exist() -> None:
    for rule in RULES:
        assert rule.member.partition(".")[0] in {"", *shape(rule.of).elements, *shape(rule.of).choices}, rule.key
    from suwen.formats.fhir.checking import bindings  # noqa: PLC0415

    for element in [*bindings._sets(), *bindings._CONCEPTS]:
        of, _, name = element.partition(".")
        assert shape(of).elements[name].kind in {"code", "CodeableConcept"}, element


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("instant", "2015-02-07T13:28:17.239+02:00", "2015-02-07T13:28:17.239"),
        ("dateTime", "2016-12-31T23:59:60Z", "2016-12-31T24:00:00Z"),
        ("dateTime", "2000-02-29", "1900-02-29"),
        ("time", "23:59:59.5", "23:59"),
        ("code", "a b", "a  b"),
        ("uri", "urn:x", "a\tb"),
        ("oid", "urn:oid:2.16.840", "urn:oid:3.1"),
        ("uuid", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "c757873d-ec9a-4326-a141-556f43239520"),
        ("base64Binary", "aGVs\nbG8=", "aG VsbG8="),
        ("string", "x" * 1_048_576, "x" * 1_048_577),
        ("id", "x" * 64, "x_"),
        ("positiveInt", 1, 0),
        ("unsignedInt", 0, -1),
        ("decimal", 10**30, "1"),
    ],
)
def test_primitives(kind: str, good: object, bad: object) -> None:
    assert flaw(good, kind) == ""
    assert flaw(bad, kind) != ""


def test_dates_are_compared_as_far_as_they_are_known() -> None:
    assert is_earlier("2020-01-01", "2020-01-02")
    assert is_earlier("2020-01-01T00:00:00+02:00", "2020-01-01T00:00:00Z")
    assert is_earlier("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:60.1234567-12:00")
    for first, second in (("2020", "2020-05"), ("2020-05-01", "2020-05-01T10:00:00Z"), ("2021", "2020"), ("x", "y")):
        assert not is_earlier(first, second)


@pytest.mark.parametrize(
    "div",
    [
        "<p>no div</p>",
        "<div/>",
        "<div>  </div>",
        "<div>&nbsp;x</div>",
        '<div onclick="x()">x</div>',
        '<div><a href=" JavaScript:x()">x</a></div>',
        "<div><iframe>x</iframe></div>",
        '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><div>&b;</div>',
        "<div><?php x ?>x</div>",
        "<div>x</div><div>y</div>",
    ],
)
def test_a_narrative_that_could_harm_its_reader_is_refused(div: str) -> None:
    assert not is_narrative(div)


BUNDLE_FAULTS = (
    ({"total": 1}, "total"),
    ({"type": "transaction"}, "entry[0].request"),
    ({"type": "history"}, "entry[0].response"),
    ({"type": "document"}, "identifier"),
    ({"type": "message"}, "entry[0].resource"),
    ({"type": "heap"}, "type"),
    ({"entry": [{"fullUrl": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}]}, "entry[0]"),
    ({"entry": [{"fullUrl": "http://x/Patient/p1/_history/2", "resource": sample("Patient")}]}, "entry[0].fullUrl"),
    ({"entry": [{"search": {"mode": "match"}, "resource": sample("Patient")}]}, "entry[0].search"),
    ({"entry": [{"resource": sample("Patient", gender=1)}]}, "entry[0].resource.gender"),
    ({"entry": [{"resource": 1}]}, "entry[0].resource"),
)


@pytest.mark.parametrize(("changes", "where"), BUNDLE_FAULTS, ids=[where for _, where in BUNDLE_FAULTS])
def test_rules_of_bundles(changes: Json, where: str) -> None:
    good = bundle(sample("Patient"))
    assert not wrong(good)
    assert where in wrong(good | changes)


def test_what_we_accept_without_a_remark_the_peer_accepts() -> None:
    rng = random.Random(1)  # noqa: S311 (test data, not secrets)
    wounds = [one for one in mutations._ON_TREES if one not in (mutations._huge, mutations._nest)]
    ends = {"both": 0, "neither": 0, "stricter": 0}
    for _ in range(600):
        resource = copy.deepcopy(rng.choice(samples()))
        rng.choice(wounds)(resource, rng)
        tree = parse_tree(json.dumps(resource, ensure_ascii=True).replace("\\ud800", "?"))
        checked = check(tree)
        try:
            get_fhir_model_class(tree["resourceType"]).model_validate({**tree, "resourceType": tree["resourceType"]})
            accepts = True
        except (ValidationError, ValueError, KeyError, TypeError, AttributeError):
            accepts = False
        if not checked.problems and not checked.remarks:
            assert accepts, tree
        ends["both" if not checked.problems and accepts else "stricter" if accepts else "neither"] += 1
    assert min(ends.values()) > 0, ends
