"""Upkeep: verifying, checking, backing up, restoring and upgrading a store."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from suwen.errors import InputError, StoreError, TamperError
from suwen.govern.job_documents import forget_jobs
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.audit import Checkpoint, EventKind, public_key_from_text
from suwen.records.audit import verify as verify_checkpoint
from suwen.records.gate import Records
from suwen.records.people import Actor
from suwen.records.store import backup, erasure, orphans, restoring, whole
from suwen.records.store.log import read_head
from suwen.records.store.orphans import GRACE, Found
from suwen.records.store.schema import SCHEMA, require_current, schema_of, upgrade
from suwen.records.store.store import Opening, Place, Transaction, open_store
from suwen.records.store.whole import Progress, Report

__all__ = [
    "Found",
    "Report",
    "back_up",
    "check_store",
    "clean_store",
    "is_set_back",
    "read_checkpoint",
    "renew_witness",
    "restore_backup",
    "snapshots_in",
    "upgrade_store",
    "verify_store",
]


def snapshots_in(address: str) -> list[str]:
    """Names of the snapshots in a backup, oldest first; needs no key. Raises NotFoundError."""
    return restoring.snapshots_in(_absolute(address))


def _absolute(address: str) -> str:
    """A folder's path as it is known from any other folder; a URL is one already."""
    return address if "://" in address else str(Path(address).absolute())


def verify_store(
    actor: Actor | None,
    records: Records,
    *,
    log_only: bool = False,
    checkpoints: Sequence[Checkpoint] = (),
    progress: Progress = whole.silent,
) -> Report:
    """Hold everything in the store against everything; the report lists each fault. Nothing is shown of what it holds.

    Without an actor, whoever can open the store may: somebody must be able to when nobody can log in to it any more.
    What was found is noted in the audit log. A store that was set back is verified without an actor and never written
    to: each entry would bring the forged log nearer to the length at which the witness no longer contradicts it.
    Raises AccessError.
    """
    writable = not is_set_back(records)
    if actor is not None and writable:
        _require_verifying(actor, records)
    report = whole.verify(records.store, log_only=log_only, checkpoints=checkpoints, progress=progress)
    if writable:
        _note_verified(actor, records, report)
    return report


def is_set_back(records: Records) -> bool:
    """Whether the log and its witness beside the database contradict each other, so that nobody should write to it."""
    try:
        records.store.require_not_set_back()
    except StoreError:
        return True
    return False


def _require_verifying(actor: Actor, records: Records) -> None:
    by_auditor = _is_auditor(actor, records)
    with records.acting(actor, Purpose.AUDIT if by_auditor else Purpose.OPERATIONS) as work:
        work.require(Act.VERIFY, ResourceKind.AUDIT if by_auditor else ResourceKind.STORE)


def _note_verified(actor: Actor | None, records: Records, report: Report) -> None:
    """In a transaction of Suwen's own: verifying may have outlasted the session that asked for it."""
    detail = {"faults": len(report.faults), "entries": report.entries, "patients": report.patients}
    try:
        with records.store.transaction() as ongoing:
            who = actor.id if actor is not None else ""
            said = detail if actor is not None else {**detail, "login": "none"}
            ongoing.note(EventKind.VERIFY, actor=who, act=Act.VERIFY.value, detail=said)
    except StoreError as error:
        report.say("log", f"what was found could not be noted in it: {error}")


def _is_auditor(actor: Actor, records: Records) -> bool:
    with records.acting(actor, Purpose.AUDIT) as work:
        return work.permits(Act.VERIFY, ResourceKind.AUDIT)


def read_checkpoint(records: Records, text: str) -> Checkpoint:
    """A signed checkpoint of this store that was kept elsewhere. Raises TamperError."""
    return verify_checkpoint(text, public_key_from_text(records.store.bootstrap.log_key)[1])


def check_store(actor: Actor, records: Records, *, grace: float = GRACE) -> Found:
    """What killed writers left over, older than `grace` seconds. Raises AccessError."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.VERIFY, ResourceKind.STORE)
    return orphans.check(records.store, grace=grace)


def clean_store(actor: Actor, records: Records, found: Found) -> list[str]:
    """Remove what `check_store` found and bring backups up to date; addresses of those still behind."""
    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.VERIFY, ResourceKind.STORE)
        detail = {"orphans": len(found.orphans), "leftovers": len(found.leftovers)}
        work.note(EventKind.CHECK, act=Act.VERIFY.value, detail=detail)
    return orphans.clean(records.store, found)


def back_up(actor: Actor, records: Records, address: str, *, progress: restoring.Progress) -> str:
    """Back everything up to a folder or an object store's URL; the snapshot's name. Raises AccessError."""
    place = _absolute(address)

    def note(ongoing: Transaction, snapshot: str) -> None:
        ongoing.note(
            EventKind.BACKUP,
            actor=actor.id,
            act=Act.BACK_UP.value,
            purpose=Purpose.OPERATIONS.value,
            detail={"snapshot": snapshot},
        )

    with records.acting(actor, Purpose.OPERATIONS) as work:
        work.require(Act.BACK_UP, ResourceKind.STORE)
    return backup.back_up(records.store, place, note=note, progress=progress)


def restore_backup(
    address: str,
    folder: Path,
    place: Place,
    opening: Opening,
    *,
    snapshot: str = "",
    rehearsal: bool = False,
    progress: restoring.Progress,
) -> str:
    """Restore a backup into a new store; the snapshot's name.

    A `rehearsal` knows no backup and cannot be backed up, so that nothing done in it reaches those of the real store.
    Whoever has the backup and its keys may: there is no account yet to ask. That it was done is the next entry of the
    restored log. Raises InputError, TamperError, KeyProviderError.
    """
    restored = restoring.restore(
        _absolute(address),
        folder,
        place,
        opening,
        snapshot=snapshot,
        first=partial(_note_restored, rehearsal=rehearsal),
        progress=progress,
    )
    restored.store.close()
    return restored.snapshot


def _note_restored(restored: restoring.Restored, *, rehearsal: bool) -> None:
    store = restored.store
    with store.transaction() as ongoing:
        detail = {"snapshot": restored.snapshot, "rehearsal": rehearsal}
        ongoing.note(EventKind.RESTORE, act="restore", detail=detail)
        if rehearsal:
            backup.mark_rehearsal(store, ongoing.connection)
        for session in store.documents.find(ongoing.connection, "session"):
            # one that was ended after the snapshot, by locking its account perhaps, would otherwise hold again
            store.documents.remove(ongoing.connection, session)
        for patient in restored.erased:
            erasure.forget_relations(store, ongoing.connection, patient)
            forget_jobs(store, ongoing.connection, patient.hex())
            why = {"reason": "was erased after this snapshot"}
            ongoing.note(EventKind.ERASE, act=Act.ERASE.value, subject=patient.hex(), detail=why)


def renew_witness(folder: Path, opening: Opening, checkpoint: str) -> int:
    """Write the lost witness of a store anew; the number of entries it now vouches for.

    It needs a signed checkpoint that was kept elsewhere, and the whole log must fit it: else somebody could set the
    database back, remove the witness, and have a new one made. No account is asked, for without witness nobody can log
    in. Raises TamperError when the log does not fit, InputError when the witness is not lost.
    """
    with open_store(folder, opening, trusting=True) as store:
        if any(isinstance(one, Checkpoint) for one in store.witness.slots()):
            raise InputError(
                "the witness is not lost; `suwen records check` mends a slot of it",
                zh="见证文件并未丢失；可用 `suwen records check` 修复其中的条目",
            )
        kept, report = verify_checkpoint(checkpoint, store.log_key), Report()
        whole.verify_log(store, report, checkpoints=[kept])
        if report.faults:
            raise TamperError(
                f"the log does not fit the checkpoint, restore a backup: {report.faults[0].what}",
                zh=f"审计日志与检查点不符，请从备份恢复：{report.faults[0].what}",
            )
        with store.snapshot() as connection:
            store.witness.create(read_head(connection).checkpoint)
        with store.transaction() as ongoing:
            ongoing.note(EventKind.CHECK, act="renew the witness", detail={"kept": kept.size})
        return report.entries


def upgrade_store(folder: Path, opening: Opening) -> tuple[str, str]:
    """Bring a store's database to this Suwen's schema: the number it had and the one it has, equal if it was current.

    Back it up first. Raises StoreError for a database that is newer than this Suwen or was set back.
    """
    with open_store(folder, opening, trusting=True) as store:
        with store.snapshot() as connection:
            before = schema_of(connection)
        if before is None or before >= SCHEMA:
            require_current(store.engine)
            return SCHEMA, SCHEMA
        store.require_not_set_back()
        upgrade(store.engine)
        with store.transaction() as ongoing:
            ongoing.note(EventKind.CHECK, act="upgrade", detail={"from": before, "to": SCHEMA})
        return before, SCHEMA
