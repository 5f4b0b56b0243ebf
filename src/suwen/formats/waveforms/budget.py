"""A limit on memory that is asked before anything is allocated, so that a header that lies costs nothing."""

from __future__ import annotations

from pathlib import Path

from suwen.errors import FormatError, InputError

__all__ = ["LIMIT", "Budget", "bytes_of"]

LIMIT = 2 * 2**30  # bytes of one recording: two days of three leads at 500 Hz with what decoding needs beside them


class Budget:
    """Bytes a recording may still take; every reader takes its share first."""

    __slots__ = ("left", "limit")

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = self.left = limit

    def require(self, size: int) -> None:
        """Refuse work that needs `size` bytes for a moment where they exceed what is left; InputError then."""
        if size > self.left:
            raise InputError(
                f"reading needs {size} bytes more, {self.left} of the limit of {self.limit} are left; "
                "give a shorter recording or a higher limit",
                zh=f"读取还需 {size} 字节，{self.limit} 字节上限只余 {self.left}；请给出较短的记录或提高上限",
            )

    def take(self, size: int) -> None:
        """Set `size` bytes aside; InputError where they exceed what is left."""
        self.require(size)
        self.left -= size


def bytes_of(path: Path, budget: Budget) -> bytes:
    """All bytes of a file, asked of the budget first; FormatError where it is no plain file or cannot be read."""
    try:
        # A pipe or a device would hang or never end.
        if not path.is_file():
            raise FormatError(
                "the recording, or a file it names, is not there or is no plain file",
                zh="该记录或其引用的文件不存在，或不是普通文件",
            )
        budget.take(path.stat().st_size)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise FormatError(
            "the recording, or a file it names, cannot be read; look at its permissions",
            zh="无法读取该记录或其引用的文件；请检查权限",
        ) from error
