"""Notes: each text of the record with what was read in it marked; corrected in place, with the differential beside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from suwen.consult import enter_note, keep_correction, withdraw_record
from suwen.errors import InputError, NotFoundError
from suwen.language.nouns import Status
from suwen.server.guard.parts import FormRoute
from suwen.server.house import house_of
from suwen.server.pages.differential_words import NOTES
from suwen.server.pages.notes_reading import (
    Marked,
    MarkedMention,
    NoteText,
    mark,
    put_right,
    require_same,
    text_at,
    texts_in,
)
from suwen.server.pages.notes_rules import rule_in
from suwen.server.pages.patient_frame import Head, head_of, open_head, show_patient
from suwen.server.pages.terms import features_of
from suwen.server.pages.weighing import Weighed, weigh
from suwen.server.showing import is_fragment
from suwen.server.visitors import Signed, Visitor

__all__ = ["router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)
Text = Annotated[str, Form()]
_TOP = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mark is: the record, the text in it, the number of the mark in the text."""

    record: str
    place: int
    number: int


class Putting(BaseModel):
    """How a mark is put right: `what` is wrong, status, code or undo; start, end and code say which mark was seen."""

    what: str
    start: int
    end: int
    was: str = ""
    status: str = ""
    code: str = ""


def _place(record: str, place: int, number: int) -> Place:
    return Place(record, place, number)


@router.get("/patients/{patient}/notes")
def notes(request: Request, visitor: Signed, patient: str) -> Response:
    """All texts, the latest open."""
    head = open_head(request, visitor, patient)
    texts = texts_in(head.look.records)
    return _shown(request, visitor, head, texts, texts[0] if texts else None)


@router.post("/patients/{patient}/notes")
def write(request: Request, visitor: Signed, patient: str, text: Text = "", title: Text = "") -> Response:
    """Keep a new note, and show it with its marks; what was typed is not lost where it is refused."""
    head = head_of(request, visitor, patient)
    plain = text.replace("\r\n", "\n")
    try:
        written = enter_note(
            visitor.actor, house_of(request).records, patient, plain, title=title, purpose=head.purpose
        )
    except InputError as wrong:
        opened = open_head(request, visitor, patient)
        texts = texts_in(opened.look.records)
        return _shown(
            request, visitor, opened, texts, texts[0] if texts else None, typed=(title, plain), wrong=wrong, status=422
        )
    return RedirectResponse(f"/patients/{patient}/notes/{written.id}/1", 303)


@router.get("/patients/{patient}/notes/{record}")
def first_text(request: Request, visitor: Signed, patient: str, record: str) -> Response:
    """The first text of a record."""
    head = open_head(request, visitor, patient)
    texts = texts_in(head.look.records)
    chosen = next((one for one in texts if one.record == record), None)
    if chosen is None and not any(one.id == record for one in head.look.records):
        raise NotFoundError("there is no such record of this patient", zh="该患者没有此记录")
    return _shown(request, visitor, head, texts, chosen)


@router.get("/patients/{patient}/notes/{record}/{place}")
def one_text(request: Request, visitor: Signed, patient: str, record: str, place: int) -> Response:
    """One text."""
    head = open_head(request, visitor, patient)
    texts = texts_in(head.look.records)
    return _shown(request, visitor, head, texts, text_at(texts, record, place))


@router.get("/patients/{patient}/notes/{record}/{place}/{number}")
def one_mark(request: Request, visitor: Signed, patient: str, record: str, place: int, number: int) -> Response:
    """One mark, to be put right: for htmx its form alone."""
    head = open_head(request, visitor, patient)
    texts = texts_in(head.look.records)
    return _shown(request, visitor, head, texts, text_at(texts, record, place), number=number)


@router.post("/patients/{patient}/notes/{record}/{place}/{number}")
def put_mark_right(
    request: Request,
    visitor: Signed,
    patient: str,
    place: Annotated[Place, Depends(_place)],
    said: Annotated[Putting, Form()],
) -> Response:
    """Put a mark right, and answer with the text and the new differential."""
    head = open_head(request, visitor, patient)
    text = text_at(texts_in(head.look.records), place.record, place.place)
    weighed = weigh(house_of(request), head, visitor.lang, top=_TOP)
    marked = _marked(request, visitor, head, text, weighed)
    if marked is None:
        raise NotFoundError("nothing is marked in this text", zh="该文本中没有任何标注")
    chosen = marked.numbered(place.number)
    require_same(chosen, said.start, said.end, said.was)
    _keep(request, visitor, head, text, chosen, said)
    if not is_fragment(request):
        return RedirectResponse(f"/patients/{patient}/notes/{text.path}", 303)
    head = open_head(request, visitor, patient)
    texts = texts_in(head.look.records)
    return _shown(request, visitor, head, texts, text_at(texts, place.record, place.place), before=weighed)


def _keep(request: Request, visitor: Visitor, head: Head, text: NoteText, chosen: MarkedMention, said: Putting) -> None:
    records, kept = house_of(request).records, chosen.kept
    if said.what == "undo":
        if kept is None:
            raise InputError("this mark was not corrected; there is nothing to undo", zh="该标注未被更正过，无可撤销")
        withdraw_record(visitor.actor, records, head.id, kept.record, base=kept.version, purpose=head.purpose)
        return
    term = features_of(house_of(request)).code(said.code, "en") if said.code else None
    name, now = visitor.account.name or visitor.account.login, datetime.now(UTC).isoformat(timespec="seconds")
    correction = put_right(chosen, text.text, said.what, status=said.status, code=term, by=name, at=now)
    record, base = (kept.record, kept.version) if kept else ("", 0)
    keep_correction(visitor.actor, records, head.id, correction, record=record, base=base, purpose=head.purpose)


def _shown(  # noqa: PLR0913 - what the page shows
    request: Request,
    visitor: Visitor,
    head: Head,
    texts: list[NoteText],
    chosen: NoteText | None,
    *,
    number: int = 0,
    before: Weighed | None = None,
    typed: tuple[str, str] = ("", ""),
    wrong: InputError | None = None,
    status: int = 200,
) -> Response:
    weighed = weigh(house_of(request), head, visitor.lang, top=_TOP)
    marked = _marked(request, visitor, head, chosen, weighed) if chosen else None
    template = "notes.html"
    if before is not None:
        template = "note_whole.html"
    elif number and is_fragment(request):
        template = "note_mark.html"
    return show_patient(
        request,
        visitor,
        head,
        template,
        NOTES,
        texts=texts,
        chosen=chosen,
        marked=marked,
        picked=marked.numbered(number) if marked and number else None,
        weighed=weighed,
        before={one.section.finding.code.value: one.chance for one in before.ranked} if before else {},
        statuses=[one.value for one in Status],
        rule_in=partial(rule_in, lang=visitor.lang),
        typed=typed,
        wrong=wrong,
        status=status,
    )


def _marked(request: Request, visitor: Visitor, head: Head, text: NoteText, weighed: Weighed) -> Marked | None:
    """The text with its marks; None where nothing can be read here."""
    if weighed.given is None or text.problem:
        return None
    reader = house_of(request).science.reader()
    return mark(text, reader, weighed.given.noun, head.look.records, visitor.lang)
