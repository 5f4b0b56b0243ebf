"""The words of an access decision: who, does what, to whom, for which purpose, and the answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Act", "Decision", "Principal", "Purpose", "Request", "Resource", "ResourceKind", "Role"]


class Role(Enum):
    """What somebody is in the house; the last three are kept apart from all others (GB/T 22239-2019, 8.1.5)."""

    PHYSICIAN = "physician"
    IMAGING_SPECIALIST = "imaging specialist"
    NURSE = "nurse"
    RESEARCHER = "researcher"
    DATA_SCIENTIST = "data scientist"
    SECURITY_OFFICER = "security officer"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Act(Enum):
    """What somebody wants to do."""

    VIEW = "view"
    DIAGNOSE = "diagnose"
    ORDER = "order"
    ANNOTATE = "annotate"
    EXPORT = "export"
    TRAIN = "train"
    REGISTER = "register"  # a new patient
    MANAGE_KEYS = "manage keys"
    ERASE = "erase"  # by destroying a key, unseen
    REVIEW = "review"  # one use of break-glass
    LOCK = "lock"  # disable an account, revoke a device
    MANAGE = "manage"  # accounts, roles, care relationships, devices, the directory
    BACK_UP = "back up"  # and restore
    VERIFY = "verify"  # that the store or the log is whole
    READ_AUDIT = "read audit"


class Purpose(Enum):
    """Why: codes of HL7 version 3 ActReason, value set PurposeOfUse (HL7 Terminology)."""

    TREATMENT = "TREAT"
    EMERGENCY = "ETREAT"
    RESEARCH = "HRESCH"
    OPERATIONS = "HOPERAT"
    AUDIT = "HCOMPL"  # "health compliance"; HSYSADMIN is the running of systems, which an auditor must not do


class ResourceKind(Enum):
    """What kind of thing the act is done to."""

    PATIENT = "patient"
    COHORT = "cohort"
    DIRECTORY = "directory"  # practitioners, organisations and other resources of the house, of no patient
    KEYS = "keys"
    AUDIT = "audit"
    ACCOUNTS = "accounts"  # with roles, care relationships, devices and break-glass grants
    STORE = "store"  # the sealed bytes as a whole


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in person with their roles, or a device with the acts its certificate was registered for."""

    id: str
    roles: frozenset[Role]
    device: bool = False
    acts: frozenset[Act] = frozenset()


@dataclass(frozen=True, slots=True)
class Resource:
    """What is acted on, with what is true of it for this principal at this moment.

    `in_care`: an active care relationship with this patient (for a device: the patient is assigned to it).
    `broken_glass`: an active, reasoned, time-limited break-glass grant. `deidentified`, `approved`: of a cohort.
    The caller reads these from the sealed tables for every request; nothing here is remembered.
    """

    kind: ResourceKind
    id: str = ""
    in_care: bool = False
    broken_glass: bool = False
    deidentified: bool = False
    approved: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """May this principal do this act to this resource for this purpose?"""

    principal: Principal
    act: Act
    resource: Resource
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: `policies` are the ids of those that decided (none where nothing permits), `errors` what failed.

    With any error nothing is permitted. Errors name policies, acts and kinds, never a person or a patient.
    """

    permitted: bool
    policies: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
