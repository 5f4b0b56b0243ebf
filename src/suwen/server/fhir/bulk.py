"""FHIR: `$export` of the charts in one's care as NDJSON, in a job (http://hl7.org/fhir/uv/bulkdata/STU2/export.html)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from suwen.consult import Purpose
from suwen.consult.fhir.rest import Who, exported_chart, instant, patients_for_export
from suwen.errors import InputError, NotFoundError
from suwen.formats.fhir import render
from suwen.server.fhir.asked import Asking, FhirRoute, asking_of, base_of, rest_of
from suwen.server.fhir.described import EXPORTED
from suwen.server.fhir.outcomes import outcome
from suwen.server.fhir.scopes import place_of
from suwen.server.jobs import Context, Job, JobState, Kind, jobs_of, register
from suwen.subject import Saying

__all__ = ["KIND", "router"]

router = APIRouter(prefix="/fhir", tags=["FHIR R4"], route_class=FhirRoute, default_response_class=Response)

_NDJSON = "application/fhir+ndjson"
_FORMATS = frozenset({"", _NDJSON, "application/ndjson", "ndjson"})
_LARGEST = 60 << 20  # bytes: what a job may keep
_TITLE = Saying("FHIR bulk export", "FHIR 批量导出")
Types = Annotated[str, Query(alias="_type", description="Types of resource, by commas")]
Since = Annotated[str, Query(alias="_since", description="Only what changed since this instant")]
Format = Annotated[str, Query(alias="_outputFormat", description=f"{_NDJSON} alone")]
JobId = Annotated[str, Path(description="The export that was begun", json_schema_extra={"pattern": "^[0-9a-f]{32}$"})]


def _run(context: Context) -> Mapping[str, Any]:
    """Gather the charts, write a file for each type. It begins anew after a restart: a file replaces its namesake."""
    asked = context.parameters
    rest, who = rest_of(context.house), Who(context.actor)
    lines: dict[str, list[bytes]] = {}
    size = 0
    for at, patient in enumerate(asked["patients"]):
        context.progress(at, len(asked["patients"]))
        for one in exported_chart(rest, who, patient, kinds=asked["kinds"], since=asked["since"]):
            if not _covered(asked, one.kind):
                continue
            line = render(one.resource) + b"\n"
            lines.setdefault(one.kind, []).append(line)
            size += len(line)
        if size > _LARGEST:
            raise InputError(
                "the export would be larger than 60 MiB; ask for some types (_type) or since when (_since)"
            )
    for kind, found in sorted(lines.items()):
        context.keep_file(f"{kind}.ndjson", _NDJSON, found)
    return {"at": asked["at"], "output": [[kind, len(found)] for kind, found in sorted(lines.items())]}


KIND = register(Kind("fhir-export", _run, _TITLE))


@router.get("/$export", operation_id="export", openapi_extra=dict(EXPORTED))
def export(request: Request, types: Types = "", since: Since = "", form: Format = "") -> Response:
    """Begin an export of every chart that the caller may export."""
    return _begin(request, types, since, form)


@router.get("/Patient/$export", operation_id="exportPatients", openapi_extra=dict(EXPORTED))
def export_patients(request: Request, types: Types = "", since: Since = "", form: Format = "") -> Response:
    """The same, by its other name: everything here is of patients."""
    return _begin(request, types, since, form)


def _begin(request: Request, types: str, since: str, form: str) -> Response:
    sent = asking_of(request)
    if "respond-async" not in request.headers.get("prefer", ""):
        return outcome(400, "an export takes its time: send Prefer: respond-async")
    if form not in _FORMATS:
        return outcome(400, f"an export is {_NDJSON}")
    if sent.purpose is not Purpose.TREATMENT:
        return outcome(403, "nothing is exported in an emergency")
    at = _instant(since)
    if at is None:
        return outcome(400, "_since is no instant: write YYYY-MM-DDThh:mm:ss+hh:mm")
    kinds = [one for one in types.split(",") if one]
    who = sent.who(kinds[0] if len(kinds) == 1 else "Patient", "r")
    patients = patients_for_export(sent.rest, who)
    asked = {
        "patients": patients,
        "kinds": kinds,
        "since": at,
        "at": instant(sent.house.records.store.now()),
        "request": f"{base_of(sent.house)}{request.url.path.removeprefix('/fhir')}",
        "scopes": None if sent.caller.scopes is None else sorted(sent.caller.scopes),
        "only": who.limits.patient,
    }
    job = jobs_of(request).submit(
        sent.caller.actor, KIND.name, asked, _TITLE, patients=patients, purpose=Purpose.TREATMENT
    )
    return Response(status_code=202, headers={"content-location": f"{base_of(sent.house)}/$export-status/{job}"})


def _covered(asked: Mapping[str, Any], kind: str) -> bool:
    """Whether an app's scopes cover a type: a job runs without the token, so what it held is kept with the job."""
    if asked["scopes"] is None:
        return True
    place = place_of(asked["scopes"], kind, "r")
    return place in {"user", "system"} or (place == "patient" and bool(asked["only"]))


def _instant(text: str) -> int | None:
    """Microseconds of an instant, 0 where none is given, None where it is none."""
    if not text:
        return 0
    try:
        said = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        return None
    if said.tzinfo is None or not 1970 <= said.year < 9999:
        return None
    return int((said.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000


@router.get("/$export-status/{job}", operation_id="exportStatus")
def status(request: Request, job: JobId) -> Response:
    """How far an export is, and once it is done where its files are."""
    sent = asking_of(request)
    found = _export(request, sent, job)
    if found.state is JobState.FAILED:
        return outcome(500, found.reason or "the export failed")
    if found.state is JobState.CANCELLED:
        return outcome(404, "the export was cancelled")
    if found.state is not JobState.DONE:
        return Response(status_code=202, headers={"x-progress": f"{found.share:.0%}", "retry-after": "2"})
    result = jobs_of(request).result(sent.caller.actor, job)
    base = f"{base_of(sent.house)}/$export-status/{job}"
    output = [{"type": kind, "url": f"{base}/{kind}", "count": count} for kind, count in result["output"]]
    manifest = {
        "transactionTime": result["at"],
        "request": found.parameters["request"],
        "requiresAccessToken": True,
        "output": output,
        "error": [],
    }
    return Response(render(manifest), media_type="application/json")


@router.delete("/$export-status/{job}", operation_id="exportCancel", status_code=202)
def cancel(request: Request, job: JobId) -> Response:
    """Stop an export, and remove what it made."""
    sent = asking_of(request)
    desk = jobs_of(request)
    if _export(request, sent, job).state.over:
        desk.remove(sent.caller.actor, job)
    else:
        desk.cancel(sent.caller.actor, job)
    return Response(status_code=202)


@router.get("/$export-status/{job}/{kind}", operation_id="exportFile")
def file(request: Request, job: JobId, kind: Annotated[str, Path(description="Type of resource")]) -> Response:
    """The resources of one type, one a line."""
    sent = asking_of(request)
    sent.limits(kind, "r")
    _export(request, sent, job)
    _, content = jobs_of(request).file(sent.caller.actor, job, f"{kind}.ndjson")
    return Response(content, media_type=_NDJSON)


def _export(request: Request, sent: Asking, job: str) -> Job:
    found = jobs_of(request).get(sent.caller.actor, job)
    if found.kind != KIND.name:
        raise NotFoundError("there is no such export")
    return found
