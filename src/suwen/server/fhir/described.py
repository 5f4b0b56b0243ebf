"""What OpenAPI says of FHIR's routes beyond what their functions show: bodies, headers, parameters of a search."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

__all__ = ["BUNDLE", "CONDITIONAL", "EXPORTED", "FORM", "RESOURCE", "SEARCHED"]

_EXAMPLE = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]},
    "subject": {"reference": "Patient/0123456789abcdef0123456789abcdef"},
    "effectiveDateTime": "2026-03-04T10:00:00Z",
    "valueQuantity": {"value": 37.5, "unit": "Cel", "system": "http://unitsofmeasure.org", "code": "Cel"},
}
_TYPED = {
    "type": "object",
    "required": ["resourceType"],
    "properties": {"resourceType": {"type": "string"}, "id": {"type": "string"}},
}
_ENTRY = {
    "type": "object",
    "required": ["request"],
    "properties": {
        "fullUrl": {"type": "string"},
        "resource": _TYPED,
        "request": {
            "type": "object",
            "required": ["method", "url"],
            "properties": {
                "method": {"type": "string", "enum": ["GET", "POST", "PUT", "DELETE"]},
                "url": {"type": "string"},
                "ifMatch": {"type": "string"},
                "ifNoneExist": {"type": "string"},
            },
        },
    },
}
_BUNDLE = {
    "type": "object",
    "required": ["resourceType", "type"],
    "properties": {
        "resourceType": {"type": "string", "enum": ["Bundle"]},
        "type": {"type": "string", "enum": ["transaction", "batch"]},
        "entry": {"type": "array", "items": _ENTRY},
    },
}
_SENT = {"method": "POST", "url": "Observation"}


def _header(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}


def _query(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": {"type": "string"}}


def _body(schema: Any, example: Any) -> dict[str, Any]:
    return {"required": True, "content": {"application/fhir+json": {"schema": schema, "example": example}}}


_PREFER = _header("Prefer", "return=minimal, return=representation or return=OperationOutcome")
_CONTROLS = (
    ("_count", "Resources of a page, at most 1000"),
    ("_sort", "Parameters to sort by, with - falling"),
    ("_summary", "count or false"),
    ("_elements", "Names of elements, by commas"),
    ("_include", "Type:parameter whose targets go along"),
    ("_revinclude", "Type:parameter by which others point here"),
    ("_page", "The token of a page, from the link next"),
    ("_id", "Logical ids, by commas"),
    ("_lastUpdated", "When it was changed here"),
)
_COMMON = (("patient", "The patient's logical id"), ("code", "system|code"), ("date", "A date with its prefix"))

Extra = MappingProxyType[str, Any]

RESOURCE: Extra = MappingProxyType({"requestBody": _body(_TYPED, _EXAMPLE), "parameters": [_PREFER]})
BUNDLE: Extra = MappingProxyType(
    {
        "requestBody": _body(
            _BUNDLE,
            {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": _EXAMPLE, "request": _SENT}]},
        ),
        "parameters": [_PREFER],
    }
)
FORM: Extra = MappingProxyType(
    {
        "requestBody": {
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "properties": {name: {"type": "string"} for name, _ in (*_CONTROLS, *_COMMON)},
                        "additionalProperties": {"type": "string"},
                    },
                    "example": {"identifier": "urn:oid:1.2.3|MRN-1", "_count": "20"},
                }
            }
        }
    }
)
SEARCHED: Extra = MappingProxyType({"parameters": [_query(name, said) for name, said in (*_CONTROLS, *_COMMON)]})
CONDITIONAL: Extra = MappingProxyType(
    {
        "parameters": [
            _header("If-None-Match", 'Version that the client has, as W/"3"'),
            _header("If-Modified-Since", "When the client read it"),
        ]
    }
)
EXPORTED: Extra = MappingProxyType({"parameters": [_header("Prefer", "respond-async")]})
