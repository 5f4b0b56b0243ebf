"""Care relationships and the review of broken glass: who may reach whom, decided by those who do not treat."""

from __future__ import annotations

from dataclasses import replace

from suwen.errors import InputError, NotFoundError
from suwen.govern.people import named
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.gate import Records, Work, patient_id
from suwen.records.people import Actor, devices
from suwen.records.relations import (
    NOT_JUSTIFIED,
    BreakGlass,
    Care,
    break_glass_uses,
    caring,
    new_relation,
    save_break_glass,
    save_care,
)

__all__ = ["grant_care", "identified", "list_break_glass", "list_care", "review_break_glass", "revoke_care"]

_DAY = 86_400_000_000
_LONGEST = 36_525  # days: a hundred years; without an end it is given by leaving `days` out


def grant_care(
    actor: Actor, records: Records, *, patient: str, who: str, days: float | None = None, device: bool = False
) -> Care:
    """Give an account (login name) or a device (its name) a care relationship with a patient, from now on.

    It ends after `days`, or when revoked. Raises AccessError, NotFoundError, InputError when there is one already.
    """
    if days is not None and not 0 < days <= _LONGEST:
        raise InputError(
            f"a care relationship lasts more than 0 and at most {_LONGEST} days, not {days}",
            zh=f"诊疗关系的期限须大于 0 天且不超过 {_LONGEST} 天，而非 {days} 天",
        )
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.MANAGE, ResourceKind.ACCOUNTS)
        raw, id_ = patient_id(patient), _who(work, who, device=device)
        records.store.charts.state(work.connection, raw)
        if any(one.active(work.at) for one in caring(records.store, work.connection, patient=raw.hex(), who=id_)):
            raise InputError(
                "there is an active care relationship already; revoke it first to change its end",
                zh="已存在有效的诊疗关系；如需更改期限，请先终止",
            )
        until = None if days is None else work.at + int(days * _DAY)
        care = Care(new_relation(), raw.hex(), id_, work.at, until, actor.id)
        save_care(records.store, work.connection, care)
        detail = {"what": "granted", "who": id_, "until": until}
        work.note(EventKind.CARE, act=Act.MANAGE.value, subject=raw.hex(), detail=detail)
        return care


def revoke_care(actor: Actor, records: Records, *, patient: str, who: str, device: bool = False) -> int:
    """End every active care relationship of somebody with a patient, at once; how many. Raises NotFoundError."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.MANAGE, ResourceKind.ACCOUNTS)
        raw, id_ = patient_id(patient), _who(work, who, device=device)
        known = caring(records.store, work.connection, patient=raw.hex(), who=id_)
        ended = [one for one in known if one.active(work.at)]
        if not ended:
            raise NotFoundError("there is no active care relationship to end", zh="没有可终止的有效诊疗关系")
        for one in ended:
            save_care(records.store, work.connection, replace(one, until=work.at, revoked=True))
        work.note(EventKind.CARE, act=Act.MANAGE.value, subject=raw.hex(), detail={"what": "revoked", "who": id_})
        return len(ended)


def list_care(actor: Actor, records: Records, *, patient: str = "", who: str = "", device: bool = False) -> list[Care]:
    """Care relationships of a patient, of somebody, or all, also those that are over. Raises AccessError."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.MANAGE, ResourceKind.ACCOUNTS)
        raw = patient_id(patient).hex() if patient else None
        work.note(EventKind.QUERY, act=Act.MANAGE.value, subject=raw or "", detail={"what": "care relationships"})
        return caring(records.store, work.connection, patient=raw, who=_who(work, who, device=device) if who else None)


def identified(actor: Actor, records: Records, identifier: str) -> str:
    """The id of whoever has an identifier, to grant care for, export to or erase; nothing about them is opened.

    Raises AccessError, NotFoundError.
    """
    with records.acting(actor, Purpose.OPERATIONS) as work:
        kind = ResourceKind.ACCOUNTS if work.permits(Act.MANAGE, ResourceKind.ACCOUNTS) else ResourceKind.KEYS
        work.require(Act.MANAGE if kind is ResourceKind.ACCOUNTS else Act.MANAGE_KEYS, kind)
        found = records.store.charts.find(work.connection, [("identifier", identifier)])
        work.note(EventKind.QUERY, act=Act.MANAGE.value, detail={"fields": ["identifier"], "found": len(found)})
        if len(found) != 1:
            raise NotFoundError("no patient has this identifier", zh="没有患者使用该标识符")
        return found[0].hex()


def list_break_glass(actor: Actor, records: Records, *, unreviewed: bool = False) -> list[BreakGlass]:
    """Uses of break-glass, oldest first, with their reasons; or only those still to be reviewed. Raises AccessError."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.REVIEW, ResourceKind.ACCOUNTS)
        work.note(EventKind.QUERY, act=Act.REVIEW.value, detail={"what": "break-glass"})
        found = break_glass_uses(records.store, work.connection)
        return [one for one in found if not (unreviewed and one.verdict)]


def review_break_glass(actor: Actor, records: Records, use: str, *, justified: bool, remark: str) -> BreakGlass:
    """Judge a use of break-glass, with a remark; one that is not justified ends at once. Raises NotFoundError."""
    if not remark.strip():
        raise InputError("say in a remark why it was justified or not", zh="请在备注中说明为何正当或不正当")
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.REVIEW, ResourceKind.ACCOUNTS)
        one = next((one for one in break_glass_uses(records.store, work.connection) if one.id == use), None)
        if one is None:
            raise NotFoundError(
                "there is no such use of break-glass; see `suwen records review`",
                zh="没有此次紧急访问；请参阅 `suwen records review`",
            )
        if one.verdict:
            raise InputError(f"it was reviewed already: {one.verdict}", zh=f"该次紧急访问已审查：{one.verdict}")
        judged = replace(
            one,
            reviewed_by=actor.id,
            reviewed_at=work.at,
            verdict="justified" if justified else NOT_JUSTIFIED,
            remark=remark.strip(),
            until=one.until if justified else min(one.until, work.at),
        )
        save_break_glass(records.store, work.connection, judged)
        detail = {"use": use, "verdict": judged.verdict}
        work.note(EventKind.REVIEW, act=Act.REVIEW.value, subject=one.patient, detail=detail)
        return judged


def _who(work: Work, name: str, *, device: bool) -> str:
    if not device:
        return named(work, name).id
    found = [one for one in devices(work.store, work.connection) if one.name == name and not one.revoked]
    if len(found) != 1:
        raise NotFoundError(
            f"there is no registered device of this name ({len(found)} found)",
            zh=f"没有该名称的已登记设备（找到 {len(found)} 个）",
        )
    return found[0].id
