"""What the commands of molecules share: which file was meant, and that no file is written over another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from suwen.errors import InputError

__all__ = ["check_outputs", "is_file_of_molecules", "meant_file"]

_SUFFIXES = (".smi", ".smiles", ".ism", ".can", ".txt", ".csv", ".tsv", ".sdf", ".sd", ".mol", ".gz")
_LONGEST_NAME = 255  # bytes; a longer one is a structure, and asking the disk for it is an error of the system


def meant_file(text: str) -> Path | None:
    """The file that was meant: one that is there, or whose suffix says that it should be; None for a structure."""
    if len(text) > 4096 or not text.isprintable():
        return None
    path = Path(text)
    if any(len(part.encode("utf-8", "surrogateescape")) > _LONGEST_NAME for part in path.parts):
        return None
    return path if is_file_of_molecules(path) or path.is_file() else None


def is_file_of_molecules(path: Path) -> bool:
    """Whether the name is that of a file of molecules."""
    return path.name.lower().endswith(_SUFFIXES)


def check_outputs(written: Mapping[str, Path | None], read: Iterable[Path | None]) -> None:
    """Say before the work, not after it, that a file cannot be written or would be written over another.

    Args:
        written: the files by the option that names them; None where it was not given.
        read: the files that are read.

    Raises InputError.

    """
    taken = {one.resolve(): "" for one in read if one is not None}
    for option, file in written.items():
        if file is None:
            continue
        place = file.resolve()
        if place in taken:
            other = taken[place]
            what = (
                f"{option} and {other} name the same file"
                if other
                else f"{option} would overwrite {file}, which is read"
            )
            raise InputError(f"{what}; name another")
        if not place.parent.is_dir():
            raise InputError(f"{option} {file} cannot be written: there is no such folder; make it, or name another")
        taken[place] = option
