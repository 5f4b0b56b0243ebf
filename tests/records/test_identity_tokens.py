"""ID tokens: every false claim, signature and key is refused in a whole login against a provider on loopback."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("jwt", reason="the extra oidc is not installed")
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from identity_provider import (
    KEYS,
    NOW,
    Claims,
    Peer,
    base64url,
    begun,
    clock,
    log_in,
    public_jwk,
    serving,
    sign_rightly,
)

from suwen.errors import LoginError
from suwen.records.identity import oidc, tokens


@pytest.fixture
def peer() -> Iterator[Peer]:
    with serving(Peer(NOW)) as served:
        yield served


WRONG_CLAIMS: dict[str, Callable[[Claims], Claims]] = {
    "another nonce": lambda one: {**one, "nonce": "other"},
    "no nonce": lambda one: {name: value for name, value in one.items() if name != "nonce"},
    "another audience": lambda one: {**one, "aud": "other"},
    "no audience": lambda one: {**one, "aud": None},
    "an empty audience": lambda one: {**one, "aud": []},
    "audiences without party": lambda one: {**one, "aud": ["suwen", "other"]},
    "another party": lambda one: {**one, "aud": ["suwen", "other"], "azp": "other"},
    "expired": lambda one: {**one, "exp": int(NOW) - 61},
    "no end": lambda one: {name: value for name, value in one.items() if name != "exp"},
    "an end that is no number": lambda one: {**one, "exp": str(one["exp"])},
    "an end that is not a number": lambda one: {**one, "exp": float("nan")},
    "from the future": lambda one: {**one, "iat": int(NOW) + 61},
    "long ago": lambda one: {**one, "iat": int(NOW) - 3601},
    "no beginning": lambda one: {name: value for name, value in one.items() if name != "iat"},
    "not yet": lambda one: {**one, "nbf": int(NOW) + 61},
    "another issuer": lambda one: {**one, "iss": "https://evil.example"},
    "issuer with a slash": lambda one: {**one, "iss": one["iss"] + "/"},
    "no subject": lambda one: {**one, "sub": ""},
    "a subject that is no text": lambda one: {**one, "sub": 7},
    "another access token": lambda one: {**one, "at_hash": base64url(bytes(16))},
    "an access token hash of nothing": lambda one: {**one, "at_hash": ""},
}


@pytest.mark.parametrize("twist", WRONG_CLAIMS.values(), ids=WRONG_CLAIMS)
def test_wrong_claims_are_refused(peer: Peer, twist: Callable[[Claims], Claims]) -> None:
    peer.twist = twist
    with pytest.raises(LoginError):
        log_in(peer)


def test_audiences_with_us_as_the_party_are_right(peer: Peer) -> None:
    peer.twist = lambda one: {**one, "aud": ["other", "suwen"], "azp": "suwen", "exp": int(NOW) - 59, "iat": NOW - 300}
    assert log_in(peer)


def by_hand(header: dict[str, Any], claims: Claims, sign: Callable[[bytes], bytes]) -> str:
    """Make a token without the library, which would refuse to make these."""
    said = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
    return f"{said}.{base64url(sign(said.encode()))}"


def with_public_key(
    form: serialization.PublicFormat, encoding: serialization.Encoding
) -> Callable[[Peer, Claims], str]:
    """HS256 with the public key as the secret: everybody has it."""

    def sign(peer: Peer, claims: Claims) -> str:
        secret = KEYS["RS256"].public_key().public_bytes(encoding, form)
        header = {"alg": "HS256", "kid": peer.kid}
        return by_hand(header, claims, lambda said: hmac.new(secret, said, "sha256").digest())

    return sign


def stranger(peer: Peer, claims: Claims) -> str:
    return jwt.encode(claims, rsa.generate_private_key(65537, 2048), "RS256", headers={"kid": peer.kid})


def with_headers(**more: Any) -> Callable[[Peer, Claims], str]:
    return lambda peer, claims: jwt.encode(claims, KEYS["RS256"], "RS256", headers={"kid": peer.kid, **more})


def bare(algorithm: object) -> Callable[[Peer, Claims], str]:
    return lambda peer, claims: by_hand({"alg": algorithm, "kid": peer.kid}, claims, lambda _: b"")


PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
INFO, PKCS1 = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1
WRONG_SIGNATURES: dict[str, Callable[[Peer, Claims], str]] = {
    "none": bare("none"),
    "None": bare("None"),
    "no algorithm": bare(None),
    "an algorithm that is a list": bare(["RS256"]),
    "no signature": bare("RS256"),
    "HS256 with the public key": with_public_key(INFO, PEM),
    "HS256 with the public key as DER": with_public_key(INFO, DER),
    "HS256 with the public key as PKCS 1": with_public_key(PKCS1, PEM),
    "a stranger's key": stranger,
    "an unknown key": with_headers(kid="k2"),
    "an extension nobody knows": with_headers(crit=["x"], x=1),
    "another algorithm of the same key": lambda peer, claims: jwt.encode(
        claims, KEYS["RS256"], "PS256", headers={"kid": peer.kid}
    ),
    "a weak hash": lambda peer, claims: jwt.encode(claims, KEYS["RS256"], "RS512", headers={"kid": peer.kid}),
    "a key that it brings along": lambda peer, claims: jwt.encode(
        claims,
        KEYS["PS256"],
        "RS256",
        headers={"kid": peer.kid, "jwk": public_jwk("RS256", KEYS["PS256"], peer.kid)},
    ),
    "the wrong part": lambda peer, claims: sign_rightly(peer, claims).replace(".", ".e30", 1),
    "not a token": lambda *_: "a.b.c",
    "nothing": lambda *_: "",
    "claims that are a list": lambda peer, _: jwt.PyJWS().encode(
        b"[]", KEYS["RS256"], "RS256", headers={"kid": peer.kid}
    ),
    "claims that are no JSON": lambda peer, _: jwt.PyJWS().encode(
        b"\xff", KEYS["RS256"], "RS256", headers={"kid": peer.kid}
    ),
}


@pytest.mark.parametrize("sign", WRONG_SIGNATURES.values(), ids=WRONG_SIGNATURES)
def test_wrong_signatures_are_refused(peer: Peer, sign: Callable[[Peer, Claims], str]) -> None:
    peer.sign = sign
    with pytest.raises(LoginError):
        log_in(peer)


def test_no_algorithm_without_a_public_key_is_ever_among_those_taken() -> None:
    """The library would still refuse them here; that must not be all that stands between."""
    assert not [name for name in tokens._ALGORITHMS if name.lower() == "none" or name.startswith("HS")]


TOKEN = sign_rightly(Peer(NOW, issuer="https://id.example"), {"iss": "https://id.example", "sub": "1"})


@settings(max_examples=200)
@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("AQgw_-.09z\u00e9"))
def test_no_changed_character_verifies(at: int, other: str) -> None:
    keys = Peer(NOW).published
    assert tokens.read_token(TOKEN, keys)[0]["sub"] == "1"
    changed = TOKEN[:at] + other + TOKEN[at + 1 :]
    try:
        claims, _ = tokens.read_token(changed, keys)
    except (LoginError, tokens.UnknownKeyError):
        return
    # The last character of a base64 text carries bits that stand for nothing: another text of the same bytes.
    assert claims == {"iss": "https://id.example", "sub": "1"}
    assert changed == TOKEN or at == len(TOKEN) - 1


WRONG_KEYS: dict[str, Callable[[dict[str, Any]], list[dict[str, Any]]]] = {
    "for encryption": lambda right: [{**right, "use": "enc"}],
    "for another algorithm": lambda right: [{**right, "alg": "PS256"}],
    "private": lambda right: [{**right, **PRIVATE}],
    "of another type": lambda right: [{**right, "kty": "EC"}],
    "a secret": lambda right: [{"kty": "oct", "k": "AAAA", "kid": right["kid"]}],
    "twice": lambda right: [right, right],
    "damaged": lambda right: [{**right, "n": "!"}],
    "empty": lambda right: [{"kty": "RSA", "kid": right["kid"]}],
    "none": lambda _: [],
    "no objects": lambda _: ["key", 7, None],  # type: ignore[list-item]
    "too short": lambda right: [public_jwk("RS256", SHORT, right["kid"])],
}
PRIVATE = jwt.get_algorithm_by_name("RS256").to_jwk(KEYS["RS256"], as_dict=True)
SHORT = rsa.generate_private_key(65537, 1024)  # noqa: S505 (to be refused)


@pytest.mark.filterwarnings("ignore:The RSA key:jwt.InsecureKeyLengthWarning")
@pytest.mark.parametrize("keys", WRONG_KEYS.values(), ids=WRONG_KEYS)
def test_keys_that_are_not_for_this_are_not_used(
    peer: Peer, keys: Callable[[dict[str, Any]], list[dict[str, Any]]]
) -> None:
    peer.published = keys(peer.published[0])
    if peer.published and peer.published[0] == public_jwk("RS256", SHORT, peer.kid):
        peer.sign = lambda one, claims: jwt.encode(claims, SHORT, "RS256", headers={"kid": one.kid})
    with pytest.raises(LoginError):
        log_in(peer)


def test_changed_keys_are_asked_for_once(peer: Peer) -> None:
    provider, discovered, pending, back = begun(peer)
    peer.kid = "k2"
    peer.published = [public_jwk("RS256", KEYS["PS256"], "k2")]
    peer.sign = lambda _, claims: jwt.encode(claims, KEYS["PS256"], "RS256", headers={"kid": "k2"})
    peer.asked.clear()
    assert oidc.finish(provider, discovered, pending, back, clock=clock).subject == "248289761001"
    assert peer.asked == ["/token", "/keys"]
    peer.kid = "k3"
    peer.sign = lambda _, claims: jwt.encode(claims, KEYS["PS256"], "RS256", headers={"kid": "k3"})
    _, _, pending, back = begun(peer)
    peer.asked.clear()
    with pytest.raises(LoginError):
        oidc.finish(provider, discovered, pending, back, clock=clock)
    assert peer.asked == ["/token", "/keys"]


def test_a_token_that_names_no_key_is_believed_only_if_there_is_one(peer: Peer) -> None:
    peer.sign = lambda _, claims: jwt.encode(claims, KEYS["RS256"], "RS256")
    assert log_in(peer)
    peer.published.append(public_jwk("RS256", KEYS["PS256"], "k2"))
    with pytest.raises(LoginError):
        log_in(peer)
