"""How each kind of audit event is coded in FHIR: the table behind `fhir`, and the code systems it draws on.

Sources: FHIR R4 (4.0.1) AuditEvent and its value sets; IHE ITI Basic Audit Log Patterns (BALP) 1.1; DICOM PS3.16, code
system DCM, as used in PS3.15 A.5; ISO/TS 21089:2017 record lifecycle events; HL7 Terminology ActReason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from suwen.records.audit.event import Event, EventKind, Outcome

__all__ = [
    "APPLICATION",
    "BALP",
    "DOMAIN_RESOURCE",
    "OTHER",
    "OUTCOMES",
    "PATIENT",
    "PERSON",
    "QUERY",
    "REASON",
    "REASONS",
    "SECURITY_USER",
    "SYSTEM_OBJECT",
    "TERMINOLOGY",
    "Coding",
    "Row",
    "row_of",
]

Coding = tuple[str, str, str]
"""Code system, code, display."""

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
BALP = "https://profiles.ihe.net/ITI/BALP/"
_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_ISO = f"{TERMINOLOGY}iso-21089-lifecycle"
_REST_ACT = "http://hl7.org/fhir/restful-interaction"
_PARTICIPATION = f"{TERMINOLOGY}v3-ParticipationType"
REASON = f"{TERMINOLOGY}v3-ActReason"

_REST: Coding = (f"{TERMINOLOGY}audit-event-type", "rest", "Restful Operation")
_ALERT: Coding = (_DCM, "110113", "Security Alert")
_AUTHENTICATION: Coding = (_DCM, "110114", "User Authentication")
_ACTIVITY: Coding = (_DCM, "110100", "Application Activity")
_LOG_USED: Coding = (_DCM, "110101", "Audit Log Used")
_SOURCE: Coding = (_DCM, "110153", "Source Role ID")
_DESTINATION: Coding = (_DCM, "110152", "Destination Role ID")
APPLICATION: Coding = (_DCM, "110150", "Application")
_CUSTODIAN: Coding = (f"{TERMINOLOGY}provenance-participant-type", "custodian", "Custodian")
_RECIPIENT: Coding = (_PARTICIPATION, "IRCP", "information recipient")
_AUTHOR: Coding = (_PARTICIPATION, "AUT", "author (originator)")
PERSON: Coding = (f"{TERMINOLOGY}audit-entity-type", "1", "Person")
SYSTEM_OBJECT: Coding = (f"{TERMINOLOGY}audit-entity-type", "2", "System Object")
OTHER: Coding = (f"{TERMINOLOGY}audit-entity-type", "4", "Other")


def _role(code: str, display: str) -> Coding:
    return (f"{TERMINOLOGY}object-role", code, display)


PATIENT = _role("1", "Patient")
DOMAIN_RESOURCE = _role("4", "Domain Resource")
SECURITY_USER = _role("11", "Security User Entity")
_SECURITY_RESOURCE = _role("13", "Security Resource")
_DATA_REPOSITORY = _role("17", "Data Repository")
QUERY = _role("24", "Query")

OUTCOMES = {
    Outcome.PERMIT: ("0", "permitted"),
    Outcome.SUCCESS: ("0", "succeeded"),
    Outcome.FAILURE: ("4", "failed"),  # minor failure: may be tried again
    Outcome.DENY: ("8", "denied"),  # serious failure, as in the BALP example of a denied access
}

# PurposeOfUse codes of HL7 ActReason that Suwen decides by, and those an exchange partner may send.
REASONS = {
    "TREAT": "treatment",
    "ETREAT": "Emergency Treatment",
    "BTG": "break the glass",
    "CAREMGT": "care management",
    "HRESCH": "healthcare research",
    "HOPERAT": "healthcare operations",
    "HCOMPL": "health compliance",
    "HSYSADMIN": "health system administration",
    "HPAYMT": "healthcare payment",
    "HQUALIMP": "health quality improvement",
    "PATRQT": "patient requested",
    "PUBHLTH": "public health",
}


@dataclass(frozen=True, slots=True)
class Row:
    """How one kind of event looks in FHIR: the roles of client and server in it, and what its subject is."""

    type: Coding
    subtype: tuple[Coding, ...]
    action: str  # C, R, U, D or E(xecute)
    profile: str = ""
    user: Coding = _RECIPIENT
    client: Coding = _SOURCE
    server: Coding = _DESTINATION
    subject: Coding = PATIENT
    observer: tuple[str, str] = ("4", "Application Server")


def _rest(code: str, action: str, profile: str, user: Coding) -> Row:
    return Row(_REST, ((_REST_ACT, code, code),), action, f"IHE.BasicAudit.{profile}", user)


def _alert(code: str, display: str, subject: Coding) -> Row:
    return Row(_ALERT, ((_DCM, code, display),), "E", subject=subject, observer=("6", "Security Server"))


def _lifecycle(code: str, display: str, action: str) -> Row:
    return Row((_ISO, code, f"{display} Record Lifecycle Event"), (), action, subject=_DATA_REPOSITORY)


_AUTHZ_ROLE: Coding = (f"{BALP}CodeSystem/AuthZsubType", "AuthZ-Role", "Authorization Decision using only Roles")
_DISCLOSE: Coding = (_ISO, "disclose", "Disclose Record Lifecycle Event")
_READ = _rest("read", "R", "PatientRead", _RECIPIENT)
_DELETE = _rest("delete", "D", "PatientDelete", _AUTHOR)
_CREATE = _rest("create", "C", "PatientCreate", _AUTHOR)

_ROWS: dict[EventKind, Row] = {
    EventKind.DECISION: Row(_ALERT, (_AUTHZ_ROLE,), "E", client=APPLICATION, observer=("6", "Security Server")),
    EventKind.OPEN: replace(_READ, client=_DESTINATION, server=_SOURCE),
    EventKind.QUERY: _rest("search", "E", "PatientQuery", _RECIPIENT),
    EventKind.SEAL: _rest("update", "U", "PatientUpdate", _AUTHOR),
    EventKind.EXPORT: Row(
        (_DCM, "110106", "Export"),
        (_DISCLOSE,),
        "R",
        "IHE.BasicAudit.PrivacyDisclosure.Source",
        client=_DESTINATION,
        server=_SOURCE,
    ),
    EventKind.ERASE: replace(_DELETE, client=APPLICATION, server=_CUSTODIAN),
    EventKind.KEY: _alert("110129", "Security Configuration", _SECURITY_RESOURCE),
    EventKind.LOGIN: Row(_AUTHENTICATION, ((_DCM, "110122", "Login"),), "E", subject=SECURITY_USER),
    EventKind.LOGOUT: Row(_AUTHENTICATION, ((_DCM, "110123", "Logout"),), "E", subject=SECURITY_USER),
    EventKind.ACCOUNT: _alert("110137", "User security Attributes Changed", SECURITY_USER),
    EventKind.ROLE: _alert("110136", "Security Roles Changed", SECURITY_USER),
    EventKind.CARE: _alert("110135", "Object Security Attributes Changed", PATIENT),
    EventKind.DEVICE: _alert("110126", "Node Authentication", SECURITY_USER),
    EventKind.BREAK_GLASS: _alert("110127", "Emergency Override Started", PATIENT),
    EventKind.REVIEW: Row(_LOG_USED, (), "R"),
    EventKind.AUDIT: Row(_LOG_USED, (), "R"),
    EventKind.BACKUP: _lifecycle("archive", "Archive", "R"),
    EventKind.RESTORE: _lifecycle("restore", "Restore", "U"),
    EventKind.VERIFY: replace(_lifecycle("verify", "Verify", "R"), type=_LOG_USED, subtype=()),
    EventKind.CHECK: _lifecycle("verify", "Verify", "R"),
    EventKind.START: Row(_ACTIVITY, ((_DCM, "110120", "Application Start"),), "E", subject=_DATA_REPOSITORY),
    EventKind.STOP: Row(_ACTIVITY, ((_DCM, "110121", "Application Stop"),), "E", subject=_DATA_REPOSITORY),
}

_BY_ACT: dict[tuple[EventKind, str], Row] = {
    (EventKind.SEAL, "create"): _CREATE,
    (EventKind.SEAL, "register"): _CREATE,
    (EventKind.BREAK_GLASS, "end"): _alert("110138", "Emergency Override Stopped", PATIENT),
}


def row_of(event: Event) -> Row:
    """Return how the event is coded: by its kind, and where one kind covers two acts by its act."""
    return _BY_ACT.get((event.kind, event.act)) or _ROWS[event.kind]
