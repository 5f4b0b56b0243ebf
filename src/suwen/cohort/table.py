"""The table of a cohort as CSV, as examples to learn from, and with its manifest as a folder."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from suwen.cohort.manifest import write_manifest
from suwen.cohort.nouns import Cohort, Table
from suwen.cohort.scrub import WARNING
from suwen.errors import DataError, InputError

if TYPE_CHECKING:
    from suwen.learn.nouns import Examples

__all__ = ["digest_of_texts", "examples_of", "table_csv", "table_digest", "write_cohort"]

_MOST_WORDS = 20  # different words of a column that is taken as categories; as `suwen clean` reads a table


def table_csv(table: Table) -> bytes:
    """CSV (RFC 4180) in UTF-8, lines ended by a line feed; an unknown value is empty."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([table.header, *table.rows])
    return out.getvalue().encode()


def table_digest(table: Table) -> str:
    """SHA-256 (hex) of the CSV."""
    return hashlib.sha256(table_csv(table)).hexdigest()


def digest_of_texts(texts: Mapping[str, str]) -> str:
    """SHA-256 (hex) over names and texts in order of name; "" where there are none."""
    hashed = hashlib.sha256()
    for name in sorted(texts):
        for part in (name.encode(), texts[name].encode()):
            hashed.update(len(part).to_bytes(8, "big") + part)
    return hashed.hexdigest() if texts else ""


def examples_of(cohort: Cohort) -> Examples:
    """The rows whose label is known, as a table to learn from: numbers as they are, words one column each, NaN unknown.

    Names and groups are the pseudonyms, so that a patient never stands on both sides of a split. Raises InputError
    where the criteria name no label, or nobody's is known.
    """
    import numpy as np  # noqa: PLC0415

    from suwen.learn.nouns import Examples, Task  # noqa: PLC0415

    table = cohort.table
    if not table.labelled:
        raise InputError("the criteria of this cohort name no label, so there is nothing to learn; select with one")
    rows = [row for row in table.rows if row[-1]]
    if not rows:
        raise InputError("no patient of this cohort has a known label, so there is nothing to learn")
    names, columns = _encoded([list(row[1:-1]) for row in rows], table.header[1:-1])
    return Examples(
        inputs=np.array(columns, np.float64).T.reshape(len(rows), len(names)),
        labels=np.array([int(row[-1]) for row in rows], np.int64),
        task=Task.CLASSES,
        classes=("no", "yes"),
        names=tuple(row[0] for row in rows),
        groups=tuple(row[0] for row in rows),
        features=names,
        source=f"cohort {cohort.manifest.digest}",
        licence="not to be passed on",
    )


def _encoded(rows: list[list[str]], header: tuple[str, ...]) -> tuple[tuple[str, ...], list[list[float]]]:
    """Names and numbers of columns; one of many different words, such as a date, is left out."""
    names: list[str] = []
    columns: list[list[float]] = []
    for at, name in enumerate(header):
        cells = [row[at] for row in rows]
        words = sorted({one for one in cells if one and _number(one) is None})
        if not words:
            names.append(name)
            columns.append([float("nan") if not one else float(one) for one in cells])
        elif len(words) <= _MOST_WORDS:
            names += [f"{name} = {word}" for word in words]
            columns += [[float("nan") if not one else float(one == word) for one in cells] for word in words]
    if not names:
        raise InputError("no column holds numbers or few different words; name other features")
    return tuple(names), columns


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def write_cohort(cohort: Cohort, folder: Path) -> None:
    """Write `cohort.csv`, `manifest.json` and, where there are texts, `texts/` and a warning: all of it or nothing.

    Only the owner may read it. Raises InputError where the folder is there already, DataError where it cannot be made.
    """
    place = folder.absolute()
    if place.exists():
        raise InputError(f"{folder} is there already; name a folder that is not")
    part = ""
    try:
        part = tempfile.mkdtemp(prefix=f".{place.name}.", suffix=".part", dir=place.parent)
        _fill(Path(part), cohort)
        Path(part).rename(place)
    except OSError as reason:
        said = f"cannot write {folder}: {reason.strerror}; name a folder in one that exists and is yours"
        raise DataError(said) from None
    finally:
        if part:
            shutil.rmtree(part, ignore_errors=True)


def _fill(place: Path, cohort: Cohort) -> None:
    _keep(place / "cohort.csv", table_csv(cohort.table))
    if cohort.texts:
        (place / "texts").mkdir(mode=0o700)
        _keep(place / "READ-THE-TEXTS-FIRST.txt", WARNING.encode() + b"\n")
    for name, text in cohort.texts.items():
        _keep(place / "texts" / name, text.encode())
    _keep(place / "manifest.json", write_manifest(cohort.manifest))


def _keep(file: Path, data: bytes) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
