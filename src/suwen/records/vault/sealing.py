"""Sealing and opening records, charts and documents, each bound to what it is (see format.py)."""

from __future__ import annotations

import hmac
import secrets
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from suwen.errors import InputError, TamperError
from suwen.records.vault.format import FORMAT, ID_BYTES, NONCE_BYTES, TAG_BYTES
from suwen.records.vault.patient_key import PatientKey
from suwen.subject import Saying

__all__ = [
    "BlobRef",
    "Chart",
    "Place",
    "open_chart",
    "open_document",
    "open_record",
    "seal_chart",
    "seal_document",
    "seal_record",
]

_NUMBER = bytes([FORMAT])
_PLACE = struct.Struct(">14s16sI16sIQB8s")
_CHART = struct.Struct(">13s16sIQ")
_BLOB = struct.Struct(f">{ID_BYTES}sQ")
_MODULUS = 1 << 256
_TAG = 8


@dataclass(frozen=True, slots=True)
class BlobRef:
    """An image or signal that belongs to a record: its id (16 bytes) and plaintext size in bytes."""

    id: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed record belongs: record id (16 bytes), version (from 1), time (microseconds UTC), if withdrawn."""

    record: bytes
    version: int
    at: int
    withdrawn: bool = False


def _bound(key: PatientKey, place: Place, tag: bytes) -> bytes:
    # lengths: struct would cut off or fill up, and so take a longer id or tag in a changed row for the one sealed
    if len(place.record) != ID_BYTES or len(tag) != _TAG:
        raise TamperError(
            "a record's id or type tag is not of the length that Suwen writes; restore it from a backup",
            zh="记录的编号或类型标签长度不符；请从备份恢复",
        )
    try:  # as `_packed`, without a call: a page opens hundreds
        return _PLACE.pack(
            b"suwen record 1", key.patient, key.generation, place.record, place.version, place.at, place.withdrawn, tag
        )
    except struct.error:
        raise _out_of_range() from None


def _packed(form: struct.Struct, fields: tuple[bytes | int, ...]) -> bytes:
    """What sealed bytes are bound to. Raises TamperError for numbers no one sealed, such as a negative version."""
    try:
        return form.pack(*fields)
    except struct.error:
        raise _out_of_range() from None


def _out_of_range() -> TamperError:
    return TamperError(
        "a number beside sealed bytes is out of range; restore them from a backup",
        zh="封装数据旁的数字超出范围；请从备份恢复",
    )


def seal_record(key: PatientKey, place: Place, kind: str, payload: bytes, *, blobs: Sequence[BlobRef] = ()) -> bytes:
    """Seal one version of a record: its type, the blobs it owns, its payload. Raises InputError beyond 65,535 blobs."""
    name = kind.encode()
    if len(name) > 0xFFFF or len(blobs) > 0xFFFF:
        raise InputError(
            f"a record has at most 65535 bytes of type and 65535 blobs, not {len(name)} and {len(blobs)}",
            zh=f"一条记录最多 65535 字节类型和 65535 个二进制对象，而非 {len(name)} 和 {len(blobs)}",
        )
    if any(len(blob.id) != ID_BYTES for blob in blobs):
        raise InputError(f"the id of an image or signal has {ID_BYTES} bytes", zh=f"图像或信号的编号为 {ID_BYTES} 字节")
    listed = b"".join(_BLOB.pack(blob.id, blob.size) for blob in blobs)
    envelope = b"".join((struct.pack(">H", len(name)), name, struct.pack(">H", len(blobs)), listed, payload))
    nonce = secrets.token_bytes(NONCE_BYTES)
    return _NUMBER + nonce + key.cipher.encrypt(nonce, envelope, _bound(key, place, key.type_tag(kind)))


def open_record(key: PatientKey, place: Place, tag: bytes, sealed: bytes) -> tuple[str, tuple[BlobRef, ...], bytes]:
    """Type, blobs and payload of a sealed record. Raises TamperError unless it is what was sealed for `place`."""
    envelope = _open(key.cipher, sealed, _bound(key, place, tag), Saying("a record", "一条记录"))
    length = int.from_bytes(envelope[:2], "big")
    kind = envelope[2 : 2 + length].decode()
    start = 4 + length
    end = start + int.from_bytes(envelope[start - 2 : start], "big") * _BLOB.size
    blobs = tuple(BlobRef(*one) for one in _BLOB.iter_unpack(envelope[start:end])) if end > start else ()
    return kind, blobs, envelope[end:]


def _open(cipher: AESGCM, sealed: bytes, bound: bytes, what: Saying) -> bytes:
    if sealed[:1] != _NUMBER:
        raise TamperError(
            f"{what.en} has format {sealed[:1].hex() or 'none'}, not {FORMAT}: changed, or of a newer Suwen",
            zh=f"{what.zh}的格式为 {sealed[:1].hex() or '无'}，而非 {FORMAT}：被改动，或由更新版本写入",
        )
    try:
        return cipher.decrypt(sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], bound)
    except (InvalidTag, ValueError):
        raise TamperError(
            f"{what.en} was changed, moved or sealed under another key; restore it from a backup",
            zh=f"{what.zh}被改动、移位或用其他密钥封装；请从备份恢复",
        ) from None


@dataclass(frozen=True, slots=True)
class Chart:
    """Which sealed records a patient has: their number and the multiset hash over all of them."""

    count: int = 0
    total: int = 0

    def plus(self, key: PatientKey, rows: Iterable[tuple[bytes, int, bytes]]) -> Chart:
        """The chart with further rows (record id, version, sealed bytes). Raises TamperError for an impossible row."""
        count, total, chart = self.count, self.total, key.chart
        for record, version, sealed in rows:
            if len(record) != ID_BYTES or not 0 <= version < 1 << 32:
                raise TamperError(
                    "a record's id or version is none that Suwen writes; restore it from a backup",
                    zh="记录的编号或版本并非 Suwen 所写；请从备份恢复",
                )
            seen = record + version.to_bytes(4, "big") + sealed[-TAG_BYTES:]
            total += int.from_bytes(hmac.digest(chart, seen, "sha256"), "big")
            count += 1
        return Chart(count, total % _MODULUS)


def seal_chart(key: PatientKey, chart: Chart, revision: int) -> bytes:
    """Seal the chart of a patient as its `revision`-th."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    plain = chart.count.to_bytes(8, "big") + chart.total.to_bytes(32, "big")
    return _NUMBER + nonce + key.chart_cipher.encrypt(nonce, plain, _chart_bound(key, revision))


def open_chart(key: PatientKey, sealed: bytes, revision: int) -> Chart:
    """The chart sealed as the `revision`-th. Raises TamperError."""
    plain = _open(key.chart_cipher, sealed, _chart_bound(key, revision), Saying("a patient's chart", "患者病历"))
    return Chart(int.from_bytes(plain[:8], "big"), int.from_bytes(plain[8:], "big"))


def _chart_bound(key: PatientKey, revision: int) -> bytes:
    return _packed(_CHART, (b"suwen chart 1", key.patient, key.generation, revision))


def seal_document(cipher: AESGCM, bound: Sequence[bytes], plain: bytes) -> bytes:
    """Seal a document of the store, bound to its kind, id, look-up tags and revision."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return _NUMBER + nonce + cipher.encrypt(nonce, plain, _framed(bound))


def open_document(cipher: AESGCM, bound: Sequence[bytes], sealed: bytes) -> bytes:
    """The document sealed with the same `bound`. Raises TamperError."""
    return _open(cipher, sealed, _framed(bound), Saying("a document of the store", "存储中的一份文档"))


def _framed(bound: Sequence[bytes]) -> bytes:
    return b"suwen document 1" + b"".join(len(part).to_bytes(2, "big") + part for part in bound)
