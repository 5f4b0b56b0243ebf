"""The hand-written access table read from its Markdown, and every request it speaks of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product
from pathlib import Path

from suwen.records.access import Act, Principal, Purpose, Request, Resource, ResourceKind, Role

__all__ = ["TABLE", "Somebody", "expected", "forbidden", "people", "requests", "rows"]

TABLE = Path(__file__).parent.parent / "golden" / "access" / "table.md"

# The words of the table, spelt out a second time: the tests must not ask the implementation what they mean.
_WORDS: dict[str, Callable[[Resource], bool]] = {
    "own patient": lambda one: one.kind is ResourceKind.PATIENT and one.in_care,
    "patient with broken glass": lambda one: one.kind is ResourceKind.PATIENT and one.broken_glass,
    "patient without broken glass": lambda one: one.kind is ResourceKind.PATIENT and not one.broken_glass,
    "other patient": lambda one: one.kind is ResourceKind.PATIENT and not one.in_care,
    "other patient without broken glass": lambda one: (
        one.kind is ResourceKind.PATIENT and not one.in_care and not one.broken_glass
    ),
    "other patient with broken glass": lambda one: (
        one.kind is ResourceKind.PATIENT and not one.in_care and one.broken_glass
    ),
    "any patient": lambda one: one.kind is ResourceKind.PATIENT,
    "approved cohort": lambda one: one.kind is ResourceKind.COHORT and one.deidentified and one.approved,
    "unapproved cohort": lambda one: one.kind is ResourceKind.COHORT and one.deidentified and not one.approved,
    "identified cohort": lambda one: one.kind is ResourceKind.COHORT and not one.deidentified,
    "any cohort": lambda one: one.kind is ResourceKind.COHORT,
    "keys": lambda one: one.kind is ResourceKind.KEYS,
    "audit": lambda one: one.kind is ResourceKind.AUDIT,
    "accounts": lambda one: one.kind is ResourceKind.ACCOUNTS,
    "store": lambda one: one.kind is ResourceKind.STORE,
    "directory": lambda one: one.kind is ResourceKind.DIRECTORY,
    "anything": lambda _: True,
}


@dataclass(frozen=True)
class Somebody:
    """One who asks: the names under which the table speaks of them (none: may do nothing), and the principal."""

    names: tuple[str, ...]
    principal: Principal


def rows(heading: str) -> list[list[str]]:
    """The rows of the first table under `heading`, without its two head lines."""
    part = TABLE.read_text(encoding="utf-8").split(f"## {heading}")[1].split("\n## ")[0]
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line[:1] == "|"]
    return found[2:]


def people() -> list[Somebody]:
    """Every role, every two roles, nobody, and devices registered for nothing, each act, and everything."""
    together = {frozenset({one, other}) for one, others in rows("Held together") for other in re.split(", ", others)}
    found = [Somebody((role.value,), Principal("p1", frozenset({role}))) for role in Role]
    for one, other in combinations(Role, 2):
        names = (one.value, other.value)
        found.append(Somebody(names if frozenset(names) in together else (), Principal("p1", frozenset({one, other}))))
    found.append(Somebody((), Principal("p1", frozenset())))
    found.append(Somebody((), Principal("p1", frozenset(), acts=frozenset(Act))))  # acts are for devices only
    found += [Somebody((), Principal("", frozenset({role}))) for role in Role]
    return [*found, *devices()]


def devices() -> Iterator[Somebody]:
    nobody: frozenset[Role] = frozenset()
    yield Somebody((), Principal("d1", nobody, device=True))
    for acts in [frozenset({act}) for act in Act] + [frozenset(Act)]:
        yield Somebody(("device registered for it",), Principal("d1", nobody, device=True, acts=acts))
    yield Somebody((), Principal("", nobody, device=True, acts=frozenset(Act)))
    for role in Role:
        yield Somebody((), Principal("d1", frozenset({role}), device=True, acts=frozenset(Act)))


def resources() -> Iterator[Resource]:
    for kind in ResourceKind:
        first, second = (False, True), (False, True)
        if kind is ResourceKind.PATIENT:
            yield from (Resource(kind, "r1", in_care=a, broken_glass=b) for a, b in product(first, second))
        elif kind is ResourceKind.COHORT:
            yield from (Resource(kind, "r1", deidentified=a, approved=b) for a, b in product(first, second))
        else:
            yield Resource(kind)


def requests(principal: Principal) -> Iterator[Request]:
    """Everything this principal could ask for."""
    for act, resource, purpose in product(Act, resources(), Purpose):
        yield Request(principal, act, resource, purpose)


def _says(cell: str, request: Request) -> bool:
    """Does "own patient for TREAT; keys" speak of this request? Without "for", every purpose is meant."""
    for part in cell.split("; "):
        words, _, purpose = part.partition(" for ")
        if _WORDS[words](request.resource) and (not purpose or Purpose(purpose) is request.purpose):
            return True
    return False


@cache
def _permitted() -> dict[tuple[str, Act], str]:
    found = {(who, Act(act)): cell for who, act, cell in rows("Permitted")}
    assert len(found) == len(rows("Permitted")), "one row for each who and act"
    return found


def expected(somebody: Somebody, request: Request) -> bool:
    """What the table says of this request."""
    if request.principal.device and request.act not in request.principal.acts:
        return False
    cells = [_permitted().get((name, request.act)) for name in somebody.names]
    return any(_says(cell, request) for cell in cells if cell)


def forbidden(row: list[str], request: Request) -> bool:
    """Does this row of what is never permitted speak of this request?"""
    who, acts, cell = row
    return (
        _is(who, request.principal)
        and (acts == "anything" or request.act.value in acts.split(", "))
        and _says(cell, request)
    )


def _is(who: str, principal: Principal) -> bool:
    if who.startswith("anyone but the "):
        return Role(who.removeprefix("anyone but the ")) not in principal.roles
    special: dict[str, Callable[[], bool]] = {
        "anyone": lambda: True,
        "any person": lambda: not principal.device,
        "device registered for everything": lambda: principal.device and principal.acts == frozenset(Act),
        "device registered for nothing": lambda: principal.device and not principal.acts,
        "device with a role": lambda: principal.device and bool(principal.roles),
        "somebody without an account number": lambda: not principal.id,
    }
    return special[who]() if who in special else Role(who) in principal.roles
