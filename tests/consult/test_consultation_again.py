"""Consults one after another and at once: failures told, claims taken back, verdicts kept, nothing filed twice."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from bedside import (
    REASON,
    Probe,
    a_patient,
    by_area,
    claim,
    observation,
    put,
    report_of,
    same,
)
from ward import Ward
from watch import rows

from suwen.consult.answers import CONSULT
from suwen.consult.areas import default_areas
from suwen.consult.chart import Draft, open_patient, open_record, write_records
from suwen.consult.consultation import consult
from suwen.consult.findings import KIND, file_finding, list_findings
from suwen.consult.nouns import Filing, Status, Verdict
from suwen.consult.reviews import amend_finding, confirm_finding, reject_finding
from suwen.diagnosis import Engine
from suwen.errors import ConflictError, FormatError, InputError, MissingExtraError
from suwen.records.access import Act, Role
from suwen.subject import Code, Measurement

# Failure


@pytest.mark.parametrize(
    "failure",
    [
        ZeroDivisionError("Secretname"),
        IndexError("Secretname"),
        TypeError("Secretname"),
        UnicodeDecodeError("utf-8", b"Secretname", 0, 1, "Secretname"),
        RecursionError("Secretname"),
        MemoryError("Secretname"),
        AttributeError("Secretname"),
        FormatError("the weights are of a newer format"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_an_area_that_fails_is_reported_and_the_others_stand(ward: Ward, failure: Exception) -> None:
    """Proves that its type is told, its message only where it is Suwen's, and that the other area is filed."""
    patient, physician = a_patient(ward), ward[Role.PHYSICIAN]
    good, bad = Probe("good", answer=lambda id_: [claim(id_, "OMIM:1")]), Probe("bad", fails=failure)
    found = consult(physician, ward.records, patient, areas=[bad.area(), good.area()])
    report = report_of(found, "bad")
    assert report.status is Status.FAILED
    assert all(type(failure).__name__ in report.reason[lang] for lang in ("en", "zh"))
    assert "Secretname" not in repr(found.areas)
    assert ("newer format" in report.reason["en"]) is isinstance(failure, FormatError)
    assert (report_of(found, "good").status, len(by_area(found, "good"))) == (Status.DONE, 1)


def test_what_a_failing_area_filed_before_stays_and_it_is_tried_again(ward: Ward) -> None:
    """Proves that a failure touches no finding, is written once, and ends with the first run that succeeds."""
    patient, physician = a_patient(ward), ward[Role.PHYSICIAN]
    probe = Probe(answer=lambda id_: [claim(id_, "OMIM:1"), claim(id_, "OMIM:2")])
    first = consult(physician, ward.records, patient, areas=[probe.area()])
    put(ward, patient, observation("HP:0001200"))
    probe.fails = ValueError("no")
    failed = consult(physician, ward.records, patient, areas=[probe.area()])
    assert report_of(failed, "probe").status is Status.FAILED
    assert same(failed.findings, first.findings)
    before = rows(ward)
    again = consult(physician, ward.records, patient, areas=[probe.area()])
    assert (rows(ward), report_of(again, "probe").at) == (before, report_of(failed, "probe").at)
    probe.fails = None
    mended = consult(physician, ward.records, patient, areas=[probe.area()])
    assert (report_of(mended, "probe").status, probe.runs) == (Status.DONE, 4)
    assert same(mended.findings, first.findings)


def other_subject(id_: str) -> list[Filing]:
    one = claim("cd" * 16, "OMIM:1")
    return [claim(id_, "OMIM:2"), replace(one, finding=claim(id_, "OMIM:1").finding)]


def not_a_number(id_: str) -> list[Filing]:
    one = claim(id_, "OMIM:1")
    seen = replace(one.finding.evidence[0], seen=Measurement(Code("LOINC:1"), math.nan, "mm"))
    return [claim(id_, "OMIM:2"), replace(one, finding=replace(one.finding, evidence=(seen,)))]


def half_a_character(id_: str) -> list[Filing]:
    return [claim(id_, "OMIM:1", sentence="half \ud800")]


@pytest.mark.parametrize(
    "said",
    [lambda id_: [claim(id_, "OMIM:1"), claim(id_, "OMIM:1", 0.1)], other_subject, not_a_number, half_a_character],
    ids=["twice", "another subject", "not a number", "half a character"],
)
def test_what_cannot_be_filed_is_a_failure_of_its_area(ward: Ward, said) -> None:
    """Proves that an area that contradicts itself, or claims what no record can hold, files nothing, and harms none."""
    bad, good = Probe("bad", answer=said), Probe("good", answer=lambda id_: [claim(id_, "OMIM:1")])
    found = consult(ward[Role.PHYSICIAN], ward.records, a_patient(ward), areas=[bad.area(), good.area()])
    assert report_of(found, "bad").status is Status.FAILED
    assert [(one.area, one.claim) for one in found.findings] == [("good", "OMIM:1")]


def test_a_program_that_is_stopped_stops(ward: Ward) -> None:
    """Proves that what ends the program is no failure of an area, and that nothing is filed then."""
    patient, before = a_patient(ward), rows(ward)
    with pytest.raises(KeyboardInterrupt):
        consult(ward[Role.PHYSICIAN], ward.records, patient, areas=[Probe(fails=KeyboardInterrupt()).area()])
    assert rows(ward) == before


def test_what_is_not_installed_is_unavailable_until_it_is(ward: Ward, tiny_engine: Engine) -> None:
    """Proves the reason in both languages, without knowledge and without an extra, and the answer once it is there."""
    patient, physician = a_patient(ward), ward[Role.PHYSICIAN]
    extra = Probe(fails=MissingExtraError("torch", "imaging"))
    found = consult(physician, ward.records, patient, areas=[*default_areas(None), extra.area()])
    assert report_of(found, "differential").status is report_of(found, "probe").status is Status.UNAVAILABLE
    assert set(report_of(found, "differential").reason) == {"en", "zh"}
    assert "suwen[imaging]" in report_of(found, "probe").reason["zh"]
    assert report_of(found, "consistency").status is Status.DONE
    there = consult(physician, ward.records, patient, areas=default_areas(tiny_engine))
    assert report_of(there, "differential").status is Status.DONE
    gone = consult(physician, ward.records, patient, areas=default_areas(None))
    assert report_of(gone, "differential").status is Status.UNAVAILABLE
    assert same(by_area(gone, "differential"), by_area(there, "differential"))


def test_what_was_missing_is_asked_once_it_is_there(ward: Ward) -> None:
    """Proves that an area that could not answer is asked again though neither its version nor its input changed."""
    patient, probe = a_patient(ward), Probe(answer=lambda id_: [claim(id_, "OMIM:1")])
    missing = probe.area(missing={"en": "no licence", "zh": "无许可"})
    found = consult(ward[Role.PHYSICIAN], ward.records, patient, areas=[missing])
    assert (report_of(found, "probe").reason["zh"], probe.runs) == ("无许可", 0)
    assert len(consult(ward[Role.PHYSICIAN], ward.records, patient, areas=[probe.area()]).findings) == 1


def test_two_areas_of_one_name_are_refused(ward: Ward) -> None:
    with pytest.raises(InputError, match="same name"):
        consult(ward[Role.PHYSICIAN], ward.records, a_patient(ward), areas=[Probe().area(), Probe().area()])


# No longer claimed


def test_an_unreviewed_claim_is_withdrawn_and_a_judged_one_kept(ward: Ward) -> None:
    """Proves withdrawal, standing, and that a claim made again stands again with its verdict."""
    patient, physician = a_patient(ward), ward[Role.PHYSICIAN]
    probe = Probe(answer=lambda id_: [claim(id_, one) for one in ("A:1", "A:2", "A:3")])
    first = {one.claim: one for one in consult(physician, ward.records, patient, areas=[probe.area()]).findings}
    confirm_finding(physician, ward.records, patient, first["A:2"].record, base=1, reason=REASON)
    probe.answer = lambda id_: [claim(id_, "A:1")]
    put(ward, patient, observation("HP:0001200"))
    less = {one.claim: one for one in consult(physician, ward.records, patient, areas=[probe.area()]).findings}
    assert {name: one.standing for name, one in less.items()} == {"A:1": True, "A:2": False}
    assert (less["A:2"].verdict, less["A:2"].version) == (Verdict.CONFIRMED, 3)
    assert open_record(physician, ward.records, patient, first["A:3"].record)[-1].withdrawn
    put(ward, patient, observation("HP:0002000"))
    still = {one.claim: one for one in consult(physician, ward.records, patient, areas=[probe.area()]).findings}
    assert still == less
    probe.answer = lambda id_: [claim(id_, one) for one in ("A:1", "A:2", "A:3")]
    put(ward, patient, observation("HP:0002200"))
    more = {one.claim: one for one in consult(physician, ward.records, patient, areas=[probe.area()]).findings}
    assert (more["A:2"].record, more["A:2"].standing, more["A:2"].verdict) == (
        first["A:2"].record,
        True,
        Verdict.CONFIRMED,
    )
    assert more["A:3"].record != first["A:3"].record


def test_an_area_that_is_not_asked_keeps_what_it_filed(ward: Ward) -> None:
    """Proves that asking one area does not take back what another filed, nor what a person filed by hand."""
    patient, physician = a_patient(ward), ward[Role.PHYSICIAN]
    one, other = (Probe(name, answer=lambda id_: [claim(id_, "A:1")]) for name in ("one", "other"))
    by_hand = file_finding(physician, ward.records, claim(patient, "A:9").finding)
    consult(physician, ward.records, patient, areas=[one.area(), other.area()])
    put(ward, patient, observation("HP:0001200"))
    found = consult(physician, ward.records, patient, areas=[other.area()])
    assert [(each.area, each.rerun) for each in found.areas] == [("one", False), ("other", True)]
    assert {(each.area, each.claim) for each in found.findings} == {("", "A:9"), ("one", "A:1"), ("other", "A:1")}
    assert by_hand.id in {each.record for each in found.findings}


# Verdicts through reruns


@pytest.mark.parametrize("judge", [confirm_finding, reject_finding])
def test_a_changed_answer_keeps_the_verdict_and_says_what_it_was_about(ward: Ward, judge) -> None:
    """Proves that a review survives the area's new numbers, with the version and the input it judged."""
    patient, physician = a_patient(ward), ward[Role.PHYSICIAN]
    probe = Probe(answer=lambda id_: [claim(id_, "A:1", 0.2)])
    (first,) = consult(physician, ward.records, patient, areas=[probe.area()]).findings
    judged = judge(physician, ward.records, patient, first.record, base=1, reason=REASON)
    probe.answer = lambda id_: [claim(id_, "A:1", 0.7)]
    put(ward, patient, observation("HP:0001200"))
    (now,) = consult(physician, ward.records, patient, areas=[probe.area()]).findings
    assert (now.version, now.finding.chance.value, now.reviews) == (3, 0.7, judged.reviews)
    assert (now.reviews[0].version, now.reviews[0].inputs) == (1, first.inputs)
    assert now.inputs != first.inputs
    assert now.finding.reviewed_by == judged.finding.reviewed_by


@pytest.mark.parametrize("chance", [0.2, 0.7], ids=["the same", "another"])
def test_a_finding_put_right_stays_put_right(ward: Ward, chance: float) -> None:
    """Proves that a rerun touches neither the person's finding nor its words, and renews what the area says beside."""
    patient, physician = a_patient(ward), ward[Role.PHYSICIAN]
    probe = Probe(answer=lambda id_: [claim(id_, "A:1", 0.2)])
    (first,) = consult(physician, ward.records, patient, areas=[probe.area()]).findings
    right = {"en": claim(patient, "A:7", None).finding, "zh": claim(patient, "A:7", None).words["zh"]}
    judged = amend_finding(physician, ward.records, patient, first.record, base=1, reason=REASON, finding=right)
    probe.answer = lambda id_: [claim(id_, "A:1", chance)]
    put(ward, patient, observation("HP:0001200"))
    (now,) = consult(physician, ward.records, patient, areas=[probe.area()]).findings
    assert (now.finding, now.words, now.reviews) == (judged.finding, judged.words, judged.reviews)
    assert (now.claim, now.finding.code.value) == ("A:1", "A:7")
    assert now.version == (2 if chance == 0.2 else 3)
    assert {lang: one.chance.value for lang, one in now.found.items()} == {"en": chance, "zh": chance}


# Somebody else at the same time


def test_two_consults_at_once_file_each_claim_once(ward: Ward) -> None:
    """Proves that findings filed while the areas think make everything be done once more, and none stands twice."""
    patient, physician = a_patient(ward), ward[Role.PHYSICIAN]
    colleague = Probe(answer=lambda id_: [claim(id_, "A:1")])
    probe = Probe(answer=colleague.answer)
    probe.meanwhile = lambda: consult(physician, ward.records, patient, areas=[colleague.area()])
    found = consult(physician, ward.records, patient, areas=[probe.area()])
    assert [one.claim for one in found.findings] == ["A:1"]
    assert len(list_findings(physician, ward.records, patient)) == 1
    assert (probe.runs, colleague.runs, len(probe.given)) == (1, 1, 2)


def test_whoever_is_always_overtaken_is_told(ward: Ward) -> None:
    """Proves that it is tried twice and no more, and that nothing of it stays."""
    patient, physician = a_patient(ward), ward[Role.PHYSICIAN]
    probe = Probe(answer=lambda id_: [claim(id_, "A:1")])
    probe.meanwhile = lambda: file_finding(physician, ward.records, claim(patient, "A:9").finding)
    with pytest.raises(ConflictError):
        consult(physician, ward.records, patient, areas=[probe.area()])
    assert probe.runs == 2
    assert [one.code.value for _, one in list_findings(physician, ward.records, patient)] == ["A:9", "A:9"]
    assert open_patient(physician, ward.records, patient, kinds=[CONSULT]) == []


def test_new_data_while_the_areas_think_conflict_with_nobody(ward: Ward) -> None:
    """Proves that a monitor that writes all the time does not keep a consult from ending; the next one sees it."""
    patient, physician = a_patient(ward), ward[Role.PHYSICIAN]
    probe = Probe(answer=lambda id_: [claim(id_, "A:1")])
    probe.meanwhile = lambda: put(ward, patient, observation("HP:0001200", id_=f"m{probe.runs}"))
    assert len(consult(physician, ward.records, patient, areas=[probe.area()]).findings) == 1
    assert probe.runs == 1
    consult(physician, ward.records, patient, areas=[probe.area()])
    assert probe.runs == 2


def test_a_second_claim_that_a_bundle_brought_is_taken_back(ward: Ward) -> None:
    """Proves that of two records of one claim the judged one stays the area's, and the other is withdrawn."""
    patient, physician = a_patient(ward), ward[Role.PHYSICIAN]
    probe = Probe(answer=lambda id_: [claim(id_, "A:1", 0.2)])
    (first,) = consult(physician, ward.records, patient, areas=[probe.area()]).findings
    confirm_finding(physician, ward.records, patient, first.record, base=1, reason=REASON)
    (payload,) = [one.payload for one in open_record(physician, ward.records, patient, first.record)[:1]]
    write_records(physician, ward.records, patient, [Draft(KIND, payload)], act=Act.DIAGNOSE)
    put(ward, patient, observation("HP:0001200"))
    (now,) = consult(physician, ward.records, patient, areas=[probe.area()]).findings
    assert (now.record, now.verdict) == (first.record, Verdict.CONFIRMED)
