"""The packages of the extra `learn`, loaded when they are needed and named when they are missing."""

from __future__ import annotations

import importlib
from typing import Any

from suwen.errors import MissingExtraError

__all__ = ["needed"]


def needed(module: str, package: str) -> Any:
    """The module, imported now; `package` is its name in the package index. Raises MissingExtraError."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        raise MissingExtraError(package, "learn") from None
