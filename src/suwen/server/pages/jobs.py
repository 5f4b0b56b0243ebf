"""Pages of jobs: how one's long work stands, live; what came of it; cancelling and removing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from suwen.server.guard.parts import FormRoute
from suwen.server.jobs import KINDS, Job, JobState, jobs_of
from suwen.server.pages.jobs_words import WORDS
from suwen.server.showing import show, templates, worded
from suwen.server.visitors import Signed, Visitor

__all__ = ["router"]

router = APIRouter(include_in_schema=False, prefix="/jobs", route_class=FormRoute)
_TONES = {JobState.DONE: "green", JobState.FAILED: "red", JobState.WAITS_FOR_OWNER: "amber"}


@router.get("")
def jobs(request: Request, visitor: Signed) -> Response:
    """One's own jobs, live."""
    found = [_line(one, visitor.lang) for one in jobs_of(request).list(visitor.actor)]
    return show(request, "jobs.html", WORDS, visitor=visitor, jobs=found)


@router.get("/stream")
def jobs_stream(request: Request, visitor: Signed) -> Response:
    """The list again at each change."""

    def draw(found: Sequence[Job]) -> str:
        return _part("jobs_rows.html", visitor, jobs=[_line(one, visitor.lang) for one in found])

    return jobs_of(request).stream_all(visitor.actor, draw, key=f"rows {visitor.lang} {visitor.csrf}")


@router.get("/{job}")
def job_page(request: Request, visitor: Signed, job: str) -> Response:
    """One job, live."""
    found = jobs_of(request).get(visitor.actor, job)
    return show(request, "jobs_one.html", WORDS, visitor=visitor, job=_line(found, visitor.lang))


@router.get("/{job}/stream")
def job_stream(request: Request, visitor: Signed, job: str) -> Response:
    """How it stands, again at each change."""

    def draw(found: Job) -> str:
        return _part("jobs_part.html", visitor, job=_line(found, visitor.lang))

    return jobs_of(request).stream(visitor.actor, job, draw, key=f"one {visitor.lang} {visitor.csrf}")


@router.get("/{job}/result")
def job_result(request: Request, visitor: Signed, job: str) -> Response:
    """What came of a job whose kind has no page of its own."""
    desk = jobs_of(request)
    found, result = desk.get(visitor.actor, job), desk.result(visitor.actor, job)
    line, facts = _line(found, visitor.lang), _facts(result)
    return show(request, "jobs_result.html", WORDS, visitor=visitor, job=line, facts=facts, files=found.files)


@router.get("/{job}/files/{name}")
def job_file(request: Request, visitor: Signed, job: str, name: str) -> Response:
    """A file that came of a job, to be saved: whatever it is, the browser does not show it as a page of ours."""
    file, content = jobs_of(request).file(visitor.actor, job, name)
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"}
    return Response(content, media_type=file.type, headers=headers)


@router.post("/{job}/cancel")
def job_cancel(request: Request, visitor: Signed, job: str) -> Response:
    """Stop a job for good."""
    jobs_of(request).cancel(visitor.actor, job)
    return RedirectResponse("/jobs", 303)


@router.post("/{job}/remove")
def job_remove(request: Request, visitor: Signed, job: str) -> Response:
    """Remove a job that is over."""
    jobs_of(request).remove(visitor.actor, job)
    return RedirectResponse("/jobs", 303)


def _part(template: str, visitor: Visitor, **content: Any) -> str:
    given = {"say": worded(WORDS, visitor.lang), "lang": visitor.lang, "csrf": visitor.csrf, **content}
    return templates().get_template(template).render(given)


def _line(job: Job, lang: str) -> dict[str, Any]:
    """What a template shows of a job."""
    kind = KINDS.get(job.kind)
    page = kind.page(job) if kind and kind.page else f"/jobs/{job.id}/result"
    return {
        "id": job.id,
        "title": job.title.said(lang),
        "kind": kind.title.said(lang) if kind else job.kind,
        "state": job.state.value.replace(" ", "_"),
        "tone": _TONES.get(job.state, ""),
        "over": job.state.over,
        "percent": round(100 * job.share),
        "known": job.whole > 0,
        "done": job.done,
        "whole": job.whole,
        "said": job.said.said(lang) if job.said else "",
        "reason": job.reason.said(lang) if job.reason else "",
        "asked": _moment(job.created),
        "changed": _moment(job.changed),
        "result": page if job.state is JobState.DONE else "",
    }


def _moment(at: int) -> str:
    """A time in the zone of the server, to the minute."""
    return f"{datetime.fromtimestamp(at / 1_000_000, UTC).astimezone():%Y-%m-%d %H:%M}"


def _facts(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A result in lines: what is no plain value is shown as JSON."""
    plain = (str, int, float)
    return [
        (name, str(one) if isinstance(one, plain) else json.dumps(one, ensure_ascii=False, indent=1))
        for name, one in result.items()
    ]
