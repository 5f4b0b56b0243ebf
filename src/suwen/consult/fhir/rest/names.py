"""Logical ids of what is served: the patient's id, for a resource of a chart that id and its record's in one.

Both are 16 random bytes in hexadecimal, so an id says where to look and nothing about anybody. A resource is found
without any list of who has what, and one of another patient is refused before it is known whether it exists.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

__all__ = ["OWN", "Named", "derived_id", "id_of", "named", "patient_of"]

_PATIENT = re.compile(r"[0-9a-f]{32}")
_RECORD = re.compile(r"[0-9a-f]{64}")
OWN = re.compile(r"[A-Z][A-Za-z]{1,60}/[0-9a-f]{32}|(?!Patient/)[A-Z][A-Za-z]{1,60}/[0-9a-f]{64}")
_OF_PATIENT = re.compile(r"Patient/[0-9a-f]{32}|(?!Patient/)[A-Z][A-Za-z]{1,60}/[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Named:
    """Where a served resource lies: a patient (16 bytes) and a record of that chart.

    `record` is b"" for who the patient is, `patient` for what lies in the directory of the house.
    """

    kind: str
    patient: bytes
    record: bytes = b""

    @property
    def id(self) -> str:
        """Its logical id."""
        return self.patient.hex() + self.record.hex()

    @property
    def local(self) -> str:
        """Type and id, as a reference has them."""
        return f"{self.kind}/{self.id}"


def named(kind: str, id_: str) -> Named | None:
    """What a type and a logical id name; None where no resource here can be called so."""
    if kind == "Patient":
        return Named(kind, bytes.fromhex(id_)) if _PATIENT.fullmatch(id_) else None
    if _PATIENT.fullmatch(id_):
        return Named(kind, b"", bytes.fromhex(id_))
    return Named(kind, bytes.fromhex(id_[:32]), bytes.fromhex(id_[32:])) if _RECORD.fullmatch(id_) else None


def id_of(patient: bytes, record: bytes) -> str:
    """The logical id of a record."""
    return patient.hex() + record.hex()


def derived_id(kind: str, own: str) -> bytes:
    """16 bytes for a resource that no record holds as it is: made of findings, always the same for the same."""
    return hashlib.sha256(f"suwen fhir 1|{kind}/{own}".encode()).digest()[:16]


def patient_of(reference: str) -> str:
    """The patient (hex) in whose chart a reference of this server's form points; "" where it is of another form."""
    plain = reference.partition("/_history/")[0]
    return plain.rpartition("/")[2][:32] if _OF_PATIENT.fullmatch(plain) else ""
