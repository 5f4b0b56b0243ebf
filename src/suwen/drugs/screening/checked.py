"""A table of a goals file read key by key: every wrong key, kind or range is noted, and all are told together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from suwen.errors import Problem
from suwen.subject import Saying

__all__ = ["Checked"]

_NOTHING = Saying("", "")
_SHOWN = 40  # characters of a wrong value that are shown


class Checked:
    """One table of the file at `where`; what is wrong goes to the list `problems`, which all its parts share."""

    def __init__(self, tree: Mapping[str, Any], where: str, problems: list[Problem]) -> None:
        self._tree, self._where, self.problems = tree, where, problems
        self._asked: list[str] = []

    def wrong(self, key: str, what: Saying, remedy: Saying = _NOTHING) -> None:
        """Note that something is wrong with a key."""
        where = f"{self._where}.{key}" if self._where else key
        self.problems.append(Problem(where, what.en, remedy.en, zh_what=what.zh, zh_remedy=remedy.zh))

    def keys(self) -> tuple[str, ...]:
        """The keys that are there."""
        return tuple(self._tree)

    def has(self, key: str) -> bool:
        """Whether the key is there; asking makes it a known one."""
        if key not in self._asked:
            self._asked.append(key)
        return key in self._tree

    def text(self, key: str, *, among: Iterable[str] = (), default: str = "") -> str:
        """A text, one of `among` where there are any; the default where it is absent or wrong."""
        if not self.has(key):
            return default
        found, known = self._tree[key], tuple(among)
        if not isinstance(found, str) or not found.strip():
            self.wrong(key, _not(found, "no text", "文本"))
        elif known and found not in known:
            self.unknown(key, found, known)
        else:
            return found
        return default

    def unknown(self, key: str, found: str, known: Iterable[str]) -> None:
        """Note that a word is none of those known, with the nearest, or all of a few."""
        self.wrong(key, _not(found, "not known", "已知的名称"), _nearest(found, tuple(known)))

    def texts(self, key: str, *, among: Iterable[str] = ()) -> tuple[str, ...]:
        """A list of texts, each of `among` where there are any; wrong ones are left out."""
        made, known = [], tuple(among)
        for at, one in enumerate(self._list(key), start=1):
            if not isinstance(one, str) or not one.strip():
                self.wrong(f"{key}[{at}]", _not(one, "no text", "文本"))
            elif known and one not in known:
                self.unknown(f"{key}[{at}]", one, known)
            else:
                made.append(one.strip())
        return tuple(dict.fromkeys(made))

    def number(self, key: str, *, low: float = -math.inf, high: float = math.inf) -> float | None:
        """A finite number from `low` to `high`; None where it is absent or wrong."""
        if not self.has(key):
            return None
        found = self._tree[key]
        if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
            self.wrong(key, _not(found, "no number", "数字"))
        elif not low <= found <= high:
            self.wrong(key, _range(found, low, high))
        else:
            return float(found)
        return None

    def whole(self, key: str, *, low: int = 1, high: int = 10_000_000) -> int | None:
        """A whole number from `low` to `high`; None where it is absent or wrong."""
        found = self._tree.get(key)
        if self.has(key) and isinstance(found, float) and not found.is_integer():
            self.wrong(key, _not(found, "no whole number", "整数"))
            return None
        number = self.number(key, low=low, high=high)
        return None if number is None else int(number)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """True or false."""
        if not self.has(key):
            return default
        found = self._tree[key]
        if not isinstance(found, bool):
            self.wrong(key, _not(found, "neither true nor false", " true 或 false"))
            return default
        return found

    def three(self, key: str, *, low: float = -math.inf) -> tuple[float, float, float] | None:
        """Three finite numbers; None where they are absent or wrong."""
        if not self.has(key):
            return None
        found = self._tree[key]
        good = isinstance(found, list) and len(found) == 3 and all(_is_number(one) and one >= low for one in found)
        if not good:
            least = math.isfinite(low)
            what = f"{_shown(found)} are not three numbers{f' of at least {low:g}' if least else ''}"
            self.wrong(key, Saying(what, f"{_shown(found)} 不是三个{f'不小于 {low:g} 的' if least else ''}数"))
            return None
        return float(found[0]), float(found[1]), float(found[2])

    def table(self, key: str) -> Checked | None:
        """A table within; None where it is absent or something else."""
        if not self.has(key):
            return None
        found = self._tree[key]
        if not isinstance(found, Mapping):
            self.wrong(key, _not(found, "no table", "表"), Saying(f"write it as [{key}]", f"请写成 [{key}]"))
            return None
        return Checked(found, f"{self._where}.{key}" if self._where else key, self.problems)

    def tables(self, key: str) -> list[Checked]:
        """A list of tables; what is none of these is noted."""
        made = []
        for at, one in enumerate(self._list(key), start=1):
            where = f"{key}[{at}]"
            if isinstance(one, Mapping):
                made.append(Checked(one, f"{self._where}.{where}" if self._where else where, self.problems))
            else:
                said = Saying(f"write each as [[{key}]]", f"请各写成 [[{key}]]")
                self.wrong(where, _not(one, "no table", "表"), said)
        return made

    def mixed(self, key: str) -> list[Any]:
        """A list of anything."""
        return self._list(key)

    def end(self) -> None:
        """Note every key that nobody asked for."""
        for key in self._tree:
            if key not in self._asked:
                self.wrong(key, Saying("there is no such key here", "此处没有该键"), _nearest(key, tuple(self._asked)))

    def _list(self, key: str) -> list[Any]:
        if not self.has(key):
            return []
        found = self._tree[key]
        if not isinstance(found, list):
            self.wrong(key, _not(found, "no list", "列表"), Saying("write it in square brackets", "请写在方括号内"))
            return []
        return found


def _is_number(one: object) -> bool:
    return isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one)


def _shown(found: object) -> str:
    text = repr(found)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _not(found: object, what: str, chinese: str) -> Saying:
    return Saying(f"{_shown(found)} is {what}", f"{_shown(found)} 不是{chinese}")


def _nearest(found: str, known: tuple[str, ...]) -> Saying:
    near = get_close_matches(found, known, 3, 0.5) or list(known)
    if not near:
        return _NOTHING
    return Saying(f"there {'are' if len(near) > 1 else 'is'} {', '.join(near)}", f"可用：{'、'.join(near)}")


def _range(found: float, low: float, high: float) -> Saying:
    if math.isinf(high):
        return Saying(f"{found:g} is not {low:g} or more", f"{found:g} 应不小于 {low:g}")
    if math.isinf(low):
        return Saying(f"{found:g} is not {high:g} or less", f"{found:g} 应不大于 {high:g}")
    return Saying(f"{found:g} is not from {low:g} to {high:g}", f"{found:g} 不在 {low:g} 至 {high:g} 之间")
