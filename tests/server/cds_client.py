"""A system that calls CDS Hooks: registered, with keys, a patient with a record, requests as the sandbox makes them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from served import Served, serve_ward
from smart_app import ADDRESS, Keys
from ward import open_ward

from suwen.consult import Demographics, Draft, file_finding, register_patient, write_records
from suwen.finding import Bearing, Chance, Evidence, Finding, Maker
from suwen.formats.fhir import Stored
from suwen.govern import Act, Role, begin_authority, certify_device, grant_care
from suwen.records.identity import authority as authorities
from suwen.server.settings import CdsClient
from suwen.subject import Code, Kind, Reference, Sex

ISSUER = "https://ehr.example"
RXNORM, ATC = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://www.whocc.no/atc"
SYSTEM = "https://ehr.example/mrn"
SIMVASTATIN = {"coding": [{"system": RXNORM, "code": "314231", "display": "Simvastatin 10 MG Oral Tablet"}]}
PENICILLIN = {"coding": [{"system": RXNORM, "code": "834061", "display": "Penicillin V Potassium 250 MG Oral Tablet"}]}
# Made up as a test: an image of Markdown in the words of a record.
LABEL = "Marfan syndrome ![x](https://evil.example/x.png) <b>" + " and much more of it" * 8


@dataclass
class Calls:
    """A served ward and the system that calls it about `patient`, who has a record and is assigned to the system."""

    served: Served
    keys: Keys
    patient: str
    finding: str

    def call(
        self, path: str, body: Any, *, lang: str = "en", headers: dict[str, str] | None = None, **claims: Any
    ) -> Any:
        """Post as the system does, with a new signed token."""
        client = self.served.client(lang=lang)
        given = {"authorization": f"Bearer {self.token(path, **claims)}"} if headers is None else headers
        return client.post(path, json=body, headers=given)

    def token(self, path: str, *, alg: str = "ES384", key: Any = None, kid: str = "", **changed: Any) -> str:
        import jwt  # noqa: PLC0415

        now = int(self.served.ward.clock.now)
        claims = {
            "iss": ISSUER, "sub": "client", "aud": f"{ADDRESS}{path}", "exp": now + 300, "iat": now,
            "jti": uuid.uuid4().hex, **changed,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        # The sandbox names where its keys are; nobody may ever go there.
        headers = {"kid": kid or alg, "jku": "https://127.0.0.1:9/jwks.json"}
        return jwt.encode(claims, key or self.keys[1][alg], algorithm=alg, headers=headers)

    def cards(self, service: str, body: Any, *, lang: str = "en") -> list[dict[str, Any]]:
        answer = self.call(f"/cds-services/{service}", body, lang=lang)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["cards"])


def viewing(patient: str, **changed: Any) -> dict[str, Any]:
    """A patient-view request of the sandbox: it sends no encounter, and leaves out what it could not prefetch."""
    said = {
        "hookInstance": str(uuid.uuid4()),
        "hook": "patient-view",
        "fhirServer": "https://ehr.example/r4",
        "context": {"patientId": patient, "userId": "Practitioner/COREPRACTITIONER1"},
        **changed,
    }
    return {name: value for name, value in said.items() if value is not None}


def ordering(patient: str, *orders: dict[str, Any], hook: str = "order-sign", **changed: Any) -> dict[str, Any]:
    entries = [{"resource": one} for one in orders]
    context = {
        "patientId": patient,
        "userId": "Practitioner/1",
        "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": entries},
    }
    if hook == "order-select":
        context["selections"] = [f"{orders[-1]['resourceType']}/{orders[-1]['id']}"]
    return viewing(patient, hook=hook, context=context, **changed)


def prescribed(code: dict[str, Any], patient: str, *, id: str = "draft-1", **more: Any) -> dict[str, Any]:  # noqa: A002
    return {
        "resourceType": "MedicationRequest",
        "id": id,
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": code,
        "subject": {"reference": f"Patient/{patient}"},
        **more,
    }


def known(patient: str, *identifiers: str, **more: Any) -> dict[str, Any]:
    """A Patient as the calling system has it, with identifiers of SYSTEM."""
    found = [{"system": SYSTEM, "value": one} for one in identifiers]
    return {"resourceType": "Patient", "id": patient, "identifier": found, **more}


@contextmanager
def serve_cds(folder: Path, keys: Keys, **settings: Any) -> Iterator[Calls]:
    """A ward with a patient of 51 years (number 7 in SYSTEM) whose record holds orders, an allergy and a finding."""
    with open_ward(folder / "store") as ward:
        client = CdsClient(issuer=ISSUER, jwks=keys[0], device="ehr")
        served = serve_ward(ward, cds_clients=(client,), tries=10_000, **settings)
        physician, administrator = ward[Role.PHYSICIAN], ward[Role.ADMINISTRATOR]
        who = Demographics((f"{SYSTEM}|7",), ("Ada Test",), "1975-03-04", Sex.FEMALE)
        patient = register_patient(physician, ward.records, who)
        begin_authority(administrator, ward.records, "Hospital")
        _, request = authorities.certificate_request("ehr")
        acts = [Act.VIEW, Act.DIAGNOSE, Act.ANNOTATE]
        certify_device(administrator, ward.records, request, name="ehr", acts=acts)
        grant_care(administrator, ward.records, patient=patient, who="ehr", device=True)
        _fill(served, patient)
        found = file_finding(physician, ward.records, _finding(patient))
        served.house.science.areas()  # wait for them
        yield Calls(served, keys, patient, found.id)


def _fill(served: Served, patient: str) -> None:
    stopped = {
        **prescribed({"text": "Ibuprofen 400 mg"}, patient, id="m2"),
        "status": "stopped",
        "statusReason": {"text": "stomach bleeding"},
        "authoredOn": "2025-05-06",
    }
    lisinopril = {"coding": [{"system": ATC, "code": "C09AA03"}], "text": "lisinopril"}
    orders = [
        {**prescribed(SIMVASTATIN, patient, id="m1"), "status": "active", "authoredOn": "2026-02-03T10:00:00Z"},
        stopped,
        {**prescribed({"text": "Aspirin"}, patient, id="m3"), "status": "active", "doNotPerform": True},
        {**prescribed(lisinopril, patient, id="m4"), "status": "active"},
        _service("s1", "active", patient),
    ]
    active = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]
    }
    others = [
        {
            "resourceType": "AllergyIntolerance",
            "id": "a1",
            "clinicalStatus": active,
            "code": {
                "coding": [{"system": "http://snomed.info/sct", "code": "91936005"}],
                "text": "Allergy to penicillin v",
            },
            "patient": {"reference": f"Patient/{patient}"},
            "recordedDate": "2019-01-02",
        },
        *_measured(patient),
    ]
    actor, records = served.ward[Role.PHYSICIAN], served.ward.records
    for act, resources in ((Act.ORDER, orders), (Act.ANNOTATE, others)):
        drafts = [Draft(str(one["resourceType"]), Stored(one).to_bytes()) for one in resources]
        write_records(actor, records, patient, drafts, act=act)


def _service(name: str, status: str, patient: str) -> dict[str, Any]:
    code = {"coding": [{"system": "http://loinc.org", "code": "4548-4"}], "text": "HbA1c"}
    said = {"resourceType": "ServiceRequest", "id": name, "status": status, "intent": "order", "code": code}
    return {**said, "subject": {"reference": f"Patient/{patient}"}}


def laboratory(patient: str) -> dict[str, Any]:
    """A draft order of the laboratory value that the record holds as ordered."""
    return _service("draft-2", "draft", patient)


def _measured(patient: str) -> list[dict[str, Any]]:
    values = (
        *(("8480-6", 138, "mm[Hg]"), ("2093-3", 220, "mg/dL"), ("2085-9", 50, "mg/dL")),
        *(("39156-5", 27, "kg/m2"), ("2160-0", 0.9, "mg/dL")),
    )
    return [
        {
            "resourceType": "Observation",
            "id": f"o{code}",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "subject": {"reference": f"Patient/{patient}"},
            "effectiveDateTime": "2026-12-01",
            "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
        }
        for code, value, unit in values
    ]


def _finding(patient: str) -> Finding:
    evidence = Evidence(Bearing.SUPPORTS, Code("HP:0001166", "Arachnodactyly"), 1.2, "long fingers", "HPO 2026")
    return Finding(
        Reference(Kind.PATIENT, patient),
        Code("OMIM:154700", LABEL),
        Chance(0.4, 0.2, 0.6),
        (evidence,),
        Maker("by hand", "1"),
    )
