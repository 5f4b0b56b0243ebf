"""Opening and writing one's own patients' records: decided, audited, held against the chart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from suwen.errors import InputError
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.demographics import KIND as DEMOGRAPHICS
from suwen.records.gate import Records, Work, patient_id
from suwen.records.noted import note_opened, open_newest, seal_drafts
from suwen.records.people import Actor
from suwen.records.store import charts
from suwen.records.together import Together, read

__all__ = [
    "ORDERS",
    "Draft",
    "Record",
    "open_patient",
    "open_patients",
    "open_record",
    "require_kind",
    "withdraw_record",
    "write_records",
    "write_records_of",
]

_WRITING = (Act.ANNOTATE, Act.DIAGNOSE, Act.ORDER)
# Else whoever may only annotate could file a diagnosis or an order, or withdraw one. Kinds of order: the "request"
# pattern of FHIR R4 (http://hl7.org/fhir/R4/request.html), as far as something is done to the patient on it.
ORDERS = frozenset(
    {
        "CommunicationRequest",
        "DeviceRequest",
        "MedicationRequest",
        "NutritionOrder",
        "RequestGroup",
        "ServiceRequest",
        "SupplyRequest",
        "VisionPrescription",
    }
)
_OWN_ACT = {"Finding": Act.DIAGNOSE, "Consult": Act.DIAGNOSE, **dict.fromkeys(sorted(ORDERS), Act.ORDER)}


@dataclass(frozen=True, slots=True)
class Draft:
    """A record to be written, or with `id` and `base` (the version read) the next version of one that is there."""

    kind: str
    payload: bytes = field(repr=False)
    id: str = ""
    base: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """One version of a record: ids in hex, version from 1, `at` in microseconds UTC, `images` by id (hex) and size."""

    patient: str
    id: str
    version: int
    at: int
    kind: str
    payload: bytes = field(repr=False)
    images: tuple[tuple[str, int], ...] = ()
    withdrawn: bool = False


def open_patient(
    actor: Actor,
    records: Records | Together,
    patient: str,
    *,
    purpose: Purpose = Purpose.TREATMENT,
    kinds: Iterable[str] = (),
    as_of: int | None = None,
) -> list[Record]:
    """The records of a patient, each in its newest version (as it was at `as_of`, microseconds UTC), oldest first.

    Raises AccessError, NotFoundError (unknown or erased), TamperError when any of the patient's records was changed,
    removed, added or set back. With `Together` in place of the records, others share the transaction.
    """
    return open_patients(actor, records, [patient], purpose=purpose, kinds=kinds, as_of=as_of)[patient]


def open_patients(
    actor: Actor,
    records: Records | Together,
    patients: Sequence[str],
    *,
    purpose: Purpose = Purpose.TREATMENT,
    kinds: Iterable[str] = (),
    as_of: int | None = None,
) -> dict[str, list[Record]]:
    """As `open_patient` for several patients in one transaction: all of them or none."""
    raw, wanted = {patient: patient_id(patient) for patient in patients}, tuple(kinds)

    def act(work: Work) -> dict[str, list[Record]]:
        return {patient: _opened(work, id_, wanted, as_of) for patient, id_ in raw.items()}

    return read(records, actor, purpose, act)


def _opened(work: Work, patient: bytes, kinds: Sequence[str], as_of: int | None) -> list[Record]:
    work.require(Act.VIEW, ResourceKind.PATIENT, patient=patient)
    return [shown(one) for one in open_newest(work, patient, kinds=kinds, as_of=as_of)]


def open_record(
    actor: Actor, records: Records, patient: str, record: str, *, purpose: Purpose = Purpose.TREATMENT
) -> list[Record]:
    """Every version of one record, oldest first; the last is the one that holds. Raises as `open_patient`."""
    raw = patient_id(patient)
    with records.acting(actor, purpose) as work:
        work.require(Act.VIEW, ResourceKind.PATIENT, patient=raw)
        state = records.store.charts.state(work.connection, raw)
        found = records.store.charts.history(work.connection, state, patient_id(record))
        note_opened(work, raw, found)
        return [shown(one) for one in found]


def write_records(
    actor: Actor,
    records: Records,
    patient: str,
    drafts: Sequence[Draft],
    *,
    act: Act = Act.ANNOTATE,
    purpose: Purpose = Purpose.TREATMENT,
) -> list[Record]:
    """Write records of one patient, all or none. Raises AccessError, ConflictError when one was changed meanwhile."""
    return write_records_of(actor, records, {patient: drafts}, act=act, purpose=purpose)[patient]


def write_records_of(
    actor: Actor,
    records: Records,
    drafts: Mapping[str, Sequence[Draft]],
    *,
    act: Act = Act.ANNOTATE,
    purpose: Purpose = Purpose.TREATMENT,
) -> dict[str, list[Record]]:
    """Write records of several patients in one transaction, all or none."""
    if act not in _WRITING:
        raise InputError(
            f"records are written to {', '.join(one.value for one in _WRITING)}, not to {act.value}",
            zh=f"记录的写入操作须为 {'、'.join(one.value for one in _WRITING)}，而非 {act.value}",
        )
    for draft in (draft for of_one in drafts.values() for draft in of_one):
        require_kind(draft.kind, act)
        if draft.id and not draft.base:
            raise InputError(
                "a next version says which version was read (base); leave the id out for a new record",
                zh="更新记录须说明所依据的版本（base）；新记录请勿填写 id",
            )
    written = {}
    with records.acting(actor, purpose) as work:
        for patient, of_one in drafts.items():
            raw = patient_id(patient)
            work.require(act, ResourceKind.PATIENT, patient=raw)
            sealed = [
                charts.Draft(one.kind, one.payload, patient_id(one.id) if one.id else None, one.base) for one in of_one
            ]
            written[patient] = keep(work, act, raw, sealed)
    return written


def require_kind(kind: str, act: Act) -> None:
    """Refuse a kind of record that is not written in this way or to do `act`. Raises InputError."""
    if kind == DEMOGRAPHICS:
        raise InputError(
            "who a patient is, is written with amend_patient, which also keeps what it is found by",
            zh="患者身份信息须用 amend_patient 写入，以同时更新其检索标识",
        )
    if act is not _OWN_ACT.get(kind, act):
        raise InputError(
            f"a {kind} is written to {_OWN_ACT[kind].value}, not to {act.value}",
            zh=f"{kind} 的写入操作须为 {_OWN_ACT[kind].value}，而非 {act.value}",
        )


def withdraw_record(
    actor: Actor, records: Records, patient: str, record: str, *, base: int, purpose: Purpose = Purpose.TREATMENT
) -> None:
    """Withdraw a record: its versions stay in the history, and it is listed no more. Raises as `write_records`."""
    raw = patient_id(patient)
    with records.acting(actor, purpose) as work:
        work.require(Act.ANNOTATE, ResourceKind.PATIENT, patient=raw)
        state = records.store.charts.state(work.connection, raw)
        last = records.store.charts.history(work.connection, state, patient_id(record))[-1]
        act = _OWN_ACT.get(last.kind, Act.ANNOTATE)
        require_kind(last.kind, act)
        if act is not Act.ANNOTATE:
            work.require(act, ResourceKind.PATIENT, patient=raw)
        keep(work, act, raw, [charts.Draft(last.kind, b"", last.id, base, withdrawn=True)])


def keep(work: Work, act: Act, patient: bytes, drafts: Sequence[charts.Draft]) -> list[Record]:
    """Seal and store drafts after `act` was permitted, as the floor above shows them."""
    return [shown(one) for one in seal_drafts(work, act, patient, drafts)]


def shown(one: charts.Record) -> Record:
    """A record as the floor above shows it."""
    images = tuple((blob.id.hex(), blob.size) for blob in one.blobs) if one.blobs else ()
    return Record(one.patient.hex(), one.id.hex(), one.version, one.at, one.kind, one.payload, images, one.withdrawn)
