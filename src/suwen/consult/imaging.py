"""DICOM objects in the sealed record: taken in byte by byte, listed by study and series, given out again.

A delivery (the objects of one series that came in one request) is one record of the kind `KIND`, format 1 of its
payload: {"format": 1, "study", "series", "instances": [{"instance", "sop_class", "syntax", "frames", "size", "digest",
"attributes": DICOM JSON}]} as compact UTF-8 JSON. Its first image holds the metadata of all of them (zlib over a JSON
list), the others the objects as they came, in the same order. So lists need no object to be opened, and nothing of
them lies in the clear. To change the format, raise the number and keep its reader.
"""

from __future__ import annotations

import contextlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from suwen.consult.chart import Record, keep, open_patient
from suwen.consult.images import Image, open_image, store_images
from suwen.consult.imaging_index import (
    NOT_AUTHORISED,
    NOT_OF_STUDY,
    OTHER_THERE,
    PROCESSING,
    Indexed,
    Refused,
    Said,
    index_object,
)
from suwen.consult.imaging_study import STUDY_KIND, is_about, study_resource
from suwen.consult.patients import having, register
from suwen.errors import ConflictError, FormatError, NotFoundError
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.demographics import KIND as DEMOGRAPHICS
from suwen.records.demographics import Demographics
from suwen.records.gate import Records, Work
from suwen.records.people import Actor
from suwen.records.store import charts
from suwen.records.together import Together

__all__ = [
    "KIND",
    "Held",
    "Stowed",
    "list_objects",
    "objects_in",
    "open_metadata",
    "open_object_bytes",
    "store_objects",
]

KIND = "DicomSeries"
_CHUNK = 1 << 18  # a slice of CT has half a mebibyte
_LEAST_CHUNK = 1 << 12
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Stowed:
    """How one object fared: `reason` is the DICOM failure reason, 0 where it is kept; `fresh` False: it was there."""

    reason: int
    sop_class: str = ""
    instance: str = ""
    study: str = ""
    series: str = ""
    patient: str = ""
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class Held:
    """One object of a patient as it is listed: where it lies (record, image, place in the delivery) and what it is."""

    patient: str
    record: str
    image: str
    index: int  # place among the objects of the delivery
    metadata: str  # the image that holds the metadata of the delivery
    at: int
    study: str
    series: str
    instance: str
    sop_class: str
    syntax: str
    frames: int
    size: int
    digest: str
    attributes: Mapping[str, Any] = field(repr=False)


# In


def store_objects(
    actor: Actor, records: Records, parts: Sequence[bytes], *, study: str = "", patient: str = ""
) -> tuple[Stowed, ...]:
    """Keep DICOM objects (PS3.10 files) with the patients they name; one answer for each, in the order given.

    Whose an object is, its Patient ID says (with the Issuer of Patient ID, where it has one): the patient of the
    register who has that identifier. One that nobody has is registered where the actor may; else, or where the actor
    may not write to the patient, the object is refused, and both look the same to the sender. An object that is there
    byte by byte is taken as kept; other bytes under its UID are refused. `study`: the only study that is taken;
    `patient` (id in hex): the only patient.
    Raises LoginError, StoreError; MissingExtraError without pydicom.
    """
    found = [index_object(part) for part in parts]
    whose: dict[Said, str | int] = {}
    owner: str | int
    for one in found:
        if isinstance(one, Indexed) and (not study or one.study == study) and one.said not in whose:
            whose[one.said] = _patient_of(actor, records, one.said, only=patient)
    fates: dict[int, Stowed] = {}
    batches: dict[tuple[str, str, str], list[int]] = {}
    for place, one in enumerate(found):
        owner = NOT_OF_STUDY
        if isinstance(one, Indexed) and (not study or one.study == study):
            owner = whose[one.said]
        if isinstance(one, Indexed) and isinstance(owner, str):
            batches.setdefault((owner, one.study, one.series), []).append(place)
        else:
            fates[place] = _refused(one, owner)
    for (theirs, _, _), places in batches.items():
        fates |= _keep(actor, records, theirs, [(place, found[place], parts[place]) for place in places])
    return tuple(fates[place] for place in range(len(parts)))


def _refused(one: Indexed | Refused, reason: str | int) -> Stowed:
    if isinstance(one, Refused):
        return Stowed(one.reason, one.sop_class, one.instance)
    return Stowed(int(reason), one.sop_class, one.instance, one.study, one.series)


def _patient_of(actor: Actor, records: Records, said: Said, *, only: str = "") -> str | int:
    """The id (hex) of the patient whose an object is, or the failure reason."""
    if not said.number:
        return PROCESSING
    with records.acting(actor, Purpose.TREATMENT) as work:
        known = _having(work, said)
        if len(known) > 1:
            return PROCESSING  # one number of two systems: nobody can tell whose this is
        if not known and not only:
            return _registered(work, said)
        if only and only not in {one.hex() for one in known}:
            return PROCESSING
        raw = known.pop()
        if not work.allows(Act.ANNOTATE, ResourceKind.PATIENT, patient=raw):
            return NOT_AUTHORISED
        return raw.hex() if _is_same(work, raw, said) else PROCESSING


def _having(work: Work, said: Said) -> set[bytes]:
    """Patients with this identifier; without an issuer a number is enough where only one patient has it."""
    exact = having(work, said.identifier)
    if exact:
        return exact
    if said.issuer:
        return having(work, said.number)
    return set(work.store.charts.find(work.connection, [("identifier", said.number)]))


def _is_same(work: Work, patient: bytes, said: Said) -> bool:
    """Whether the birth dates agree as far as they are known.

    Threat: a mistyped number would put a stranger's images into a record, where they would be taken for the patient's.
    """
    state = work.store.charts.state(work.connection, patient)
    known = work.store.charts.newest(work.connection, state, kinds=[DEMOGRAPHICS])
    born = Demographics.from_bytes(known[-1].payload).birth_date if known else ""
    return not (born and said.born) or born == said.born


def _registered(work: Work, said: Said) -> str | int:
    if not work.allows(Act.REGISTER, ResourceKind.PATIENT):
        return NOT_AUTHORISED
    names = (said.name,) if said.name else ()
    return register(work, Demographics((said.identifier,), names, _date(said.born), said.sex)).hex()


def _date(text: str) -> str:
    from datetime import date  # noqa: PLC0415

    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _keep(
    actor: Actor, records: Records, patient: str, batch: Sequence[tuple[int, Indexed | Refused, bytes]]
) -> dict[int, Stowed]:
    """Keep the objects of one series; those that are there already are not kept twice."""
    there = _digests(actor, records, patient)
    fates: dict[int, Stowed] = {}
    new: dict[str, tuple[Indexed, bytes]] = {}
    for place, one, data in batch:
        if isinstance(one, Refused):
            continue
        known = there.get(one.instance)
        fate = Stowed(0, one.sop_class, one.instance, one.study, one.series, patient, fresh=known is None)
        if known is not None and known != one.digest:
            fate = Stowed(OTHER_THERE, one.sop_class, one.instance, one.study, one.series)
        elif known is None:
            there[one.instance] = one.digest
            new[one.instance] = (one, data)
        fates[place] = fate
    if new:
        _store(actor, records, patient, list(new.values()))
    return fates


def _digests(actor: Actor, records: Records, patient: str) -> dict[str, str]:
    """The digests of a patient's objects by UID. Nothing of them is told but that one is there already."""
    with records.acting(actor, Purpose.TREATMENT) as work:
        raw = bytes.fromhex(patient)
        work.require(Act.ANNOTATE, ResourceKind.PATIENT, patient=raw)
        state = work.store.charts.state(work.connection, raw)
        kept = work.store.charts.newest(work.connection, state, kinds=[KIND])
        return {each["instance"]: each["digest"] for one in kept for each in _content(one.payload)["instances"]}


def _store(actor: Actor, records: Records, patient: str, new: Sequence[tuple[Indexed, bytes]]) -> None:
    first = new[0][0]
    content = {
        "format": 1,
        "study": first.study,
        "series": first.series,
        "instances": [_listed(one) for one, _ in new],
    }
    metadata = zlib.compress(_json([one.metadata for one, _ in new]))
    images = [Image([metadata], len(metadata), _chunk(len(metadata)))]
    images += [Image([data], len(data), _chunk(len(data))) for _, data in new]
    store_images(actor, records, patient, kind=KIND, payload=_json(content), images=images)
    for _ in range(_TRIES):
        with contextlib.suppress(ConflictError):  # two deliveries of a study at once: the other describes both
            _describe(actor, records, patient, first.study)
            return


def _describe(actor: Actor, records: Records, patient: str, study: str) -> None:
    """Write or renew the ImagingStudy resource. The objects are kept already: they must not be refused for it."""
    with records.acting(actor, Purpose.TREATMENT) as work:
        raw = bytes.fromhex(patient)
        work.require(Act.ANNOTATE, ResourceKind.PATIENT, patient=raw)
        state = work.store.charts.state(work.connection, raw)
        kept = work.store.charts.newest(work.connection, state, kinds=[KIND, STUDY_KIND, "Patient"])
        base = next((one for one in kept if one.kind == STUDY_KIND and is_about(one.payload, study)), None)
        payload = study_resource(
            [_content(one.payload) for one in kept if one.kind == KIND],
            study,
            patient=patient,
            registered=[one.payload for one in reversed(kept) if one.kind == "Patient"],
            known=base.payload if base else None,
        )
        draft = charts.Draft(STUDY_KIND, payload, base.id if base else None, base.version if base else 0)
        keep(work, Act.ANNOTATE, raw, [draft])


def _listed(one: Indexed) -> dict[str, Any]:
    names = ("instance", "sop_class", "syntax", "frames", "size", "digest", "attributes")
    return {name: getattr(one, name) for name in names}


def _chunk(size: int) -> int:
    """A power of two, so that small objects are not padded and large ones are opened in parts."""
    return min(_CHUNK, max(_LEAST_CHUNK, 1 << max(size - 1, 1).bit_length()))


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


# Out


def list_objects(
    actor: Actor, records: Records | Together, patient: str, *, purpose: Purpose = Purpose.TREATMENT
) -> tuple[Held, ...]:
    """The DICOM objects of a patient, those that came first before the others; each UID once.

    Raises AccessError, NotFoundError, TamperError as `open_patient`; FormatError for a record of a newer Suwen.
    """
    return objects_in(open_patient(actor, records, patient, purpose=purpose, kinds=[KIND]))


def objects_in(kept: Iterable[Record]) -> tuple[Held, ...]:
    """The DICOM objects that opened records of a patient list; others are passed over. Raises FormatError."""
    found: dict[str, Held] = {}
    for one in (each for record in kept if record.kind == KIND for each in _held(record)):
        found.setdefault(one.instance, one)  # two that came at the same moment
    return tuple(found.values())


def _held(record: Record) -> Iterator[Held]:
    content = _content(record.payload)
    (metadata, _), *images = record.images
    for index, (one, (image, _)) in enumerate(zip(content["instances"], images, strict=True)):
        where: dict[str, Any] = {
            "patient": record.patient,
            "record": record.id,
            "image": image,
            "index": index,
            "metadata": metadata,
        }
        yield Held(**where, at=record.at, study=content["study"], series=content["series"], **one)


def _content(payload: bytes) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(payload.decode("utf-8", "surrogatepass"))
    if content.get("format") != 1:
        raise FormatError(
            "the images were filed by a newer Suwen; install it", zh="该图像由更新版本的 Suwen 归档；请升级"
        )
    return content


def open_object_bytes(
    actor: Actor, records: Records | Together, held: Held, *, purpose: Purpose = Purpose.TREATMENT
) -> bytes:
    """An object as it came. Raises AccessError, NotFoundError, TamperError."""
    parts = open_image(actor, records, held.patient, held.record, image=held.image, purpose=purpose)
    return b"".join(parts)


def open_metadata(
    actor: Actor, records: Records | Together, wanted: Iterable[Held], *, purpose: Purpose = Purpose.TREATMENT
) -> list[dict[str, Any]]:
    """The attributes of objects as DICOM JSON, each delivery opened once. Raises as `open_object_bytes`."""
    opened: dict[str, list[dict[str, Any]]] = {}
    found = []
    for one in wanted:
        if one.record not in opened:
            parts = open_image(actor, records, one.patient, one.record, image=one.metadata, purpose=purpose)
            opened[one.record] = json.loads(zlib.decompress(b"".join(parts)).decode("utf-8", "surrogatepass"))
        if one.index >= len(opened[one.record]):
            raise NotFoundError("the metadata of this object are not there", zh="缺少该影像对象的元数据")
        found.append(opened[one.record][one.index])
    return found
