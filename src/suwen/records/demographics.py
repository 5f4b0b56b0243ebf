"""Who a patient is: identifiers, names, birth date and sex, sealed as a record and found by blind index."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from suwen.errors import FormatError, InputError, Problem
from suwen.records.vault.blind import normal
from suwen.subject import Sex

__all__ = ["ADDRESS", "BARE", "KIND", "Demographics", "address_tag", "is_unicode"]

KIND = "Demographics"
ADDRESS = "address"  # fields of the blind index beside those that people search
BARE = "bare identifier"


@dataclass(frozen=True, slots=True)
class Demographics:
    """Who a patient is. `birth_date`: ISO 8601 (YYYY-MM-DD), "" unknown.

    `identifiers` of hospital or state: the number as it stands, or `system|number`, which is also found by the number
    alone. `parts` are of names that no blank divides, such as family and given name in Chinese. `addresses` are those
    under which other systems know the patient (`fhir:SOURCE|Patient/ID`). `by_number` is False for what was filed
    before identifiers were found by their number alone.
    """

    identifiers: tuple[str, ...] = field(default=(), repr=False)
    names: tuple[str, ...] = field(default=(), repr=False)
    birth_date: str = field(default="", repr=False)
    sex: Sex = Sex.UNKNOWN
    parts: tuple[str, ...] = field(default=(), repr=False)
    addresses: tuple[str, ...] = field(default=(), repr=False)
    by_number: bool = field(default=True, repr=False, compare=False)

    def __post_init__(self) -> None:
        problems = []
        if not any(one.strip() for one in (*self.identifiers, *self.names, *self.addresses)):
            problems.append(
                Problem(
                    "identifiers",
                    "neither an identifier nor a name is given",
                    "give at least one",
                    zh_what="标识符和姓名均未填写",
                    zh_remedy="请至少填写一项",
                )
            )
        if self.birth_date and not _is_date(self.birth_date):
            problems.append(
                Problem(
                    "birth_date",
                    "is no date",
                    "write it as YYYY-MM-DD",
                    zh_what="不是有效日期",
                    zh_remedy="请写成 YYYY-MM-DD",
                )
            )
        if not is_unicode(*self.identifiers, *self.names, *self.parts, *self.addresses):
            problems.append(
                Problem(
                    "names",
                    "hold half a character",
                    "write them as Unicode text",
                    zh_what="含有不完整的字符",
                    zh_remedy="请使用 Unicode 文本",
                )
            )
        if problems:
            raise InputError("the patient cannot be registered:", problems, zh="无法登记该患者：")

    def fields(self) -> Iterator[tuple[str, str]]:
        """Pairs of field and value by which the patient is found: also each part of a name of several words."""
        for identifier in self.identifiers:
            yield "identifier", identifier
        for number in self._numbers():
            yield "identifier", number
            yield BARE, number  # another patient may have the same number in another system
        for name in self.names:
            yield "name", name
            parts = name.split()
            yield from (("name", part) for part in parts if len(parts) > 1)
        yield from (("name", part) for part in self.parts)
        if self.birth_date:
            yield "birth_date", self.birth_date
        yield from ((ADDRESS, address_tag(one)) for one in self.addresses)

    def _numbers(self) -> Iterator[str]:
        """The numbers of identifiers with a system, but for those that are identifiers by themselves too."""
        whole = {normal(one) for one in self.identifiers}
        if self.by_number:
            numbers = (one.partition("|")[2] for one in self.identifiers)
            yield from (one for one in numbers if one.strip() and normal(one) not in whole)

    def to_bytes(self) -> bytes:
        """Canonical JSON: format 1, or 2 where it says more than that had room for."""
        content: dict[str, Any] = {
            "format": 1,
            "identifiers": list(self.identifiers),
            "names": list(self.names),
            "birth_date": self.birth_date,
            "sex": self.sex.value,
        }
        if self.parts or self.addresses or any(self._numbers()):
            content |= {
                "format": 2,
                "parts": list(self.parts),
                "addresses": list(self.addresses),
                "by_number": self.by_number,
            }
        return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, payload: bytes) -> Demographics:
        """Read what `to_bytes` wrote. Raises FormatError."""
        content = json.loads(payload)
        if content.get("format") not in {1, 2}:
            raise FormatError(
                "the patient's demographics are of a newer Suwen; install it",
                zh="该患者的身份信息由更新版本的 Suwen 写入；请升级",
            )
        return cls(
            tuple(content["identifiers"]),
            tuple(content["names"]),
            content["birth_date"],
            Sex(content["sex"]),
            tuple(content.get("parts", ())),
            tuple(content.get("addresses", ())),
            content.get("by_number", False),
        )


def address_tag(address: str) -> str:
    """An address as the blind index takes it: that one folds case, and `Patient/a` is not `Patient/A`."""
    return hashlib.sha256(address.encode()).hexdigest()


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
