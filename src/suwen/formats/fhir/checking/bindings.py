"""The closed code sets to which FHIR R4 binds elements of the types that Suwen reads (binding strength: required).

Each set is defined at http://hl7.org/fhir/R4/valueset-NAME.html by the name it has here. Sets that are no short list
(MIME types, languages, currencies) are not checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import MappingProxyType
from typing import Any

__all__ = ["code_flaw", "coded", "concept_flaw"]

# Set: its codes, and the elements bound to it by the name of their shape.
_CODES = MappingProxyType(
    {
        "address-type": ("postal physical both", "Address.type"),
        "address-use": ("home work temp old billing", "Address.use"),
        "administrative-gender": ("male female other unknown", "Patient.gender PatientContact.gender"),
        "allergy-intolerance-category": ("food medication environment biologic", "AllergyIntolerance.category"),
        "allergy-intolerance-criticality": ("low high unable-to-assess", "AllergyIntolerance.criticality"),
        "allergy-intolerance-type": ("allergy intolerance", "AllergyIntolerance.type"),
        "bundle-type": (
            "document message transaction transaction-response batch batch-response history searchset collection",
            "Bundle.type",
        ),
        "composition-status": ("preliminary final amended entered-in-error", "DocumentReference.docStatus"),
        "contact-point-system": ("phone fax email pager url sms other", "ContactPoint.system"),
        "contact-point-use": ("home work temp old mobile", "ContactPoint.use"),
        "days-of-week": ("mon tue wed thu fri sat sun", "TimingRepeat.dayOfWeek"),
        "diagnostic-report-status": (
            "registered partial preliminary final amended corrected appended cancelled entered-in-error unknown",
            "DiagnosticReport.status",
        ),
        "document-reference-status": ("current superseded entered-in-error", "DocumentReference.status"),
        "document-relationship-type": ("replaces transforms signs appends", "DocumentReferenceRelatesTo.code"),
        "encounter-location-status": ("planned active reserved completed", "EncounterLocation.status"),
        "encounter-status": (
            "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown",
            "Encounter.status EncounterStatusHistory.status",
        ),
        "event-status": (
            "preparation in-progress not-done on-hold stopped completed entered-in-error unknown",
            "Procedure.status",
        ),
        "event-timing": (
            "MORN MORN.early MORN.late NOON AFT AFT.early AFT.late EVE EVE.early EVE.late NIGHT PHS HS WAKE C CM CD CV"
            " AC ACM ACD ACV PC PCM PCD PCV",
            "TimingRepeat.when",
        ),
        "history-status": ("partial completed entered-in-error health-unknown", "FamilyMemberHistory.status"),
        "http-verb": ("GET HEAD POST PUT DELETE PATCH", "BundleEntryRequest.method"),
        "identifier-use": ("usual official temp secondary old", "Identifier.use"),
        "imagingstudy-status": ("registered available cancelled entered-in-error unknown", "ImagingStudy.status"),
        "link-type": ("replaced-by replaces refer seealso", "PatientLink.type"),
        "medication-statement-status": (
            "active completed entered-in-error intended stopped on-hold unknown not-taken",
            "MedicationStatement.status",
        ),
        "medicationrequest-intent": (
            "proposal plan order original-order reflex-order filler-order instance-order option",
            "MedicationRequest.intent",
        ),
        "medicationrequest-status": (
            "active on-hold cancelled completed entered-in-error stopped draft unknown",
            "MedicationRequest.status",
        ),
        "name-use": ("usual official temp nickname anonymous old maiden", "HumanName.use"),
        "narrative-status": ("generated extensions additional empty", "Narrative.status"),
        "observation-status": (
            "registered preliminary final amended corrected cancelled entered-in-error unknown",
            "Observation.status RiskAssessment.status",
        ),
        "quantity-comparator": (
            "< <= >= >",
            "Age.comparator Count.comparator Distance.comparator Duration.comparator Quantity.comparator",
        ),
        "reaction-event-severity": ("mild moderate severe", "AllergyIntoleranceReaction.severity"),
        "related-artifact-type": (
            "documentation justification citation predecessor successor derived-from depends-on composed-of",
            "RelatedArtifact.type",
        ),
        "request-intent": (
            "proposal plan directive order original-order reflex-order filler-order instance-order option",
            "ServiceRequest.intent",
        ),
        "request-priority": ("routine urgent asap stat", "MedicationRequest.priority ServiceRequest.priority"),
        "request-status": (
            "draft active on-hold revoked completed entered-in-error unknown",
            "ServiceRequest.status",
        ),
        "search-entry-mode": ("match include outcome", "BundleEntrySearch.mode"),
        "units-of-time": ("s min h d wk mo a", "TimingRepeat.durationUnit TimingRepeat.periodUnit"),
    }
)

# CodeableConcepts that need a coding of the set; its system is http://terminology.hl7.org/CodeSystem/NAME.
_CONCEPTS = MappingProxyType(
    {
        "AllergyIntolerance.clinicalStatus": ("allergyintolerance-clinical", "active inactive resolved"),
        "AllergyIntolerance.verificationStatus": (
            "allergyintolerance-verification",
            "unconfirmed confirmed refuted entered-in-error",
        ),
        "Condition.clinicalStatus": (
            "condition-clinical",
            "active recurrence relapse inactive remission resolved",
        ),
        "Condition.verificationStatus": (
            "condition-ver-status",
            "unconfirmed provisional differential confirmed refuted entered-in-error",
        ),
    }
)
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"


@cache
def _sets() -> dict[str, tuple[str, frozenset[str]]]:
    return {
        element: (name, frozenset(codes.split()))
        for name, (codes, elements) in _CODES.items()
        for element in elements.split()
    }


def code_flaw(value: object, element: str) -> str:
    """Say that a code is not of the set that `element` (`Observation.status`) is bound to; "" where it is."""
    bound = _sets().get(element)
    if bound is None or value in bound[1]:
        return ""
    return f"not one of the codes of {bound[0]}, which R4 requires here: {', '.join(_CODES[bound[0]][0].split())}"


def concept_flaw(value: object, element: str) -> str:
    """Say that a CodeableConcept has no coding of the set that `element` is bound to; "" where it has one."""
    bound = _CONCEPTS.get(element)
    if bound is None or any(code in bound[1].split() for code in coded(value, _TERMINOLOGY + bound[0])):
        return ""
    return f"has no coding of {_TERMINOLOGY}{bound[0]}, which R4 requires here: {', '.join(bound[1].split())}"


def coded(concept: Any, system: str) -> Iterator[str]:
    """Codes that a CodeableConcept has in a system, whatever shape it is in."""
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, dict) and coding.get("system") == system and isinstance(coding.get("code"), str):
            yield coding["code"]
