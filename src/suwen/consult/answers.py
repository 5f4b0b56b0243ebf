"""How each area fared with a patient, as it lies in the record, and the order of what matters.

A record of kind "Consult" holds one area's answer as compact JSON with sorted names, format 1: {"format": 1, "area",
"place" (of the area among the others), "title", "version", "inputs", "status", "reason", "used", "left_out",
"sources", "limits", "remarks": {language: [...]}, "findings": [ids of records, most important first]}. To change it,
raise the number and keep its reader.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suwen.consult.nouns import AreaReport, Filed, Status, Verdict
from suwen.errors import FormatError
from suwen.records.store import charts

__all__ = ["CONSULT", "Answer", "answer_to_bytes", "in_order", "read_answer"]

CONSULT = "Consult"


@dataclass(frozen=True, slots=True)
class Answer:
    """How an area fared: `place` among the areas, the records of its findings in its order, its own record if any."""

    report: AreaReport
    place: int
    findings: tuple[str, ...] = ()
    record: bytes | None = None
    version: int = 0


def answer_to_bytes(answer: Answer) -> bytes:
    """Canonical JSON, format 1; without the time, so that the same answer is the same bytes."""
    one = answer.report
    content = {
        "format": 1,
        **{name: getattr(one, name) for name in ("area", "version", "inputs")},
        **{name: dict(getattr(one, name)) for name in ("title", "reason", "used", "left_out")},
        "place": answer.place,
        "status": one.status.value,
        "sources": list(one.sources),
        "limits": {lang: list(lines) for lang, lines in one.limits.items()},
        "remarks": {lang: list(lines) for lang, lines in {**one.remarks_in, "en": one.remarks}.items()},
        "findings": list(answer.findings),
    }
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def read_answer(record: charts.Record) -> Answer:
    """The answer that a record of kind "Consult" holds. Raises FormatError."""
    try:
        said: dict[str, Any] = json.loads(record.payload)
        if said["format"] == 1:
            return Answer(_report(said, record.at), said["place"], tuple(said["findings"]), record.id, record.version)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise FormatError(
            "a record filed as a consult cannot be read as one", zh="归档为会诊结果的记录无法按会诊结果读取"
        ) from None
    raise FormatError("the consult is of a newer Suwen; install it", zh="该会诊结果由更新版本的 Suwen 生成；请升级")


def _report(said: Mapping[str, Any], at: int) -> AreaReport:
    remarks = {lang: tuple(lines) for lang, lines in said["remarks"].items()}
    return AreaReport(
        **{name: said[name] for name in ("area", "title", "version", "inputs", "reason", "used", "left_out")},
        status=Status(said["status"]),
        rerun=False,
        at=at,
        sources=tuple(said["sources"]),
        limits={lang: tuple(lines) for lang, lines in said["limits"].items()},
        remarks=remarks.pop("en"),
        remarks_in=remarks,
    )


def in_order(filed: Iterable[Filed], areas: Sequence[Sequence[str]]) -> tuple[Filed, ...]:
    """Findings with what matters most first.

    Those nobody rejected, those that stand, the urgent, those a person confirmed or amended, the probable; then as
    `areas` list them (records, area by area). What a person filed by hand comes before what an area did.
    """
    place = {record: (area, at) for area, listed in enumerate(areas) for at, record in enumerate(listed)}
    last = (len(areas), 0)

    def rank(one: Filed) -> tuple[Any, ...]:
        chance = one.finding.chance.value
        return (
            one.verdict is Verdict.REJECTED,
            not one.standing,
            -one.urgency,
            one.verdict is None,
            chance is None,
            -(chance or 0.0),
            place.get(one.record, last) if one.area else (-1, 0),
            one.claim,
            one.record,
        )

    return tuple(sorted(filed, key=rank))
