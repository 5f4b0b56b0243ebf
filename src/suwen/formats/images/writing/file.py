"""Write a file whole or not at all, readable only by its owner: results of imaging name patients."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from suwen.errors import DataError

__all__ = ["write_file"]


def write_file(path: Path, data: bytes) -> None:
    """Write `data` beside `path`, then take its place: a failure leaves what stood there. Raises DataError."""
    part: str | None = None
    try:
        handle, part = tempfile.mkstemp(dir=path.resolve().parent, prefix=f".{path.name}.", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(part).replace(path)
    except OSError as reason:
        raise DataError(
            f"cannot write {path.name}: {reason.strerror}; name a file in a folder that exists and is yours",
            zh=f"无法写入 {path.name}：{reason.strerror}；请指定现有且可写的文件夹中的文件",
        ) from None
    finally:
        if part:
            with contextlib.suppress(OSError):
                Path(part).unlink()
