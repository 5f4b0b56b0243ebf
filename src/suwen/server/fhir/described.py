"""What OpenAPI says of FHIR's routes beyond what their functions show: bodies, headers, parameters of a search."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from suwen.server.described.nouns import EXAMPLE_ID, EXAMPLE_PATIENT

__all__ = [
    "BUNDLE",
    "CONDITIONAL",
    "DELETED",
    "EXPORTED",
    "EXPORTING",
    "FORM",
    "PATCHED",
    "PATCHED_WHERE",
    "READ",
    "RESOURCE",
    "SEARCHED",
    "UPDATED_WHERE",
]

_EXAMPLE = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]},
    "subject": {"reference": f"Patient/{EXAMPLE_PATIENT}"},
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
_HANDLING = _header("Prefer", "handling=lenient passes over parameters that are not known, and says which")
_CONTROLS = (
    ("_count", "Resources of a page, at most 1000"),
    ("_sort", "Parameters to sort by, with - falling"),
    ("_summary", "true, text, data, count or false"),
    ("_elements", "Names of elements, by commas"),
    ("_total", "none, estimate or accurate; what is counted is always exact"),
    ("_include", "Type:parameter whose targets go along"),
    ("_revinclude", "Type:parameter by which others point here"),
    ("_page", "The token of a page, from the link next"),
    ("_id", "Logical ids, by commas"),
    ("_lastUpdated", "When it was changed here"),
    ("_pretty", "true: a line for each member"),
)
_COMMON = (("patient", "The patient's logical id"), ("code", "system|code"), ("date", "A date with its prefix"))
_WHERE = tuple(_query(name, said) for name, said in _COMMON)
_PATCH = [
    {"op": "test", "path": "/status", "value": "final"},
    {"op": "replace", "path": "/status", "value": "amended"},
]
_OPERATION = {
    "type": "object",
    "required": ["op", "path"],
    "properties": {
        "op": {"type": "string", "enum": ["add", "remove", "replace", "move", "copy", "test"]},
        "path": {"type": "string"},
        "from": {"type": "string"},
        "value": {},
    },
}
_PATCHING = {
    "required": True,
    "content": {"application/json-patch+json": {"schema": {"type": "array", "items": _OPERATION}, "example": _PATCH}},
}

Extra = MappingProxyType[str, Any]

RESOURCE: Extra = MappingProxyType({"requestBody": _body(_TYPED, _EXAMPLE), "parameters": [_PREFER]})
READ: Extra = MappingProxyType({**RESOURCE, "requestBody": _body(_TYPED, {**_EXAMPLE, "id": EXAMPLE_ID})})
UPDATED_WHERE: Extra = MappingProxyType({**RESOURCE, "parameters": [_PREFER, *_WHERE]})
PATCHED: Extra = MappingProxyType({"requestBody": _PATCHING, "parameters": [_PREFER]})
PATCHED_WHERE: Extra = MappingProxyType({**PATCHED, "parameters": [_PREFER, *_WHERE]})
DELETED: Extra = MappingProxyType({"parameters": [*_WHERE]})
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
        "parameters": [_HANDLING],
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
        },
    }
)
SEARCHED: Extra = MappingProxyType(
    {"parameters": [_HANDLING, *(_query(name, said) for name, said in (*_CONTROLS, *_COMMON))]}
)
CONDITIONAL: Extra = MappingProxyType(
    {
        "parameters": [
            _header("If-None-Match", 'Version that the client has, as W/"3"'),
            _header("If-Modified-Since", "When the client read it"),
        ]
    }
)
_EXPORT = (
    ("_type", "Types of resource, by commas"),
    ("_since", "Only what changed since this instant"),
    ("_typeFilter", "Searches, by commas: of their types only what answers one of them"),
    ("_outputFormat", "application/fhir+ndjson alone"),
)
_ASYNC = _header("Prefer", "respond-async")
EXPORTED: Extra = MappingProxyType({"parameters": [_ASYNC, *(_query(name, said) for name, said in _EXPORT)]})
EXPORTING: Extra = MappingProxyType(
    {
        "requestBody": {
            "content": {
                "application/fhir+json": {
                    "schema": _TYPED,
                    "example": {
                        "resourceType": "Parameters",
                        "parameter": [
                            {"name": "_type", "valueString": "Patient,Observation"},
                            {"name": "_typeFilter", "valueString": "Observation?code=http://loinc.org|8310-5"},
                        ],
                    },
                }
            }
        },
        "parameters": [_ASYNC],
    }
)
