"""One line of a resource for a reader: when, what, which value; read leniently, since it is shown and never used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from suwen.formats.fhir.nouns import Json

__all__ = ["Summary", "summarise"]

# Where a resource says when, the first that is there; a Period counts with its start.
_WHEN = (
    "effectiveDateTime",
    "effectivePeriod",
    "effectiveInstant",
    "performedDateTime",
    "performedPeriod",
    "onsetDateTime",
    "onsetPeriod",
    "occurrenceDateTime",
    "occurrencePeriod",
    "period",
    "started",
    "authoredOn",
    "date",
    "billablePeriod",
    "recordedDate",
    "issued",
    "recorded",
    "created",
    "startDate",
    "birthDate",
)
_WHAT = (
    "code",
    "medicationCodeableConcept",
    "vaccineCode",
    "type",
    "relationship",
    "method",
    "description",
    "title",
    "category",
    "class",
    "procedureCode",
    "modality",
    "series",
    "name",
    "deviceName",
)
_VALUE = (
    "valueQuantity",
    "valueCodeableConcept",
    "valueString",
    "valueBoolean",
    "valueInteger",
    "valueRange",
    "valueRatio",
    "valueDateTime",
    "valuePeriod",
    "conclusion",
    "prediction",
    "dosageInstruction",
    "dosage",
    "condition",
    "reasonCode",
    "reaction",
)
_STATUS = ("status", "clinicalStatus")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a reader sees of a resource: `when` as written in it, `what` it is about, its `value`, its `status`."""

    kind: str
    id: str
    when: str
    what: str
    value: str
    status: str


def summarise(resource: Json) -> Summary:
    """The line of a resource; "" for whatever it does not say."""
    return Summary(
        kind=_text(resource.get("resourceType")),
        id=_text(resource.get("id")),
        when=_first(resource, _WHEN, _moment),
        what=_first(resource, _WHAT, _said),
        value="; ".join(dict.fromkeys([*filter(None, [_first(resource, _VALUE, _said)]), *_components(resource)])),
        status=_first(resource, _STATUS, _said),
    )


def _first(resource: Json, names: tuple[str, ...], read: Any) -> str:
    return next((said for name in names if name in resource and (said := read(resource[name]))), "")


def _components(resource: Json) -> Iterator[str]:
    for one in _list(resource.get("component")):
        if isinstance(one, dict):
            what, value = _first(one, ("code",), _said), _first(one, _VALUE, _said)
            if what and value:
                yield f"{what} {value}"


def _moment(value: Any) -> str:
    if isinstance(value, dict):
        return _text(value.get("start")) or _text(value.get("end"))
    return _text(value)


def _said(value: Any) -> str:
    """Whatever kind of element it is: text, a concept, a quantity, a name, a list of these."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, Decimal)):
        return str(value)
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return ", ".join(filter(None, map(_said, value)))
    return _object(value) if isinstance(value, dict) else ""


def _object(value: Json) -> str:
    if "value" in value:
        return " ".join(filter(None, [_text(value.get("comparator")), _said(value["value"]), _unit(value)]))
    if "probabilityDecimal" in value:
        return f"{_said(value.get('outcome', ''))} {value['probabilityDecimal']} %".strip()
    for name in (
        "text",
        "display",
        "name",
        "family",
        "description",
        "bodySite",
        "modality",
        "code",
        "outcome",
        "start",
    ):
        if said := _said(value.get(name, "")):
            return said
    if "coding" in value:
        return next(filter(None, map(_said, _list(value["coding"]))), "")
    low, high = _said(value.get("low", "")), _said(value.get("high", ""))
    return f"{low} – {high}" if low or high else _said(value.get("manifestation", ""))


def _unit(value: Json) -> str:
    return _text(value.get("unit")) or _text(value.get("code"))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
