"""Deriving one key for one use from another (HKDF-SHA256, RFC 5869)."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

__all__ = ["derive"]


def derive(key: bytes, use: str | bytes, *, salt: bytes | None = None) -> bytes:
    """32 bytes for one `use` (the `info` of RFC 5869) from a key of 32 bytes. Two uses never share a key."""
    info = use.encode() if isinstance(use, str) else use
    return HKDF(SHA256(), 32, salt, info).derive(key)
