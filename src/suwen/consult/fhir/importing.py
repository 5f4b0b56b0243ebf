"""FHIR documents into the sealed records: each patient found or registered, every resource kept, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from suwen.consult.fhir.directory import NO_PATIENT, REMEDY, file_entries, may_file, stored_from
from suwen.consult.fhir.held import is_type
from suwen.consult.fhir.imported import Imported, merged
from suwen.consult.fhir.keeping import Coming, Kept, Memory, keep_resources
from suwen.consult.fhir.patients import Admitted, admit
from suwen.errors import AccessError, FormatError, InputError, Problem
from suwen.formats.fhir import Entry
from suwen.formats.fhir.compartment import PatientEntries, Sorted, sort_by_patient
from suwen.formats.fhir.documents import Document
from suwen.records.access import Purpose
from suwen.records.gate import Records, Work
from suwen.records.people import Actor
from suwen.subject import Saying

__all__ = ["coming_from", "import_fhir", "no_types"]


def import_fhir(
    actor: Actor,
    records: Records,
    document: Document | Sequence[Entry],
    *,
    source: str = "",
    purpose: Purpose = Purpose.TREATMENT,
) -> Imported:
    """Take in a document that was read and checked: all of it or nothing.

    `source` is the base URL (or any lasting name) of the system it is from: with the id it makes a resource the same
    when it comes again. A patient is known by an identifier, or by source and id, and else registered, in the care of
    whoever imports. Raises FormatError with every resource that cannot be placed and the remedy, AccessError.
    """
    entries = document.entries if isinstance(document, Document) else tuple(document)
    found = sort_by_patient(entries, source=source)
    patients, rest = _with_the_one(found)
    problems = [*no_types(entries), *found.problems]
    with records.acting(actor, purpose) as work:
        if rest and not may_file(work):
            problems += [
                Problem(one.where, NO_PATIENT.en, REMEDY.en, zh_what=NO_PATIENT.zh, zh_remedy=REMEDY.zh) for one in rest
            ]
        admitted = _admitted(work, patients, source, problems)
        if problems:
            raise FormatError("the document cannot be taken in:", problems, zh="无法导入该文档：")
        memory, done = Memory(), Imported()
        for one, here in zip(patients, admitted, strict=True):
            kept = keep_resources(work, here.patient, coming_from(one.entries, source), memory)
            problems += kept.problems
            done = merged(done, _told(here, kept))
        if problems:
            raise FormatError("the document cannot be taken in:", problems, zh="无法导入该文档：")
        filed = file_entries(work, rest, source) if rest else 0
    remarks = (
        tuple(Saying(str(one), one.said("zh")) for one in document.remarks) if isinstance(document, Document) else ()
    )
    return merged(done, Imported(directory=filed, remarks=remarks))


def no_types(entries: Iterable[Entry]) -> Iterator[Problem]:
    """What is of no type of FHIR: a record of its kind would be taken for one that Suwen wrote itself."""
    for one in entries:
        if not is_type(one.kind):
            yield Problem(
                one.where,
                "is of no resource type of FHIR R4",
                "correct its resourceType",
                zh_what="不是 FHIR R4 的资源类型",
                zh_remedy="请更正其 resourceType",
            )


def _with_the_one(found: Sorted) -> tuple[list[PatientEntries], list[Entry]]:
    """What names no patient came with the one patient of its document; with several it is nobody's."""
    patients, unplaced = list(found.patients), list(found.unplaced)
    if len(patients) == 1 and not found.problems:
        one = patients[0]
        return [PatientEntries(one.reference, one.patient, (*one.entries, *unplaced))], []
    return patients, unplaced


def _admitted(work: Work, patients: Sequence[PatientEntries], source: str, problems: list[Problem]) -> list[Admitted]:
    """Every patient in the house; what cannot be recognised is added to the problems. Raises AccessError."""
    found = []
    for one in patients:
        try:
            found.append(admit(work, one, source))
        except AccessError as refused:
            where = one.entries[0].where
            told = refused.said("zh")
            raise AccessError(
                f"{where}: {refused}" if where else str(refused), zh=f"{where}：{told}" if where else told
            ) from None
        except InputError as error:
            problems += error.problems
    return found


def coming_from(entries: Sequence[Entry], source: str) -> list[Coming]:
    """Entries as they will lie in their records."""
    return [Coming(stored_from(one, source), one.where) for one in entries]


def _told(here: Admitted, kept: Kept) -> Imported:
    withdrawn = Saying(
        f"{kept.withdrawn} of the resources were withdrawn here, and stay withdrawn",
        f"其中 {kept.withdrawn} 个资源在本院已撤回，保持撤回状态",
    )
    return Imported(
        (here.patient.hex(),),
        int(here.registered),
        kept.written,
        kept.changed,
        kept.unchanged,
        0,
        (*here.remarks, *([withdrawn] if kept.withdrawn else [])),
    )
