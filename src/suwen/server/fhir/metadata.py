"""The CapabilityStatement: what this server's FHIR does, no more and no less, made from the tables that do it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from fastapi import APIRouter, Request, Response

from suwen.consult.fhir.rest import followed, leading
from suwen.formats.fhir import Json
from suwen.formats.fhir.searching.table import ABOUT_PATIENTS, TYPES, parameters
from suwen.server.fhir.answers import fhir
from suwen.server.fhir.asked import FhirRoute, base_of
from suwen.server.house import House, house_of
from suwen.server.release import release

__all__ = ["DOCUMENTED", "capabilities", "router"]

router = APIRouter(prefix="/fhir", tags=["FHIR R4"], route_class=FhirRoute, default_response_class=Response)

_BULK = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition"
DOCUMENTED = (
    "What a caller may read or write is decided for each request and stands in the audit log; the resources of other "
    "patients are refused in the same words as those of unknown ones. Parameters whose values may say who somebody is "
    "(identifiers, names, dates of birth and death, addresses, numbers, free text) are taken in the body of POST "
    "_search alone, never in the query string of an address (OWASP ASVS 5.0, 14.2.1). A search without a patient is "
    "over the patients in the caller's care and, for clinicians, over the directory of the house. Chained parameters "
    "and _has may stand three deep. Parameters that are not known are refused; with Prefer: handling=lenient they are "
    "passed over and named in the answer. Totals are exact. An update or patch of an id needs If-Match; a conditional "
    "one whose condition names a person is an entry of a Bundle. Patches are JSON Patch (RFC 6902). Ids are given by "
    "this server. Deleting withdraws: the versions stay in the "
    "history. Findings of Suwen are served as RiskAssessment, Observation, DetectedIssue and DiagnosticReport with "
    "their Provenance, and are judged in Suwen, not written here. In an emergency with broken glass send the header "
    "X-Purpose-Of-Use: ETREAT. 每次请求均经授权判定并记入审计日志；"
    "可识别个人身份的检索参数只能放在 POST _search 的正文中；更新与补丁须带 If-Match；删除即撤回，历史版本保留；"
    "未知参数一律拒绝，除非请求头为 Prefer: handling=lenient。"
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
        "patchFormat": ["application/json-patch+json"],
        "rest": [{"mode": "server", "security": _security(base), **_rest()}],
    }


def _security(base: str) -> Json:
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
        "cors": False,
        "service": [smart],
        "description": f"TLS 1.3; a registered certificate, or a token ({base}/.well-known/smart-configuration)",
    }


@cache
def _rest() -> Json:
    """What is the same for every house and at all times; made once, for it names some 2000 parameters."""
    return {
        "resource": [_resource(kind) for kind in TYPES],
        "interaction": [{"code": code} for code in ("transaction", "batch")],
        "operation": [{"name": "export", "definition": f"{_BULK}/export"}],
    }


def _resource(kind: str) -> Json:
    """What says whom it is about can be filed; the rest comes by import, into a chart or into the directory."""
    filed = kind in ABOUT_PATIENTS
    codes = ["read", "vread", "history-instance", *(("create",) if filed else ()), "update", "patch"]
    codes += ["search-type"] if kind == "Patient" else ["delete", "search-type"]
    made: Json = {"type": kind, "interaction": [{"code": code} for code in codes]}
    made |= {
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": False,
        "conditionalCreate": filed,
        "conditionalRead": "full-support",
        "conditionalUpdate": filed,
        "conditionalDelete": "not-supported" if kind == "Patient" else "single",
        "referencePolicy": ["literal", "logical", "enforced", "local"],
    }
    return made | _searched(kind) | _operations(kind)


def _searched(kind: str) -> Json:
    forward = [f"{kind}:{name}" for name in followed(kind)]
    found: Json = {"searchInclude": ["*", f"{kind}:*", *forward], "searchRevInclude": leading(kind)}
    found["searchParam"] = [{"name": one.name, "type": one.kind.value} for one in parameters(kind).values()]
    return found


def _operations(kind: str) -> Json:
    named = [("validate", "http://hl7.org/fhir/OperationDefinition/Resource-validate")]
    if kind == "Patient":
        named += [("everything", "http://hl7.org/fhir/OperationDefinition/Patient-everything")]
        named += [("export", f"{_BULK}/patient-export")]
    return {"operation": [{"name": name, "definition": where} for name, where in named]}
