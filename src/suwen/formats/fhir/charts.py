"""Sorts the resources of a FHIR bundle by the patient they are about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from suwen.formats.document import Place

__all__ = ["Chart", "Resource", "charts"]

_READ = frozenset({"Condition", "Observation"})
_PATIENT_REFERENCE = re.compile(r"(?:.*/)?(Patient/[A-Za-z0-9\-.]{1,64})")
_VERSION = re.compile(r"/_history/[^/]*$")


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource with its type, the address it was given, and the path of the resource that contains it, if any."""

    place: Place
    kind: str
    address: str
    container: str

    @property
    def base(self) -> str:
        """Server part of the address, from which relative references count; empty where there is none."""
        head, mark, _ = self.address.rpartition(f"/{self.kind}/")
        return f"{head}/" if mark else ""


@dataclass(slots=True)
class Chart:
    """One patient's id, Patient resource (None where the document only refers to it), and other resources."""

    id: str
    patient: Place | None
    resources: list[Resource] = field(default_factory=list)


def charts(document: Place, skipped: Counter[str]) -> list[Chart]:
    """One chart for each patient: those with a resource first, then those only referred to."""
    resources = list(_resources(document))
    known = _Register()
    for resource in resources:
        if resource.kind == "Patient":
            known.enter(resource)
    for resource in resources:
        if resource.kind in _READ:
            _file(resource, known, skipped)
    return known.charts


def _resources(document: Place) -> Iterator[Resource]:
    if document.get("resourceType") != "Bundle":
        yield from _with_contained(document, "")
        return
    for entry in document.entries("entry"):
        place = entry.inner("resource")
        if place is not None:
            yield from _with_contained(place, entry.text("fullUrl").strip())


def _with_contained(place: Place, address: str) -> Iterator[Resource]:
    kind = place.text("resourceType")
    if not kind:
        place.report("resourceType", "a FHIR resource says what it is")
    yield Resource(place, kind, address, place.path)
    if kind not in {*_READ, "Patient"}:
        return
    for inner in place.entries("contained"):
        yield Resource(inner, inner.text("resourceType"), "", place.path)


class _Register:
    """Charts by every name under which a reference may point at them."""

    def __init__(self) -> None:
        self.charts: list[Chart] = []
        self._by_name: dict[str, Chart | None] = {}  # None: two different patients answer to this name

    def enter(self, resource: Resource) -> None:
        """Make a chart for a Patient resource; one that repeats an address or id already known is the same patient."""
        identifier = resource.place.text("id").strip()
        names = self._names(resource, identifier)
        known = self._by_name.get(names[0]) if names else None
        if known is not None:
            return
        chart = Chart(identifier or _tail(resource.address) or f"patient-{len(self.charts) + 1}", resource.place)
        self.charts.append(chart)
        for name in names:
            self._by_name[name] = None if name in self._by_name else chart

    def find(self, resource: Resource, reference: str) -> Chart | None:
        """Find the chart a reference points at; made on the spot for a `Patient/x` that is nowhere in the document.

        None where it points at nothing, or at more than one patient.
        """
        reference = _VERSION.sub("", reference)
        if reference.startswith("#"):
            return self._by_name.get(resource.container + reference)
        for name in (resource.base + reference, reference):
            if name in self._by_name:
                return self._by_name[name]
        match = _PATIENT_REFERENCE.fullmatch(reference)
        if match is None:
            return None
        name = match.group(1)
        if name in self._by_name:
            return self._by_name[name]
        chart = self._by_name[name] = Chart(name.partition("/")[2], None)
        self.charts.append(chart)
        return chart

    @staticmethod
    def _names(resource: Resource, identifier: str) -> list[str]:
        place = resource.place
        if place.path != resource.container:  # contained: known inside its container only
            return [f"{resource.container}#{identifier}"]
        names = [resource.address, f"Patient/{identifier}" if identifier else "", f"{resource.container}#"]
        return [name for name in names if name]


def _tail(address: str) -> str:
    return re.split(r"[/:]", address)[-1]


def _file(resource: Resource, known: _Register, skipped: Counter[str]) -> None:
    subject = resource.place.inner("subject")
    if subject is None:
        if resource.kind == "Condition":
            resource.place.report("subject", "a Condition needs a subject")
        else:
            skipped["observation without a subject"] += 1
        return
    reference = subject.text("reference").strip()
    if not reference:
        skipped["subject without a reference"] += 1
        return
    if re.match(r"(?:.*/)?(?:Group|Device|Location)/", reference):
        skipped["subject is not a patient"] += 1
        return
    chart = known.find(resource, reference)
    if chart is None:
        subject.report("reference", "points at no patient of this document, or at more than one")
    else:
        chart.resources.append(resource)
