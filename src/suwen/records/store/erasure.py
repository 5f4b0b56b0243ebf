"""Erasure: the data key of a patient is destroyed, here and in every backup that can be reached."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, delete, func, select, update

from suwen.errors import NotFoundError
from suwen.records.store.backup import mark_behind
from suwen.records.store.blobs import object_name
from suwen.records.store.store import Store, Transaction
from suwen.records.store.tables import BLIND, BLOB, DATA_KEY, PATIENT, RECORD

__all__ = ["erase", "erased_patients", "forget_relations", "what_would_go"]


def what_would_go(store: Store, patient: bytes) -> dict[str, int]:
    """How many records (versions), images and bytes of images an erasure would take. Raises NotFoundError."""
    with store.snapshot() as connection:
        _require_there(connection.execute(select(PATIENT.c.generation).where(PATIENT.c.id == patient)).scalar())
        versions = connection.execute(select(func.count()).select_from(RECORD).where(RECORD.c.patient == patient))
        images = connection.execute(
            select(func.count(), func.coalesce(func.sum(BLOB.c.stored), 0)).where(BLOB.c.patient == patient)
        ).one()
        return {"versions": versions.scalar() or 0, "images": int(images[0]), "image_bytes": int(images[1])}


def erase(ongoing: Transaction, patient: bytes) -> None:
    """Destroy the data keys of a patient, and remove what they sealed. Raises NotFoundError.

    Without the key every copy is noise: rows in old backups of the database, objects, pages not yet overwritten. That
    there was a patient of this id, and who did what, stays in the audit log. The objects go after the commit; if Suwen
    is killed before, `suwen records check` removes them.
    """
    store, connection = ongoing.store, ongoing.connection
    _require_there(connection.execute(select(PATIENT.c.generation).where(PATIENT.c.id == patient)).scalar())
    rows = connection.execute(select(BLOB.c.id, BLOB.c.generation).where(BLOB.c.patient == patient)).all()
    for table in (DATA_KEY, BLIND, BLOB, RECORD):  # images before the records that own them
        connection.execute(delete(table).where(table.c.patient == patient))
    forget_relations(store, connection, patient)
    connection.execute(update(PATIENT).where(PATIENT.c.id == patient).values(generation=0, chart=b""))
    store.charts.forget(patient)
    mark_behind(store, connection)
    names = [object_name(row.id, row.generation) for row in rows]
    ongoing.afterwards.append(lambda: store.blobs.delete(names))
    ongoing.afterwards.append(store.settle)


def forget_relations(store: Store, connection: Connection, patient: bytes) -> None:
    """Care relationships go; uses of break-glass stay as facts, without what was written about the patient in them."""
    for kind in ("care", "look"):  # who treated the patient, and when somebody last looked
        for one in store.documents.find(connection, kind, first=patient):
            store.documents.remove(connection, one)
    for use in store.documents.find(connection, "break-glass", first=patient):
        store.documents.put(connection, replace(use, content={**use.content, "reason": "", "remark": ""}))


def erased_patients(store: Store) -> set[bytes]:
    """Every patient whose key was destroyed."""
    with store.snapshot() as connection:
        return set(connection.execute(select(PATIENT.c.id).where(PATIENT.c.generation == 0)).scalars())


def _require_there(generation: int | None) -> None:
    if generation is None:
        raise NotFoundError("there is no patient with this id", zh="没有此编号的患者")
    if generation == 0:
        raise NotFoundError("the patient's records were erased already", zh="该患者的记录已销毁")
