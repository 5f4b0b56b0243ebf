"""Suwen's own findings as served resources: made from what is filed, with their evidence, makers and provenance."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from suwen.consult.answers import CONSULT, in_order, read_answer
from suwen.consult.chart import shown
from suwen.consult.fhir.findings import report_of
from suwen.consult.fhir.rest.names import Named, derived_id
from suwen.consult.fhir.rest.nouns import Version
from suwen.consult.fhir.rest.served import resource_of, served_from
from suwen.consult.fhir.rest.wholes import Whole, newest_of
from suwen.consult.findings import KIND as FINDING
from suwen.consult.findings import filed_finding
from suwen.formats.fhir import Json, Stored, canonical
from suwen.formats.fhir.findings import write_findings
from suwen.records.gate import Work
from suwen.records.noted import note_opened

__all__ = ["DERIVED", "derived_kinds", "derived_versions"]

DERIVED = frozenset(
    {"DetectedIssue", "Device", "DiagnosticReport", "Observation", "Practitioner", "Provenance", "RiskAssessment"}
)


def derived_kinds(whole: Whole) -> frozenset[str]:
    """The types of resource that findings of a chart may become; none where nothing is filed."""
    return DERIVED if whole.of_kind(FINDING) else frozenset()


def derived_versions(work: Work, whole: Whole) -> list[Version]:
    """The findings of a chart as resources; what is opened for them is noted. Their version is their content's."""
    ids = whole.of_kind(FINDING, CONSULT)
    if not whole.of_kind(FINDING):
        return []
    records = newest_of(work, whole, ids)
    note_opened(work, whole.patient, records)
    filed = [filed_finding(shown(one)) for one in records if one.kind == FINDING]
    answers = sorted(
        (read_answer(one) for one in records if one.kind == CONSULT), key=lambda one: (one.place, one.report.area)
    )
    at = max((one.at for one in records), default=0)
    ordered = in_order(filed, [one.findings for one in answers])
    reference = f"Patient/{whole.patient.hex()}"
    return list(_versions(whole, write_findings(report_of(ordered, at, reference)), at))


def _versions(whole: Whole, resources: list[Json], at: int) -> Iterator[Version]:
    names = {
        f"{one['resourceType']}/{one['id']}": Named(
            one["resourceType"], whole.patient, derived_id(one["resourceType"], one["id"])
        )
        for one in resources
    }
    for one in resources:
        name = names[f"{one['resourceType']}/{one['id']}"]
        turned = served_from(whole, Stored(_turned(one, names)))
        number = hashlib.sha256(canonical(turned)).hexdigest()[:16]
        yield Version(name.kind, name.id, number, at, resource_of(turned, name.id, number, at))


def _turned(value: Any, names: dict[str, Named]) -> Any:
    if isinstance(value, dict):
        said = value.get("reference")
        if isinstance(said, str) and said in names:
            value = {**value, "reference": names[said].local}
        return {name: _turned(inner, names) for name, inner in value.items()}
    if isinstance(value, list):
        return [_turned(inner, names) for inner in value]
    return value
