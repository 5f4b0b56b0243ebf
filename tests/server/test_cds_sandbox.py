"""What the CDS Hooks sandbox (sandbox.cds-hooks.org) does in a session, request by request, as its source builds them.

It runs in a browser: each call is preflighted and bears the origin of its site, is signed with ES256 and names the
address of its keys, reads the prefetch itself from the FHIR server in context (here: ours) by the media type of DSTU2,
and tells what became of each card.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from cds_client import RXNORM, Calls, serve_cds
from smart_app import ADDRESS, Keys, make_keys

from suwen.consult import open_patient
from suwen.govern import Role
from suwen.server.settings import CdsClient
from suwen.server.smart.grants import Grant, grants_of

pytest.importorskip("jwt", reason="the extra oidc is not installed")
SITE = "https://sandbox.example"
KID = "d9cd3c4f-eb08-4304-b973-44f352fd2ca2"
SCOPES = "patient/*.* user/*.* launch openid profile online_access"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """The published key of the sandbox is one of P-256, with its use and algorithm."""
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from jwt.algorithms import ECAlgorithm  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("keys")
    file, found = make_keys(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    shown = {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": KID, "use": "sig", "alg": "ES256"}
    (folder / "sandbox.json").write_text(json.dumps({"keys": [shown]}))
    return file, {**found, "ES256": key}


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Iterator[Calls]:
    with serve_cds(tmp_path_factory.mktemp("sandbox"), keys, origins=(SITE,)) as found:
        settings = found.served.house.settings
        client = CdsClient(issuer=SITE, jwks=keys[0].parent / "sandbox.json", device="ehr")
        found.served.house = replace(found.served.house, settings=replace(settings, cds_clients=(client,)))
        from suwen.server.application import application  # noqa: PLC0415

        found.served.app = application(found.served.house)
        yield found


class Sandbox:
    """The app in a browser, opened with a token of our FHIR server."""

    def __init__(self, calls: Calls) -> None:
        self.calls, self.client = calls, calls.served.client()
        grant = Grant(calls.served.ward[Role.PHYSICIAN], "sandbox", frozenset({"patient/*.rs"}), calls.patient)
        self.token, kept = grants_of(calls.served.house).issue(grant)
        self.lasts = int(kept.lasts)
        self.services: dict[str, dict[str, Any]] = {}

    def asked(self, method: str, path: str, headers: dict[str, str], content: Any = None) -> Any:
        """A request as a browser sends it from another site: first whether it may, then itself."""
        named = ",".join(sorted(one for one in headers if one != "accept"))
        first = {"origin": SITE, "access-control-request-method": method, "access-control-request-headers": named}
        may = self.client.options(path, headers=first)
        assert (may.status_code, may.headers["access-control-allow-origin"]) == (204, SITE)
        assert set(named.split(",")) <= set(may.headers["access-control-allow-headers"].split(", "))
        assert method in may.headers["access-control-allow-methods"]
        answer = self.client.request(method, path, headers={**headers, "origin": SITE}, json=content)
        assert answer.headers["access-control-allow-origin"] == SITE
        return answer

    def signed(self, path: str) -> dict[str, str]:
        claims = {"iss": SITE, "sub": str(uuid.uuid4()), "kid": KID, "alg": "ES256"}
        return {"authorization": f"Bearer {self.calls.token(path, **claims)}", "content-type": "application/json"}

    def discover(self) -> None:
        answer = self.asked("GET", "/cds-services", {**self.signed("/cds-services"), "accept": "application/json"})
        assert answer.status_code == 200
        self.services = {one["hook"]: one for one in answer.json()["services"]}

    def prefetched(self, hook: str) -> dict[str, Any]:
        """What each template brings, read from the FHIR server; what fails is left out."""
        found = {}
        for key, template in self.services[hook]["prefetch"].items():
            filled = urlsplit(template.replace("{{context.patientId}}", self.calls.patient))
            query = "&".join(f"{name}={quote(value, safe='')}" for name, value in sorted(parse_qsl(filled.query)))
            headers = {"accept": "application/json+fhir", "authorization": f"Bearer {self.token}"}
            answer = self.asked("GET", f"/fhir/{filled.path}{'?' if query else ''}{query}", headers)
            if answer.status_code == 200:
                found[key] = answer.json()
        return found

    def call(self, hook: str, **context: Any) -> list[dict[str, Any]]:
        path = f"/cds-services/{self.services[hook]['id']}"
        said = {
            "hookInstance": str(uuid.uuid4()),
            "hook": hook,
            "fhirServer": f"{ADDRESS}/fhir",
            "context": {"patientId": self.calls.patient, "userId": "Practitioner/COREPRACTITIONER1", **context},
            "fhirAuthorization": {
                "access_token": self.token,
                "token_type": "Bearer",
                "expires_in": self.lasts,
                "scope": SCOPES,
                "subject": str(uuid.uuid4()),
            },
            "prefetch": self.prefetched(hook),
        }
        answer = self.asked("POST", path, {**self.signed(path), "accept": "application/json"}, said)
        assert answer.status_code == 200, answer.text
        cards = list(answer.json()["cards"])
        for card in cards:
            require_shown(card)
        return cards

    def tell(self, hook: str, card: str, **outcome: Any) -> Any:
        path = f"/cds-services/{self.services[hook]['id']}/feedback"
        said = {"card": card, "outcomeTimestamp": "2026-11-26T15:04:05.678Z", **outcome}
        return self.asked("POST", path, self.signed(path), {"feedback": [said]})


def require_shown(card: dict[str, Any]) -> None:
    """What the app needs of a card to show it and to act on it, and CDS Hooks 2.0 of every card."""
    assert 0 < len(card["summary"]) < 140
    assert card["indicator"] in {"info", "warning", "critical"}
    assert card["source"]["label"]
    assert uuid.UUID(card["uuid"])  # without it nothing can be told of it
    assert all(one["code"] and one["display"] for one in card["overrideReasons"])
    for one in card.get("links", []):
        assert (one["type"], bool(one["label"])) == ("absolute", True)
        assert one["url"].startswith(f"{ADDRESS}/")
    for one in card.get("suggestions", []):
        assert one["label"]
        assert uuid.UUID(one["uuid"])
        assert all(action["type"] == "delete" and action["description"] for action in one["actions"])
    assert ("suggestions" in card) == ("selectionBehavior" in card)


@pytest.fixture(scope="module")
def sandbox(calls: Calls) -> Sandbox:
    found = Sandbox(calls)
    found.discover()
    return found


def draft(patient: str, **more: Any) -> dict[str, Any]:
    """The order of its form: without a medication until one is chosen, and lists that are none in R4."""
    return {
        "resourceType": "MedicationRequest",
        "id": "request-123",
        "status": "draft",
        "intent": "proposal",
        "subject": {"reference": f"Patient/{patient}"},
        "authoredOn": "2026-11-26",
        **more,
    }


def chosen(patient: str, name: str, code: str) -> dict[str, Any]:
    medication = {"text": name, "coding": [{"display": name, "system": RXNORM, "code": code}]}
    timing = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "boundsPeriod": {"start": "2026-11-26"}}}
    dose = {"value": 1, "system": "http://unitsofmeasure.org", "code": "{pill}"}
    supply = {"value": 30, "unit": "days", "system": "http://unitsofmeasure.org", "code": "d"}
    kind = "http://terminology.hl7.org/CodeSystem/medicationrequest-category"
    return draft(
        patient,
        intent="order",
        medicationCodeableConcept=medication,
        dosageInstruction=[{"timing": timing, "doseAndRate": [{"doseQuantity": dose}]}],
        dispenseRequest={"expectedSupplyDuration": supply},
        category={"coding": [{"system": kind, "code": "community"}]},
        reasonCode={"coding": [{"system": "http://snomed.info/sct", "code": "55822004"}]},
    )


def orders(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}


def test_its_prefetch_is_read_from_our_fhir_by_every_template(sandbox: Sandbox) -> None:
    for hook, service in sandbox.services.items():
        found = sandbox.prefetched(hook)
        assert set(found) == set(service["prefetch"])
        assert found["patient"]["id"] == sandbox.calls.patient


def test_opening_a_patient_shows_what_was_found(sandbox: Sandbox) -> None:
    cards = sandbox.call("patient-view")
    assert any("Marfan" in card["summary"] for card in cards)
    assert all(card["links"] for card in cards)


def test_choosing_and_signing_an_order(sandbox: Sandbox) -> None:
    patient = sandbox.calls.patient
    given = {"selections": ["MedicationRequest/request-123"]}
    assert sandbox.call("order-select", **given, draftOrders=orders(draft(patient))) == []  # its form is still empty
    order = chosen(patient, "Simvastatin 10 MG Oral Tablet", "314231")
    for hook, more in (("order-select", given), ("order-sign", {})):
        first = sandbox.call(hook, **more, draftOrders=orders(order))[0]
        assert (first["indicator"], "Simvastatin" in first["summary"]) == ("warning", True)
        (action,) = first["suggestions"][0]["actions"]
        assert action["resourceId"] == "MedicationRequest/request-123"


def test_an_imaging_order_is_taken(sandbox: Sandbox) -> None:
    order = {
        "resourceType": "ServiceRequest",
        "id": "example-request-id",
        "status": "draft",
        "intent": "plan",
        "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "72133"}]},
        "subject": {"reference": f"Patient/{sandbox.calls.patient}"},
        "reasonCode": [{"coding": [{"system": "http://snomed.info/sct", "code": "279039007"}]}],
    }
    given = {"selections": ["ServiceRequest/example-request-id"]}
    assert sandbox.call("order-select", **given, draftOrders=orders(order)) == []


def test_what_became_of_cards_is_filed(sandbox: Sandbox) -> None:
    order = chosen(sandbox.calls.patient, "Simvastatin 10 MG Oral Tablet", "314231")
    taken = sandbox.call("order-sign", draftOrders=orders(order))[0]
    accepted = [{"id": taken["suggestions"][0]["uuid"]}]
    said = sandbox.tell("order-sign", taken["uuid"], outcome="accepted", acceptedSuggestions=accepted)
    assert (said.status_code, said.json()) == (200, {"kept": 1})
    shown = sandbox.call("patient-view")
    reason = {"reason": {"code": shown[0]["overrideReasons"][0]["code"]}}
    assert (
        sandbox.tell("patient-view", shown[0]["uuid"], outcome="overridden", overrideReason=reason).status_code == 200
    )
    again = sandbox.call("patient-view")[0]
    assert sandbox.tell("patient-view", again["uuid"], outcome="overridden").status_code == 200  # without a reason
    records = sandbox.calls.served.ward.records
    kept = open_patient(sandbox.calls.served.ward[Role.PHYSICIAN], records, sandbox.calls.patient, kinds=["Basic"])
    assert len(kept) == 3


def test_its_earlier_key_and_another_sites_name_open_nothing(sandbox: Sandbox) -> None:
    path = f"/cds-services/{sandbox.services['patient-view']['id']}"
    for changed in ({"alg": "ES384"}, {"iss": "https://sandbox.cds-hooks.org"}):
        claims = {"iss": SITE, "kid": KID, "alg": "ES256", **changed}
        headers = {"authorization": f"Bearer {sandbox.calls.token(path, **claims)}"}
        assert sandbox.asked("POST", path, headers, {}).status_code == 401


def test_the_published_example_of_two_orders_is_judged_by_each(sandbox: Sandbox) -> None:
    """HL7's example of order-select: a diet that names its patient as `patient`, a drug with a dose that is no list."""
    patient = sandbox.calls.patient
    diet = {
        "resourceType": "NutritionOrder",
        "id": "pureeddiet-simple",
        "status": "draft",
        "patient": {"reference": f"Patient/{patient}"},
        "dateTime": "2014-09-17",
        "oralDiet": {"type": [{"text": "Pureed diet"}]},
    }
    drug = chosen(patient, "Amoxicillin 120 MG/ML / clavulanate potassium 8.58 MG/ML Oral Suspension", "617993")
    drug |= {
        "id": "smart-MedicationRequest-103",
        "dosageInstruction": [{"doseAndRate": {"doseQuantity": {"value": 5}}}],
    }
    given = {
        "userId": "PractitionerRole/123",
        "encounterId": "89284",
        "selections": ["NutritionOrder/pureeddiet-simple", "MedicationRequest/smart-MedicationRequest-103"],
    }
    assert sandbox.call("order-select", **given, draftOrders=orders(diet, drug)) == []
    diet["patient"] = {"reference": "Patient/somebody-else"}
    (card,) = sandbox.call("order-select", **given, draftOrders=orders(diet, drug))
    assert (card["indicator"], "another patient" in card["summary"]) == ("critical", True)
