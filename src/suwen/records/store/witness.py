"""The witness: the newest signed checkpoint kept outside the database, so that a database set back is noticed.

checkpoints, format 1: two slots of 512 bytes, each a line as `to_line` writes it, padded with spaces to its newline.
The newer goes to slot (size modulo 2) only when it is larger than both: a torn write leaves the other slot whole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from suwen.errors import StoreError, TamperError
from suwen.records.audit import Checkpoint, from_line, to_line, verify
from suwen.records.durable import keep

__all__ = ["Witness"]

_SLOT = 512


class Witness:
    """The file beside the database that knows how far the audit log had come."""

    def __init__(self, file: Path, key: Ed25519PublicKey) -> None:
        self.file = file
        self._key = key

    def create(self, text: str) -> None:
        """Write both slots anew. Raises StoreError."""
        keep(self.file, [_padded(text) * 2])

    def keep(self, text: str, size: int) -> None:
        """Keep a checkpoint unless a newer one is there already. Raises StoreError."""
        try:
            with _locked(self.file) as handle:
                known = [one.size if isinstance(one, Checkpoint) else -1 for one in self._slots(handle)]
                if size > max(known):
                    os.pwrite(handle, _padded(text), _SLOT * known.index(min(known)))
        except OSError as error:
            raise StoreError(
                f"cannot write the witness {self.file}: {error.strerror}",
                zh=f"无法写入见证文件 {self.file}：{error.strerror}",
            ) from None

    def newest(self) -> Checkpoint:
        """The newest genuine checkpoint. Raises TamperError when there is none."""
        found = [one for one in self.slots() if isinstance(one, Checkpoint)]
        if not found:
            raise TamperError(
                f"{self.file} holds no genuine checkpoint of the audit log; it was changed or removed",
                zh=f"{self.file} 没有审计日志的真实检查点；已被改动或移除",
            )
        return max(found, key=lambda one: one.size)

    def slots(self) -> list[Checkpoint | str]:
        """Both slots: a checkpoint, or what is wrong with it."""
        try:
            handle = os.open(self.file, os.O_RDONLY)
        except OSError:
            return ["the witness file is missing", "the witness file is missing"]
        try:
            return self._slots(handle)
        finally:
            os.close(handle)

    def _slots(self, handle: int) -> list[Checkpoint | str]:
        raw = os.pread(handle, 2 * _SLOT + 1, 0)
        if len(raw) != 2 * _SLOT:
            return [f"the witness file has {len(raw)} bytes, not {2 * _SLOT}"] * 2
        return [self._slot(raw[:_SLOT]), self._slot(raw[_SLOT:])]

    def _slot(self, raw: bytes) -> Checkpoint | str:
        try:
            text = from_line(raw.decode().rstrip("\n").rstrip(" "))
            if _padded(text) != raw:
                return "a checkpoint in the witness file was changed"
            return verify(text, self._key)
        except (UnicodeDecodeError, TamperError):
            return "a checkpoint in the witness file was changed"


def _padded(text: str) -> bytes:
    return to_line(text).rstrip("\n").encode().ljust(_SLOT - 1) + b"\n"


@contextmanager
def _locked(file: Path) -> Iterator[int]:
    handle = os.open(file, os.O_RDWR)
    try:
        try:
            import fcntl  # noqa: PLC0415

            fcntl.flock(handle, fcntl.LOCK_EX)
        except ImportError:  # a system without flock: there one process at a time writes a store
            pass
        yield handle
    finally:
        os.close(handle)
