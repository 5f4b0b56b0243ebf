"""The register: which documents there are, so that none can be set back, put back or deleted unseen.

As the chart of a patient (vault/format.py) it is an additive multiset hash (Clarke et al., ASIACRYPT 2003): the sum
modulo 2^256 of HMAC-SHA256(register key, kind | id | revision | last 16 bytes of the sealed document), with the number
of documents. It is kept sealed in the head of the log, bound to the log's size and frontier, and its digest stands in
every signed checkpoint; the sum itself is never shown, for the hash holds only while it is secret.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from suwen.records.vault import derive, open_document, seal_document

__all__ = ["Register", "RegisterKey", "Registered"]

_MODULUS = 1 << 256
_MAC = 16


@dataclass(frozen=True, slots=True)
class Registered:
    """One document as the register knows it: kind, id (16 bytes), revision, its sealed bytes."""

    kind: str
    id: bytes
    revision: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Register:
    """The number of documents and the sum over them."""

    count: int = 0
    total: int = 0


class RegisterKey:
    """What is derived from the store's root key for the register."""

    def __init__(self, key: bytes) -> None:
        self._each = derive(key, "suwen register 1 each")
        self._digest = derive(key, "suwen register 1 digest")
        self._cipher = AESGCM(derive(key, "suwen register 1 seal"))

    def changed(self, register: Register, *, gone: Iterable[Registered], come: Iterable[Registered]) -> Register:
        """The register without what is gone and with what has come."""
        count, total = register.count, register.total
        for one in gone:
            count, total = count - 1, total - self._number(one)
        for one in come:
            count, total = count + 1, total + self._number(one)
        return Register(count, total % _MODULUS)

    def _number(self, one: Registered) -> int:
        kind = one.kind.encode()
        said = len(kind).to_bytes(1, "big") + kind + one.id + one.revision.to_bytes(8, "big") + one.body[-_MAC:]
        return int.from_bytes(hmac.digest(self._each, said, "sha256"), "big")

    def digest(self, register: Register) -> bytes:
        """32 bytes that stand for the register in a checkpoint, and tell nothing of it."""
        return hmac.digest(self._digest, _packed(register), "sha256")

    def seal(self, register: Register, *, size: int, frontier: bytes) -> bytes:
        """Seal the register for the head of a log of this size and frontier."""
        return seal_document(self._cipher, _bound(size, frontier), _packed(register))

    def open(self, sealed: bytes, *, size: int, frontier: bytes) -> Register:
        """The register in the head of a log. Raises TamperError when it, the size or the frontier was changed."""
        plain = open_document(self._cipher, _bound(size, frontier), sealed)
        return Register(int.from_bytes(plain[:8], "big"), int.from_bytes(plain[8:], "big"))


def _packed(register: Register) -> bytes:
    return register.count.to_bytes(8, "big") + register.total.to_bytes(32, "big")


def _bound(size: int, frontier: bytes) -> list[bytes]:
    return [b"register", size.to_bytes(8, "big"), frontier]
