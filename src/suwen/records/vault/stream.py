"""Images and signals sealed in chunks, so that a slice opens without the whole volume (see format.py, Stream)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from suwen.errors import InputError, TamperError
from suwen.records.vault.derive import derive
from suwen.records.vault.format import FORMAT, TAG_BYTES
from suwen.records.vault.patient_key import PatientKey

__all__ = ["CHUNK", "HEAD_BYTES", "Head", "StreamCipher", "chunks_of", "open_head", "open_range", "seal_stream"]

Buffer = bytes | bytearray | memoryview

CHUNK = 1 << 20
HEAD_BYTES = 58
_MAGIC = b"SUWENSTR" + bytes([FORMAT])
_SMALLEST, _LARGEST = 12, 26  # log2 of the chunk size: 4 KiB to 64 MiB


@dataclass(frozen=True, slots=True)
class Head:
    """What a stream says of itself: chunk size and plaintext size in bytes, its salt, and the bytes as stored."""

    chunk: int
    size: int
    salt: bytes
    raw: bytes

    @property
    def count(self) -> int:
        """Number of chunks; an empty stream has one, empty."""
        return max(1, -(-self.size // self.chunk))

    @property
    def stored(self) -> int:
        """Size of the whole sealed stream in bytes."""
        return HEAD_BYTES + self.size + self.count * TAG_BYTES

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Where chunks `first` to `last` (inclusive) lie in the sealed stream: start and end byte."""
        step = self.chunk + TAG_BYTES
        return HEAD_BYTES + first * step, min(HEAD_BYTES + (last + 1) * step, self.stored)


class StreamCipher:
    """Seals and opens single chunks of one stream, without copying them."""

    __slots__ = ("_cipher", "_last", "head")

    def __init__(self, key: PatientKey, blob: bytes, head: Head) -> None:
        bound = b"suwen stream 1" + key.patient + key.generation.to_bytes(4, "big") + blob
        self._cipher = AESGCM(derive(key.stream, bound, salt=head.salt))
        self._last = head.count - 1
        self.head = head

    def seal(self, index: int, plain: Buffer) -> bytes:
        """Chunk `index` (from 0) sealed: 16 bytes longer."""
        return self._cipher.encrypt(self._nonce(index), plain, self.head.raw)

    def open(self, index: int, sealed: Buffer) -> bytes:
        """Chunk `index` opened. Raises TamperError unless it is that chunk of that stream."""
        try:
            plain = self._cipher.decrypt(self._nonce(index), sealed, self.head.raw)
        except (InvalidTag, ValueError):
            raise TamperError(
                f"chunk {index} of an image or signal was changed, moved or cut off",
                zh=f"图像或信号的第 {index} 块被改动、移位或截断",
            ) from None
        if len(plain) != min(self.head.chunk, self.head.size - index * self.head.chunk):
            raise TamperError(
                f"chunk {index} of an image or signal is not of the size that its head says",
                zh=f"图像或信号的第 {index} 块大小与首部所述不符",
            )
        return plain

    def _nonce(self, index: int) -> bytes:
        return (index << 8 | (index == self._last)).to_bytes(12, "big")


def new_head(blob: bytes, size: int, *, chunk: int) -> Head:
    """Head of a new stream with a fresh salt. Raises InputError when the chunk size is no power of two it can say."""
    log = chunk.bit_length() - 1
    if chunk not in {1 << one for one in range(_SMALLEST, _LARGEST + 1)}:
        raise InputError(
            f"a chunk size is a power of two from 4096 to {1 << _LARGEST} bytes, not {chunk}",
            zh=f"分块大小须为 4096 至 {1 << _LARGEST} 字节之间的 2 的幂，而非 {chunk}",
        )
    if size < 0:
        raise InputError(f"an image or signal cannot hold {size} bytes", zh=f"图像或信号不能为 {size} 字节")
    salt = secrets.token_bytes(32)
    return Head(chunk, size, salt, _MAGIC + bytes([log]) + size.to_bytes(8, "big") + salt + blob[:8])


def open_head(raw: bytes, blob: bytes) -> Head:
    """Read the head of a stored stream; whether it is genuine shows when a chunk is opened. Raises TamperError."""
    log = raw[9] if len(raw) == HEAD_BYTES else 0
    if raw[:9] != _MAGIC or raw[50:] != blob[:8] or not _SMALLEST <= log <= _LARGEST:
        raise TamperError(
            "an image or signal does not start as it was sealed: changed, cut off or another's",
            zh="图像或信号的开头与封装时不符：被改动、截断或属于其他对象",
        )
    return Head(1 << log, int.from_bytes(raw[10:18], "big"), raw[18:50], raw)


def chunks_of(parts: Iterable[Buffer], chunk: int) -> Iterator[Buffer]:
    """Cut a run of buffers into pieces of `chunk` bytes; the last may be shorter, and is empty only if all are.

    A piece that lies whole in one buffer is not copied.
    """
    held, waiting = bytearray(), None
    for part in parts:
        view = memoryview(part).cast("B")
        while len(view):
            missing = chunk - len(held)
            if not held and len(view) >= chunk:
                piece: Buffer | None = view[:chunk]
            else:
                held += view[:missing]
                piece = bytes(held) if len(held) == chunk else None
                held = bytearray() if piece is not None else held
            view = view[missing:]
            if piece is not None:
                yield piece
                waiting = True
    if held or not waiting:
        yield bytes(held)


def seal_stream(
    key: PatientKey, blob: bytes, parts: Iterable[Buffer], *, size: int, chunk: int = CHUNK
) -> Iterator[bytes]:
    """Seal `size` plaintext bytes for blob id `blob` (16 bytes): yields the head, then every sealed chunk.

    Raises InputError when `parts` hold another number of bytes than `size`; what came before then never opens whole.
    """
    head = new_head(blob, size, chunk=chunk)
    cipher = StreamCipher(key, blob, head)
    yield head.raw
    done, waiting = 0, b""
    for index, plain in enumerate(chunks_of(parts, chunk)):
        done += len(plain)
        if done > size:
            break
        if waiting:
            yield waiting
        waiting = cipher.seal(index, plain)
    if done != size:  # known before the last chunk is given away, without which nothing passes for the whole
        raise InputError(
            f"an image or signal said to hold {size} bytes holds {'more' if done > size else done}",
            zh=f"图像或信号标称 {size} 字节，实际{'更多' if done > size else f'为 {done} 字节'}",
        )
    yield waiting


def open_range(
    key: PatientKey, blob: bytes, read: Callable[[int, int], bytes], *, start: int = 0, end: int | None = None
) -> Iterator[bytes]:
    """Plaintext bytes `start` to `end` (exclusive; None: to the end), reading only the chunks they touch.

    `read(low, high)` returns bytes low..high of the sealed stream. Raises TamperError, InputError for a range outside.
    """
    head = open_head(read(0, HEAD_BYTES), blob)
    end = head.size if end is None else end
    if not 0 <= start <= end <= head.size:
        raise InputError(
            f"bytes {start} to {end} do not lie within an image or signal of {head.size} bytes",
            zh=f"{start} 至 {end} 字节超出该图像或信号的 {head.size} 字节",
        )
    cipher = StreamCipher(key, blob, head)
    if start == end:
        if head.size == 0:  # even nothing is authenticated
            cipher.open(0, read(*head.span(0, 0)))
        return
    for index in range(start // head.chunk, (end - 1) // head.chunk + 1):
        plain = cipher.open(index, read(*head.span(index, index)))
        low = index * head.chunk
        yield plain[max(0, start - low) : end - low]
