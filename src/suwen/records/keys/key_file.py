"""The key file `keys.json`: how KEKs are sealed under a passphrase, byte for byte."""

from __future__ import annotations

import hashlib
import json
import secrets
import unicodedata
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from suwen.errors import InputError, KeyProviderError, TamperError
from suwen.records.keys.nouns import KEY_BYTES
from suwen.records.keys.wrapping import check_identifier, decode, encode

__all__ = ["RECOMMENDED", "Contents", "Cost", "Kek", "Sealed", "Unlocking", "open_sealed", "read", "seal", "unlocking"]

# Format 1. UTF-8 JSON, keys sorted, indented by one, ASCII only, one line feed at the end:
#
#     aead       "AES-256-GCM"
#     cost       lanes, memory_kib, time: the argon2id parameters (RFC 9106)
#     format     1
#     kdf        "argon2id-19": argon2id, version 0x13
#     keks       the sealed KEKs: ciphertext and tag, base64
#     nonce      12 bytes, base64, fresh with every write
#     salt       16 bytes, base64, fresh with every passphrase
#     sha256     of the same document without this line, hexadecimal
#
# The key is argon2id(passphrase in Unicode NFC and UTF-8, salt, cost), 32 bytes. It seals the JSON text
#     {"current": identifier, "keks": [{"created": ISO 8601, "id": identifier, "key": base64 of 32 bytes}, ...]}
# with the document without `keks` and `sha256` as associated data.
#
# sha256 is no protection against a person: who changes the file can compute it anew, and is then noticed by the tag. It
# tells a damaged file from a wrong passphrase, before any memory is spent on argon2id.
#
# The promise: every later format keeps `format`, `sha256` and the canonical form, so that an old version can say "too
# new" instead of "damaged". To change the format: raise FORMAT, keep reading 1, add a golden file of it to the tests.

FORMAT = 1
MOST_BYTES = 1 << 20  # thousands of KEKs; an endless file must not fill the memory
SALT_BYTES = 16
NONCE_BYTES = 12
FEWEST_CHARACTERS = 12  # of a passphrase

_TEXTS = ("aead", "kdf", "keks", "nonce", "salt")
_NAMES = {"cost", "format", *_TEXTS}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess at the passphrase costs: argon2id passes, KiB of memory, and lanes."""

    time: int
    memory_kib: int
    lanes: int

    def bearable(self) -> bool:
        """Tell whether the cost lies within the bounds that are read and written.

        Below the floor (the least that OWASP recommends, Password Storage Cheat Sheet 2024) guessing would be cheap;
        above the ceiling a planted file would exhaust the memory or the patience of whoever opens it.
        """
        return 2 <= self.time <= 16 and 19 << 10 <= self.memory_kib <= 1 << 20 and 1 <= self.lanes <= 16


RECOMMENDED = Cost(time=3, memory_kib=64 << 10, lanes=4)  # RFC 9106, section 4, second recommended option


@dataclass(frozen=True, slots=True)
class Kek:
    """One key-encryption key, and when it was made."""

    id: str
    created: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Contents:
    """What the file keeps sealed: the KEKs, the oldest first, and which of them is current."""

    current: str
    keks: tuple[Kek, ...]


@dataclass(frozen=True, slots=True)
class Unlocking:
    """The key derived from a passphrase, and what it was derived with."""

    salt: bytes
    cost: Cost
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A key file that is undamaged in form, not yet opened."""

    place: Path
    salt: bytes
    cost: Cost
    nonce: bytes
    associated: bytes
    keks: bytes = field(repr=False)


def unlocking(passphrase: str, salt: bytes | None = None, cost: Cost = RECOMMENDED) -> Unlocking:
    """Derive the key that seals the file, with a fresh salt unless an existing one is given.

    Raises:
        InputError: without `salt`, the passphrase is too short or the cost out of bounds.

    """
    from argon2.low_level import Type, hash_secret_raw  # noqa: PLC0415 - 18 ms, and only the file provider needs it

    # NFC: the same passphrase typed on two systems must give the same bytes (RFC 8265, section 4.2).
    text = unicodedata.normalize("NFC", passphrase)
    if salt is None:
        if len(text) < FEWEST_CHARACTERS:
            raise InputError(
                f"The passphrase has fewer than {FEWEST_CHARACTERS} characters; take several words.",
                zh=f"口令短语少于 {FEWEST_CHARACTERS} 个字符；请用若干个词",
            )
        if not cost.bearable():
            raise InputError(
                "The argon2id cost lies out of bounds; leave it out to take what RFC 9106 recommends.",
                zh="argon2id 的代价超出范围；请省略，以采用 RFC 9106 的建议值",
            )
        salt = secrets.token_bytes(SALT_BYTES)
    key = hash_secret_raw(
        text.encode("utf-8"), salt, cost.time, cost.memory_kib, cost.lanes, KEY_BYTES, Type.ID, version=19
    )
    return Unlocking(salt, cost, key)


def seal(contents: Contents, by: Unlocking) -> bytes:
    """Return the bytes of a key file that holds `contents`."""
    header = {
        "aead": "AES-256-GCM",
        "cost": asdict(by.cost),
        "format": FORMAT,
        "kdf": "argon2id-19",
        "nonce": encode(secrets.token_bytes(NONCE_BYTES)),
        "salt": encode(by.salt),
    }
    inner = {
        "current": contents.current,
        "keks": [{"created": one.created, "id": one.id, "key": encode(one.key)} for one in contents.keks],
    }
    sealed = AESGCM(by.key).encrypt(decode(header["nonce"]), _canonical(inner), _canonical(header))  # type: ignore[arg-type]
    document = {**header, "keks": encode(sealed)}
    return _canonical({**document, "sha256": hashlib.sha256(_canonical(document)).hexdigest()})


def read(place: Path, raw: bytes) -> Sealed:
    """Check the bytes of a key file as far as that goes without the passphrase.

    Raises:
        TamperError: they are not, byte for byte, what `seal` wrote.
        KeyProviderError: they are of a format this version does not know.

    """
    document = _undamaged(place, raw)
    number = document.get("format")
    if type(number) is int and number > FORMAT:
        raise KeyProviderError(
            f"{place} is of format {number}, newer than {FORMAT}; open it with a newer Suwen.",
            zh=f"{place} 的格式为 {number}，高于 {FORMAT}；请用更新版本的 Suwen 打开",
        )
    try:
        return _shaped(place, document)
    except (ValueError, TypeError):
        raise _damaged(place) from None


def open_sealed(sealed: Sealed, by: Unlocking) -> Contents:
    """Return the KEKs.

    Raises:
        KeyProviderError: the passphrase that `by` was derived from is not the one of this file.

    """
    try:
        text = AESGCM(by.key).decrypt(sealed.nonce, sealed.keks, sealed.associated)
    except InvalidTag:
        raise KeyProviderError(
            f"The passphrase is not the one of {sealed.place} (or the file was replaced by another on purpose); "
            "nothing was opened.",
            zh=f"口令短语与 {sealed.place} 不符（或该文件被蓄意替换）；未打开任何内容",
        ) from None
    try:
        return _contents(json.loads(text))
    except (ValueError, TypeError, KeyError):
        raise _damaged(sealed.place) from None  # not chained: the text holds the KEKs


def _canonical(document: object) -> bytes:
    return (json.dumps(document, sort_keys=True, indent=1, ensure_ascii=True) + "\n").encode("ascii")


def _damaged(place: Path) -> TamperError:
    return TamperError(
        f"{place} was changed or damaged; restore it from a backup, nothing was opened.",
        zh=f"{place} 被改动或已损坏；请从备份恢复，未打开任何内容",
    )


def _undamaged(place: Path, raw: bytes) -> dict[str, Any]:
    try:
        document = json.loads(raw) if len(raw) <= MOST_BYTES else None
        # Written anew and compared: white space, repeated keys, escapes and 3.0 for 3 are changes too.
        if not isinstance(document, dict) or _canonical(document) != raw:
            raise _damaged(place)
    except (ValueError, RecursionError):
        raise _damaged(place) from None
    if document.pop("sha256", None) != hashlib.sha256(_canonical(document)).hexdigest():
        raise _damaged(place)
    return document


def _shaped(place: Path, document: dict[str, Any]) -> Sealed:
    cost = Cost(**document["cost"]) if document.keys() == _NAMES else None
    plain = cost is not None and all(type(one) is int for one in asdict(cost).values())
    known = [document.get(name) for name in ("aead", "format", "kdf")] == ["AES-256-GCM", FORMAT, "argon2id-19"]
    if cost is None or not plain or not known or document["format"] is True or not cost.bearable():
        raise ValueError("not what format 1 writes")
    salt, nonce, keks = (decode(document[name]) for name in ("salt", "nonce", "keks"))
    if len(salt) != SALT_BYTES or len(nonce) != NONCE_BYTES:
        raise ValueError("not what format 1 writes")
    header = {name: value for name, value in document.items() if name != "keks"}
    return Sealed(place, salt, cost, nonce, _canonical(header), keks)


def _contents(inner: dict[str, Any]) -> Contents:
    keks = tuple(Kek(check_identifier(one["id"]), one["created"], decode(one["key"])) for one in inner["keks"])
    if inner["current"] not in {one.id for one in keks} or any(len(one.key) != KEY_BYTES for one in keks):
        raise ValueError("the KEKs do not fit together")
    return Contents(inner["current"], keks)
