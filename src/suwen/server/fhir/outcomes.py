"""OperationOutcome: how FHIR says that something did not work (http://hl7.org/fhir/R4/operationoutcome.html)."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Response

from suwen.formats.fhir import render

__all__ = ["FHIR_JSON", "outcome"]

FHIR_JSON = "application/fhir+json; charset=utf-8"
# http://hl7.org/fhir/R4/valueset-issue-type.html
_CODES = {
    400: "invalid", 401: "login", 403: "forbidden", 404: "not-found", 405: "not-supported", 409: "conflict",
    410: "deleted", 412: "conflict", 413: "too-long", 415: "not-supported", 422: "processing", 429: "throttled",
    501: "not-supported", 503: "transient",
}  # fmt: skip


def outcome(status: int, said: str, headers: Mapping[str, str] | None = None) -> Response:
    """An answer that says what was wrong; `said` may be shown to anybody."""
    issue = {"severity": "error", "code": _CODES.get(status, "exception"), "diagnostics": said or "not found"}
    body = render({"resourceType": "OperationOutcome", "issue": [issue]})
    return Response(body, status, dict(headers or {}), media_type=FHIR_JSON)
