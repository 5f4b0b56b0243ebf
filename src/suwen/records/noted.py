"""Opening and sealing a patient's records once it is permitted, each named in the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from suwen.records.access import Act
from suwen.records.audit import EventKind
from suwen.records.gate import Work
from suwen.records.store.charts import Draft, Record

__all__ = ["note_opened", "open_newest", "seal_drafts"]

_LISTED = 500  # records named by one audit entry


def open_newest(work: Work, patient: bytes, *, kinds: Iterable[str] = (), as_of: int | None = None) -> list[Record]:
    """The newest version of each record, after `work.require`; raises as `Charts.newest`."""
    charts = work.store.charts
    found = charts.newest(work.connection, charts.state(work.connection, patient), as_of=as_of, kinds=kinds)
    note_opened(work, patient, found)
    return found


def note_opened(work: Work, patient: bytes, found: Sequence[Record]) -> None:
    """Name what was opened in the audit log; that nothing was found is noted too."""
    listed = [f"{one.id.hex()}:{one.version}" for one in found]
    for low in range(0, max(1, len(listed)), _LISTED):
        detail = {"records": listed[low : low + _LISTED]}
        work.note(EventKind.OPEN, act=Act.VIEW.value, subject=patient.hex(), detail=detail)


def seal_drafts(work: Work, act: Act, patient: bytes, drafts: Sequence[Draft]) -> list[Record]:
    """Seal and store drafts after `act` was permitted, and name them in the audit log with a digest of each."""
    charts, digest = work.store.charts, work.store.keys.digest
    state = charts.state(work.connection, patient)
    written = charts.write(work.connection, state, drafts, at=work.at) if drafts else []
    said = [
        f"{one.id.hex()}:{one.version}:{digest(patient, one.id, one.version, one.kind, one.payload)}" for one in written
    ]
    for low in range(0, len(said), _LISTED):
        detail = {"records": said[low : low + _LISTED]}
        work.note(EventKind.SEAL, act=act.value, subject=patient.hex(), detail=detail)
    return written
