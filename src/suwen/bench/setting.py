"""What the benchmarks of the differential share: data folders, engine, and work over two processes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from suwen import datasets
from suwen.diagnosis import Engine, load_library
from suwen.errors import DataError
from suwen.knowledge import load_knowledge

__all__ = ["Options", "digest", "open_engine", "over_processes"]

In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(frozen=True, slots=True)
class Options:
    """`data`: folder laid out like the reference data; `limit`: at most so many cases, chosen by `seed`."""

    data: Path
    limit: int | None = None
    seed: int = 0


def open_engine(options: Options) -> Engine:
    """Knowledge, and the case library of the reference folder and of the benchmark's folder."""
    os.environ.setdefault("SUWEN_DATA", str(options.data))  # names and equivalences, where no reference folder is set
    knowledge = load_knowledge()
    files = [datasets.folder() / "diagnosis/cases.jsonl.xz", options.data / "diagnosis/cases.jsonl.xz"]
    found = list({file.resolve(): file for file in files if file.is_file()}.values())
    if not found:
        raise DataError(f"no case library in {options.data}: diagnosis/cases.jsonl.xz is missing")
    return Engine(knowledge, load_library(found, knowledge))


def digest(*files: Path) -> str:
    """SHA-256 over the files that exist, in order."""
    whole = hashlib.sha256()
    for file in files:
        if file.is_file():
            whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def over_processes(
    work: Callable[[In], Out], jobs: Sequence[In], *, notify: Callable[[int, int], None]
) -> Iterator[Out]:
    """Map over two forked processes; what `work` needs must stand in module variables before the call."""
    with ProcessPoolExecutor(2) as pool:
        for done, result in enumerate(pool.map(work, jobs, chunksize=25), start=1):
            notify(done, len(jobs))
            yield result
