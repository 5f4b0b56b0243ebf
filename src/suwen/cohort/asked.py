"""One object of a criteria document, asked member by member; every problem is kept with its path."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from suwen.cohort.leaves import Window
from suwen.cohort.terms import Wanted
from suwen.errors import InputError, Problem
from suwen.formats.codes import curie
from suwen.formats.fhir.terms.terminology import TERMINOLOGIES, coding_problem
from suwen.knowledge.ucum import is_ucum

__all__ = ["WINDOW", "Asked"]

WINDOW = ("from", "to", "within_days")
_URLS = {one.prefix: one.url for one in TERMINOLOGIES}
_CODE = ("code", "prefix", "narrower")


@dataclass(frozen=True, slots=True)
class Asked:
    """An object at `path`; `problems` and `wanted` (every code named) are shared by the whole document."""

    value: Any
    path: str
    problems: list[Problem]
    wanted: list[Wanted] = field(default_factory=list)

    def inner(self, name: str | int) -> Asked:
        """A member or entry, whatever it is."""
        step = f"[{name}]" if isinstance(name, int) else f"{'.' if self.path else ''}{name}"
        value = self.value[name] if isinstance(name, int) else self.members.get(name)
        return Asked(value, f"{self.path}{step}", self.problems, self.wanted)

    @property
    def members(self) -> Mapping[str, Any]:
        """The members, none where this is no object."""
        return self.value if isinstance(self.value, Mapping) else {}

    def report(self, what: str, remedy: str = "") -> None:
        """Note a problem here."""
        self.problems.append(Problem(self.path, what, remedy))

    def only(self, *known: str, needed: Collection[str] = ()) -> bool:
        """Report what is no object, names that are not known, and needed ones that are missing; whether it is one."""
        if not isinstance(self.value, Mapping):
            self.report("an object is expected")
            return False
        for name in self.value:
            if name not in known:
                self.inner(name).report("is not known here", f"known are {', '.join(known)}")
        for name in needed:
            if name not in self.value:
                self.inner(name).report("is missing")
        return True

    def entries(self, name: str) -> list[Asked]:
        """The entries of a member that is a list; none where it is absent."""
        member = self.inner(name)
        if member.value is None:
            return []
        if not isinstance(member.value, list):
            member.report("a list is expected")
            return []
        return [member.inner(at) for at in range(len(member.value))]

    def text(self, name: str, *, default: str = "") -> str:
        """A member that is text."""
        member = self.inner(name)
        if member.value is None:
            return default
        if not isinstance(member.value, str):
            member.report("text is expected")
            return default
        return member.value.strip()

    def choice(self, name: str, *known: str, default: str = "") -> str:
        """A member that is one of the words known."""
        said = self.text(name, default=default)
        if said not in known:
            self.inner(name).report(f"{said!r} is not known", f"known are {', '.join(known)}")
            return known[0]
        return said

    def flag(self, name: str, *, default: bool) -> bool:
        """A member that is true or false."""
        member = self.inner(name)
        if member.value is None:
            return default
        if not isinstance(member.value, bool):
            member.report("true or false is expected")
            return default
        return member.value

    def whole(self, name: str, low: int, high: int, *, default: int) -> int:
        """A member that is a whole number from `low` to `high`."""
        member = self.inner(name)
        if member.value is None:
            return default
        if isinstance(member.value, bool) or not isinstance(member.value, int) or not low <= member.value <= high:
            member.report(f"a whole number from {low} to {high} is expected")
            return default
        return int(member.value)

    def number(self, name: str) -> Decimal:
        """A member that is a number, with its digits."""
        member = self.inner(name)
        if isinstance(member.value, bool) or not isinstance(member.value, int | float | Decimal):
            member.report("a number is expected")
            return Decimal(0)
        value = Decimal(str(member.value))
        member.require("a finite number is expected", holds=value.is_finite())
        return value

    def day(self, name: str) -> date | None:
        """A member that is a date, YYYY-MM-DD."""
        member = self.inner(name)
        if member.value is None:
            return None
        try:
            return date.fromisoformat(member.value)
        except (TypeError, ValueError):
            member.report("is no date", "write it as YYYY-MM-DD")
            return None

    def window(self) -> Window:
        """The members `from`, `to` and `within_days`."""
        first, last = self.day("from"), self.day("to")
        if first and last and first > last:
            self.inner("to").report("lies before from")
        within = self.whole("within_days", 0, 36_525, default=-1)
        return Window(first, last, None if within < 0 else within)

    def unit(self, name: str) -> str:
        """A member that is a unit; "" absent."""
        said = self.text(name)
        if said and not is_ucum(said):
            self.inner(name).report(f"{said[:40]!r} is no UCUM unit", "see https://ucum.org; mmol/L, mg/dL, %")
            return ""
        return said

    def code(self, *, systems: Collection[str] = ()) -> Wanted:
        """The members `code` (or `prefix`) and `narrower`."""
        said, prefix = self.text("code"), self.text("prefix")
        if bool(said) == bool(prefix):
            self.report("give either a code or a prefix of codes", "code: SNOMEDCT:44054006, or prefix: ICD10CM:E11")
            return Wanted("")
        name = "prefix" if prefix else "code"
        text = said or prefix
        if "|" not in text:
            text = self._known(name, text, systems)
        wanted = Wanted(text, self.flag("narrower", default=True), bool(prefix))
        self.wanted.append(wanted)
        return wanted

    def _known(self, name: str, text: str, systems: Collection[str]) -> str:
        member = self.inner(name)
        spelt = text if name == "prefix" else (curie(text) or text)
        system, colon, local = spelt.partition(":")
        if not colon or (not local and name == "code") or system not in _URLS:
            member.report("names no terminology", f"write SYSTEM:CODE with one of {', '.join(_URLS)}, or ADDRESS|CODE")
        elif systems and system not in systems:
            member.report(f"is a code of {system}", f"here stand codes of {', '.join(sorted(systems))}")
        elif name == "code":
            wrong = coding_problem({"system": _URLS[system], "code": spelt if system == "HP" else local})
            if wrong:
                member.report(wrong)
        return spelt

    def require(self, act: str, *, holds: bool) -> None:
        """Report where something does not hold."""
        if not holds:
            self.report(act)

    def finish(self, claim: str) -> None:
        """Raise every problem of the document at once. Raises InputError."""
        if self.problems:
            raise InputError(claim, self.problems)
