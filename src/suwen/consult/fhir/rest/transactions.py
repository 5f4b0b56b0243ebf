"""A transaction of FHIR: every entry of a Bundle or none, in one piece of work (http://hl7.org/fhir/R4/http.html)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

from suwen.consult.fhir.rest.asking import Asked, parse_asked
from suwen.consult.fhir.rest.changing import (
    Place,
    create_in,
    existing_in,
    place_for,
    require_sound,
    update_in,
    who_is,
    withdraw_in,
)
from suwen.consult.fhir.rest.conditional import require_selective, updated_in, withdrawn_in
from suwen.consult.fhir.rest.names import Named, named
from suwen.consult.fhir.rest.nouns import Change, Limits, Page, Version, Who, Written
from suwen.consult.fhir.rest.reading import read_in
from suwen.consult.fhir.rest.room import Rest
from suwen.consult.fhir.rest.searching import page_in
from suwen.consult.fhir.rest.wholes import Wholes
from suwen.consult.patients import register
from suwen.errors import ConflictError, FormatError, InputError, Problem, SuwenError
from suwen.formats.fhir import Json
from suwen.records.gate import Work

__all__ = ["METHODS", "Answered", "Step", "read_steps", "transact"]

METHODS = ("DELETE", "POST", "PUT", "GET")  # in the order in which a transaction does them
_MOST = 2000
_POINTING = frozenset({"reference", "url", "uri", "valueUrl", "valueUri"})
LimitsFor = Callable[[str, str], Limits]


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of a Bundle that asks for something: `kind` and `id` as its address says, `asked` for a search.

    `unless` something answers, it is created; it is what answers `where` that is updated or deleted.
    """

    at: int
    method: str
    kind: str
    id: str = ""
    full_url: str = ""
    resource: Json = field(default_factory=dict, repr=False)
    expected: str = ""
    unless: Asked | None = None
    where: Asked | None = None
    asked: Asked | None = None

    @property
    def condition(self) -> Asked | None:
        """What must find a resource before it is known whether this one is new."""
        return self.where if self.method == "PUT" else self.unless


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a step: `status` of HTTP with what there is to show."""

    status: int
    version: Version | None = None
    page: Page | None = None
    failure: SuwenError | None = None


def read_steps(bundle: Json) -> list[Step]:
    """The steps of a Bundle of the type transaction or batch. Raises FormatError with every problem."""
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise FormatError("the entries of a Bundle are a list")
    if len(entries) > _MOST:
        raise FormatError(f"a Bundle of more than {_MOST} entries is not taken; send it in parts")
    problems: list[Problem] = []
    steps = [step for at, one in enumerate(entries) if (step := _step(at, one, problems)) is not None]
    if problems:
        raise FormatError("the Bundle cannot be taken:", problems)
    return steps


def _step(at: int, entry: Any, problems: list[Problem]) -> Step | None:
    where = f"Bundle.entry[{at}]"
    request = entry.get("request") if isinstance(entry, dict) else None
    if not isinstance(request, dict) or request.get("method") not in METHODS or not isinstance(request.get("url"), str):
        problems.append(Problem(where, f"asks for nothing that is done here ({', '.join(METHODS)} with an url)"))
        return None
    method, url = request["method"], request["url"]
    path, _, query = url.lstrip("/").partition("?")
    kind, _, id_ = path.partition("/")
    resource = entry.get("resource")
    full_url = entry.get("fullUrl")
    step = Step(at, method, kind, id_, full_url if isinstance(full_url, str) else "")
    try:
        return _filled(step, request, query, resource)
    except FormatError as wrong:
        found = wrong.problems or (Problem("", str(wrong)),)
        problems += [Problem(where, one.what, one.remedy) for one in found]
        return None


def _filled(step: Step, request: Json, query: str, resource: Any) -> Step:
    """A step with what its method needs. Raises FormatError."""
    has_id, by_query = bool(step.id), bool(query) and not step.id
    needs = {"POST": not has_id and not query, "PUT": has_id != by_query, "DELETE": has_id != by_query, "GET": True}
    if not needs[step.method]:
        raise FormatError(f"{step.method} is not done on this address here")
    if step.method == "GET":
        return step if step.id else replace(step, asked=parse_asked(step.kind, query))
    if step.method in {"PUT", "DELETE"}:
        where = require_selective(parse_asked(step.kind, query)) if by_query else None
        step = replace(step, expected=_tag(request.get("ifMatch")), where=where)
    if step.method == "DELETE":
        return step
    if not isinstance(resource, dict) or resource.get("resourceType") != step.kind:
        raise FormatError("has no resource of the type of its address")
    require_sound(resource)
    if step.method == "PUT" and not step.expected and step.where is None:
        raise FormatError("an update says which version it was read as (ifMatch)")
    condition = request.get("ifNoneExist")
    is_said = isinstance(condition, str) and bool(condition)
    unless = require_selective(parse_asked(step.kind, str(condition))) if is_said else None
    return replace(step, resource=resource, unless=unless)


def _tag(text: Any) -> str:
    return text.strip().removeprefix("W/").strip('"') if isinstance(text, str) else ""


def transact(rest: Rest, who: Who, steps: Sequence[Step], limits: LimitsFor) -> list[Answered]:
    """Do every step, or none: deletes, creates, updates, reads, whatever their order in the Bundle.

    Raises what the first step that fails raises.
    """
    with rest.records.acting(who.actor, who.purpose) as work:
        return _Transaction(work, rest, limits, steps).done()


class _Transaction:
    """The steps of one piece of work, and what their addresses in the Bundle came to mean."""

    def __init__(self, work: Work, rest: Rest, limits: LimitsFor, steps: Sequence[Step]) -> None:
        self._work, self._rest, self._limits, self._steps = work, rest, limits, steps
        self._wholes: Wholes = rest.wholes
        self._named: dict[str, Named] = {}
        self._places: dict[int, Place] = {}
        self._answers: dict[int, Answered] = {}
        self._found: dict[int, Version] = {}  # what answers the condition of an update

    def done(self) -> list[Answered]:
        self._require_once([(one.kind, one.id) for one in self._steps if one.method in {"PUT", "DELETE"} and one.id])
        for step in self._of("DELETE"):
            self._answers[step.at] = Answered(204, self._gone(step))
        self._settle()
        self._require_once([(one.kind, one.id) for one in self._found.values()])
        for step in (*self._of("POST"), *self._of("PUT")):
            if step.at not in self._answers:
                self._answers[step.at] = self._written(step)
        for step in self._of("GET"):
            self._answers[step.at] = self._read(step)
        return [self._answers[step.at] for step in self._steps]

    def _of(self, method: str) -> Iterable[Step]:
        return [one for one in self._steps if one.method == method]

    def _gone(self, step: Step) -> Version | None:
        limits = self._limits(step.kind, "d")
        if step.where is None:
            return withdraw_in(self._work, self._wholes, step.kind, step.id, expected=step.expected, limits=limits)
        limits = _narrower(limits, self._limits(step.kind, "s"))
        return withdrawn_in(self._work, self._wholes, step.where, expected=step.expected, limits=limits)

    def _require_once(self, changed: Sequence[tuple[str, str]]) -> None:
        """A resource stands in a transaction once: else the order of its changes would be a matter of luck."""
        if len(set(changed)) < len(changed):
            raise InputError("a resource is changed twice in one transaction; change it once")

    def _settle(self) -> None:
        """Give every new resource its id before any is written, so that they may point at each other in any order."""
        waiting = [*self._of("POST"), *(one for one in self._of("PUT") if one.where is not None)]
        self._patients([one for one in waiting if one.kind == "Patient"])
        waiting = [one for one in waiting if one.kind != "Patient"]
        while waiting:
            left = [one for one in waiting if not self._placed(one)]
            if len(left) == len(waiting):
                place_for(left[0].resource, self._named)  # says what is wrong with it
                raise InputError("resources of the transaction point at each other alone and at no patient")
            waiting = left

    def _patients(self, steps: Sequence[Step]) -> None:
        for step in steps:
            limits = self._limits("Patient", "c")
            if self._exists(step, limits):
                continue
            if limits.patient:
                raise InputError("an app that was launched for one patient registers no other")
            self._place(step, Place(Named("Patient", register(self._work, who_is(step.resource)))))

    def _placed(self, step: Step) -> bool:
        if step.condition is not None:
            known = {address: one.local for address, one in self._named.items()}
            turned = replace(step, resource=_pointed(step.resource, known))
            try:
                if self._exists(turned, self._limits(step.kind, "c")):
                    return True
            except ConflictError:
                raise
            except InputError:
                return False
        try:
            self._place(step, place_for(step.resource, self._named))
        except InputError:
            return False
        return True

    def _exists(self, step: Step, limits: Limits) -> bool:
        if step.condition is None:
            return False
        limits = _narrower(limits, self._limits(step.kind, "s"))
        found = existing_in(self._work, self._wholes, step.resource, step.condition, limits)
        if found is None:
            return False
        name = named(found.kind, found.id)
        if name is not None:
            self._know(step, name)
        if step.where is None:
            self._answers[step.at] = Answered(200, found)
        else:
            self._found[step.at] = found
        return True

    def _place(self, step: Step, place: Place) -> None:
        self._places[step.at] = place
        self._know(step, place.name)

    def _know(self, step: Step, name: Named) -> None:
        if step.full_url:
            self._named[step.full_url] = name
            local = "/".join(step.full_url.split("/")[-2:])
            if step.full_url.startswith(("http://", "https://")) and local.startswith(f"{step.kind}/"):
                self._named[local] = name

    def _written(self, step: Step) -> Answered:
        known = {address: one.local for address, one in self._named.items()}
        coming = frozenset(known.values())
        resource = _pointed(step.resource, known)
        if step.where is not None:
            return self._by_condition(step, resource, coming)
        if step.method == "PUT":
            change = Change(step.kind, step.id, resource, step.expected, coming)
            done = update_in(self._work, self._wholes, change, self._limits(step.kind, "u"))
            return Answered(200, done.version)
        place = Place(self._places[step.at].name, coming)
        made: Written = create_in(
            self._work, self._wholes, resource, unless=None, limits=self._limits(step.kind, "c"), place=place
        )
        return Answered(201, made.version)

    def _by_condition(self, step: Step, resource: Json, coming: Set[str]) -> Answered:
        found, placed = self._found.get(step.at), self._places.get(step.at)
        change = Change(step.kind, str(resource.get("id", "")), resource, step.expected, coming)
        place = Place(placed.name, coming) if placed is not None else None
        limits = self._limits(step.kind, "u")
        done = updated_in(self._work, self._wholes, change, found, limits, place=place)
        return Answered(201 if done.fresh else 200, done.version)

    def _read(self, step: Step) -> Answered:
        if step.asked is not None:
            page = page_in(self._work, self._rest, step.asked, self._limits(step.kind, "s"))
            return Answered(200, page=page)
        found = read_in(self._work, self._wholes, step.kind, step.id, self._limits(step.kind, "r"))
        return Answered(200 if found.resource is not None else 410, found)


def _narrower(one: Limits, other: Limits) -> Limits:
    """What both allow: whoever may search one patient only must not change by a search over all."""
    return Limits(one.patient or other.patient, lambda kind: one.sees(kind) and other.sees(kind))


def _pointed(value: Any, known: Mapping[str, str], member: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _pointed(inner, known, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_pointed(inner, known, member) for inner in value]
    if member in _POINTING and isinstance(value, str):
        return known.get(value, value)
    return value
