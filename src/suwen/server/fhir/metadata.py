"""The CapabilityStatement: what this server's FHIR does, no more and no less, made from the tables that do it."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from suwen.consult.fhir.rest import followed, leading
from suwen.formats.fhir import Json
from suwen.formats.fhir.searching.table import TYPES, parameters
from suwen.server.fhir.answers import fhir
from suwen.server.fhir.asked import FhirRoute, base_of
from suwen.server.house import House, house_of
from suwen.server.release import release

__all__ = ["DOCUMENTED", "capabilities", "router"]

router = APIRouter(prefix="/fhir", tags=["FHIR R4"], route_class=FhirRoute, default_response_class=Response)

_BULK = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition"
# What says whom it is about (suwen.formats.fhir.compartment), and what lies in the directory, which is only read.
_CHARTED = (
    "Account AdverseEvent AllergyIntolerance Appointment AppointmentResponse AuditEvent Basic Binary"
    " BodyStructure CarePlan CareTeam ChargeItem Claim ClaimResponse ClinicalImpression Communication"
    " CommunicationRequest Composition Condition Consent Contract Coverage CoverageEligibilityRequest"
    " CoverageEligibilityResponse DetectedIssue Device DeviceRequest DeviceUseStatement DiagnosticReport"
    " DocumentManifest DocumentReference Encounter EnrollmentRequest EpisodeOfCare ExplanationOfBenefit"
    " FamilyMemberHistory Flag Goal Group GuidanceResponse ImagingStudy Immunization ImmunizationEvaluation"
    " ImmunizationRecommendation Invoice List MeasureReport Media MedicationAdministration MedicationDispense"
    " MedicationRequest MedicationStatement MolecularSequence NutritionOrder Observation Patient Person"
    " Procedure Provenance QuestionnaireResponse RelatedPerson RequestGroup ResearchSubject RiskAssessment"
    " Schedule ServiceRequest Specimen SupplyDelivery SupplyRequest Task VisionPrescription"
)
_HOUSE = "Endpoint HealthcareService Location Organization Practitioner PractitionerRole"
DOCUMENTED = (
    "What a caller may read or write is decided for each request and stands in the audit log; the resources of other "
    "patients are refused in the same words as those of unknown ones. Parameters whose values may say who somebody is "
    "(identifiers, names, dates of birth and death, addresses, numbers, free text) are taken in the body of POST "
    "_search alone, never in the query string of an address (OWASP ASVS 5.0, 14.2.1). A search without a patient is "
    "over the patients in the caller's care. Parameters that are not known are refused, never passed over. Totals are "
    "exact. An update needs If-Match. Ids are given by this server. Deleting withdraws: the versions stay in the "
    "history. Findings of Suwen are served as RiskAssessment, Observation, DetectedIssue and DiagnosticReport with "
    "their Provenance, and are judged in Suwen, not written here. In an emergency with broken glass send the header "
    "X-Purpose-Of-Use: ETREAT. 每次请求均经授权判定并记入审计日志；"
    "可识别个人身份的检索参数只能放在 POST _search 的正文中；更新须带 If-Match；删除即撤回，历史版本保留。"
)


@router.get("/metadata", operation_id="capabilities")
def metadata(request: Request) -> Response:
    """What this server does, to everybody."""
    return fhir(capabilities(house_of(request)))


def capabilities(house: House) -> Json:
    """The CapabilityStatement of a house."""
    base = base_of(house)
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": datetime.fromtimestamp(house.records.store.clock(), UTC).date().isoformat(),
        "kind": "instance",
        "description": DOCUMENTED,
        "software": {"name": "Suwen", "version": release()},
        "implementation": {"description": "Suwen", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [_rest(base)],
    }


def _rest(base: str) -> Json:
    smart = {
        "coding": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                "code": "SMART-on-FHIR",
                "display": "SMART-on-FHIR",
            }
        ]
    }
    return {
        "mode": "server",
        "security": {
            "cors": False,
            "service": [smart],
            "description": f"TLS 1.3; a registered certificate, or a token ({base}/.well-known/smart-configuration)",
        },
        "resource": [*map(_resource, _CHARTED.split()), *map(_listed, _HOUSE.split())],
        "interaction": [{"code": code} for code in ("transaction", "batch")],
        "operation": [{"name": "export", "definition": f"{_BULK}/export"}],
    }


def _resource(kind: str) -> Json:
    codes = ["read", "vread", "history-instance", "create", "update", "delete"]
    codes.remove("delete") if kind == "Patient" else None
    codes += ["search-type"] if kind in TYPES else []
    made: Json = {"type": kind, "interaction": [{"code": code} for code in codes]}
    made |= {
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": False,
        "conditionalCreate": kind in TYPES,
        "conditionalRead": "full-support",
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "referencePolicy": ["literal", "logical", "enforced", "local"],
    }
    return made | (_searched(kind) if kind in TYPES else {}) | _operations(kind)


def _listed(kind: str) -> Json:
    """A type of the directory; one that came with a single patient lies in that chart, and is written there."""
    codes = ("read", "vread", "history-instance", "update", "delete")
    made: Json = {"type": kind, "interaction": [{"code": code} for code in codes]}
    return made | {"versioning": "versioned-update", "updateCreate": False, "conditionalRead": "full-support"}


def _searched(kind: str) -> Json:
    forward = [f"{kind}:{name}" for name in followed(kind)]
    found: Json = {"searchInclude": [f"{kind}:*", *forward], "searchRevInclude": leading()}
    found["searchParam"] = [{"name": one.name, "type": one.kind.value} for one in parameters(kind).values()]
    return found


def _operations(kind: str) -> Json:
    named = [("validate", "http://hl7.org/fhir/OperationDefinition/Resource-validate")]
    if kind == "Patient":
        named += [("everything", "http://hl7.org/fhir/OperationDefinition/Patient-everything")]
        named += [("export", f"{_BULK}/patient-export")]
    return {"operation": [{"name": name, "definition": where} for name, where in named]}
