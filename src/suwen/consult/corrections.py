"""What people put right in the texts of a record: kept beside them as labelled data, and applied when they are read.

A record of kind "Correction" holds one correction as `suwen.language.corrections` writes it: what was read where, what
is so, who says it. Withdrawn, it counts no longer and stays in the history.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from suwen.consult.chart import Draft, Record, open_patient, write_records
from suwen.errors import FormatError
from suwen.language.corrections import Correction, read_correction, write_correction
from suwen.language.reader import NoteReader, Reader
from suwen.records.access import Purpose
from suwen.records.gate import Records
from suwen.records.people import Actor

__all__ = [
    "CORRECTION",
    "KeptCorrection",
    "corrected_reader",
    "corrections_in",
    "keep_correction",
    "list_corrections",
]

CORRECTION = "Correction"


@dataclass(frozen=True, slots=True)
class KeptCorrection:
    """A correction with the record (hex) that holds it and its version, by which it can be withdrawn."""

    record: str
    version: int
    at: int
    correction: Correction


def keep_correction(
    actor: Actor,
    records: Records,
    patient: str,
    correction: Correction,
    *,
    record: str = "",
    base: int = 0,
    purpose: Purpose = Purpose.TREATMENT,
) -> KeptCorrection:
    """Keep a correction with the patient under the act "annotate"; with `record` and `base` the next version of one.

    Raises AccessError, NotFoundError, ConflictError.
    """
    draft = Draft(CORRECTION, write_correction(correction).encode(), record, base)
    (written,) = write_records(actor, records, patient, [draft], purpose=purpose)
    return KeptCorrection(written.id, written.version, written.at, correction)


def list_corrections(
    actor: Actor, records: Records, patient: str, *, purpose: Purpose = Purpose.TREATMENT
) -> tuple[KeptCorrection, ...]:
    """The corrections that count, oldest first. Raises as `open_patient`, FormatError."""
    return corrections_in(open_patient(actor, records, patient, purpose=purpose, kinds=[CORRECTION]))


def corrections_in(found: Iterable[Record]) -> tuple[KeptCorrection, ...]:
    """The corrections among records that were opened, oldest first. Raises FormatError."""
    return tuple(
        KeptCorrection(one.id, one.version, one.at, _read(one.payload)) for one in found if one.kind == CORRECTION
    )


def corrected_reader(reader: NoteReader, kept: Iterable[KeptCorrection]) -> Reader:
    """The reader that applies corrections; the reader itself where there are none, so that answers stay the same."""
    corrections = [one.correction for one in kept]
    return reader.corrected_by(corrections) if corrections else reader


def _read(payload: bytes) -> Correction:
    try:
        return read_correction(payload.decode())
    except UnicodeDecodeError:
        raise FormatError(
            "a record filed as a correction cannot be read as one", zh="归档为更正的记录无法按更正读取"
        ) from None
