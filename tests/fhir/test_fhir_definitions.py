"""What goes out is legal FHIR R4 to two other judges of it, and its extensions are as their definitions say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from fhir_claims import REPORT, claims_of, drop, part_of, reports, said, sent, walk
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.diagnosis import consistency
from suwen.diagnosis.nouns import NONE_OF_THESE
from suwen.finding import Bearing
from suwen.formats.fhir.checking.validate import check
from suwen.formats.fhir.findings import VERDICTS, FindingReport, read_definitions
from suwen.formats.fhir.findings.addresses import Codes, Extensions, ValueSets
from suwen.subject import Kind, Sex

Json = dict[str, Any]
DEFINITIONS = {one["url"]: one for one in read_definitions()}


@pytest.fixture
def rich() -> list[Json]:
    return sent(REPORT)


@settings(max_examples=40, deadline=None)
@given(reports(), st.sampled_from(("en", "zh")))
def test_the_models_of_fhir_resources_and_our_own_rules_take_what_goes_out(report: FindingReport, lang: str) -> None:
    for resource in sent(report, lang):
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        assert check(resource).problems == ()


@pytest.mark.parametrize("definition", read_definitions(), ids=lambda one: f"{one['resourceType']}-{one['id']}")
def test_the_models_of_fhir_resources_take_the_definitions(definition: Json) -> None:
    get_fhir_model_class(definition["resourceType"]).model_validate(definition)


def test_every_address_is_defined_and_nothing_else_is() -> None:
    addresses = {one.value for kind in (Extensions, Codes, ValueSets) for one in kind}
    assert set(DEFINITIONS) == addresses
    assert len(addresses) == sum(map(len, (Extensions, Codes, ValueSets)))


@pytest.mark.parametrize(
    ("system", "codes"),
    [
        (Codes.BEARING, {one.value for one in Bearing}),
        (Codes.VERDICT, set(VERDICTS)),
        (Codes.SUBJECT, {one.value for one in Kind}),
    ],
)
def test_code_systems_hold_the_codes_that_are_used(system: Codes, codes: set[str]) -> None:
    held = DEFINITIONS[system.value]["concept"]
    assert {one["code"] for one in held} == codes
    assert all(one["display"] and one["designation"][0]["language"] == "zh" for one in held)


@settings(max_examples=40, deadline=None)
@given(reports())
def test_extensions_are_as_they_are_defined(report: FindingReport) -> None:
    assert misfits(sent(report)) == []


def test_an_extension_that_is_not_as_defined_is_noticed(rich: list[Json]) -> None:
    claim = claims_of(rich)[0]
    drop(claim, Extensions.EVIDENCE, "bearing")
    part_of(claim, Extensions.CLAIM, "rank").update(valuePositiveInt=None, valueString="1")
    said(claim, Extensions.REVIEW.value)[0]["extension"].append({"url": "mood", "valueString": "x"})
    found = misfits(rich)
    assert [one for one in found if "bearing" in one]
    assert [one for one in found if "rank" in one]
    assert [one for one in found if "mood" in one]


def misfits(resources: list[Json]) -> list[str]:
    """What is not as the StructureDefinitions say: undefined parts, too few or many, values of other types."""
    return [
        one
        for node in walk(resources)
        if node.get("url") in DEFINITIONS and "resourceType" not in node
        for one in _misfits(node, DEFINITIONS[node["url"]]["differential"]["element"])
    ]


def _misfits(node: Json, elements: list[Json]) -> Iterator[str]:
    rules = {one["id"]: one for one in elements}
    parts = {id_.partition(":")[2]: one for id_, one in rules.items() if "sliceName" in one}
    slices = {}
    for name, rule in parts.items():
        profile = rule.get("type", [{}])[0].get("profile", [name])[0]
        slices[profile] = (rule, rules.get(f"Extension.extension:{name}.value[x]"))
    held = [one["url"] for one in node.get("extension", [])]
    yield from (f"{url} is not defined" for url in held if url not in slices)
    for url, (rule, _) in slices.items():
        most = float("inf") if rule["max"] == "*" else int(rule["max"])
        if not rule["min"] <= held.count(url) <= most:
            yield f"{url} stands {held.count(url)} times"
    for one in node.get("extension", []):
        yield from _misfit_value(one, slices.get(one["url"], (None, None))[1])
    if not parts:
        yield from _misfit_value(node, rules["Extension.value[x]"])


def _misfit_value(one: Json, rule: Json | None) -> Iterator[str]:
    if rule is None:
        return
    kind = rule["type"][0]["code"]
    named = f"value{kind[0].upper()}{kind[1:]}"
    if {key for key in one if one[key] is not None} - {"url", named, f"_{named}"}:
        yield f"{one['url']} does not hold a {kind}"
    bound = rule.get("binding", {}).get("valueSet")
    if bound and one[named]["system"] != DEFINITIONS[bound]["compose"]["include"][0]["system"]:
        yield f"{one['url']} is of another code system"


def test_the_issues_that_are_found_in_records_are_defined_in_both_languages() -> None:
    held = {one["code"]: (one["display"], one["designation"][0]["value"]) for one in _concepts(Codes.ISSUE)}
    assert held == {code: (words["en"], words["zh"]) for code, words in consistency._LABELS.items()}


def test_the_codes_of_the_differential_are_defined() -> None:
    held = {f"suwen:{one['code']}" for one in _concepts(Codes.SUWEN)}
    assert {NONE_OF_THESE, "suwen:solved-cases", "suwen:age", *(f"suwen:sex-{sex.value}" for sex in Sex)} == held


def _concepts(system: Codes) -> list[Json]:
    return DEFINITIONS[system.value]["concept"]
