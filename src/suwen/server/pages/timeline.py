"""Everything of a patient by date: resources, findings and what people said of them, all or one kind at a time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from types import MappingProxyType

from fastapi import APIRouter, Request, Response

from suwen.consult import Filed
from suwen.diagnosis import NONE_OF_THESE
from suwen.errors import NotFoundError
from suwen.report.strings import phrase
from suwen.server.house import house_of
from suwen.server.pages.patient_facts import stated_in
from suwen.server.pages.patient_frame import OTHER_DISEASE, Head, kind_name, moment, open_head, show_patient
from suwen.server.pages.patient_said import Names, leads_to, names_in, said_in
from suwen.server.pages.patient_words import TIMELINE
from suwen.server.visitors import Language, Signed

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
ON_A_PAGE = 100
_OURS = MappingProxyType({"Finding": "finding", "Review": "review_one"})
_FEW = 2  # findings of one consult that are shown one by one
_OWN = frozenset(
    {"Finding", "Consult", "Demographics", "Correction", "DicomSeries", "ImageFile", "ImageMeasurement", "ImageReading"}
)


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
    parts: tuple[Entry, ...] = ()  # what one consult filed, when all is shown

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
    names = names_in(house_of(request), visitor.lang)
    entries = sorted(_entries(head, visitor.lang, names), key=lambda one: one.when, reverse=True)
    kinds = Counter(one.kind for one in entries)
    if kind and kind not in kinds:
        raise NotFoundError(TIMELINE["none"].en, zh=TIMELINE["none"].zh)
    chosen = [one for one in entries if one.kind == kind] if kind else _folded(entries, f"/patients/{head.id}/findings")
    pages = max(1, -(-len(chosen) // ON_A_PAGE))
    here = min(max(page, 1), pages)
    return show_patient(
        request,
        visitor,
        head,
        "timeline.html",
        TIMELINE,
        kind_one=partial(_one_of, lang=visitor.lang),
        entries=chosen[(here - 1) * ON_A_PAGE : here * ON_A_PAGE],
        kinds=kinds,
        kind=kind,
        total=len(entries),
        page=here,
        pages=pages,
    )


def _one_of(kind: str, lang: Language) -> str:
    """The name of one thing of a kind: in English that of FHIR in words, in Chinese as that of many."""
    if kind in _OURS:
        return TIMELINE[_OURS[kind]].said(lang)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind)
    return kind_name(kind, lang=lang) if lang == "zh" else words[:1] + words[1:].lower()


def _folded(entries: list[Entry], path: str) -> list[Entry]:
    """What one consult filed as one entry: twenty findings of a minute would hide what happened to the patient."""
    found: list[Entry] = []
    for when, group in groupby(entries, key=lambda one: one.when if one.kind == "Finding" else ""):
        several = list(group)
        if when and len(several) > _FEW:
            found.append(Entry(when, "Finding", "", path=path, parts=tuple(several)))
        else:
            found += several
    return found


def _entries(head: Head, lang: Language, names: Names | None) -> Iterator[Entry]:
    for one in head.look.records:
        if one.kind in _OWN:
            continue
        said = said_in(one, lang, names)
        if said is None:
            yield Entry(moment(one.at)[:10], one.kind, "", state="unreadable")
        else:
            place = leads_to(one)
            path = f"/patients/{head.id}{place}" if place else ""
            yield Entry(said.when[:10], one.kind, said.what, stated_in(one) or said.value[:300], path=path)
    for filed in head.consultation.findings:
        yield from _judged(head, filed, lang)


def _judged(head: Head, filed: Filed, lang: Language) -> Iterator[Entry]:
    code, path = filed.worded(lang).code, f"/patients/{head.id}/findings/{filed.record}"
    name = OTHER_DISEASE.said(lang) if code.value == NONE_OF_THESE else code.label or code.value
    yield Entry(moment(filed.at), "Finding", name, state="" if filed.standing else "no_longer", path=path)
    for review in filed.reviews:
        verdict = phrase(f"verdict_{review.verdict.value}", "zh" if lang == "zh" else "en")
        yield Entry(moment(review.at), "Review", name, f"{verdict}: {review.reason} — {review.name}", path=path)
