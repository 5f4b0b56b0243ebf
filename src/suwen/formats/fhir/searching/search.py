"""FHIR R4 search over resources in memory: a query parsed, resources matched, sorted and counted.

Specification: https://hl7.org/fhir/R4/search.html. Commas mean or, repeated parameters mean and. What is not answered
(chaining, `_include`, `_has`, `:in`, `:above` of codes) is refused by name, never passed over: a search that silently
ignores a condition shows resources that were not asked for. Dates without a time zone, in query and resource alike,
count in `Query.zone`. Problems name the parameter and never repeat its value, which may be a patient's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from operator import itemgetter
from types import MappingProxyType
from urllib.parse import unquote_plus

from suwen.errors import FormatError, Problem
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.searching.match import Setting, answers, elements, order_key
from suwen.formats.fhir.searching.table import TYPES, Kind, Parameter, parameters
from suwen.formats.fhir.searching.values import NoValueError, Value, read_value, split
from suwen.formats.fhir.stored import Stored

__all__ = ["MODIFIERS", "Criterion", "Found", "Query", "matches", "parse_query", "search"]

_MAX_TEXT = 65_536
_MAX_CRITERIA = 200

MODIFIERS: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        Kind.NUMBER: ("missing",),
        Kind.DATE: ("missing",),
        Kind.STRING: ("missing", "exact", "contains"),
        Kind.TOKEN: ("missing", "not", "text"),
        Kind.REFERENCE: ("missing", "identifier"),  # and the name of a type
        Kind.QUANTITY: ("missing",),
        Kind.URI: ("missing", "above", "below"),
        Kind.COMPOSITE: ("missing",),
    }
)
_TARGETS = frozenset({*TYPES, *("Practitioner", "PractitionerRole", "Organization", "Group", "Device", "Location")}) | {
    *("RelatedPerson", "CareTeam", "Medication", "Specimen", "EpisodeOfCare", "CarePlan", "HealthcareService"),
    *("Substance", "Media", "Appointment", "Account", "Endpoint"),
}
_IGNORED = frozenset({"_format", "_pretty", "_total"})  # of the answer's form; the total is always exact
_REFUSED = frozenset({"_content", "_contained", "_containedType", "_elements", "_filter", "_has", "_include"}) | {
    *("_list", "_query", "_revinclude", "_score", "_text", "_type")
}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parameter with a modifier ("" for none) and the values of which one must be answered.

    `missing` is set for :missing alone: whether the element must be absent.
    """

    parameter: Parameter
    modifier: str
    values: tuple[Value, ...] = field(repr=False)
    missing: bool | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A search for resources of a type: all criteria must hold.

    `sort` are parameters with whether they fall. `count` None for all; `only_count` asks for the total alone.
    """

    kind: str
    criteria: tuple[Criterion, ...] = ()
    sort: tuple[tuple[Parameter, bool], ...] = ()
    count: int | None = None
    offset: int = 0
    only_count: bool = False
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Found:
    """The page of a search, in its order, and how many match in all."""

    stored: tuple[Stored, ...]
    total: int


def parse_query(text: str, *, zone: tzinfo = UTC) -> Query:
    """Parse `Observation?code=http://loinc.org|8302-2&date=ge2020` (percent-encoded, as a URL or form has it).

    Raises FormatError with every problem: an unknown type, parameter, modifier or value, or what is not answered here.
    """
    if len(text) > _MAX_TEXT:
        raise FormatError(f"the search is longer than {_MAX_TEXT} characters; ask for less at once")
    kind, _, rest = text.strip().lstrip("/").partition("?")
    kind = kind.removesuffix("/_search").strip("/")
    if kind not in TYPES:
        raise FormatError(f"there is no search for this type of resource; search for one of {', '.join(TYPES)}")
    problems: list[Problem] = []
    draft = _Draft(kind, zone, problems)
    for name, value in _pairs(rest, problems):
        draft.take(name, value)
    if problems:
        noun = "problem" if len(problems) == 1 else "problems"
        raise FormatError(f"{len(problems)} {noun} in this search", problems)
    return draft.query


def _pairs(text: str, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    pieces = [piece for piece in text.split("&") if piece]
    if len(pieces) > _MAX_CRITERIA:
        problems.append(Problem("", f"more than {_MAX_CRITERIA} parameters", "ask for less at once"))
        return
    for piece in pieces:
        name, _, value = piece.partition("=")
        try:
            yield unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")
        except UnicodeDecodeError:
            problems.append(Problem("", "a parameter is not UTF-8 once decoded", "percent-encode it as UTF-8"))


@dataclass
class _Draft:
    """A query while its parameters are taken one by one."""

    kind: str
    zone: tzinfo
    problems: list[Problem]

    def __post_init__(self) -> None:
        self.query = Query(self.kind, zone=self.zone)

    def take(self, name: str, value: str) -> None:
        """One parameter as it stands."""
        head, _, modifier = name.partition(":")
        if head in _IGNORED:
            return
        if head in _REFUSED or "." in name or ":" in modifier:
            self._refuse(head, "chaining" if "." in name or ":" in modifier else head)
        elif head in {"_sort", "_count", "_offset", "_summary"}:
            self._control(head, value)
        elif (parameter := parameters(self.kind).get(head)) is None:
            names = ", ".join(parameters(self.kind))
            self.problems.append(Problem(_shown(head), f"is no search parameter of {self.kind}", f"there are {names}"))
        else:
            self._criterion(parameter, modifier, value)

    def _refuse(self, head: str, what: str) -> None:
        self.problems.append(Problem(_shown(head), f"{what} is not answered here", "search each type by itself"))

    def _criterion(self, parameter: Parameter, modifier: str, value: str) -> None:
        known = MODIFIERS[parameter.kind]
        is_target = parameter.kind is Kind.REFERENCE and modifier in _TARGETS
        if modifier and modifier not in known and not is_target:
            what = f"has no modifier of that name here, which is a {parameter.kind.value}"
            self.problems.append(Problem(parameter.name, what, f"there is {', '.join(f':{one}' for one in known)}"))
        elif modifier == "missing":
            self._missing(parameter, value)
        else:
            self._values(parameter, modifier, value)

    def _missing(self, parameter: Parameter, value: str) -> None:
        if value not in {"true", "false"}:
            self.problems.append(Problem(parameter.name, ":missing is neither true nor false", "write one of the two"))
            return
        self._add(Criterion(parameter, "missing", (), missing=value == "true"))

    def _values(self, parameter: Parameter, modifier: str, value: str) -> None:
        values: list[Value] = []
        for piece in split(value, ","):
            try:
                values.append(read_value(parameter, piece, self.zone, modifier))
            except NoValueError as error:
                self.problems.append(Problem(parameter.name, f"a value {error}"))
        self._add(Criterion(parameter, modifier, tuple(values)))

    def _add(self, criterion: Criterion) -> None:
        self.query = replace(self.query, criteria=(*self.query.criteria, criterion))

    def _control(self, head: str, value: str) -> None:
        if head == "_sort":
            self._sort(value)
        elif head == "_summary":
            if value not in {"count", "false"}:
                self.problems.append(Problem(head, "only count and false are answered here"))
            self.query = replace(self.query, only_count=value == "count")
        elif not (value.isascii() and value.isdigit() and len(value) <= 9):
            self.problems.append(Problem(head, "is no whole number from 0 on"))
        elif head == "_count":
            self.query = replace(self.query, count=int(value))
        else:
            self.query = replace(self.query, offset=int(value))

    def _sort(self, value: str) -> None:
        for name in value.split(","):
            parameter = parameters(self.kind).get(name.removeprefix("-"))
            if parameter is None or parameter.kind is Kind.COMPOSITE:
                self.problems.append(Problem("_sort", f"names no parameter by which {self.kind} can be sorted"))
            else:
                self.query = replace(self.query, sort=(*self.query.sort, (parameter, name.startswith("-"))))


def _shown(name: str) -> str:
    """A parameter's name as problems repeat it: only where it looks like a name, not like what somebody typed."""
    return name if name.isascii() and name.replace("-", "").replace("_", "").isalnum() and len(name) <= 40 else "?"


def matches(
    resource: Json,
    query: Query,
    *,
    now: datetime | None = None,
    addresses: Mapping[str, str] = MappingProxyType({}),
) -> bool:
    """Whether a resource answers a query.

    `now` widens approximate dates (`ap`); `addresses` say what `urn:uuid:...` stands for, as type and id.
    """
    return resource.get("resourceType") == query.kind and _holds(resource, query, _setting(query, now, addresses))


def _setting(query: Query, now: datetime | None, addresses: Mapping[str, str]) -> Setting:
    since = (
        None if now is None else (now.astimezone(UTC) - datetime.min.replace(tzinfo=UTC)) // timedelta(microseconds=1)
    )
    return Setting(query.zone, since, addresses)


def _holds(resource: Json, query: Query, setting: Setting) -> bool:
    return all(_answered(resource, criterion, setting) for criterion in query.criteria)


def _answered(resource: Json, criterion: Criterion, setting: Setting) -> bool:
    parameter, modifier = criterion.parameter, criterion.modifier
    if criterion.missing is not None:
        return criterion.missing is not _is_present(resource, parameter)
    plain_modifier = "" if modifier == "not" else modifier
    is_answered = any(answers(resource, parameter, value, plain_modifier, setting) for value in criterion.values)
    return is_answered is not (modifier == "not")


def _is_present(resource: Json, parameter: Parameter) -> bool:
    if parameter.kind is not Kind.COMPOSITE:
        return any(elements(resource, path) for path in parameter.paths)
    return any(
        all(any(elements(one, part) for part in piece.paths) for piece in parameter.parts)
        for path in parameter.paths
        for one in elements(resource, path)
        if isinstance(one, dict)
    )


def search(resources: Iterable[Stored], query: Query, *, now: datetime | None = None) -> Found:
    """Find the resources that answer a query among those given; the references of their own bundles are followed.

    Sorted as the query says, ties and everything else in the order given; resources without a value come last.
    """
    given = list(resources)
    setting = _setting(query, now, _addresses(given))
    found = [one for one in given if one.kind == query.kind and _holds(one.resource, query, setting)]
    total = len(found)
    if query.only_count or query.count == 0:
        return Found((), total)
    for parameter, falls in reversed(query.sort):
        found = _sorted(found, parameter, setting, falls=falls)
    end = None if query.count is None else query.offset + query.count
    return Found(tuple(found[query.offset : end]), total)


def _sorted(found: list[Stored], parameter: Parameter, setting: Setting, *, falls: bool) -> list[Stored]:
    keyed = [(order_key(one.resource, parameter, setting, last=falls), one) for one in found]
    known = sorted((pair for pair in keyed if pair[0] is not None), key=itemgetter(0), reverse=falls)
    return [one for _, one in known] + [one for key, one in keyed if key is None]


def _addresses(given: list[Stored]) -> dict[str, str]:
    """Type and id of each resource by its address in its bundle and at its source."""
    found: dict[str, str] = {}
    for one in given:
        id_ = one.resource.get("id")
        if isinstance(id_, str) and id_:
            local = f"{one.kind}/{id_}"
            found |= {one.full_url: local} if one.full_url else {}
            found |= {f"{one.source.rstrip('/')}/{local}": local} if one.source else {}
    return found
