"""Apps to which a person lends what they may do: noted when it is granted, for what, and for whom."""

from __future__ import annotations

from collections.abc import Iterable

from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.gate import Records, patient_id
from suwen.records.people import Actor

__all__ = ["grant_app"]


def grant_app(actor: Actor, records: Records, app: str, *, scopes: Iterable[str], patient: str = "") -> None:
    """Note that a person lets an app act for them, for a patient (id in hex) whom they must be allowed to view.

    It gives the app no right of its own: whatever it then does is decided as if the person did it, and ends with their
    session. Raises LoginError, AccessError, NotFoundError.
    """
    with records.acting(actor, Purpose.TREATMENT) as work:
        if patient:
            work.require(Act.VIEW, ResourceKind.PATIENT, patient=patient_id(patient))
        detail = {"what": "app granted", "app": app, "scopes": sorted(scopes), "patient": patient}
        work.note(EventKind.ACCOUNT, act="grant", subject=actor.id, detail=detail)
