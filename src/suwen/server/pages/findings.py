"""Findings: those that wait for a verdict and those that have one, with evidence, history and judgement of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from suwen.consult import Filed, amend_finding, confirm_finding, finding_history, reject_finding
from suwen.errors import ConflictError, DataError, InputError, NotFoundError
from suwen.finding import Chance, Finding
from suwen.report.patient_page import patient_view
from suwen.report.patient_view import FindingView, PatientView
from suwen.server.guard.parts import FormRoute
from suwen.server.house import House, house_of
from suwen.server.pages.findings_words import FINDINGS
from suwen.server.pages.patient_frame import Head, open_head, show_patient
from suwen.server.pages.terms import diseases_of
from suwen.server.visitors import Signed, Visitor
from suwen.subject import Code

__all__ = ["router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)
Text = Annotated[str, Form()]


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding as it lies in the record, and as the report words it."""

    filed: Filed
    seen: FindingView


class Verdict(BaseModel):
    """What somebody posted; `base` is the version that was looked at, the last three what a finding is instead."""

    what: str
    base: int
    reason: str = ""
    code: str = ""
    own_code: str = ""
    own_label: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A verdict that was not kept, which is shown again: what was wrong, or that somebody else was faster."""

    said: Verdict
    wrong: str = ""
    conflict: bool = False


@router.get("/patients/{patient}/findings")
def findings(request: Request, visitor: Signed, patient: str) -> Response:
    """All findings: for review, judged, no longer standing."""
    head = open_head(request, visitor, patient)
    view, shown = _all(head, visitor)
    return show_patient(
        request,
        visitor,
        head,
        "findings.html",
        FINDINGS,
        view=view,
        groups={
            "waiting": [one for one in shown if one.filed.standing and one.filed.verdict is None],
            "judged": [one for one in shown if one.filed.verdict is not None],
            "gone": [one for one in shown if not one.filed.standing and one.filed.verdict is None],
        },
    )


@router.get("/patients/{patient}/findings/{record}")
def finding(request: Request, visitor: Signed, patient: str, record: str) -> Response:
    """One finding with its evidence and history."""
    return _one(request, visitor, patient, record)


@router.post("/patients/{patient}/findings/{record}")
def judge(request: Request, visitor: Signed, patient: str, record: str, said: Annotated[Verdict, Form()]) -> Response:
    """Keep a verdict. Where somebody else was faster, or a word is missing, what was typed is shown again."""
    try:
        _keep(request, visitor, patient, record, said)
    except ConflictError:
        return _one(request, visitor, patient, record, Refused(said, conflict=True), status=409)
    except InputError as wrong:
        return _one(request, visitor, patient, record, Refused(said, wrong.said(visitor.lang)), status=422)
    return RedirectResponse(f"/patients/{patient}/findings/{record}", 303)


def _keep(request: Request, visitor: Visitor, patient: str, record: str, said: Verdict) -> None:
    head, house = open_head(request, visitor, patient), house_of(request)
    given: dict[str, Any] = {"base": said.base, "reason": said.reason, "purpose": head.purpose}
    match said.what:
        case "confirm":
            confirm_finding(visitor.actor, house.records, patient, record, **given)
        case "reject":
            reject_finding(visitor.actor, house.records, patient, record, **given)
        case "amend":
            known = next((one for one in head.consultation.findings if one.record == record), None)
            if known is None:
                raise NotFoundError("there is no such finding of this patient", zh="该患者没有此项所见")
            right = _put_right(house, known, said)
            amend_finding(visitor.actor, house.records, patient, record, finding=right, **given)
        case _:
            raise InputError("a finding is confirmed, amended or rejected", zh="对所见只能确认、更正或否定")


def _put_right(house: House, known: Filed, said: Verdict) -> Mapping[str, Finding]:
    """The finding with what it is instead, in every language it has a name in."""
    codes = _codes(house, said)
    if codes is None:
        raise InputError(FINDINGS["amend_needs"].en, zh=FINDINGS["amend_needs"].zh)
    worded = {"en": known.finding, "zh": known.worded("zh")}
    return {lang: replace(one, code=codes[lang], chance=Chance(None)) for lang, one in worded.items()}


def _codes(house: House, said: Verdict) -> Mapping[str, Code] | None:
    own = said.own_code.strip(), said.own_label.strip()
    if all(own):
        return dict.fromkeys(("en", "zh"), Code(*own))
    if not said.code:
        return None
    try:
        lexicon = diseases_of(house)
    except DataError:
        return None
    found = {lang: lexicon.code(said.code, lang) for lang in ("en", "zh")}
    return {lang: one for lang, one in found.items() if one is not None} if all(found.values()) else None


def _one(
    request: Request,
    visitor: Visitor,
    patient: str,
    record: str,
    refused: Refused | None = None,
    *,
    status: int = 200,
) -> Response:
    head = open_head(request, visitor, patient)
    view, shown = _all(head, visitor)
    records = house_of(request).records
    versions = finding_history(visitor.actor, records, patient, record, purpose=head.purpose)
    chosen = next((one for one in shown if one.filed.record == record), None)
    waiting = (one for one in shown if one.filed.standing and one.filed.verdict is None and one is not chosen)
    return show_patient(
        request,
        visitor,
        head,
        "finding.html",
        FINDINGS,
        view=view,
        one=chosen,
        versions=list(reversed(_told(versions))),
        last=versions[-1].worded(visitor.lang),
        following=next(waiting, None),
        said=refused.said if refused else None,
        conflict=bool(refused and refused.conflict),
        wrong=refused.wrong if refused else "",
        status=status,
    )


def _all(head: Head, visitor: Visitor) -> tuple[PatientView, list[Shown]]:
    consultation = head.consultation
    view = patient_view(consultation, lang="zh" if visitor.lang == "zh" else "en", created=datetime.now().astimezone())
    return view, [Shown(*pair) for pair in zip(consultation.findings, view.findings, strict=True)]


def _told(versions: Sequence[Filed]) -> list[tuple[Filed, str]]:
    """Each version with what happened to make it: filed, renewed, review, withdrawn."""
    found: list[tuple[Filed, str]] = []
    for one in versions:
        before = found[-1][0] if found else None
        what = "filed" if before is None else "renewed"
        if before is not None and len(one.reviews) > len(before.reviews):
            what = "review"
        elif not one.standing:
            what = "withdrawn"
        found.append((one, what))
    return found
