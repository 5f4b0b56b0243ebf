"""A bundle for another hospital: sealed to its public key by hybrid post-quantum HPKE, signed by the sender.

Bundle, format 1:  "SUWENBDL" | 01 | length of the head (4) | head, canonical JSON | signature (64)
                   | HPKE enc and sealed bundle key (1168) | frames, sealed in chunks

- HPKE (RFC 9180) with the hybrid KEM ML-KEM-768 + X25519, HKDF-SHA256, AES-256-GCM: whoever breaks one of the two
  (a quantum computer X25519, a flaw ML-KEM) still has nothing. `info` is "suwen bundle 1" and the head, so that a
  bundle cannot be given another head.
- Signature: Ed25519 of the sender over everything before it and the HPKE part, so that a bundle cannot be forged by
  anyone who only knows the recipient's public key.
- Then frames (frames.py), alternately JSON and raw, bound to everything before them.

Public key of a hospital, format 1:  "suwen-hospital-1:" | base64 of ML-KEM-768 encapsulation key (1184)
                   | X25519 public key (32) | first 8 bytes of the SHA-256 of both
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from suwen.errors import FormatError, InputError, TamperError
from suwen.records.vault.format import FORMAT
from suwen.records.vault.frames import open_frames, seal_frames

__all__ = ["BundleKey", "open_bundle", "public_text", "read_public", "seal_bundle"]

_MAGIC = b"SUWENBDL" + bytes([FORMAT])
_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_WRAPPED = hpke.KEM.MLKEM768_X25519.enc_length() + 32 + 16
_PREFIX = "suwen-hospital-1:"
_MLKEM_PUBLIC = 1184
_LONGEST_HEAD = 1 << 20


@dataclass(frozen=True, slots=True)
class BundleKey:
    """The private half: 64 bytes ML-KEM-768 seed (FIPS 203) and 32 bytes X25519 (RFC 7748)."""

    raw: bytes

    @classmethod
    def generate(cls) -> BundleKey:
        """A fresh key."""
        return cls(secrets.token_bytes(96))

    def private(self) -> hpke.MLKEM768X25519PrivateKey:
        """The key as `cryptography` takes it."""
        lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(self.raw[:64])
        return hpke.MLKEM768X25519PrivateKey(lattice, x25519.X25519PrivateKey.from_private_bytes(self.raw[64:]))


def public_text(key: BundleKey) -> str:
    """The public half as one line of text that another hospital can be given.

    Behind the two keys stand the first 8 bytes of their SHA-256: a key damaged on the way would be another key, and
    what is sealed for it could be opened by nobody.
    """
    lattice = mlkem.MLKEM768PrivateKey.from_seed_bytes(key.raw[:64]).public_key().public_bytes_raw()
    curve = x25519.X25519PrivateKey.from_private_bytes(key.raw[64:]).public_key().public_bytes_raw()
    return _PREFIX + base64.b64encode(_checked(lattice + curve)).decode()


def _checked(keys: bytes) -> bytes:
    return keys + hashlib.sha256(keys).digest()[:8]


def read_public(text: str) -> hpke.MLKEM768X25519PublicKey:
    """The public key in a line of text. Raises FormatError."""
    prefix, line = _PREFIX, text.strip()
    if not line.startswith(prefix):
        raise FormatError(f"a hospital's public key starts with {prefix}", zh=f"医院公钥以 {prefix} 开头")
    try:
        raw = base64.b64decode(line.removeprefix(prefix), validate=True)
        keys = raw[: _MLKEM_PUBLIC + 32]
        if raw != _checked(keys):
            raise ValueError("another checksum")
        lattice = mlkem.MLKEM768PublicKey.from_public_bytes(keys[:_MLKEM_PUBLIC])
        return hpke.MLKEM768X25519PublicKey(lattice, x25519.X25519PublicKey.from_public_bytes(keys[_MLKEM_PUBLIC:]))
    except ValueError:
        raise FormatError(
            "the hospital's public key is damaged: ask for it again", zh="医院公钥已损坏：请重新索取"
        ) from None


def seal_bundle(
    head: dict[str, Any], frames: Iterable[bytes], *, recipient: str, signer: Ed25519PrivateKey
) -> Iterator[bytes]:
    """The bytes of a bundle, piece by piece; `head` says who sends what to whom, and is readable by all.

    Raises FormatError for a recipient's key that is none, InputError for a head beyond 1 MiB.
    """
    said = json.dumps(head, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    if len(said) > _LONGEST_HEAD:
        raise InputError(
            f"the head of a bundle holds at most {_LONGEST_HEAD} bytes, not {len(said)}",
            zh=f"病历包的首部最多 {_LONGEST_HEAD} 字节，而非 {len(said)}",
        )
    start = _MAGIC + len(said).to_bytes(4, "big") + said
    key = secrets.token_bytes(32)
    wrapped = _SUITE.encrypt(key, read_public(recipient), _info(said))
    signature = signer.sign(start + wrapped)
    yield start + signature + wrapped
    yield from seal_frames(key, start + signature + wrapped, frames)


def _info(said: bytes) -> bytes:
    return b"suwen bundle 1" + said


def open_bundle(
    source: IO[bytes], *, key: BundleKey, sender: Ed25519PublicKey
) -> tuple[dict[str, Any], Iterator[bytes]]:
    """Head and frames of a bundle. Raises TamperError when it was changed or cut off, not from `sender` or not for us;
    FormatError when it is no bundle of this format.

    Frames are yielded as they are opened: keep nothing of them until the last one has come.
    """
    start = source.read(len(_MAGIC) + 4)
    if start[: len(_MAGIC)] != _MAGIC:
        raise FormatError("not a bundle of records, or of a newer Suwen", zh="这不是病历包，或由更新版本的 Suwen 生成")
    length = int.from_bytes(start[len(_MAGIC) :], "big")
    if length > _LONGEST_HEAD:
        raise TamperError("the head of the bundle was changed", zh="病历包的首部被改动")
    said, signature, wrapped = source.read(length), source.read(64), source.read(_WRAPPED)
    try:
        sender.verify(signature, start + said + wrapped)
        opened = _SUITE.decrypt(wrapped, key.private(), _info(said))
    except InvalidSignature:
        raise TamperError(
            "the bundle was changed, or the sender named did not sign it", zh="病历包被改动，或并非由所标发送方签名"
        ) from None
    except (InvalidTag, ValueError):
        raise TamperError("the bundle is not sealed for this hospital's key", zh="病历包不是用本院密钥封装的") from None
    return _head(said), open_frames(source, opened, start + said + signature + wrapped)


def _head(said: bytes) -> dict[str, Any]:
    try:
        head = json.loads(said)
    except (ValueError, RecursionError):
        head = None
    if not isinstance(head, dict):
        raise FormatError(
            "the head of the bundle is no JSON object: the sender's program is at fault",
            zh="病历包的首部不是 JSON 对象：发送方程序有误",
        )
    return head
