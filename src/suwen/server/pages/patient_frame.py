"""The frame of a patient's pages: who it is, for what purpose the record is open, and the tabs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from suwen.consult import Act, Consultation, Demographics, Look, Purpose, look
from suwen.consult.facts import reason_in
from suwen.errors import NotFoundError
from suwen.report.strings import STRINGS, phrase
from suwen.server.house import house_of
from suwen.server.showing import Words, show
from suwen.server.visitors import Visitor
from suwen.subject import Saying

__all__ = [
    "OTHER_DISEASE",
    "TABS",
    "Head",
    "Tab",
    "aged",
    "head_of",
    "kind_name",
    "moment",
    "open_head",
    "show_patient",
]

_DEMOGRAPHICS = "Demographics"


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the pages of a patient: its path behind /patients/{patient}, and its name."""

    path: str
    name: Saying


TABS = (
    Tab("", Saying("Summary", "概要")),
    Tab("/timeline", Saying("Timeline", "时间线")),
    Tab("/notes", Saying("Notes", "病程记录")),
    Tab("/differential", Saying("Differential", "鉴别诊断")),
    Tab("/heart", Saying("Heart", "心血管")),
    Tab("/ecg", Saying("ECG", "心电图")),
    Tab("/images", Saying("Images", "影像")),
    Tab("/findings", Saying("Findings", "发现")),
    Tab("/report", Saying("Report", "报告")),
    Tab("/apps", Saying("Apps", "应用")),
)
OTHER_DISEASE = Saying(
    "A disease other than those listed", "所列以外的疾病"
)  # in lists, "none of these" is none of what?
_WORDS: Words = MappingProxyType(
    {
        "tabs": Saying("Pages of this patient", "患者页面"),
        "born": Saying("born", "出生"),
        "years": Saying("{n} years", "{n}岁"),
        "months": Saying("{n} months", "{n}个月"),
        "weeks": Saying("{n} weeks", "{n}周"),
        "days": Saying("{n} days", "{n}天"),
        "day": Saying("{n} day", "{n}天"),
        "other_disease": OTHER_DISEASE,
        "sex_female": Saying("female", "女"),
        "sex_male": Saying("male", "男"),
        "sex_other": Saying("other", "其他"),
        "sex_unknown": Saying("sex unknown", "性别不详"),
        "emergency": Saying(
            "Open by emergency access. Everything you do here is reviewed.", "经紧急授权打开，您的所有操作都将被复核。"
        ),
    }
)


_MONTHS_SAID = 24
_1970 = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Head:
    """Who the patient is, for what purpose the visitor may open the record, and what was opened of it."""

    id: str
    demographics: Demographics
    purpose: Purpose
    look: Look = field(repr=False)

    @property
    def name(self) -> str:
        """The first name, or the first identifier where there is none."""
        return next(iter((*self.demographics.names, *self.demographics.identifiers)), "")

    @property
    def age(self) -> tuple[int, str] | None:
        """Age today as it is said of a person of that age: a number and the word of its unit; None where it is unknown.

        Days in the first four weeks, weeks up to three months, months up to two years: what doses and norms go by.
        """
        if not self.demographics.birth_date:
            return None
        born, today = date.fromisoformat(self.demographics.birth_date), date.today()  # noqa: DTZ011
        return aged(born, today)

    @property
    def may_diagnose(self) -> bool:
        """Whether the visitor may consult and judge findings: what is offered, never instead of the decision."""
        return Act.DIAGNOSE in self.look.may

    @property
    def may_annotate(self) -> bool:
        """Whether the visitor may write notes, enter features and correct what was read."""
        return Act.ANNOTATE in self.look.may

    @property
    def may_export(self) -> bool:
        """Whether the visitor may take a report out of the house."""
        return Act.EXPORT in self.look.may

    @property
    def consultation(self) -> Consultation:
        """What was filed last. Raises NotFoundError where it was not opened."""
        if self.look.consultation is None:
            raise NotFoundError("what was filed was not opened for this page", zh="本页未打开已归档的内容")
        return self.look.consultation


def aged(born: date, today: date) -> tuple[int, str]:
    """An age in completed units: a number and the word of its unit (days, weeks, months, years)."""
    days = max(0, (today - born).days)
    if days < 4 * 7:
        return days, "day" if days == 1 else "days"
    if days < 13 * 7:
        return days // 7, "weeks"
    months = 12 * (today.year - born.year) + today.month - born.month - (today.day < born.day)
    return (months, "months") if months < _MONTHS_SAID else (months // 12, "years")


def head_of(request: Request, visitor: Visitor, patient: str, *, kinds: Iterable[str] = ()) -> Head:
    """Open who a patient (id in hex) is, and records of `kinds` along (`look.records`).

    Raises AccessError, also for a patient there is not.
    """
    return _head(look(visitor.actor, house_of(request).together, patient, kinds=[_DEMOGRAPHICS, *kinds]))


def open_head(request: Request, visitor: Visitor, patient: str, *, keep: bool = False, take: bool = False) -> Head:
    """Open the whole record with what was filed last, in one piece; `keep` and `take` as of `look`."""
    together = house_of(request).together
    return _head(look(visitor.actor, together, patient, consulted=True, keep=keep, take=take))


def _head(found: Look) -> Head:
    who = [one for one in found.records if one.kind == _DEMOGRAPHICS]
    if not who:
        raise NotFoundError(
            "the record does not say who the patient is; register the patient first",
            zh="病历未说明患者身份；请先登记患者",
        )
    return Head(found.patient, Demographics.from_bytes(who[-1].payload), found.purpose, found)


def show_patient(
    request: Request, visitor: Visitor, head: Head, template: str, words: Mapping[str, Saying], **content: Any
) -> HTMLResponse:
    """A page of a patient: its template extends `patient_frame.html` and fills the block `page`.

    Beside `say` its template has the words of the reports, `told("key", name=value)`, `kind_name(kind)` for types of
    record, `reason_in(reason)` of what was left out, and `when(microseconds)`.
    """
    given: dict[str, Any] = {
        "told": partial(phrase, lang="zh" if visitor.lang == "zh" else "en"),
        "kind_name": partial(kind_name, lang=visitor.lang),
        "reason_in": partial(reason_in, lang=visitor.lang),
        "when": moment,
    }
    return show(request, template, {**_WORDS, **words}, visitor=visitor, head=head, tabs=TABS, **given, **content)


def kind_name(kind: str, *, lang: str) -> str:
    """The name of a type of record for a reader; one that has no words keeps its name."""
    return phrase(f"type_{kind}", "zh" if lang == "zh" else "en") if f"type_{kind}" in STRINGS else kind


def moment(at: int) -> str:
    """A time in microseconds UTC to the minute, in the zone of this house."""
    return f"{(_1970 + timedelta(microseconds=at)).astimezone():%Y-%m-%d %H:%M}"
