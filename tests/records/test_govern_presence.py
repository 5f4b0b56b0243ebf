"""Whoever is remembered between requests is asked for anew: sessions and devices that are over are nobody's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ward import Ward, open_ward

from suwen.consult import Purpose
from suwen.errors import AccessError, LoginError
from suwen.govern import (
    Act,
    Actor,
    EventKind,
    Outcome,
    Role,
    begin_authority,
    certify_device,
    grant_app,
    grant_care,
    lock_account,
    log_out,
    may,
    own_account,
    read_audit,
    recognise_client,
    require_known,
    revoke_device,
    trust_authority,
    trusted_authorities,
)
from suwen.records.identity import authority as authorities

DAY = 86_400


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    with open_ward(tmp_path / "store") as ward:
        yield ward


def events(ward: Ward, kind: EventKind, by: Actor) -> int:
    return len(read_audit(ward[Role.AUDITOR], ward.records, kind=kind, by=by.id))


def device(ward: Ward, *, days: int = 365) -> Actor:
    administrator = ward[Role.ADMINISTRATOR]
    begin_authority(administrator, ward.records, "Hospital")
    _, request = authorities.certificate_request("ehr")
    certify_device(administrator, ward.records, request, name="ehr", acts=[Act.VIEW], days=days)
    return recognise_client(ward.records, "ehr")


def test_a_session_that_was_ended_or_locked_is_known_no_more(ward: Ward) -> None:
    actor, locked = ward[Role.PHYSICIAN], ward.hire("locked", Role.NURSE)
    for one in (actor, locked):
        require_known(one, ward.records)
    log_out(actor, ward.records)
    lock_account(ward[Role.SECURITY_OFFICER], ward.records, "locked")
    for one in (actor, locked, Actor(actor.id, "wrong"), Actor("", ""), Actor("zz", "x"), Actor(actor.id, device=True)):
        with pytest.raises(LoginError):
            require_known(one, ward.records)


def test_asking_is_no_use_of_a_session(ward: Ward) -> None:
    """Else a server that only asks would keep everybody signed in (45 CFR 164.312(a)(2)(iii))."""
    actor = ward[Role.PHYSICIAN]
    for _ in range(2):
        ward.clock.now += ward.records.lifetime.idle / 3
        require_known(actor, ward.records)
    ward.clock.now += ward.records.lifetime.idle / 2
    with pytest.raises(LoginError):
        require_known(actor, ward.records)
    other = ward.log_in("physician")
    for _ in range(4):
        ward.clock.now += ward.records.lifetime.idle / 3
        own_account(other, ward.records)  # a use
    require_known(other, ward.records)


def test_a_device_is_known_until_it_is_revoked_or_its_time_is_over(ward: Ward) -> None:
    actor = device(ward, days=2)
    require_known(actor, ward.records)
    now = ward.clock.now
    ward.clock.now += 3 * DAY
    with pytest.raises(LoginError):
        require_known(actor, ward.records)
    with pytest.raises(LoginError):
        recognise_client(ward.records, "ehr")
    ward.clock.now = now + 1
    revoke_device(ward[Role.SECURITY_OFFICER], ward.records, "ehr")
    with pytest.raises(LoginError):
        require_known(actor, ward.records)
    for name in ("ehr", "nobody", ""):
        with pytest.raises(LoginError):
            recognise_client(ward.records, name)


def test_each_recognition_of_a_client_is_in_the_audit(ward: Ward) -> None:
    actor = device(ward)
    with pytest.raises(LoginError):
        recognise_client(ward.records, "nobody")
    found = read_audit(ward[Role.AUDITOR], ward.records, kind=EventKind.LOGIN)
    assert [(event.actor, event.outcome) for _, event in found[-2:]] == [
        (actor.id, Outcome.SUCCESS),
        ("", Outcome.FAILURE),
    ]


def test_what_may_be_done_is_told_and_neither_noted_nor_opened(ward: Ward) -> None:
    actor, patient = device(ward), ward.patient(1)
    before = [events(ward, EventKind.DECISION, one) for one in (actor, ward[Role.PHYSICIAN])]
    assert not may(actor, ward.records, Act.VIEW, patient)
    assert may(ward[Role.PHYSICIAN], ward.records, Act.VIEW, patient)
    assert not may(ward[Role.PHYSICIAN], ward.records, Act.VIEW, patient, purpose=Purpose.EMERGENCY)
    assert [events(ward, EventKind.DECISION, one) for one in (actor, ward[Role.PHYSICIAN])] == before
    grant_care(ward[Role.ADMINISTRATOR], ward.records, patient=patient, who="ehr", device=True)
    assert may(actor, ward.records, Act.VIEW, patient)
    assert not may(actor, ward.records, Act.DIAGNOSE, patient)


def test_an_app_is_granted_for_ones_own_patient_alone_and_that_is_noted(ward: Ward) -> None:
    own, other = ward.patient(1), ward.patient(2, actor=ward.hire("elsewhere", Role.PHYSICIAN))
    before = events(ward, EventKind.ACCOUNT, ward[Role.PHYSICIAN])
    grant_app(ward[Role.PHYSICIAN], ward.records, "growth", scopes=["patient/*.rs"], patient=own)
    with pytest.raises(AccessError):
        grant_app(ward[Role.PHYSICIAN], ward.records, "growth", scopes=["patient/*.rs"], patient=other)
    found = read_audit(ward[Role.AUDITOR], ward.records, kind=EventKind.ACCOUNT, by=ward[Role.PHYSICIAN].id)
    assert len(found) == before + 1
    assert found[-1][1].detail == {
        "what": "app granted", "app": "growth", "scopes": ["patient/*.rs"], "patient": own
    }  # fmt: skip


def test_the_hospitals_own_authority_stands_before_those_it_trusts_and_no_key_is_told(ward: Ward) -> None:
    administrator = ward[Role.ADMINISTRATOR]
    assert trusted_authorities(ward.records) == ()
    vendor = authorities.create_authority("Vendor", clock=ward.clock)
    trust_authority(administrator, ward.records, vendor.certificate)
    own = begin_authority(administrator, ward.records, "Hospital")
    assert trusted_authorities(ward.records) == (own, vendor.certificate)
    assert "PRIVATE" not in "".join(trusted_authorities(ward.records))
