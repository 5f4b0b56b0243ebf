"""Findings go out as FHIR R4 and come back unchanged, bit for bit; what others see of them is legal and says enough."""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal, localcontext
from typing import Any
from xml.etree import ElementTree

import pytest
from fhir_claims import AT, REPORT, claims_of, drop, exact, of_kind, part_of, reports, said, sent, walk
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mutations import mutations
from suwen.errors import FormatError, InputError
from suwen.finding import Chance, Finding
from suwen.formats.fhir import parse_tree, read_fhir, render
from suwen.formats.fhir.findings import (
    Claim,
    FindingReport,
    kind_of,
    read_findings,
    write_findings,
)
from suwen.formats.fhir.findings.addresses import TRANSLATION, Extensions, Identifiers
from suwen.subject import Code, Measurement, Region

Json = dict[str, Any]


# Out and back


SAME = replace(REPORT.findings[1], words={"zh": REPORT.findings[1].finding})
NAMELESS = replace(SAME.finding, code=Code(SAME.finding.code.value), chance=Chance(0.07))


@settings(max_examples=150, deadline=None)
@given(reports())
@example(replace(REPORT, title={"en": "x", "zh": "x", "de": ""}, findings=(SAME,)))  # the same in both languages
@example(replace(REPORT, findings=(replace(SAME, words={"zh": NAMELESS}),)))  # no label in one of them
def test_what_goes_out_comes_back_bit_for_bit(report: FindingReport) -> None:
    assert exact(read_findings(sent(report))) == exact(report)


def test_the_rich_report_comes_back(rich: list[Json]) -> None:
    assert exact(read_findings(rich)) == exact(REPORT)


@pytest.fixture
def rich() -> list[Json]:
    return sent(REPORT)


@settings(max_examples=60, deadline=None)
@given(reports(), st.randoms(use_true_random=False))
def test_it_comes_back_from_among_other_things(report: FindingReport, rng: random.Random) -> None:
    """Another system shuffles, wraps in bundles, stamps versions, adds codings, extensions, languages, resources."""
    resources = [_added_to(one) for one in sent(report)]
    rng.shuffle(resources)
    cut = rng.randrange(len(resources) + 1)
    inner = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources[:cut]]}
    outer = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": inner}, {"resource": _STRANGER}]}
    assert exact(read_findings([outer, *resources[cut:], copy.deepcopy(_STRANGER)])) == exact(report)


_STRANGER: Json = {
    "resourceType": "DiagnosticReport",
    "id": "stranger",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "11502-2"}]},
}


def _added_to(resource: Json) -> Json:
    kind = resource["resourceType"]
    for node in list(walk(resource)):
        concept = node.get("outcome") or (node.get("code") if kind in node.values() else None)
        if isinstance(concept, dict):
            concept["coding"].insert(0, {"code": "1", "system": "urn:other"})
        translated = said(node, TRANSLATION) != [] and kind != "DiagnosticReport"  # a report has the titles that it has
        if "div" not in node:
            node.setdefault("extension", []).insert(0, {"url": "https://other.example/x", "valueString": "x"})
        if translated:
            parts = [{"url": "lang", "valueCode": "fr"}, {"url": "content", "valueString": "autre"}]
            node["extension"].append({"url": TRANSLATION, "extension": parts})
    resource["meta"] = {"versionId": "7", "lastUpdated": "2026-01-01T00:00:00Z"}
    resource["identifier"] = [{"system": "urn:other", "value": "1"}, *resource.get("identifier", [])]
    if kind == "Device":
        resource["version"] = [{"type": {"text": "firmware"}, "value": "0.1"}, *resource.get("version", [])]
        resource["deviceName"] = [{"name": "x", "type": "other"}, *resource.get("deviceName", [])]
    if kind == "RiskAssessment":
        resource["prediction"].insert(0, {"outcome": {"text": "something else"}, "probabilityDecimal": Decimal("1.0")})
    return resource


def test_it_comes_back_from_a_server_that_gave_new_ids(rich: list[Json]) -> None:
    names = {f"{one['resourceType']}/{one['id']}": f"new-{number}" for number, one in enumerate(rich)}
    for node in list(walk(rich)):
        if node.get("reference") in names:
            node["reference"] = f"https://fhir.example/r4/{node['reference'].split('/')[0]}/{names[node['reference']]}"
        if "resourceType" in node:
            node["id"] = names[f"{node['resourceType']}/{node['id']}"]
    assert exact(read_findings(rich)) == exact(REPORT)


def test_the_order_does_not_hang_on_that_of_extensions(rich: list[Json]) -> None:
    (report,) = of_kind(rich, "DiagnosticReport")
    report["extension"].reverse()
    assert exact(read_findings(rich)) == exact(REPORT)


def test_it_comes_back_from_a_bundle_of_uuids(rich: list[Json]) -> None:
    names = {f"{one['resourceType']}/{one['id']}": f"urn:uuid:0-{number}" for number, one in enumerate(rich)}
    entries = [{"fullUrl": names[f"{one['resourceType']}/{one.pop('id')}"], "resource": one} for one in rich]
    for node in walk(entries):
        if node.get("reference") in names:
            node["reference"] = names[node["reference"]]
    assert exact(read_findings([{"resourceType": "Bundle", "entry": entries}])) == exact(REPORT)


def test_the_precision_of_the_thread_changes_nothing(rich: list[Json]) -> None:
    with localcontext() as context:
        context.prec = 3
        assert exact(read_findings(sent(REPORT))) == exact(REPORT)
        assert render(sent(REPORT)) == render(rich)


def test_the_same_claim_is_the_same_resource_in_another_report() -> None:
    later = replace(REPORT, at=AT.replace(year=2027), findings=REPORT.findings[::-1])
    ids = [{(one["resourceType"], one["id"]) for one in claims_of(sent(report))} for report in (REPORT, later)]
    assert ids[0] == ids[1]


# What a finding becomes


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("OMIM:154700", "RiskAssessment"),
        ("ORPHA:558", "RiskAssessment"),
        ("MONDO:0007947", "RiskAssessment"),
        ("DECIPHER:1", "RiskAssessment"),
        ("suwen:none-of-these", "RiskAssessment"),
        ("suwen:age", "Observation"),
        ("suwen-issue:after-death", "DetectedIssue"),
        ("HP:0001250", "Observation"),
        ("LOINC:2160-0", "Observation"),
        ("SNOMEDCT:84757009", "Observation"),
        ("whatever", "Observation"),
    ],
)
def test_which_resource_a_finding_becomes(code: str, kind: str) -> None:
    assert kind_of(Code(code)) == kind


@pytest.mark.parametrize(
    ("share", "percent"),
    [
        (0.57, "57.0"),  # 100 * 0.57 is 56.99999999999999 in floats
        (0.29, "29.0"),  # 28.999999999999996
        (0.07, "7.0"),  # 7.000000000000001
        (0.1 + 0.2, "30.000000000000004"),
        (5e-324, "5E-322"),
        (1.0, "100.0"),
        (0.0, "0.0"),
    ],
)
def test_a_chance_in_percent_has_the_digits_of_the_chance(share: float, percent: str) -> None:
    made = _of_one(chance=Chance(share))
    assert str(made["prediction"][0]["probabilityDecimal"]) == percent
    assert said(made, Extensions.CHANCE.value) == []


def test_an_unknown_chance_stays_absent() -> None:
    made = _of_one(chance=Chance(None))
    assert "probabilityDecimal" not in made["prediction"][0]
    assert said(made, Extensions.CHANCE.value) == []
    assert "unknown" in made["text"]["div"]


def _of_one(**changes: Any) -> Json:
    claim = replace(REPORT.findings[0], words={}, finding=replace(REPORT.findings[0].finding, **changes))
    return claims_of(sent(replace(REPORT, findings=(claim,))))[0]


@pytest.mark.parametrize("number", [0, 1, 3])
@pytest.mark.parametrize(
    ("verdict", "standing", "status"),
    [
        ("", True, "final"),
        ("confirmed", True, "final"),
        ("rejected", True, "final"),
        ("amended", True, "amended"),
        ("amended", False, "cancelled"),
        ("", False, "cancelled"),
    ],
)
def test_where_a_claim_stands(number: int, verdict: str, standing: bool, status: str) -> None:
    claim = replace(REPORT.findings[number], verdict=verdict, standing=standing)
    assert claims_of(sent(replace(REPORT, findings=(claim,))))[0]["status"] == status


def test_what_goes_out_is_not_taken_for_a_feature_or_a_diagnosis(rich: list[Json]) -> None:
    patient = {"resourceType": "Patient", "id": "p7"}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in [patient, *rich]]}
    (read,) = read_fhir(bundle).patients
    assert (read.features, read.diagnoses) == ((), ())


def test_others_find_the_standard_elements(rich: list[Json]) -> None:
    risk, observation, by_hand, issue, *_ = claims_of(rich)
    (device,) = [one for one in of_kind(rich, "Device") if one.get("identifier")]
    maker = {"reference": f"Device/{device['id']}"}
    assert device["deviceName"] == [{"name": "rare-disease", "type": "model-name"}]
    assert device["identifier"] == [{"system": Identifiers.DATA_DIGEST.value, "value": "ab" * 32}]
    assert (risk["performer"], observation["device"], issue["author"]) == (maker, maker, maker)
    assert by_hand["performer"][0]["reference"].startswith("Practitioner/")
    outcome = risk["prediction"][0]["outcome"]
    assert (outcome["coding"][0]["system"], outcome["coding"][0]["code"]) == ("http://www.omim.org", "154700")
    assert risk["basis"] == [{"reference": "ImagingStudy/7"}, {"reference": "DocumentReference/9"}]
    assert issue["severity"] == "high"
    assert "value" not in "".join(key for key in observation if key.startswith("value"))
    assert all(one.get("subject", one.get("patient")) == {"reference": "Patient/p7"} for one in claims_of(rich))


def test_the_report_gathers_every_claim_and_the_provenance_names_everybody(rich: list[Json]) -> None:
    (report,), (provenance,) = of_kind(rich, "DiagnosticReport"), of_kind(rich, "Provenance")
    named = [f"{one['resourceType']}/{one['id']}" for one in claims_of(rich)]
    assert [one["valueReference"]["reference"] for one in said(report, Extensions.FINDING.value)] == named
    observations = [one for one in named if one.startswith("Observation/")]
    assert [one["reference"] for one in report["result"]] == observations
    assert [one["reference"] for one in provenance["target"]] == [*named, f"DiagnosticReport/{report['id']}"]
    roles: dict[str, set[str]] = {"author": set(), "verifier": set()}
    for agent in provenance["agent"]:
        roles[agent["type"]["coding"][0]["code"]].add(agent["who"]["reference"])
    present = {f"{one['resourceType']}/{one['id']}" for one in rich}
    assert {kind: len(found) for kind, found in roles.items()} == {"author": 3, "verifier": 3}
    assert roles["author"] | roles["verifier"] <= present
    assert [one["what"]["identifier"]["value"] for one in provenance["entity"]] == ["ab" * 32]


def test_sources_that_are_resources_are_pointed_at_and_others_are_not() -> None:
    evidence = REPORT.findings[3].finding.evidence[0]
    sources = ("Condition/1, Observation/2", "GeneReviews/NBK1335", "PMID:1", "Condition/1")
    ground = tuple(replace(evidence, source=source) for source in sources)
    claim = replace(REPORT.findings[3], finding=replace(REPORT.findings[3].finding, evidence=ground))
    (issue,) = of_kind(sent(replace(REPORT, findings=(claim,))), "DetectedIssue")
    assert issue["evidence"] == [{"detail": [{"reference": "Condition/1"}, {"reference": "Observation/2"}]}]


def test_a_report_without_findings_is_one() -> None:
    empty = FindingReport("Patient/1", AT, ())
    resources = sent(empty)
    assert [one["resourceType"] for one in resources] == ["DiagnosticReport"]
    assert exact(read_findings(resources)) == exact(empty)


# What a reader sees


@pytest.mark.parametrize(
    ("lang", "needed"),
    [
        (
            "en",
            ("Marfan syndrome (OMIM:154700)", "57 %", "29 % to 70 %", "Decision support, not a diagnosis.", "PMID:1"),
        ),
        ("zh", ("马凡综合征 (OMIM:154700)", "57 %", "29 % 至 70 %", "仅供决策参考，并非诊断。", "依据 7", "PMID:1")),
    ],
)
def test_the_text_says_what_matters(lang: str, needed: tuple[str, ...]) -> None:
    risk = claims_of(sent(REPORT, lang))[0]
    shown = "".join(ElementTree.fromstring(risk["text"]["div"]).itertext())  # noqa: S314 (our own)
    for one in (*needed, "rare-disease 2"):
        assert one in shown


@settings(max_examples=40, deadline=None)
@given(reports(), st.sampled_from(("en", "zh")))
def test_every_text_is_sound_xhtml_of_paragraphs(report: FindingReport, lang: str) -> None:
    for resource in sent(report, lang):
        div = ElementTree.fromstring(resource["text"]["div"])  # noqa: S314 (our own)
        names = [one.tag for one in div.iter()]
        assert names == ["{http://www.w3.org/1999/xhtml}div", *["{http://www.w3.org/1999/xhtml}p"] * (len(names) - 1)]
        assert "".join(div.itertext()).strip()


def test_characters_that_xml_has_not_are_left_out_of_the_text_only() -> None:
    evidence = replace(REPORT.findings[0].finding.evidence[0], sentence="a\ufffeb\uffffc")
    made = _of_one(evidence=(evidence,))
    assert "<p>abc (weight" in made["text"]["div"]
    assert made["prediction"][0]["rationale"] == evidence.sentence


@pytest.mark.parametrize(("share", "shown"), [(1e-9, "&lt; 0.01 %"), (1 - 1e-9, "&gt; 99.99 %"), (0.995, "99.5 %")])
def test_a_chance_is_not_shown_as_certain(share: float, shown: str) -> None:
    assert f"Chance: {shown}<" in _of_one(chance=Chance(share))["text"]["div"]


def test_there_is_no_text_in_a_language_that_nobody_wrote() -> None:
    with pytest.raises(InputError, match="en and zh"):
        write_findings(REPORT, lang="fr")


# What cannot go out


def _amiss(claim: Claim, finding: Finding) -> Iterator[tuple[str, FindingReport]]:
    def of(**changes: Any) -> FindingReport:
        return replace(REPORT, findings=(replace(claim, **changes),))

    def found(**changes: Any) -> FindingReport:
        return of(finding=replace(finding, **changes), words={})

    evidence = finding.evidence[0]
    yield (
        "findings[0].finding.evidence[0].seen.value",
        found(evidence=(replace(evidence, seen=Measurement(Code("x"), float("nan"), "")),)),
    )
    yield "findings[0].finding.evidence[0].sentence", found(evidence=(replace(evidence, sentence="a\x00b"),))
    yield "findings[0].finding.evidence[0].source", found(evidence=(replace(evidence, source="x" * 10_001),))
    yield "findings[0].finding.code", found(code=Code(""))
    yield "findings[0].finding.region", found(region=Region("", (), ()))
    yield "findings[0].finding.code.label", found(code=Code("x", " \u3000"))
    yield "findings[0].finding.maker.name", found(maker=replace(finding.maker, name="\ud800"))
    yield "findings[0].words.zh", of(words={"zh": replace(finding, chance=Chance(0.1))})
    yield "findings[0].words", of(words={"z h": finding})
    yield "findings[0].urgency", of(urgency=4)
    yield "findings[0]", of(verdict="maybe")
    yield "findings[0].at", of(at=AT.replace(tzinfo=None))
    yield "findings[0].id", of(id="")
    yield "findings", replace(REPORT, findings=(claim, claim))
    yield "patient_reference", replace(REPORT, patient_reference="")
    yield "title", replace(REPORT, title={"zh": "题"})


AMISS = list(_amiss(REPORT.findings[0], REPORT.findings[0].finding))


@pytest.mark.parametrize(("where", "report"), AMISS, ids=[f"{n}-{where}" for n, (where, _) in enumerate(AMISS)])
def test_what_fhir_could_not_give_back_is_refused_with_its_path(where: str, report: FindingReport) -> None:
    with pytest.raises(InputError) as caught:
        write_findings(report)
    assert [one.where for one in caught.value.problems] == [where]


# What cannot be read


BROKEN: dict[str, Callable[[Json, Json], object]] = {
    "an unknown bearing": lambda claim, _: part_of(claim, Extensions.EVIDENCE, "bearing")["valueCoding"].update(
        code="x"
    ),
    "no weight": lambda claim, _: drop(claim, Extensions.EVIDENCE, "weight"),
    "a weight that is text": lambda claim, _: part_of(claim, Extensions.EVIDENCE, "weight").update(valueDecimal="1"),
    "a weight beyond floats": lambda claim, _: part_of(claim, Extensions.EVIDENCE, "weight").update(
        valueDecimal=Decimal("1E+400")
    ),
    "a blank sentence": lambda claim, _: part_of(claim, Extensions.EVIDENCE, "sentence")["valueCodeableConcept"].update(
        text=" ", _text=None
    ),
    "nothing seen": lambda claim, _: drop(claim, Extensions.EVIDENCE, "code"),
    "two things seen": lambda claim, _: said(claim, Extensions.EVIDENCE.value)[0]["extension"].append(
        {"url": Extensions.ATOMS.value, "extension": [{"url": "smiles", "valueString": "C"}]}
    ),
    "no evidence": lambda claim, _: claim.update(extension=said(claim, Extensions.CLAIM.value)),
    "above a hundred": lambda claim, _: claim["prediction"][0].update(probabilityDecimal=Decimal("100.1")),
    "an interval upside down": lambda claim, _: part_of(claim, Extensions.CHANCE, "low").update(valueDecimal=71),
    "no outcome": lambda claim, _: claim["prediction"].clear(),
    "a terminology nobody knows": lambda claim, _: claim["prediction"][0]["outcome"]["coding"][0].update(system="u:x"),
    "no maker": lambda claim, _: drop(claim, Extensions.CLAIM, "maker"),
    "a maker who is not here": lambda claim, _: part_of(claim, Extensions.CLAIM, "maker")["valueReference"].update(
        reference="Device/gone"
    ),
    "an unknown subject": lambda claim, _: drop(claim, Extensions.CLAIM, "subjectKind"),
    "an unknown verdict": lambda claim, _: part_of(claim, Extensions.CLAIM, "verdict")["valueCoding"].update(code="x"),
    "a claim twice a claim": lambda claim, _: claim["extension"].append(said(claim, Extensions.CLAIM.value)[0]),
    "no claim": lambda claim, _: claim["extension"].pop(0),
    "a review without time": lambda claim, _: drop(claim, Extensions.REVIEW, "at"),
    "a review by nobody": lambda claim, _: drop(claim, Extensions.REVIEW, "by"),
    "a review at no time": lambda claim, _: part_of(claim, Extensions.REVIEW, "at").update(valueInstant="2026-01-01"),
    "a rank that is half": lambda claim, _: part_of(claim, Extensions.CLAIM, "rank").update(
        valuePositiveInt=Decimal("1.5")
    ),
    "extensions that are text": lambda claim, _: claim.update(extension="x"),
    "a report without subject": lambda _, report: report.pop("subject"),
    "a report without time": lambda _, report: report.pop("issued"),
    "a report of something that is not here": lambda _, report: said(report, Extensions.FINDING.value)[0][
        "valueReference"
    ].update(reference="Observation/gone"),
}


@pytest.mark.parametrize("wound", BROKEN, ids=str)
def test_what_is_broken_is_refused_with_its_path(wound: str, rich: list[Json]) -> None:
    claim, (report,) = claims_of(rich)[0], of_kind(rich, "DiagnosticReport")
    BROKEN[wound](claim, report)
    with pytest.raises(FormatError) as caught:
        read_findings(rich)
    paths = [f"resources[{rich.index(one)}]" for one in (claim, report)]
    assert all(one.where.startswith(tuple(paths)) for one in caught.value.problems)
    assert caught.value.problems


def test_all_that_is_broken_is_said_at_once(rich: list[Json]) -> None:
    for claim in claims_of(rich):
        drop(claim, Extensions.EVIDENCE, "weight")
    with pytest.raises(FormatError) as caught:
        read_findings(rich)
    places = {one.where.partition(".")[0] for one in caught.value.problems}
    assert places == {f"resources[{rich.index(one)}]" for one in claims_of(rich)}


@pytest.mark.parametrize("resources", [[], [_STRANGER], [None], [{"resourceType": "Bundle", "entry": "x"}]])
def test_where_there_is_no_report_that_is_said(resources: list[Any]) -> None:
    with pytest.raises(FormatError, match="0 reports of findings"):
        read_findings(resources)


def test_two_reports_are_one_too_many(rich: list[Json]) -> None:
    with pytest.raises(FormatError, match="2 reports"):
        read_findings([*rich, *sent(replace(REPORT, at=AT.replace(year=2027)))])


def test_two_devices_of_one_name_that_differ_are_not_guessed_between(rich: list[Json]) -> None:
    (device,) = [one for one in of_kind(rich, "Device") if one.get("identifier")]
    with pytest.raises(FormatError, match="several resources that differ"):
        read_findings([*rich, {"resourceType": "Device", "id": device["id"]}])


def test_damage_is_refused_or_harmless(rich: list[Json]) -> None:
    """Whatever careless software and hostile hands make of it: a report, or FormatError, and nothing else."""
    whole = json.loads(render({"resourceType": "Bundle", "entry": [{"resource": one} for one in rich]}))
    outcomes = Counter[str]()
    for damaged in mutations([whole], 300, 7):
        try:
            read_findings([parse_tree(damaged.decode())])
            outcomes["read"] += 1
        except (FormatError, UnicodeDecodeError):
            outcomes["refused"] += 1
    assert min(outcomes["read"], outcomes["refused"]) > 20
