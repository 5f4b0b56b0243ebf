"""The one entrance to the records: every act is decided and audited here, before anything is unsealed."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, and_, bindparam, or_, select

from suwen.errors import AuditError, LoginError, NotFoundError
from suwen.records.access import Act, Control, Decision, Principal, Purpose, Request, Resource, ResourceKind, Role
from suwen.records.access.refusals import refused
from suwen.records.approvals import read_approval
from suwen.records.audit import EventKind, Outcome
from suwen.records.identity.login import Policy
from suwen.records.identity.nouns import Account, Device, Session
from suwen.records.identity.sessions import Lifetime, token_hash, touch
from suwen.records.people import Actor, save_session, session_id
from suwen.records.relations import read_break_glass, read_care
from suwen.records.store.documents import COLUMNS, Document
from suwen.records.store.store import Store, Transaction
from suwen.records.store.tables import DOCUMENT

__all__ = ["Records", "Work", "kept_of", "patient_id", "principal_of"]

_SEEN_EVERY = 60.0  # seconds: how exactly the last use of a session is kept

_WHO = select(*COLUMNS).where(
    or_(
        and_(DOCUMENT.c.kind == "session", DOCUMENT.c.id == bindparam("session")),
        and_(DOCUMENT.c.kind.in_(("account", "device")), DOCUMENT.c.id == bindparam("who")),
    )
)
_RELATED = select(*COLUMNS).where(
    DOCUMENT.c.kind.in_(("care", "break-glass")),
    DOCUMENT.c.first == bindparam("patient"),
    DOCUMENT.c.second == bindparam("who"),
)
_MINE = select(*COLUMNS).where(DOCUMENT.c.kind.in_(("care", "break-glass")), DOCUMENT.c.second == bindparam("who"))


@dataclass(frozen=True)
class Records:
    """An open store with the policies that guard it: what every function of the floor above takes."""

    store: Store
    control: Control
    login_policy: Policy = field(default_factory=Policy)
    lifetime: Lifetime = field(default_factory=Lifetime)

    @contextlib.contextmanager
    def acting(self, actor: Actor, purpose: Purpose) -> Iterator[Work]:
        """One piece of work of an actor: a transaction in which each act must be permitted before it is done.

        When anything is refused or fails, nothing of the work stays; that it was tried does, in the audit log.
        Raises LoginError for a session that is over, AccessError, and AuditError when even that cannot be logged.
        """
        work: Work | None = None
        done = False
        try:
            with self.store.transaction() as ongoing:
                work = Work(self, ongoing, actor, purpose)
                work.principal = principal_of(self, ongoing.connection, actor)
                yield work
            done = True
        finally:
            if not done:
                self._note_failure(actor, purpose, work, sys.exception())

    def _note_failure(self, actor: Actor, purpose: Purpose, work: Work | None, failure: BaseException | None) -> None:
        """What was decided, and how it failed, in a transaction of its own; the work's is gone."""
        if isinstance(failure, AuditError):
            return
        decisions = [] if work is None else [one for one in work.transaction.events if one.kind is EventKind.DECISION]
        with self.store.transaction() as ongoing:
            ongoing.events.extend(decisions)
            if any(one.outcome is Outcome.DENY for one in decisions):
                return
            said = {"error": type(failure).__name__, **_through(actor)}
            kind = EventKind.LOGIN if isinstance(failure, LoginError) else EventKind.DECISION
            ongoing.note(kind, actor=actor.id, purpose=purpose.value, outcome=Outcome.FAILURE, detail=said)


class Work:
    """What an actor does in one transaction, for one purpose."""

    def __init__(self, records: Records, transaction: Transaction, actor: Actor, purpose: Purpose) -> None:
        self.records = records
        self.store = records.store
        self.transaction = transaction
        self.connection: Connection = transaction.connection
        self.actor = actor
        self.purpose = purpose
        self.principal = Principal(actor.id, frozenset(), device=actor.device)

    @property
    def at(self) -> int:
        """Time of the transaction in microseconds, UTC."""
        return self.transaction.at

    def require(
        self, act: Act, kind: ResourceKind, *, patient: bytes | None = None, approval: bytes | None = None
    ) -> None:
        """Have an act decided and noted; for a cohort say under which approval (id), as none it is not approved.

        Raises AccessError when no policy permits it, with what would.
        """
        self.require_on(act, self._resource(kind, patient) if approval is None else self._cohort(kind, approval))

    def require_on(self, act: Act, resource: Resource) -> None:
        """As `require`, with a resource that `resource` gave in this transaction."""
        decision = self._decided(act, resource)
        if not decision.permitted:
            whys = [self.records.control.why(policy) for policy in decision.policies]
            raise refused(act, resource, self.purpose, whys)

    def allows(self, act: Act, kind: ResourceKind, *, patient: bytes | None = None) -> bool:
        """Have an act decided and noted, and say whether it is permitted: for lists that leave out what is not."""
        return self._decided(act, self._resource(kind, patient)).permitted

    def related(self) -> dict[bytes, Resource]:
        """Whom care or broken glass relates the actor to, as it is in this transaction: for lists, not a permission."""
        found: dict[bytes, list[Document]] = {}
        for row in self.connection.execute(_MINE, {"who": bytes.fromhex(self.actor.id)}):
            found.setdefault(row.first, []).append(self.store.documents.opened(row))
        return {one: _patient(one, relations, self.at) for one, relations in sorted(found.items())}

    def allows_each(self, act: Act, resources: Sequence[Resource]) -> list[Resource]:
        """Those of several resources, as `related` gives them, with which an act is permitted; each is noted."""
        requests = [Request(self.principal, act, one, self.purpose) for one in resources]
        decisions = self.records.control.decide_each(requests)
        for resource, decision in zip(resources, decisions, strict=True):
            self._note_decision(act, resource, decision)
        return [one for one, decision in zip(resources, decisions, strict=True) if decision.permitted]

    def under(self, purpose: Purpose) -> Work:
        """The same work of the same actor for another purpose: what is decided and noted through it says that one."""
        other = Work(self.records, self.transaction, self.actor, purpose)
        other.principal = self.principal
        return other

    def _decided(self, act: Act, resource: Resource) -> Decision:
        decision = self.records.control.decide(Request(self.principal, act, resource, self.purpose))
        self._note_decision(act, resource, decision)
        return decision

    def _note_decision(self, act: Act, resource: Resource, decision: Decision) -> None:
        detail: dict[str, Any] = {
            "policies": list(decision.policies),
            "roles": sorted(role.value for role in self.principal.roles),
            "resource": resource.kind.value,
        }
        if decision.errors:
            detail["errors"] = list(decision.errors)
        outcome = Outcome.PERMIT if decision.permitted else Outcome.DENY
        self.note(EventKind.DECISION, act=act.value, subject=resource.id, outcome=outcome, detail=detail)

    def permits(self, act: Act, kind: ResourceKind, *, patient: bytes | None = None) -> bool:
        """Whether an act would be permitted; not noted, so nothing may be opened or told on it."""
        request = Request(self.principal, act, self._resource(kind, patient), self.purpose)
        return self.records.control.decide(request).permitted

    def resource(self, patient: bytes) -> Resource:
        """A patient as the policies see them, with what relates the actor to them in this transaction."""
        return self._resource(ResourceKind.PATIENT, patient)

    def permitted(self, acts: Iterable[Act], resource: Resource) -> frozenset[Act]:
        """Which of several acts would be permitted, as `permits` says of each; not noted either."""
        requests = [Request(self.principal, act, resource, self.purpose) for act in acts]
        decisions = self.records.control.decide_each(requests)
        return frozenset(one.act for one, decision in zip(requests, decisions, strict=True) if decision.permitted)

    def note(
        self,
        kind: EventKind,
        *,
        act: str = "",
        subject: str = "",
        outcome: Outcome = Outcome.SUCCESS,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Add an event of this actor and purpose to the audit log."""
        self.transaction.note(
            kind,
            actor=self.actor.id,
            act=act,
            purpose=self.purpose.value,
            subject=subject,
            outcome=outcome,
            detail={**(detail or {}), **_through(self.actor)},
        )

    def _resource(self, kind: ResourceKind, patient: bytes | None) -> Resource:
        """What is acted on, with the relationships as they are in this transaction: nothing is remembered."""
        if patient is None or kind is not ResourceKind.PATIENT:
            return Resource(kind, _hex(patient))
        who = {"patient": patient, "who": bytes.fromhex(self.actor.id)}
        found = [self.store.documents.opened(row) for row in self.connection.execute(_RELATED, who)]
        return _patient(patient, found, self.at)

    def _cohort(self, kind: ResourceKind, approval: bytes) -> Resource:
        """A cohort with its approval as it is in this transaction. `suwen.cohort` makes none that is identified."""
        known = self.store.documents.exists(self.connection, "approval", approval)
        found = read_approval(self.store.documents.get(self.connection, "approval", approval)) if known else None
        approved = found is not None and found.permits(self.actor.id, self.at)
        return Resource(kind, approval.hex(), deidentified=True, approved=approved)


def _patient(patient: bytes, related: Iterable[Document], at: int) -> Resource:
    """A patient as policies see them, with what relates the actor to them at `at`."""
    found = list(related)
    in_care = any(one.kind == "care" and read_care(one).active(at) for one in found)
    broken = any(one.kind == "break-glass" and read_break_glass(one).active(at) for one in found)
    return Resource(ResourceKind.PATIENT, patient.hex(), in_care=in_care, broken_glass=broken)


def patient_id(text: str) -> bytes:
    """The 16 bytes of a patient's or record's id in hexadecimal. Raises NotFoundError."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != 16 or len(text) != 32:  # fromhex skips spaces: one record has one spelling
        raise NotFoundError(
            "an id of a patient or record has 32 hexadecimal digits; look it up by identifier instead",
            zh="患者或记录的编号为 32 位十六进制数字；请改用标识符检索",
        )
    return raw


def principal_of(records: Records, connection: Connection, actor: Actor) -> Principal:
    """Who acts, as the store knows them now. Raises LoginError for what is over, disabled, revoked or unknown."""
    found = kept_of(records, connection, actor)
    if actor.device:
        return _device(records, found.get("device"), actor)
    if "account" not in found or "session" not in found:
        raise LoginError("log in first", zh="请先登录")
    account = Account.from_document(found["account"])
    if account.id != actor.id:  # an id in other letters finds the account, and its entries would bear another tag
        raise LoginError("log in first", zh="请先登录")
    session = Session.from_document(found["session"])
    used = touch(session, actor.token, account=account, clock=records.store.clock, lifetime=records.lifetime)
    if used.seen - session.seen >= _SEEN_EVERY:
        save_session(records.store, connection, used)
    known = {role.value: role for role in Role}
    return Principal(account.id, frozenset(known[role] for role in account.roles if role in known))


def kept_of(records: Records, connection: Connection, actor: Actor) -> dict[str, Mapping[str, Any]]:
    """What the store keeps of an actor: the contents of "account", "session" and "device", where there are any."""
    who = {"session": session_id(token_hash(actor.token)), "who": _id_bytes(actor.id)}
    return {row.kind: records.store.documents.opened(row).content for row in connection.execute(_WHO, who)}


def _device(records: Records, content: Mapping[str, Any] | None, actor: Actor) -> Principal:
    device = Device.from_document(content) if content is not None else None
    if device is None or device.id != actor.id or device.revoked or device.valid_until <= records.store.clock():
        raise LoginError(
            "the device is unknown, revoked or its certificate has expired", zh="设备未知、已吊销或证书已过期"
        )
    known = {act.value: act for act in Act}
    return Principal(actor.id, frozenset(), device=True, acts=frozenset(known[one] for one in device.acts))


def _id_bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _through(actor: Actor) -> dict[str, str]:
    """What an entry says of the app that acts for somebody: else the log would say that the person did it."""
    return {"through": actor.through} if actor.through else {}


def _hex(raw: bytes | None) -> str:
    return "" if raw is None else raw.hex()
