"""The audit log for the auditor: searched, shown, proven."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from suwen.errors import FormatError, InputError, NotFoundError, TamperError
from suwen.govern import (
    Event,
    EventKind,
    Outcome,
    audit_events,
    checked_consistency,
    checked_proof,
    current_checkpoint,
    names_of,
    read_audit,
    read_checkpoint,
)
from suwen.server.guard.parts import FormRoute
from suwen.server.house import house_of
from suwen.server.pages.security_names import ACTS, KINDS, OUTCOMES, PURPOSES, called
from suwen.server.pages.security_words import WORDS
from suwen.server.showing import show
from suwen.server.visitors import Signed, Visitor

__all__ = ["router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)
Text = Annotated[str, Form()]
_MOST = 200
_MICROSECONDS = 10**15  # a number from here on is a time: 2001 and later, in microseconds
_DAYS = 7  # shown before anything is asked for


@router.get("/security/audit")
def audit(request: Request, visitor: Signed) -> Response:
    """The last days of the log."""
    begin = datetime.fromtimestamp(house_of(request).records.store.clock(), UTC) - timedelta(days=_DAYS)
    return _shown(request, visitor, {"kind": "", "by": "", "subject": "", "since": f"{begin:%Y-%m-%d}", "until": ""})


@router.post("/security/audit")
def search(
    request: Request,
    visitor: Signed,
    kind: Text = "",
    by: Text = "",
    subject: Text = "",
    since: Text = "",
    until: Text = "",
) -> Response:
    """Entries of a kind, by somebody, about a patient, within days: asked for in a form, never in an address."""
    return _shown(request, visitor, {"kind": kind, "by": by, "subject": subject, "since": since, "until": until})


@router.post("/security/audit/export")
def export(request: Request, visitor: Signed) -> Response:
    """The whole log as FHIR AuditEvents, one a line."""
    records = house_of(request).records
    found = read_audit(visitor.actor, records)
    lines = (json.dumps(one, ensure_ascii=False) + "\n" for one in audit_events(records, found))
    headers = {"content-disposition": 'attachment; filename="audit.ndjson"'}
    return Response("".join(lines), media_type="application/fhir+ndjson", headers=headers)


@router.get("/security/audit/{entry}")
def prove(request: Request, visitor: Signed, entry: int) -> Response:
    """That an entry is in the log, with the values to compute it anew."""
    records = house_of(request).records
    proof, root, holds = checked_proof(visitor.actor, records, entry)
    return show(
        request, "security_proof.html", WORDS, visitor=visitor, entry=entry, proof=proof, root=root, holds=holds
    )


@router.get("/security/checkpoint")
def checkpoint(request: Request, visitor: Signed) -> Response:
    """The newest signed checkpoint, and a place to hold an earlier one against the log."""
    text = current_checkpoint(visitor.actor, house_of(request).records)
    return show(request, "security_checkpoint.html", WORDS, visitor=visitor, text=text, outcome=None, told="")


@router.post("/security/checkpoint")
def consistency(request: Request, visitor: Signed, earlier: Text) -> Response:
    """Whether the log only grew since an earlier checkpoint."""
    records = house_of(request).records
    text = current_checkpoint(visitor.actor, records)
    try:
        known = read_checkpoint(records, earlier.replace("\r\n", "\n").strip("\n") + "\n")
        now, holds = checked_consistency(visitor.actor, records, known)
    except (FormatError, InputError, TamperError) as refused:
        return show(
            request, "security_checkpoint.html", WORDS, visitor=visitor, text=text, outcome=False,
            told=refused.said(visitor.lang), status=422,
        )  # fmt: skip
    words = WORDS["grown" if holds else "shrunk"].said(visitor.lang)
    told = words.format(earlier=known.size, now=now)
    return show(request, "security_checkpoint.html", WORDS, visitor=visitor, text=text, outcome=holds, told=told)


def _shown(request: Request, visitor: Visitor, asked: dict[str, str]) -> Response:
    records = house_of(request).records
    names = names_of(visitor.actor, records)
    found = read_audit(
        visitor.actor,
        records,
        subject=asked["subject"],
        by=_id_of(asked["by"], names),
        kind=_kind(asked["kind"]),
        since=_day(asked["since"]),
        until=_day(asked["until"], days=1),
    )
    names |= {one.id: one.name for one in house_of(request).settings.apps}
    rows = [_row(number, event, names, visitor.lang) for number, event in found[-_MOST:][::-1]]
    kinds = [(one.value, called(KINDS, one.value, visitor.lang)) for one in EventKind]
    return show(
        request, "security_audit.html", WORDS, visitor=visitor, rows=rows, asked=asked, kinds=kinds, count=len(found),
        most=_MOST,
    )  # fmt: skip


def _row(number: int, event: Event, names: dict[str, str], lang: str) -> dict[str, object]:
    at = datetime.fromtimestamp(event.at / 1e6, UTC)
    through = str(event.detail.get("through", ""))
    return {
        "number": number,
        "at": f"{at:%Y-%m-%d %H:%M:%S}",
        "who": names.get(event.actor, event.actor) or "suwen",
        "through": names.get(through, through),
        "kind": called(KINDS, event.kind.value, lang),
        "act": called(ACTS, event.act, lang),
        "purpose": called(PURPOSES, event.purpose, lang),
        "subject": names.get(event.subject, event.subject),
        "bad": event.outcome in {Outcome.DENY, Outcome.FAILURE},
        "outcome": called(OUTCOMES, event.outcome.value, lang),
        "detail": " · ".join(
            f"{name} {_short(value)}"
            for name, value in event.detail.items()
            if name != "through" and value not in ("", None)
        ),
    }


def _short(value: object) -> str:
    if isinstance(value, int) and value > _MICROSECONDS:
        return f"{datetime.fromtimestamp(value / 1e6, UTC):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, list | tuple):
        return ",".join(str(one) for one in value) if len(value) <= 3 else f"({len(value)})"
    return str(value)


def _kind(text: str) -> EventKind | None:
    try:
        return EventKind(text) if text else None
    except ValueError:
        raise InputError(
            "there is no such kind of entry; choose one of the list", zh="没有此类日志条目；请从列表中选择"
        ) from None


def _id_of(who: str, names: dict[str, str]) -> str:
    if not who.strip():
        return ""
    found = [id_ for id_, name in names.items() if name == who.strip().casefold() or id_ == who.strip().lower()]
    if len(found) != 1:
        raise NotFoundError("no account or device is called so", zh="没有该名称的账户或设备")
    return found[0]


def _day(text: str, *, days: int = 0) -> int | None:
    if not text.strip():
        return None
    try:
        day = datetime.fromisoformat(text.strip()).replace(tzinfo=UTC)
    except ValueError:
        raise InputError("write a day as 2026-11-30", zh="日期请写成 2026-11-30 的形式") from None
    return int((day + timedelta(days=days)).timestamp() * 1e6)
