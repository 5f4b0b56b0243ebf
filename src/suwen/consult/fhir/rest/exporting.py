"""Whole charts for a bulk export: whose there are, and one after the other, each under the act "export"."""

from __future__ import annotations

from collections.abc import Sequence

from suwen.consult.fhir.rest.derived import derived_versions
from suwen.consult.fhir.rest.names import Named
from suwen.consult.fhir.rest.nouns import Version, Who
from suwen.consult.fhir.rest.room import Rest
from suwen.consult.fhir.rest.served import version_of
from suwen.consult.fhir.rest.wholes import Whole, newest_of
from suwen.errors import AccessError, NotFoundError
from suwen.records.access import Act, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.gate import Work, patient_id
from suwen.records.relations import caring

__all__ = ["exported_chart", "patients_for_export"]


def patients_for_export(rest: Rest, who: Who) -> list[str]:
    """The patients (hex) whose charts the actor may export: those in care, or the one an app was launched for.

    Raises AccessError where there is none.
    """
    with rest.records.acting(who.actor, who.purpose) as work:
        mine = caring(rest.records.store, work.connection, who=who.actor.id)
        treated = {bytes.fromhex(care.patient) for care in mine if care.active(work.at)}
        if who.limits.patient:
            treated &= {bytes.fromhex(who.limits.patient)}
        found = sorted(one for one in treated if work.permits(Act.EXPORT, ResourceKind.PATIENT, patient=one))
        if not found:
            raise AccessError("you may export no patient's chart; a physician exports those of the patients they treat")
        work.note(EventKind.QUERY, act=Act.EXPORT.value, detail={"what": "patients to export", "found": len(found)})
        return [one.hex() for one in found]


def exported_chart(rest: Rest, who: Who, patient: str, *, kinds: Sequence[str] = (), since: int = 0) -> list[Version]:
    """The newest versions of a patient's resources, those of some types only, changed since a time (µs, UTC).

    None where the records were erased meanwhile. Raises AccessError, TamperError.
    """
    raw = patient_id(patient)
    with rest.records.acting(who.actor, who.purpose) as work:
        work.require(Act.EXPORT, ResourceKind.PATIENT, patient=raw)
        try:
            whole = rest.wholes.of(work, raw)
        except NotFoundError:
            return []
        found = [one for one in _versions(work, whole) if one.at >= since and _wanted(one.kind, kinds, who)]
        detail = {"records": len(found), "recipient": "bulk export"}
        work.note(EventKind.EXPORT, act=Act.EXPORT.value, subject=patient, detail=detail)
        return found


def _wanted(kind: str, kinds: Sequence[str], who: Who) -> bool:
    return (not kinds or kind in kinds) and who.limits.sees(kind)


def _versions(work: Work, whole: Whole) -> list[Version]:
    served = [id_ for id_, seen in whole.newest.items() if seen.served and seen.kind != "Patient"]
    records = newest_of(work, whole, [*whole.who(), *served])
    found = []
    for one in records:
        is_patient = one.id in whole.who()
        name = Named("Patient", whole.patient) if is_patient else Named(one.kind, whole.patient, one.id)
        found.append(version_of(whole, name, one))
    return [*found, *derived_versions(work, whole)]
