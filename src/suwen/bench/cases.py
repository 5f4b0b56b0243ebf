"""Solved cases as the benchmarks read them: terms and diagnosis only, as the protocol says."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from suwen.errors import DataError, FormatError, SuwenError
from suwen.formats import read_phenopackets
from suwen.subject import Patient

__all__ = ["read_solved"]

# Ages are no part of the protocol, and a few published cases have ages that are none ("ADULT"): they are not read.
_NOT_READ = {"onset", "resolution", "timeAtLastEncounter", "time_at_last_encounter"}


def read_solved(file: Path) -> list[Patient]:
    """Read one phenopacket per line from an xz file; cases without a diagnosis are left out.

    Raises DataError when the file is missing or damaged, naming the line.
    """
    if not file.is_file():
        raise DataError(f"{file} is not there; point --data at a folder laid out like the reference data")
    try:
        return [case for number, line in _lines(file) for case in _case(line, file, number) if case.diagnoses]
    except (lzma.LZMAError, EOFError, UnicodeDecodeError) as reason:
        raise DataError(f"{file} is damaged: {reason}; fetch it again") from None


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield number, line


def _case(line: str, file: Path, number: int) -> tuple[Patient, ...]:
    try:
        return read_phenopackets(_stripped(json.loads(line)))
    except (json.JSONDecodeError, FormatError) as reason:
        raise DataError(f"{file} line {number} is not a phenopacket: {reason}") from None
    except SuwenError:
        return ()


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stripped(one) for key, one in value.items() if key not in _NOT_READ}
    if isinstance(value, list):
        return [_stripped(one) for one in value]
    return value
