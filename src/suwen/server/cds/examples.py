"""Examples of the requests of CDS Hooks, for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["CALL", "FEEDBACK"]


def _body(example: Mapping[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}, "example": dict(example)}}
    return {"requestBody": {"required": True, "content": content}}


CALL = _body(
    {
        "hook": "patient-view",
        "hookInstance": "7b0a3a6e-6f0c-4d0e-9a57-0d6f2a1f6c11",
        "context": {"userId": "Practitioner/12", "patientId": "p7"},
        "prefetch": {
            "patient": {
                "resourceType": "Patient",
                "id": "p7",
                "identifier": [{"system": "https://ehr.example.org/mrn", "value": "7"}],
                "birthDate": "1975-03-04",
            }
        },
    }
)
FEEDBACK = _body(
    {
        "feedback": [
            {
                "card": "4a8f4c5e-52a5-4b0e-9a3c-3f0f6d1f9b77",
                "outcome": "overridden",
                "overrideReason": {"reason": {"code": "known"}},
                "outcomeTimestamp": "2026-11-26T12:00:00Z",
            }
        ]
    }
)
