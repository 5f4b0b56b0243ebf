"""What a search over REST asks for: the query itself, what goes along, which elements, and whose charts it needs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from urllib.parse import unquote_plus

from suwen.consult.fhir.rest.names import patient_of
from suwen.errors import FormatError, Problem
from suwen.formats.fhir.searching.search import Criterion, Query, parse_query
from suwen.formats.fhir.searching.table import TYPES, Kind, Parameter, parameters
from suwen.formats.fhir.searching.values import Token, Words

__all__ = ["Asked", "Path", "followed", "identifying", "leading", "parse_asked", "paths_of", "patients_named"]

_MANY = 1000
_PAGE = 50
_ELEMENT = re.compile(r"[a-z][A-Za-z]{0,60}")
_SPEC = re.compile(
    r"(?P<kind>[A-Z][A-Za-z]{1,40}):(?P<name>\*|[a-z][a-z0-9-]{0,60})(?::(?P<target>[A-Z][A-Za-z]{1,40}))?"
)
# Parameters that are no search of their own here, but may lead from one resource to another.
_LEADING: dict[tuple[str, str], tuple[str, ...]] = {
    ("Provenance", "target"): ("target",),
    ("Claim", "encounter"): ("item.encounter",),
    ("Claim", "patient"): ("patient",),
    ("ExplanationOfBenefit", "claim"): ("claim",),
    ("ExplanationOfBenefit", "patient"): ("patient",),
    ("CarePlan", "encounter"): ("encounter",),
    ("CarePlan", "subject"): ("subject",),
    ("CarePlan", "patient"): ("subject",),
    ("CareTeam", "encounter"): ("encounter",),
    ("CareTeam", "subject"): ("subject",),
    ("CareTeam", "patient"): ("subject",),
    ("DetectedIssue", "patient"): ("patient",),
    ("Device", "patient"): ("patient",),
    ("MedicationAdministration", "patient"): ("subject",),
    ("MedicationAdministration", "subject"): ("subject",),
}
# ASVS 5.0, 14.2.1: what is sensitive is sent in a body, never in the query string of an address, which proxies,
# histories and logs keep. Ids of here are random and may stand there, as they do in paths.
_IDENTIFYING = frozenset(
    {
        "address-postalcode",
        "birthdate",
        "death-date",
        "email",
        "identifier",
        "instance",
        "phone",
        "requisition",
        "series",
    }
    | {"telecom"}
)


@dataclass(frozen=True, slots=True)
class Path:
    """A way from resources of one type to others: `kind` of those that hold the reference, its paths, its target type.

    `all_` follows every reference; `target` is "" for any type.
    """

    kind: str
    paths: tuple[str, ...]
    target: str = ""
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it was asked: `size` of a page, `elements` to be shown (none: all)."""

    query: Query
    size: int = _PAGE
    include: tuple[Path, ...] = ()
    revinclude: tuple[Path, ...] = ()
    elements: tuple[str, ...] = ()
    names: tuple[str, ...] = field(default=())


def parse_asked(kind: str, text: str) -> Asked:
    """Parse the parameters of a search as a form has them. Raises FormatError with every problem."""
    problems: list[Problem] = []
    include: list[Path] = []
    revinclude: list[Path] = []
    shown: list[str] = []
    rest: list[str] = []
    for piece in text.split("&"):
        name, _, value = piece.partition("=")
        name = unquote_plus(name).partition(":")[0]
        if name == "_include":
            include += _paths(kind, name, unquote_plus(value), problems)
        elif name == "_revinclude":
            revinclude += _paths("", name, unquote_plus(value), problems)
        elif name == "_elements":
            shown += _elements(unquote_plus(value), problems)
        else:
            rest.append(piece)
    query = _query(kind, "&".join(rest), problems)
    size = _PAGE if query.count is None else min(query.count, _MANY)
    only = replace(query, only_count=query.only_count or query.count == 0, count=None, offset=0)
    names = tuple(dict.fromkeys(one.parameter.name for one in query.criteria))
    return Asked(only, size, tuple(include), tuple(revinclude), tuple(dict.fromkeys(shown)), names)


def _query(kind: str, text: str, problems: list[Problem]) -> Query:
    try:
        query = parse_query(f"{kind}?{text}")
    except FormatError as error:
        raise FormatError(str(error).partition("\n")[0], [*problems, *error.problems]) from None
    if query.offset:
        problems.append(Problem("_offset", "is not answered here", "follow the link `next` of the page before"))
    if problems:
        raise FormatError("this search cannot be answered", problems)
    return query


def _elements(value: str, problems: list[Problem]) -> list[str]:
    names = [one.strip() for one in value.split(",") if one.strip()]
    if any(not _ELEMENT.fullmatch(one) for one in names):
        problems.append(Problem("_elements", "names something that is no element", "name elements of the first level"))
    return names


def _paths(kind: str, name: str, value: str, problems: list[Problem]) -> list[Path]:
    match = _SPEC.fullmatch(value)
    if match is None or (kind and match["kind"] != kind):
        problems.append(Problem(name, "is no Type:parameter of what is searched for", "write Observation:encounter"))
        return []
    found = paths_of(match["kind"], match["name"], match["target"] or "")
    if not found:
        problems.append(Problem(name, "names no reference that is followed here", "see the CapabilityStatement"))
    return found


def paths_of(kind: str, name: str, target: str = "") -> list[Path]:
    """The ways that `Type:parameter` names; with `*` every reference."""
    if name == "*":
        return [Path(kind, (), target, everything=True)]
    if (kind, name) in _LEADING:
        return [Path(kind, _LEADING[kind, name], target)]
    found = parameters(kind).get(name)
    if found is None or found.kind is not Kind.REFERENCE:
        return []
    return [Path(kind, found.paths, target or found.target)]


def followed(kind: str) -> list[str]:
    """The parameters of a type that lead to others."""
    own = [one.name for one in parameters(kind).values() if one.kind is Kind.REFERENCE]
    return sorted({*own, *(name for of, name in _LEADING if of == kind)})


def leading() -> list[str]:
    """Every `Type:parameter` that may be followed backwards."""
    own = [f"{kind}:{name}" for kind in TYPES for name in followed(kind)]
    return sorted({*own, *(f"{kind}:{name}" for kind, name in _LEADING)})


def identifying(kind: str, text: str) -> list[str]:
    """The parameters of a query string whose values could say who somebody is."""
    found = []
    for piece in text.split("&"):
        name, _, modifier = unquote_plus(piece.partition("=")[0]).partition(":")
        parameter: Parameter | None = parameters(kind).get(name)
        if parameter is None or modifier == "missing":
            continue
        wordy = parameter.kind is Kind.STRING or modifier in {"identifier", "text", "contains", "exact"}
        if wordy or name in _IDENTIFYING:
            found.append(name)
    return list(dict.fromkeys(found))


def patients_named(asked: Asked) -> set[str] | None:
    """The patients (hex) whose charts alone can answer; None where the criteria do not say."""
    found: set[str] | None = None
    for one in asked.query.criteria:
        here = _named_by(one, asked.query.kind)
        if here is not None:
            found = here if found is None else found & here
    return found


def _named_by(one: Criterion, kind: str) -> set[str] | None:
    if one.parameter.name == "_id" and not one.modifier:
        ids = [value.code for value in one.values if isinstance(value, Token)]
        return {patient for id_ in ids if (patient := patient_of(f"{kind}/{id_}"))}
    if one.parameter.kind is not Kind.REFERENCE or one.modifier in {"missing", "identifier"}:
        return None
    texts = [value.text for value in one.values if isinstance(value, Words)]
    type_ = one.modifier or one.parameter.target or "Patient"
    found = [patient_of(text if "/" in text else f"{type_}/{text}") for text in texts]
    return set(found) if all(found) and found else None
