"""The ECG page: recordings of the record, one drawn on paper true to scale, its signs with their places; upload."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse

from suwen.consult import store_recording
from suwen.consult.waveforms import LARGEST
from suwen.errors import FormatError, InputError
from suwen.report.ecg_nouns import Paper, ReadEcg
from suwen.report.ecg_strings import say
from suwen.report.ecg_words import clock, lasting
from suwen.server.guard.parts import FormRoute
from suwen.server.house import House, house_of
from suwen.server.jobs import jobs_of
from suwen.server.pages.ecg_job import KIND
from suwen.server.pages.ecg_record import (
    HELD_KINDS,
    LIVE,
    Held,
    held_of,
    held_one,
    read_ecg,
    readings_of,
    recording_of,
)
from suwen.server.pages.ecg_view import drawings_of, paper_of, reading_content
from suwen.server.pages.ecg_words import ECG_WORDS
from suwen.server.pages.heart_forms import Fields
from suwen.server.pages.patient_frame import Head, head_of, show_patient
from suwen.server.showing import is_fragment
from suwen.server.visitors import Signed, Visitor

__all__ = ["router"]

router = APIRouter(include_in_schema=False, prefix="/patients/{patient}/ecg", route_class=FormRoute)
Language = Literal["en", "zh"]
Text = Annotated[str, Form(max_length=300)]


@router.get("")
def ecg_page(request: Request, visitor: Signed, patient: str) -> Response:
    """The recordings, the newest shown."""
    return _page(request, visitor, patient)


@router.get("/{record}/{part}")
def ecg_one(request: Request, visitor: Signed, patient: str, record: str, part: int) -> Response:
    """The recordings, one of them shown."""
    return _page(request, visitor, patient, (record, part))


@router.get("/{record}/{part}/reading")
def ecg_reading(request: Request, visitor: Signed, patient: str, record: str, part: int) -> Response:
    """What is read of one recording; a long one waits for a job."""
    head, held, read = _read(request, visitor, patient, record, part)
    template = "ecg_reading.html" if is_fragment(request) else "ecg_reading_page.html"
    return _show(request, visitor, head, template, chosen=held, **_content(read, held, visitor))


@router.get("/{record}/{part}/paper")
def ecg_paper(request: Request, visitor: Signed, patient: str, record: str, part: int) -> Response:
    """Sheets from a second on, in a layout; with `mark` the number of the sign whose place it is."""
    head, held, read = _read(request, visitor, patient, record, part)
    if read is None:
        raise InputError("this recording has not been read yet; read it first", zh="该记录尚未判读；请先判读")
    lang, asked = _lang(visitor), _query(request)
    drawn = drawings_of(read, paper_of(asked), lang)
    mark = (asked.get("mark") or ("",))[0]
    begin = (asked.get("begin") or ("",))[0]
    named = next((one.sign.said(lang) for one in read.marks if str(one.number) == mark), "")
    place = ECG_WORDS["at_place"].said(lang).format(number=mark, name=named, begin=clock(float(begin))) if named else ""
    template = "ecg_paper.html" if is_fragment(request) else "ecg_paper_page.html"
    return _show(request, visitor, head, template, chosen=held, marked=mark if named else "", place=place, **drawn)


@router.get("/{record}/{part}/print")
def ecg_print(request: Request, visitor: Signed, patient: str, record: str, part: int) -> Response:
    """A page for print: the paper true to scale with who and when, the signs in words."""
    head, held, read = _read(request, visitor, patient, record, part)
    if read is None:
        raise InputError("this recording has not been read yet; read it first", zh="该记录尚未判读；请先判读")
    drawn = drawings_of(read, paper_of(_query(request)), _lang(visitor))
    now = f"{datetime.now(UTC).astimezone():%Y-%m-%d %H:%M %Z}"
    content = {**reading_content(read, _lang(visitor)), **drawn}
    return _show(request, visitor, head, "ecg_print.html", chosen=held, now=now, **content)


@router.post("/{record}/{part}/read")
def ecg_read(request: Request, visitor: Signed, patient: str, record: str, part: int) -> Response:
    """Have a long recording read as a job."""
    head, held, read = _read(request, visitor, patient, record, part)
    place = f"/patients/{head.id}/ecg/{held.record}/{held.part}"
    if read is None:
        asked = {"patient": head.id, "record": held.record, "part": held.part}
        job = jobs_of(request).submit(
            visitor.actor, KIND.name, asked, KIND.title, patients=[head.id], purpose=head.purpose
        )
        place = f"/jobs/{job}"
    return _go(request, place)


@router.post("")
def ecg_upload(
    request: Request,
    visitor: Signed,
    patient: str,
    file: Annotated[UploadFile, File()],
    recorded: Text = "",
    title: Text = "",
) -> Response:
    """Read a file and keep it with the patient; what is wrong with it is said in place, and nothing is stored then."""
    head = head_of(request, visitor, patient)
    house = house_of(request)
    try:
        data = _uploaded(file, house)
        record, _ = store_recording(
            visitor.actor, house.records, head.id, data, recorded=recorded.strip(), title=title.strip(),
            purpose=head.purpose,
        )  # fmt: skip
    except (FormatError, InputError) as wrong:
        template = "ecg_upload_wrong.html" if is_fragment(request) else "ecg_upload_page.html"
        return _show(request, visitor, head, template, status=422, wrong=wrong.said(visitor.lang))
    return _go(request, f"/patients/{head.id}/ecg/{record.id}/0")


def _page(request: Request, visitor: Visitor, patient: str, chosen: tuple[str, int] | None = None) -> Response:
    head = head_of(request, visitor, patient, kinds=HELD_KINDS)
    house = house_of(request)
    found = held_of(head.look.records, readings_of(house))
    readable = [one for one in found if not one.problem]
    one = next((each for each in found if chosen == (each.record, each.part)), None) if chosen else None
    if one is None and not chosen:
        one = next(iter(readable), None)
    read = None if one is None else readings_of(house).get(one.key)
    content = {} if one is None or read is None else _content(read, one, visitor)
    return _show(
        request,
        visitor,
        head,
        "ecg.html",
        held=[(each, _described(each, visitor)) for each in found],
        chosen=one,
        gone=chosen is not None and one is None,
        ready=read is not None,
        largest=_largest(house) // 2**20,
        may_upload=head.may_annotate,
        **content,
    )


def _read(
    request: Request, visitor: Visitor, patient: str, record: str, part: int
) -> tuple[Head, Held, ReadEcg | None]:
    """One recording and its reading: a kept one, or read now; None where it is too long for that."""
    house = house_of(request)
    head = head_of(request, visitor, patient)
    opened, held = held_one(visitor.actor, house.records, head, record, part)
    kept = readings_of(house).get(held.key)
    if kept is not None or held.seconds > LIVE or held.size:
        return head, held, kept
    if held.problem:
        raise FormatError(held.problem.en, zh=held.problem.zh)
    read = read_ecg(recording_of(visitor.actor, house.records, head, opened, held), held, head)
    readings_of(house).put(held.key, read)
    return head, held, read


def _content(read: ReadEcg | None, held: Held, visitor: Visitor) -> dict[str, Any]:
    lang = _lang(visitor)
    if read is None:
        size = ECG_WORDS["large"].said(lang).format(size=f"{held.size / 2**20:.0f}")
        return {"read": None, "duration": lasting(held.seconds, lang) if held.seconds else size}
    drawn = drawings_of(read, Paper(), lang)
    return {**reading_content(read, lang), **drawn, "marked": "", "place": ""}


def _described(held: Held, visitor: Visitor) -> str:
    """What a recording is like, in a line."""
    lang = _lang(visitor)
    if held.problem:
        return ECG_WORDS["unreadable"].said(lang).format(why=held.problem.said(lang))
    if held.size:
        return ECG_WORDS["large"].said(lang).format(size=f"{held.size / 2**20:.0f}")
    leads = ", ".join(held.leads[:4]) + (f" … ({len(held.leads)})" if len(held.leads) > 4 else "")
    return f"{lasting(held.seconds, lang)} · {held.rate:g} Hz · {leads}"


def _uploaded(file: UploadFile, house: House) -> bytes:
    most = _largest(house)
    data = file.file.read(most + 1)
    if not data:
        raise InputError(ECG_WORDS["no_file"].en, zh=ECG_WORDS["no_file"].zh)
    if len(data) > most:
        said, largest = ECG_WORDS["too_large"], most // 2**20
        raise InputError(said.en.format(largest=largest), zh=said.zh.format(largest=largest))
    return data


def _largest(house: House) -> int:
    return min(LARGEST, house.settings.largest)


def _query(request: Request) -> Fields:
    """How to draw; nothing of a patient stands in a query."""
    return {name: (value[:20],) for name, value in request.query_params.items()}


def _go(request: Request, place: str) -> Response:
    if is_fragment(request):
        return Response(status_code=204, headers={"hx-redirect": place})
    return RedirectResponse(place, 303)


def _lang(visitor: Visitor) -> Language:
    return "zh" if visitor.lang == "zh" else "en"


def _show(request: Request, visitor: Visitor, head: Head, template: str, **content: Any) -> Response:
    tell = partial(say, lang=_lang(visitor))
    return show_patient(request, visitor, head, template, ECG_WORDS, tell=tell, **content)
