"""What the differential is given of a record that was opened: the same as in a consult, with what people put right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from suwen.consult import projections
from suwen.consult.chart import Record
from suwen.consult.corrections import corrected_reader, corrections_in
from suwen.consult.nouns import Given
from suwen.errors import FormatError
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.stored import Stored
from suwen.language.reader import NoteReader
from suwen.records.demographics import KIND as DEMOGRAPHICS
from suwen.records.demographics import Demographics

__all__ = ["differential_given", "resource_of"]

_KINDS = projections.PATIENT_KINDS | projections.TEXT_KINDS


def differential_given(found: Sequence[Record], patient: str, reader: NoteReader | None = None) -> Given:
    """The patient's features, sex and age out of records that were opened (`look`), as `projections.features`.

    With a `reader` texts are read too, with the corrections among the records. Raises FormatError for a correction that
    cannot be read.
    """
    read = corrected_reader(reader, corrections_in(found)) if reader is not None else None
    who = [Demographics.from_bytes(one.payload) for one in found if one.kind == DEMOGRAPHICS]
    register = [projections.from_register(one) for one in who[-1:]]
    return projections.features([*register, *_resources(found)], patient, reader=read)


def resource_of(record: Record) -> Json | None:
    """The FHIR resource that a record holds; None where it holds something else."""
    try:
        resource = Stored.from_bytes(record.payload).resource
    except (FormatError, UnicodeDecodeError):
        return None
    return resource if isinstance(resource, dict) and resource.get("resourceType") == record.kind else None


def _resources(found: Iterable[Record]) -> Iterator[Json]:
    # by type and then by age, as a consult gives them: of what is stated twice the same one counts
    for one in sorted((one for one in found if one.kind in _KINDS), key=lambda one: one.kind):
        resource = resource_of(one)
        if resource is not None:
            yield resource
