"""Login: guesses are bounded in every window, factors are asked for, and strangers are told one sentence."""

from __future__ import annotations

from dataclasses import replace

import argon2
import pyotp
import pytest
from argon2 import low_level
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import InputError
from suwen.records.identity import passwords
from suwen.records.identity.login import Attempt, Policy, Reason, change_password, login, proven, refusal
from suwen.records.identity.nouns import Account, Passkey
from suwen.records.identity.passwords import Cost

CHEAP = Cost(memory=8, passes=1, lanes=1)
POLICY = Policy(cost=CHEAP)
GOOD, OTHER = "fjord lantern quiet mango", "seven copper kites above"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # noqa: S105 (of RFC 6238)
NOW = 1_700_000_000.0
LIN = passwords.set_password(Account("a1", "lin", "Lin", frozenset({"doctor"}), 0.0), GOOD, cost=CHEAP)
WITH_CODE = replace(LIN, totp=SECRET)
WITH_PASSKEY = replace(LIN, passkeys=(Passkey("id", "key", 0, "phone", 0.0),))


def code_at(at: float) -> str:
    return pyotp.TOTP(SECRET).at(int(at))


def attempt(
    account: Account | None, password: str, *, code: str | None = None, at: float = NOW, policy: Policy = POLICY
) -> Attempt:
    return login(account, password, code=code, clock=lambda: at, policy=policy)


def test_the_right_password_is_accepted() -> None:
    found = attempt(replace(LIN, failures=3), GOOD)
    assert (found.accepted, found.reason, found.second_factor) == (True, Reason.ACCEPTED, False)
    assert found.account == LIN


@pytest.mark.parametrize(
    ("account", "password", "code", "reason"),
    [
        (None, GOOD, None, Reason.UNKNOWN),
        (replace(LIN, disabled=True), GOOD, None, Reason.DISABLED),
        (replace(LIN, locked_until=NOW + 1), GOOD, None, Reason.LOCKED),
        (LIN, OTHER, None, Reason.WRONG_PASSWORD),
        (replace(LIN, password=""), "", None, Reason.WRONG_PASSWORD),
        (WITH_CODE, GOOD, None, Reason.CODE_NEEDED),
        (WITH_CODE, GOOD, "", Reason.CODE_NEEDED),
        (WITH_CODE, GOOD, "000000", Reason.WRONG_CODE),
        (WITH_CODE, OTHER, code_at(NOW), Reason.WRONG_PASSWORD),
        (WITH_PASSKEY, GOOD, None, Reason.PASSKEY_NEEDED),
        (replace(LIN, must_change=True), GOOD, None, Reason.MUST_CHANGE),
        (replace(WITH_CODE, must_change=True), GOOD, None, Reason.CODE_NEEDED),
    ],
)
def test_what_is_refused_and_why(account: Account | None, password: str, code: str | None, reason: Reason) -> None:
    found = attempt(account, password, code=code)
    assert (found.accepted, found.reason) == (False, reason)
    counted = reason in (Reason.WRONG_PASSWORD, Reason.WRONG_CODE)
    if account is not None and found.account is not None:
        assert found.account.failures == account.failures + counted


def test_strangers_are_told_one_sentence() -> None:
    shown_the_password = {Reason.CODE_NEEDED, Reason.PASSKEY_NEEDED, Reason.SECOND_FACTOR_MISSING, Reason.MUST_CHANGE}
    told = {reason: str(refusal(Attempt(None, False, reason))) for reason in Reason}
    assert len({told[reason] for reason in Reason if reason not in shown_the_password}) == 1
    assert len({told[reason] for reason in shown_the_password}) == 4


@given(st.sampled_from([None, replace(LIN, disabled=True), LIN, WITH_CODE, WITH_PASSKEY]), st.text(max_size=20))
@settings(max_examples=50)
def test_without_the_password_only_the_one_sentence_is_told(account: Account | None, password: str) -> None:
    found = attempt(account, password, code="123456")
    assert str(refusal(found)) == str(refusal(Attempt(None, False, Reason.UNKNOWN)))


@pytest.mark.parametrize(
    "account", [None, LIN, WITH_CODE, replace(LIN, disabled=True), replace(LIN, locked_until=NOW + 1)]
)
def test_every_refusal_costs_one_hash_of_the_same_cost(
    account: Account | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[argon2.Parameters] = []
    real = low_level.verify_secret

    def record(encoded: bytes, *rest: object) -> bool:
        computed.append(argon2.extract_parameters(encoded.decode()))
        return real(encoded, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(low_level, "verify_secret", record)
    attempt(account, OTHER)
    assert computed == [argon2.extract_parameters(LIN.password)]


def test_a_code_lets_in_once() -> None:
    first = attempt(WITH_CODE, GOOD, code=code_at(NOW))
    assert (first.accepted, first.second_factor) == (True, True)
    again = attempt(first.account, GOOD, code=code_at(NOW))
    assert (again.accepted, again.reason) == (False, Reason.WRONG_CODE)


def test_a_role_may_require_a_second_factor() -> None:
    policy = replace(POLICY, required_for=frozenset({"doctor"}))
    assert attempt(LIN, GOOD, policy=policy).reason is Reason.SECOND_FACTOR_MISSING
    assert attempt(WITH_CODE, GOOD, code=code_at(NOW), policy=policy).accepted
    assert attempt(replace(LIN, roles=frozenset({"reader"})), GOOD, policy=policy).accepted
    # Also where enrolled accounts need not use it: a requirement is stronger than a permission.
    lax = replace(policy, second_factor=False)
    assert attempt(WITH_CODE, GOOD, policy=lax).reason is Reason.CODE_NEEDED
    assert attempt(WITH_PASSKEY, GOOD, policy=lax).reason is Reason.PASSKEY_NEEDED


def test_an_optional_code_that_is_given_must_be_right() -> None:
    lax = replace(POLICY, second_factor=False)
    assert attempt(WITH_CODE, GOOD, policy=lax).accepted
    assert not attempt(WITH_CODE, GOOD, code="000000", policy=lax).accepted


def test_the_lock_grows_and_a_success_lifts_it() -> None:
    account: Account | None = LIN
    at, locks = NOW, []
    for _ in range(10):
        for _ in range(POLICY.attempts):
            account = attempt(account, OTHER, at=at).account
        assert account is not None
        locks.append(account.locked_until - at)
        at = account.locked_until
    assert locks == [900, 1800, 3600, 7200, 14400, 28800, 57600, 86400, 86400, 86400]
    found = attempt(account, GOOD, at=at)
    assert found.account == LIN


def test_a_lock_is_not_made_longer_by_guesses_during_it() -> None:
    locked = replace(LIN, failures=5, locked_until=NOW + 10)
    assert attempt(locked, OTHER).account == locked


GUESSES = st.lists(
    st.tuples(st.sampled_from([0.0, 0.5, 1.0, 30.0, 100.0, 899.0, 900.0, 5000.0]), st.booleans()), max_size=60
)


@settings(max_examples=50, deadline=None)
@given(GUESSES, st.integers(1, 6))
def test_no_window_has_more_guesses_than_allowed(guesses: list[tuple[float, bool]], attempts: int) -> None:
    """Within any `lock` seconds at most `attempts` guesses are checked, of the password and the code together."""
    policy, account, at, checked = replace(POLICY, attempts=attempts), WITH_CODE, NOW, []
    for waits, knows_password in guesses:
        at += waits
        found = attempt(account, GOOD if knows_password else OTHER, code="000000", at=at, policy=policy)
        assert not found.accepted
        assert found.account is not None
        account = found.account
        if found.reason is not Reason.LOCKED:
            checked.append(at)
    for begins in checked:
        assert sum(begins <= one < begins + policy.lock for one in checked) <= attempts


def test_the_right_password_does_not_open_a_lock() -> None:
    account: Account | None = LIN
    for _ in range(5):
        account = attempt(account, OTHER).account
    assert attempt(account, GOOD).reason is Reason.LOCKED
    assert attempt(account, GOOD, at=NOW + 900).accepted


def test_a_password_is_encoded_anew_when_the_cost_rises() -> None:
    dearer = replace(POLICY, cost=Cost(memory=16, passes=1, lanes=1))
    found = attempt(LIN, GOOD, policy=dearer)
    assert found.account is not None
    assert argon2.extract_parameters(found.account.password).memory_cost == 16
    assert attempt(found.account, GOOD, policy=dearer).account == found.account
    wrong = attempt(LIN, OTHER, policy=dearer)
    assert wrong.account is not None
    assert wrong.account.password == LIN.password


def change(account: Account, old: str, new: str, code: str | None = None) -> Attempt:
    return change_password(account, old, new, code=code, clock=lambda: NOW, policy=POLICY)


def test_a_password_is_changed_by_who_knows_the_old_one() -> None:
    found = change(replace(LIN, must_change=True), GOOD, OTHER)
    assert found.accepted
    assert found.account is not None
    assert not found.account.must_change
    assert attempt(found.account, OTHER).accepted
    assert not attempt(found.account, GOOD).accepted


def test_a_change_counts_guesses_and_asks_for_the_code() -> None:
    wrong = change(replace(LIN, must_change=True), OTHER, GOOD)
    assert (wrong.accepted, wrong.reason) == (False, Reason.WRONG_PASSWORD)
    assert wrong.account == replace(LIN, must_change=True, failures=1)
    assert change(WITH_CODE, GOOD, OTHER).reason is Reason.CODE_NEEDED
    assert change(WITH_CODE, GOOD, OTHER, code_at(NOW)).accepted


def test_a_change_to_a_weak_or_the_same_password_is_refused() -> None:
    for new in (GOOD, "short", "passwordpassword"):
        with pytest.raises(InputError):
            change(LIN, GOOD, new)


def test_who_is_proven_otherwise_is_still_asked_for_state_and_factor() -> None:
    policy = replace(POLICY, required_for=frozenset({"doctor"}))
    assert proven(None, second_factor=True).reason is Reason.UNKNOWN
    assert proven(replace(LIN, disabled=True), second_factor=True).reason is Reason.DISABLED
    assert proven(LIN, second_factor=False, policy=policy).reason is Reason.SECOND_FACTOR_MISSING
    assert proven(LIN, second_factor=True, policy=policy).accepted
    assert proven(replace(LIN, locked_until=NOW * 2), second_factor=True).accepted
