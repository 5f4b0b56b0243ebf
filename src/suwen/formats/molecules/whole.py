"""A text file written whole or not at all: what stood there stays until the last line of the new one is on the disk."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from suwen.errors import FormatError, SuwenError

__all__ = ["whole_file"]


@contextmanager
def whole_file(path: Path) -> Iterator[IO[str]]:
    """A file to write to in UTF-8, line ends as given; it takes its place where nothing was raised within.

    Raises FormatError where it cannot be written; what is raised within passes.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("x", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        if isinstance(error, SuwenError):
            raise
        raise FormatError(
            f"{path} cannot be written: {error.strerror or 'the file system refused'}",
            zh=f"无法写入 {path}：{error.strerror or '文件系统拒绝'}",
        ) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
