"""Audit: an append-only Merkle log with signed checkpoints, its proofs, and its export."""

from suwen.records.audit.checkpoint import (
    Checkpoint,
    from_line,
    public_key_from_text,
    public_key_to_text,
    sign,
    to_line,
    verify,
)
from suwen.records.audit.entry import EntrySealer, Event, EventKind, Outcome, SealedEntry, leaf_bytes
from suwen.records.audit.fhir import audit_event
from suwen.records.audit.merkle import (
    Frontier,
    TiledTree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)
from suwen.records.audit.scan import Scan

__all__ = [
    "Checkpoint",
    "EntrySealer",
    "Event",
    "EventKind",
    "Frontier",
    "Outcome",
    "Scan",
    "SealedEntry",
    "TiledTree",
    "audit_event",
    "consistency_proof",
    "from_line",
    "inclusion_proof",
    "leaf_bytes",
    "leaf_hash",
    "public_key_from_text",
    "public_key_to_text",
    "sign",
    "to_line",
    "verify",
    "verify_consistency",
    "verify_inclusion",
    "verify_subtree_consistency",
    "verify_subtree_inclusion",
]
