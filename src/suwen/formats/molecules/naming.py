"""Errors about a file that name it, whoever found what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from suwen.errors import FormatError, InputError

__all__ = ["naming"]


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """Put the file's name before what is said of it within, where it is not said already; the kind of error stays."""
    try:
        yield
    except (FormatError, InputError) as error:
        if file.name in str(error):
            raise
        raise type(error)(f"{file.name}: {error}") from error
