"""What a search here can do, as FHIR states it: the CapabilityStatement made from the table of parameters.

Specification: https://hl7.org/fhir/R4/capabilitystatement.html.
"""

from __future__ import annotations

from datetime import date

from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.searching.table import TYPES, parameters

__all__ = ["capability_statement"]

_DESCRIPTION = (
    "Read and search of the resources of patients that the user may open. "
    "Chained parameters and _has are answered, _include and _revinclude by the server alone. "
    "对用户有权打开的患者资源进行读取和检索。"
)


def capability_statement(*, today: date, version: str = "", url: str = "") -> Json:
    """Make a CapabilityStatement of R4: of one server where its base `url` is given, else of the software.

    `today` is the day it is made; `version` that of the software.
    """
    statement: Json = {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": today.isoformat(),
        "kind": "instance" if url else "capability",
        "description": _DESCRIPTION,
        "software": {"name": "Suwen", **({"version": version} if version else {})},
    }
    if url:
        statement["implementation"] = {"description": "Suwen", "url": url}
    resources = [_resource(type_) for type_ in TYPES]
    return statement | {
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [{"mode": "server", "resource": resources}],
    }


def _resource(type_: str) -> Json:
    found = [{"name": one.name, "type": one.kind.value} for one in parameters(type_).values()]
    interactions = [{"code": "read"}, {"code": "search-type"}]
    return {"type": type_, "interaction": interactions, "versioning": "no-version", "searchParam": found}
