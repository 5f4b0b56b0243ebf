"""The invariants of a FHIR R4 Bundle: http://hl7.org/fhir/R4/bundle.html#invs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from suwen.formats.fhir.checking.members import has, inner, objects, text
from suwen.formats.fhir.nouns import Json

__all__ = ["BUNDLE_RULES"]

_REQUESTS = frozenset({"batch", "history", "transaction"})
_RESPONSES = frozenset({"batch-response", "history", "transaction-response"})

Broken = Callable[[Json], Iterator[str]]  # the places of a Bundle at which a rule is broken


def _total(bundle: Json) -> Iterator[str]:
    if has(bundle, "total") and bundle.get("type") not in ("searchset", "history"):
        yield "total"


def _search(bundle: Json) -> Iterator[str]:
    if bundle.get("type") != "searchset":
        yield from (f"entry[{number}].search" for number, entry in _entries(bundle) if "search" in entry)


def _request(bundle: Json) -> Iterator[str]:
    is_needed = text(bundle, "type") in _REQUESTS
    yield from (f"entry[{number}].request" for number, entry in _entries(bundle) if ("request" in entry) != is_needed)


def _response(bundle: Json) -> Iterator[str]:
    is_needed = text(bundle, "type") in _RESPONSES
    yield from (f"entry[{number}].response" for number, entry in _entries(bundle) if ("response" in entry) != is_needed)


def _something(bundle: Json) -> Iterator[str]:
    for number, entry in _entries(bundle):
        if not has(entry, "resource", "request", "response"):
            yield f"entry[{number}]"


def _version(bundle: Json) -> Iterator[str]:
    for number, entry in _entries(bundle):
        if "/_history/" in text(entry, "fullUrl"):
            yield f"entry[{number}].fullUrl"


def _identifier(bundle: Json) -> Iterator[str]:
    identifier = inner(bundle, "identifier")
    if bundle.get("type") == "document" and not (has(identifier, "system") and has(identifier, "value")):
        yield "identifier"


def _timestamp(bundle: Json) -> Iterator[str]:
    if bundle.get("type") == "document" and bundle.get("timestamp") is None:
        yield "timestamp"


def _first(kind: str, resource: str) -> Broken:
    def broken(bundle: Json) -> Iterator[str]:
        first = inner(next(iter(objects(bundle, "entry")), {}), "resource")
        if bundle.get("type") == kind and first.get("resourceType") != resource:
            yield "entry[0].resource"

    return broken


def _entries(bundle: Json) -> Iterator[tuple[int, Json]]:
    entries = bundle.get("entry")
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield number, entry


# bdl-7 (fullUrl is unique) is kept by `documents`, which looks at what stands twice.
BUNDLE_RULES: tuple[tuple[str, str, Broken], ...] = (
    ("bdl-1", "only a searchset or a history has a total", _total),
    ("bdl-2", "only a searchset says how an entry was found", _search),
    ("bdl-3", "a request stands in every entry of a batch, transaction or history, and nowhere else", _request),
    (
        "bdl-4",
        "a response stands in every entry of a history or of an answer to a batch or transaction, and nowhere else",
        _response,
    ),
    ("bdl-5", "an entry has a resource, a request or a response", _something),
    ("bdl-8", "a fullUrl names no version", _version),
    ("bdl-9", "a document has an identifier with system and value", _identifier),
    ("bdl-10", "a document has a timestamp", _timestamp),
    ("bdl-11", "the first resource of a document is its Composition", _first("document", "Composition")),
    ("bdl-12", "the first resource of a message is its MessageHeader", _first("message", "MessageHeader")),
)
