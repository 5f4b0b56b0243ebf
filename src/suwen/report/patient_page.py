"""Words a whole consultation as a report on a patient, the same for every page it is laid out on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING

from suwen.report.chart import evidence_axis
from suwen.report.patient_areas import area_view, gap_facts, silent
from suwen.report.patient_findings import finding_view, review_views
from suwen.report.patient_view import Fact, GapsView, Head, PatientView, ProvenanceView
from suwen.report.patient_voice import Voice, cleaned, moment_text
from suwen.report.strings import Language
from suwen.report.wording import DAYS_PER_YEAR, age_text, maker_text

if TYPE_CHECKING:
    from suwen.consult.nouns import Consultation

__all__ = ["patient_view"]

NOBODY: Mapping[str, str] = MappingProxyType({})
_NAME_ON_PAGES = 24  # characters of a name at the head of every page; the first page has all of it
_ID_ON_PAGES = 40


def patient_view(
    consultation: Consultation, *, lang: Language, created: datetime, people: Mapping[str, str] | None = None
) -> PatientView:
    """Word everything that all areas say about one patient.

    `created` is printed, and all times are told in its zone; `people` names accounts (id to name) that a review does
    not name itself. Raises InputError for an unknown language and for a time without a zone.
    """
    voice = Voice(lang, created, people or NOBODY)
    worded = [filed.worded(lang) for filed in consultation.findings]
    axis = evidence_axis(evidence.weight for finding in worded for evidence in finding.evidence)
    titles = {report.area: voice.pick(report.title) or report.area for report in consultation.areas}
    titles[""] = voice.say("by_hand")
    numbered = list(enumerate(consultation.findings, start=1))
    reviews = chain.from_iterable(
        zip((review.at for review in filed.reviews), review_views(filed, number, voice), strict=True)
        for number, filed in numbered
    )
    view = PatientView(
        lang=lang,
        head=_head(consultation, voice),
        axis=axis,
        findings=tuple(
            finding_view(filed, number, titles.get(filed.area, filed.area), axis, voice) for number, filed in numbered
        ),
        areas=tuple(
            area_view(report, number, consultation, voice) for number, report in enumerate(consultation.areas, start=1)
        ),
        gaps=GapsView(tuple(gap_facts(consultation, voice))),
        provenance=_provenance(consultation, voice),
        reviews=tuple(view for _, view in sorted(reviews, key=lambda pair: pair[0])),
    )
    return cleaned(view)


def _head(consultation: Consultation, voice: Voice) -> Head:
    who, count = consultation.demographics, len(consultation.findings)
    unreviewed = sum(filed.verdict is None for filed in consultation.findings)
    first = next(iter((*who.names, *who.identifiers)), "")
    label = (_cut(first, _NAME_ON_PAGES), who.birth_date, _cut(consultation.patient, _ID_ON_PAGES))
    key = "matters_lead" if count else "no_findings_patient"
    without = silent(consultation)
    names = voice.say("list_comma").join(voice.pick(report.title) or report.area for report in without)
    gaps = voice.say("gaps_summary", count=len(without), total=len(consultation.areas), names=names)
    return Head(
        title=voice.say("report_of", patient=consultation.patient),
        label=" · ".join(filter(None, label)),
        created=moment_text(voice.created),
        facts=tuple(_who(consultation, voice)),
        lead=voice.say(key, count=count, unreviewed=unreviewed),
        gaps=gaps if without else "",
    )


def _who(consultation: Consultation, voice: Voice) -> Iterator[Fact]:
    who, unknown = consultation.demographics, (voice.say("unknown"),)
    yield Fact(voice.say("names"), who.names or unknown)
    yield Fact(voice.say("born"), (_born(who.birth_date, voice) or voice.say("unknown"),))
    yield Fact(voice.say("sex"), (voice.say(f"sex_{who.sex.value}"),))
    yield Fact(voice.say("identifiers"), who.identifiers or unknown)
    yield Fact(voice.say("record_id"), (consultation.patient,))
    yield Fact(voice.say("analysed"), (voice.when(consultation.at),))
    yield Fact(voice.say("created_label"), (moment_text(voice.created),))


def _born(birth_date: str, voice: Voice) -> str:
    if not birth_date:
        return ""
    born, today = date.fromisoformat(birth_date), voice.created.date()
    birthdays = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    years = birthdays if birthdays >= 2 else (today - born).days / DAYS_PER_YEAR
    return voice.say("born_age", date=birth_date, age=age_text(years, voice.lang)) if years >= 0 else birth_date


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _provenance(consultation: Consultation, voice: Voice) -> ProvenanceView:
    findings = [filed.worded(voice.lang) for filed in consultation.findings]
    makers = dict.fromkeys(maker_text(finding.maker, voice.lang) for finding in findings)
    stated = [finding.chance.calibration for finding in findings if finding.chance.value is not None]
    calibrations = dict.fromkeys(one or voice.say("not_calibrated") for one in stated)
    return ProvenanceView(
        facts=(
            Fact(voice.say("makers"), tuple(makers) or (voice.say("none_recorded"),)),
            Fact(voice.say("calibration"), tuple(calibrations) or (voice.say("none_recorded"),)),
        ),
        limits=tuple(voice.say(key) for key in ("limit_report", "limit_record", "limit_silence", "chance_scale")),
    )
