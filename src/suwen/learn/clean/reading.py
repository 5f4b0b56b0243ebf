"""Find out what a folder or file holds, and read it: tables, images, volumes or signals."""

from __future__ import annotations

from pathlib import Path

from suwen.errors import FormatError, NotFoundError
from suwen.learn.clean.labels_table import Columns
from suwen.learn.clean.nouns import Holding
from suwen.learn.clean.reading_arrays import read_arrays
from suwen.learn.clean.reading_images import PICTURES, read_images
from suwen.learn.clean.reading_signals import read_signals
from suwen.learn.clean.reading_tables import read_table_file
from suwen.learn.clean.reading_volumes import VOLUMES, read_volumes

__all__ = ["read_holding"]

_KNOWN = (
    "it may hold images/ and labels/ with NIfTI files, pictures beside a labels.csv, WFDB records, one .npz with "
    "images and labels, or be one table (.csv)"
)


def read_holding(path: Path, columns: Columns | None = None) -> Holding:
    """Read what lies at `path`; values are read later, one by one. Raises NotFoundError, FormatError, DataError,
    InputError (a column that does not exist), MissingExtraError.
    """
    columns = columns or Columns()
    if not path.exists():
        raise NotFoundError(f"there is no {path}")
    if path.is_file():
        return _file(path, columns)
    names = [one.name.lower() for one in path.rglob("*") if one.is_file() and not one.name.startswith(".")]
    if any(name.endswith(VOLUMES) for name in names):
        return read_volumes(path, columns)
    if any(name.endswith(PICTURES) for name in names):
        return read_images(path, columns)
    if any(name.endswith(".hea") for name in names):
        return read_signals(path, columns)
    files = [one for one in sorted(path.iterdir()) if one.suffix.lower() in {".npz", ".csv", ".tsv"}]
    if len(files) == 1:
        return _file(files[0], columns)
    if files:
        raise FormatError(f"{path.name} holds {len(files)} tables or arrays; name one of them")
    raise FormatError(f"nothing to clean in {path.name}: {_KNOWN}" if names else f"{path.name} is empty: {_KNOWN}")


def _file(path: Path, columns: Columns) -> Holding:
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return read_arrays(path)
    if suffix in {".csv", ".tsv"}:
        return read_table_file(path, columns)
    raise FormatError(f"{path.name} is not a data set that can be cleaned: {_KNOWN}")
