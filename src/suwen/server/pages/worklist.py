"""The worklist: one's own patients, what is new, what alarms, what waits for one's review; and the search in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from suwen.consult import Glance, Glimpses, StudyLine, find_patients, list_glances
from suwen.diagnosis import NONE_OF_THESE
from suwen.errors import NotFoundError
from suwen.finding import Finding
from suwen.report.wording import chance_text
from suwen.server.guard.parts import FormRoute
from suwen.server.house import House, house_of
from suwen.server.pages.patient_frame import OTHER_DISEASE, moment
from suwen.server.pages.worklist_words import WORDS
from suwen.server.places import CLINICAL
from suwen.server.showing import is_fragment, show
from suwen.server.visitors import Signed, Visitor

__all__ = ["router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)
ON_A_PAGE = 50
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_ONLY: Mapping[str, Callable[[Glance], bool]] = MappingProxyType(
    {
        "all": lambda _: True,
        "alarming": lambda one: bool(one.alarming),
        "new": lambda one: one.news > 0,
        "waiting": lambda one: one.waiting > 0,
    }
)


@dataclass(frozen=True, slots=True)
class Row:
    """A patient on the list as the page shows it: the finding that matters most in the visitor's language."""

    glance: Glance
    name: str
    others: tuple[str, ...]
    first: str
    chance: str | None


@router.get("/worklist")
def worklist(request: Request, visitor: Signed, page: int = 1) -> Response:
    """One's own patients."""
    return _list(request, visitor, "all", page)


@router.get("/worklist/{only}")
def part(request: Request, visitor: Signed, only: str, page: int = 1) -> Response:
    """Those of one's patients that alarm, have news, or wait; or their studies."""
    if only == "studies":
        return _studies(request, visitor, page)
    if only not in _ONLY:
        raise NotFoundError("the worklist has no such part", zh="工作列表没有此部分")
    return _list(request, visitor, only, page)


@router.post("/worklist/search")
def search(request: Request, visitor: Signed, q: Annotated[str, Form()] = "") -> Response:
    """Patients by name, identifier or birth date: never in the address, which logs and histories keep."""
    house, wanted = house_of(request), q.strip()
    glances = _glances(visitor, house)
    if not wanted:
        return _shown(request, visitor, glances, "all", 1)
    is_date = bool(_DATE.fullmatch(wanted))
    identifier, birth_date = ("", wanted) if is_date else (wanted, "")
    exact = find_patients(visitor.actor, house.records, identifier=identifier, birth_date=birth_date)
    found = {one.id for one in exact}
    chosen = [one for one in glances if one.id in found or _matches(one, wanted.casefold())]
    return _shown(request, visitor, glances, "all", 1, found=chosen, asked=wanted)


def _matches(one: Glance, wanted: str) -> bool:
    who = one.demographics
    return any(wanted in text.casefold() for text in (*who.names, *who.parts, *who.identifiers))


def _list(request: Request, visitor: Visitor, only: str, page: int) -> Response:
    return _shown(request, visitor, _glances(visitor, house_of(request)), only, page)


def _glances(visitor: Visitor, house: House) -> list[Glance]:
    return list_glances(visitor.actor, house.together, house.room("glimpses", Glimpses))


def _shown(
    request: Request, visitor: Visitor, glances: Sequence[Glance], only: str, page: int, **more: Any
) -> Response:
    """The page, or for htmx the list alone."""
    found = more.pop("found", None)
    chosen = list(found) if found is not None else [one for one in glances if _ONLY.get(only, _ONLY["all"])(one)]
    studies = _unread_first(glances) if only == "studies" else []
    pages = max(1, -(-len(studies if only == "studies" else chosen) // ON_A_PAGE))
    here = min(max(page, 1), pages)
    part = slice((here - 1) * ON_A_PAGE, here * ON_A_PAGE)
    return show(
        request,
        "worklist_list.html" if is_fragment(request) else "worklist.html",
        WORDS,
        visitor=visitor,
        rows=[_row(one, visitor.lang) for one in chosen[part]] if only != "studies" else [],
        studies=[(one, _row(glance, visitor.lang)) for one, glance in studies[part]],
        unread=sum(not one.read for glance in glances for one in glance.studies),
        total=len(glances),
        counts={name: sum(map(fits, glances)) for name, fits in _ONLY.items()},
        only=only,
        page=here,
        pages=pages,
        found=None if found is None else len(chosen),
        asked=more.get("asked", ""),
        clinical=visitor.has(*CLINICAL),
        when=moment,
    )


def _chance(value: float, lang: str) -> str:
    return chance_text(value, "zh" if lang == "zh" else "en")


def _named(first: Finding, lang: str) -> str:
    return OTHER_DISEASE.said(lang) if first.code.value == NONE_OF_THESE else first.code.label or first.code.value


def _studies(request: Request, visitor: Visitor, page: int) -> Response:
    return _shown(request, visitor, _glances(visitor, house_of(request)), "studies", page)


def _unread_first(glances: Sequence[Glance]) -> list[tuple[StudyLine, Glance]]:
    """The studies of one's patients: what no engine has read first, then the latest."""
    every = [(one, glance) for glance in glances for one in glance.studies]
    return sorted(every, key=lambda pair: (pair[0].read, -pair[0].at))


def _row(one: Glance, lang: str) -> Row:
    names = (*one.demographics.names, *one.demographics.identifiers)
    first = one.first.worded(lang) if one.first else None
    return Row(
        glance=one,
        name=next(iter(names), one.id[:8]),
        others=tuple(one.demographics.names[1:]),
        first=_named(first, lang) if first else "",
        chance=_chance(first.chance.value, lang) if first and first.chance.value is not None else None,
    )
