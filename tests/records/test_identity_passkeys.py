"""Passkeys against an authenticator written here: real CBOR, COSE and ES256, and every answer that must be refused."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import LoginError, MissingExtraError
from suwen.records.identity import passkeys
from suwen.records.identity.nouns import Account
from suwen.records.identity.passkeys import Ceremony

pytest.importorskip("webauthn", reason="the extra passkeys is not installed")
from cryptography.hazmat.primitives.asymmetric import ec
from security_key import LIN, PARTY, PRESENT, VERIFIED, Answer, Authenticator, decode, encode


def clock() -> float:
    return 1000.0


def register(device: Authenticator, account: Account = LIN) -> Account:
    options, ceremony = passkeys.begin_registration(account, PARTY, clock=clock)
    answer = device.create(options)
    return passkeys.finish_registration(account, ceremony, answer, name="key", party=PARTY, clock=clock)


def authenticate(device: Authenticator, account: Account) -> Account:
    options, ceremony = passkeys.begin_authentication(account, PARTY, clock=clock)
    return passkeys.finish_authentication(account, ceremony, device.get(options), party=PARTY, clock=clock)


def test_a_passkey_is_registered_and_logs_in() -> None:
    device = Authenticator()
    account = register(device)
    (passkey,) = account.passkeys
    assert (passkey.id, passkey.sign_count, passkey.name) == (encode(device.identifier), 1, "key")
    for count in (2, 3, 9):
        device.count = count
        account = authenticate(device, account)
        assert account.passkeys[0].sign_count == count


def test_a_passkey_that_does_not_count_logs_in() -> None:
    """Synchronised passkeys always say 0, which the standard allows (section 6.1.1)."""
    device = Authenticator(count=0)
    account = register(device)
    assert authenticate(device, authenticate(device, account)) == account


def test_who_does_not_say_who_they_are_is_known_by_the_passkey() -> None:
    device = Authenticator()
    account = register(device)
    device.count = 2
    options, ceremony = passkeys.begin_authentication(None, PARTY, clock=clock)
    answer = device.get(options)
    assert passkeys.credential_id(answer) == account.passkeys[0].id
    assert "allowCredentials" not in json.loads(options) or json.loads(options)["allowCredentials"] == []
    assert (
        passkeys.finish_authentication(account, ceremony, answer, party=PARTY, clock=clock).passkeys[0].sign_count == 2
    )


def test_what_the_browser_is_asked() -> None:
    account = register(Authenticator())
    asked = json.loads(passkeys.begin_registration(account, PARTY, clock=clock)[0])
    assert asked["rp"] == {"id": PARTY.id, "name": PARTY.name}
    assert decode(asked["user"]["id"]) == account.id.encode()
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert asked["attestation"] == "none"
    assert [one["id"] for one in asked["excludeCredentials"]] == [account.passkeys[0].id]
    asked = json.loads(passkeys.begin_authentication(account, PARTY, clock=clock)[0])
    assert asked["userVerification"] == "required"
    assert [one["id"] for one in asked["allowCredentials"]] == [account.passkeys[0].id]
    assert len(decode(asked["challenge"])) == 32


WRONG: dict[str, dict[str, Any]] = {
    "origin": {"origin": "https://hospital.example.evil"},
    "plain origin": {"origin": "http://hospital.example"},
    "rp id": {"rp_id": "evil.example"},
    "not present": {"flags": VERIFIED},
    "not verified": {"flags": PRESENT},
    "framed": {"cross_origin": True},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_registration_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(LoginError):
        register(Authenticator(**wrong))


@pytest.mark.parametrize(
    "wrong",
    [
        *WRONG.values(),
        {"count": 1},
        {"count": 0},
        {"key": ec.generate_private_key(ec.SECP256R1())},
        {"identifier": b"another"},
        {"user": "0b" * 16},
    ],
    ids=[*WRONG, "count the same", "count fallen", "another key", "another id", "another user"],
)
def test_a_wrong_login_is_refused(wrong: dict[str, Any]) -> None:
    device = Authenticator()
    account = register(device)
    assert authenticate(replace(device, count=2), account)
    with pytest.raises(LoginError):
        authenticate(replace(device, **{"count": 2, **wrong}), account)


def test_one_passkey_is_registered_once() -> None:
    device = Authenticator()
    account = register(device)
    with pytest.raises(LoginError):
        register(device, account)
    assert passkeys.remove(account, account.passkeys[0].id) == LIN
    assert passkeys.remove(account, "other") == account


def ceremonies(device: Authenticator, account: Account) -> dict[str, Callable[[], object]]:
    """Right answers at the wrong ceremony."""
    asked, login = passkeys.begin_authentication(account, PARTY, clock=clock)
    answer = device.get(asked)
    other = passkeys.begin_authentication(account, PARTY, clock=clock)[1]

    def finish(ceremony: Ceremony, who: Account = account, at: float = 1000.0) -> Account:
        return passkeys.finish_authentication(who, ceremony, answer, party=PARTY, clock=lambda: at)

    assert finish(login)
    assert finish(login, at=1299.9)
    return {
        "replayed at another challenge": lambda: finish(other),
        "for another purpose": lambda: finish(replace(login, purpose=passkeys.Purpose.REGISTER)),
        "for another account": lambda: finish(replace(login, account="other")),
        "too late": lambda: finish(login, at=1300.0),
        "for a disabled account": lambda: finish(login, replace(account, disabled=True)),
        "after it was used": lambda: finish(login, finish(login)),
    }


@pytest.mark.parametrize(
    "name",
    [
        "replayed at another challenge",
        "for another purpose",
        "for another account",
        "too late",
        "for a disabled account",
        "after it was used",
    ],
)
def test_a_right_answer_at_the_wrong_ceremony_is_refused(name: str) -> None:
    device = Authenticator()
    account = register(device)
    device.count = 2
    with pytest.raises(LoginError):
        ceremonies(device, account)[name]()


def test_a_registration_is_for_its_account_and_challenge() -> None:
    device = Authenticator()
    options, ceremony = passkeys.begin_registration(LIN, PARTY, clock=clock)
    answer = device.create(options)
    other = passkeys.begin_registration(LIN, PARTY, clock=clock)[1]
    login = replace(ceremony, purpose=passkeys.Purpose.LOGIN)
    for wrong in (other, login, replace(ceremony, account=""), replace(ceremony, expires=1000.0)):
        with pytest.raises(LoginError):
            passkeys.finish_registration(LIN, wrong, answer, name="", party=PARTY, clock=clock)
    assert passkeys.finish_registration(LIN, ceremony, answer, name="", party=PARTY, clock=clock).passkeys


DEVICE = Authenticator(count=2)
HELD = register(replace(DEVICE, count=1))
ASKED, LOGIN = passkeys.begin_authentication(HELD, PARTY, clock=clock)
RIGHT: Answer = json.loads(DEVICE.get(ASKED))
OFFERED, REGISTRATION = passkeys.begin_registration(LIN, PARTY, clock=clock)
CREATED: Answer = json.loads(DEVICE.create(OFFERED))


def flipped(answer: Answer, part: str, bit: int) -> str:
    data = bytearray(decode(answer["response"][part]))
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    return json.dumps({**answer, "response": {**answer["response"], part: encode(bytes(data))}})


@settings(max_examples=300)
@given(st.sampled_from(["clientDataJSON", "authenticatorData", "signature"]), st.integers(0, 4000))
def test_no_flipped_bit_logs_in(part: str, bit: int) -> None:
    with pytest.raises(LoginError):
        passkeys.finish_authentication(HELD, LOGIN, flipped(RIGHT, part, bit), party=PARTY, clock=clock)


@settings(max_examples=300)
@given(st.sampled_from(["clientDataJSON", "attestationObject"]), st.integers(0, 4000))
def test_a_flipped_bit_never_breaks_a_registration_otherwise(part: str, bit: int) -> None:
    """Without attestation a flip in the new key or id is a new key or id; it must be that or a refusal."""
    try:
        account = passkeys.finish_registration(
            LIN, REGISTRATION, flipped(CREATED, part, bit), name="", party=PARTY, clock=clock
        )
    except LoginError:
        return
    assert Account.from_document(json.loads(json.dumps(account.to_document()))) == account


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200)
@given(st.sampled_from(["id", "rawId", "type", "response", "clientDataJSON", "signature", "userHandle"]), JSON)
def test_answers_of_another_shape_are_refused(key: str, value: object) -> None:
    inner = {**RIGHT["response"], **({key: value} if key not in RIGHT else {})}
    answer = json.dumps({**RIGHT, "response": inner, **({key: value} if key in RIGHT else {})})
    if key == "userHandle" and (value is None or value == ""):
        return  # a passkey that is not asked for by itself need not say whose it is
    with pytest.raises(LoginError):
        passkeys.finish_authentication(HELD, LOGIN, answer, party=PARTY, clock=clock)


@pytest.mark.parametrize(
    "answer", ["", "[]", "null", "7", "{}", '{"id": 7}', "[" * 60000, " " * 70000, '{"response": 1}']
)
def test_what_is_no_answer_is_refused(answer: str) -> None:
    with pytest.raises(LoginError):
        passkeys.finish_authentication(HELD, LOGIN, answer, party=PARTY, clock=clock)
    with pytest.raises(LoginError):
        passkeys.finish_registration(LIN, REGISTRATION, answer, name="", party=PARTY, clock=clock)
    with pytest.raises(LoginError):
        passkeys.credential_id(answer)


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "webauthn", None)
    with pytest.raises(MissingExtraError, match=r"suwen\[passkeys\]"):
        passkeys.begin_authentication(None, PARTY, clock=clock)
