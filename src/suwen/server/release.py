"""Which Suwen this is."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

__all__ = ["release"]


@cache
def release() -> str:
    """The version installed, "0" where it was not installed."""
    try:
        return version("suwen")
    except PackageNotFoundError:
        return "0"
