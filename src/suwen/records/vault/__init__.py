"""Sealing and opening: pure functions over bytes and keys, without input or output."""

from suwen.records.vault.blind import BlindIndex
from suwen.records.vault.bundle import BundleKey, open_bundle, public_text, read_public, seal_bundle
from suwen.records.vault.derive import derive
from suwen.records.vault.frames import Source, open_frames, seal_frames
from suwen.records.vault.patient_key import PatientKey, new_data_key
from suwen.records.vault.sealing import (
    BlobRef,
    Chart,
    Place,
    open_chart,
    open_document,
    open_record,
    seal_chart,
    seal_document,
    seal_record,
)
from suwen.records.vault.stream import CHUNK, HEAD_BYTES, StreamCipher, open_head, open_range, seal_stream

__all__ = [
    "CHUNK",
    "HEAD_BYTES",
    "BlindIndex",
    "BlobRef",
    "BundleKey",
    "Chart",
    "PatientKey",
    "Place",
    "Source",
    "StreamCipher",
    "derive",
    "new_data_key",
    "open_bundle",
    "open_chart",
    "open_document",
    "open_frames",
    "open_head",
    "open_range",
    "open_record",
    "public_text",
    "read_public",
    "seal_bundle",
    "seal_chart",
    "seal_document",
    "seal_frames",
    "seal_record",
    "seal_stream",
]
