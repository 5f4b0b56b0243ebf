"""Screening at the drug desk: a library and goals become a job; its counts live, its result as a table and files."""

from __future__ import annotations

from pathlib import PurePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Request, Response, UploadFile
from fastapi.responses import RedirectResponse, StreamingResponse

from suwen.errors import FormatError, InputError
from suwen.server.guard.parts import FormRoute
from suwen.server.jobs import Job, JobState, jobs_of
from suwen.server.pages.heart_forms import Sent
from suwen.server.pages.molecules_job import LARGEST, MOST_PACKED, SCREENING, pack
from suwen.server.pages.molecules_reading import kind_of_file, lacking
from suwen.server.pages.molecules_words import MOLECULE_WORDS
from suwen.server.showing import is_fragment, show, templates, worded
from suwen.server.visitors import Signed, Visitor
from suwen.subject import Saying

__all__ = ["router"]

router = APIRouter(include_in_schema=False, prefix="/molecules/screening", route_class=FormRoute)
Language = Literal["en", "zh"]
_MARK = {"en": "; ", "zh": "；"}


@router.get("")
def screening_form(request: Request, visitor: Signed) -> Response:
    """The form of goals."""
    return _form(request, visitor)


@router.post("")
def screening_begin(request: Request, visitor: Signed, file: Annotated[UploadFile, File()], sent: Sent) -> Response:
    """Check the goals and the library, and begin; what is wrong is said in place."""
    from suwen.server.pages.molecules_goals import goals_tree_of  # noqa: PLC0415 - RDKit is an extra

    try:
        goals = goals_tree_of(sent)
        data = file.file.read(LARGEST + 1)
        name = PurePath(file.filename or "").name[:100]
        asked = {"goals": goals, "suffix": kind_of_file(name, data), "name": name, "library": pack(data)}
    except (FormatError, InputError) as wrong:
        return _form(request, visitor, wrong=wrong)
    title = SCREENING.title
    named = Saying(f"{title.en}: {name}", f"{title.zh}：{name}")
    job = jobs_of(request).submit(visitor.actor, SCREENING.name, asked, named)
    place = f"/molecules/screening/{job}"
    if is_fragment(request):
        return Response(status_code=204, headers={"hx-redirect": place})
    return RedirectResponse(place, 303)


@router.get("/{job}")
def screening_one(request: Request, visitor: Signed, job: str) -> Response:
    """A screening: its counts while it runs, its result when it is done."""
    from suwen.server.pages.molecules_view import given  # noqa: PLC0415

    desk = jobs_of(request)
    found = desk.get(visitor.actor, job)
    if found.state is not JobState.DONE:
        return _show(request, visitor, "molecules_running.html", **_running(found, visitor.lang))
    result = desk.result(visitor.actor, job)[visitor.lang]
    return _show(
        request,
        visitor,
        "molecules_screened.html",
        job=found,
        result=result,
        files=[one.name for one in found.files],
        drawings=[_drawing(one["smiles"], one["name"]) for one in result["kept"]],
        **given(_lang(visitor)),
    )


@router.get("/{job}/stream")
def screening_stream(request: Request, visitor: Signed, job: str) -> StreamingResponse:
    """The counts again at each change."""

    def draw(found: Job) -> str:
        given = {"say": worded(MOLECULE_WORDS, visitor.lang), "csrf": visitor.csrf, **_running(found, visitor.lang)}
        return templates().get_template("molecules_counts.html").render(given)

    return jobs_of(request).stream(visitor.actor, job, draw, key=f"screening {visitor.lang} {visitor.csrf}")


def _running(found: Job, lang: str) -> dict[str, Any]:
    """How a screening stands: a line for each stage so far."""
    said = found.said.said(lang) if found.said else ""
    return {
        "job": found,
        "state": found.state.value.replace(" ", "_"),
        "over": found.state.over,
        "lines": [one for one in said.split(_MARK["zh" if lang == "zh" else "en"]) if one],
        "percent": round(100 * found.share),
    }


def _drawing(smiles: str, name: str) -> str:
    from suwen.report.molecule_pictures import small  # noqa: PLC0415

    return small(smiles, name)


def _form(request: Request, visitor: Visitor, wrong: FormatError | InputError | None = None) -> Response:
    said = None if wrong is None else wrong.said(visitor.lang)
    if said and is_fragment(request):
        return _show(request, visitor, "molecules_refused.html", status=422, wrong=said)
    lacks = lacking()
    choices: dict[str, Any] = {}
    if not any(one.package == "rdkit" for one in lacks):
        from suwen.server.pages.molecules_goals import choices_of  # noqa: PLC0415

        choices = choices_of(visitor.lang)
    return _show(
        request,
        visitor,
        "molecules_screening.html",
        status=422 if wrong else 200,
        missing=lacks,
        wrong=said,
        size=LARGEST // 2**20,
        packed=f"{MOST_PACKED / 1e6:.1f}",
        choices=choices,
    )


def _show(request: Request, visitor: Visitor, template: str, **content: Any) -> Response:
    return show(request, template, MOLECULE_WORDS, visitor=visitor, **content)


def _lang(visitor: Visitor) -> Language:
    return "zh" if visitor.lang == "zh" else "en"
