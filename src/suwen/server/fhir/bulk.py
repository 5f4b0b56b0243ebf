"""FHIR: `$export` of the charts in one's care as NDJSON, in a job (http://hl7.org/fhir/uv/bulkdata/STU2/export.html)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from suwen.consult import Purpose
from suwen.consult.fhir.rest import Who, exported_chart, instant, patients_for_export
from suwen.errors import FormatError, InputError, NotFoundError
from suwen.formats.fhir import render
from suwen.server.fhir.asked import Asking, Body, FhirRoute, asking_of, base_of, is_json, rest_of
from suwen.server.fhir.bulk_asked import NDJSON, Wanted, filters_of, wanted_from_address, wanted_from_body
from suwen.server.fhir.described import EXPORTED, EXPORTING
from suwen.server.fhir.outcomes import outcome, outcome_for
from suwen.server.fhir.scopes import place_of
from suwen.server.jobs import Context, Job, JobState, Kind, jobs_of, register
from suwen.subject import Saying

__all__ = ["KIND", "router"]

router = APIRouter(prefix="/fhir", tags=["FHIR R4"], route_class=FhirRoute, default_response_class=Response)

_LARGEST = 60 << 20  # bytes: what a job may keep
_TITLE = Saying("FHIR bulk export", "FHIR 批量导出")
JobId = Annotated[str, Path(description="The export that was begun", json_schema_extra={"pattern": "^[0-9a-f]{32}$"})]


def _run(context: Context) -> Mapping[str, Any]:
    """Gather the charts, write a file for each type. It begins anew after a restart: a file replaces its namesake."""
    asked = context.parameters
    rest, who = rest_of(context.house), Who(context.actor)
    answers = filters_of(asked.get("filters", ()), rest.records.store.now())
    lines: dict[str, list[bytes]] = {}
    size = 0
    for at, patient in enumerate(asked["patients"]):
        context.progress(at, len(asked["patients"]))
        for one in exported_chart(rest, who, patient, kinds=asked["kinds"], since=asked["since"]):
            if not _covered(asked, one.kind) or one.resource is None or not answers(one.resource):
                continue
            line = render(one.resource) + b"\n"
            lines.setdefault(one.kind, []).append(line)
            size += len(line)
        if size > _LARGEST:
            raise InputError(
                "the export would be larger than 60 MiB; ask for some types (_type) or since when (_since)"
            )
    for kind, found in sorted(lines.items()):
        context.keep_file(f"{kind}.ndjson", NDJSON, found)
    return {"at": asked["at"], "output": [[kind, len(found)] for kind, found in sorted(lines.items())]}


KIND = register(Kind("fhir-export", _run, _TITLE))


@router.get("/$export", operation_id="export", status_code=202, openapi_extra=dict(EXPORTED))
def export(request: Request) -> Response:
    """Begin an export of every chart that the caller may export."""
    return _begin(request, lambda: wanted_from_address(request))


@router.get("/Patient/$export", operation_id="exportPatients", status_code=202, openapi_extra=dict(EXPORTED))
def export_patients(request: Request) -> Response:
    """The same, by its other name: everything here is of patients."""
    return _begin(request, lambda: wanted_from_address(request))


@router.post("/$export", operation_id="exportByPost", status_code=202, openapi_extra=dict(EXPORTING))
def export_by_post(request: Request, body: Body) -> Response:
    """Begin an export with Parameters in the body."""
    return _posted(request, body)


@router.post("/Patient/$export", operation_id="exportPatientsByPost", status_code=202, openapi_extra=dict(EXPORTING))
def export_patients_by_post(request: Request, body: Body) -> Response:
    """The same, by its other name."""
    return _posted(request, body)


def _posted(request: Request, body: bytes) -> Response:
    if body and not is_json(request):
        asking_of(request, looked_up=True)
        return outcome(415, "send Parameters as application/fhir+json in UTF-8")
    return _begin(request, lambda: wanted_from_body(request, body))


def _begin(request: Request, wanted_of: Callable[[], Wanted]) -> Response:
    sent = asking_of(request)
    if "respond-async" not in request.headers.get("prefer", ""):
        return outcome(400, "an export takes its time: send Prefer: respond-async")
    if sent.purpose is not Purpose.TREATMENT:
        return outcome(403, "nothing is exported in an emergency")
    try:
        wanted = wanted_of()
    except FormatError as wrong:
        return outcome_for(wrong, status=400)
    who = sent.who(wanted.kinds[0] if len(wanted.kinds) == 1 else "Patient", "r")
    patients = patients_for_export(sent.rest, who)
    asked = {
        "patients": patients,
        "kinds": list(wanted.kinds),
        "since": wanted.since,
        "filters": list(wanted.filters),
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


@router.get("/$export-status/{job}", operation_id="exportStatus")
def status(request: Request, job: JobId) -> Response:
    """How far an export is, and once it is done where its files are."""
    sent = asking_of(request)
    found = _export(request, sent, job)
    if found.state is JobState.FAILED:
        return outcome(500, found.reason.en if found.reason else "the export failed")
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
    return Response(content, media_type=NDJSON)


def _export(request: Request, sent: Asking, job: str) -> Job:
    found = jobs_of(request).get(sent.caller.actor, job)
    if found.kind != KIND.name:
        raise NotFoundError("there is no such export")
    return found
