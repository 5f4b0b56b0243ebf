"""A patient's FHIR resources out again: one Bundle, in the order and under the addresses they came with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from suwen.consult.fhir.held import Held, digest, held_in, versions_in
from suwen.formats.fhir import Json, Stored
from suwen.formats.fhir.compartment import references
from suwen.formats.fhir.documents import write_bundle
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.demographics import KIND as DEMOGRAPHICS
from suwen.records.demographics import Demographics
from suwen.records.gate import Records, Work, patient_id
from suwen.records.people import Actor
from suwen.records.store.charts import Record

__all__ = ["Extra", "export_fhir", "registered", "taken_out", "with_extra"]

# Resources to go along with those of a patient: from the id (hex) and how a reference to the patient reads there.
Extra = Callable[[str, str], list[Json]]


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

    Records that hold no FHIR resource stay: they go by `export_bundle`. Where nobody brought a Patient resource, one is
    made from the register. `extra` gives more resources, which come last, instead of those that came back from an
    earlier export. Raises AccessError, NotFoundError, TamperError.
    """
    with records.acting(actor, purpose) as work:
        found = taken_out(work, patient_id(patient))
    return write_bundle([one.stored for one in with_extra(found, patient, extra)], kind=kind)


def with_extra(found: Sequence[Held], patient: str, extra: Extra | None) -> list[Held]:
    """A chart with the resources that `extra` gives for it at its end, under the source of its patient."""
    if extra is None:
        return list(found)
    about = next(one.stored for one in reversed(found) if one.stored.kind == "Patient")
    reference = about.full_url or f"Patient/{about.resource['id']}"
    more = [Held(digest(one), 1, 0, Stored(one, source=about.source)) for one in extra(patient, reference)]
    new = {(one.stored.kind, one.stored.resource.get("id")) for one in more}
    return [*(one for one in found if (one.stored.kind, one.stored.resource.get("id")) not in new), *more]


def taken_out(work: Work, patient: bytes) -> list[Held]:
    """The resources of a patient, for a file, within a transaction; decided and noted. Raises as `export_fhir`.

    The Patient that a reference can point at is always among them, and has an address or an id.
    """
    work.require(Act.EXPORT, ResourceKind.PATIENT, patient=patient)
    histories = list(versions_in(work, patient))
    found = held_in(iter(histories))
    if not any(one.stored.kind == "Patient" and _is_addressed(one.stored) for one in found):
        found = [*map(registered, _register(histories)), *found]
    found = list(_addressed(found, patient))
    detail = {"records": len(found), "recipient": "file"}
    work.note(EventKind.EXPORT, act=Act.EXPORT.value, subject=patient.hex(), detail=detail)
    return found


def _addressed(found: Sequence[Held], patient: bytes) -> Iterator[Held]:
    """What was written over REST points at ids of here: outside they are the addresses that the others go out under."""
    names = {f"{one.stored.kind}/{patient.hex()}{one.record.hex()}": _address(one) for one in found}
    names |= {f"Patient/{patient.hex()}": _address(one) for one in found if one.stored.kind == "Patient"}
    for one in found:
        ours = any(said in names for said in references(one.stored.resource))
        turned = replace(one.stored, resource=_turned(one.stored.resource, names)) if ours else one.stored
        yield replace(one, stored=turned)


def _address(one: Held) -> str:
    return one.stored.full_url or f"{one.stored.kind}/{one.stored.resource.get('id') or one.record.hex()}"


def _turned(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        said = value.get("reference")
        turned = {name: _turned(one, names) for name, one in value.items()}
        return turned | {"reference": names[said]} if isinstance(said, str) and said in names else turned
    return [_turned(one, names) for one in value] if isinstance(value, list) else value


def _is_addressed(stored: Stored) -> bool:
    return bool(stored.full_url or stored.resource.get("id"))


def _register(histories: Iterable[Sequence[Record]]) -> list[Record]:
    """The newest version of who the patient is."""
    return [one[-1] for one in histories if one[-1].kind == DEMOGRAPHICS and not one[-1].withdrawn][-1:]


def registered(record: Record) -> Held:
    """A Patient resource of what the register says, under the patient's own id."""
    who = Demographics.from_bytes(record.payload)
    resource: Json = {"resourceType": "Patient", "id": record.patient.hex()}
    if who.identifiers:
        resource["identifier"] = [_identifier(one) for one in who.identifiers]
    if who.names:
        resource["name"] = [{"text": one} for one in who.names]
    resource["gender"] = who.sex.value
    if who.birth_date:
        resource["birthDate"] = who.birth_date
    return Held(record.id, record.version, 0, Stored(resource))


def _identifier(text: str) -> Json:
    system, mark, value = text.rpartition("|")
    return {"system": system, "value": value} if mark and ":" in system else {"value": text}
