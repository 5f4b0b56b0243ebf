"""What a bulk export is asked for: types, since when, which of a type, and in what form.

Parameters: http://hl7.org/fhir/uv/bulkdata/STU2/export.html#query-parameters. A POST sends them as Parameters in its
body, where they may name people.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fastapi import Request

from suwen.consult.fhir.rest import Asked, identifying, parse_asked
from suwen.errors import FormatError, Problem
from suwen.formats.fhir import Json
from suwen.formats.fhir.searching.search import matches
from suwen.formats.fhir.searching.table import TYPES
from suwen.server.fhir.asked import is_lenient, since_of, tree_of

__all__ = ["NDJSON", "Wanted", "filters_of", "wanted_from_address", "wanted_from_body"]

NDJSON = "application/fhir+ndjson"
_FORMATS = frozenset({NDJSON, "application/ndjson", "ndjson"})
_KNOWN = frozenset({"_type", "_since", "_outputFormat", "_typeFilter"})
_OF_THE_ANSWER = frozenset({"_format", "_pretty"})
_BETWEEN = re.compile(r",(?=[A-Z][A-Za-z]{1,60}\?)")  # a comma in a query is one of its values
_VALUES = ("valueString", "valueInstant", "valueCode", "valueUri")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Types (none: all), since when (microseconds UTC), and searches: of their types what answers one of them."""

    kinds: tuple[str, ...] = ()
    since: int = 0
    filters: tuple[str, ...] = field(default=(), repr=False)


def wanted_from_address(request: Request) -> Wanted:
    """What the query string asks for. Raises FormatError with every problem."""
    given: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        given.setdefault(name, []).append(value)
    problems: list[Problem] = []
    for one in _split(given.get("_typeFilter", ())):
        kind, _, query = one.partition("?")
        if identifying(kind, query):
            remedy = "send it as Parameters in the body of a POST"
            problems.append(Problem("_typeFilter", "may name a person and does not belong into an address", remedy))
    return _wanted(given, problems, lenient=is_lenient(request))


def wanted_from_body(request: Request, body: bytes) -> Wanted:
    """What the Parameters of a body ask for. Raises FormatError with every problem."""
    if not body:
        return Wanted()
    tree = tree_of(body)
    parts = tree.get("parameter", [])
    if tree["resourceType"] != "Parameters" or not isinstance(parts, list):
        raise FormatError("the parameters of an export are sent as Parameters")
    given: dict[str, list[str]] = {}
    for one in parts:
        name = str(one.get("name", "")) if isinstance(one, dict) else ""
        value = next((one[each] for each in _VALUES if isinstance(one.get(each), str)), "") if name else ""
        given.setdefault(name, []).append(value)
    return _wanted(given, [], lenient=is_lenient(request))


def _wanted(given: Mapping[str, Sequence[str]], problems: list[Problem], *, lenient: bool) -> Wanted:
    if not lenient:
        unknown = set(given) - _KNOWN - _OF_THE_ANSWER
        remedy = f"there are {', '.join(sorted(_KNOWN))}"
        problems += [Problem("", "a parameter is not answered here", remedy)] if unknown else []
    forms = {one.replace(" ", "+") for one in given.get("_outputFormat", ())}  # a + that was not percent-encoded
    if forms - _FORMATS:
        problems.append(Problem("_outputFormat", f"an export is {NDJSON}"))
    since = since_of(next(iter(given.get("_since", ())), ""))
    if since is None:
        problems.append(Problem("_since", "is no instant", "write YYYY-MM-DDThh:mm:ss+hh:mm"))
    kinds = [one.strip() for text in given.get("_type", ()) for one in text.split(",") if one.strip()]
    if set(kinds) - set(TYPES):
        problems.append(Problem("_type", "names something that is no type of resource"))
    filters = _split(given.get("_typeFilter", ()))
    _require_filters(filters, kinds, problems)
    if problems:
        raise FormatError("this export cannot be begun:", problems)
    return Wanted(tuple(dict.fromkeys(kinds)), since or 0, tuple(filters))


def _split(texts: Iterable[str]) -> list[str]:
    return [one.strip() for text in texts for one in _BETWEEN.split(text) if one.strip()]


def _require_filters(filters: Sequence[str], kinds: Sequence[str], problems: list[Problem]) -> None:
    for one in filters:
        try:
            kind, asked = _filter(one)
        except FormatError as wrong:
            problems += wrong.problems or [Problem("_typeFilter", str(wrong))]
            continue
        if asked.query.links or asked.include or asked.revinclude:
            problems.append(Problem("_typeFilter", "follows references, which an export does not"))
        if kinds and kind not in kinds:
            problems.append(Problem("_typeFilter", "is of a type that is not exported", "name it in _type as well"))


def _filter(text: str) -> tuple[str, Asked]:
    kind, _, query = text.partition("?")
    return kind, parse_asked(kind, query)


def filters_of(texts: Iterable[str], at: int) -> Callable[[Json], bool]:
    """Whether a resource answers one of the searches of its type, or there is none of that type; `at` is now (µs)."""
    by_kind: dict[str, list[Asked]] = {}
    for kind, asked in map(_filter, texts):
        by_kind.setdefault(kind, []).append(asked)
    now = datetime.fromtimestamp(at / 1e6, UTC)

    def answers(resource: Json) -> bool:
        found = by_kind.get(str(resource["resourceType"]))
        return found is None or any(matches(resource, one.query, now=now) for one in found)

    return answers
