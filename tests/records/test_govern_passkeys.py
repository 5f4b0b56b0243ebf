"""Passkeys in the store: added to one's own account, logging in for two factors, refused when copied or another's."""

from __future__ import annotations

import pytest
from ward import Ward

from suwen.errors import LoginError, NotFoundError
from suwen.govern.auditing import read_audit
from suwen.govern.passkeys import (
    begin_passkey,
    begin_passkey_login,
    finish_passkey,
    log_in_with_passkey,
    remove_passkey,
)
from suwen.govern.people import change_password, lock_account, log_in, remove_second_factor, reset_password
from suwen.records.access import Role
from suwen.records.audit import EventKind, Outcome
from suwen.records.people import Actor

pytest.importorskip("webauthn", reason="the extra passkeys is not installed")
from security_key import PARTY, Authenticator, encode


def given(ward: Ward, role: Role = Role.PHYSICIAN) -> tuple[Actor, Authenticator]:
    """Somebody with a passkey."""
    person = ward[role]
    device = Authenticator(user=person.id)
    options, ceremony = begin_passkey(person, ward.records, PARTY)
    finish_passkey(person, ward.records, ceremony, device.create(options), name="key", party=PARTY)
    return person, device


def logged_in(ward: Ward, device: Authenticator) -> Actor:
    options, ceremony = begin_passkey_login(ward.records, PARTY)
    device.count += 1
    return log_in_with_passkey(ward.records, ceremony, device.get(options), party=PARTY)


def test_a_passkey_logs_in_whoever_it_belongs_to_without_a_login_name(either_ward: Ward) -> None:
    person, device = given(either_ward)
    actor = logged_in(either_ward, device)
    assert actor.id == person.id
    assert actor.token != person.token
    assert either_ward.patient(1, actor=actor)  # the session works


def test_the_audit_tells_of_adding_using_and_refusing(ward: Ward) -> None:
    person, device = given(ward)
    logged_in(ward, device)
    device.count -= 2  # a copy that has counted less
    with pytest.raises(LoginError):
        logged_in(ward, device)
    events = [event for _, event in read_audit(ward[Role.AUDITOR], ward.records, by=person.id)]
    logins = [event.outcome for event in events if event.kind is EventKind.LOGIN and "passkey" in str(event.detail)]
    assert logins == [Outcome.FAILURE]
    assert "passkey added" in [event.detail.get("what") for event in events]


def test_a_passkey_of_two_accounts_is_refused(ward: Ward) -> None:
    _, device = given(ward)
    other = ward[Role.NURSE]
    device.user = other.id
    options, ceremony = begin_passkey(other, ward.records, PARTY)
    with pytest.raises(LoginError):
        finish_passkey(other, ward.records, ceremony, device.create(options), name="same", party=PARTY)


def test_a_removed_or_unknown_passkey_and_a_locked_account_do_not_log_in(ward: Ward) -> None:
    person, device = given(ward)
    with pytest.raises(LoginError):
        logged_in(ward, Authenticator(user=person.id))
    with pytest.raises(NotFoundError):
        remove_passkey(person, ward.records, "another")
    lock_account(ward[Role.SECURITY_OFFICER], ward.records, "physician")
    with pytest.raises(LoginError):
        logged_in(ward, device)
    person, device = given(ward, Role.NURSE)
    remove_passkey(person, ward.records, encode(device.identifier))
    with pytest.raises(LoginError):
        logged_in(ward, device)


def test_a_password_reset_keeps_the_passkey_and_a_removed_one_can_be_added_again(ward: Ward) -> None:
    """Proves that a removal leaves no look-up behind by which the key would belong to "another" account."""
    person, device = given(ward)
    first = reset_password(ward[Role.ADMINISTRATOR], ward.records, "physician")
    assert logged_in(ward, device).id == person.id
    with pytest.raises(LoginError, match="passkey"):
        log_in(ward.records, "physician", first)
    remove_second_factor(ward[Role.ADMINISTRATOR], ward.records, "physician", reason="key lost, came in person")
    with pytest.raises(LoginError):
        logged_in(ward, device)
    again = change_password(ward.records, "physician", first, "another phrase of mine 9")
    options, ceremony = begin_passkey(again, ward.records, PARTY)
    finish_passkey(again, ward.records, ceremony, device.create(options), name="key", party=PARTY)
    assert logged_in(ward, device).id == person.id
