"""De-identification of files and folders: read, judged, written under pseudonymous names, told without patient data."""

from __future__ import annotations

import os
import struct
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from suwen.errors import DataError, InputError, MissingExtraError, NotFoundError
from suwen.formats.images.deidentifying.dataset import deidentify
from suwen.formats.images.deidentifying.key import Pseudonyms
from suwen.formats.images.deidentifying.nouns import Deidentified, DeidentifyOptions, Outcome

__all__ = ["DeidentifiedFiles", "FileOutcome", "deidentify_files"]

_READING = (ValueError, TypeError, AttributeError, LookupError, EOFError, RuntimeError, ArithmeticError, struct.error)


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What came of one file.

    `number` counts the files given, from 1, in the order of their paths: a path itself may name a patient. `written` is
    the new file below the folder, empty where none was; `outcome` may also be "failed".
    """

    number: int
    outcome: str
    written: str = ""
    remarks: tuple[str, ...] = ()
    regions: int = 0
    suspicions: int = 0


@dataclass(frozen=True, slots=True)
class DeidentifiedFiles:
    """What came of all files, and how many elements met each action."""

    files: tuple[FileOutcome, ...]
    counts: tuple[tuple[str, int], ...]

    def number(self, outcome: str) -> int:
        """How many files ended so."""
        return sum(one.outcome == outcome for one in self.files)


def deidentify_files(
    sources: Iterable[Path],
    to: Path,
    *,
    key: bytes,
    options: DeidentifyOptions | None = None,
    notify: Callable[[int, int], None] | None = None,
) -> DeidentifiedFiles:
    """De-identify files, and all files in folders, into the folder `to`; what is given is only read.

    New files lie under pseudonyms of patient, study and series, each written whole or not at all. What needs a look or
    was refused is not written. `notify` is told how many of how many are done. Raises InputError (`to` lies within what
    is given), NotFoundError, DataError, MissingExtraError.
    """
    given = [Path(one) for one in sources]
    files = _listed(given, to)
    chosen = options or DeidentifyOptions()
    Pseudonyms(key)  # a key of the wrong length is no fault of the first file
    counts: Counter[str] = Counter()
    taken: set[str] = set()
    told = []
    for number, file in enumerate(files, 1):
        outcome, counted = _one(file, number, to, lambda dataset: deidentify(dataset, key=key, options=chosen), taken)
        told.append(outcome)
        counts.update(counted)
        if notify is not None:
            notify(number, len(files))
    return DeidentifiedFiles(tuple(told), tuple(sorted(counts.items())))


def _listed(given: list[Path], to: Path) -> list[Path]:
    """The files, sorted; links are not followed into folders."""
    found: list[Path] = []
    for one in given:
        if one.is_dir():
            if to.resolve().is_relative_to(one.resolve()):
                raise InputError("the folder to write to lies within the folder that is read; name another")
            found.extend(Path(folder, name) for folder, _, names in os.walk(one) for name in names)
        elif one.exists():
            found.append(one)
        else:
            raise NotFoundError(f"no such file or folder: {one}")
    return sorted(dict.fromkeys(found))


def _one(
    file: Path, number: int, to: Path, act: Callable[[Any], Deidentified], taken: set[str]
) -> tuple[FileOutcome, dict[str, int]]:
    dataset = _read(file)
    if dataset is None:
        return FileOutcome(number, "failed", remarks=("unreadable-file",)), {}
    try:
        found = act(dataset)
    except _READING:
        return FileOutcome(number, "failed", remarks=("unreadable-file",)), {}
    told = FileOutcome(number, found.outcome.value, "", found.remarks, len(found.regions), len(found.suspicions))
    if found.outcome is not Outcome.CLEAN:
        return told, {}
    name = _free(f"{found.folder}/{found.name}", taken)
    if not _write(found.dataset, to / name):
        return replace(told, outcome="failed", remarks=(*told.remarks, "unwritable")), {}
    return replace(told, written=name), dict(found.counts)


def _read(file: Path) -> Any:
    """A data set, or None where the file is no DICOM object."""
    try:
        import pydicom  # noqa: PLC0415
        from pydicom.errors import BytesLengthException, InvalidDicomError  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("pydicom", "imaging") from None
    if not file.is_file():  # a pipe would wait for ever
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pydicom.dcmread(file, force=True)
    except (*_READING, BytesLengthException, InvalidDicomError, OSError):
        return None


def _free(name: str, taken: set[str]) -> str:
    """A name not yet used in this run: two objects of one UID are both kept."""
    stem, number, found = name.removesuffix(".dcm"), 1, name
    while found in taken:
        number += 1
        found = f"{stem}-{number}.dcm"
    taken.add(found)
    return found


def _write(dataset: Any, place: Path) -> bool:
    """Write whole or not at all; False where the library cannot encode it. Raises DataError."""
    from pydicom.config import disable_value_validation  # noqa: PLC0415

    part = None
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, suffix=".part")
        part = Path(name)
        with os.fdopen(handle, "wb") as out, warnings.catch_warnings(), disable_value_validation():
            warnings.simplefilter("ignore")
            dataset.save_as(out, enforce_file_format=True)
            out.flush()
            os.fsync(out.fileno())
        part.replace(place)
    except OSError as error:
        if error.errno is None:  # not of the disk: an element of the input that ends too early
            return False
        raise DataError(f"cannot write to {place.parent}: {error.strerror}") from None
    except _READING:
        return False
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
    return True
