"""What a search over REST asks for: the query itself, what goes along, which elements, how many at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import unquote_plus

from suwen.errors import FormatError, Problem
from suwen.formats.fhir.searching.parsing import CONTROLS, parse_query, shown_name
from suwen.formats.fhir.searching.query import Query
from suwen.formats.fhir.searching.table import TYPES, Kind, parameters

__all__ = ["EVERY_ELEMENT", "SUMMARIES", "Asked", "Path", "Shown", "followed", "leading", "parse_asked", "parse_shown"]

SUMMARIES = ("true", "text", "data", "count", "false")  # http://hl7.org/fhir/R4/search.html#summary
_TOTALS = ("none", "estimate", "accurate")
_MANY = 1000
_PAGE = 50
_ELEMENT = re.compile(r"[a-z][A-Za-z]{0,60}")
_SPEC = re.compile(
    r"(?P<kind>[A-Z][A-Za-z]{1,40}):(?P<name>\*|[a-z][a-z0-9-]{0,60})(?::(?P<target>[A-Z][A-Za-z]{1,40}))?"
)


@dataclass(frozen=True, slots=True)
class Path:
    """A way from resources of one type to others: `kind` of those that hold the reference, its paths, its target type.

    `everything` follows every reference, whatever the paths; `kind` is then "" for any type. `target` is "" for any
    type. `again`: also from what goes along itself (`:iterate`).
    """

    kind: str
    paths: tuple[str, ...]
    target: str = ""
    everything: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a resource is shown: some elements alone, or a summary ("true", "text", "data"); by default all."""

    elements: tuple[str, ...] = ()
    summary: str = ""


EVERY_ELEMENT = Shown()


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it was asked: `size` of a page, how resources are `shown`, whether all are `counted`.

    `ignored` are names of parameters that are not known and were passed over because the client said so (lenient);
    `used` is the text of the others.
    """

    query: Query
    size: int = _PAGE
    include: tuple[Path, ...] = ()
    revinclude: tuple[Path, ...] = ()
    shown: Shown = EVERY_ELEMENT
    names: tuple[str, ...] = field(default=())
    counted: bool = True
    ignored: tuple[str, ...] = ()
    used: str = field(default="", repr=False)


@dataclass
class _Draft:
    """What was asked for, piece by piece."""

    kind: str
    problems: list[Problem] = field(default_factory=list)
    include: list[Path] = field(default_factory=list)
    revinclude: list[Path] = field(default_factory=list)
    elements: list[str] = field(default_factory=list)
    summary: str = ""
    counted: bool = True

    def including(self, name: str, value: str) -> None:
        self.include += _paths(self.kind, name, value, self.problems)

    def reverse(self, name: str, value: str) -> None:
        self.revinclude += _paths("", name, value, self.problems)

    def shown(self, _: str, value: str) -> None:
        self.elements += _elements(value, self.problems)

    def summarised(self, name: str, value: str) -> None:
        if value not in SUMMARIES:
            self.problems.append(Problem(name, f"is none of {', '.join(SUMMARIES)}"))
        self.summary = value if value != "false" else ""

    def total(self, name: str, value: str) -> None:
        if value not in _TOTALS:
            self.problems.append(Problem(name, f"is none of {', '.join(_TOTALS)}"))
        self.counted = value != "none"


_TAKEN: dict[str, Callable[[_Draft, str, str], None]] = {
    "_include": _Draft.including,
    "_revinclude": _Draft.reverse,
    "_elements": _Draft.shown,
    "_summary": _Draft.summarised,
    "_total": _Draft.total,
}


def parse_asked(kind: str, text: str, *, lenient: bool = False) -> Asked:
    """Parse the parameters of a search as a form has them; `lenient` passes over parameters that are not known.

    Raises FormatError with every problem.
    """
    draft = _Draft(kind)
    rest, used, ignored = [], [], []
    for piece in filter(None, text.split("&")):
        said, _, value = piece.partition("=")
        name = unquote_plus(said)
        head = name.partition(":")[0]
        if lenient and not _is_known(kind, head):
            ignored.append(shown_name(head))
            continue
        used.append(piece)
        if head in _TAKEN:
            _TAKEN[head](draft, name, unquote_plus(value))
        else:
            rest.append(piece)
    query = _query(kind, "&".join(rest), draft.problems)
    size = _PAGE if query.count is None else min(query.count, _MANY)
    counting = draft.summary == "count" or query.count == 0
    return Asked(
        replace(query, only_count=counting, count=None, offset=0),
        size,
        tuple(draft.include),
        tuple(draft.revinclude),
        Shown(tuple(dict.fromkeys(draft.elements)), draft.summary.replace("count", "")),
        _names(rest),
        draft.counted,
        tuple(dict.fromkeys(ignored)),
        "&".join(used),
    )


def parse_shown(elements: str, summary: str) -> Shown:
    """What of a single resource is shown. Raises FormatError."""
    draft = _Draft("")
    draft.shown("", elements)
    if summary:
        draft.summarised("_summary", summary)
    if summary == "count":
        draft.problems.append(Problem("_summary", "count is for searches"))
    if draft.problems:
        raise FormatError("what is to be shown of the resource is not understood", draft.problems)
    return Shown(tuple(dict.fromkeys(draft.elements)), draft.summary)


def _is_known(kind: str, head: str) -> bool:
    """Whether a parameter is one of here; a chained one is known by the reference it begins with."""
    return head in CONTROLS or head.partition(".")[0] in parameters(kind)


def _names(pieces: list[str]) -> tuple[str, ...]:
    """The parameters that say what is wanted, for the audit log; never what somebody typed instead of one."""
    heads = (unquote_plus(piece.partition("=")[0]).partition(":")[0] for piece in pieces)
    names = (".".join(map(shown_name, head.split("."))) for head in heads if head == "_has" or head not in CONTROLS)
    return tuple(dict.fromkeys(names))


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
    head, _, modifier = name.partition(":")
    again = modifier == "iterate"
    if modifier and not again:
        problems.append(Problem(head, "has no modifier but :iterate"))
        return []
    if value == "*" and head == "_include":
        return [Path("", (), everything=True, again=again)]
    match = _SPEC.fullmatch(value)
    if match is None or (kind and match["kind"] != kind and not again):
        problems.append(Problem(head, "is no Type:parameter of what is searched for", "write Observation:encounter"))
        return []
    found = [replace(one, again=again) for one in _paths_of(match["kind"], match["name"], match["target"] or "")]
    if not found:
        problems.append(Problem(head, "names no reference that is followed here", "see the CapabilityStatement"))
    return found


def _paths_of(kind: str, name: str, target: str) -> list[Path]:
    """The ways that `Type:parameter` names; with `*` every reference."""
    if name == "*":
        return [Path(kind, (), target, everything=True)] if kind in TYPES else []
    found = parameters(kind).get(name)
    if found is None or found.kind is not Kind.REFERENCE:
        return []
    return [Path(kind, found.paths, target or found.target)]


def followed(kind: str) -> list[str]:
    """The parameters of a type that lead to others."""
    return sorted(one.name for one in parameters(kind).values() if one.kind is Kind.REFERENCE)


def leading(kind: str) -> list[str]:
    """The `Type:parameter` of which R4 says that it may point at a type, and the provenance of anything."""
    found = (f"{of}:{one.name}" for of in TYPES for one in parameters(of).values() if kind in one.targets)
    return sorted({*found, "Provenance:target"})
