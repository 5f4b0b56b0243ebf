"""Images and signals of one's own patients: stored sealed in chunks, opened by the slice."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from suwen.consult.chart import Record, keep, require_kind
from suwen.errors import ConflictError, NotFoundError
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.gate import Records, Work, patient_id
from suwen.records.people import Actor
from suwen.records.store import charts
from suwen.records.store.blobs import Blobs, object_name
from suwen.records.together import Together, read
from suwen.records.vault import CHUNK, BlobRef, PatientKey, open_range, seal_stream

__all__ = ["Image", "open_image", "store_images"]

Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True)
class Image:
    """An image or signal to be stored: its bytes in parts, their number, and the chunk size (a power of two, bytes).

    A chunk is what is opened at once: choose it near the size of a slice. Default 1 MiB.
    """

    parts: Iterable[Buffer]
    size: int
    chunk: int = CHUNK


def store_images(
    actor: Actor,
    records: Records,
    patient: str,
    *,
    kind: str,
    payload: bytes,
    images: Sequence[Image],
    purpose: Purpose = Purpose.TREATMENT,
) -> Record:
    """Store images or signals with the record that describes them: all or nothing is seen afterwards.

    The objects are sealed and stored first, outside any transaction; the record that names them comes after. What a
    killed writer leaves is never named by a record; `suwen records check` removes it.
    Raises AccessError, StoreError, InputError when an image is not of the size said.
    """
    require_kind(kind, Act.ANNOTATE)
    raw = patient_id(patient)
    with records.acting(actor, purpose) as work:
        work.require(Act.ANNOTATE, ResourceKind.PATIENT, patient=raw)
        key = records.store.charts.state(work.connection, raw).key
    stored: list[tuple[BlobRef, int]] = []
    with contextlib.ExitStack() as undo:  # when one cannot be stored or the record cannot be written, none stays
        undo.callback(lambda: records.store.blobs.delete(object_name(one.id, key.generation) for one, _ in stored))
        stored.extend(_put(records, key, image) for image in images)
        with records.acting(actor, purpose) as work:
            work.require(Act.ANNOTATE, ResourceKind.PATIENT, patient=raw)
            if records.store.charts.state(work.connection, raw).key.generation != key.generation:
                raise ConflictError(
                    "the patient's key was renewed meanwhile; store the images again",
                    zh="其间该患者的密钥已更换；请重新存储图像",
                )
            _require_there(records, key, stored)
            record = keep(work, Act.ANNOTATE, raw, [charts.Draft(kind, payload, blobs=tuple(stored))])[0]
        undo.pop_all()
    return record


def _require_there(records: Records, key: PatientKey, stored: Sequence[tuple[BlobRef, int]]) -> None:
    """A storing that took longer than the grace of `suwen records check` may have lost what it began with."""
    for blob, size in stored:
        if records.store.blobs.size(object_name(blob.id, key.generation)) != size:
            raise ConflictError(
                "an image was removed while the others were stored; store them again",
                zh="存储期间有图像被移除；请重新存储",
            )


def _put(records: Records, key: PatientKey, image: Image) -> tuple[BlobRef, int]:
    blob = secrets.token_bytes(16)
    sealed = seal_stream(key, blob, image.parts, size=image.size, chunk=image.chunk)
    return BlobRef(blob, image.size), records.store.blobs.put(object_name(blob, key.generation), sealed)


def open_image(
    actor: Actor,
    records: Records | Together,
    patient: str,
    record: str,
    *,
    image: str,
    span: tuple[int, int | None] = (0, None),
    purpose: Purpose = Purpose.TREATMENT,
) -> Iterator[bytes]:
    """Bytes of an image in `span` (start, end exclusive or None), reading and opening only the chunks they touch.

    It is decided and audited before this returns; the bytes are read as they are asked for.
    With `Together` in place of the records, others share the transaction.
    Raises AccessError, NotFoundError; while reading TamperError.
    """
    (start, end), raw, held = span, patient_id(patient), patient_id(record)

    def act(work: Work) -> tuple[PatientKey, BlobRef, Blobs]:
        work.require(Act.VIEW, ResourceKind.PATIENT, patient=raw)
        key, blob = _found(work, raw, held, image)
        detail = {"records": [record], "image": image, "start": start, "end": blob.size if end is None else end}
        work.note(EventKind.OPEN, act=Act.VIEW.value, subject=raw.hex(), detail=detail)
        return key, blob, work.store.blobs

    key, blob, blobs = read(records, actor, purpose, act)
    name = object_name(blob.id, key.generation)
    return open_range(key, blob.id, lambda low, high: blobs.read(name, low, high), start=start, end=end)


def _found(work: Work, patient: bytes, record: bytes, image: str) -> tuple[PatientKey, BlobRef]:
    state = work.store.charts.state(work.connection, patient)
    for version in reversed(work.store.charts.history(work.connection, state, record)):
        for blob in version.blobs:
            if blob.id.hex() == image:
                return state.key, blob
    raise NotFoundError("the record has no image or signal with this id", zh="该记录没有此编号的图像或信号")
