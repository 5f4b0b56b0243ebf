"""A consultation as plain JSON, for programs: everything a report shows and more, in a stable order.

To change the layout: raise `FORMAT`, describe the change in the changelog, keep the tests of the old number readable.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from suwen.report.data import finding_json

if TYPE_CHECKING:
    from suwen.consult.nouns import AreaReport, Consultation, Filed, Review

__all__ = ["FORMAT", "consultation_json"]

FORMAT = 1

Json = dict[str, Any]


def consultation_json(consultation: Consultation) -> Json:
    """Return a consultation as JSON-ready dicts: findings in the order of what matters most, times in ISO 8601 UTC.

    Numbers are rounded as in `differential_json`; what is unknown is None; words and counts are sorted by their key.
    """
    who = consultation.demographics
    return {
        "format": FORMAT,
        "patient": consultation.patient,
        "demographics": {
            "identifiers": list(who.identifiers),
            "names": list(who.names),
            "birth_date": who.birth_date or None,
            "sex": who.sex.value,
        },
        "at": _time(consultation.at),
        "findings": [_filed(filed, place) for place, filed in enumerate(consultation.findings, start=1)],
        "areas": [_area(report) for report in consultation.areas],
        "available": _sorted(consultation.available),
    }


def _filed(filed: Filed, place: int) -> Json:
    return {
        "place": place,
        "record": filed.record,
        "version": filed.version,
        "at": _time(filed.at),
        "area": filed.area or None,
        "claim": filed.claim,
        "standing": filed.standing,
        "urgency": filed.urgency,
        "verdict": filed.verdict.value if filed.verdict else None,
        "reviews": [_review(review) for review in filed.reviews],
        "finding": finding_json(filed.finding),
        "words": {lang: finding_json(finding) for lang, finding in sorted(filed.words.items())},
        "found": {lang: finding_json(finding) for lang, finding in sorted(filed.found.items())},
        "made_with": filed.made_with,
        "inputs": filed.inputs,
    }


def _review(review: Review) -> Json:
    return {
        "verdict": review.verdict.value,
        "reason": review.reason,
        "by": review.by,
        "name": review.name,
        "at": _time(review.at),
        "version": review.version,
        "made_with": review.made_with,
        "inputs": review.inputs,
    }


def _area(report: AreaReport) -> Json:
    return {
        "area": report.area,
        "title": _sorted(report.title),
        "status": report.status.value,
        "reason": _sorted(report.reason),
        "version": report.version,
        "inputs": report.inputs,
        "rerun": report.rerun,
        "at": _time(report.at),
        "used": _sorted(report.used),
        "left_out": _sorted(report.left_out),
        "sources": list(report.sources),
        "limits": {lang: list(texts) for lang, texts in sorted(report.limits.items())},
        "remarks": {lang: list(texts) for lang, texts in sorted({"en": report.remarks, **report.remarks_in}.items())},
    }


def _time(at: int) -> str:
    """Microseconds UTC as ISO 8601, always with six digits of a second."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _sorted(counts: Mapping[str, Any]) -> Json:
    return dict(sorted(counts.items()))
