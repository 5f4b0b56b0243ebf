"""Which parameters of a search could say who somebody is, and so do not belong into an address.

ASVS 5.0, 14.2.1: what is sensitive is sent in a body, never in the query string of an address, which proxies, histories
and logs keep. Ids of here are random and may stand there, as they do in paths.
"""

from __future__ import annotations

from urllib.parse import unquote_plus

from suwen.formats.fhir.searching.parsing import shown_name
from suwen.formats.fhir.searching.table import TYPES, Kind, parameters

__all__ = ["identifying"]

_IDENTIFYING = frozenset(
    {
        "accession",
        "address-postalcode",
        "altid",
        "birthdate",
        "container-id",
        "death-date",
        "email",
        "group-identifier",
        "identifier",
        "instance",
        "phone",
        "related-id",
        "requisition",
        "series",
        "telecom",
    }
)
_MOST_LINKS = 8
_TEXTUAL = frozenset({"identifier", "text", "contains", "exact"})
_NOBODY = frozenset({"Endpoint", "HealthcareService", "InsurancePlan", "Location", "Organization"})  # no persons


def identifying(kind: str, text: str) -> list[str]:
    """The parameters of a query string whose values could say who somebody is."""
    names = (unquote_plus(piece.partition("=")[0]) for piece in text.split("&"))
    found = (name.partition(":")[0] for name in names if _says_who(kind, name))
    return list(dict.fromkeys(".".join(map(shown_name, one.split("."))) for one in found))


def _says_who(kind: str, name: str) -> bool:
    head, _, modifier = name.partition(":")
    for _ in range(_MOST_LINKS):
        if head != "_has":
            break
        kind, _, more = modifier.partition(":")
        name = more.partition(":")[2]
        head, _, modifier = name.partition(":")
    if head == "_has":  # deeper than any search goes: what stands at its end is not looked for
        return True
    if "." in name:  # the last of a chain is asked; its type may be any
        last = name.rpartition(".")[2]
        return any(_says_who(one, last) for one in TYPES if one not in _NOBODY)
    parameter = parameters(kind).get(head)
    if parameter is None or modifier == "missing":
        return False
    if kind in _NOBODY:
        return False
    return parameter.kind is Kind.STRING or modifier in _TEXTUAL or head in _IDENTIFYING
