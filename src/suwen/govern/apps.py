"""Apps to which a person lends what they may do: noted when it is granted and when it is taken back, by whom."""

from __future__ import annotations

from collections.abc import Iterable

from suwen.govern.people import named
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.gate import Records, patient_id
from suwen.records.people import Actor

__all__ = ["grant_app", "revoke_app", "revoke_apps_of"]


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


def revoke_app(actor: Actor, records: Records, app: str, *, scopes: Iterable[str], patient: str = "") -> None:
    """Note that a person takes back what they granted an app; whoever is signed in may. Raises LoginError."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        detail = {"what": "app taken back", "app": app, "scopes": sorted(scopes), "patient": patient}
        work.note(EventKind.ACCOUNT, act="revoke", subject=actor.id, detail=detail)


def revoke_apps_of(actor: Actor, records: Records, login: str) -> str:
    """Note that somebody else's apps are shut out, all of them; the id of the account whose they are.

    Whoever may lock the account may do this, which is less. Raises AccessError, NotFoundError.
    """
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.LOCK, ResourceKind.ACCOUNTS)
        account = named(work, login)
        work.note(EventKind.ACCOUNT, act="revoke", subject=account.id, detail={"what": "apps taken back"})
        return account.id
