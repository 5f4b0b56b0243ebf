"""Findings in the sealed record: filed by those who diagnose, listed unchanged to those who care; on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ward import Ward
from watch import audited, length

from suwen.consult.chart import open_record
from suwen.consult.findings import KIND, file_finding, list_findings
from suwen.errors import AccessError, InputError
from suwen.finding import Bearing, Chance, Evidence, Finding, Maker
from suwen.govern.care import grant_care
from suwen.records.access import Role
from suwen.records.audit import EventKind
from suwen.subject import Atoms, Code, Kind, Measurement, Reference, Region, Span, Stretch

SEEN = (
    Code("HP:0001250", "癫痫发作"),
    Measurement(Code("LOINC:2345-7", "Glucose"), 5.5, "mmol/L"),
    Region("ab" * 16, (0, 1, 2), (3, 4, 5)),
    Atoms("CC(=O)O", (0, 2)),
    Span("note-1", 3, 9, "naïve"),
    Stretch("ecg-1", 1.25, 1.5, ("II", "V1")),
)


LIKELY = Chance(0.25, 0.1, 0.5, "held-out cases")


def finding(patient: str, *seen: object, chance: Chance = LIKELY) -> Finding:
    reasons = [Evidence(Bearing.SUPPORTS, one, 1.25, "见于 83 % 的病例", "PMID:1") for one in seen]
    return Finding(
        Reference(Kind.PATIENT, patient), Code("OMIM:154700", "Marfan"), chance, tuple(reasons), Maker("m", "1", "d")
    )


def test_all_five_kinds_of_evidence_come_back_from_the_store(either_ward: Ward) -> None:
    """Proves that what is filed is what is listed, oldest first, with unknown chances unknown and its act audited."""
    ward, physician = either_ward, either_ward[Role.PHYSICIAN]
    patient, stood = ward.patient(1), length(either_ward)
    filed = [finding(patient, one, chance=Chance(None)) for one in SEEN] + [finding(patient, *SEEN)]
    filed[0] = replace(filed[0], region=SEEN[2], reviewed_by=Maker("Dr. 王"))
    records = [file_finding(physician, ward.records, one) for one in filed]
    listed = list_findings(physician, ward.records, patient)
    assert [one for _, one in listed] == filed
    assert [repr(one) for _, one in listed] == [repr(one) for one in filed]
    assert [record.id for record, _ in listed] == [record.id for record in records]
    sealed = [one for one in audited(ward, stood, by=physician.id, subject=patient) if one.kind is EventKind.SEAL]
    assert [one.act for one in sealed][-len(filed) :] == ["diagnose"] * len(filed)


def test_the_store_loses_nothing_of_any_finding(ward: Ward) -> None:
    """Proves the law of tests/laws/test_filed_findings.py through sealing and opening, for random texts and numbers."""
    patient, physician = ward.patient(1), ward[Role.PHYSICIAN]
    text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(str.strip)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(text, text, st.floats(allow_nan=False, allow_infinity=False), st.none() | st.floats(0, 1))
    def law(label: str, sentence: str, weight: float, value: float | None) -> None:
        reason = Evidence(Bearing.NEUTRAL, Code("X:1", label), weight, sentence, "a source")
        one = replace(finding(patient, SEEN[0], chance=Chance(value)), evidence=(reason,))
        record = file_finding(physician, ward.records, one)
        (found,) = [read for kept, read in list_findings(physician, ward.records, patient) if kept.id == record.id]
        assert repr(found) == repr(one)

    law()


def test_only_those_who_diagnose_file_and_only_about_patients(ward: Ward) -> None:
    """Proves the act "diagnose" of filing, the subject's kind, and that a nurse in care reads findings."""
    patient, one = ward.patient(1), finding("", SEEN[0])
    for role in (Role.NURSE, Role.IMAGING_SPECIALIST):
        ward[role]
        grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who=role.value.replace(" ", "-"))
    mine = finding(patient, *SEEN)
    with pytest.raises(AccessError):
        file_finding(ward[Role.NURSE], ward.records, mine)
    record = file_finding(ward[Role.IMAGING_SPECIALIST], ward.records, mine)
    assert [read for _, read in list_findings(ward[Role.NURSE], ward.records, patient)] == [mine]
    assert open_record(ward[Role.NURSE], ward.records, patient, record.id)[0].kind == KIND
    for kind in set(Kind) - {Kind.PATIENT}:
        with pytest.raises(InputError, match=kind.value):
            file_finding(ward[Role.PHYSICIAN], ward.records, replace(one, subject=Reference(kind, patient)))
