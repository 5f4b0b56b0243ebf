"""The audit for the auditor: reading, exporting, proving."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from suwen.errors import InputError, NotFoundError
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.audit import (
    Checkpoint,
    Event,
    EventKind,
    audit_event,
    consistency_proof,
    inclusion_proof,
    leaf_bytes,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from suwen.records.audit import verify as verify_checkpoint
from suwen.records.gate import Records
from suwen.records.people import Actor
from suwen.records.store.log import entries, read_head, tree

__all__ = [
    "Proof",
    "audit_events",
    "checked_consistency",
    "checked_proof",
    "current_checkpoint",
    "prove_consistency",
    "prove_entry",
    "read_audit",
]


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry is in the log under a signed checkpoint (RFC 6962), checkable without any key of Suwen's."""

    index: int
    leaf: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str


def read_audit(
    actor: Actor,
    records: Records,
    *,
    subject: str = "",
    by: str = "",
    kind: EventKind | None = None,
    since: int | None = None,
    until: int | None = None,
) -> list[tuple[int, Event]]:
    """Entries of the log with their numbers: about a patient, by somebody, of a kind, in a time (microseconds UTC).

    Raises AccessError for anyone but an auditor, TamperError for an entry that was changed.
    """
    store = records.store
    subject = subject.strip().lower()  # ids are written in small hexadecimal digits, and a tag knows no other spelling
    with records.acting(actor, Purpose.AUDIT) as work:
        work.require(Act.READ_AUDIT, ResourceKind.AUDIT)
        detail = {"what": "read", "by": by, "kind": kind.value if kind else ""}
        work.note(EventKind.AUDIT, act=Act.READ_AUDIT.value, subject=subject, detail=detail)
    with store.snapshot() as connection:
        tags = store.keys.entries
        rows = entries(
            connection,
            subject=tags.subject_tag(subject) if subject else None,
            actor=tags.actor_tag(by) if by else None,
        )
        found = []
        for entry in rows:
            if (since is not None and entry.at < since) or (until is not None and entry.at >= until):
                continue
            event = tags.open(entry)
            if kind is None or event.kind is kind:
                found.append((entry.seq, event))
        return found


def audit_events(records: Records, found: list[tuple[int, Event]]) -> Iterator[dict[str, Any]]:
    """Entries as FHIR R4 AuditEvent (IHE BALP), as confidential as the log."""
    return (audit_event(event, source=records.store.origin, number=number) for number, event in found)


def current_checkpoint(actor: Actor, records: Records) -> str:
    """The newest signed checkpoint, to be kept where the database's keepers cannot reach it. Raises AccessError."""
    with records.acting(actor, Purpose.AUDIT) as work:
        work.require(Act.READ_AUDIT, ResourceKind.AUDIT)
    with records.store.snapshot() as connection:
        return read_head(connection).checkpoint


def prove_entry(actor: Actor, records: Records, index: int) -> Proof:
    """Proof that entry `index` is in the log as signed now. Raises AccessError, NotFoundError."""
    with records.acting(actor, Purpose.AUDIT) as work:
        work.require(Act.READ_AUDIT, ResourceKind.AUDIT)
    with records.store.snapshot() as connection:
        head = read_head(connection)
        if not 0 <= index < head.size:
            raise NotFoundError(
                f"the log has entries 0 to {head.size - 1}, not {index}",
                zh=f"审计日志的条目为 0 至 {head.size - 1}，没有 {index}",
            )
        entry, *_ = entries(connection, start=index, end=index + 1)
        hashes = inclusion_proof(index, head.size, tree(connection))
        return Proof(index, leaf_hash(leaf_bytes(entry)), tuple(hashes), head.checkpoint)


def prove_consistency(actor: Actor, records: Records, earlier: Checkpoint) -> tuple[list[bytes], str]:
    """Proof that the log only grew since an earlier checkpoint, and the checkpoint signed now. Raises AccessError."""
    with records.acting(actor, Purpose.AUDIT) as work:
        work.require(Act.READ_AUDIT, ResourceKind.AUDIT)
    with records.store.snapshot() as connection:
        head = read_head(connection)
        now = verify_checkpoint(head.checkpoint, records.store.log_key)
        if not 0 < earlier.size <= now.size:
            raise InputError(
                f"the earlier checkpoint is of {earlier.size} entries; give one of 1 to {now.size}",
                zh=f"先前的检查点含 {earlier.size} 条；请给出 1 至 {now.size} 条的检查点",
            )
        return list(consistency_proof(earlier.size, now.size, tree(connection))), head.checkpoint


def checked_proof(actor: Actor, records: Records, index: int) -> tuple[Proof, bytes, bool]:
    """The proof of an entry, the root that its checkpoint signs (32 bytes), and whether one leads to the other.

    Raises as `prove_entry`, TamperError where the checkpoint's signature is not the log's.
    """
    proof = prove_entry(actor, records, index)
    signed = verify_checkpoint(proof.checkpoint, records.store.log_key)
    holds = verify_inclusion(index, signed.size, proof.leaf, list(proof.hashes), signed.root)
    return proof, signed.root, holds


def checked_consistency(actor: Actor, records: Records, earlier: Checkpoint) -> tuple[int, bool]:
    """How many entries the log has now, and whether it only grew since an earlier checkpoint. Raises as the proof."""
    hashes, text = prove_consistency(actor, records, earlier)
    now = verify_checkpoint(text, records.store.log_key)
    return now.size, verify_consistency(earlier.size, now.size, hashes, earlier.root, now.root)
