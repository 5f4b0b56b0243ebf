"""The border of the source files: whatever is wrong inside one becomes a FormatError that names it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suwen.errors import FormatError, SuwenError

__all__ = ["readable"]


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what parsing the wrong file raises into one FormatError naming `path` and the remedy."""
    try:
        yield
    except SuwenError:
        raise
    except (ValueError, LookupError, AttributeError, TypeError, EOFError, OSError, zlib.error) as reason:
        what = type(reason).__name__ if isinstance(reason, LookupError | AttributeError | TypeError) else str(reason)
        raise FormatError(
            f"{path.name} is not readable as what its name says: {what}; fetch it again",
            zh=f"{path.name} 与其名称所述不符，无法读取：{what}；请重新获取",
        ) from None
