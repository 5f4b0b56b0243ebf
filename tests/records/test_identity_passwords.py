"""Passwords: hashed with argon2id and no weaker than asked, as dear for nobody as for somebody, and not obvious."""

from __future__ import annotations

from dataclasses import replace

import argon2
import pytest
from argon2 import low_level
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import InputError
from suwen.records.identity import passwords
from suwen.records.identity.nouns import Account
from suwen.records.identity.passwords import Cost

CHEAP = Cost(memory=8, passes=1, lanes=1)
GOOD = "fjord lantern quiet mango"
LIN = Account("a1", "lin.wei", "Lin Wei", frozenset(), 0.0)


@settings(max_examples=50)
@given(st.text(max_size=30), st.text(max_size=30))
def test_only_the_password_itself_verifies(password: str, other: str) -> None:
    encoded = passwords.encode(password, cost=CHEAP)
    assert passwords.verify(encoded, password, cost=CHEAP)
    same = passwords._bytes(password) == passwords._bytes(other)
    assert passwords.verify(encoded, other, cost=CHEAP) is same


def test_one_password_typed_on_two_systems_is_one() -> None:
    assert passwords.verify(passwords.encode("Mu\u0308ller", cost=CHEAP), "Müller", cost=CHEAP)


def test_a_lone_surrogate_is_a_wrong_password_and_no_accident() -> None:
    assert not passwords.verify(passwords.encode(GOOD, cost=CHEAP), "\ud800" * 12, cost=CHEAP)


def test_the_published_vector_of_argon2id() -> None:
    """RFC 9106, section 5.3, has secret and associated data, which no text form carries; so the reference program's.

    echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1 -l 32, from the test file of the reference implementation.
    """
    encoded = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
    assert passwords.verify(encoded, "password")
    assert not passwords.verify(encoded, "Password")


def test_the_standard_is_what_rfc_9106_recommends() -> None:
    had = argon2.extract_parameters(passwords.encode(GOOD, cost=passwords.STANDARD))
    assert had == argon2.profiles.RFC_9106_LOW_MEMORY


def test_nobody_costs_what_somebody_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[argon2.Parameters] = []

    def record(encoded: bytes, *rest: object) -> bool:
        computed.append(argon2.extract_parameters(encoded.decode()))
        return real(encoded, *rest)  # type: ignore[arg-type]

    real = low_level.verify_secret
    monkeypatch.setattr(low_level, "verify_secret", record)
    cost = Cost(memory=64, passes=2, lanes=2)
    assert not passwords.verify("", GOOD, cost=cost)
    assert passwords.verify(passwords.encode(GOOD, cost=cost), GOOD, cost=cost)
    assert len(computed) == 2
    assert computed[0] == computed[1]


@given(st.text(max_size=20))
def test_no_password_opens_an_account_without_one(password: str) -> None:
    assert not passwords.verify("", password, cost=CHEAP)


def test_a_damaged_encoding_opens_nothing() -> None:
    encoded = passwords.encode(GOOD, cost=CHEAP)
    for wrong in (encoded[:-1], encoded + "A", encoded.replace("argon2id", "argon2d"), "plain", encoded[:30]):
        assert not passwords.verify(wrong, GOOD, cost=CHEAP)


@pytest.mark.parametrize(
    ("had", "asked", "outdated"),
    [
        (Cost(8, 1, 1), Cost(8, 1, 1), False),
        (Cost(8, 1, 1), Cost(16, 1, 1), True),
        (Cost(8, 1, 1), Cost(8, 2, 1), True),
        (Cost(16, 2, 1), Cost(8, 3, 1), False),
        (Cost(16, 2, 1), Cost(16, 1, 1), False),
    ],
)
def test_an_encoding_is_outdated_when_the_cost_rises(had: Cost, asked: Cost, outdated: bool) -> None:
    assert passwords.is_outdated(passwords.encode(GOOD, cost=had), cost=asked) is outdated


def test_two_encodings_of_one_password_differ() -> None:
    assert passwords.encode(GOOD, cost=CHEAP) != passwords.encode(GOOD, cost=CHEAP)


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "elevenchars",
        "aaaaaaaaaaaaaaaa",
        "Password1234",
        "P@ssw0rd!2345",
        "passwordpassword",
        "123456789012",
        "qwertyuiop12",
        "abcabcabcabcabc",
        "Hospital2024!",
        "monkeymonkey",
        "lin.wei-2024-lin",
        "linweilinwei1",
        "Suwen医院123456",
        "woaini1314520",
        "x" * 1025,
    ],
)
def test_an_obvious_or_short_password_is_refused(password: str) -> None:
    with pytest.raises(InputError) as told:
        passwords.check_strength(password, login="lin.wei", name="Lin Wei")
    assert password not in str(told.value)


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "739104628153",
        "xK9#mQ2$vL7!",
        "all lower case words",
        "药品柜旁边的三只蓝色老虎会跳舞",
        "hospital fjord mango 7",
        "nine grey geese walked over the frozen lake, and the ferryman did not count them before he left",
    ],
)
def test_length_is_enough_and_no_composition_is_asked_for(password: str) -> None:
    passwords.check_strength(password, login="lin.wei", name="Lin Wei")


def test_a_new_password_replaces_the_old_and_keeps_the_count() -> None:
    account = passwords.set_password(replace(LIN, failures=3), GOOD, must_change=True, cost=CHEAP)
    assert account.must_change
    assert account.failures == 3
    assert passwords.verify(account.password, GOOD, cost=CHEAP)
    with pytest.raises(InputError):
        passwords.set_password(LIN, "lin.wei lin.wei", cost=CHEAP)
