"""A library of molecules on disk: a folder of plain arrays and text, audited before it is trusted, never loaded whole.

Format 1. `library.json`: {"format": 1, "kind", "count", "words", "files": {name: {"bytes", "sha256"}}}.
`columns.npy` (bits, words) uint64: bit j of word w of row i says whether molecule 64 w + j of the sorted order has
bit i. `popcounts.npy` (words,) int32: how many bits the molecules of a word have, ascending; each number of bits fills
whole words, and the last one whole spans of 64 words. `order.npy` (64 words,) int64: number of the molecule as it was
written, -1 where a word is filled up. `molecules.txt`: a line a molecule as written, SMILES and name parted by a tab;
`offsets.npy` (count + 1,) int64: where each line begins, in bytes. A change of any of this is a new format number, and
this reader stays.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.similarity.fingerprints import BITS, KINDS, Kind
from suwen.drugs.similarity.slices import SPAN
from suwen.errors import DataError, DigestError, FormatError, InputError, NotFoundError

__all__ = ["ARRAYS", "FORMAT", "HEAD", "TEXT", "Library", "file_digest", "open_library"]

FORMAT = 1
HEAD = "library.json"
TEXT = "molecules.txt"
ARRAYS: Mapping[str, str] = {"columns": "<u8", "popcounts": "<i4", "order": "<i8", "offsets": "<i8"}
_LARGEST_HEAD = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """An open library: memory-mapped arrays (see the file's head) and where its text lies.

    `heights` are the different numbers of bits, ascending, and `which` (words,) says which of them a word's are.
    """

    folder: Path
    kind: Kind
    count: int
    columns: NDArray[np.uint64] = field(repr=False)
    popcounts: NDArray[np.int32] = field(repr=False)
    order: NDArray[np.int64] = field(repr=False)
    offsets: NDArray[np.int64] = field(repr=False)
    heights: NDArray[np.int64] = field(repr=False)
    which: NDArray[np.intp] = field(repr=False)

    def __len__(self) -> int:
        return self.count

    def line(self, number: int) -> tuple[str, str]:
        """SMILES and name of a molecule by its number as written. Raises InputError where there is none."""
        if not 0 <= number < self.count:
            raise InputError(
                f"the library has molecules 0 to {self.count - 1}, not {number}",
                zh=f"该库的分子为 0 至 {self.count - 1}，没有 {number}",
            )
        low, high = int(self.offsets[number]), int(self.offsets[number + 1])
        with (self.folder / TEXT).open("rb") as stream:
            stream.seek(low)
            smiles, _, name = stream.read(high - low).decode("utf-8", "replace").rstrip("\n").partition("\t")
        return smiles, name


def open_library(folder: Path, *, check_digests: bool = False) -> Library:
    """Open a library after auditing its head, the size, type and shape of each file; digests too where asked.

    No file is ever executed or unpickled. Raises NotFoundError where there is no library, FormatError where it is not
    what it says, DigestError where bytes were changed.
    """
    head = _head(folder)
    _audit_files(folder, head["files"], check_digests=check_digests)
    arrays = {name: _array(folder / f"{name}.npy", kind) for name, kind in ARRAYS.items()}
    count, words, kind = head["count"], head["words"], head["kind"]
    shapes = {"columns": (BITS[kind], words), "popcounts": (words,), "order": (64 * words,), "offsets": (count + 1,)}
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise FormatError(
                f"{folder / name}.npy is {arrays[name].shape}, and its head says {shape}; write it anew",
                zh=f"{folder / name}.npy 的形状为 {arrays[name].shape}，而首部为 {shape}；请重新写出",
            )
    _audit_contents(folder, count, arrays)
    heights, which = np.unique(arrays["popcounts"].astype(np.int64), return_inverse=True)
    columns = np.asarray(arrays["columns"])  # still mapped, but cut without the class of maps, which is slow
    return Library(folder, kind, count, **(arrays | {"columns": columns}), heights=heights, which=which)


def file_digest(file: Path) -> str:
    """SHA-256 of a file, read piece by piece."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _head(folder: Path) -> dict[str, Any]:
    file = folder / HEAD
    if not file.is_file():
        raise NotFoundError(
            f"{folder} is no library of molecules: it has no {HEAD}; write one with write_library",
            zh=f"{folder} 不是分子库：没有 {HEAD}；请用 write_library 写出",
        )
    if file.stat().st_size > _LARGEST_HEAD:
        raise FormatError(f"{file} is far too long for the head of a library", zh=f"{file} 作为库的首部过长")
    try:
        head = json.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError):
        raise FormatError(
            f"{file} is not JSON; write the library anew", zh=f"{file} 不是 JSON；请重新写出该库"
        ) from None
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise FormatError(
            f"{file} is not of format {FORMAT}, the one this version reads",
            zh=f"{file} 的格式不是本版本读取的 {FORMAT}",
        )
    whole = all(isinstance(head.get(key), int) and 0 <= head[key] < 2**40 for key in ("count", "words"))
    if not whole or head.get("kind") not in KINDS or not isinstance(head.get("files"), dict):
        raise FormatError(
            f"{file} lacks a count, words, files or a known kind of fingerprint; write the library anew",
            zh=f"{file} 缺少数目、字数、文件或已知的指纹类型；请重新写出该库",
        )
    return head


def _audit_files(folder: Path, files: Mapping[str, Any], *, check_digests: bool) -> None:
    for name in (*(f"{array}.npy" for array in ARRAYS), TEXT):
        said, file = files.get(name), folder / name
        if not isinstance(said, dict) or not file.is_file():
            raise FormatError(
                f"{folder} is not a whole library: {name} is missing; write it anew",
                zh=f"{folder} 不是完整的库：缺少 {name}；请重新写出",
            )
        if file.stat().st_size != said.get("bytes"):
            raise FormatError(
                f"{file} has {file.stat().st_size} bytes and its head says {said.get('bytes')}",
                zh=f"{file} 有 {file.stat().st_size} 字节，而首部为 {said.get('bytes')}",
            )
        if check_digests and file_digest(file) != said.get("sha256"):
            raise DigestError(
                f"{file} was changed since it was written; write the library anew",
                zh=f"{file} 写出后被改动；请重新写出该库",
            )


def _array(file: Path, kind: str) -> NDArray[Any]:
    try:
        # allow_pickle stays off: an object array would run code of whoever wrote the file
        found: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError, SyntaxError):
        try:  # an empty array cannot be mapped
            found = np.load(file, allow_pickle=False)
        except (ValueError, OSError, EOFError, SyntaxError):
            raise FormatError(
                f"{file} is not a plain NumPy array; write the library anew",
                zh=f"{file} 不是普通的 NumPy 数组；请重新写出该库",
            ) from None
    if found.dtype != np.dtype(kind):
        raise FormatError(
            f"{file} holds {found.dtype}, not {kind}; write the library anew",
            zh=f"{file} 含 {found.dtype}，而非 {kind}；请重新写出该库",
        )
    return found


def _audit_contents(folder: Path, count: int, arrays: Mapping[str, NDArray[Any]]) -> None:
    """The small arrays must be what searching takes for granted; a wrong one would give wrong hits, not a crash."""
    popcounts, order, offsets = arrays["popcounts"], arrays["order"], arrays["offsets"]
    steps = np.diff(offsets)
    real = order[order >= 0]
    good = (
        len(popcounts) % SPAN == 0
        and bool(np.all(np.diff(popcounts) >= 0))
        and bool(np.all((popcounts >= 0) & (popcounts <= len(arrays["columns"]))))
        and len(real) == count
        and (count == 0 or (int(real.max()) < count and bool(np.all(np.bincount(real, minlength=count) == 1))))
        and bool(np.all(steps > 0))
        and int(offsets[0]) == 0
        and int(offsets[-1]) == (folder / TEXT).stat().st_size
    )
    if not good:
        raise DataError(
            f"the arrays of {folder} contradict one another; write the library anew",
            zh=f"{folder} 的各数组相互矛盾；请重新写出该库",
        )
