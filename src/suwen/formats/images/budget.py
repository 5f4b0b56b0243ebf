"""A limit on memory that is asked before anything is allocated, so that a header that lies costs nothing."""

from __future__ import annotations

from suwen.errors import InputError

__all__ = ["LIMIT", "Budget"]

LIMIT = 4 * 2**30  # bytes of one study


class Budget:
    """Bytes a study may still take; every reader takes its share first."""

    __slots__ = ("left", "limit")

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = self.left = limit

    def require(self, size: int) -> None:
        """Refuse work that needs `size` bytes for a moment where they exceed what is left; InputError then."""
        if size > self.left:
            self.take(size)

    def take(self, size: int) -> None:
        """Set `size` bytes aside; InputError where they exceed what is left."""
        if size > self.left:
            raise InputError(
                f"reading needs {size} bytes more, {self.left} of the limit of {self.limit} are left; "
                "give less of the study or a higher limit",
                zh=f"读取还需 {size} 字节，{self.limit} 字节上限只余 {self.left}；请减少检查的内容或提高上限",
            )
        self.left -= size
