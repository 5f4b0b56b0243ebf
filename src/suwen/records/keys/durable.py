"""A small file that survives a power cut: replaced whole or not at all, by one process at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["alone", "replace"]


def replace(place: Path, data: bytes) -> None:
    """Make `data` the content of `place`, readable by its owner only; call it inside `alone`.

    After a kill or a power cut at any moment the file holds either what it held before or `data`.
    """
    part = place.with_name(f".{place.name}.part")
    # One fixed name, cleared first: what a kill left behind may still hold a KEK that was retired since.
    part.unlink(missing_ok=True)
    try:
        _write_new(part, data)
        part.replace(place)
        _sync_folder(place.parent)
    finally:
        part.unlink(missing_ok=True)


def _write_new(part: Path, data: bytes) -> None:
    # O_EXCL also refuses a link that somebody has put there; the mode is right before the first byte is written.
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(data)
        out.flush()
        # Before the rename: otherwise the new name may reach the disk before the new bytes.
        os.fsync(out.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # Windows cannot open a folder; NTFS journals the rename
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Wait until no other process or thread is inside `alone` with the same file, which stays behind, empty.

    The operating system frees the lock when its holder dies, so a crash leaves nothing to be cleared by hand.
    """
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(handle)
        yield
    finally:
        os.close(handle)


def _take(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - exists only there

        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - does not exist on Windows

        fcntl.flock(handle, fcntl.LOCK_EX)
