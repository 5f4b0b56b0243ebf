"""Exporting audit events as FHIR R4 AuditEvent, following the IHE Basic Audit Log Patterns, for other systems to read.

A BALP profile is named in `meta.profile` only where the event meets it: its RESTful profiles are for successes about a
patient, a query carries what was searched. AuthZconsent is never named: it demands a Consent and an organization, while
Suwen decides by role and care relationship (subtype AuthZ-Role). An export names PrivacyDisclosure.Source only when
`detail["recipient"]` says to whom. The client is `detail["client"]` where there is one, else the machine itself.

The result names patients and people by their ids: it is as confidential as the log.
"""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from suwen.records.audit.event import Detail, Event, EventKind, Outcome
from suwen.records.audit.fhir_rows import (
    APPLICATION,
    BALP,
    DOMAIN_RESOURCE,
    OTHER,
    OUTCOMES,
    PATIENT,
    PERSON,
    QUERY,
    REASON,
    REASONS,
    SECURITY_USER,
    SYSTEM_OBJECT,
    TERMINOLOGY,
    Coding,
    Row,
    row_of,
)

__all__ = ["audit_event"]

Json = dict[str, Any]

_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_FHIR_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_APART = frozenset(
    {"client", "query", "recipient", "record", "roles", "through"}
)  # details that have a place of their own


def audit_event(event: Event, *, source: str, number: int | None = None) -> Json:
    """Return the event as a JSON-able FHIR R4 AuditEvent; `source` names the machine, `number` its entry in the log.

    Of `event.detail` these have a place of their own: "client" (network address of who asked), "record" (id of the
    record, or Type/id), "query" (what was searched), "recipient" (to whom data went), "roles" and "through" (the app
    that acted for somebody). The rest is carried along as text.
    """
    row = row_of(event)
    code, said = OUTCOMES[event.outcome]
    profile = _profile(event, row)
    made: Json = {
        "resourceType": "AuditEvent",
        **({"id": f"entry-{number}"} if number is not None else {}),
        **({"meta": {"profile": [f"{BALP}StructureDefinition/{profile}"]}} if profile else {}),
        "type": _coding(row.type),
        "subtype": [_coding(one) for one in row.subtype],
        "action": row.action,
        "recorded": (_1970 + timedelta(microseconds=event.at))
        .isoformat(timespec="microseconds")
        .replace("+00:00", "Z"),
        "outcome": code,
        "outcomeDesc": f"{event.act or event.kind.value}: {said}",
        "purposeOfEvent": _purpose(event),
        "agent": _agents(event, row, source),
        "source": {
            "site": source,
            "observer": {"display": source},
            "type": [_coding((f"{TERMINOLOGY}security-source-type", *row.observer))],
        },
        "entity": _entities(event, row),
    }
    return {key: value for key, value in made.items() if value != []}


def _profile(event: Event, row: Row) -> str:
    met = event.outcome is Outcome.SUCCESS and bool(event.subject)
    wanted = {EventKind.QUERY: "query", EventKind.EXPORT: "recipient"}.get(event.kind)
    return row.profile if met and (wanted is None or event.detail.get(wanted)) else ""


def _agents(event: Event, row: Row, source: str) -> list[Json]:
    client = _text(event.detail.get("client")) or source
    # What an export goes to is its recipient, not the machine that asked for it.
    other = (_text(event.detail.get("recipient")) if event.kind is EventKind.EXPORT else "") or client
    user = _user(event, row)
    app = _text(event.detail.get("through"))
    apps = [{"type": {"coding": [_coding(APPLICATION)]}, "who": {"identifier": {"value": app}}, "requestor": False}]
    return [
        *user,
        *(apps if app else []),
        _machine(row.client, other, requestor=not user),
        _machine(row.server, source, requestor=False),
    ]


def _user(event: Event, row: Row) -> list[Json]:
    if not event.actor:
        return []
    roles = [{"text": _text(one)} for one in _listed(event.detail.get("roles"))]
    purpose = _purpose(event)
    return [
        {
            "type": {"coding": [_coding(row.user)]},
            **({"role": roles} if roles else {}),
            "who": {"identifier": {"value": event.actor}},
            "requestor": True,
            **({"purposeOfUse": purpose} if purpose else {}),
        }
    ]


def _machine(kind: Coding, name: str, *, requestor: bool) -> Json:
    return {
        "type": {"coding": [_coding(kind)]},
        "who": {"display": name},
        "requestor": requestor,
        "network": {"address": name, "type": _network_type(name)},
    }


def _network_type(address: str) -> str:
    """Code of network-type: 1 machine name, 2 IP address, 5 URI."""
    if "://" in address:
        return "5"
    try:
        ip_address(address)
    except ValueError:
        return "1"
    return "2"


def _entities(event: Event, row: Row) -> list[Json]:
    found = [_subject(event, row)] if event.subject else []
    if row.profile or event.detail.get("record"):
        found.append(_data(event))
    rest = [{"type": key, "valueString": _text(one)} for key, one in sorted(event.detail.items()) if key not in _APART]
    rest = [one for one in rest if one["valueString"]]
    if rest:
        found.append({"what": {"display": "details"}, "type": _coding(OTHER), "detail": rest})
    return found


def _subject(event: Event, row: Row) -> Json:
    if row.subject != PATIENT:
        kind = PERSON if row.subject == SECURITY_USER else SYSTEM_OBJECT
        return {
            "what": {"identifier": {"value": event.subject}},
            "type": _coding(kind),
            "role": _coding(row.subject),
        }
    return {"what": _reference("Patient", event.subject), "type": _coding(PERSON), "role": _coding(PATIENT)}


def _data(event: Event) -> Json:
    if event.kind is EventKind.QUERY:
        asked = _text(event.detail.get("query")) or event.act
        return {
            "type": _coding(SYSTEM_OBJECT),
            "role": _coding(QUERY),
            "query": b64encode(asked.encode()).decode(),
        }
    record = _text(event.detail.get("record"))
    kind, slash, name = record.partition("/")
    if slash and kind.isalpha():
        what = _reference(kind, name)
    elif record:
        what = {"identifier": {"value": record}}
    else:  # the whole record of the patient
        what = _reference("Patient", event.subject) if event.subject else {"display": event.act or event.kind.value}
    return {"what": what, "type": _coding(SYSTEM_OBJECT), "role": _coding(DOMAIN_RESOURCE)}


def _reference(kind: str, identity: str) -> Json:
    if _FHIR_ID.fullmatch(identity):
        return {"reference": f"{kind}/{identity}", "type": kind}
    return {"type": kind, "identifier": {"value": identity}}


def _purpose(event: Event) -> list[Json]:
    if not event.purpose:
        return []
    known = REASONS.get(event.purpose)
    return [{"coding": [_coding((REASON, event.purpose, known))]} if known else {"text": event.purpose}]


def _coding(coding: Coding) -> Json:
    system, code, display = coding
    return {"system": system, "code": code, "display": display}


def _listed(value: Detail) -> list[Detail]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def _text(value: Detail) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_text(one) for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
