"""Who a patient is: identifiers, names, birth date and sex, sealed as a record and found by blind index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from suwen.errors import FormatError, InputError, Problem
from suwen.subject import Sex

__all__ = ["KIND", "Demographics", "is_unicode"]

KIND = "Demographics"


@dataclass(frozen=True, slots=True)
class Demographics:
    """Who a patient is. `identifiers`: of hospital or state; `birth_date`: ISO 8601 (YYYY-MM-DD), "" unknown."""

    identifiers: tuple[str, ...] = field(default=(), repr=False)
    names: tuple[str, ...] = field(default=(), repr=False)
    birth_date: str = field(default="", repr=False)
    sex: Sex = Sex.UNKNOWN

    def __post_init__(self) -> None:
        problems = []
        if not any(one.strip() for one in (*self.identifiers, *self.names)):
            problems.append(Problem("identifiers", "neither an identifier nor a name is given", "give at least one"))
        if self.birth_date and not _is_date(self.birth_date):
            problems.append(Problem("birth_date", "is no date", "write it as YYYY-MM-DD"))
        if not is_unicode(*self.identifiers, *self.names):
            problems.append(Problem("names", "hold half a character", "write them as Unicode text"))
        if problems:
            raise InputError("the patient cannot be registered:", problems)

    def fields(self) -> Iterator[tuple[str, str]]:
        """Pairs of field and value by which the patient is found: also each part of a name of several words."""
        for identifier in self.identifiers:
            yield "identifier", identifier
        for name in self.names:
            yield "name", name
            parts = name.split()
            yield from (("name", part) for part in parts if len(parts) > 1)
        if self.birth_date:
            yield "birth_date", self.birth_date

    def to_bytes(self) -> bytes:
        """Canonical JSON, format 1."""
        content = {
            "format": 1,
            "identifiers": list(self.identifiers),
            "names": list(self.names),
            "birth_date": self.birth_date,
            "sex": self.sex.value,
        }
        return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, payload: bytes) -> Demographics:
        """Read what `to_bytes` wrote. Raises FormatError."""
        content = json.loads(payload)
        if content.get("format") != 1:
            raise FormatError("the patient's demographics are of a newer Suwen; install it")
        return cls(tuple(content["identifiers"]), tuple(content["names"]), content["birth_date"], Sex(content["sex"]))


def _is_date(text: str) -> bool:
    # the same day written otherwise (19700304, 1970-W10-3) would never be found again
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def is_unicode(*texts: str) -> bool:
    """Whether each text can be written: JSON may bring half of a surrogate pair."""
    try:
        return all(text.encode() is not None for text in texts)
    except UnicodeEncodeError:
        return False
