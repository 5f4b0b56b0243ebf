"""Says which patient each resource of a FHIR document belongs to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from suwen.errors import Problem
from suwen.formats.fhir.nouns import Entry, Json

__all__ = ["Addresses", "PatientEntries", "Sorted", "patient_references", "references", "sort_by_patient"]

_BY_SUBJECT = (
    "Account AdverseEvent Basic CarePlan CareTeam ChargeItem ClinicalImpression Communication"
    " CommunicationRequest Composition Condition DeviceRequest DeviceUseStatement DiagnosticReport"
    " DocumentManifest DocumentReference Encounter Flag Goal ImagingStudy Invoice List MeasureReport Media"
    " MedicationAdministration MedicationDispense MedicationRequest MedicationStatement Observation Procedure"
    " QuestionnaireResponse RequestGroup RiskAssessment ServiceRequest Specimen"
)
_BY_PATIENT = (
    "AllergyIntolerance BodyStructure Claim ClaimResponse Consent CoverageEligibilityRequest"
    " CoverageEligibilityResponse DetectedIssue EpisodeOfCare ExplanationOfBenefit FamilyMemberHistory"
    " Immunization ImmunizationEvaluation ImmunizationRecommendation MolecularSequence NutritionOrder"
    " RelatedPerson SupplyDelivery VisionPrescription"
)
# Of the search parameters by which http://hl7.org/fhir/R4/compartmentdefinition-patient.html places a resource, those
# that say whom it is about, as paths; not those that say who wrote, did, paid for or received something.
_ABOUT = MappingProxyType(
    {
        **dict.fromkeys(_BY_SUBJECT.split(), ("subject",)),
        **dict.fromkeys(_BY_PATIENT.split(), ("patient",)),
        "Appointment": ("participant.actor",),
        "AppointmentResponse": ("actor",),
        "AuditEvent": ("entity.what",),
        "Coverage": ("beneficiary",),
        "EnrollmentRequest": ("candidate",),
        "Group": ("member.entity",),
        "Person": ("link.target",),
        "Provenance": ("target",),
        "ResearchSubject": ("individual",),
        "Schedule": ("actor",),
        "SupplyRequest": ("deliverTo",),
        "Task": ("for",),
        # not in the definition, but they say whom the resource is about or whose rights it follows
        "Binary": ("securityContext",),
        "Contract": ("subject",),
        "Device": ("patient",),
        "GuidanceResponse": ("subject",),
    }
)
_VERSION = re.compile(r"/_history/[^/]*$")
_PATIENT = re.compile(r"(?P<base>.*/)?(?P<key>Patient/[A-Za-z0-9\-.]{1,64})")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_MANY = 2  # who belongs to two patients belongs to none; more need not be counted


@dataclass(frozen=True, slots=True)
class PatientEntries:
    """A patient's resources in document order, the Patient resource itself among them.

    `reference` is `Patient/x`, or the full address of the patient where that is on another server than the source.
    `patient` is None where the document only refers to the patient.
    """

    reference: str
    patient: Entry | None
    entries: tuple[Entry, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sorted:
    """A document by patient: who has a Patient resource first. `problems` says why an entry is `unplaced`.

    Entries without a problem of their own, such as an Organization that several patients share, are about no patient.
    """

    patients: tuple[PatientEntries, ...]
    unplaced: tuple[Entry, ...]
    problems: tuple[Problem, ...]


def patient_references(resource: Json) -> tuple[str, ...]:
    """Give the references, as written, by which a resource says whom it is about; each once.

    They may point at something else than a patient (a Group, a Device, what a Provenance is for).
    """
    return tuple(dict.fromkeys(_found(resource)))


def _found(resource: Json) -> Iterator[str]:
    for path in _ABOUT.get(str(resource.get("resourceType")), ()):
        nodes: list[Any] = [resource]
        for name in path.split("."):
            inner = [node.get(name) for node in nodes if isinstance(node, dict)]
            nodes = [one for node in inner for one in (node if isinstance(node, list) else [node])]
        yield from (reference for node in nodes if (reference := _reference(node)))


def references(resource: Json) -> tuple[str, ...]:
    """Give every reference of a resource to another one, as written; those to what it contains are left out."""
    found: dict[str, None] = {}
    nodes: list[Any] = [resource]
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            reference = _reference(node)
            if reference and not reference.startswith("#"):
                found[reference] = None
            nodes.extend(node.values())
        elif isinstance(node, list):
            nodes.extend(node)
    return tuple(found)


def _reference(node: Any) -> str:
    reference = node.get("reference") if isinstance(node, dict) else None
    return reference if isinstance(reference, str) else ""


class Addresses:
    """Entries by every address under which a reference may point at them.

    Rules: http://hl7.org/fhir/R4/bundle.html#references. A relative reference counts from the server of the resource
    that holds it. An entry without a server of its own (no fullUrl, or a urn:uuid) is taken to be on `source`, and is
    found by `Type/id` from anywhere; never one of another server, which would be another person's.
    """

    def __init__(self, entries: Sequence[Entry], *, source: str = "") -> None:
        self._source = source.rstrip("/")
        self._entries: dict[str, Entry] = {}
        self._by_address: dict[str, str | None] = {}  # None: different entries answer to this address
        for number, entry in enumerate(entries):
            self._enter(entry, number)

    def key(self, entry: Entry) -> str:
        """`Type/id` of an entry, or its full address where it has no id or is on another server than the source."""
        local = f"{entry.kind}/{entry.id}" if entry.kind and entry.id else ""
        address = _VERSION.sub("", entry.full_url)
        server = self.base(entry)
        return local if local and (not server or server == self._source) else (address or local)

    def base(self, entry: Entry) -> str:
        """Server of an entry by its fullUrl, without the last slash; "" where it names none."""
        head, mark, _ = entry.full_url.rpartition(f"/{entry.kind}/")
        return head if mark and _SCHEME.match(head) else ""

    def entry(self, key: str) -> Entry | None:
        """Give the entry that has a key."""
        return self._entries.get(key)

    def resolve(self, reference: str, *, base: str = "") -> str | None:
        """Key of the entry a reference points at, seen from a resource on server `base`.

        None where that is no entry of this document, or not one alone; always for what is contained (`#x`) and for
        conditional references (`Patient?identifier=x`).
        """
        if not reference or reference.startswith("#") or "?" in reference:
            return None
        reference = _VERSION.sub("", reference)
        if _SCHEME.match(reference):
            return self._by_address.get(reference)
        server = base.rstrip("/") or self._source
        if server and f"{server}/{reference}" in self._by_address:
            return self._by_address[f"{server}/{reference}"]
        is_elsewhere = bool(self._source) and server != self._source
        return None if is_elsewhere else self._by_address.get(reference)

    def outside(self, reference: str, *, base: str = "") -> str | None:
        """Key of a patient who is not in this document, None where a reference does not name one by address."""
        match = _PATIENT.fullmatch(_VERSION.sub("", reference))
        if match is None:
            return None
        server = (match["base"] or base).rstrip("/")
        return match["key"] if server in {"", self._source} else f"{server}/{match['key']}"

    def _enter(self, entry: Entry, number: int) -> None:
        key = self.key(entry) or f"#{number}"  # no reference can ask for it
        self._entries.setdefault(key, entry)
        address, local, server = _VERSION.sub("", entry.full_url), f"{entry.kind}/{entry.id}", self.base(entry)
        names = {address, key}
        if entry.id and not server:
            names |= {local, f"{self._source}/{local}"} if self._source else {local}
        for name in names - {""}:
            self._by_address[name] = key if self._by_address.get(name, key) == key else None


def sort_by_patient(entries: Sequence[Entry], *, source: str = "") -> Sorted:
    """Give every entry to the patient it is about; `source` is the base URL of the system that the document is from.

    An entry that names no patient goes with the one patient whose entries point at it (a Medication), or else at whose
    entries it points (a Provenance); shared by several patients, it stays unplaced. Order and time are those of the
    document, whatever circles its references run in.
    """
    work = _Sorting(entries, Addresses(entries, source=source))
    for number, entry in enumerate(entries):
        work.name_patients(number, entry)
    work.follow_forward()
    work.follow_back()
    return work.result()


class _Sorting:
    """The patients of each entry (by its number in the document), while they are found out."""

    def __init__(self, entries: Sequence[Entry], addresses: Addresses) -> None:
        self._all = entries
        self._addresses = addresses
        self._patients: dict[str, Entry | None] = {}
        self._owners: list[set[str]] = [set() for _ in entries]
        self._about: dict[int, list[int]] = {}  # entries that say whom they are about, by way of another entry
        self._problems: dict[int, Problem] = {}
        keys = [addresses.key(entry) for entry in entries]
        self._numbers = {key: number for number, key in reversed(list(enumerate(keys)))}
        self._points_at = [self._targets(entry, references(entry.resource)) for entry in entries]
        for entry, key in zip(entries, keys, strict=True):
            if entry.kind == "Patient":
                self._patients.setdefault(key or entry.where, entry)

    def _targets(self, entry: Entry, written: Iterable[str]) -> list[int]:
        base = self._addresses.base(entry)
        keys = [self._addresses.resolve(reference, base=base) for reference in written]
        return [self._numbers[key] for key in keys if key is not None]

    def name_patients(self, number: int, entry: Entry) -> None:
        """Take the patients whom an entry names itself."""
        if entry.kind == "Patient":
            self._owners[number].add(self._addresses.key(entry) or entry.where)
            return
        base = self._addresses.base(entry)
        for reference in patient_references(entry.resource):
            key = self._addresses.resolve(reference, base=base)
            if key is not None and key not in self._patients:
                self._about.setdefault(number, []).append(self._numbers[key])
                continue
            patient = key or self._addresses.outside(reference, base=base)
            if patient is None:
                self._note_lost(number, entry, reference)
            else:
                self._patients.setdefault(patient, None)
                self._owners[number].add(patient)
        if len(self._owners[number]) > 1:
            self._problems[number] = Problem(
                entry.where,
                "is about more than one patient",
                "give each a copy",
                zh_what="涉及一名以上患者",
                zh_remedy="请分别给出副本",
            )

    def _note_lost(self, number: int, entry: Entry, reference: str) -> None:
        kind = reference.rpartition("/")[0].rpartition("/")[2]
        if reference.startswith("#"):
            what = "is about a patient whom it contains itself, and who can have no record"
            self._problems[number] = Problem(
                entry.where,
                what,
                "give the patient as a resource of its own",
                zh_what="涉及其自身所含的患者，该患者无法有自己的病历",
                zh_remedy="请将该患者作为单独资源给出",
            )
        elif "?" in reference or kind in {"", "Patient"}:
            what = "says by a reference that points at nothing here whom it is about"
            self._problems[number] = Problem(
                entry.where,
                what,
                "add the patient to the document",
                zh_what="其引用所指的患者在此不存在",
                zh_remedy="请将该患者加入文档",
            )

    def follow_forward(self) -> None:
        """Give what names no patient the patients of all entries that point at it."""
        named = [bool(owners) or number in self._problems for number, owners in enumerate(self._owners)]
        for number in [number for number, targets in self._about.items() if not named[number] and targets]:
            named[number] = True  # is about another entry, so who points at it does not count
        self._spread({n: self._points_at[n] for n in range(len(self._all))}, named)

    def _spread(self, edges: dict[int, list[int]], closed: list[bool]) -> None:
        """Hand owners along edges until nothing changes; two are enough to know that there are many."""
        todo = [number for number in edges if self._owners[number]]
        while todo:
            number = todo.pop()
            for target in edges.get(number, ()):
                owners = self._owners[target]
                if closed[target] or len(owners) >= _MANY or self._owners[number] <= owners:
                    continue
                owners.update(sorted(self._owners[number])[:_MANY])
                todo.append(target)

    def follow_back(self) -> None:
        """Give what has no patient yet those of the entries it points at: those it is about, or else all."""
        edges: dict[int, list[int]] = defaultdict(list)
        for number, owners in enumerate(self._owners):
            if not owners and number not in self._problems:
                for target in self._about.get(number) or self._firm(self._points_at[number]):
                    edges[target].append(number)
        closed = [bool(owners) for owners in self._owners]
        self._spread({n: edges.get(n, []) for n in range(len(self._all))}, closed)

    def _firm(self, targets: list[int]) -> list[int]:
        """Those of the targets that belong to one patient, or else all: an Organization of many says nothing."""
        return [target for target in targets if len(self._owners[target]) == 1] or targets

    def result(self) -> Sorted:
        """Gather the entries by patient."""
        entries: dict[str, list[Entry]] = {key: [] for key in self._patients}
        unplaced = []
        for number, (entry, owners) in enumerate(zip(self._all, self._owners, strict=True)):
            if len(owners) == 1 and number not in self._problems:
                entries[next(iter(owners))].append(entry)
            else:
                unplaced.append(entry)
        patients = [PatientEntries(key, patient, tuple(entries[key])) for key, patient in self._patients.items()]
        return Sorted(tuple(patients), tuple(unplaced), tuple(self._problems.values()))
