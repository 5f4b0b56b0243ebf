"""Audit events as FHIR AuditEvent: valid, coded as IHE BALP and DICOM say, claiming a profile only where it is met."""

from __future__ import annotations

import json
from base64 import b64decode
from itertools import product
from typing import Any

import pytest

from suwen.records.audit.event import Event, EventKind, Outcome
from suwen.records.audit.fhir import audit_event
from suwen.records.audit.fhir_rows import row_of

DCM = "http://dicom.nema.org/resources/ontology/DCM"
BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
NOON = 1_764_072_000_000_001
FULL = {
    "client": "10.0.0.3",
    "query": "family=王",
    "recipient": "https://other.example/fhir",
    "record": "Observation/bp-1",
    "roles": ["physician", "researcher"],
    "note": ["a", 1, None, True],
    "nothing": None,
}
EVERY = [
    Event(kind, NOON, actor, act, purpose, subject, outcome, detail)
    for kind, outcome, (actor, act, purpose, subject, detail) in product(
        EventKind,
        Outcome,
        [
            ("dr-7", "view", "TREAT", "patient-9", FULL),
            ("dr-7", "create", "something else", "病人 9", {}),
            ("", "", "", "", {}),
        ],
    )
]

# PS3.16 and ISO/TS 21089: what each code is called there
DISPLAYS = {
    "110100": "Application Activity",
    "110101": "Audit Log Used",
    "110106": "Export",
    "110113": "Security Alert",
    "110114": "User Authentication",
    "110120": "Application Start",
    "110121": "Application Stop",
    "110122": "Login",
    "110123": "Logout",
    "110126": "Node Authentication",
    "110127": "Emergency Override Started",
    "110129": "Security Configuration",
    "110135": "Object Security Attributes Changed",
    "110136": "Security Roles Changed",
    "110137": "User security Attributes Changed",
    "110138": "Emergency Override Stopped",
    "110150": "Application",
    "110152": "Destination Role ID",
    "110153": "Source Role ID",
}


def made(kind: EventKind, **fields: Any) -> dict[str, Any]:
    told = {"actor": "dr-7", "act": "view", "purpose": "TREAT", "subject": "patient-9"} | fields
    return audit_event(Event(kind, NOON, **told), source="ward-3.example")


def codings(node: Any) -> list[dict[str, str]]:
    """Every coding anywhere inside."""
    if isinstance(node, list):
        return [one for part in node for one in codings(part)]
    if isinstance(node, dict):
        here = [node] if {"system", "code"} <= set(node) else []
        return here + [one for part in node.values() for one in codings(part)]
    return []


def agents(event: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["type"]["coding"][0]["code"]: one for one in event["agent"]}


def entities(event: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["role"]["code"] if "role" in one else "": one for one in event["entity"]}


def test_every_event_is_valid_fhir_and_json() -> None:
    resources = pytest.importorskip("fhir.resources.R4B.auditevent", reason="fhir.resources is not installed")
    for event in EVERY:
        told = audit_event(event, source="ward-3.example", number=7)
        assert json.loads(json.dumps(told)) == told
        read = resources.AuditEvent.model_validate(told)
        assert json.loads(read.model_dump_json())["id"] == "entry-7"


def test_every_event_has_what_r4_demands() -> None:
    for event in EVERY:
        told = audit_event(event, source="ward-3.example")
        assert told["resourceType"] == "AuditEvent"
        assert told["recorded"] == "2025-11-25T12:00:00.000001Z"
        assert told["source"]["observer"] == {"display": "ward-3.example"}
        assert [one["requestor"] for one in told["agent"]].count(True) == 1
        assert told["action"] in {"C", "R", "U", "D", "E"}
        # Nothing empty (FHIR forbids it), and an entity has a name or a query, never both (sev-1).
        assert [] not in told.values()
        for entity in told.get("entity", []):
            assert not ("name" in entity and "query" in entity)
        for one in codings(told):
            assert one["display"]
            if one["system"] == DCM:
                assert one["display"] == DISPLAYS[one["code"]]


@pytest.mark.parametrize(
    ("outcome", "code"),
    [(Outcome.SUCCESS, "0"), (Outcome.PERMIT, "0"), (Outcome.FAILURE, "4"), (Outcome.DENY, "8")],
)
def test_outcomes(outcome: Outcome, code: str) -> None:
    told = made(EventKind.DECISION, outcome=outcome)
    assert told["outcome"] == code
    assert told["outcomeDesc"].startswith("view: ")


@pytest.mark.parametrize(
    ("kind", "act", "type_code", "subtype", "action"),
    [
        (EventKind.DECISION, "view", "110113", "AuthZ-Role", "E"),
        (EventKind.OPEN, "view", "rest", "read", "R"),
        (EventKind.QUERY, "find", "rest", "search", "E"),
        (EventKind.SEAL, "annotate", "rest", "update", "U"),
        (EventKind.SEAL, "register", "rest", "create", "C"),
        (EventKind.ERASE, "erase", "rest", "delete", "D"),
        (EventKind.EXPORT, "export", "110106", "disclose", "R"),
        (EventKind.LOGIN, "", "110114", "110122", "E"),
        (EventKind.LOGOUT, "", "110114", "110123", "E"),
        (EventKind.ACCOUNT, "lock", "110113", "110137", "E"),
        (EventKind.ROLE, "grant", "110113", "110136", "E"),
        (EventKind.DEVICE, "register", "110113", "110126", "E"),
        (EventKind.BREAK_GLASS, "take", "110113", "110127", "E"),
        (EventKind.BREAK_GLASS, "end", "110113", "110138", "E"),
        (EventKind.AUDIT, "read audit", "110101", None, "R"),
        (EventKind.BACKUP, "back up", "archive", None, "R"),
        (EventKind.RESTORE, "restore", "restore", None, "U"),
        (EventKind.START, "", "110100", "110120", "E"),
    ],
)
def test_codes(kind: EventKind, act: str, type_code: str, subtype: str | None, action: str) -> None:
    told = made(kind, act=act)
    assert told["type"]["code"] == type_code
    assert [one["code"] for one in told.get("subtype", [])] == ([subtype] if subtype else [])
    assert told["action"] == action


# The profiles, as BALP defines them: what client, server and user are called there


@pytest.mark.parametrize(
    ("kind", "act", "profile", "client", "server", "user"),
    [
        (EventKind.OPEN, "view", "PatientRead", "110152", "110153", "IRCP"),
        (EventKind.QUERY, "find", "PatientQuery", "110153", "110152", "IRCP"),
        (EventKind.SEAL, "create", "PatientCreate", "110153", "110152", "AUT"),
        (EventKind.SEAL, "update", "PatientUpdate", "110153", "110152", "AUT"),
        (EventKind.ERASE, "erase", "PatientDelete", "110150", "custodian", "AUT"),
        (EventKind.EXPORT, "export", "PrivacyDisclosure.Source", "110152", "110153", "IRCP"),
    ],
)
def test_a_profile_is_met(kind: EventKind, act: str, profile: str, client: str, server: str, user: str) -> None:
    told = made(kind, act=act, detail=FULL)
    assert told["meta"]["profile"] == [BALP + profile]
    assert told["outcome"] == "0"
    found = agents(told)
    assert set(found) == {client, server, user}
    assert found[user]["who"] == {"identifier": {"value": "dr-7"}}
    assert found[user]["requestor"] is True
    assert "network" not in found[user]
    assert [one["text"] for one in found[user]["role"]] == ["physician", "researcher"]
    assert found[user]["purposeOfUse"][0]["coding"][0]["code"] == "TREAT"
    assert found[server]["network"] == {"address": "ward-3.example", "type": "1"}
    # val-audit-source: the disclosing agent is the observer
    assert found[server]["who"] == told["source"]["observer"]
    export = kind is EventKind.EXPORT
    wanted = {"address": "https://other.example/fhir", "type": "5"} if export else {"address": "10.0.0.3", "type": "2"}
    assert found[client]["network"] == wanted
    parts = entities(told)
    assert parts["1"]["what"] == {"reference": "Patient/patient-9", "type": "Patient"}
    assert parts["1"]["type"]["code"] == "1"
    data = parts["24" if kind is EventKind.QUERY else "4"]
    assert data["type"]["code"] == "2"
    if kind is EventKind.QUERY:
        assert b64decode(data["query"]).decode() == "family=王"
        assert not {"what", "detail", "lifecycle"} & set(data)
    else:
        assert data["what"] == {"reference": "Observation/bp-1", "type": "Observation"}
        assert not {"name", "query", "detail"} & set(data)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (EventKind.OPEN, {"outcome": Outcome.FAILURE}),
        (EventKind.OPEN, {"outcome": Outcome.DENY}),
        (EventKind.OPEN, {"subject": ""}),
        (EventKind.QUERY, {}),  # says not what was searched
        (EventKind.EXPORT, {}),  # says not to whom
        (EventKind.DECISION, {"outcome": Outcome.PERMIT, "detail": FULL}),
        (EventKind.LOGIN, {}),
    ],
)
def test_a_profile_that_is_not_met_is_not_claimed(kind: EventKind, fields: dict[str, Any]) -> None:
    assert "meta" not in made(kind, **fields)


# The parts


def test_an_id_that_fhir_cannot_reference_is_given_as_identifier() -> None:
    told = made(EventKind.OPEN, subject="病人 9", detail={"record": "blob 1"})
    assert entities(told)["1"]["what"] == {"type": "Patient", "identifier": {"value": "病人 9"}}
    assert entities(told)["4"]["what"] == {"identifier": {"value": "blob 1"}}


def test_a_subject_that_is_no_patient_is_not_called_one() -> None:
    for kind, role in [(EventKind.ACCOUNT, "11"), (EventKind.KEY, "13"), (EventKind.BACKUP, "17")]:
        told = made(kind, subject="x-1")
        assert set(entities(told)) == {role}
        assert entities(told)[role]["what"] == {"identifier": {"value": "x-1"}}


def test_details_without_a_place_of_their_own_are_carried_along() -> None:
    (rest,) = [one for one in made(EventKind.OPEN, detail=FULL)["entity"] if one["type"]["code"] == "4"]
    assert rest["detail"] == [{"type": "note", "valueString": "a, 1, , true"}]


def test_suwen_itself_is_no_user() -> None:
    told = made(EventKind.START, actor="", subject="", purpose="")
    assert set(agents(told)) == {"110152", "110153"}
    assert "entity" not in told
    assert "purposeOfEvent" not in told


def test_a_purpose_that_is_no_code_stays_a_text() -> None:
    told = made(EventKind.OPEN, purpose="my own reasons")
    assert told["purposeOfEvent"] == [{"text": "my own reasons"}]


def test_every_kind_is_coded() -> None:
    for kind in EventKind:
        assert row_of(Event(kind, NOON)).type
