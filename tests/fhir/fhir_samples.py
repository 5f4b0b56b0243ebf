"""One made-up resource of each type that Suwen reads, rich in elements, and documents made of them."""

from __future__ import annotations

import copy

from suwen.formats.fhir.nouns import Json

__all__ = ["bundle", "sample", "samples"]

_UCUM = "http://unitsofmeasure.org"
_PATIENT = {"reference": "Patient/p1", "display": "Person One"}
_TERMS = "http://terminology.hl7.org/CodeSystem"


def _concept(system: str, code: str, text: str = "") -> Json:
    return {"coding": [{"system": system, "code": code}]} | ({"text": text} if text else {})


def _quantity(value: float, code: str) -> Json:
    return {"value": value, "unit": code, "system": _UCUM, "code": code}


_SAMPLES: tuple[Json, ...] = (
    {
        "resourceType": "Patient",
        "id": "p1",
        "meta": {"versionId": "3", "lastUpdated": "2024-02-29T12:00:00.123+08:00", "tag": [{"code": "made-up"}]},
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>One &amp; only</p></div>'},
        "extension": [
            {
                "url": "http://example.org/fhir/mood",
                "valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 3}},
            },
            {
                "url": "http://example.org/fhir/origin",
                "extension": [{"url": "place", "valueString": "云南"}, {"url": "known", "valueBoolean": True}],
            },
        ],
        "identifier": [{"use": "official", "system": "urn:oid:1.2.36.146", "value": "12345"}],
        "active": True,
        "name": [
            {
                "use": "official",
                "family": "Müller-素",
                "given": ["Ann", None, "B"],
                "_given": [None, {"extension": [{"url": "http://example.org/unknown", "valueCode": "unknown"}]}, None],
            }
        ],
        "telecom": [{"system": "phone", "value": "+00 1", "use": "home", "rank": 1}],
        "gender": "female",
        "birthDate": "1970-05",
        "_birthDate": {"extension": [{"url": "http://example.org/time", "valueDateTime": "1970-05-01T10:00:00Z"}]},
        "deceasedBoolean": False,
        "address": [{"use": "home", "type": "both", "line": ["1 Main"], "period": {"start": "2001", "end": "2010-01"}}],
        "contact": [{"name": {"text": "Mother"}, "gender": "female"}],
        "link": [{"other": {"reference": "Patient/p2"}, "type": "seealso"}],
    },
    {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "class": {"system": f"{_TERMS}/v3-ActCode", "code": "AMB"},
        "subject": _PATIENT,
        "period": {"start": "2024-01-01T08:00:00Z", "end": "2024-01-01T18:00:00+08:00"},
        "length": _quantity(2, "h"),
        "location": [{"location": {"display": "Ward"}, "status": "completed"}],
    },
    {
        "resourceType": "Condition",
        "id": "c1",
        "clinicalStatus": _concept(f"{_TERMS}/condition-clinical", "active"),
        "verificationStatus": _concept(f"{_TERMS}/condition-ver-status", "confirmed"),
        "category": [_concept(f"{_TERMS}/condition-category", "problem-list-item")],
        "code": _concept("http://human-phenotype-ontology.org", "HP:0001250", "Seizure"),
        "subject": _PATIENT,
        "onsetAge": _quantity(3.50, "a"),
        "evidence": [{"detail": [{"reference": "Observation/o1"}]}],
        "note": [{"text": "first\nsecond", "time": "2024-01-02"}],
    },
    {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": _concept("http://loinc.org", "85354-9"),
        "subject": _PATIENT,
        "encounter": {"reference": "Encounter/e1"},
        "effectiveDateTime": "2024-01-01T09:30:00.5+01:00",
        "issued": "2024-01-01T09:31:00Z",
        "dataAbsentReason": _concept(f"{_TERMS}/data-absent-reason", "not-performed"),
        "referenceRange": [{"low": _quantity(1, "mmol/L"), "high": _quantity(5.0, "mmol/L")}],
        "component": [
            {
                "code": _concept("http://loinc.org", "8480-6"),
                "valueQuantity": {
                    "value": 120.50,
                    "comparator": "<",
                    "unit": "mmHg",
                    "system": _UCUM,
                    "code": "mm[Hg]",
                },
            },
            {
                "code": {"text": "wave"},
                "valueSampledData": {"origin": {"value": 0}, "period": 10, "dimensions": 1, "data": "1 2 E U"},
            },
        ],
    },
    {
        "resourceType": "DiagnosticReport",
        "id": "d1",
        "status": "final",
        "code": {"text": "CT"},
        "subject": _PATIENT,
        "effectivePeriod": {"start": "2024-01-01", "end": "2024-01-01"},
        "result": [{"reference": "Observation/o1"}],
        "presentedForm": [{"contentType": "text/plain", "data": "aGVs bG8="}],
    },
    {
        "resourceType": "ImagingStudy",
        "id": "i1",
        "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:1.2.840.1"}],
        "status": "available",
        "subject": _PATIENT,
        "numberOfSeries": 1,
        "series": [{"uid": "1.2.840.1.1", "number": 0, "modality": {"code": "CT"}}],
    },
    {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "contained": [{"resourceType": "Medication", "id": "drug", "code": {"text": "made-up mg"}}],
        "status": "active",
        "intent": "order",
        "priority": "urgent",
        "medicationReference": {"reference": "#drug"},
        "subject": _PATIENT,
        "dosageInstruction": [
            {
                "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d", "when": ["MORN"]}},
                "doseAndRate": [{"doseQuantity": _quantity(0.50, "mg")}],
            }
        ],
    },
    {
        "resourceType": "MedicationStatement",
        "id": "s1",
        "status": "completed",
        "medicationCodeableConcept": {"text": "herbs"},
        "subject": _PATIENT,
        "effectivePeriod": {"start": "2020"},
    },
    {
        "resourceType": "AllergyIntolerance",
        "id": "a1",
        "clinicalStatus": _concept(f"{_TERMS}/allergyintolerance-clinical", "active"),
        "verificationStatus": _concept(f"{_TERMS}/allergyintolerance-verification", "confirmed"),
        "type": "allergy",
        "category": ["food"],
        "criticality": "high",
        "patient": _PATIENT,
        "reaction": [{"manifestation": [{"text": "hives"}], "severity": "mild"}],
    },
    {
        "resourceType": "FamilyMemberHistory",
        "id": "f1",
        "status": "completed",
        "patient": _PATIENT,
        "relationship": _concept(f"{_TERMS}/v3-RoleCode", "MTH"),
        "ageAge": _quantity(61, "a"),
        "estimatedAge": True,
        "condition": [{"code": {"text": "stroke"}, "onsetString": "late"}],
    },
    {
        "resourceType": "Procedure",
        "id": "r1",
        "status": "completed",
        "subject": _PATIENT,
        "performedDateTime": "2023-12",
        "performer": [{"actor": {"display": "Dr"}}],
    },
    {
        "resourceType": "DocumentReference",
        "id": "n1",
        "status": "current",
        "docStatus": "final",
        "subject": _PATIENT,
        "content": [{"attachment": {"contentType": "text/plain", "url": "http://example.org/x", "size": 5}}],
    },
    {
        "resourceType": "RiskAssessment",
        "id": "k1",
        "status": "final",
        "subject": _PATIENT,
        "prediction": [
            {"outcome": {"text": "stroke"}, "probabilityDecimal": 0.070},
            {"probabilityRange": {"low": _quantity(5, "%"), "high": _quantity(10, "%")}},
        ],
    },
    {
        "resourceType": "ServiceRequest",
        "id": "q1",
        "status": "active",
        "intent": "order",
        "code": {"text": "MRI"},
        "subject": _PATIENT,
        "occurrenceTiming": {"event": ["2024-05-01"]},
    },
    {
        "resourceType": "Provenance",
        "id": "v1",
        "target": [{"reference": "Observation/o1"}],
        "recorded": "2024-01-01T10:00:00Z",
        "agent": [{"who": {"display": "Dr"}}],
    },
)


def samples() -> list[Json]:
    """A fresh copy of each sample."""
    return copy.deepcopy(list(_SAMPLES))


def sample(kind: str, **changes: object) -> Json:
    """A fresh copy of the sample of one type with members changed; None takes one out."""
    found = next(one for one in samples() if one["resourceType"] == kind) | changes
    return {name: value for name, value in found.items() if value is not None}


def bundle(*resources: Json, kind: str = "collection") -> Json:
    """A Bundle of resources."""
    entries = [
        {"fullUrl": f"http://example.org/fhir/{one['resourceType']}/{one['id']}", "resource": one} for one in resources
    ]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}
