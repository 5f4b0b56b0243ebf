"""Files of one FHIR resource a line into the sealed records: in batches, and again after a kill without doing it twice.

First every Patient is found or registered, then the other resources go to the patients they name, and last what is
about another resource (a Provenance) goes to that one's patient. Nothing is remembered between runs: a resource that
is there already is left as it is.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from suwen.consult.fhir.directory import NO_PATIENT, REMEDY, file_entries, may_file
from suwen.consult.fhir.imported import Imported, merged
from suwen.consult.fhir.importing import coming_from
from suwen.consult.fhir.keeping import Kept, Memory, keep_resources
from suwen.consult.fhir.patients import address_of, admit
from suwen.errors import AccessError, ConflictError, FormatError, InputError, Problem
from suwen.formats.fhir import Entry
from suwen.formats.fhir.compartment import patient_references, sort_by_patient
from suwen.formats.fhir.ndjson import Line, open_lines, read_lines
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.demographics import ADDRESS, address_tag
from suwen.records.gate import Records, Work
from suwen.records.people import Actor
from suwen.subject import Saying

__all__ = ["Progress", "Report", "import_lines"]

Progress = Callable[[int, int], None]  # bytes done, bytes in all
Report = Callable[[Path, int, Problem], None]  # file, number of the line (0: the file), what is wrong with it

_BATCH = 500  # resources in one transaction
_TRIES = 3  # a batch is tried again when somebody else wrote to the same chart meanwhile
_PATIENT = re.compile(rb'"resourceType"\s*:\s*"Patient"')
_UNKNOWN = Saying("is about a patient who is unknown here", "涉及本院未登记的患者")
_PATIENT_FIRST = Saying("import the Patient first, from the same source", "请先从同一来源导入该 Patient")


def import_lines(
    actor: Actor,
    records: Records,
    files: Sequence[Path],
    *,
    source: str = "",
    progress: Progress,
    problems: Report,
    purpose: Purpose = Purpose.TREATMENT,
) -> Imported:
    """Take in files of one resource a line (plain or .gz), in any order of types and files.

    Each line stands for itself: one that cannot be taken in is told to `problems`, and the rest is kept. A batch of
    lines is one transaction, so that after a kill the same call goes on; run again it changes nothing.
    Raises LoginError, StoreError, NotFoundError for a file that is not there.
    """
    run = _Run(actor, records, source, purpose, problems)
    told = _Told(progress, 2 * sum(file.stat().st_size for file in files))
    for file in files:
        lines = told.lines(file) if _has_patients(file) else told.skipped(file)
        for batch in _batches(line for line in lines if line.entry is not None and line.entry.kind == "Patient"):
            run.work(file, batch, run.admit)
    late: dict[Path, set[int]] = {}
    for file in files:
        for batch in _batches(_sound(file, told.lines(file), problems)):
            run.work(file, batch, run.keep)
        late[file], run.late = run.late, set()
    for file in (one for one in files if late[one]):
        for batch in _batches(line for line in _lines(file) if line.number in late[file]):
            run.work(file, batch, run.keep_late)
    return run.done


class _Run:
    """One import: who is who, what was kept, and what has to wait for another resource."""

    def __init__(self, actor: Actor, records: Records, source: str, purpose: Purpose, problems: Report) -> None:
        self._actor, self._records, self._source, self._purpose = actor, records, source, purpose
        self._problems = problems
        self._memory = Memory()
        self._patients: dict[str, bytes | None] = {}  # by address; None: nobody here has it
        self._owners: dict[str, bytes | None] = {}  # by `Type/id` of resources; None: of several patients
        self.late: set[int] = set()
        self.done = Imported()

    def work(self, file: Path, batch: Sequence[Line], act: Callable[[Work, Sequence[Line]], _Did]) -> None:
        """One transaction; what it found is told once it is stored."""
        for again in range(_TRIES):
            try:
                with self._records.acting(self._actor, self._purpose) as work:
                    did = act(work, batch)
                break
            except ConflictError:
                self._memory.forget()
                if again == _TRIES - 1:
                    raise
        self._patients |= did.patients
        for place, patient in did.owners.items():
            self._owners[place] = patient if self._owners.get(place, patient) == patient else None
        self.late |= did.late
        self.done = merged(self.done, did.imported)
        for number, problem in sorted(did.problems, key=lambda one: one[0]):
            self._problems(file, number, problem)

    def admit(self, work: Work, batch: Sequence[Line]) -> _Did:
        """Find or register the patients of lines that are Patient resources, and keep these."""
        did = _Did()
        for line, entry in _entries(batch):
            (one,) = sort_by_patient([entry], source=self._source).patients
            try:
                here = admit(work, one, self._source)
            except AccessError as refused:
                did.problems.append((line.number, Problem(entry.where, str(refused), zh_what=refused.said("zh"))))
                continue
            except InputError as error:
                did.problems += [(line.number, problem) for problem in error.problems]
                continue
            did.patients[address_of(one.reference, self._source)] = here.patient
            did.imported = merged(did.imported, Imported(registered=int(here.registered), remarks=here.remarks))
            self._keep(work, here.patient, [(line, entry)], did)
        return did

    def keep(self, work: Work, batch: Sequence[Line]) -> _Did:
        """Keep the resources of lines with the patients they name; what names none is for the directory."""
        did = _Did()
        charts: dict[str, list[tuple[Line, Entry]]] = {}
        others: list[tuple[Line, Entry]] = []
        for line, entry in _entries(batch):
            if entry.kind == "Patient":
                continue
            found = sort_by_patient([entry], source=self._source)
            if found.problems:
                did.problems += [(line.number, problem) for problem in found.problems]
            elif found.patients:
                charts.setdefault(address_of(found.patients[0].reference, self._source), []).append((line, entry))
            elif patient_references(entry.resource):
                did.late.add(line.number)
            else:
                others.append((line, entry))
        for address, lines in charts.items():
            patient = self._patient(work, address, did)
            if patient is None:
                did.problems += [(line.number, _of_both(one.where, _UNKNOWN, _PATIENT_FIRST)) for line, one in lines]
            else:
                self._keep_with(work, patient, lines, did)
        self._file(work, others, did)
        return did

    def keep_late(self, work: Work, batch: Sequence[Line]) -> _Did:
        """Keep what is about other resources with the patient of these; without one patient it is nobody's."""
        did = _Did()
        charts: dict[bytes, list[tuple[Line, Entry]]] = {}
        others: list[tuple[Line, Entry]] = []
        for line, entry in _entries(batch):
            owners = {self._owners.get(one) for one in patient_references(entry.resource)} - {None}
            if len(owners) == 1:
                charts.setdefault(next(iter(owners)) or b"", []).append((line, entry))
            else:
                others.append((line, entry))
        for patient, lines in charts.items():
            self._keep_with(work, patient, lines, did)
        self._file(work, others, did)
        return did

    def _patient(self, work: Work, address: str, did: _Did) -> bytes | None:
        """Who of the house has an address."""
        if address not in self._patients:
            found = work.store.charts.find(work.connection, [(ADDRESS, address_tag(address))])
            did.patients[address] = found[0] if len(found) == 1 else None
            return did.patients[address]
        return self._patients[address]

    def _keep_with(self, work: Work, patient: bytes, lines: Sequence[tuple[Line, Entry]], did: _Did) -> None:
        try:
            work.require(Act.ANNOTATE, ResourceKind.PATIENT, patient=patient)
        except AccessError as refused:
            did.problems += [
                (line.number, Problem(one.where, str(refused), zh_what=refused.said("zh"))) for line, one in lines
            ]
            return
        self._keep(work, patient, lines, did)

    def _keep(self, work: Work, patient: bytes, lines: Sequence[tuple[Line, Entry]], did: _Did) -> None:
        coming = coming_from([entry for _, entry in lines], self._source)
        kept = keep_resources(work, patient, coming, self._memory, sparing=True)
        numbers = {entry.where: line.number for line, entry in lines}
        did.problems += [(numbers[one.where], one) for one in kept.problems]
        did.imported = merged(did.imported, _imported(patient, kept))
        did.owners |= {f"{entry.kind}/{entry.id}": patient for _, entry in lines if entry.id}

    def _file(self, work: Work, lines: Sequence[tuple[Line, Entry]], did: _Did) -> None:
        if lines and may_file(work):
            filed = file_entries(work, [entry for _, entry in lines], self._source)
            did.imported = merged(did.imported, Imported(directory=filed))
        else:
            did.problems += [(line.number, _of_both(one.where, NO_PATIENT, REMEDY)) for line, one in lines]


@dataclass(slots=True)
class _Did:
    """What one transaction did, to be remembered and told once it is stored."""

    imported: Imported = field(default_factory=Imported)
    patients: dict[str, bytes | None] = field(default_factory=dict)
    owners: dict[str, bytes | None] = field(default_factory=dict)
    late: set[int] = field(default_factory=set)
    problems: list[tuple[int, Problem]] = field(default_factory=list)


def _imported(patient: bytes, kept: Kept) -> Imported:
    return Imported((patient.hex(),), 0, kept.written, kept.changed, kept.unchanged)


class _Told:
    """Reading with progress: bytes of the files, each of which is gone through twice."""

    def __init__(self, progress: Progress, whole: int) -> None:
        self._progress, self._whole, self._done = progress, whole, 0

    def lines(self, file: Path) -> Iterator[Line]:
        size, now = file.stat().st_size, 0
        for line in _lines(file):
            yield line
            now = min(line.end_offset, size)  # of a packed file the offsets are those of what is in it
            self._progress(self._done + now, self._whole)
        yield from self.skipped(file)

    def skipped(self, file: Path) -> Iterator[Line]:
        self._done += file.stat().st_size
        self._progress(self._done, self._whole)
        yield from ()


def _sound(file: Path, lines: Iterable[Line], problems: Report) -> Iterator[Line]:
    """Lines that are resources; of the others it is told what is wrong."""
    for line in lines:
        for problem in line.problems:
            problems(file, line.number, problem)
        if line.entry is not None and not line.problems:
            yield line


def _entries(batch: Sequence[Line]) -> Iterator[tuple[Line, Entry]]:
    return ((line, line.entry) for line in batch if line.entry is not None and not line.problems)


def _batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    waiting = iter(lines)
    while batch := list(islice(waiting, _BATCH)):
        yield batch


def _lines(file: Path) -> Iterator[Line]:
    """The lines of a file; where a packed one is damaged, the last says so instead of a resource."""
    try:
        with open_lines(file) as raw:
            yield from read_lines(raw)
    except FormatError as error:
        yield Line(0, file.stat().st_size, None, (Problem("", str(error), zh_what=error.said("zh")),))


def _has_patients(file: Path) -> bool:
    try:
        with open_lines(file) as raw:
            return any(_PATIENT.search(piece) for piece in raw)
    except (EOFError, OSError, zlib.error):  # damaged: what can be read of it is, and the damage told
        return True


def _of_both(where: str, what: Saying, remedy: Saying) -> Problem:
    return Problem(where, what.en, remedy.en, zh_what=what.zh, zh_remedy=remedy.zh)
