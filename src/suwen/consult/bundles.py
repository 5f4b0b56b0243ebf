"""Handing a patient's record to another hospital: sealed to its public key, signed by this one.

Content of a bundle, format 1: pairs of frames. {"record": {"kind", "at", "images": [id, ...]}} with its payload, the
demographics first; then per image {"image": id, "size": bytes, "chunk": bytes} with its first part, and
{"image": id} with each further part, in order.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from suwen.consult.chart import keep
from suwen.consult.patients import having
from suwen.errors import ConflictError, FormatError, InputError, TamperError
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.audit import EventKind, public_key_from_text
from suwen.records.demographics import KIND, Demographics
from suwen.records.durable import keep as keep_file
from suwen.records.gate import Records, Work, patient_id
from suwen.records.keys import Wrapped
from suwen.records.people import Actor
from suwen.records.relations import Care, new_relation, save_care
from suwen.records.store import charts
from suwen.records.store.blobs import object_name
from suwen.records.store.documents import Document
from suwen.records.vault import (
    HEAD_BYTES,
    BlobRef,
    PatientKey,
    open_bundle,
    open_head,
    open_range,
    seal_bundle,
    seal_stream,
)

__all__ = ["export_bundle", "import_bundle"]

_PART = 8 << 20


def export_bundle(
    actor: Actor, records: Records, patient: str, *, recipient: str, out: Path, purpose: Purpose = Purpose.TREATMENT
) -> int:
    """Write a patient's newest records and images to a file only the recipient can open; how many records.

    `recipient` is the other hospital's public key (`suwen records keys` there). The file is whole or not there.
    Raises AccessError, FormatError for a key that is none, StoreError.
    """
    store, raw = records.store, patient_id(patient)
    with records.acting(actor, purpose) as work:
        work.require(Act.EXPORT, ResourceKind.PATIENT, patient=raw)
        state = store.charts.state(work.connection, raw)
        found = store.charts.newest(work.connection, state)
        head = {"format": 1, "id": secrets.token_hex(16), "from": store.origin, "at": work.at, "records": len(found)}
        detail = {"records": len(found), "recipient": recipient.strip()[-16:]}
        work.note(EventKind.EXPORT, act=Act.EXPORT.value, subject=raw.hex(), detail=detail)
    ordered = sorted(found, key=lambda one: (one.kind != KIND, one.at, one.id))
    frames = _frames(records, state.key, ordered)
    keep_file(out, seal_bundle(head, frames, recipient=recipient, signer=store.keys.signer))
    return len(found)


def _frames(records: Records, key: PatientKey, found: list[charts.Record]) -> Iterator[bytes]:
    for one in found:
        said = {"kind": one.kind, "at": one.at, "images": [blob.id.hex() for blob in one.blobs]}
        yield _json({"record": said})
        yield one.payload
    for blob in (blob for one in found for blob in one.blobs):
        yield from _image_frames(records, key, blob)


def _image_frames(records: Records, key: PatientKey, blob: BlobRef) -> Iterator[bytes]:
    name = object_name(blob.id, key.generation)

    def read(low: int, high: int) -> bytes:
        return records.store.blobs.read(name, low, high)

    chunk = open_head(read(0, HEAD_BYTES), blob.id).chunk
    said: dict[str, Any] = {"image": blob.id.hex(), "size": blob.size, "chunk": chunk}
    for low in range(0, max(1, blob.size), _PART):
        yield _json(said)
        yield b"".join(open_range(key, blob.id, read, start=low, end=min(blob.size, low + _PART)))
        said = {"image": blob.id.hex()}


def _json(said: dict[str, Any]) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()


@dataclass
class _Coming:
    """What a bundle has brought so far: records, and images already stored sealed under the patient's key here."""

    drafts: list[tuple[dict[str, Any], bytes]] = field(default_factory=list)
    images: dict[str, tuple[BlobRef, int]] = field(default_factory=dict)


def import_bundle(actor: Actor, records: Records, source: IO[bytes], *, sender: str) -> str:
    """Take in a bundle from a hospital whose log key (`suwen records keys` there) is `sender`; the patient's id (hex).

    A patient whose identifier is known here gets the records added if the actor may annotate them; else the patient
    is registered, in the actor's care. All of it or nothing. Raises AccessError, TamperError, FormatError, InputError.
    """
    _, sender_key = public_key_from_text(sender)
    head, frames = open_bundle(source, key=records.store.keys.bundle, sender=sender_key)
    if head.get("format") != 1:
        raise FormatError("the bundle is of a newer Suwen; install it", zh="该病历包由更新版本的 Suwen 生成；请升级")
    pairs = _pairs(frames)
    said, payload = next(pairs, ({}, b""))
    if said.get("record", {}).get("kind") != KIND:
        raise FormatError("the bundle does not begin with who the patient is", zh="该病历包开头未说明患者身份")
    who = Demographics.from_bytes(payload)
    known, key, fresh = _patient_here(actor, records, who)
    coming = _Coming() if known else _Coming([(said["record"], payload)])
    with contextlib.ExitStack() as undo:
        undo.callback(_remove_images, records, key, coming)
        _take_all(records, key, pairs, coming)
        with records.acting(actor, Purpose.TREATMENT) as work:
            _require_first(work, head)
            if known:
                _require_same_key(work, key)
            else:
                _register(work, fresh, who)
            drafts = [_draft(one, payload, coming) for one, payload in coming.drafts]
            keep(work, Act.ANNOTATE if known else Act.REGISTER, key.patient, drafts)
            detail = {"what": "imported", "from": str(head.get("from", "")), "taken": len(drafts), "records": []}
            work.note(EventKind.SEAL, act=Act.REGISTER.value, subject=key.patient.hex(), detail=detail)
        undo.pop_all()
    return key.patient.hex()


def _remove_images(records: Records, key: PatientKey, coming: _Coming) -> None:
    """What was stored for a bundle that is not taken in after all."""
    records.store.blobs.delete(object_name(blob.id, key.generation) for blob, _ in coming.images.values())


def _require_first(work: Work, head: dict[str, Any]) -> None:
    """Refuse a bundle that was taken in before: its records would stand twice. Raises InputError."""
    said = f"{head.get('from', '')}|{head.get('id', '')}"
    id_ = work.store.keys.blind.tag("bundle", said)
    if work.store.documents.exists(work.connection, "bundle", id_):
        raise InputError(
            "this bundle was imported before; ask those who sent it for a new one if records are missing",
            zh="该病历包已导入过；如有缺失，请向发送方索取新的病历包",
        )
    work.store.documents.put(work.connection, Document("bundle", id_, {"from": str(head.get("from", ""))}))


def _register(work: Work, fresh: tuple[PatientKey, Wrapped], who: Demographics) -> None:
    """A patient who is new here, in the care of whoever takes the bundle in, unless that is a device."""
    work.require(Act.REGISTER, ResourceKind.PATIENT)
    store, patient = work.store, fresh[0].patient
    if any(having(work, one) for one in who.identifiers):
        raise ConflictError(
            "the patient was registered by somebody else meanwhile; import the bundle again",
            zh="其间该患者已由他人登记；请重新导入",
        )
    store.charts.create(work.connection, at=work.at, key=fresh)
    store.charts.index(work.connection, patient, who.fields())
    if not work.actor.device:
        save_care(
            store, work.connection, Care(new_relation(), patient.hex(), work.actor.id, work.at, None, work.actor.id)
        )


def _patient_here(actor: Actor, records: Records, who: Demographics) -> tuple[bool, PatientKey, Any]:
    """Whether the patient is known here, the key to seal under, and where the patient is new the key to keep."""
    charts_ = records.store.charts
    with records.acting(actor, Purpose.TREATMENT) as work:
        found = {patient for one in who.identifiers for patient in having(work, one)}
        if len(found) > 1:
            raise InputError(
                "the bundle's identifiers belong to different patients here; ask those who sent it",
                zh="病历包中的标识符在本院属于不同患者；请向发送方核实",
            )
        if found:
            (patient,) = found
            work.require(Act.ANNOTATE, ResourceKind.PATIENT, patient=patient)
            return True, charts_.state(work.connection, patient).key, None
        work.require(Act.REGISTER, ResourceKind.PATIENT)
        fresh = charts_.new_key(secrets.token_bytes(16), 1)
        return False, fresh[0], fresh


def _require_same_key(work: Work, key: PatientKey) -> None:
    work.require(Act.ANNOTATE, ResourceKind.PATIENT, patient=key.patient)
    if work.store.charts.state(work.connection, key.patient).key.generation != key.generation:
        raise ConflictError(
            "the patient's key was renewed meanwhile; import the bundle again", zh="其间该患者的密钥已更换；请重新导入"
        )


def _pairs(frames: Iterator[bytes]) -> Iterator[tuple[dict[str, Any], bytes]]:
    for said in frames:
        payload = next(frames, None)
        if payload is None:
            raise TamperError("the bundle ends in the middle of a record", zh="病历包在一条记录的中间中断")
        yield json.loads(said), payload


def _take_all(
    records: Records, key: PatientKey, pairs: Iterator[tuple[dict[str, Any], bytes]], coming: _Coming
) -> None:
    """Every record into memory, every image sealed into the objects; the last frame proves all of it genuine."""
    waiting = next(pairs, None)
    while waiting is not None:
        said, payload = waiting
        if "record" in said:
            if said["record"]["kind"] != KIND:
                coming.drafts.append((said["record"], payload))
            waiting = next(pairs, None)
            continue
        parts = _Parts(said["image"], payload, pairs)
        blob = secrets.token_bytes(16)
        sealed = seal_stream(key, blob, parts, size=said["size"], chunk=said["chunk"])
        stored = records.store.blobs.put(object_name(blob, key.generation), sealed)
        coming.images[said["image"]] = (BlobRef(blob, said["size"]), stored)
        waiting = parts.following


class _Parts:
    """The parts of one image, drawn from the pairs until another thing comes, which is kept as `following`."""

    def __init__(self, image: str, first: bytes, pairs: Iterator[tuple[dict[str, Any], bytes]]) -> None:
        self._image, self._first, self._pairs = image, first, pairs
        self.following: tuple[dict[str, Any], bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        yield self._first
        for said, payload in self._pairs:
            if said.get("image") != self._image:
                self.following = (said, payload)
                return
            yield payload


def _draft(said: dict[str, Any], payload: bytes, coming: _Coming) -> charts.Draft:
    try:
        blobs = tuple(coming.images[image] for image in said["images"])
    except KeyError:
        raise TamperError(
            "the bundle lacks an image that a record names", zh="病历包缺少某条记录所引用的图像"
        ) from None
    return charts.Draft(said["kind"], payload, blobs=blobs)
