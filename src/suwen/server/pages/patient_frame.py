"""The frame of a patient's pages: who it is, for what purpose the record is open, and the tabs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from suwen.consult import Demographics, Purpose, open_patient, purpose_for
from suwen.errors import NotFoundError
from suwen.server.house import house_of
from suwen.server.showing import Words, show
from suwen.server.visitors import Visitor
from suwen.subject import Saying

__all__ = ["TABS", "Head", "Tab", "head_of", "show_patient"]

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
)
_WORDS: Words = MappingProxyType(
    {
        "tabs": Saying("Pages of this patient", "患者页面"),
        "born": Saying("born", "出生"),
        "years": Saying("{years} years", "{years}岁"),
        "months": Saying("{months} months", "{months}个月"),
        "sex_female": Saying("female", "女"),
        "sex_male": Saying("male", "男"),
        "sex_other": Saying("other", "其他"),
        "sex_unknown": Saying("sex unknown", "性别不详"),
        "emergency": Saying(
            "Open by emergency access. Everything you do here is reviewed.", "经紧急授权打开，您的所有操作都将被复核。"
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Head:
    """Who the patient is, and for what purpose the visitor may open the record."""

    id: str
    demographics: Demographics
    purpose: Purpose

    @property
    def name(self) -> str:
        """The first name, or the first identifier where there is none."""
        return next(iter((*self.demographics.names, *self.demographics.identifiers)), "")

    @property
    def years(self) -> float | None:
        """Age today in years, None where the birth date is unknown."""
        if not self.demographics.birth_date:
            return None
        return (date.today() - date.fromisoformat(self.demographics.birth_date)).days / 365.25  # noqa: DTZ011


def head_of(request: Request, visitor: Visitor, patient: str) -> Head:
    """Open who a patient (id in hex) is. Raises AccessError, also for a patient there is not."""
    records = house_of(request).records
    purpose = purpose_for(visitor.actor, records, patient)
    found = open_patient(visitor.actor, records, patient, purpose=purpose, kinds=[_DEMOGRAPHICS])
    if not found:
        raise NotFoundError("the record does not say who the patient is; register the patient first")
    return Head(patient, Demographics.from_bytes(found[-1].payload), purpose)


def show_patient(
    request: Request, visitor: Visitor, head: Head, template: str, words: Mapping[str, Saying], **content: Any
) -> HTMLResponse:
    """A page of a patient: its template extends `patient_frame.html` and fills the block `page`."""
    return show(request, template, {**_WORDS, **words}, visitor=visitor, head=head, tabs=TABS, **content)
