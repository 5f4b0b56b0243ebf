"""Sealing one audit event: encrypted for whoever holds the key, checkable in the tree for whoever does not.

FORMAT 1. Entry number `seq` (from 0, without gaps) of the log is stored as five fields:

    seq          position in the log and in its Merkle tree
    at           time of the event, microseconds since 1970-01-01T00:00:00Z
    subject tag  16 bytes, or none where the event has no subject: to find the entries about somebody
    actor tag    16 bytes, or none where Suwen itself acted: to find the entries by somebody
    body         12 bytes nonce, then AES-256-GCM of the event's canonical JSON, its 16-byte tag last

    header = "suwen audit entry 1" LF, seq (8 bytes), at (8), length of subject tag (1), length of actor tag (1),
             subject tag, actor tag; numbers are unsigned, most significant byte first
    AES-256-GCM: key = HKDF("suwen audit 1 entry " + (seq >> 24 in 8 bytes)), associated data = header
    subject tag = first 16 bytes of HMAC-SHA256(HKDF("suwen audit 1 subject tag"), subject id in UTF-8)
    actor tag   = first 16 bytes of HMAC-SHA256(HKDF("suwen audit 1 actor tag"), actor id in UTF-8)
    leaf        = SHA-256(0x00, header, body)                           RFC 6962 leaf over everything that is stored
    HKDF(info)  = HKDF-SHA256 (RFC 5869) of the 32-byte audit key, no salt, 32 bytes

Promise: entries of format 1 are readable by every later Suwen that is given their key, and their leaves are computed
the same for ever (tests/golden/audit/entry-1.json). A format 2 gets another label in its header, so that no entry can
pass for one of the other format, and a reader beside this one; this one stays.

Threats. The header is associated data: an entry moved to another place, another time or another person does not open.
The tags use two keys, so that nobody without the key sees that a clinician is also a patient. Random nonces of 96 bits
are safe for 2^32 uses of one key (NIST SP 800-38D, 8.3): each key serves 2^24 entries, a chance of 2^-49 that any two
share a nonce. Without the key there remain visible: when entries were made, how long they are, and which of them are
about or by the same unnamed person.
"""

from __future__ import annotations

import hmac
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from suwen.errors import InputError, TamperError
from suwen.records.audit.event import Detail, Event, EventKind, Outcome, decode, encode

__all__ = [
    "KEY_SIZE",
    "Detail",
    "EntrySealer",
    "Event",
    "EventKind",
    "Outcome",
    "SealedEntry",
    "decode",
    "encode",
    "leaf_bytes",
]

KEY_SIZE = 32
_LABEL = b"suwen audit entry 1\n"
_EPOCH_BITS = 24
_NONCE_SIZE = 12
_TAG_SIZE = 16
_REMEMBERED = 1 << 16  # tags kept at hand
_numbers = struct.Struct(">QQBB").pack


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """One entry as it is stored, format 1: number, time (microseconds since 1970, UTC), two tags, sealed body."""

    seq: int
    at: int
    subject_tag: bytes
    actor_tag: bytes
    body: bytes


def leaf_bytes(entry: SealedEntry) -> bytes:
    """Return the bytes whose leaf hash stands in the tree: everything that is stored of the entry.

    Raises:
        TamperError: a field cannot be one of a stored entry (a number out of range, a tag too long, a text for bytes).

    """
    subject, actor = entry.subject_tag, entry.actor_tag
    try:
        return _LABEL + _numbers(entry.seq, entry.at, len(subject), len(actor)) + subject + actor + entry.body
    except (struct.error, TypeError) as error:
        raise TamperError(
            f"audit entry {entry.seq} was changed: its fields are not those of any entry",
            zh=f"审计条目 {entry.seq} 被改动：其字段不属于任何条目",
        ) from error


class EntrySealer:
    """Seals and opens entries with the 32-byte audit key; `random` gives nonces and is replaced only by tests."""

    __slots__ = ("_actor_tag", "_cipher", "_key", "_random", "_subject_tag")

    def __init__(self, key: bytes, *, random: Callable[[int], bytes] = os.urandom) -> None:
        """Derive the keys.

        Raises:
            InputError: the key is not 32 bytes.

        """
        if len(key) != KEY_SIZE:
            raise InputError(
                f"the audit key must have {KEY_SIZE} bytes, not {len(key)}",
                zh=f"审计密钥须为 {KEY_SIZE} 字节，而非 {len(key)}",
            )
        self._key = key
        self._random = random
        self._cipher = lru_cache(maxsize=8)(self._cipher_of)
        self._subject_tag = lru_cache(maxsize=_REMEMBERED)(_Tagger(self._derive(b"suwen audit 1 subject tag")))
        self._actor_tag = lru_cache(maxsize=_REMEMBERED)(_Tagger(self._derive(b"suwen audit 1 actor tag")))

    def subject_tag(self, subject: str) -> bytes:
        """Return the tag that stands on every entry about `subject`: 16 bytes, none for the empty id."""
        return self._subject_tag(subject)

    def actor_tag(self, actor: str) -> bytes:
        """Return the tag that stands on every entry by `actor`: 16 bytes, none for the empty id."""
        return self._actor_tag(actor)

    def seal(self, seq: int, event: Event) -> SealedEntry:
        """Return the event sealed as entry `seq`.

        Raises:
            InputError: the event cannot be written (see `encode`), or the number is not one of an entry.

        """
        if not 0 <= seq < 1 << 63:
            raise InputError(f"{seq} is not the number of an audit entry", zh=f"{seq} 不是审计条目的编号")
        body = encode(event)
        subject, actor = self._subject_tag(event.subject), self._actor_tag(event.actor)
        nonce = self._random(_NONCE_SIZE)
        header = _LABEL + _numbers(seq, event.at, len(subject), len(actor)) + subject + actor
        sealed = self._cipher(seq >> _EPOCH_BITS).encrypt(nonce, body, header)
        return SealedEntry(seq, event.at, subject, actor, nonce + sealed)

    def open(self, entry: SealedEntry) -> Event:
        """Return the event that was sealed as this entry.

        Raises:
            TamperError: a byte of it was changed, or it was sealed with another key; the message names its number.

        """
        plain = self.unseal(entry, leaf_bytes(entry))
        try:
            return decode(plain)
        except TamperError as error:
            raise TamperError(
                f"audit entry {entry.seq} does not hold an event this version can read",
                zh=f"审计条目 {entry.seq} 的事件本版本无法读取",
            ) from error

    def unseal(self, entry: SealedEntry, leaf: bytes) -> bytes:
        """Return the bytes that were sealed as this entry, whose `leaf_bytes` are at hand; errors as for `open`.

        For scans: that the seal holds is what counts there, and the event is not read.
        """
        body, header = entry.body, leaf[: len(leaf) - len(entry.body)]
        try:
            return self._cipher(entry.seq >> _EPOCH_BITS).decrypt(body[:_NONCE_SIZE], body[_NONCE_SIZE:], header)
        except (InvalidTag, ValueError) as error:  # ValueError: too short to hold a nonce
            raise TamperError(
                f"audit entry {entry.seq} was changed, or sealed with another key",
                zh=f"审计条目 {entry.seq} 被改动，或用其他密钥封装",
            ) from error

    def _cipher_of(self, epoch: int) -> AESGCM:
        return AESGCM(self._derive(b"suwen audit 1 entry " + epoch.to_bytes(8, "big")))

    def _derive(self, info: bytes) -> bytes:
        return HKDF(SHA256(), KEY_SIZE, None, info).derive(self._key)


class _Tagger:
    """Tags ids under one key; a class rather than a method so that a cache holds the key and not the sealer."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __call__(self, identity: str) -> bytes:
        return hmac.digest(self._key, identity.encode(), "sha256")[:_TAG_SIZE] if identity else b""
