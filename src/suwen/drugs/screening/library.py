"""The rows of a library: lines of a list as they stand, so that processes share the reading, other files read here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TypeAlias

from suwen.drugs.screening.candidates import Candidate, Given, Raw
from suwen.errors import FormatError
from suwen.formats.molecules import read_molecules
from suwen.formats.molecules.lines import LIMIT, LineTooLongError, Source, lines_of
from suwen.formats.molecules.nouns import Molecule, Refused
from suwen.formats.molecules.rows import numbered, problem_of

__all__ = ["Library", "LibraryFile", "library_digest", "rows_of"]

_LISTS = (".smi", ".smiles", ".ism", ".can", ".txt")
_TITLES = frozenset(("smiles", "canonical_smiles", "isomeric_smiles", "structure", "mol", "结构", "结构式"))


@dataclass(frozen=True, slots=True)
class LibraryFile:
    """A library in a file; of a table the columns of structures and names, of an SDF the field of names."""

    path: Path
    column: str = ""
    name_column: str = ""


Library: TypeAlias = Path | str | LibraryFile | Iterable[Molecule | Refused]


def rows_of(library: Library) -> Iterator[Given]:
    """Each row of a file as `read_molecules` takes it, or each molecule of a stream, one in memory at a time.

    Raises what `read_molecules` raises, before the first row.
    """
    if not isinstance(library, Path | str | LibraryFile):
        return _counted(library)
    file = library if isinstance(library, LibraryFile) else LibraryFile(Path(library))
    path = file.path
    if path.exists() and not path.name.lower().removesuffix(".gz").endswith(_LISTS):
        return _counted(_begun(read_molecules(path, column=file.column, name_column=file.name_column)))
    # What is wrong with the file, or stated in vain, is raised now, as where `read_molecules` begins.
    list(islice(read_molecules(path, column=file.column, name_column=file.name_column), 1))
    return _lines(path)


def library_digest(library: Path | str | LibraryFile) -> str:
    """SHA-256 of the file as it lies there, and of the columns stated."""
    file = library if isinstance(library, LibraryFile) else LibraryFile(Path(library))
    with file.path.open("rb") as stream:
        made = hashlib.file_digest(stream, "sha256")
    made.update(f"\0{file.column}\0{file.name_column}".encode())
    return made.hexdigest()


def _begun(molecules: Iterator[Molecule | Refused]) -> Iterator[Molecule | Refused]:
    """The same, the first read already, so that what is wrong with the file is raised now."""
    first = list(islice(molecules, 1))
    return chain(first, molecules)


def _counted(molecules: Iterable[Molecule | Refused]) -> Iterator[Given]:
    for place, one in enumerate(molecules, start=1):
        yield one if isinstance(one, Refused) else Candidate(place, one)


def _lines(path: Path) -> Iterator[Given]:
    """SMILES, blank, name: each line one row; empty lines, comments and a line of titles are passed over."""
    with Source(path, LIMIT) as source:
        for row, line in numbered(lines_of(source)):
            if isinstance(line, LineTooLongError | FormatError):
                yield Refused(row, "", problem_of(line))
                continue
            structure, name = _parted(line)
            if structure and not structure.startswith("#") and not (row == 1 and structure.lower() in _TITLES):
                yield Raw(row, structure, name)


def _parted(line: str) -> tuple[str, str]:
    """The structure with its CXSMILES extension, and the name behind it."""
    structure, *rest = line.strip().split(None, 1) or [""]
    name = rest[0].strip() if rest else ""
    if name.startswith("|") and "|" in name[1:]:
        extension, _bar, name = name[1:].partition("|")
        structure = f"{structure} |{extension}|"
    return structure, name.strip()
