"""The journal of a screening: what became of each lot at each step, a line each, so that an interrupt loses one lot.

Format 1, a folder. `screening.json`: {"format": 1, "goals": SHA-256, "library": SHA-256}. `N-step.jsonl`: a line a lot,
{"entered", "dropped": {key: count}, "failed": [...], "kept": [...], "seconds"}, the last line of a finished step
{"end": true}. A last line that was cut short is not read. It holds the molecules of the library, nothing of people.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from suwen.drugs.screening.candidates import (
    Candidate,
    Dropped,
    Outcome,
    candidate_of,
    candidate_tree,
    failed_of,
    failed_tree,
)
from suwen.drugs.screening.nouns import Failed
from suwen.errors import DataError, FormatError, InputError

__all__ = ["Journal", "Tally", "open_journal"]

_FORMAT = 1
_HEAD = "screening.json"
_MOST_FAILED = 1000  # failures that are kept in words; all are counted


@dataclass(slots=True)
class Tally:
    """What a step has done so far."""

    entered: int = 0
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    failures: int = 0
    failed: list[Failed] = field(default_factory=list)
    seconds: float = 0.0
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Journal:
    """An open journal in a folder."""

    folder: Path

    def tally(self, step: str) -> Tally:
        """What is written of a step; nothing where it did not begin. Raises FormatError where a line is none."""
        made = Tally()
        for tree in self._lines(step):
            if tree.get("end"):
                made.ended = True
                break
            try:
                made.entered += tree["entered"]
                made.kept += len(tree["kept"])
                made.dropped.update(tree["dropped"])
                made.failures += len(tree["failed"])
                made.failed += [failed_of(one) for one in tree["failed"][: _MOST_FAILED - len(made.failed)]]
                made.seconds += tree["seconds"]
            except (KeyError, TypeError, ValueError):
                raise self._damaged(step) from None
        return made

    def kept(self, step: str) -> Iterator[Candidate]:
        """The candidates that a step left in, one in memory at a time."""
        for tree in self._lines(step):
            try:
                yield from map(candidate_of, tree.get("kept", ()))
            except (KeyError, TypeError, ValueError):
                raise self._damaged(step) from None

    def write(self, step: str, lots: Iterator[tuple[list[Outcome], float]]) -> Iterator[int]:
        """Write each lot as it comes, then that the step ended; how many molecules each lot had.

        What an interrupted run wrote of the step stays, and is gone on with. Raises DataError where it cannot be
        written.
        """
        file = self._file(step)
        try:
            _cut_short(file)
            with file.open("a", encoding="utf-8") as stream:
                for outcomes, seconds in lots:
                    _line(stream, _lot_tree(outcomes, seconds))
                    yield len(outcomes)
                _line(stream, {"end": True})
                os.fsync(stream.fileno())
        except OSError as reason:
            if isinstance(reason, DataError):
                raise
            raise DataError(
                f"cannot write the journal {file}: {reason.strerror}", zh=f"无法写入日志 {file}：{reason.strerror}"
            ) from None

    def _file(self, step: str) -> Path:
        return self.folder / f"{step}.jsonl"

    def _lines(self, step: str) -> Iterator[dict[str, Any]]:
        file = self._file(step)
        if not file.is_file():
            return
        with file.open(encoding="utf-8") as stream:
            for line in stream:
                if not line.endswith("\n"):
                    return
                try:
                    tree = json.loads(line)
                except (ValueError, RecursionError):
                    raise self._damaged(step) from None
                if not isinstance(tree, dict):
                    raise self._damaged(step)
                yield tree

    def _damaged(self, step: str) -> FormatError:
        return FormatError(
            f"{self._file(step)} is damaged; remove the folder and screen anew",
            zh=f"{self._file(step)} 已损坏；请移除该文件夹并重新筛选",
        )


def open_journal(folder: Path, *, goals: str, library: str) -> Journal:
    """A journal in a new or empty folder, or one begun with the same goals and library (SHA-256 of each).

    Raises InputError where the folder holds something else, DataError where it cannot be made.
    """
    head = {"format": _FORMAT, "goals": goals, "library": library}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / _HEAD
        if not file.is_file():
            if any(folder.iterdir()):
                raise InputError(
                    f"{folder} holds other files; name a new folder for the journal",
                    zh=f"{folder} 含有其他文件；请为日志指定新文件夹",
                )
            _write_head(file, head)
            return Journal(folder)
        found = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise (
            error
            if isinstance(error, InputError)
            else InputError(f"{folder} is no journal of a screening", zh=f"{folder} 不是筛选日志")
        ) from None
    except OSError as reason:
        raise DataError(
            f"cannot open the journal {folder}: {reason.strerror}", zh=f"无法打开日志 {folder}：{reason.strerror}"
        ) from None
    if found != head:
        other = [name for name in ("goals", "library") if not isinstance(found, dict) or found.get(name) != head[name]]
        what = " and ".join(other) or "format"
        raise InputError(
            f"the journal {folder} is of another screening ({what} differ); name a new folder",
            zh=f"日志 {folder} 属于另一次筛选（{what} 不同）；请指定新文件夹",
        )
    return Journal(folder)


def _write_head(file: Path, head: dict[str, Any]) -> None:
    draft = file.with_name(f".{file.name}")
    draft.write_text(json.dumps(head), "utf-8")
    draft.replace(file)


def _cut_short(file: Path) -> None:
    """Take off a last line that an interrupt left without its end."""
    if not file.is_file():
        return
    with file.open("r+b") as stream:
        size = stream.seek(0, os.SEEK_END)
        at = size
        while at:
            begin = max(0, at - 65536)
            stream.seek(begin)
            found = stream.read(at - begin).rfind(b"\n")
            if found >= 0:
                break
            at = begin
        stream.truncate(begin + found + 1 if at else 0)


def _lot_tree(outcomes: Sequence[Outcome], seconds: float) -> dict[str, Any]:
    return {
        "entered": len(outcomes),
        "dropped": dict(Counter(one.key for one in outcomes if isinstance(one, Dropped))),
        "failed": [failed_tree(one) for one in outcomes if isinstance(one, Failed)],
        "kept": [candidate_tree(one) for one in outcomes if isinstance(one, Candidate)],
        "seconds": round(seconds, 4),
    }


def _line(stream: TextIO, tree: dict[str, Any]) -> None:
    stream.write(json.dumps(tree) + "\n")
    stream.flush()
