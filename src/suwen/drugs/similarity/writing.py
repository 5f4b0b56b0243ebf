"""Write a library of molecules: streamed through temporary files beside it, then put in place whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.similarity.fingerprints import BITS, Kind, fingerprints, popcount
from suwen.drugs.similarity.library import ARRAYS, FORMAT, HEAD, TEXT, file_digest
from suwen.drugs.similarity.slices import SPAN, columns_of
from suwen.errors import DataError
from suwen.formats.molecules.nouns import Molecule

__all__ = ["write_library", "write_rows"]

Rows = tuple[NDArray[np.uint64], list[tuple[str, str]]]
_BATCH = 20_000  # molecules held at a time
_SORTED = 16_384  # molecules turned into columns at a time


def write_library(
    molecules: Iterable[Molecule],
    folder: Path,
    *,
    kind: Kind = "ecfp4",
    workers: int = 2,
    notify: Callable[[int], None] = lambda _done: None,
) -> int:
    """Write molecules with their fingerprints; how many. `notify` is told how many are done.

    Raises InputError where a molecule cannot be read, DataError where the folder exists or cannot be written; then
    nothing is left behind.
    """

    def batches() -> Iterator[Rows]:
        stream, done = iter(molecules), 0
        while batch := list(islice(stream, _BATCH)):
            yield (
                fingerprints([one.smiles for one in batch], kind=kind, workers=workers),
                [(one.smiles, one.name) for one in batch],
            )
            done += len(batch)
            notify(done)

    return write_rows(batches(), folder, kind=kind)


def write_rows(batches: Iterable[Rows], folder: Path, *, kind: Kind) -> int:
    """Write fingerprints that are there already: batches of words (molecules, BITS[kind] / 64) and (SMILES, name)."""
    if folder.exists():
        raise DataError(
            f"{folder} is there already; remove it or name another folder", zh=f"{folder} 已存在；请移除或另指定文件夹"
        )
    try:
        with _new_folder(folder) as draft:
            counts = _spool(batches, draft, BITS[kind] // 64)
            words = _sort(draft, counts, BITS[kind])
            _finish(draft, kind, len(counts), words)
    except OSError as reason:
        if isinstance(reason, DataError):
            raise
        raise DataError(
            f"cannot write the library {folder}: {reason.strerror}", zh=f"无法写入库 {folder}：{reason.strerror}"
        ) from None
    return len(counts)


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """A draft beside the folder, which takes its name at the end: nobody ever opens half a library."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    with ExitStack() as undo:  # whatever ends it, an interrupt too, no draft stays
        undo.callback(shutil.rmtree, draft, ignore_errors=True)
        yield draft
        draft.rename(folder)
        undo.pop_all()


def _spool(batches: Iterable[Rows], draft: Path, width: int) -> NDArray[np.int64]:
    """Write rows and text as they come; bits of each molecule (count,). Offsets are written at the end."""
    counts, sizes = [np.zeros(0, np.int64)], [np.zeros(1, np.int64)]
    with (draft / "rows").open("wb") as rows, (draft / TEXT).open("wb") as text:
        for words, lines in batches:
            if words.shape != (len(lines), width):
                raise DataError(
                    f"{len(lines)} molecules came with fingerprints {words.shape}, not {width} words each",
                    zh=f"{len(lines)} 个分子所带指纹为 {words.shape}，而非每个 {width} 个字",
                )
            rows.write(words.astype("<u8", copy=False).tobytes())
            counts.append(popcount(words))
            sizes.append(_write_lines(text, lines))
    np.save(draft / "offsets.npy", np.cumsum(np.concatenate(sizes)).astype("<i8"))
    return np.concatenate(counts)


def _write_lines(text: BinaryIO, lines: Iterable[tuple[str, str]]) -> NDArray[np.int64]:
    encoded = [f"{smiles}\t{' '.join(name.split())}\n".encode("utf-8", "replace") for smiles, name in lines]
    text.write(b"".join(encoded))
    return np.array([len(one) for one in encoded], np.int64)


def _sort(draft: Path, counts: NDArray[np.int64], bits: int) -> int:
    """Columns in order of the number of bits, each number filling whole words; how many words."""
    order, popcounts = _order(counts)
    np.save(draft / "order.npy", order.astype("<i8"))
    np.save(draft / "popcounts.npy", popcounts.astype("<i4"))
    if not len(popcounts):
        np.save(draft / "columns.npy", np.zeros((bits, 0), "<u8"))
    else:
        rows = np.memmap(draft / "rows", "<u8", "r", shape=(len(counts), bits // 64))
        columns = np.lib.format.open_memmap(draft / "columns.npy", "w+", "<u8", (bits, len(popcounts)))
        for low in range(0, len(order), _SORTED):
            part = order[low : low + _SORTED]
            block = np.where((part >= 0)[:, None], rows[np.maximum(part, 0)], np.uint64(0))
            columns[:, low // 64 : (low + len(part)) // 64] = columns_of(block)
        columns.flush()
        del rows, columns
    (draft / "rows").unlink()
    return len(popcounts)


def _order(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Molecules by number of bits, then as they came, with -1 up to whole words; bits a word."""
    ranked = np.argsort(counts, kind="stable")
    numbers, heights = np.unique(counts, return_counts=True)
    words = -(-heights // 64)
    if len(words):
        words[-1] += -int(words.sum()) % SPAN
    starts = 64 * (np.cumsum(words) - words)
    within = np.arange(len(counts)) - np.repeat(np.cumsum(heights) - heights, heights)
    order = np.full(64 * int(words.sum()), -1, np.int64)
    order[np.repeat(starts, heights) + within] = ranked
    return order, np.repeat(numbers, words)


def _finish(draft: Path, kind: Kind, count: int, words: int) -> None:
    names = [*(f"{array}.npy" for array in ARRAYS), TEXT]
    files = {name: {"bytes": (draft / name).stat().st_size, "sha256": file_digest(draft / name)} for name in names}
    head = {"format": FORMAT, "kind": kind, "count": count, "words": words, "files": files}
    with (draft / HEAD).open("w", encoding="utf-8") as stream:
        json.dump(head, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    draft.chmod(0o755)
