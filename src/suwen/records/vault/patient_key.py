"""The keys of one patient: derived once from the data key, used for records, chart and streams (see format.py)."""

from __future__ import annotations

import hmac
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from suwen.records.vault.derive import derive

__all__ = ["PatientKey", "new_data_key"]


def new_data_key() -> bytes:
    """32 random bytes, to be stored wrapped only."""
    return secrets.token_bytes(32)


class PatientKey:
    """What is derived from the data key of one patient (16 bytes id) and one generation (raised by each rotation)."""

    __slots__ = ("_tags", "_type_key", "chart", "chart_cipher", "cipher", "generation", "patient", "stream")

    def __init__(self, data_key: bytes, *, patient: bytes, generation: int) -> None:
        self.patient = patient
        self.generation = generation
        self.cipher = AESGCM(derive(data_key, "suwen record 1"))
        self.chart = derive(data_key, "suwen chart 1")
        self.chart_cipher = AESGCM(derive(self.chart, "suwen chart seal 1"))
        self.stream = derive(data_key, "suwen stream 1")
        self._type_key = derive(data_key, "suwen type 1")
        self._tags: dict[str, bytes] = {}

    def type_tag(self, kind: str) -> bytes:
        """8 bytes by which records of one type are found without storing the type in the clear."""
        tag = self._tags.get(kind)
        if tag is None:
            tag = self._tags[kind] = hmac.digest(self._type_key, kind.encode(), "sha256")[:8]
        return tag
