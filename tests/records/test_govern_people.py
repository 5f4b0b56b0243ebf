"""Accounts, roles, logins and sessions: who may be what, and that taking away works at once; on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace

import pyotp
import pytest
from ward import CHEAP, PASSWORD, Ward, opening
from watch import audited, length, rows

from suwen.cli.records import login as commanded
from suwen.consult.patients import list_my_patients
from suwen.errors import AccessError, ConflictError, InputError, LoginError, NotFoundError
from suwen.govern.hospital import open_records
from suwen.govern.people import (
    begin_second_factor,
    change_password,
    confirm_second_factor,
    grant_role,
    list_accounts,
    lock_account,
    log_in,
    log_in_as_subject,
    log_out,
    open_account,
    remove_second_factor,
    reset_password,
    revoke_role,
    unlock_account,
)
from suwen.records.access import Role
from suwen.records.audit import EventKind, Outcome
from suwen.records.people import Actor, sessions_of

APART = (Role.ADMINISTRATOR, Role.SECURITY_OFFICER, Role.AUDITOR)
OTHER = "another phrase long enough 8"


def test_the_three_powers_are_kept_apart_when_roles_are_given(either_ward: Ward) -> None:
    """Proves separation of duties (GB/T 22239-2019, 8.1.5) in opening accounts and in granting roles."""
    ward, administrator = either_ward, either_ward[Role.ADMINISTRATOR]
    stood = rows(ward)
    for power in APART:
        for role in set(Role) - {power}:
            with pytest.raises(InputError, match="second account"):
                open_account(administrator, ward.records, "two", "Two", roles=[power, role])
    assert rows(ward) == stood
    ward.hire("doctor", Role.PHYSICIAN)
    ward.hire("second", Role.ADMINISTRATOR)
    for power in APART:
        with pytest.raises(InputError):
            grant_role(administrator, ward.records, "doctor", power)
    for role in set(Role) - {Role.ADMINISTRATOR}:
        with pytest.raises(InputError):
            grant_role(administrator, ward.records, "second", role)
    grant_role(administrator, ward.records, "doctor", Role.NURSE)
    with pytest.raises(NotFoundError):
        grant_role(administrator, ward.records, "doctor", Role.NURSE)
    held = {one.login: one.roles for one in list_accounts(administrator, ward.records)}
    assert held["doctor"] == {"physician", "nurse"}
    assert held["second"] == {"administrator"}


def test_nobody_changes_their_own_roles(ward: Ward) -> None:
    """Proves that an administrator can neither add to nor drop from their own roles."""
    for role in Role:
        with pytest.raises((InputError, NotFoundError)):
            grant_role(ward[Role.ADMINISTRATOR], ward.records, "administrator", role)
    ward.hire("second", Role.ADMINISTRATOR)
    with pytest.raises(InputError, match="own roles"):
        revoke_role(ward[Role.ADMINISTRATOR], ward.records, "administrator", Role.ADMINISTRATOR)


def test_the_last_administrator_stays(either_ward: Ward) -> None:
    """Proves that neither revoking nor locking leaves a store that nobody can administer."""
    ward, officer = either_ward, either_ward[Role.SECURITY_OFFICER]
    with pytest.raises(InputError, match="last administrator"):
        lock_account(officer, ward.records, "administrator")
    second = ward.hire("second", Role.ADMINISTRATOR)
    lock_account(officer, ward.records, "administrator")
    with pytest.raises(InputError, match="last administrator"):
        lock_account(officer, ward.records, "second")
    unlock_account(second, ward.records, "administrator")
    first = ward.log_in("administrator")
    revoke_role(first, ward.records, "second", Role.ADMINISTRATOR)
    with pytest.raises(AccessError):
        list_accounts(second, ward.records)


def test_a_role_taken_is_gone_in_the_running_session(ward: Ward) -> None:
    """Proves that roles are read at every act and not at the login."""
    nurse = ward.hire("both", Role.PHYSICIAN, Role.NURSE)
    patient = ward.patient(1, actor=nurse)
    assert [one.id for one in list_my_patients(nurse, ward.records)] == [patient]
    for role in (Role.PHYSICIAN, Role.NURSE):
        revoke_role(ward[Role.ADMINISTRATOR], ward.records, "both", role)
    assert list_my_patients(nurse, ward.records) == []


def test_login_names_and_identities_are_of_one_account(ward: Ward) -> None:
    """Proves that the same name in another spelling, and the same OpenID identity, open no second account."""
    administrator = ward[Role.ADMINISTRATOR]
    open_account(administrator, ward.records, "Müller", "M", roles=[Role.NURSE], subject="https://idp|7")
    for again in ("müller", "MÜLLER", "mu\u0308ller"):
        with pytest.raises(InputError, match="taken"):
            open_account(administrator, ward.records, again, "M", roles=[Role.NURSE])
    with pytest.raises(InputError, match="identity"):
        open_account(administrator, ward.records, "other", "O", roles=[Role.PHYSICIAN], subject="https://idp|7")
    with pytest.raises(InputError):
        open_account(administrator, ward.records, "a b", "space", roles=[])
    actor = log_in_as_subject(ward.records, "https://idp|7", second_factor=True)
    assert list_my_patients(actor, ward.records) == []
    with pytest.raises(LoginError):
        log_in_as_subject(ward.records, "https://idp|8", second_factor=True)
    lock_account(ward[Role.SECURITY_OFFICER], ward.records, "müller")
    with pytest.raises(LoginError):
        log_in_as_subject(ward.records, "https://idp|7", second_factor=True)


def test_every_login_is_audited_and_all_refusals_sound_alike(either_ward: Ward) -> None:
    """Proves that accepted and refused logins are logged with the account and reason; the stranger is told one text."""
    ward = either_ward
    ward.hire("nurse-1", Role.NURSE)
    stood, said = length(ward), set()
    actor = ward.log_in("nurse-1")
    for login, password in (
        ("nurse-1", "wrong password 123"),
        ("nobody-here", PASSWORD),
        ("no name at all!", PASSWORD),
    ):
        with pytest.raises(LoginError) as refused:
            log_in(ward.records, login, password)
        said.add(str(refused.value))
    log_out(actor, ward.records)
    assert len(said) == 1
    seen = [one for one in audited(ward, stood) if one.kind in (EventKind.LOGIN, EventKind.LOGOUT)]
    assert [(one.kind, one.actor, one.outcome, one.detail.get("reason")) for one in seen] == [
        (EventKind.LOGIN, actor.id, Outcome.SUCCESS, "accepted"),
        (EventKind.LOGIN, actor.id, Outcome.FAILURE, "wrong password"),
        (EventKind.LOGIN, "", Outcome.FAILURE, "unknown"),
        (EventKind.LOGIN, "", Outcome.FAILURE, "unknown"),
        (EventKind.LOGOUT, actor.id, Outcome.SUCCESS, None),
    ]


def test_first_passwords_must_be_changed(ward: Ward) -> None:
    """Proves that a password somebody else chose opens no session, and that weak or unchanged ones are refused."""
    _, first = open_account(ward[Role.ADMINISTRATOR], ward.records, "new-nurse", "New Nurse", roles=[Role.NURSE])
    with pytest.raises(LoginError, match="change it"):
        log_in(ward.records, "new-nurse", first)
    for weak in (first, "short", "password1234", "new-nurse-new-nurse"):
        with pytest.raises(InputError):
            change_password(ward.records, "new-nurse", first, weak)
    assert list_my_patients(change_password(ward.records, "new-nurse", first, PASSWORD), ward.records) == []
    with pytest.raises(LoginError):
        log_in(ward.records, "new-nurse", first)


def test_sessions_end_when_idle_and_after_a_working_day(ward: Ward) -> None:
    """Proves both ends of a session by the clock (45 CFR 164.312(a)(2)(iii)), and that use keeps the first away."""
    nurse = ward[Role.NURSE]
    idle, longest = ward.records.lifetime.idle, ward.records.lifetime.longest
    began = ward.clock.now
    while ward.clock.now < began + longest - idle:
        ward.clock.now += idle - 120
        list_my_patients(nurse, ward.records)
    ward.clock.now = began + longest + 1
    with pytest.raises(LoginError):
        list_my_patients(nurse, ward.records)
    again = ward.log_in("nurse")
    ward.clock.now += idle - 5
    list_my_patients(again, ward.records)
    ward.clock.now += idle + 1
    with pytest.raises(LoginError):
        list_my_patients(again, ward.records)
    with ward.records.store.snapshot() as connection:
        assert len(sessions_of(ward.records.store, connection, nurse.id)) == 1
    ward.log_in("nurse")  # and those that are over go when their owner comes again
    with ward.records.store.snapshot() as connection:
        assert len(sessions_of(ward.records.store, connection, nurse.id)) == 1


def test_what_ends_a_session_ends_it_at_once_everywhere(either_ward: Ward) -> None:
    """Proves logging out, locking, changing and resetting a password, each seen at once by another open store."""
    ward = either_ward
    ward.hire("nurse-1", Role.NURSE)
    with open_records(ward.home, opening(ward.clock), policy=CHEAP) as second:

        def over(actor: Actor) -> bool:
            try:
                list_my_patients(actor, second)
            except LoginError:
                return True
            return False

        one, two = ward.log_in("nurse-1"), ward.log_in("nurse-1")
        assert not over(one)
        assert not over(two)
        log_out(one, ward.records)
        assert over(one)
        assert not over(two)
        log_out(one, ward.records)  # over already: no error
        three = change_password(ward.records, "nurse-1", PASSWORD, OTHER)
        assert over(two)
        assert not over(three)
        lock_account(ward[Role.SECURITY_OFFICER], ward.records, "nurse-1")
        assert over(three)
        with pytest.raises(LoginError):
            log_in(ward.records, "nurse-1", OTHER)
        unlock_account(ward[Role.ADMINISTRATOR], ward.records, "nurse-1")
        assert over(three)
        four = log_in(ward.records, "nurse-1", OTHER)
        assert not over(four)
        first = reset_password(ward[Role.ADMINISTRATOR], ward.records, "nurse-1")
        assert over(four)
        with pytest.raises(LoginError):
            log_in(ward.records, "nurse-1", OTHER)
        assert not over(change_password(ward.records, "nurse-1", first, PASSWORD))


def test_a_forged_actor_is_nobody(ward: Ward) -> None:
    """Proves that ids and tokens must belong together: another's id, no token, a device that is none."""
    nurse, physician = ward[Role.NURSE], ward[Role.PHYSICIAN]
    forged = [
        replace(nurse, token=""),
        replace(nurse, token=nurse.token[:-1]),
        replace(nurse, token="\ud800"),  # noqa: S106 - half a character, and no password
        replace(nurse, id=physician.id),
        replace(nurse, id=""),
        replace(nurse, id="not hex"),
        replace(nurse, device=True),
        Actor("ab" * 16, device=True),
    ]
    stood = length(ward)
    for actor in forged:
        with pytest.raises(LoginError):
            list_my_patients(actor, ward.records)
        with pytest.raises(LoginError):
            begin_second_factor(actor, ward.records)
    seen = audited(ward, stood)[: 2 * len(forged)]
    assert {(one.kind, one.outcome) for one in seen} == {(EventKind.LOGIN, Outcome.FAILURE)}


def test_wrong_passwords_lock_and_the_clock_unlocks(either_ward: Ward) -> None:
    """Proves that guessing is stopped after the policy's attempts, twice as long the second time."""
    ward, policy = either_ward, either_ward.records.login_policy
    ward.hire("nurse-1", Role.NURSE)

    def guess(times: int) -> None:
        for _ in range(times):
            with pytest.raises(LoginError):
                log_in(ward.records, "nurse-1", "a wrong guess 999")

    guess(policy.attempts)
    for length_ in (policy.lock, 2 * policy.lock):
        with pytest.raises(LoginError):
            ward.log_in("nurse-1")
        ward.clock.now += length_ - 30
        with pytest.raises(LoginError):
            ward.log_in("nurse-1")
        ward.clock.now += 31
        guess(policy.attempts if length_ == policy.lock else 0)
    assert list_my_patients(ward.log_in("nurse-1"), ward.records) == []


def test_the_second_factor_is_put_in_force_by_a_code_and_then_asked_for(ward: Ward) -> None:
    """Proves that TOTP (RFC 6238) holds from its confirmation on, and a code only once."""
    nurse = ward.hire("nurse-1", Role.NURSE)
    secret, address = begin_second_factor(nurse, ward.records)
    assert address.startswith("otpauth://totp/")
    ward.log_in("nurse-1")  # not yet in force
    with pytest.raises(LoginError):
        confirm_second_factor(nurse, ward.records, secret, "000000")
    code = pyotp.TOTP(secret).at(int(ward.clock.now))
    confirm_second_factor(nurse, ward.records, secret, code)
    with pytest.raises(LoginError, match="code"):
        ward.log_in("nurse-1")
    with pytest.raises(LoginError):
        log_in(ward.records, "nurse-1", PASSWORD, code=code)  # used up by the confirmation
    ward.clock.now += 60
    log_in(ward.records, "nurse-1", PASSWORD, code=pyotp.TOTP(secret).at(int(ward.clock.now)))


def test_a_new_password_is_no_way_past_the_second_factor(ward: Ward) -> None:
    """Proves that a reset keeps the factor, and that its removal is another act with a reason, audited by itself."""
    nurse, administrator = ward.hire("nurse-1", Role.NURSE), ward[Role.ADMINISTRATOR]
    secret, _ = begin_second_factor(nurse, ward.records)
    confirm_second_factor(nurse, ward.records, secret, pyotp.TOTP(secret).at(int(ward.clock.now)))
    first = reset_password(administrator, ward.records, "nurse-1")
    ward.clock.now += 60
    with pytest.raises(LoginError, match="code"):
        log_in(ward.records, "nurse-1", first)
    with pytest.raises(LoginError, match="code"):
        change_password(ward.records, "nurse-1", first, OTHER)
    change_password(ward.records, "nurse-1", first, OTHER, code=pyotp.TOTP(secret).at(int(ward.clock.now)))
    for reason in ("", "  lost   "):
        with pytest.raises(InputError):
            remove_second_factor(administrator, ward.records, "nurse-1", reason=reason)
    stood = length(ward)
    with pytest.raises(InputError, match="own"):
        remove_second_factor(administrator, ward.records, "administrator", reason="I have lost my telephone")
    remove_second_factor(administrator, ward.records, "nurse-1", reason="phone stolen, came in person")
    entry = next(one for one in audited(ward, stood) if one.subject == nurse.id and one.kind is EventKind.ACCOUNT)
    assert entry.detail == {"what": "second factor removed", "reason": "phone stolen, came in person"}
    log_in(ward.records, "nurse-1", OTHER)
    with pytest.raises(NotFoundError):
        remove_second_factor(administrator, ward.records, "nurse-1", reason="phone stolen, came in person")


def test_at_the_command_line_a_first_password_asks_for_two_codes(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves that whoever has a factor gets in after a reset: the code that was taken is not asked for again."""
    nurse = ward.hire("nurse-1", Role.NURSE)
    secret, _ = begin_second_factor(nurse, ward.records)
    app, now = pyotp.TOTP(secret), int(ward.clock.now)
    confirm_second_factor(nurse, ward.records, secret, app.at(now))
    ward.clock.now += 60
    first = reset_password(ward[Role.ADMINISTRATOR], ward.records, "nurse-1")
    given = {"PASSWORD": first, "NEW_PASSWORD": OTHER, "CODE": app.at(now + 60), "NEXT_CODE": app.at(now + 90)}
    for name, value in given.items():
        monkeypatch.setenv(f"SUWEN_{name}", value)
    assert commanded._admitted(ward.records, "nurse-1").id == nurse.id


def test_lists_of_accounts_tell_no_secrets(ward: Ward) -> None:
    """Proves that whoever lists accounts sees neither password hashes nor second factors."""
    nurse = ward.hire("nurse-1", Role.NURSE)
    secret, _ = begin_second_factor(nurse, ward.records)
    confirm_second_factor(nurse, ward.records, secret, pyotp.TOTP(secret).at(int(ward.clock.now)))
    for one in list_accounts(ward[Role.ADMINISTRATOR], ward.records):
        assert (one.password, one.totp, one.passkeys) == ("", "", ())
        assert "argon2" not in repr(one)


def test_logins_at_the_same_moment(either_ward: Ward) -> None:
    """Proves that right passwords given at once all open sessions, and wrong ones are each counted or refused."""
    ward = either_ward
    ward.hire("nurse-1", Role.NURSE)
    opened: list[Actor] = []
    refused: list[type[Exception]] = []

    def enter(password: str) -> None:
        try:
            opened.append(log_in(ward.records, "nurse-1", password))
        except (LoginError, ConflictError) as error:
            refused.append(type(error))

    for password in (PASSWORD, "a wrong guess 999"):
        threads = [threading.Thread(target=enter, args=(password,)) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert len(opened) == 4
    assert len({actor.token for actor in opened}) == 4
    assert len(refused) == 4
    for actor in opened:
        assert list_my_patients(actor, ward.records) == []
    named = next(one for one in list_accounts(ward[Role.ADMINISTRATOR], ward.records) if one.login == "nurse-1")
    assert named.failures == refused.count(LoginError)
