"""A data set arrives whole or not at all: downloaded beside its place, checked, unpacked, then moved in."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from suwen.datasets import digests
from suwen.datasets.download import download
from suwen.datasets.nouns import Dataset, Fetched, Progress
from suwen.datasets.unpack import UNPACK
from suwen.errors import DataError

if TYPE_CHECKING:
    from urllib.request import OpenerDirector

__all__ = ["arrive"]


def arrive(
    row: Dataset, folder: Path, *, progress: Progress | None, opener: OpenerDirector | None
) -> tuple[Fetched, ...]:
    """Fetch every file of `row` into `folder`; after any failure the folder holds what it held before.

    Raises:
        DataError: also as DigestError and NetworkError; see `suwen.datasets.fetch`.

    """
    # Inside the data folder, so that the last step is a rename on one file system and not a copy.
    stage = folder / f".{row.name}.{secrets.token_hex(4)}.part"
    try:
        stage.mkdir(parents=True)
        received = _receive(row, folder, stage, progress, opener)
        _move_in([(stage / f"{number}.ready", one.path) for number, one in enumerate(received)], stage)
        digests.write(folder, {one.url: one.sha256 for one in received if one.held_to == "first"})
    except DataError:
        raise
    except OSError as error:
        raise DataError(
            f"{folder}: cannot be written ({error.strerror or error}); "
            "set SUWEN_DATA to a folder with room that you may write to",
            zh=f"{folder}：无法写入（{error.strerror or error}）；请将 SUWEN_DATA 设为有空间且可写的文件夹",
        ) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return received


def _receive(
    row: Dataset, folder: Path, stage: Path, progress: Progress | None, opener: OpenerDirector | None
) -> tuple[Fetched, ...]:
    recorded = digests.read(folder)
    received = []
    for number, file in enumerate(row.files):
        raw = stage / f"{number}.raw"
        told = partial(progress, file) if progress is not None else None
        digest, size = download(file.url, raw, progress=told, opener=opener)
        held_to = digests.hold(file.url, digest, pinned=file.sha256, recorded=recorded)
        UNPACK[file.unpack](file, raw, stage / f"{number}.ready")
        received.append(Fetched(folder / file.path, file.url, digest, size, held_to))
    return tuple(received)


def _move_in(moves: list[tuple[Path, Path]], stage: Path) -> None:
    """Move every ready file to its target; if one cannot be moved, undo those before it."""
    done: list[tuple[Path, Path]] = []
    try:
        for number, (ready, target) in enumerate(moves):
            old = stage / f"{number}.old"
            _set_aside(target, old)
            done.append((target, old))
            target.parent.mkdir(parents=True, exist_ok=True)
            ready.replace(target)
    except OSError:
        for target, old in reversed(done):
            with contextlib.suppress(OSError):  # what can be undone is undone; the first failure is the one to tell
                _put_back(target, old)
        raise


def _set_aside(target: Path, old: Path) -> None:
    if target.is_dir():
        target.replace(old)  # a folder cannot be replaced in one step
    elif target.exists():
        shutil.copy2(target, old)  # a file can: readers see the old one until the new one is in its place


def _put_back(target: Path, old: Path) -> None:
    if old.exists():
        old.replace(target)
    elif target.is_dir():
        shutil.rmtree(target, ignore_errors=True)
    else:
        target.unlink(missing_ok=True)
