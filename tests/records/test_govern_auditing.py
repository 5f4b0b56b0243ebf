"""The audit for the auditor: read by any filter, proven by a public key alone, handed on as IHE BALP resources."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from ward import Ward

from suwen.consult.chart import open_patient
from suwen.errors import AccessError, InputError, NotFoundError, TamperError
from suwen.govern.auditing import audit_events, current_checkpoint, prove_consistency, prove_entry, read_audit
from suwen.govern.care import grant_care
from suwen.govern.keys import log_public_key
from suwen.govern.upkeep import read_checkpoint, verify_store
from suwen.records.access import Role
from suwen.records.audit import (
    EventKind,
    Outcome,
    public_key_from_text,
    verify,
    verify_consistency,
    verify_inclusion,
)


def test_each_filter_alone_and_all_together(either_ward: Ward) -> None:
    """Proves that filtering by patient, actor, kind and time gives exactly those entries of the whole, in order."""
    ward, auditor = either_ward, either_ward[Role.AUDITOR]
    patient, other = ward.patient(1, records=2), ward.patient(2)
    nurse = ward.hire("nurse-1", Role.NURSE)
    grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="nurse-1")
    open_patient(nurse, ward.records, patient)
    with pytest.raises(AccessError):
        open_patient(nurse, ward.records, other)
    everything = read_audit(auditor, ward.records)
    assert [number for number, _ in everything] == list(range(len(everything)))
    assert all(earlier.at <= later.at for (_, earlier), (_, later) in pairwise(everything))
    middle = everything[len(everything) // 2][1].at
    filters = {
        "subject": (patient, lambda event: event.subject == patient),
        "by": (nurse.id, lambda event: event.actor == nurse.id),
        "kind": (EventKind.DECISION, lambda event: event.kind is EventKind.DECISION),
        "since": (middle, lambda event: event.at >= middle),
        "until": (middle, lambda event: event.at < middle),
    }
    size = len(everything)
    for name, (value, holds) in filters.items():
        found = [one for one in read_audit(auditor, ward.records, **{name: value}) if one[0] < size]
        assert found == [one for one in everything if holds(one[1])], name
        assert found
    both = read_audit(auditor, ward.records, subject=patient, by=nurse.id, kind=EventKind.OPEN, since=0, until=10**18)
    assert [(one.kind, one.act) for _, one in both] == [(EventKind.OPEN, "view")]
    nobody = read_audit(auditor, ward.records, subject="ab" * 16)
    assert {one.kind for _, one in nobody} == {EventKind.AUDIT}  # the question itself
    denied = [one for _, one in read_audit(auditor, ward.records, by=nurse.id) if one.outcome is Outcome.DENY]
    assert [(one.act, one.subject, one.purpose) for one in denied] == [("view", other, "TREAT")]


def test_reading_the_audit_is_audited(ward: Ward) -> None:
    """Proves that the auditor too is seen: who read, about whom, by which filter."""
    read_audit(ward[Role.AUDITOR], ward.records, subject="ab" * 16, kind=EventKind.OPEN)
    ((_, seen),) = read_audit(ward[Role.AUDITOR], ward.records, kind=EventKind.AUDIT)[:1]
    assert (seen.actor, seen.subject, seen.purpose) == (ward[Role.AUDITOR].id, "ab" * 16, "HCOMPL")


def test_every_entry_is_proven_by_the_public_key_alone(either_ward: Ward) -> None:
    """Proves inclusion (RFC 6962, 2.1.1) of first, last and middle entries, and that no proof fits another entry."""
    ward, auditor = either_ward, either_ward[Role.AUDITOR]
    ward.patient(1, records=3)
    _, key = public_key_from_text(log_public_key(ward.records))
    size = verify(current_checkpoint(auditor, ward.records), key).size
    for index in (0, 1, size // 2, size - 1):
        proof = prove_entry(auditor, ward.records, index)
        signed = verify(proof.checkpoint, key)
        assert verify_inclusion(index, signed.size, proof.leaf, proof.hashes, signed.root)
        assert not verify_inclusion(index + 1, signed.size, proof.leaf, proof.hashes, signed.root)
        assert not verify_inclusion(index, signed.size, bytes(32), proof.hashes, signed.root)
        assert not verify_inclusion(index, signed.size, proof.leaf, proof.hashes[:-1], signed.root)
    for outside in (-1, 10**9):
        with pytest.raises(NotFoundError):
            prove_entry(auditor, ward.records, outside)


def test_the_log_is_proven_to_have_only_grown(either_ward: Ward) -> None:
    """Proves consistency (RFC 6962, 2.1.2) between checkpoints kept elsewhere and now, over more than one tile."""
    ward, auditor = either_ward, either_ward[Role.AUDITOR]
    _, key = public_key_from_text(log_public_key(ward.records))
    kept = [read_checkpoint(ward.records, current_checkpoint(auditor, ward.records))]
    patient = ward.patient(1)
    for _ in range(3):
        for _ in range(45):
            open_patient(ward[Role.PHYSICIAN], ward.records, patient)
        kept.append(read_checkpoint(ward.records, current_checkpoint(auditor, ward.records)))
    assert kept[-1].size > 256
    for earlier in kept:
        proof, signed = prove_consistency(auditor, ward.records, earlier)
        now = verify(signed, key)
        assert now.size > kept[-1].size
        assert verify_consistency(earlier.size, now.size, proof, earlier.root, now.root)
        assert not verify_consistency(earlier.size, now.size, proof, bytes(32), now.root)
    assert verify_store(auditor, ward.records, log_only=True, checkpoints=kept).faults == []
    forged = current_checkpoint(auditor, ward.records).replace("\ntime ", "\ntime 1")
    with pytest.raises(TamperError):
        read_checkpoint(ward.records, forged)


def test_a_checkpoint_of_the_future_or_of_nothing_is_refused(ward: Ward) -> None:
    """Proves that consistency is only proven from entries that are there."""
    now = read_checkpoint(ward.records, current_checkpoint(ward[Role.AUDITOR], ward.records))
    for size in (0, now.size + 10**6):
        earlier = type(now)(now.origin, size, now.root, now.at)
        with pytest.raises(InputError):
            prove_consistency(ward[Role.AUDITOR], ward.records, earlier)


def test_entries_are_handed_on_as_balp_audit_events(either_ward: Ward) -> None:
    """Proves FHIR R4 AuditEvents with the IHE BALP profiles for reading and writing a patient, and plain JSON."""
    ward, auditor = either_ward, either_ward[Role.AUDITOR]
    patient = ward.patient(1, records=1)
    open_patient(ward[Role.PHYSICIAN], ward.records, patient)
    found = read_audit(auditor, ward.records, subject=patient)
    made = json.loads(json.dumps(list(audit_events(ward.records, found))))
    assert len(made) == len(found)
    profiles = set()
    for (number, event), one in zip(found, made, strict=True):
        assert one["resourceType"] == "AuditEvent"
        assert one["id"] == f"entry-{number}"
        assert {"type", "recorded", "agent", "source"} <= set(one)
        assert [agent["who"]["identifier"]["value"] for agent in one["agent"] if agent["requestor"]] == [event.actor]
        assert any(entity["what"].get("reference") == f"Patient/{patient}" for entity in one["entity"])
        assert one["purposeOfEvent"][0]["coding"][0]["code"] == event.purpose
        profiles.update(profile.rsplit("/", 1)[1] for profile in one.get("meta", {}).get("profile", []))
    assert {"IHE.BasicAudit.PatientRead", "IHE.BasicAudit.PatientCreate"} <= profiles


def test_only_the_auditor_reads(ward: Ward) -> None:
    """Proves that the log, its checkpoints and proofs are the auditor's alone; the public key is anybody's."""
    now = read_checkpoint(ward.records, current_checkpoint(ward[Role.AUDITOR], ward.records))
    for role in set(Role) - {Role.AUDITOR}:
        for act in (
            lambda actor: read_audit(actor, ward.records),
            lambda actor: read_audit(actor, ward.records, by=actor.id),
            lambda actor: current_checkpoint(actor, ward.records),
            lambda actor: prove_entry(actor, ward.records, 0),
            lambda actor: prove_consistency(actor, ward.records, now),
        ):
            with pytest.raises(AccessError):
                act(ward[role])
