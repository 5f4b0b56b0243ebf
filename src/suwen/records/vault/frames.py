"""A run of frames of unknown length, sealed in chunks: the body of bundles and backups.

Frames, format 1: plaintext is length of a frame (8) | its bytes, over and over, cut into chunks of 1 MiB. A chunk is
stored as the length of the sealed chunk (4) | AES-256-GCM, nonce counter (11) | 1 if last else 0; associated data:
SHA-256 of what the run is bound to. A key seals one run only, so counting nonces never repeat.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from suwen.errors import TamperError
from suwen.records.vault.format import TAG_BYTES
from suwen.records.vault.stream import CHUNK, Buffer, chunks_of

__all__ = ["Source", "open_frames", "seal_frames"]

_FRAME = struct.Struct(">Q")


class Source(Protocol):
    """What can be read from the front: a file, a download."""

    def read(self, size: int, /) -> bytes:
        """At most `size` further bytes; fewer only at the end."""
        ...


def seal_frames(key: bytes, bound: bytes, frames: Iterable[bytes]) -> Iterator[bytes]:
    """Seal frames under a fresh key of 32 bytes, bound to what stands before them; yields what is to be stored."""
    cipher, said = AESGCM(key), hashlib.sha256(bound).digest()
    waiting: Buffer | None = None
    index = 0
    for plain in chunks_of((part for frame in frames for part in (_FRAME.pack(len(frame)), frame)), CHUNK):
        if waiting is not None:
            yield _chunk(cipher, said, index, waiting, last=False)
            index += 1
        waiting = plain
    yield _chunk(cipher, said, index, waiting or b"", last=True)


def _chunk(cipher: AESGCM, said: bytes, index: int, plain: Buffer, *, last: bool) -> bytes:
    sealed = cipher.encrypt((index << 8 | last).to_bytes(12, "big"), plain, said)
    return len(sealed).to_bytes(4, "big") + sealed


def open_frames(source: Source, key: bytes, bound: bytes) -> Iterator[bytes]:
    """The frames, one by one. Raises TamperError where a chunk was changed, moved or cut off.

    Frames come before the end is known to be there: keep nothing of them until the last one has come.
    """
    held = bytearray()
    for chunk in _chunks(source, AESGCM(key), hashlib.sha256(bound).digest()):
        held += chunk
        while len(held) >= _FRAME.size and len(held) >= _FRAME.size + _FRAME.unpack_from(held)[0]:
            end = _FRAME.size + _FRAME.unpack_from(held)[0]
            yield bytes(held[_FRAME.size : end])
            del held[:end]
    if held:
        raise TamperError("the sealed frames end in the middle of one", zh="封装的数据帧在中间中断")


def _chunks(source: Source, cipher: AESGCM, said: bytes) -> Iterator[bytes]:
    index, length = 0, source.read(4)
    while True:
        size = int.from_bytes(length, "big")
        sealed = source.read(min(size, CHUNK + TAG_BYTES))
        if len(length) != 4 or len(sealed) != size:  # else a length could be changed where the end bounds it anyway
            raise TamperError(f"chunk {index} was changed or cut off", zh=f"第 {index} 块被改动或截断")
        length = source.read(4)
        last = not length
        try:
            yield cipher.decrypt((index << 8 | last).to_bytes(12, "big"), sealed, said)
        except (InvalidTag, ValueError):
            raise TamperError(
                f"chunk {index} was changed, or the rest of it is missing", zh=f"第 {index} 块被改动，或其后内容缺失"
            ) from None
        if last:
            return
        index += 1
