"""Identity nouns: documents come back as they were, anything else is refused, and no secret is told on the way."""

from __future__ import annotations

import json
import math
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.errors import FormatError, InputError
from suwen.records.identity.accounts import disable, enable, new_account, unlock
from suwen.records.identity.authority import Authority, Revoked
from suwen.records.identity.nouns import Account, Device, Passkey, Session, login_name

BASE64URL = st.text("abcXYZ019_-", min_size=1, max_size=20)
MOMENTS = st.floats(0, 1e11)
WORDS = st.text(min_size=1, max_size=10)
HASHES = st.binary(min_size=32, max_size=32).map(bytes.hex)
NAMES = st.frozensets(WORDS, max_size=4)
COUNTS = st.integers(0, 10**9)
PASSKEYS = st.builds(Passkey, BASE64URL, BASE64URL, COUNTS, st.text(max_size=10), MOMENTS)
ENCODED = st.sampled_from(["", "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAA"])
NOUNS = st.one_of(
    st.builds(
        Account,
        id=WORDS,
        login=WORDS,
        name=st.text(max_size=10),
        roles=NAMES,
        created=MOMENTS,
        password=ENCODED,
        must_change=st.booleans(),
        totp=st.text("ABC234567", max_size=32),
        totp_step=COUNTS,
        failures=COUNTS,
        locked_until=MOMENTS,
        passkeys=st.lists(PASSKEYS, max_size=3, unique_by=lambda one: one.id).map(tuple),
        subject=st.text(max_size=10),
        disabled=st.booleans(),
    ),
    st.builds(Device, WORDS, WORDS, HASHES, st.text(max_size=10), NAMES, st.booleans(), MOMENTS, MOMENTS),
    st.builds(Session, HASHES, WORDS, MOMENTS, MOMENTS, MOMENTS, st.booleans()),
    st.builds(
        Authority,
        WORDS,
        WORDS,
        st.lists(st.builds(Revoked, st.integers(1, 2**159).map(str), MOMENTS), max_size=3).map(tuple),
        COUNTS,
    ),
)
ACCOUNT = Account(
    id="a1",
    login="lin",
    name="Lin",
    roles=frozenset({"doctor", "reader"}),
    created=1.5,
    password="$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$SECRETHASH",  # noqa: S106 (an example)
    totp="SECRETSECRETSECRETSECRET",
    passkeys=(Passkey("id", "key", 3, "phone", 2.0),),
)
# The layout of format 1, written down once: it must stay readable for as long as there are backups.
GOLDEN = """{"kind": "account", "format": 1, "id": "a1", "login": "lin", "name": "Lin", "roles": ["doctor", "reader"],
"created": 1.5, "password": "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$SECRETHASH", "must_change": false,
"totp": "SECRETSECRETSECRETSECRET", "totp_step": 0, "failures": 0, "locked_until": 0, "passkeys": [{"id": "id",
"public_key": "key", "sign_count": 3, "name": "phone", "created": 2}], "subject": "", "disabled": false}"""

Noun = Account | Device | Session | Authority
WRONG: list[Any] = [None, 7, -1, True, "", [], [1], {}, "\u0000", math.nan, math.inf, 10**400, [[]], ["a", "a"]]


@given(NOUNS)
def test_a_document_comes_back_as_it_was(noun: Noun) -> None:
    assert type(noun).from_document(json.loads(json.dumps(noun.to_document()))) == noun


@given(NOUNS)
def test_a_document_has_every_field(noun: Noun) -> None:
    assert set(noun.to_document()) == {"kind", "format"} | {one.name for one in fields(noun)}


def test_the_first_format_stays_readable() -> None:
    assert Account.from_document(json.loads(GOLDEN)) == ACCOUNT


@given(NOUNS, st.data())
def test_a_missing_or_unknown_field_is_refused(noun: Noun, data: st.DataObject) -> None:
    document = noun.to_document()
    key = data.draw(st.sampled_from(sorted(document)))
    without = {name: value for name, value in document.items() if name != key}
    for wrong in (without, {**document, "surplus": 1}):
        with pytest.raises(FormatError):
            type(noun).from_document(wrong)


@given(NOUNS, st.data())
def test_a_field_of_another_type_is_refused_or_means_the_same(noun: Noun, data: st.DataObject) -> None:
    document = noun.to_document()
    key = data.draw(st.sampled_from(sorted(document)))
    was = document[key]
    document[key] = data.draw(st.sampled_from(WRONG))
    try:
        read = type(noun).from_document(document)
    except FormatError:
        return
    # What is taken must be written out again as it was read, or something was quietly put in its place.
    assert read.to_document()[key] == document[key]
    assert type(read.to_document()[key]) in (type(was), float)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_what_is_not_an_object_is_refused(document: object) -> None:
    for noun in (Account, Device, Session, Authority):
        with pytest.raises(FormatError):
            noun.from_document(document)


@pytest.mark.parametrize("number", [0, 2, True, "1", None])
def test_another_format_number_is_refused(number: object) -> None:
    with pytest.raises(FormatError, match="format"):
        Account.from_document({**ACCOUNT.to_document(), "format": number})


@pytest.mark.parametrize("key", ["totp_step", "failures", "created", "locked_until"])
def test_true_is_not_a_number(key: str) -> None:
    """In Python True is 1; in a document it is a mistake."""
    with pytest.raises(FormatError, match=key):
        Account.from_document({**ACCOUNT.to_document(), key: True})


def test_one_kind_is_not_read_as_another() -> None:
    with pytest.raises(FormatError, match="kind"):
        Account.from_document({**ACCOUNT.to_document(), "kind": "device"})


def test_all_problems_are_told_at_once_and_by_place() -> None:
    document = {**ACCOUNT.to_document(), "failures": -1, "passkeys": [{"id": "x", "sign_count": "3", "more": 1}]}
    with pytest.raises(FormatError) as told:
        Account.from_document(document)
    places = {problem.where for problem in told.value.problems}
    inner = {f"passkeys[0].{name}" for name in ("public_key", "sign_count", "created", "more")}
    assert places >= {"failures", *inner}


def test_a_passkey_twice_is_refused() -> None:
    document = ACCOUNT.to_document()
    document["passkeys"] = [ACCOUNT.passkeys[0].to_document()] * 2
    with pytest.raises(FormatError, match="twice"):
        Account.from_document(document)


def test_secrets_are_neither_shown_nor_told() -> None:
    assert "SECRET" not in repr(ACCOUNT)
    assert "SECRET" not in repr(Authority("certificate", "SECRETKEY"))
    with pytest.raises(FormatError) as told:
        Account.from_document({**ACCOUNT.to_document(), "password": "SECRET plain", "totp": "SECRET!"})
    assert "SECRET" not in str(told.value)


@pytest.mark.parametrize(
    ("typed", "kept"), [("Müller", "müller"), ("Mu\u0308LLER", "müller"), (" 林医生 ", "林医生"), ("ＬＩＮ", "lin")]
)
def test_a_login_name_has_one_form(typed: str, kept: str) -> None:
    assert login_name(typed) == kept


@given(st.text(max_size=70))
def test_the_form_of_a_login_name_is_final(text: str) -> None:
    try:
        name = login_name(text)
    except InputError:
        return
    assert login_name(name) == name
    assert 0 < len(name) <= 64


@pytest.mark.parametrize("text", ["", "  ", "a b", "a\u200bb", "a\nb", "<b>", "x" * 65, "a/b", "a|b"])
def test_what_is_no_login_name_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        login_name(text)


def test_accounts_are_opened_closed_and_unlocked() -> None:
    account = new_account("Lin", "Lin Wei", roles=["doctor"], clock=lambda: 5.0, random=lambda size: b"\x01" * size)
    assert (account.login, account.id, account.created, account.password) == ("lin", "01" * 16, 5.0, "")
    locked = Account(
        **{one.name: getattr(account, one.name) for one in fields(account)} | {"failures": 5, "locked_until": 9.0}
    )
    assert disable(locked).disabled
    assert not enable(disable(locked)).disabled
    for lifted in (unlock(locked), enable(locked)):
        assert (lifted.failures, lifted.locked_until) == (0, 0.0)
    assert new_account("a", "", roles=[], clock=lambda: 0.0).id != new_account("a", "", roles=[], clock=lambda: 0.0).id
