"""Watching a ward from outside: what its audit log says, and how much there is in its tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from ward import Ward

from suwen.govern.auditing import read_audit
from suwen.records.access import Role
from suwen.records.audit import Event
from suwen.records.store.tables import BLIND, BLOB, DATA_KEY, DOCUMENT, ENTRY, PATIENT, RECORD

__all__ = ["audited", "length", "rows"]


def audited(ward: Ward, since: int = 0, **wanted: Any) -> list[Event]:
    """What the auditor reads, from entry `since` on, without the reading itself."""
    return [event for number, event in read_audit(ward[Role.AUDITOR], ward.records, **wanted) if number >= since]


def length(ward: Ward) -> int:
    """How many entries the log has now."""
    with ward.records.store.snapshot() as connection:
        return connection.execute(select(func.count()).select_from(ENTRY)).scalar() or 0


def rows(ward: Ward) -> dict[str, int]:
    """How many rows each table but the log has; a session that is used is replaced and not added."""
    with ward.records.store.snapshot() as connection:
        tables = (PATIENT, DATA_KEY, RECORD, BLOB, BLIND, DOCUMENT)
        return {one.name: connection.execute(select(func.count()).select_from(one)).scalar() or 0 for one in tables}
