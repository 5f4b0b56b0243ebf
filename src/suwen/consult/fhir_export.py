"""A patient's FHIR resources out again: one Bundle, in the order and under the addresses they came with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from suwen.consult.fhir_chart import Held, held_in, versions_in
from suwen.formats.fhir import Json, Stored
from suwen.formats.fhir.documents import write_bundle
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.gate import Records, Work, patient_id
from suwen.records.people import Actor

__all__ = ["Extra", "export_fhir", "taken_out"]

Extra = Callable[[str], list[Json]]  # resources to go along with those of a patient (id in hex)


def export_fhir(
    actor: Actor,
    records: Records,
    patient: str,
    *,
    kind: Literal["collection", "transaction"] = "collection",
    purpose: Purpose = Purpose.TREATMENT,
    extra: Extra | None = None,
) -> Json:
    """A Bundle (`collection` or `transaction`) of the newest version of every FHIR resource of a patient.

    Records that hold no FHIR resource stay: they go by `export_bundle`. `extra` gives more resources, which come last.
    Raises AccessError, NotFoundError, TamperError.
    """
    with records.acting(actor, purpose) as work:
        found = taken_out(work, patient_id(patient))
    more = [Stored(one) for one in extra(patient)] if extra else []
    return write_bundle([*(one.stored for one in found), *more], kind=kind)


def taken_out(work: Work, patient: bytes) -> list[Held]:
    """The resources of a patient, for a file, within a transaction; decided and noted. Raises as `export_fhir`."""
    work.require(Act.EXPORT, ResourceKind.PATIENT, patient=patient)
    found = held_in(versions_in(work, patient))
    detail = {"records": len(found), "recipient": "file"}
    work.note(EventKind.EXPORT, act=Act.EXPORT.value, subject=patient.hex(), detail=detail)
    return found
