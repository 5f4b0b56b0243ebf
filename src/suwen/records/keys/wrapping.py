"""Wrapping a data key under a KEK held in memory: AES key wrap with padding (RFC 5649, NIST SP 800-38F KWP)."""

from __future__ import annotations

import base64
import binascii
import re

from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap_with_padding,
)

from suwen.errors import InputError, KeyProviderError, TamperError
from suwen.records.keys.nouns import KEY_BYTES

__all__ = ["changed", "check_identifier", "check_key", "decode", "encode", "unknown", "unwrap_under", "wrap_under"]

WRAPPED_BYTES = 40  # RFC 5649: four semiblocks of key and one of the integrity check

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


def wrap_under(kek: bytes, key: bytes) -> bytes:
    """Return `key` (32 bytes) wrapped under `kek` (32 bytes): 40 bytes, the same for the same two keys.

    That it is deterministic gives nothing away, because data keys are random and never wrapped for their own sake.
    """
    check_key(key)
    return aes_key_wrap_with_padding(kek, key)


def unwrap_under(kek: bytes, data: bytes) -> bytes:
    """Return the data key (32 bytes).

    Raises:
        TamperError: `data` was changed or was wrapped under another KEK (missed with a chance of 2**-64).

    """
    if len(data) != WRAPPED_BYTES:
        raise changed()
    try:
        key = aes_key_unwrap_with_padding(kek, data)
    except InvalidUnwrap as error:
        raise changed() from error
    # Somebody who holds the KEK could wrap a shorter key; a store never does.
    if len(key) != KEY_BYTES:
        raise changed()
    return key


def check_key(key: bytes) -> None:
    """Raise InputError unless `key` is a data key of 32 bytes."""
    if len(key) != KEY_BYTES:
        raise InputError(
            f"A data key has {KEY_BYTES} bytes, not {len(key)}; wrap keys, never documents.",
            zh=f"数据密钥为 {KEY_BYTES} 字节，而非 {len(key)}；只封装密钥，不封装文档",
        )


def check_identifier(kek: str) -> str:
    """Return `kek` if it may name a KEK (letters, digits, dot, underscore, hyphen; at most 64), else InputError."""
    if not _IDENTIFIER.fullmatch(kek):
        raise InputError(
            "A KEK is named with 1 to 64 letters, digits, dots, underscores and hyphens.",
            zh="主密钥名为 1 至 64 个字母、数字、点、下划线和连字符",
        )
    return kek


def changed() -> TamperError:
    """Return the error for wrapped bytes that are not what some KEK of ours made."""
    return TamperError(
        "A wrapped data key was changed, or was wrapped by another KEK than it names; restore it.",
        zh="一个封装的数据密钥被改动，或由所称以外的主密钥封装；请恢复",
    )


def unknown(kek: str, where: str) -> KeyProviderError:
    """Return the error for a KEK that is not, or no longer, there; `where` names the place that was looked in."""
    return KeyProviderError(
        f"The KEK {kek[:64]!r} is not in {where}: it was retired, or belongs to another store.",
        zh=f"主密钥 {kek[:64]!r} 不在 {where} 中：已停用，或属于其他存储",
    )


def encode(data: bytes) -> str:
    """Return `data` in base64 (RFC 4648, section 4)."""
    return base64.b64encode(data).decode("ascii")


def decode(text: str) -> bytes:
    """Return the bytes of canonical base64; ValueError for anything else.

    The spare bits of the last character must be zero: otherwise several texts would mean the same bytes, and a
    changed text would not be noticed (RFC 4648, section 3.5).
    """
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None  # the text may be a key: it must not travel in a traceback
    if encode(data) != text:
        raise ValueError("not canonical base64")
    return data
