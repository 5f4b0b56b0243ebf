"""FHIR: a Bundle of many requests at once, all or none (transaction) or each by itself (batch)."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from suwen.consult.fhir.rest import Answered, Step, Who, instant, read_steps, transact
from suwen.errors import ConflictError, FormatError, SuwenError
from suwen.formats.fhir import Json
from suwen.server.fhir import answers
from suwen.server.fhir.asked import (
    Asking,
    Body,
    FhirRoute,
    asking_of,
    base_of,
    is_json,
    localised,
    prefers,
    relative,
    tree_of,
)
from suwen.server.fhir.described import BUNDLE
from suwen.server.fhir.outcomes import outcome, outcome_for, outcome_tree, problems_of, status_for

__all__ = ["router"]

_MOST = 500  # entries of a batch, each of which is a piece of work

router = APIRouter(prefix="/fhir", tags=["FHIR R4"], route_class=FhirRoute, default_response_class=Response)


@router.post("", operation_id="transaction", openapi_extra=dict(BUNDLE))
def transaction(request: Request, body: Body) -> Response:
    """Do what the entries of a Bundle ask for: `transaction` all or nothing, `batch` each by itself."""
    sent = asking_of(request)
    if not is_json(request):
        return outcome(415, "send a Bundle as application/fhir+json in UTF-8")
    try:
        bundle = _localised(tree_of(body), base_of(sent.house))
        kind = bundle.get("type")
        if bundle["resourceType"] != "Bundle" or kind not in {"transaction", "batch"}:
            raise FormatError("a Bundle of the type transaction or batch is expected")
        wanted = prefers(request) == "representation"
        if kind == "batch":
            return answers.fhir(_batch(sent, bundle, wanted=wanted))
        steps = read_steps(bundle)
    except FormatError as wrong:
        return outcome_for(wrong, status=400)
    try:
        done = transact(sent.rest, Who(sent.caller.actor, sent.purpose), steps, sent.limits)
    except ConflictError as changed:
        return outcome_for(changed, status=412)
    base = base_of(sent.house)
    return answers.fhir(answers.bundle("transaction-response", [_entry(base, one, wanted=wanted) for one in done]))


def _localised(tree: Json, base: str) -> Json:
    """A Bundle with references to this server as `Type/id`, in its conditions too: else they would find nothing."""
    made: Json = localised(tree, base)
    entries = made.get("entry")
    for one in entries if isinstance(entries, list) else ():
        asked = one.get("request") if isinstance(one, dict) else None
        if isinstance(asked, dict):
            said = {name: asked[name] for name in ("url", "ifNoneExist") if isinstance(asked.get(name), str)}
            asked.update({name: relative(text, base) for name, text in said.items()})
    return made


def _batch(sent: Asking, bundle: Json, *, wanted: bool) -> Json:
    """Each entry in a piece of work of its own; one that fails says so and the others stand."""
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise FormatError("the entries of a Bundle are a list")
    if len(entries) > _MOST:
        raise FormatError(f"a batch of more than {_MOST} entries is not taken; send it in parts")
    base = base_of(sent.house)
    return answers.bundle("batch-response", [_entry(base, _one(sent, one), wanted=wanted) for one in entries])


def _one(sent: Asking, entry: Json) -> Answered:
    try:
        steps: list[Step] = read_steps({"entry": [entry]})
        (done,) = transact(sent.rest, Who(sent.caller.actor, sent.purpose), steps, sent.limits)
    except FormatError as wrong:
        return Answered(400, failure=wrong)
    except SuwenError as failure:
        return Answered(412 if isinstance(failure, ConflictError) else status_for(failure), failure=failure)
    return done


def _entry(base: str, done: Answered, *, wanted: bool) -> Json:
    said: Json = {"status": f"{done.status} {HTTPStatus(done.status).phrase}"}
    if done.failure is not None:
        tree = outcome_tree(done.status, str(done.failure), problems_of(done.failure))
        return {"response": said | {"outcome": tree}}
    if done.page is not None:
        return {"resource": answers.searchset(base, done.page, here="", following=""), "response": said}
    version = done.version
    if version is None:
        return {"response": said}
    place = f"{base}/{version.local}/_history/{version.number}"
    said |= {"location": place, "etag": answers.etag(version), "lastModified": instant(version.at)}
    shown = wanted and version.resource is not None
    entry: Json = {"fullUrl": f"{base}/{version.local}", "resource": version.resource} if shown else {}
    return entry | {"response": said}
