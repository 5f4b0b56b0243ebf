"""Project Wycheproof: the primitives, as the vault calls them, pass what is valid and refuse what is not.

Every vector of every file is run. What `cryptography` refuses on principle though it is valid stands in one table with
the reason and the exact number, so that a release that refuses more or less is noticed.
"""

from __future__ import annotations

import hmac
import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import keywrap
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from suwen import datasets
from suwen.records.vault import derive

# How many vectors each file holds: valid, acceptable, invalid.
COUNTS = {
    "aes_gcm": (229, 0, 87),
    "aes_gcm_siv": (136, 0, 66),
    "aes_kwp": (77, 0, 177),
    "aes_wrap": (36, 3, 126),
    "chacha20_poly1305": (256, 0, 69),
    "ed25519": (88, 0, 63),
    "hkdf_sha256": (83, 0, 3),
    "hmac_sha256": (66, 0, 108),
    "mlkem_768": (153, 0, 40),
    "mlkem_768_encaps": (133, 0, 132),
    "mlkem_768_keygen_seed": (100, 0, 0),
    "x25519": (264, 254, 0),
}

# Valid or acceptable vectors refused on principle: file, reason, how many.
SHORT = "a nonce shorter than 8 bytes is too easily repeated; ours have 12"
LONG = "a nonce longer than 128 bytes; ours have 12"
WEAK_KEK = "RFC 3394 wraps at least two blocks of 8 bytes, and the vectors wrap one"
ZERO = "a public point of low order gives the shared secret zero, which RFC 7748, 6.1, lets one refuse"
REFUSED = {
    ("aes_gcm", "valid", SHORT): 24,
    ("aes_gcm", "valid", LONG): 3,
    ("aes_wrap", "acceptable", WEAK_KEK): 3,
    ("x25519", "acceptable", ZERO): 31,
}

Vector = dict[str, Any]
Run = Callable[[Vector, Vector], bool]
REFUSALS = (InvalidTag, InvalidSignature, keywrap.InvalidUnwrap, ValueError)


@cache
def vectors(name: str) -> tuple[tuple[Vector, Vector], ...]:
    """Every vector of a file, each with its group."""
    file = datasets.folder() / "platform" / "wycheproof" / f"{name}_test.json"
    if not file.is_file():
        pytest.skip("the vectors of Wycheproof are not in the data folder (SUWEN_DATA): platform/wycheproof")
    document = json.loads(file.read_text("utf-8"))
    assert document["numberOfTests"] == sum(len(group["tests"]) for group in document["testGroups"])
    return tuple((group, test) for group in document["testGroups"] for test in group["tests"])


def raw(vector: Vector, *names: str) -> Iterator[bytes]:
    return (bytes.fromhex(vector[name]) for name in names)


# What is run for each: True when everything comes out as told, one of REFUSALS when it is refused


def aead(cipher: type[AESGCM | AESGCMSIV | ChaCha20Poly1305]) -> Run:
    def run(_group: Vector, test: Vector) -> bool:
        key, nonce, said, plain, sealed, tag = raw(test, "key", "iv", "aad", "msg", "ct", "tag")
        opened = cipher(key).decrypt(nonce, sealed + tag, said)
        return opened == plain and cipher(key).encrypt(nonce, plain, said) == sealed + tag

    return run


def wrap(_group: Vector, test: Vector) -> bool:
    key, plain, wrapped = raw(test, "key", "msg", "ct")
    return keywrap.aes_key_unwrap(key, wrapped) == plain and keywrap.aes_key_wrap(key, plain) == wrapped


def wrap_padded(_group: Vector, test: Vector) -> bool:
    key, plain, wrapped = raw(test, "key", "msg", "ct")
    opened = keywrap.aes_key_unwrap_with_padding(key, wrapped)
    return opened == plain and keywrap.aes_key_wrap_with_padding(key, plain) == wrapped


def signature(group: Vector, test: Vector) -> bool:
    message, signed = raw(test, "msg", "sig")
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(group["publicKey"]["pk"])).verify(signed, message)
    return True


def expand(_group: Vector, test: Vector) -> bool:
    key, salt, info, told = raw(test, "ikm", "salt", "info", "okm")
    whole = HKDF(SHA256(), test["size"], salt, info).derive(key) == told
    # what we derive are the first 32 bytes of any longer output (RFC 5869, 2.3)
    return whole and (len(told) < 32 or derive(key, info, salt=salt) == told[:32])


def mac(group: Vector, test: Vector) -> bool:
    key, message, told = raw(test, "key", "msg", "tag")
    if not hmac.compare_digest(hmac.digest(key, message, "sha256")[: group["tagSize"] // 8], told):
        raise ValueError("another tag")
    return True


def exchange(_group: Vector, test: Vector) -> bool:
    private, public, shared = raw(test, "private", "public", "shared")
    other = x25519.X25519PublicKey.from_public_bytes(public)
    return x25519.X25519PrivateKey.from_private_bytes(private).exchange(other) == shared


def decapsulate(_group: Vector, test: Vector) -> bool:
    seed, sealed, shared = raw(test, "seed", "c", "K")
    key = mlkem.MLKEM768PrivateKey.from_seed_bytes(seed)
    opened = key.decapsulate(sealed)
    return opened == shared and key.public_key().public_bytes_raw() == bytes.fromhex(test["ek"])


def encapsulate(_group: Vector, test: Vector) -> bool:
    """The library takes no randomness from outside, so c and K can only be told by whoever has the seed."""
    public, sealed, shared = raw(test, "ek", "c", "K")
    fresh, fresh_sealed = mlkem.MLKEM768PublicKey.from_public_bytes(public).encapsulate()
    seed = seeds().get(public)
    if seed is None:
        return (len(fresh), len(fresh_sealed)) == (32, 1088)
    key = mlkem.MLKEM768PrivateKey.from_seed_bytes(seed)
    return key.decapsulate(fresh_sealed) == fresh and key.decapsulate(sealed) == shared


def make_key(_group: Vector, test: Vector) -> bool:
    seed, public = raw(test, "seed", "ek")
    return mlkem.MLKEM768PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw() == public


@cache
def seeds() -> dict[bytes, bytes]:
    """The seed of each public key, where one of the other two files tells it."""
    known = (test for name in ("mlkem_768", "mlkem_768_keygen_seed") for _, test in vectors(name))
    return {bytes.fromhex(test["ek"]): bytes.fromhex(test["seed"]) for test in known if test["result"] == "valid"}


RUNS: dict[str, Run] = {
    "aes_gcm": aead(AESGCM),
    "aes_gcm_siv": aead(AESGCMSIV),
    "aes_kwp": wrap_padded,
    "aes_wrap": wrap,
    "chacha20_poly1305": aead(ChaCha20Poly1305),
    "ed25519": signature,
    "hkdf_sha256": expand,
    "hmac_sha256": mac,
    "mlkem_768": decapsulate,
    "mlkem_768_encaps": encapsulate,
    "mlkem_768_keygen_seed": make_key,
    "x25519": exchange,
}


def reason(name: str, test: Vector) -> str:
    """Why a vector that is not invalid may be refused; "" for no reason that is known."""
    if name == "aes_gcm" and len(test["iv"]) < 2 * 8:
        return SHORT
    if name == "aes_gcm" and len(test["iv"]) > 2 * 128:
        return LONG
    if name == "aes_wrap" and "ShortKey" in test["flags"]:
        return WEAK_KEK
    if name == "x25519" and not any(bytes.fromhex(test["shared"])):
        return ZERO
    return ""


def outcome(name: str, group: Vector, test: Vector) -> str:
    try:
        return "passed" if RUNS[name](group, test) else "came out otherwise"
    except REFUSALS:
        return "refused"


@pytest.mark.parametrize("name", COUNTS)
def test_every_vector_passes_or_is_refused_as_it_must(name: str) -> None:
    assert Counter(test["result"] for _, test in vectors(name)) == Counter(
        dict(zip(("valid", "acceptable", "invalid"), COUNTS[name], strict=True))
    )
    refused: Counter[tuple[str, str, str]] = Counter()
    wrong = []
    for group, test in vectors(name):
        came, result = outcome(name, group, test), test["result"]
        if result != "invalid" and came == "refused" and reason(name, test):
            refused[name, result, reason(name, test)] += 1
        elif came != ("refused" if result == "invalid" else "passed"):
            wrong.append((test["tcId"], result, came, test.get("comment", "")))
    assert wrong == []
    assert refused == {key: count for key, count in REFUSED.items() if key[0] == name}


def test_most_of_the_encapsulations_are_held_against_a_seed() -> None:
    valid = [bytes.fromhex(test["ek"]) for _, test in vectors("mlkem_768_encaps") if test["result"] == "valid"]
    assert sum(one in seeds() for one in valid) >= 100
