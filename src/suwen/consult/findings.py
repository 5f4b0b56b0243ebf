"""Findings in the sealed record: filed with their evidence and maker, read back unchanged.

A payload of format 1 is {"format": 1, "finding": {...}}: a finding filed by hand. One of format 2 is an area's, or one
that was judged: {"format": 2, "area", "claim", "made_with", "inputs", "urgency", "standing", "found": {language:
finding}, "amended": {language: finding} or {}, "reviews": [{"verdict", "reason", "by", "name", "at", "version",
"made_with", "inputs"}]}. Both are compact JSON with sorted names. To change one, raise the number and keep its reader.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

from suwen.consult.chart import Draft, Record, open_patient, write_records
from suwen.consult.nouns import Filed, Review, Verdict
from suwen.errors import FormatError, InputError
from suwen.finding import Bearing, Chance, Evidence, Finding, Maker, Seen
from suwen.records.access import Act, Purpose
from suwen.records.gate import Records
from suwen.records.people import Actor
from suwen.subject import Atoms, Code, Kind, Measurement, Reference, Region, Span, Stretch

__all__ = [
    "KIND",
    "file_finding",
    "filed_finding",
    "filed_to_bytes",
    "finding_from_bytes",
    "finding_to_bytes",
    "list_findings",
]

KIND = "Finding"
_SEEN = {one.__name__: one for one in (Code, Measurement, Region, Stretch, Atoms, Span)}


def file_finding(actor: Actor, records: Records, finding: Finding, *, purpose: Purpose = Purpose.TREATMENT) -> Record:
    """File a finding about a patient under the act "diagnose". Raises InputError when it is about something else."""
    if finding.subject.kind is not Kind.PATIENT:
        raise InputError(
            f"a finding filed with a patient is about a patient, not about a {finding.subject.kind.value}",
            zh=f"归档到患者名下的所见须关于患者，而非 {finding.subject.kind.value}",
        )
    draft = Draft(KIND, finding_to_bytes(finding))
    return write_records(actor, records, finding.subject.id, [draft], act=Act.DIAGNOSE, purpose=purpose)[0]


def list_findings(
    actor: Actor, records: Records, patient: str, *, purpose: Purpose = Purpose.TREATMENT
) -> list[tuple[Record, Finding]]:
    """The findings filed with a patient, oldest first, each with the record that holds it."""
    found = open_patient(actor, records, patient, purpose=purpose, kinds=[KIND])
    return [(record, finding_from_bytes(record.payload)) for record in found]


def finding_to_bytes(finding: Finding) -> bytes:
    """Canonical JSON, format 1. Raises InputError for what JSON cannot hold: not a number, half a character."""
    return _json({"format": 1, "finding": _plain(finding)})


def finding_from_bytes(payload: bytes) -> Finding:
    """The finding that a payload of either format holds, as it stands now. Raises FormatError."""
    return _read(payload).finding


def filed_to_bytes(filed: Filed) -> bytes:
    """Canonical JSON, format 2. Raises InputError as `finding_to_bytes`."""
    shown = {"en": filed.finding, **filed.words}
    amended = shown if any(one.verdict is Verdict.AMENDED for one in filed.reviews) else {}
    content = {
        "format": 2,
        **{name: getattr(filed, name) for name in ("area", "claim", "made_with", "inputs", "urgency", "standing")},
        "found": _worded(filed.found or shown),
        "amended": _worded({lang: replace(one, reviewed_by=None) for lang, one in amended.items()}),
        "reviews": [_plain(one) for one in filed.reviews],
    }
    return _json(content)


def filed_finding(record: Record) -> Filed:
    """The finding that a record of this kind holds, of either format. Raises FormatError."""
    return replace(_read(record.payload), record=record.id, version=record.version, at=record.at)


def _json(content: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except ValueError:
        raise InputError(
            "the finding cannot be filed: its numbers must be finite and its texts Unicode",
            zh="无法归档该所见：其数值须为有限数，文字须为 Unicode",
        ) from None


def _read(payload: bytes) -> Filed:
    try:
        content = json.loads(payload)
        if content["format"] == 1:
            finding = _finding(content["finding"])
            return Filed("", 0, 0, "", finding.code.value, finding, found={"en": finding})
        if content["format"] == 2:
            return _filed(content)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise FormatError(
            "a record filed as a finding cannot be read as one", zh="归档为所见的记录无法按所见读取"
        ) from None  # the first would quote it
    raise FormatError("the finding is of a newer Suwen; install it", zh="该所见由更新版本的 Suwen 生成；请升级")


def _filed(content: Mapping[str, Any]) -> Filed:
    reviews = tuple(Review(**{**one, "verdict": Verdict(one["verdict"])}) for one in content["reviews"])
    found = {lang: _finding(one) for lang, one in content["found"].items()}
    amended = {lang: _finding(one) for lang, one in content["amended"].items()}
    if "en" not in found:
        raise KeyError("en")
    shown = dict(amended or found)
    if reviews:
        shown = {lang: replace(one, reviewed_by=Maker(reviews[-1].name)) for lang, one in shown.items()}
    return Filed(
        record="",
        version=0,
        at=0,
        finding=shown.pop("en"),
        words=shown,
        reviews=reviews,
        found=found,
        **{name: content[name] for name in ("area", "claim", "made_with", "inputs", "urgency", "standing")},
    )


def _worded(findings: Mapping[str, Finding]) -> dict[str, Any]:
    return {lang: _plain(one) for lang, one in findings.items()}


def _finding(one: Mapping[str, Any]) -> Finding:
    return Finding(
        subject=Reference(Kind(one["subject"]["kind"]), one["subject"]["id"]),
        code=_code(one["code"]),
        chance=Chance(**one["chance"]),
        evidence=tuple(_evidence(each) for each in one["evidence"]),
        maker=Maker(**one["maker"]),
        region=_region(one["region"]) if one["region"] else None,
        reviewed_by=Maker(**one["reviewed_by"]) if one["reviewed_by"] else None,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _tagged(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    return value


def _tagged(value: Any) -> Any:
    """What was seen may be one of several nouns: its name goes along."""
    plain = _plain(value)
    return {"type": type(value).__name__, **plain} if type(value).__name__ in _SEEN and plain is not value else plain


def _evidence(one: Mapping[str, Any]) -> Evidence:
    return Evidence(Bearing(one["bearing"]), _seen(one["seen"]), one["weight"], one["sentence"], one["source"])


def _seen(one: Mapping[str, Any]) -> Seen:
    values = {name: value for name, value in one.items() if name != "type"}
    match one["type"]:
        case "Code":
            return Code(**values)
        case "Measurement":
            return Measurement(_code(values["code"]), values["value"], values["unit"])
        case "Region":
            return _region(values)
        case "Stretch":
            return Stretch(values["signal"], values["start"], values["end"], tuple(values["leads"]))
        case "Atoms":
            return Atoms(values["smiles"], tuple(values["indices"]))
        case "Span":
            return Span(**values)
    raise FormatError(
        f"a finding points at a {one['type']}, which this Suwen does not know",
        zh=f"某项所见引用了本版本 Suwen 不认识的 {one['type']}",
    )


def _code(one: Mapping[str, Any]) -> Code:
    return Code(one["value"], one["label"])


def _region(one: Mapping[str, Any]) -> Region:
    return Region(one["image"], tuple(one["low"]), tuple(one["high"]))
