"""Files that survive a kill and a power cut: replaced whole or not at all, by one process at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from suwen.errors import StoreError, SuwenError

__all__ = ["alone", "keep", "replace"]


def keep(place: Path, pieces: Iterable[bytes]) -> None:
    """As `replace`, with what the disk refuses told as one StoreError."""
    try:
        replace(place, pieces)
    except OSError as error:
        if isinstance(error, SuwenError):  # from making the pieces
            raise
        raise StoreError(f"cannot write {place}: {error.strerror}", zh=f"无法写入 {place}：{error.strerror}") from None


def replace(place: Path, pieces: Iterable[bytes]) -> None:
    """Make `pieces` the content of `place`, readable by its owner only; several writers of one file go `alone`.

    After a kill or a power cut at any moment the file holds either what it held before or all of them.
    """
    part = place.with_name(f".{place.name}.part")
    # One fixed name, cleared first: what a kill left behind may still hold a KEK that was retired since.
    part.unlink(missing_ok=True)
    try:
        _write_new(part, pieces)
        part.replace(place)
        _sync_folder(place.parent)
    finally:
        part.unlink(missing_ok=True)


def _write_new(part: Path, pieces: Iterable[bytes]) -> None:
    # O_EXCL also refuses a link that somebody has put there; the mode is right before the first byte is written.
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb") as out:
        for piece in pieces:
            out.write(piece)
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
