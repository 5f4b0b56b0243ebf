"""Everything of a patient by date: resources, findings and what people said of them, all or one kind at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from suwen.consult import Filed
from suwen.errors import NotFoundError
from suwen.report.strings import phrase
from suwen.server.pages.patient_facts import stated_in, summed_up
from suwen.server.pages.patient_frame import Head, moment, open_head, show_patient
from suwen.server.pages.patient_words import TIMELINE
from suwen.server.visitors import Language, Signed

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
ON_A_PAGE = 100
_OWN = frozenset({"Finding", "Consult", "Demographics", "Correction", "DicomSeries", "ImageReading"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: the day or minute it speaks of ("" unknown), its kind, what it says, and where it leads ("" nowhere).

    `state` is "" or what is to be seen at once: unreadable, no_longer, or the verdict of a review.
    """

    when: str
    kind: str
    what: str
    value: str = ""
    state: str = ""
    path: str = ""

    @property
    def year(self) -> str:
        """The year it stands under, "" unknown."""
        return self.when[:4]


@router.get("/patients/{patient}/timeline")
def timeline(request: Request, visitor: Signed, patient: str, page: int = 1) -> Response:
    """Everything."""
    return _shown(request, visitor, patient, "", page)


@router.get("/patients/{patient}/timeline/{kind}")
def of_kind(request: Request, visitor: Signed, patient: str, kind: str, page: int = 1) -> Response:
    """What is of one kind: a type of resource, Finding, or Review."""
    return _shown(request, visitor, patient, kind, page)


def _shown(request: Request, visitor: Signed, patient: str, kind: str, page: int) -> Response:
    head = open_head(request, visitor, patient)
    entries = sorted(_entries(head, visitor.lang), key=lambda one: one.when, reverse=True)
    kinds = Counter(one.kind for one in entries)
    if kind and kind not in kinds:
        raise NotFoundError(TIMELINE["none"].said(visitor.lang))
    chosen = [one for one in entries if not kind or one.kind == kind]
    pages = max(1, -(-len(chosen) // ON_A_PAGE))
    here = min(max(page, 1), pages)
    return show_patient(
        request,
        visitor,
        head,
        "timeline.html",
        TIMELINE,
        entries=chosen[(here - 1) * ON_A_PAGE : here * ON_A_PAGE],
        kinds=kinds,
        kind=kind,
        total=len(entries),
        page=here,
        pages=pages,
    )


def _entries(head: Head, lang: Language) -> Iterator[Entry]:
    for one in head.look.records:
        if one.kind in _OWN:
            continue
        said = summed_up(one)
        if said is None:
            yield Entry(moment(one.at)[:10], one.kind, "", state="unreadable")
        else:
            path = (
                f"/patients/{head.id}/notes/{one.id}" if one.kind in {"DocumentReference", "DiagnosticReport"} else ""
            )
            yield Entry(said.when[:10], one.kind, said.what, stated_in(one) or said.value[:300], path=path)
    for filed in head.consultation.findings:
        yield from _judged(head, filed, lang)


def _judged(head: Head, filed: Filed, lang: Language) -> Iterator[Entry]:
    code, path = filed.worded(lang).code, f"/patients/{head.id}/findings/{filed.record}"
    name = code.label or code.value
    yield Entry(moment(filed.at), "Finding", name, state="" if filed.standing else "no_longer", path=path)
    for review in filed.reviews:
        verdict = phrase(f"verdict_{review.verdict.value}", "zh" if lang == "zh" else "en")
        yield Entry(moment(review.at), "Review", name, f"{verdict}: {review.reason} — {review.name}", path=path)
