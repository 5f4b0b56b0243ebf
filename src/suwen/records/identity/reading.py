"""Strict reading of identity documents: every field is asked for by type, and all problems are told at once."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from suwen.errors import FormatError, Problem

__all__ = ["FORMAT", "Fields", "head"]

FORMAT = 1
# To change a layout: raise FORMAT, keep reading the old number, add a golden document of it to the tests.

T = TypeVar("T")
_CHINESE = {
    "does not have the form it must have": "格式不符合要求",
    "has one passkey twice": "有重复的通行密钥",
    "is not a field of this document": "不是该文档的字段",
    "is not a list": "不是列表",
    "is not a list of names": "不是名称列表",
    "is not a moment in seconds": "不是以秒计的时刻",
    "is not a whole number from 0 on": "不是不小于 0 的整数",
    "is not an object": "不是对象",
    "is not true or false": "不是真或假",
    "names something twice": "有重复的名称",
}


def head(kind: str) -> dict[str, object]:
    """Give the two fields every identity document begins with."""
    return {"kind": kind, "format": FORMAT}


class Fields:
    """The fields of one JSON document; each is taken once, and `done` tells everything that was wrong.

    A problem names the field, never its value: documents hold secrets.
    """

    def __init__(self, document: object, *, kind: str, where: str = "") -> None:
        self.kind = kind
        self.where = where
        self.problems: list[Problem] = []
        self._left: dict[str, object] = dict(document) if isinstance(document, Mapping) else {}
        if not isinstance(document, Mapping):
            self.tell("", "is not an object")

    def head(self) -> None:
        """Take and check `kind` and `format`."""
        if self._take("kind") != self.kind:
            self.tell("kind", f"is not {self.kind!r}")
        number = self._take("format")
        if number != FORMAT or isinstance(number, bool):
            self.tell("format", f"is not {FORMAT}, the only one this version reads")

    def text(self, key: str, pattern: str = "", *, empty: bool = True) -> str:
        """Take a string; with `pattern`, one that matches all of it (or is empty, where that is allowed)."""
        value = self._take(key)
        if not isinstance(value, str) or not (value or empty):
            self.tell(key, "is not a string" if empty else "is not a string with something in it")
            return ""
        if pattern and value and not re.fullmatch(pattern, value):
            self.tell(key, "does not have the form it must have")
        return value

    def whole(self, key: str) -> int:
        """Take a whole number from 0 on."""
        value = self._take(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self.tell(key, "is not a whole number from 0 on")
            return 0
        return value

    def moment(self, key: str) -> float:
        """Take a moment in UTC seconds: a finite number from 0 on."""
        value = self._take(key)
        # A canonical writer may turn 5.0 into 5, so whole numbers are moments too.
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_moment(value):
            self.tell(key, "is not a moment in seconds")
            return 0.0
        return float(value)

    def flag(self, key: str) -> bool:
        """Take a truth value."""
        value = self._take(key)
        if not isinstance(value, bool):
            self.tell(key, "is not true or false")
        return value is True

    def names(self, key: str) -> frozenset[str]:
        """Take a list of different strings with something in them."""
        value = self._take(key)
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) and one for one in value):
            self.tell(key, "is not a list of names")
            return frozenset()
        if len(set(value)) != len(value):
            self.tell(key, "names something twice")
        return frozenset(value)

    def each(self, key: str, read: Callable[[Fields], T], *, kind: str) -> tuple[T, ...]:
        """Take a list of objects, reading each with `read`."""
        value = self._take(key)
        if not isinstance(value, list | tuple):
            self.tell(key, "is not a list")
            return ()
        found = []
        for number, one in enumerate(value):
            inner = Fields(one, kind=kind, where=f"{self._place(key)}[{number}].")
            found.append(read(inner))
            inner.close()
            self.problems += inner.problems
        return tuple(found)

    def tell(self, key: str, what: str) -> None:
        """Note a problem with one field."""
        self.problems.append(Problem(self._place(key) or self.where.rstrip("."), what, zh_what=_CHINESE.get(what, "")))

    def close(self) -> None:
        """Note every field that nobody asked for: a document with more in it is not the one we know."""
        for key in self._left:
            self.tell(str(key)[:40], "is not a field of this document")

    def done(self) -> None:
        """Raise what was wrong.

        Raises:
            FormatError: with all problems, if there was one.

        """
        self.close()
        if self.problems:
            raise FormatError(
                f"the document is not a {self.kind} that can be read; nothing was taken",
                self.problems,
                zh=f"该文档不是可读取的{self.kind}；未采用任何内容",
            )

    def _take(self, key: str) -> object:
        return self._left.pop(key, None)

    def _place(self, key: str) -> str:
        return f"{self.where}{key}"


def _is_moment(value: float) -> bool:
    try:
        return math.isfinite(value) and value >= 0
    except OverflowError:  # a whole number beyond what a float can hold
        return False
