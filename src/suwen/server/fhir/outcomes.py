"""OperationOutcome: how FHIR says that something did not work (http://hl7.org/fhir/R4/operationoutcome.html)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi import Response

from suwen.errors import (
    AccessError,
    ConflictError,
    DataError,
    InputError,
    LoginError,
    MissingExtraError,
    NotFoundError,
    Problem,
    StoreError,
    SuwenError,
)
from suwen.formats.fhir import Json, render

__all__ = ["FHIR_JSON", "issues_of", "outcome", "outcome_for", "outcome_tree", "problems_of", "status_for"]

FHIR_JSON = "application/fhir+json; charset=utf-8"
_LISTED = 100
# http://hl7.org/fhir/R4/valueset-issue-type.html
_CODES = {
    400: "invalid", 401: "login", 403: "forbidden", 404: "not-found", 405: "not-supported", 406: "not-supported",
    409: "conflict", 410: "deleted", 412: "conflict", 413: "too-long", 415: "not-supported", 422: "processing",
    428: "required", 429: "throttled", 501: "not-supported", 503: "transient",
}  # fmt: skip
_STATUSES: tuple[tuple[type[SuwenError], int], ...] = (
    (LoginError, 401), (AccessError, 403), (NotFoundError, 404), (ConflictError, 409), (InputError, 422),
    (MissingExtraError, 501), (DataError, 503), (StoreError, 503),
)  # fmt: skip


def outcome(
    status: int, said: str, headers: Mapping[str, str] | None = None, *, problems: Sequence[Problem] = ()
) -> Response:
    """An answer that says what was wrong; `said` may be shown to anybody."""
    body = render(outcome_tree(status, said, problems))
    return Response(body, status, dict(headers or {}), media_type=FHIR_JSON)


def outcome_tree(status: int, said: str, problems: Sequence[Problem] = ()) -> Json:
    """The OperationOutcome itself."""
    code = _CODES.get(status, "exception")
    issues = issues_of(problems, code) or [{"severity": "error", "code": code, "diagnostics": said or "not found"}]
    return {"resourceType": "OperationOutcome", "issue": issues}


def issues_of(problems: Sequence[Problem], code: str, severity: str = "error") -> list[Json]:
    """An issue for each problem, at most 100."""
    found = [{"severity": severity, "code": code, "diagnostics": str(one)} for one in problems[:_LISTED]]
    return [{**one, **_where(problem)} for one, problem in zip(found, problems, strict=False)]


def _where(problem: Problem) -> Json:
    return {"expression": [problem.where]} if problem.where else {}


def outcome_for(failure: SuwenError, *, status: int = 0) -> Response:
    """An error of the tree as an answer; `status` where it means something else than usual."""
    headers = {"www-authenticate": "Bearer"} if isinstance(failure, LoginError) else None
    return outcome(status or status_for(failure), str(failure), headers, problems=problems_of(failure))


def problems_of(failure: SuwenError) -> tuple[Problem, ...]:
    """What an error lists one by one."""
    return failure.problems if isinstance(failure, InputError) else ()


def status_for(failure: SuwenError) -> int:
    """The HTTP status of an error of the tree."""
    return next((status for kind, status in _STATUSES if isinstance(failure, kind)), 500)
