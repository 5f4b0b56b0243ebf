"""Files of models read within a bound and written whole or not at all, the same way for every kind of model."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from suwen.errors import DataError, FormatError, NotFoundError

__all__ = ["read_whole", "write_whole"]


def read_whole(file: Path, most: int) -> bytes:
    """The bytes of a file of at most `most` bytes.

    Raises:
        NotFoundError: it is not there.
        FormatError: it is no plain file, may not be read, or is larger.

    """
    if file.exists() and not file.is_file():  # a pipe would never end, a device fills the memory
        raise FormatError(f"{file.name} is not a file", zh=f"{file.name} 不是文件")
    try:
        with file.open("rb") as opened:
            data = opened.read(most + 1)
    except FileNotFoundError as error:
        raise NotFoundError(
            f"there is no file {file.name} in {file.parent.name or '.'}",
            zh=f"{file.parent.name or '.'} 中没有文件 {file.name}",
        ) from error
    except OSError as error:
        raise FormatError(
            f"{file.name} cannot be read: {error.strerror}", zh=f"无法读取 {file.name}：{error.strerror}"
        ) from error
    if len(data) > most:
        raise FormatError(
            f"{file.name} is larger than {most >> 20} MB, more than any such file of Suwen",
            zh=f"{file.name} 超过 {most >> 20} MB，Suwen 没有这样大的文件",
        )
    return data


def write_whole(file: Path, data: bytes) -> None:
    """Write a file that takes its place, on the disk, as a whole; what stood there stays where it fails.

    Raises DataError.
    """
    beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("xb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        beside.replace(file)
    except OSError as error:
        raise DataError(
            f"{file.name} cannot be written: {error.strerror or 'the file system refused'}",
            zh=f"无法写入 {file.name}：{error.strerror or '文件系统拒绝'}",
        ) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
