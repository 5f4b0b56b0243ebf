"""The consult over a real store: decided first, each area given its own, filed once, ordered, run only when touched."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise, permutations

import pytest
from bedside import (
    PRESENT,
    REASON,
    Probe,
    a_patient,
    by_area,
    claim,
    condition,
    observation,
    patient_resource,
    put,
    report_of,
    resource,
    same,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from ward import Ward
from watch import audited, length, rows

from suwen.consult.answers import CONSULT, in_order
from suwen.consult.areas import default_areas
from suwen.consult.chart import Draft, open_record, write_records
from suwen.consult.consultation import consult, read_consultation
from suwen.consult.findings import list_findings
from suwen.consult.nouns import Filed, Filing, Review, Status, Verdict
from suwen.diagnosis import NONE_OF_THESE, Engine, Prior, differential
from suwen.errors import AccessError, FormatError, NotFoundError
from suwen.finding import Chance
from suwen.govern.care import grant_care
from suwen.records.access import Act, Purpose, Role
from suwen.records.audit import EventKind, Outcome
from suwen.subject import Code, Feature, Patient, Sex

# Access


@pytest.mark.parametrize("role", [Role.NURSE, Role.PHYSICIAN, Role.ADMINISTRATOR])
def test_nothing_is_opened_for_whoever_may_not_diagnose(ward: Ward, role: Role) -> None:
    """Proves that a nurse in care (who may view), a physician not in care and an administrator get nothing."""
    patient, probe = a_patient(ward), Probe()
    actor = ward.hire("other", role) if role is Role.PHYSICIAN else ward[role]
    if role is Role.NURSE:
        grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="nurse")
    stood, before = length(ward), rows(ward)
    with pytest.raises(AccessError):
        consult(actor, ward.records, patient, areas=[probe.area()])
    events = audited(ward, stood, by=actor.id)
    assert [one.outcome for one in events if one.kind is EventKind.DECISION][-1] is Outcome.DENY
    assert not [one for one in events if one.kind in (EventKind.OPEN, EventKind.SEAL)]
    assert probe.given == []
    assert rows(ward) == before


def test_every_record_opened_is_named_in_the_audit_after_both_decisions(ward: Ward) -> None:
    """Proves the order decision, decision, open; and that filing is decided again and names what it wrote."""
    patient, probe = a_patient(ward), Probe(answer=lambda id_: [claim(id_, "OMIM:1")])
    stood, physician = length(ward), ward[Role.PHYSICIAN]
    consult(physician, ward.records, patient, areas=[probe.area()])
    events = audited(ward, stood, by=physician.id, subject=patient)
    said = [(one.kind, one.act) for one in events]
    decided = [(EventKind.DECISION, "view"), (EventKind.DECISION, "diagnose")]
    sealed = (EventKind.SEAL, "diagnose")
    assert said == [*decided, (EventKind.OPEN, "view"), decided[1], sealed, sealed]
    assert len(events[2].detail["records"]) == 4  # who it is, a Patient, two Observations


def test_in_an_emergency_the_purpose_decides(ward: Ward) -> None:
    """Proves that the purpose reaches the decision: without broken glass an emergency opens nothing."""
    patient = a_patient(ward)
    with pytest.raises(AccessError):
        consult(ward[Role.PHYSICIAN], ward.records, patient, areas=[], purpose=Purpose.EMERGENCY)


# Each area gets its own


def test_an_area_sees_only_its_kinds(ward: Ward) -> None:
    """Proves that no area is given a resource of another type, and that what is there is counted for all."""
    patient = a_patient(ward, observation("HP:0001100"), condition("HP:0002100"), resource("ImagingStudy", "i"))
    probes = [Probe(kind, frozenset({kind})) for kind in ("Observation", "Condition", "ImagingStudy", "Procedure")]
    found = consult(ward[Role.PHYSICIAN], ward.records, patient, areas=[one.area() for one in probes])
    seen = [[one["resourceType"] for one in probe.given[0]] for probe in probes]
    assert seen == [["Observation"], ["Condition"], ["ImagingStudy"], []]
    assert found.available == {"Condition": 1, "ImagingStudy": 1, "Observation": 1}


def test_what_cannot_be_read_is_counted_and_the_rest_is_seen(ward: Ward) -> None:
    """Proves that random bytes, another type's resource and no resource at all in one record harm no other."""
    patient = a_patient(ward, observation("HP:0001100"))
    wrong = [b"\x00\xff", b'{"format":1,"fullUrl":"","source":"","resource":[]}']
    wrong.append(b'{"format":1,"fullUrl":"","source":"","resource":{"resourceType":"Condition"}}')
    write_records(ward[Role.PHYSICIAN], ward.records, patient, [Draft("Observation", one) for one in wrong])
    probe = Probe()
    found = consult(ward[Role.PHYSICIAN], ward.records, patient, areas=[probe.area()])
    assert [one["id"] for one in probe.given[0]] == ["o-0001100"]
    assert report_of(found, "probe").left_out == {"cannot be read": 3}
    assert report_of(found, "probe").status is Status.DONE


# What is filed


def test_the_differential_is_filed_as_it_is_in_both_languages(ward: Ward, tiny_engine: Engine) -> None:
    """Proves the law of filing: what the area says in English and Chinese is what is read back, to the last label."""
    patient = a_patient(ward)
    found = consult(ward[Role.PHYSICIAN], ward.records, patient, areas=default_areas(tiny_engine, top=3, least=0.0))
    features = tuple(Feature(Code(one)) for one in PRESENT)
    noun = Patient(patient, features, Sex.FEMALE, 29.5)
    for lang in ("en", "zh"):
        said = differential(noun, knowledge=tiny_engine, prior=Prior(setting="common"), top=3, lang=lang)
        assert repr([one.worded(lang) for one in by_area(found, "differential")]) == repr(list(said))
    listed = list_findings(ward[Role.PHYSICIAN], ward.records, patient)
    assert {repr(one) for _, one in listed} == {repr(one.finding) for one in found.findings}
    assert same(read_consultation(ward[Role.PHYSICIAN], ward.records, patient).findings, found.findings)
    assert NONE_OF_THESE in {one.claim for one in found.findings}


def test_findings_name_model_knowledge_and_input(ward: Ward, tiny_engine: Engine) -> None:
    """Proves that each finding says by which model, from which knowledge and from which input it was made."""
    found = consult(ward[Role.PHYSICIAN], ward.records, a_patient(ward), areas=default_areas(tiny_engine, least=0.0))
    report = report_of(found, "differential")
    assert tiny_engine.knowledge.digest[:16] in report.version
    assert len(report.inputs) == 64
    for one in by_area(found, "differential"):
        assert one.finding.maker.version
        assert one.finding.maker.data_digest == tiny_engine.knowledge.digest
        assert (one.made_with, one.inputs) == (report.version, report.inputs)


def test_what_was_filed_is_what_is_read(ward: Ward, tiny_engine: Engine) -> None:
    """Proves that the report read later says of every area what the consult said, but for who ran."""
    patient, physician = a_patient(ward), ward[Role.PHYSICIAN]
    empty = read_consultation(physician, ward.records, patient)
    assert (empty.areas, empty.findings, empty.at) == ((), (), 0)
    ran = consult(physician, ward.records, patient, areas=default_areas(tiny_engine, least=0.0))
    grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who=ward[Role.NURSE] and "nurse")
    read = read_consultation(ward[Role.NURSE], ward.records, patient)
    assert [replace(one, rerun=False) for one in ran.areas] == list(read.areas)
    assert (read.findings, read.available, read.demographics) == (ran.findings, ran.available, ran.demographics)
    assert read.at == max(one.at for one in ran.areas)


def test_two_runs_on_the_same_data_give_the_same(ward: Ward, tiny_engine: Engine) -> None:
    """Proves that a second consult runs nothing and writes nothing, and that a forced one finds the same again."""
    patient, physician = a_patient(ward), ward[Role.PHYSICIAN]
    areas = default_areas(tiny_engine, least=0.0)
    first = consult(physician, ward.records, patient, areas=areas)
    before, stood = rows(ward), length(ward)
    second = consult(physician, ward.records, patient, areas=areas)
    assert rows(ward) == before
    kinds = [one.kind for one in audited(ward, stood, by=physician.id)]
    assert kinds == [EventKind.DECISION, EventKind.DECISION, EventKind.OPEN]
    assert same(consult(physician, ward.records, patient, areas=areas[::-1]).findings, first.findings)
    assert rows(ward) == before
    assert [one.rerun for one in first.areas] == [True] * len(areas)
    assert [one.rerun for one in second.areas] == [False] * len(areas)
    assert same(first.findings, second.findings)
    other = ward.patient(2)
    put(ward, other, *(observation(one) for one in reversed(PRESENT)), patient_resource())
    again = consult(physician, ward.records, other, areas=areas)
    content = [[repr(one.finding).replace(other, patient) for one in two.findings] for two in (first, again)]
    assert content[0] == content[1]


def test_an_area_of_another_version_is_run_again(ward: Ward) -> None:
    """Proves that a new model answers anew though no datum changed, as the next version of the same finding."""
    patient, physician = a_patient(ward), ward[Role.PHYSICIAN]
    probe = Probe(answer=lambda id_: [claim(id_, "OMIM:1", 0.2)])
    (old,) = consult(physician, ward.records, patient, areas=[probe.area()]).findings
    probe.answer = lambda id_: [claim(id_, "OMIM:1", 0.3)]
    assert consult(physician, ward.records, patient, areas=[probe.area()]).findings == (old,)
    (new,) = consult(physician, ward.records, patient, areas=[probe.area(version="probe 2")]).findings
    assert (new.record, new.version, new.finding.chance.value) == (old.record, 2, 0.3)
    assert (old.made_with, new.made_with) == ("probe 1", "probe 2")


def test_only_what_new_data_touch_is_run_again(ward: Ward, tiny_engine: Engine) -> None:
    """Proves that a new Observation moves the differential, and an area of images only when an image comes."""
    patient, physician = a_patient(ward), ward[Role.PHYSICIAN]
    images = Probe("images", frozenset({"ImagingStudy"}))
    areas = [*default_areas(tiny_engine, least=0.0), images.area()]

    def ran() -> set[str]:
        return {one.area for one in consult(physician, ward.records, patient, areas=areas).areas if one.rerun}

    assert ran() == {"differential", "consistency", "heart", "ecg", "images"}
    put(ward, patient, observation("HP:0001200", present=False))
    assert ran() == {"differential", "consistency"}
    put(ward, patient, observation("HP:0001200", id_="again", present=False))  # says nothing new to the differential
    assert ran() == {"consistency"}
    put(ward, patient, resource("ImagingStudy", "i", started="2020-01-02"))
    assert ran() == {"consistency", "images"}
    assert (images.runs, ran()) == (2, set())


def test_equal_claims_are_not_written_again(ward: Ward) -> None:
    """Proves that of the claims on new data only those that changed get a version: in words, or in urgency alone."""
    patient, physician = a_patient(ward), ward[Role.PHYSICIAN]
    probe = Probe(answer=lambda id_: [claim(id_, code) for code in ("A:1", "A:2", "A:3", "A:4")])
    consult(physician, ward.records, patient, areas=[probe.area()])
    probe.answer = lambda id_: [
        claim(id_, "A:1"),
        claim(id_, "A:2", sentence="otherwise said"),
        claim(id_, "A:3"),
        claim(id_, "A:4", urgency=2),
    ]
    put(ward, patient, observation("HP:0001200"))
    found = consult(physician, ward.records, patient, areas=[probe.area()])
    assert {one.claim: one.version for one in found.findings} == {"A:1": 1, "A:2": 2, "A:3": 1, "A:4": 2}


# What matters


def filed(ward_patient: str, **said: object) -> Filed:
    one: Filing = claim(ward_patient, str(said.pop("claim", "A:1")), said.pop("chance", 0.5))
    base = Filed("r", 1, 1, "area", one.finding.code.value, one.finding)
    return replace(base, **said)


def review(verdict: Verdict) -> tuple[Review, ...]:
    return (Review(verdict, REASON, "ab", "Dr. Wu", 1, 1),)


def test_what_matters_comes_first() -> None:
    """Proves each step of the order against the next, whatever order they are given in."""
    ordered = [
        filed("p", record="1", urgency=3, chance=None),
        filed("p", record="2", urgency=2, reviews=review(Verdict.AMENDED), chance=0.1),
        filed("p", record="3", urgency=2, chance=0.9),
        filed("p", record="4", reviews=review(Verdict.CONFIRMED), chance=0.1),
        filed("p", record="5", chance=0.9),
        filed("p", record="hand", area="", chance=0.4),
        filed("p", record="z", claim="A:9", chance=0.4),  # the first area lists it before y
        filed("p", record="y", claim="A:1", chance=0.4),
        filed("p", record="x", area="second", claim="A:0", chance=0.4),
        filed("p", record="6", chance=0.0),
        filed("p", record="7", chance=None),
        filed("p", record="8", standing=False, urgency=3, chance=0.9),
        filed("p", record="9", reviews=review(Verdict.REJECTED), urgency=3, chance=0.9),
    ]
    areas = [["1", "2", "3", "4", "5", "z", "y", "7", "6", "8", "9"], ["x"]]
    for turned in (ordered, ordered[::-1], sorted(ordered, key=lambda one: one.claim)):
        assert [one.record for one in in_order(turned, areas)] == [one.record for one in ordered]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([None, 0.0, 0.3]), st.integers(0, 3), st.booleans()), max_size=4))
def test_the_order_is_one(given_: list[tuple[float | None, int, bool]]) -> None:
    """Proves that the order in which findings come decides nothing."""
    found = [
        filed("p", record=str(at), chance=chance, urgency=urgency, standing=standing)
        for at, (chance, urgency, standing) in enumerate(given_)
    ]
    assert len({tuple(one.record for one in in_order(turned, [])) for turned in permutations(found)}) == 1


def test_the_differential_keeps_its_own_order(ward: Ward, tiny_engine: Engine) -> None:
    """Proves that diseases of equal probability stay as the differential ranks them."""
    patient = a_patient(ward, observation("HP:0002000"))
    found = by_area(
        consult(ward[Role.PHYSICIAN], ward.records, patient, areas=default_areas(tiny_engine, top=4, least=0.0)),
        "differential",
    )
    noun = Patient(patient, (Feature(Code("HP:0002000")),), age_years=None)
    chances = [one.finding.chance.value for one in found]
    said = [one.code.value for one in differential(noun, knowledge=tiny_engine, prior=Prior(setting="common"), top=4)]
    assert chances == sorted(chances, reverse=True)
    assert {one.claim for one in found} == set(said)


# Formats


GOLDEN_CONSULT = {
    "format": 1,
    "area": "differential",
    "place": 0,
    "title": {"en": "Rare disease differential", "zh": "罕见病鉴别诊断"},
    "version": "m 1",
    "inputs": "ab" * 32,
    "status": "nothing",
    "reason": {"en": "nothing", "zh": "无"},
    "used": {"Observation": 2},
    "left_out": {"http://loinc.org": 7},
    "sources": ["HPO"],
    "limits": {"en": ["little"], "zh": ["少"]},
    "remarks": {"en": ["a"], "zh": ["甲"]},
    "findings": ["cd" * 16],
}


def write_consult(ward: Ward, patient: str, content: object) -> None:
    draft = Draft(CONSULT, json.dumps(content).encode())
    write_records(ward[Role.PHYSICIAN], ward.records, patient, [draft], act=Act.DIAGNOSE)


def test_an_answer_of_format_1_is_read_for_ever(ward: Ward) -> None:
    """Proves the reader against a literal: change the format by raising its number, never by changing this."""
    patient = a_patient(ward)
    write_consult(ward, patient, GOLDEN_CONSULT)
    (report,) = read_consultation(ward[Role.PHYSICIAN], ward.records, patient).areas
    assert (report.area, report.status, report.version) == ("differential", Status.NOTHING, "m 1")
    assert (report.used, report.left_out) == ({"Observation": 2}, {"http://loinc.org": 7})
    assert (report.remarked("en"), report.remarked("zh"), report.remarked("fr")) == (("a",), ("甲",), ("a",))
    assert (report.limits["zh"], report.reason["zh"], report.rerun) == (("少",), "无", False)


@pytest.mark.parametrize("damage", [{"format": 2}, {"status": "maybe"}, {"findings": None}])
def test_an_answer_that_is_none_is_a_format_error(ward: Ward, damage: dict) -> None:
    patient = a_patient(ward)
    write_consult(ward, patient, {**GOLDEN_CONSULT, **damage})
    with pytest.raises(FormatError):
        read_consultation(ward[Role.PHYSICIAN], ward.records, patient)


def test_an_unknown_patient_is_not_found(ward: Ward) -> None:
    with pytest.raises((AccessError, NotFoundError)):
        consult(ward[Role.PHYSICIAN], ward.records, "00" * 16, areas=[])


def test_versions_of_findings_are_all_there(ward: Ward) -> None:
    """Proves that the history of a finding holds every answer of the area in turn."""
    patient, physician = a_patient(ward), ward[Role.PHYSICIAN]
    probe = Probe()
    for at, chance in enumerate((0.1, 0.2, 0.3)):
        probe.answer = lambda id_, chance=chance: [claim(id_, "A:1", chance)]
        put(ward, patient, observation("HP:0001200", id_=f"n{at}"))
        (now,) = consult(physician, ward.records, patient, areas=[probe.area()]).findings
    history = open_record(physician, ward.records, patient, now.record)
    assert [one.version for one in history] == [1, 2, 3]
    assert all(earlier.payload != later.payload for earlier, later in pairwise(history))
    assert now.finding.chance == Chance(0.3)
