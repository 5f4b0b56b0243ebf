"""Where `suwen image` writes: places checked before anything is computed, and all files put there at once or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from suwen.errors import DataError, InputError

__all__ = ["require_places", "staged"]


def require_places(study: Path, places: Mapping[str, Path], given: Mapping[str, Path | None]) -> None:
    """Refuse what cannot be written or would destroy what is read: `places` and other inputs (`given`) by option.

    Threat: an output named as the study or its mask would replace the original images of a patient.
    """
    seen: dict[Path, str] = {}
    read = {study.resolve(): "STUDY"} | {file.resolve(): f"--{name}" for name, file in given.items() if file}
    for name, file in places.items():
        option, whole = f"--{name}", file.resolve()
        if whole in read:
            raise InputError(f"{option} would overwrite what {read[whole]} reads; name another file")
        if whole in seen:
            raise InputError(f"{option} and {seen[whole]} name the same file; name two")
        if file.exists() and study.is_dir() and whole.is_relative_to(study.resolve()) and name != "report":
            raise InputError(f"{option} would overwrite {file.name} in the folder of the study; name another file")
        _require_folder(option, file)
        seen[whole] = option


def _require_folder(option: str, file: Path) -> None:
    folder = file.resolve().parent
    if file.is_dir():
        raise DataError(f"{option}: {file} is a folder; name a file")
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise DataError(f"{option}: {file} cannot be written; name a file in a folder that exists and is yours")


@contextmanager
def staged(places: Mapping[str, Path]) -> Iterator[dict[str, Path]]:
    """Stand-ins for files, in hidden folders beside them; each takes its place at the end, where nothing failed."""
    with ExitStack() as stack:
        made: dict[Path, Path] = {}
        found = {}
        for name, file in places.items():
            folder = file.resolve().parent
            if folder not in made:
                made[folder] = Path(stack.enter_context(_hidden(folder)))
            found[name] = made[folder] / file.name
        yield found
        for name, file in places.items():
            found[name].replace(file)


def _hidden(folder: Path) -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(dir=folder, prefix=".suwen-image-")
    except OSError as reason:
        raise DataError(
            f"nothing can be written in {folder}: {reason.strerror}; name a folder that exists and is yours"
        ) from None
