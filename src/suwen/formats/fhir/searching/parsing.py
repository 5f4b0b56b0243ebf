"""A FHIR search parsed from the text of an address or form, every problem of it named at once.

What is not answered (`_include` and the like, which are a server's matter; `:in`, `:above` of codes) is refused by
name, never passed over: a search that silently ignores a condition shows resources that were not asked for. Problems
name the parameter and never repeat its value, which may be a patient's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from types import MappingProxyType
from urllib.parse import unquote_plus

from suwen.errors import FormatError, Problem
from suwen.formats.fhir.searching.query import Chain, Criterion, Has, Query
from suwen.formats.fhir.searching.table import TYPES, Kind, Parameter, parameters
from suwen.formats.fhir.searching.values import NoValueError, Value, read_value, split

__all__ = ["CONTROLS", "MODIFIERS", "parse_query", "shown_name"]

_MAX_TEXT = 65_536
_MAX_CRITERIA = 200
_DEEPEST = 3  # links in each other: each opens another type of resource

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
_TARGETS = frozenset(TYPES)
_IGNORED = frozenset({"_format", "_pretty", "_total"})  # of the answer's form; the total is always exact
_REFUSED = frozenset({"_content", "_contained", "_containedType", "_elements", "_filter", "_include"}) | {
    *("_list", "_query", "_revinclude", "_score", "_text", "_type")
}
_CONTROLLING = frozenset({"_sort", "_count", "_offset", "_summary"})
CONTROLS = _IGNORED | _REFUSED | _CONTROLLING | {"_has"}


def parse_query(text: str, *, zone: tzinfo = UTC) -> Query:
    """Parse `Observation?code=http://loinc.org|8302-2&date=ge2020` (percent-encoded, as a URL or form has it).

    Raises FormatError with every problem: an unknown type, parameter, modifier or value, or what is not answered here.
    """
    if len(text) > _MAX_TEXT:
        raise FormatError(f"the search is longer than {_MAX_TEXT} characters; ask for less at once")
    kind, _, rest = text.strip().lstrip("/").partition("?")
    kind = kind.removesuffix("/_search").strip("/")
    if kind not in TYPES:
        raise FormatError("there is no search for this type of resource; name one of FHIR R4, as Observation")
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
    """A query while its parameters are taken one by one; `depth` counts the links it stands in."""

    kind: str
    zone: tzinfo
    problems: list[Problem]
    depth: int = 0

    def __post_init__(self) -> None:
        self.query = Query(self.kind, zone=self.zone)

    def take(self, name: str, value: str) -> None:
        """One parameter as it stands."""
        head = name.partition(":")[0]
        if head in _IGNORED:
            return
        if head in _CONTROLLING:
            self._control(head, value)
        else:
            self.condition(name, value)

    def condition(self, name: str, value: str) -> None:
        """A parameter that says which resources are wanted."""
        if self.depth > _DEEPEST:  # said before anything more is followed: a name may hold thousands of links
            self.problems.append(Problem("", f"more than {_DEEPEST} references in a row", "search in steps"))
            return
        head, _, modifier = name.partition(":")
        if head == "_has":
            self._has(modifier, value)
        elif "." in name:
            self._chain(name, value)
        elif head in _REFUSED or head in _CONTROLLING or head in _IGNORED:
            self.problems.append(Problem(head, f"{head} is not answered here", "search each type by itself"))
        elif (parameter := self._known(head)) is not None:
            self._criterion(parameter, modifier, value)

    def _known(self, head: str) -> Parameter | None:
        parameter = parameters(self.kind).get(head)
        if parameter is None:
            remedy = f"there are {', '.join(parameters(self.kind))}"
            self.problems.append(Problem(shown_name(head), f"is no search parameter of {self.kind}", remedy))
        return parameter

    # Links

    def _chain(self, name: str, value: str) -> None:
        first, _, rest = name.partition(".")
        head, _, type_ = first.partition(":")
        parameter = self._known(head)
        if parameter is None:
            return
        if parameter.kind is not Kind.REFERENCE:
            self.problems.append(Problem(head, "points at nothing, so nothing can follow it after a full stop"))
            return
        types = (type_,) if type_ else parameter.targets
        if not types or not _TARGETS.issuperset(types) or (parameter.target and type_ not in {"", parameter.target}):
            remedy = f"name the type that is meant, as {head}:Patient.identifier"
            self.problems.append(Problem(head, "does not say at which type of resource it points", remedy))
            return
        there, wrong = self._followed(types, rest, value)
        if there:
            self._link(Chain(parameter, there))
        else:
            self.problems += wrong

    def _followed(self, types: tuple[str, ...], rest: str, value: str) -> tuple[tuple[Query, ...], list[Problem]]:
        """A query for each type that has the parameter, or what is wrong with the first that has not."""
        there, wrong = [], list[Problem]()
        for type_ in types:
            draft = self._beyond(type_)
            draft.condition(rest, value)
            if draft.problems:
                wrong = wrong or draft.problems
            else:
                there.append(draft.query)
        return tuple(there), wrong

    def _has(self, said: str, value: str) -> None:
        kind, _, more = said.partition(":")
        head, _, rest = more.partition(":")
        parameter = parameters(kind).get(head)
        if parameter is None or parameter.kind is not Kind.REFERENCE or not rest:
            what = "names no reference of a type and a parameter of it"
            self.problems.append(Problem("_has", what, "write _has:Observation:patient:code"))
        elif parameter.target not in {"", self.kind}:
            self.problems.append(Problem("_has", f"follows a reference that never points at {self.kind}"))
        else:
            draft = self._beyond(kind)
            draft.condition(rest, value)
            self.problems += draft.problems
            self._link(Has(parameter, draft.query))

    def _beyond(self, kind: str) -> _Draft:
        return _Draft(kind, self.zone, [], self.depth + 1)

    def _link(self, link: Chain | Has) -> None:
        self.query = replace(self.query, links=(*self.query.links, link))

    # Criteria

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

    # Controls

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


def shown_name(name: str) -> str:
    """A parameter's name as it may be repeated: only where it looks like a name, not like what somebody typed."""
    return name if name.isascii() and name.replace("-", "").replace("_", "").isalnum() and len(name) <= 40 else "?"
