"""What a long benchmark worked out, kept in the cache by what decided it: one that was interrupted goes on."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from suwen.knowledge import cache_folder

__all__ = ["Kept", "code_digest"]

Arrays = Mapping[str, NDArray[np.float64]]


class Kept:
    """Arrays in a folder of the cache whose name is the digest of all that decides them."""

    def __init__(self, benchmark: str, parts: Iterable[str]) -> None:
        """`parts`: digests and settings that decide what is kept."""
        name = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
        self.folder = cache_folder() / "bench" / benchmark / name

    def arrays(self, name: str, make: Callable[[], Arrays]) -> Arrays:
        """The arrays of this name: read, or made and kept; what cannot be read is made anew."""
        file = self.folder / f"{name}.npz"
        with contextlib.suppress(OSError, ValueError, BadZipFile), np.load(file, allow_pickle=False) as found:
            return {key: found[key] for key in found.files}
        made = make()
        self.keep(name, made)
        return made

    def keep(self, name: str, arrays: Arrays) -> None:
        """Write arrays under a name; a file is there whole or not at all. A cache that cannot be written is none."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            part = self.folder / f"{name}.{os.getpid()}.part"
            with part.open("wb") as out:
                given: dict[str, Any] = dict(arrays)
                np.savez(out, **given)
            part.replace(self.folder / f"{name}.npz")


def code_digest(folders: Iterable[Path], packages: Iterable[str]) -> str:
    """SHA-256 over the Python files of folders (or single files) and the versions of packages."""
    whole = hashlib.sha256()
    for place in folders:
        for file in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            whole.update(file.read_bytes())
    for name in packages:
        with contextlib.suppress(PackageNotFoundError):
            whole.update(f"{name} {version(name)}".encode())
    return whole.hexdigest()
