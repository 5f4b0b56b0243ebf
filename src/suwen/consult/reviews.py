"""What people say of findings: confirmed, amended or rejected with a reason, every version kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from suwen.consult.chart import shown
from suwen.consult.findings import KIND, filed_finding, filed_to_bytes
from suwen.consult.nouns import Filed, Review, Verdict
from suwen.errors import AccessError, ConflictError, InputError, NotFoundError
from suwen.finding import Chance, Finding
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.gate import Records, Work, patient_id
from suwen.records.noted import note_opened, seal_drafts
from suwen.records.people import Actor, account_by_id
from suwen.records.store.charts import Draft, Record

__all__ = ["amend_finding", "confirm_finding", "finding_history", "reject_finding"]

_REASON = 10  # characters at least, as for breaking the glass: "ok" is no reason anybody could weigh later


def confirm_finding(
    actor: Actor,
    records: Records,
    patient: str,
    record: str,
    *,
    base: int,
    reason: str,
    purpose: Purpose = Purpose.TREATMENT,
) -> Filed:
    """Say that a finding holds as it stands; `base` is the version that was looked at.

    Raises AccessError (also for a device: only people judge), InputError for a reason too short, NotFoundError,
    ConflictError when the finding was changed or judged since.
    """
    with records.acting(actor, purpose) as work:
        known = _judged(work, patient, record, base, reason)
        return _keep(work, patient, known, Verdict.CONFIRMED, reason)


def reject_finding(
    actor: Actor,
    records: Records,
    patient: str,
    record: str,
    *,
    base: int,
    reason: str,
    purpose: Purpose = Purpose.TREATMENT,
) -> Filed:
    """Say that a finding does not hold; it stays, and becomes a label for learning. Raises as `confirm_finding`."""
    with records.acting(actor, purpose) as work:
        known = _judged(work, patient, record, base, reason)
        return _keep(work, patient, known, Verdict.REJECTED, reason)


def amend_finding(  # noqa: PLR0913 - as the two above, with what the finding is put right to
    actor: Actor,
    records: Records,
    patient: str,
    record: str,
    *,
    base: int,
    reason: str,
    finding: Finding | Mapping[str, Finding],
    purpose: Purpose = Purpose.TREATMENT,
) -> Filed:
    """Put a finding right: true in part. What the area says stays beside it (`Filed.found`), also when it is run again.

    `finding` is the finding put right, or that by language ("en" and others). Where the code is another, the area's
    chance is not kept: it was calibrated for another claim, and unknown stays unknown. Raises as `confirm_finding`,
    InputError for a finding about another subject.
    """
    with records.acting(actor, purpose) as work:
        known = _judged(work, patient, record, base, reason)
        given = {"en": finding} if isinstance(finding, Finding) else finding
        right = {lang: _put_right(known, one) for lang, one in given.items()}
        if "en" not in right:
            raise InputError(
                "a finding put right is worded in English (en) at least", zh="更正后的所见至少须有英文（en）表述"
            )
        amended = replace(known, finding=right.pop("en"), words=right)
        return _keep(work, patient, amended, Verdict.AMENDED, reason)


def finding_history(
    actor: Actor, records: Records, patient: str, record: str, *, purpose: Purpose = Purpose.TREATMENT
) -> list[Filed]:
    """Every version of a finding, oldest first; of one that was withdrawn the last is no longer standing.

    Raises as `open_patient`, NotFoundError when the record is no finding.
    """
    raw = patient_id(patient)
    with records.acting(actor, purpose) as work:
        work.require(Act.VIEW, ResourceKind.PATIENT, patient=raw)
        found = list[Filed]()
        for one in _versions(work, raw, record):
            found.append(_gone(one, found) if one.withdrawn else filed_finding(shown(one)))
        return found


def _gone(record: Record, before: list[Filed]) -> Filed:
    if not before:
        raise NotFoundError("there is no finding with this id", zh="没有此编号的所见")
    return replace(before[-1], version=record.version, at=record.at, standing=False)


def _versions(work: Work, patient: bytes, record: str) -> list[Record]:
    state = work.store.charts.state(work.connection, patient)
    found = work.store.charts.history(work.connection, state, patient_id(record))
    if found[-1].kind != KIND:
        raise NotFoundError("there is no finding with this id", zh="没有此编号的所见")
    note_opened(work, patient, found)
    return found


def _judged(work: Work, patient: str, record: str, base: int, reason: str) -> Filed:
    """The finding to be judged, once that is permitted and it is what the person looked at."""
    raw = patient_id(patient)
    if work.actor.device:
        raise AccessError("a device may not judge findings; a person does", zh="设备不得判定所见，须由人员判定")
    work.require(Act.VIEW, ResourceKind.PATIENT, patient=raw)
    work.require(Act.DIAGNOSE, ResourceKind.PATIENT, patient=raw)
    if len(reason.strip()) < _REASON:
        raise InputError(
            f"say why in at least {_REASON} characters: it stays with the finding",
            zh=f"请说明理由，至少 {_REASON} 个字符：理由将随所见保存",
        )
    newest = _versions(work, raw, record)[-1]
    if newest.version != base or newest.withdrawn:
        said = "was withdrawn" if newest.withdrawn else f"is now version {newest.version}"
        now = "已撤回" if newest.withdrawn else f"现为第 {newest.version} 版"
        raise ConflictError(
            f"the finding was read as version {base} and {said}; read it again",
            zh=f"读取的是该所见的第 {base} 版，{now}；请重新读取",
        )
    return filed_finding(shown(newest))


def _keep(work: Work, patient: str, known: Filed, verdict: Verdict, reason: str) -> Filed:
    name = account_by_id(work.store, work.connection, work.actor.id).name
    review = Review(verdict, reason.strip(), work.actor.id, name, work.at, known.version, known.made_with, known.inputs)
    now = replace(known, reviews=(*known.reviews, review))
    draft = Draft(KIND, filed_to_bytes(now), bytes.fromhex(known.record), known.version)
    (written,) = seal_drafts(work, Act.DIAGNOSE, patient_id(patient), [draft])
    return filed_finding(shown(written))


def _put_right(known: Filed, finding: Finding) -> Finding:
    if finding.subject != known.finding.subject:
        raise InputError(
            "a finding put right is about the same subject; file another for another subject",
            zh="更正后的所见须针对同一对象；其他对象请另行归档",
        )
    kept = finding.code == known.finding.code or finding.chance != known.finding.chance
    return replace(finding, chance=finding.chance if kept else Chance(None), reviewed_by=None)
