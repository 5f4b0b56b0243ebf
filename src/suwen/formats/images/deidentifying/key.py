"""Pseudonyms from a secret key: UIDs, patient numbers and the days by which dates are moved."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from suwen.errors import DataError, InputError

__all__ = ["KEY_BYTES", "Pseudonyms", "plain_number", "read_key"]

KEY_BYTES = 32
_CHECK_BITS = 30


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """What stands for UIDs and patients under one key (HMAC-SHA-256): the same in every run, a riddle without the key.

    Each pseudonym ends in a short check under the same key, so that those made here are known again and an object
    that is de-identified twice stays as it is. Raises InputError for a key of another length than 32 bytes.
    """

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) != KEY_BYTES:
            raise InputError(f"the key has {len(self.key)} bytes; it must have {KEY_BYTES}")

    def _number(self, kind: str, text: str, bits: int) -> int:
        digest = hmac.new(self.key, kind.encode() + b"\0" + text.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return int.from_bytes(digest.digest(), "big") >> (256 - bits)

    def uid(self, old: str) -> str:
        """The UID that stands for `old`: a UUID of version 8 under 2.25 (PS3.5 B.2, RFC 9562); own ones stay."""
        if self.made_uid(old):
            return old
        body = self._number("uid", old, 122 - _CHECK_BITS)
        return _uid_of(body << _CHECK_BITS | self._number("uid check", str(body), _CHECK_BITS))

    def made_uid(self, uid: str) -> bool:
        """Whether `uid` was made by this key (one of another source passes once in a thousand million)."""
        number = _bits_of(uid)
        if number is None:
            return False
        body = number >> _CHECK_BITS
        return self._number("uid check", str(body), _CHECK_BITS) == number & ((1 << _CHECK_BITS) - 1)

    def patient(self, identity: str) -> str:
        """The patient number, 17 characters, that stands for `identity`; own ones stay."""
        if self.made_patient(identity):
            return identity
        body = self._number("patient", identity, 50)
        return _patient_of(body << 30 | self._number("patient check", str(body), 30))

    def made_patient(self, identity: str) -> bool:
        """Whether `identity` is a patient number made by this key."""
        if len(identity) != 17 or identity[0] != "P":
            return False
        try:
            number = int.from_bytes(base64.b32decode(identity[1:]), "big")
        except ValueError:
            return False
        return self._number("patient check", str(number >> 30), 30) == number & ((1 << 30) - 1)

    def days(self, identity: str) -> int:
        """Days by which the dates of a patient are moved into the past, 1..365; 0 where they were moved before."""
        return 0 if self.made_patient(identity) else 1 + self._number("days", identity, 64) % 365

    def label(self, text: str) -> str:
        """A short name for a file or folder that stands for `text`."""
        return f"{self._number('label', text, 80):020x}"


def plain_number(value: object) -> str:
    """A patient number as it is compared: without spaces around it, full-width characters as plain ones (NFKC)."""
    return unicodedata.normalize("NFKC", str(value or "")).strip()


def _uid_of(number: int) -> str:
    """122 free bits with the version 8 and the variant of RFC 9562 put between them."""
    high, middle, low = number >> 74, number >> 62 & 0xFFF, number & ((1 << 62) - 1)
    return f"2.25.{high << 80 | 8 << 76 | middle << 64 | 2 << 62 | low}"


def _bits_of(uid: str) -> int | None:
    digits = uid.removeprefix("2.25.")
    if digits == uid or not digits.isdecimal() or len(digits) > 39:
        return None
    number = int(digits)
    if number >> 76 & 15 != 8 or number >> 62 & 3 != 2:
        return None
    return number >> 80 << 74 | (number >> 64 & 0xFFF) << 62 | number & ((1 << 62) - 1)


def _patient_of(number: int) -> str:
    return "P" + base64.b32encode(number.to_bytes(10, "big")).decode()


def read_key(file: Path) -> tuple[bytes, bool]:
    """The 32 bytes of a key file, and whether it was made just now (random, mode 0600, never overwritten).

    Raises DataError where it cannot be read or written, InputError where it holds something else, or others may read.
    """
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except FileExistsError:
        return _existing(file), False
    except OSError as error:
        raise DataError(f"cannot make the key file {file}: {error.strerror}") from None
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(handle, "wb") as out:
        out.write(key)
        out.flush()
        os.fsync(out.fileno())
    return key, True


def _existing(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            mode, key = os.fstat(opened.fileno()).st_mode, opened.read(KEY_BYTES + 1)
    except OSError as error:
        raise DataError(f"cannot read the key file {file}: {error.strerror}") from None
    if len(key) != KEY_BYTES:
        raise InputError(f"{file} is no key file: it does not hold exactly {KEY_BYTES} bytes")
    # Who reads the key can test guesses of names and numbers against every pseudonym.
    if os.name == "posix" and mode & 0o077:
        raise InputError(f"others may read the key file {file}; run chmod 600 on it")
    return key
