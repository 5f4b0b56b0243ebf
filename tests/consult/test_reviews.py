"""What people say of findings: by whom, about which version, why; nothing said is lost, and formats are for ever."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from bedside import Probe, claim, put
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from ward import Ward
from watch import audited, length, rows

from suwen.consult.chart import Draft, Record, open_record, withdraw_record, write_records
from suwen.consult.consultation import consult, read_consultation
from suwen.consult.findings import file_finding, filed_finding, filed_to_bytes, finding_from_bytes, list_findings
from suwen.consult.nouns import Filed, Review, Verdict
from suwen.consult.reviews import amend_finding, confirm_finding, finding_history, reject_finding
from suwen.errors import AccessError, ConflictError, FormatError, InputError, NotFoundError
from suwen.finding import Bearing, Chance, Maker
from suwen.govern.care import grant_care
from suwen.govern.machines import begin_authority, certify_device, recognise_device
from suwen.records.access import Act, Role
from suwen.records.audit import EventKind
from suwen.records.identity.authority import certificate_request
from suwen.subject import Code, Kind, Reference

REASON = "seen at the bedside today"


def a_finding(ward: Ward, chance: float = 0.4) -> tuple[str, Filed]:
    patient = ward.patient(1)
    probe = Probe(answer=lambda id_: [claim(id_, "A:1", chance)])
    (found,) = consult(ward[Role.PHYSICIAN], ward.records, patient, areas=[probe.area()]).findings
    return patient, found


@pytest.mark.parametrize(("judge", "verdict"), [(confirm_finding, "confirmed"), (reject_finding, "rejected")])
def test_a_verdict_is_kept_with_who_why_and_what_about(ward: Ward, judge, verdict: str) -> None:
    """Proves the review, the person's name on the finding in each language, and that it is audited as diagnosing."""
    patient, found = a_finding(ward)
    physician, stood = ward[Role.PHYSICIAN], length(ward)
    now = judge(physician, ward.records, patient, found.record, base=1, reason=f"  {REASON} ")
    (review,) = now.reviews
    assert (review.verdict.value, review.reason, review.by, review.name) == (verdict, REASON, physician.id, "physician")
    assert (review.version, review.at, now.version) == (1, now.at, 2)
    assert (review.made_with, review.inputs) == (found.made_with, found.inputs)
    for lang in ("en", "zh"):
        assert now.worded(lang) == replace(found.worded(lang), reviewed_by=Maker("physician"))
    (read,) = read_consultation(physician, ward.records, patient).findings
    assert repr(read) == repr(now)
    sealed = [one for one in audited(ward, stood, by=physician.id, subject=patient) if one.kind is EventKind.SEAL]
    assert [one.act for one in sealed] == ["diagnose"]
    assert REASON not in repr(audited(ward, stood))


def test_every_verdict_stays_in_the_history(ward: Ward) -> None:
    """Proves that people may change their minds, and that who reads later sees each version in turn."""
    patient, found = a_finding(ward)
    physician = ward[Role.PHYSICIAN]
    one = confirm_finding(physician, ward.records, patient, found.record, base=1, reason=REASON)
    two = amend_finding(
        physician, ward.records, patient, found.record, base=2, reason=REASON, finding=claim(patient, "A:7").finding
    )
    three = reject_finding(physician, ward.records, patient, found.record, base=3, reason="no, it is not that")
    history = finding_history(physician, ward.records, patient, found.record)
    assert [repr(each) for each in history] == [repr(each) for each in (found, one, two, three)]
    assert [each.verdict for each in three.reviews] == [Verdict.CONFIRMED, Verdict.AMENDED, Verdict.REJECTED]
    assert three.finding.code.value == "A:7"
    withdraw_record(physician, ward.records, patient, found.record, base=4)
    gone = finding_history(physician, ward.records, patient, found.record)[-1]
    assert (gone.version, gone.standing, gone.reviews) == (5, False, three.reviews)


def test_a_finding_put_right_shows_the_persons_and_keeps_the_areas(ward: Ward) -> None:
    """Proves both, that another claim does not inherit a calibrated chance, and that one's own chance is kept."""
    patient, found = a_finding(ward)
    physician = ward[Role.PHYSICIAN]
    right = replace(found.finding, code=Code("A:7", "Another"))
    now = amend_finding(physician, ward.records, patient, found.record, base=1, reason=REASON, finding=right)
    assert (now.claim, now.finding.code.label, now.finding.chance) == ("A:1", "Another", Chance(None))
    assert now.found == {"en": found.finding, "zh": found.words["zh"]}
    assert now.worded("zh") == now.finding
    surer = replace(now.finding, chance=Chance(0.9))
    again = amend_finding(physician, ward.records, patient, found.record, base=2, reason=REASON, finding=surer)
    assert again.finding.chance == Chance(0.9)
    same_code = replace(surer, evidence=surer.evidence * 2)
    third = amend_finding(physician, ward.records, patient, found.record, base=3, reason=REASON, finding=same_code)
    assert (third.finding.chance, len(third.finding.evidence)) == (Chance(0.9), 2)


def test_whoever_may_not_diagnose_judges_nothing(ward: Ward) -> None:
    """Proves that a nurse in care reads history and verdict but gives none, nor a stranger, and nothing is written."""
    patient, found = a_finding(ward)
    nurse, stranger = ward[Role.NURSE], ward.hire("other", Role.PHYSICIAN)
    grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="nurse")
    before = rows(ward)
    for actor in (nurse, stranger):
        for judge in (confirm_finding, reject_finding):
            with pytest.raises(AccessError):
                judge(actor, ward.records, patient, found.record, base=1, reason=REASON)
    assert rows(ward) == before
    assert [one.version for one in finding_history(nurse, ward.records, patient, found.record)] == [1]
    with pytest.raises(AccessError):
        finding_history(stranger, ward.records, patient, found.record)


def test_a_device_judges_nothing(ward: Ward) -> None:
    """Proves that only people judge: a device in care that is certified to diagnose consults, and gives no verdict."""
    patient, found = a_finding(ward)
    administrator = ward[Role.ADMINISTRATOR]
    begin_authority(administrator, ward.records, "Hospital")
    _, request = certificate_request("monitor")
    pem = certify_device(administrator, ward.records, request, name="monitor", acts=[Act.VIEW, Act.DIAGNOSE])
    grant_care(administrator, ward.records, patient=patient, who="monitor", device=True)
    der = x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)
    device, before = recognise_device(ward.records, der), rows(ward)
    assert consult(device, ward.records, patient, areas=[]).findings == (found,)
    for judge in (confirm_finding, reject_finding):
        with pytest.raises(AccessError, match="a person does"):
            judge(device, ward.records, patient, found.record, base=1, reason=REASON)
    assert rows(ward) == before


@pytest.mark.parametrize("reason", ["", "ok", "   short    ", "123456789"])
def test_a_verdict_needs_a_reason(ward: Ward, reason: str) -> None:
    patient, found = a_finding(ward)
    with pytest.raises(InputError, match="at least 10"):
        confirm_finding(ward[Role.PHYSICIAN], ward.records, patient, found.record, base=1, reason=reason)


def test_only_the_version_that_was_looked_at_is_judged(ward: Ward) -> None:
    """Proves that a verdict on what was overtaken is refused, and on what was withdrawn."""
    patient, found = a_finding(ward)
    physician = ward[Role.PHYSICIAN]
    confirm_finding(physician, ward.records, patient, found.record, base=1, reason=REASON)
    with pytest.raises(ConflictError, match="now version 2"):
        reject_finding(physician, ward.records, patient, found.record, base=1, reason=REASON)
    withdraw_record(physician, ward.records, patient, found.record, base=2)
    with pytest.raises(ConflictError, match="withdrawn"):
        reject_finding(physician, ward.records, patient, found.record, base=3, reason=REASON)


def test_only_findings_about_the_same_subject(ward: Ward) -> None:
    """Proves that an observation is judged by nobody, nor a finding made into one about somebody else."""
    patient, found = a_finding(ward)
    physician = ward[Role.PHYSICIAN]
    (other,) = put(ward, patient, {"resourceType": "Observation", "id": "x"})
    with pytest.raises(NotFoundError, match="no finding"):
        confirm_finding(physician, ward.records, patient, other.id, base=1, reason=REASON)
    with pytest.raises(NotFoundError, match="no finding"):
        finding_history(physician, ward.records, patient, other.id)
    wrong = replace(found.finding, subject=Reference(Kind.PATIENT, "cd" * 16))
    with pytest.raises(InputError, match="same subject"):
        amend_finding(physician, ward.records, patient, found.record, base=1, reason=REASON, finding=wrong)
    with pytest.raises(InputError, match="English"):
        amend_finding(
            physician, ward.records, patient, found.record, base=1, reason=REASON, finding={"zh": found.words["zh"]}
        )


def test_a_finding_filed_by_hand_is_judged_alike(ward: Ward) -> None:
    """Proves that a payload of format 1 becomes one of format 2 with nothing lost, and lists as before."""
    patient, physician = ward.patient(1), ward[Role.PHYSICIAN]
    mine = claim(patient, "A:1").finding
    record = file_finding(physician, ward.records, mine)
    now = confirm_finding(physician, ward.records, patient, record.id, base=1, reason=REASON)
    assert (now.area, now.claim, now.found, now.verdict) == ("", "A:1", {"en": mine}, Verdict.CONFIRMED)
    assert [one for _, one in list_findings(physician, ward.records, patient)] == [now.finding]
    assert json.loads(open_record(physician, ward.records, patient, record.id)[-1].payload)["format"] == 2


# Formats


FINDING = {
    "subject": {"kind": "patient", "id": "ab" * 16},
    "code": {"type": "Code", "value": "OMIM:1", "label": "One"},
    "chance": {"value": 0.25, "low": 0.1, "high": 0.5, "calibration": "held out"},
    "evidence": [
        {
            "bearing": "supports",
            "seen": {"type": "Code", "value": "HP:0001250", "label": "Seizure"},
            "weight": 1.25,
            "sentence": "often",
            "source": "PMID:1",
        }
    ],
    "maker": {"name": "m", "version": "1", "data_digest": "d"},
    "region": None,
    "reviewed_by": None,
}
ANOTHER = {**FINDING, "code": {"type": "Code", "value": "OMIM:2", "label": "Two"}}
GOLDEN = {
    "format": 2,
    "area": "differential",
    "claim": "OMIM:1",
    "made_with": "m 1",
    "inputs": "cd" * 32,
    "urgency": 2,
    "standing": False,
    "found": {"en": FINDING, "zh": {**FINDING, "code": {"type": "Code", "value": "OMIM:1", "label": "一"}}},
    "amended": {"en": ANOTHER},
    "reviews": [
        {
            "verdict": "amended",
            "reason": "another, I think",
            "by": "ef" * 16,
            "name": "Dr. 王",
            "at": 5,
            "version": 1,
            "made_with": "m 0",
            "inputs": "00" * 32,
        }
    ],
}


def read(content: object) -> Filed:
    return filed_finding(Record("ab" * 16, "r", 2, 7, "Finding", json.dumps(content).encode()))


def test_a_finding_of_format_2_is_read_for_ever() -> None:
    """Proves the reader against a literal: change the format by raising its number, never by changing this."""
    one = read(GOLDEN)
    assert (one.record, one.version, one.at) == ("r", 2, 7)
    assert (one.area, one.claim, one.made_with, one.inputs) == ("differential", "OMIM:1", "m 1", "cd" * 32)
    assert (one.urgency, one.standing, one.verdict) == (2, False, Verdict.AMENDED)
    assert (str(one.finding.code), str(one.found["zh"].code)) == ("Two (OMIM:2)", "一 (OMIM:1)")
    assert one.finding.reviewed_by == Maker("Dr. 王")
    assert one.finding.evidence[0].bearing is Bearing.SUPPORTS
    expected = Review(Verdict.AMENDED, "another, I think", "ef" * 16, "Dr. 王", 5, 1, "m 0", "00" * 32)
    assert one.reviews == (expected,)
    assert json.loads(filed_to_bytes(one)) == GOLDEN
    assert finding_from_bytes(json.dumps(GOLDEN).encode()) == one.finding


def test_a_finding_of_format_1_is_read_for_ever() -> None:
    one = read({"format": 1, "finding": FINDING})
    assert (one.area, one.claim, one.verdict, one.standing, one.urgency) == ("", "OMIM:1", None, True, 0)
    assert one.found == {"en": one.finding}


@pytest.mark.parametrize(
    "damage",
    [
        {"format": 3},
        {"found": {}},
        {"found": []},
        {"amended": {"zh": FINDING}},
        {"reviews": [{"verdict": "maybe"}]},
        {"reviews": [{**GOLDEN["reviews"][0], "more": 1}]},
    ],
)
def test_what_is_no_filed_finding_is_a_format_error(damage: dict) -> None:
    with pytest.raises(FormatError):
        read({**GOLDEN, **damage})


WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(str.strip)
REVIEWS = st.lists(
    st.builds(
        Review, st.sampled_from(Verdict), WORDS, WORDS, WORDS, st.integers(0, 9), st.integers(1, 9), WORDS, WORDS
    ),
    max_size=3,
)


@settings(deadline=None)
@given(WORDS, WORDS, WORDS, st.none() | st.floats(0, 1), REVIEWS, st.booleans(), st.integers(0, 3))
def test_what_is_filed_is_what_is_read(
    code: str,
    zh: str,
    right: str,
    chance: float | None,
    reviews: list[Review],
    standing: bool,
    urgency: int,
) -> None:
    """Proves the law for both languages: reading undoes writing, with what the area says beside what people made it."""
    said = claim("ab" * 16, code, chance)
    found = {"en": said.finding, "zh": replace(said.words["zh"], code=Code(code, zh))}
    shown = claim("ab" * 16, right, None).finding if any(r.verdict is Verdict.AMENDED for r in reviews) else None
    by = Maker(reviews[-1].name) if reviews else None
    words = {} if shown else {"zh": replace(found["zh"], reviewed_by=by)}
    one = Filed(
        "r",
        2,
        7,
        "area",
        code,
        replace(shown or found["en"], reviewed_by=by),
        words,
        tuple(reviews),
        standing,
        urgency,
        found,
        "m 1",
        "d",
    )
    payload = filed_to_bytes(one)
    back = filed_finding(Record("ab" * 16, "r", 2, 7, "Finding", payload))
    assert repr(back) == repr(one)
    assert filed_to_bytes(back) == payload


def test_what_is_written_says_its_format() -> None:
    assert SimpleNamespace(**json.loads(filed_to_bytes(read(GOLDEN)))).format == 2


def test_the_store_takes_no_unreadable_verdict(ward: Ward) -> None:
    """Proves that a finding of a newer Suwen stops a consult with a sentence, and is never overwritten."""
    patient = ward.patient(1)
    newer = json.dumps({**GOLDEN, "format": 3}).encode()
    write_records(ward[Role.PHYSICIAN], ward.records, patient, [Draft("Finding", newer)], act=Act.DIAGNOSE)
    with pytest.raises(FormatError, match="newer Suwen"):
        consult(ward[Role.PHYSICIAN], ward.records, patient, areas=[Probe().area()])
