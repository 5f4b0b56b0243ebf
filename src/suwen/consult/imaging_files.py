"""Pictures and volumes that are no DICOM objects (PNG, JPEG, NIfTI) in the sealed record, byte by byte as they came.

One file is one record of the kind `KIND`, format 1 of its payload: {"format": 1, "name", "media", "size", "digest"} as
compact UTF-8 JSON; its only image holds the bytes. To change the format, raise the number and keep its reader.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from suwen.consult.chart import Record, open_patient
from suwen.consult.images import Image, open_image, store_images
from suwen.errors import FormatError, InputError
from suwen.records.access import Purpose
from suwen.records.gate import Records
from suwen.records.people import Actor

__all__ = ["KIND", "HeldFile", "files_in", "open_file_bytes", "store_file"]

KIND = "ImageFile"
_LONGEST = 200  # signs of a name that are kept
_CHUNK, _LEAST_CHUNK = 1 << 20, 1 << 12


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file as it is listed: where it lies, what it was called (it may name a person), and what it is."""

    patient: str
    record: str
    image: str
    at: int
    name: str = field(repr=False)
    media: str
    size: int
    digest: str


def store_file(
    actor: Actor,
    records: Records,
    patient: str,
    data: bytes,
    *,
    name: str,
    media: str,
    purpose: Purpose = Purpose.TREATMENT,
) -> bool:
    """Keep a file with a patient under the act "annotate". Gives False where the very bytes are there already.

    Whether it can be read as an image, the caller has made sure. Raises AccessError, StoreError; InputError when empty.
    """
    if not data:
        raise InputError("the file is empty; choose another", zh="文件为空；请另选文件")
    digest = hashlib.sha256(data).hexdigest()
    kept = files_in(open_patient(actor, records, patient, purpose=purpose, kinds=[KIND]))
    if any(one.digest == digest for one in kept):
        return False
    content = {"format": 1, "name": _plain(name), "media": media, "size": len(data), "digest": digest}
    payload = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    chunk = min(_CHUNK, max(_LEAST_CHUNK, 1 << (len(data) - 1).bit_length()))
    image = Image([data], len(data), chunk)
    store_images(actor, records, patient, kind=KIND, payload=payload, images=[image], purpose=purpose)
    return True


def _plain(name: str) -> str:
    """The last part of a name, without signs that are not shown (a browser may send a whole path)."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(one for one in last if one.isprintable())[-_LONGEST:]


def files_in(found: Iterable[Record]) -> tuple[HeldFile, ...]:
    """The files that opened records of a patient hold, oldest first. Raises FormatError."""
    return tuple(_held(one) for one in found if one.kind == KIND)


def _held(record: Record) -> HeldFile:
    content: dict[str, Any] = json.loads(record.payload.decode("utf-8", "surrogatepass"))
    if content.pop("format", None) != 1:
        raise FormatError("the file was filed by a newer Suwen; install it", zh="该文件由更新版本的 Suwen 归档；请升级")
    ((image, _),) = record.images
    return HeldFile(record.patient, record.id, image, record.at, **content)


def open_file_bytes(actor: Actor, records: Records, held: HeldFile, *, purpose: Purpose = Purpose.TREATMENT) -> bytes:
    """A file as it came. Raises AccessError, NotFoundError, TamperError."""
    return b"".join(open_image(actor, records, held.patient, held.record, image=held.image, purpose=purpose))
