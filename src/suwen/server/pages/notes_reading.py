"""The texts of a record and what is marked in them, with what people put right: before a page shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from suwen.consult import KeptCorrection, Record, corrections_in, resource_of
from suwen.errors import ConflictError, InputError, NotFoundError
from suwen.formats.fhir import Json, summarise
from suwen.formats.fhir.attachments import texts_of
from suwen.language.corrections import Correction, correct, text_digest
from suwen.language.nouns import Mention, Status
from suwen.language.reader import NoteReader
from suwen.report.note_page import NotePage, NoteView, Row, note_view
from suwen.server.pages.weighing import tongue_of
from suwen.subject import Code, Patient, Saying

__all__ = ["Marked", "MarkedMention", "NoteText", "mark", "put_right", "require_same", "text_at", "texts_in"]

_KINDS = frozenset({"DocumentReference", "DiagnosticReport", "Condition", "Observation"})
_TRACING = "11524-6"  # LOINC: EKG study; its file is no text


@dataclass(frozen=True, slots=True)
class NoteText:
    """A text of the record: the record that holds it, its place among that record's texts, what it is called, when."""

    record: str
    place: int
    kind: str
    title: str
    day: str
    text: str = field(repr=False)
    problem: Saying | None = None

    @property
    def path(self) -> str:
        """Its path behind /patients/{patient}/notes."""
        return f"{self.record}/{self.place}"


@dataclass(frozen=True, slots=True)
class MarkedMention:
    """A mention as it counts now: `was` as it was read, `kept` the correction that was made of it, if any."""

    number: int
    was: Mention
    now: Mention
    row: Row
    kept: KeptCorrection | None = None

    @property
    def struck(self) -> bool:
        """Whether somebody said that the words name nothing of the kind."""
        return self.kept is not None and self.kept.correction.rejected


@dataclass(frozen=True, slots=True)
class Marked:
    """A text with its marks."""

    text: NoteText
    view: NoteView
    mentions: tuple[MarkedMention, ...]

    def numbered(self, number: int) -> MarkedMention:
        """The mention with a number from 1. Raises NotFoundError."""
        if not 1 <= number <= len(self.mentions):
            raise NotFoundError("the text has no such mark; look at it again", zh="该文本没有此标注；请重新查看")
        return self.mentions[number - 1]


def texts_in(records: Sequence[Record]) -> list[NoteText]:
    """Every text of the record, the latest first."""
    found = [text for one in records if one.kind in _KINDS for text in _texts(one)]
    return sorted(found, key=lambda one: (one.day, one.record), reverse=True)


def text_at(texts: Sequence[NoteText], record: str, place: int) -> NoteText:
    """The text at a place of a record. Raises NotFoundError."""
    for one in texts:
        if (one.record, one.place) == (record, place):
            return one
    raise NotFoundError("the record holds no such text", zh="该记录不含此文本")


def mark(text: NoteText, reader: NoteReader, about: Patient, records: Sequence[Record], lang: str) -> Marked:
    """Read a text and mark it, labels in a language; `about` says whose sex and age values are held against."""
    said = _said(records, text.text)
    read = reader.read(text.text, sex=about.sex, age_years=about.age_years)
    was = [replace(one, code=reader.code(one.code, lang)) for one in read.mentions]
    kept = [said.get((one.start, one.end, one.code.value)) for one in was]
    now = [_now(one, each.correction if each else None, reader, lang) for one, each in zip(was, kept, strict=True)]
    view = note_view(
        NotePage(text.title, text.text, tuple(now), read.person.sex, read.person.age_years), tongue_of(lang)
    )
    mentions = (
        MarkedMention(number, *parts)
        for number, parts in enumerate(zip(was, now, view.rows, kept, strict=True), start=1)
    )
    return Marked(text, view, tuple(mentions))


def put_right(
    chosen: MarkedMention,
    text: str,
    what: str,
    *,
    status: str = "",
    code: Code | None = None,
    by: str = "",
    at: str = "",
) -> Correction:
    """The correction that a person makes: `what` is wrong, status or code. What was corrected before is kept with it.

    Raises InputError where nothing is changed.
    """
    before = None if chosen.struck or chosen.kept is None else chosen.kept.correction
    if what == "wrong":
        return correct(text, chosen.was, reject=True, by=by, at=at)
    if what == "status":
        known = {one.value: one for one in Status}
        if status not in known:
            raise InputError(f"a status is one of {', '.join(known)}", zh=f"状态须为以下之一：{'、'.join(known)}")
        return correct(text, chosen.was, code=before.code if before else None, status=known[status], by=by, at=at)
    if what == "code" and code is not None:
        return correct(text, chosen.was, code=code, status=before.status if before else None, by=by, at=at)
    raise InputError(
        "say what is so: nothing of the kind, another status, or another concept of the list",
        zh="请说明实际情况：并无此事、状态不同，或为列表中的其他概念",
    )


def require_same(chosen: MarkedMention, start: int, end: int, was: str) -> None:
    """Refuse what was said of another mark than stands there now. Raises ConflictError."""
    if (chosen.was.start, chosen.was.end, chosen.was.code.value) != (start, end, was):
        raise ConflictError(
            "the text is read otherwise now than when it was shown; look at it again",
            zh="该文本当前的识别结果与显示时不同；请重新查看",
        )


def _texts(record: Record) -> Iterator[NoteText]:
    resource = resource_of(record)
    if resource is None or _is_tracing(resource):
        return
    said = summarise(resource)
    for place, one in enumerate(texts_of(resource), start=1):
        title = _title(resource, one.where) or said.what or record.kind
        yield NoteText(record.id, place, record.kind, title, said.when[:10], one.text, one.problem)


def _title(resource: Json, where: str) -> str:
    """The title of the attachment, where it has one."""
    if not where.startswith("content["):
        return ""
    content = resource["content"][int(where[len("content[") : where.index("]")])]
    title = content.get("attachment", {}).get("title", "")
    return title if isinstance(title, str) else ""


def _is_tracing(resource: Json) -> bool:
    concept = resource.get("type")
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return isinstance(codings, list) and any(isinstance(one, dict) and one.get("code") == _TRACING for one in codings)


def _said(records: Sequence[Record], text: str) -> dict[tuple[int, int, str], KeptCorrection]:
    digest = text_digest(text)
    found = (one for one in corrections_in(records) if one.correction.text_digest == digest)
    return {(one.correction.start, one.correction.end, one.correction.was[0]): one for one in found}


def _now(mention: Mention, correction: Correction | None, reader: NoteReader, lang: str) -> Mention:
    """A mention as it counts; one that was struck out stays as it was read, and the page strikes it out."""
    if correction is None or correction.code is None or correction.status is None:
        return mention
    return replace(mention, code=reader.code(correction.code, lang), status=correction.status, question="")
