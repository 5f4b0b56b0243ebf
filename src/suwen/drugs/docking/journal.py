"""The journal of a long docking run: one line for each molecule as soon as it is done, so that a run can go on.

Format 1: JSON lines in UTF-8. The first holds what the results depend on; a run with anything else there is refused, so
that scores of two receptors, boxes or settings never stand in one table. Each other line holds a SMILES and the answer
or the problems. A change of meaning takes a new format number, and the reader of the old one stays.
"""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any, Self

from suwen.drugs.docking.beside import Answer, Failed
from suwen.drugs.docking.nouns import Box, Receptor, Settings
from suwen.errors import FormatError, InputError, MissingExtraError, Problem

__all__ = ["FILE", "Journal", "bound_to"]

FILE = "docking.jsonl"
"""Name of the journal in its folder."""
_AGAIN = ("time:", "crash:")  # failures of the machine, which a new run tries again


def bound_to(receptor: Receptor, box: Box, settings: Settings) -> dict[str, Any]:
    """What results depend on, as plain values. Raises MissingExtraError without vina."""
    try:
        vina = version("vina")
    except PackageNotFoundError as absent:
        raise MissingExtraError("vina", "drugs") from absent
    plain = asdict(settings)
    del plain["limit"]  # it decides whether there is a result, never which
    boxed = {"centre": list(box.centre), "size": list(box.size)}
    return {"format": 1, "receptor": receptor.digest, "box": boxed, "settings": plain, "vina": vina}


class Journal:
    """Results on disk by SMILES. A context; while it is open no other run can write to it.

    Raises InputError where the folder holds a journal of other settings or another run has it open, FormatError where
    it is damaged before its last line, or cannot be written.
    """

    def __init__(self, folder: Path, bound: dict[str, Any], *, resume: bool = True) -> None:
        self._path = folder / FILE
        self._places: dict[str, int] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file: IO[bytes] = self._path.open("a+b")
        except OSError as error:
            raise FormatError(f"the folder {folder} cannot be written: {error.strerror}") from error
        with ExitStack() as opened:
            opened.callback(self._file.close)
            self._lock(folder)
            self._read(bound, resume=resume)
            opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def __contains__(self, smiles: str) -> bool:
        return smiles in self._places

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, smiles: str) -> Answer:
        self._file.seek(self._places[smiles])
        return _answer(json.loads(self._file.readline()))

    def add(self, smiles: str, answer: Answer) -> None:
        """Write one result, on the disk when this returns."""
        line: dict[str, Any] = {"smiles": smiles}
        if isinstance(answer, Failed):
            line["problems"] = [asdict(one) for one in answer.problems]
        else:
            line["answer"] = answer
        self._places[smiles] = self._write(line)

    def _write(self, line: dict[str, Any]) -> int:
        try:
            place = self._file.seek(0, os.SEEK_END)
            self._file.write(json.dumps(line, ensure_ascii=False, allow_nan=False).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise FormatError(f"the journal cannot be written: {error.strerror}; what it holds can go on") from error
        return place

    def _lock(self, folder: Path) -> None:
        try:
            import fcntl  # noqa: PLC0415 - does not exist on Windows

            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            return
        except OSError as error:
            raise InputError(f"another run is docking into {folder}; wait for it or name another folder") from error

    def _read(self, bound: dict[str, Any], *, resume: bool) -> None:
        self._file.seek(0)
        place, first = 0, True
        for number, line in enumerate(self._file, start=1):
            if not line.endswith(b"\n"):  # torn by a crash or a full disk: that molecule is docked again
                break
            told = self._parsed(line, number)
            if first:
                self._check(told, bound, resume=resume)
                first = False
            elif not _is_to_try_again(told):
                self._places[told["smiles"]] = place
            place += len(line)
        self._file.truncate(place)
        if first:
            self._write(bound)

    @staticmethod
    def _parsed(line: bytes, number: int) -> dict[str, Any]:
        try:
            told = json.loads(line)
            if number > 1:
                _answer(told)
                str(told["smiles"])
            return dict(told)
        except (ValueError, KeyError, TypeError) as error:
            raise FormatError(f"line {number} of the journal is damaged; take another folder") from error

    def _check(self, told: dict[str, Any], bound: dict[str, Any], *, resume: bool) -> None:
        if not resume:
            raise InputError(f"{self._path.parent} holds a run already; go on with it, or name another folder")
        differing = [key for key in bound if told.get(key) != bound[key]]
        if differing:
            raise InputError(
                f"{self._path.parent} holds a run of another {', '.join(differing)}; name another folder, as scores of "
                f"different runs cannot be compared"
            )


def _is_to_try_again(told: dict[str, Any]) -> bool:
    return any(one["what"].startswith(_AGAIN) for one in told.get("problems", ()))


def _answer(told: dict[str, Any]) -> Answer:
    if "problems" in told:
        return Failed(tuple(Problem(**one) for one in told["problems"]))
    return dict(told["answer"])
