"""Breaking the glass: access without a care relationship, for a reason, for a time, alarmed and reviewed."""

from __future__ import annotations

import logging

from suwen.errors import AccessError, InputError, NotFoundError
from suwen.records.access import Act, Purpose, Request, Resource, ResourceKind
from suwen.records.audit import EventKind, Outcome
from suwen.records.gate import Records, Work, patient_id
from suwen.records.people import Actor
from suwen.records.relations import BreakGlass, new_relation, save_break_glass
from suwen.records.together import Together, read

__all__ = ["break_glass", "purpose_for"]

ALARM = logging.getLogger("suwen.alarm")
_MINUTES = 60  # HIPAA 45 CFR 164.312(a)(2)(ii) asks for an emergency procedure, not for a length: this is ours
_LONGEST = 24 * 60
_REASON = 10  # characters at least: "x" is no reason anybody can review


def break_glass(
    actor: Actor, records: Records, *, patient: str = "", identifier: str = "", reason: str, minutes: int = _MINUTES
) -> BreakGlass:
    """Take access to a patient (id in hex, or an identifier) for the purpose EMERGENCY, for `minutes`.

    It raises an alarm at once (log `suwen.alarm`, level WARNING), stays until reviewed by the security officer, and
    covers what the emergency policies permit to the actor's role. Raises InputError, AccessError, NotFoundError.
    """
    if len(reason.strip()) < _REASON:
        raise InputError(
            f"say why in at least {_REASON} characters: it will be reviewed",
            zh=f"请说明理由，至少 {_REASON} 个字符：理由将被审查",
        )
    if not 1 <= minutes <= _LONGEST:
        raise InputError(
            f"emergency access lasts 1 to {_LONGEST} minutes, not {minutes}",
            zh=f"紧急访问时长为 1 至 {_LONGEST} 分钟，而非 {minutes} 分钟",
        )
    with records.acting(actor, Purpose.EMERGENCY) as work:
        known = patient_id(patient) if patient else None
        _require_emergency_role(work, known)  # first: to all others an identifier exists no more than a patient does
        raw = known or _identified(work, identifier)
        records.store.charts.state(work.connection, raw)
        until = work.at + minutes * 60_000_000
        use = BreakGlass(new_relation(), raw.hex(), actor.id, work.at, until, reason.strip())
        save_break_glass(records.store, work.connection, use)
        work.note(EventKind.BREAK_GLASS, act=Act.VIEW.value, subject=raw.hex(), detail={"use": use.id, "until": until})
    ALARM.warning("break-glass use %s by %s until %d; review it: suwen records review", use.id, actor.id, until)
    return use


def purpose_for(actor: Actor, records: Records | Together, patient: str) -> Purpose:
    """For what an actor may view a patient (id in hex): EMERGENCY where only broken glass allows it, else TREATMENT.

    Nothing is opened or told; whoever may do neither is refused under TREATMENT. Raises LoginError, NotFoundError.
    """
    raw = patient_id(patient)

    def act(work: Work) -> Purpose:
        if work.permits(Act.VIEW, ResourceKind.PATIENT, patient=raw):
            return Purpose.TREATMENT
        hurried = work.under(Purpose.EMERGENCY).permits(Act.VIEW, ResourceKind.PATIENT, patient=raw)
        return Purpose.EMERGENCY if hurried else Purpose.TREATMENT

    return read(records, actor, Purpose.TREATMENT, act)


def _identified(work: Work, identifier: str) -> bytes:
    found = work.store.charts.find(work.connection, [("identifier", identifier)]) if identifier.strip() else []
    if len(found) != 1:
        raise NotFoundError("no patient has this identifier", zh="没有患者使用该标识符")
    return found[0]


def _require_emergency_role(work: Work, patient: bytes | None) -> None:
    """Only those may break the glass whom the emergency policies would then permit to view."""
    subject = patient.hex() if patient else ""
    resource = Resource(ResourceKind.PATIENT, subject, broken_glass=True)
    decision = work.records.control.decide(Request(work.principal, Act.VIEW, resource, Purpose.EMERGENCY))
    outcome = Outcome.PERMIT if decision.permitted else Outcome.DENY
    detail = {"policies": list(decision.policies), "resource": "break-glass"}
    work.note(EventKind.DECISION, act=Act.VIEW.value, subject=subject, outcome=outcome, detail=detail)
    if not decision.permitted:
        raise AccessError(
            "your role has no emergency access; call somebody whose role has it",
            zh="您的角色没有紧急访问权限；请联系有此权限的人员",
        )
