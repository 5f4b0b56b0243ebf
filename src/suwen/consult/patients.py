"""Patients: registering one, finding one's own, listing them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from suwen.errors import InputError, NotFoundError
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.demographics import BARE, KIND, Demographics, is_unicode
from suwen.records.gate import Records, Work, patient_id
from suwen.records.noted import seal_drafts
from suwen.records.people import Actor
from suwen.records.relations import Care, caring, new_relation, save_care
from suwen.records.store.charts import Draft

__all__ = [
    "Listed",
    "amend",
    "amend_patient",
    "find_patients",
    "having",
    "list_my_patients",
    "listed",
    "register",
    "register_patient",
]


@dataclass(frozen=True, slots=True)
class Listed:
    """One of an actor's own patients: the id (hex) and who it is."""

    id: str
    demographics: Demographics


def register_patient(
    actor: Actor, records: Records, demographics: Demographics, *, purpose: Purpose = Purpose.TREATMENT
) -> str:
    """Register a patient; whoever does it (unless a device) has a care relationship from then on. Returns the id (hex).

    Raises InputError when a patient with one of the identifiers is registered already, AccessError.
    """
    with records.acting(actor, purpose) as work:
        return register(work, demographics).hex()


def register(work: Work, demographics: Demographics) -> bytes:
    """As `register_patient`, within a transaction. Raises InputError, AccessError."""
    work.require(Act.REGISTER, ResourceKind.PATIENT)
    _require_free(work, demographics)
    patient = work.store.charts.create(work.connection, at=work.at)
    _keep(work, patient, demographics, Draft(KIND, demographics.to_bytes()))
    if not work.actor.device:
        care = Care(new_relation(), patient.hex(), work.actor.id, work.at, None, work.actor.id)
        save_care(work.store, work.connection, care)
        work.note(EventKind.CARE, subject=patient.hex(), detail={"who": work.actor.id, "why": "registered"})
    return patient


def amend_patient(
    actor: Actor, records: Records, patient: str, demographics: Demographics, *, purpose: Purpose = Purpose.TREATMENT
) -> None:
    """Write the next version of who a patient is. Raises AccessError, NotFoundError.

    Raises InputError when another patient has one of the identifiers: an emergency finds a patient by them.
    """
    raw = patient_id(patient)
    with records.acting(actor, purpose) as work:
        work.require(Act.ANNOTATE, ResourceKind.PATIENT, patient=raw)
        amend(work, raw, demographics)


def amend(work: Work, patient: bytes, demographics: Demographics) -> None:
    """As `amend_patient`, within a transaction that permitted it. What other systems call the patient is kept."""
    charts = work.store.charts
    _require_free(work, demographics, but_for=patient)
    known = charts.newest(work.connection, charts.state(work.connection, patient), kinds=[KIND])
    base = known[-1] if known else None
    if base and not demographics.addresses:  # nobody who corrects a name types them again
        demographics = replace(demographics, addresses=Demographics.from_bytes(base.payload).addresses)
    draft = Draft(KIND, demographics.to_bytes(), base.id if base else None, base.version if base else 0)
    _keep(work, patient, demographics, draft)


def having(work: Work, identifier: str) -> set[bytes]:
    """The patients who have exactly this identifier; not those who have its number in another system."""
    find = work.store.charts.find
    return set(find(work.connection, [("identifier", identifier)])) - set(find(work.connection, [(BARE, identifier)]))


def _require_free(work: Work, demographics: Demographics, *, but_for: bytes | None = None) -> None:
    for identifier in demographics.identifiers:
        if having(work, identifier) - {but_for}:
            raise InputError(
                "a patient with this identifier is registered already; find the patient instead",
                zh="该标识符已有患者登记；请改为检索该患者",
            )


def _keep(work: Work, patient: bytes, demographics: Demographics, draft: Draft) -> None:
    seal_drafts(work, Act.REGISTER, patient, [draft])
    work.store.charts.index(work.connection, patient, demographics.fields())


def list_my_patients(actor: Actor, records: Records, *, purpose: Purpose = Purpose.TREATMENT) -> list[Listed]:
    """The patients that the actor has an active care relationship with, by name. Raises AccessError."""
    with records.acting(actor, purpose) as work:
        mine = caring(records.store, work.connection, who=actor.id)
        return listed(work, {care.patient for care in mine if care.active(work.at)})


def find_patients(
    actor: Actor,
    records: Records,
    *,
    identifier: str = "",
    name: str = "",
    birth_date: str = "",
    purpose: Purpose = Purpose.TREATMENT,
) -> list[Listed]:
    """Patients with exactly these values (case, width and spacing aside) whom the actor may view. Raises AccessError.

    Others are not told. In an emergency `break_glass` takes an identifier and needs no care relationship.
    """
    fields = [("identifier", identifier), ("name", name), ("birth_date", birth_date)]
    asked = [(field, value) for field, value in fields if value.strip()]
    if not asked:
        raise InputError(
            "say what to look for: an identifier, a name or a birth date", zh="请输入检索内容：标识符、姓名或出生日期"
        )
    if not is_unicode(*(value for _, value in asked)):
        raise InputError(
            "what to look for holds half a character; write it as Unicode text",
            zh="检索内容含有不完整的字符；请使用 Unicode 文本",
        )
    with records.acting(actor, purpose) as work:
        found = [patient.hex() for patient in records.store.charts.find(work.connection, asked)]
        detail = {"fields": [field for field, _ in asked], "found": len(found)}
        work.note(EventKind.QUERY, act=Act.VIEW.value, detail=detail)
        return listed(work, found)


def listed(work: Work, patients: Iterable[str]) -> list[Listed]:
    """Who those patients are that the actor may view; the rest is left out."""
    charts, shown = work.store.charts, []
    for patient in sorted(patients):
        raw = patient_id(patient)
        if not work.allows(Act.VIEW, ResourceKind.PATIENT, patient=raw):
            continue
        try:
            known = charts.newest(work.connection, charts.state(work.connection, raw), kinds=[KIND])
        except NotFoundError:  # erased
            continue
        if known:
            shown.append(Listed(patient, Demographics.from_bytes(known[-1].payload)))
            work.note(EventKind.OPEN, act=Act.VIEW.value, subject=patient, detail={"records": [known[-1].id.hex()]})
    return sorted(shown, key=lambda one: (one.demographics.names, one.id))
