"""CDS Hooks 2.0: who may call, what is a sound request, and that every card holds the rules of the published model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from cds_client import (
    SIMVASTATIN,
    SYSTEM,
    Calls,
    known,
    laboratory,
    ordering,
    prescribed,
    serve_cds,
    viewing,
)
from smart_app import Keys, make_keys

from suwen.consult import open_patient, reject_finding
from suwen.govern import EventKind, Outcome, Role, read_audit, revoke_device
from suwen.server.cds.cards import LONGEST, Card, Source, escaped, shortened
from suwen.server.cds.services import SERVICES
from suwen.server.smart.grants import Grant, grants_of

pytest.importorskip("jwt", reason="the extra oidc is not installed")
VIEW, SELECT, SIGN = (one.id for one in SERVICES)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Iterator[Calls]:
    with serve_cds(tmp_path_factory.mktemp("cds"), keys, origins=("https://sandbox.example",)) as found:
        yield found


def body(**changed: Any) -> dict[str, Any]:
    """A request about the patient with a record, as another system knows her."""
    return viewing("theirs-7", prefetch={"patient": known("theirs-7", "7", birthDate="1975-03-04")}, **changed)


def require_sound(said: dict[str, Any]) -> None:
    """The rules cds-resp-1 to cds-resp-7 of HL7's logical model of a response, and its required members."""
    assert set(said) <= {"cards", "systemActions"}
    for card in said["cards"]:
        assert 0 < len(card["summary"]) < 140
        assert card["indicator"] in {"info", "warning", "critical"}
        assert card["source"]["label"]
        assert card["source"].get("url", "https://").startswith("https://")
        suggestions = card.get("suggestions", [])
        recommended = [one for one in suggestions if one.get("isRecommended")]
        assert card.get("selectionBehavior") != "at-most-one" or len(recommended) <= 1  # 1
        for action in (action for one in suggestions for action in one.get("actions", [])):
            assert action["type"] != "delete" or action["resourceId"]  # 2
            assert action["description"]  # 5
        assert all("appContext" not in one or one["type"] == "smart" for one in card.get("links", []))  # 3
        assert all(one["display"] for one in card.get("overrideReasons", []))  # 4
        assert ("suggestions" in card) == ("selectionBehavior" in card)  # 6
        assert all(
            one.get("actionSelectionBehavior", "all") in {"all", "any", "at-most-one"} for one in suggestions
        )  # 7
        assert "null" not in json.dumps(card)
        assert not re.search(r'": (\[\]|\{\}|"")', json.dumps(card))  # "JSON objects SHALL NOT be empty"


# Discovery


def test_discovery_tells_each_service_with_tokens_of_the_context_alone(calls: Calls) -> None:
    answer = calls.served.client().get("/cds-services")
    assert answer.status_code == 200
    services = answer.json()["services"]
    assert [one["hook"] for one in services] == ["patient-view", "order-select", "order-sign"]
    for one in services:
        assert {"hook", "description", "id"} <= set(one)
        tokens = re.findall(r"\{\{(.*?)\}\}", " ".join(one["prefetch"].values()))
        assert set(tokens) == {"context.patientId"}


def test_the_sandbox_in_a_browser_may_ask_from_its_own_origin_alone(calls: Calls) -> None:
    asked = {
        "origin": "https://sandbox.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    path = f"/cds-services/{VIEW}"
    answer = calls.served.client().options(path, headers=asked)
    assert answer.status_code == 204
    taken = answer.headers["access-control-allow-headers"]
    assert all(one in taken for one in ("authorization", "content-type"))
    headers = {"authorization": f"Bearer {calls.token(path)}", "origin": "https://sandbox.example"}
    answer = calls.call(path, body(), headers=headers)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "https://sandbox.example")
    assert calls.served.client().options(path, headers={**asked, "origin": "https://evil.example"}).status_code == 403


# Who may call


@pytest.mark.parametrize("alg", ["ES384", "RS384"])
def test_a_registered_system_is_known_by_its_signature(calls: Calls, alg: str) -> None:
    path = f"/cds-services/{VIEW}"
    answer = calls.call(path, body(), alg=alg, aud=[f"https://localhost:8443{path}", "https://other.example"])
    assert answer.status_code == 200, answer.text
    found = read_audit(calls.served.ward[Role.AUDITOR], calls.served.ward.records, kind=EventKind.LOGIN)
    assert found[-1][1].outcome is Outcome.SUCCESS


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "https://localhost:8443/cds-services"},
        {"aud": "https://evil.example/cds-services/suwen-findings"},
        {"aud": None},
        {"exp": 1},
        {"exp": 4_000_000_000},
        {"exp": None},
        {"iat": None},
        {"iat": 4_000_000_000},
        {"jti": None},
        {"jti": 7},
        {"kid": "RS384"},
        {"key": "x" * 64, "alg": "HS384", "kid": "ES384"},
    ],
    ids=lambda changed: "-".join(f"{name}={str(value)[:12]}" for name, value in changed.items()),
)
def test_a_token_that_is_not_this_systems_for_here_and_now_opens_nothing(calls: Calls, changed: dict[str, Any]) -> None:
    answer = calls.call(f"/cds-services/{VIEW}", body(), **changed)
    assert answer.status_code == 401
    assert "Ada" not in answer.text


def test_a_token_counts_once(calls: Calls) -> None:
    path = f"/cds-services/{VIEW}"
    headers = {"authorization": f"Bearer {calls.token(path)}"}
    assert calls.call(path, body(), headers=headers).status_code == 200
    assert calls.call(path, body(), headers=headers).status_code == 401


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer abc"}, {"authorization": "Bearer a.b.c"}, {"x-client-cert": "a"}]
)
def test_nobody_gets_nothing(calls: Calls, headers: dict[str, str]) -> None:
    for path in (f"/cds-services/{VIEW}", f"/cds-services/{VIEW}/feedback"):
        assert calls.call(path, body(), headers=headers).status_code == 401


def test_a_person_who_has_signed_in_may_ask_for_their_own_patients_alone(calls: Calls) -> None:
    client = calls.served.client(Role.PHYSICIAN)
    own = viewing(calls.patient, fhirServer=None)
    answer = client.post(f"/cds-services/{VIEW}", json=own)
    assert answer.status_code == 200
    assert answer.json()["cards"]
    other = viewing(calls.served.other, fhirServer=None)
    assert client.post(f"/cds-services/{VIEW}", json=other).status_code == 412
    client.headers.pop("x-csrf-token")
    assert client.post(f"/cds-services/{VIEW}", json=own).status_code == 403


def test_the_token_of_an_app_opens_no_cds_hooks(calls: Calls) -> None:
    grant = Grant(calls.served.ward[Role.PHYSICIAN], "app", frozenset({"user/*.cruds"}), calls.patient)
    token, _ = grants_of(calls.served.house).issue(grant)
    headers = {"authorization": f"Bearer {token}"}
    assert calls.call(f"/cds-services/{VIEW}", body(), headers=headers).status_code == 403


# What is a sound request


def sign(*orders: dict[str, Any], **context: Any) -> dict[str, Any]:
    said = ordering("p1", *(orders or (prescribed(SIMVASTATIN, "p1"),)), prefetch={"patient": known("p1")})
    said["context"] |= context
    return said


AUTHORIZATION = {
    "access_token": "a", "token_type": "Bearer", "expires_in": 300, "scope": "user/*.rs", "subject": "cds"
}  # fmt: skip


@pytest.mark.parametrize(
    ("said", "where"),
    [
        (viewing("p1", hook="order-sign"), "hook"),
        (viewing("p1", hookInstance="1"), "hookInstance"),
        (viewing("p1", context={}), "context"),
        (viewing("Patient/p1"), "context.patientId"),  # as in the bad examples of HL7's test cases
        (viewing("p1", context={"patientId": "p1", "userId": "x"}), "context.userId"),
        (
            viewing("p1", context={"patientId": "p1", "userId": "Practitioner/1", "encounterId": "Encounter/1"}),
            "encounterId",
        ),
        (viewing("p1", context={"patientId": "p1", "userId": "Practitioner/1", "encounterId": None}), "encounterId"),
        (
            viewing("p1", prefetch={"patient": {"response": {"status": "200 OK"}, "resource": known("p1")}}),
            "prefetch.patient",
        ),
        (viewing("p1", prefetch={"patient": "p1"}), "prefetch.patient"),
        (viewing("p1", prefetch=[]), "prefetch"),
        (viewing("p1", fhirServer=None, fhirAuthorization=AUTHORIZATION), "fhirServer"),  # cds-r-1
        (viewing("p1", fhirAuthorization={**AUTHORIZATION, "patient": "p2"}), "fhirAuthorization.patient"),
        (viewing("p1", fhirAuthorization={**AUTHORIZATION, "token_type": "bearer"}), "token_type"),
        (viewing("p1", fhirAuthorization={**AUTHORIZATION, "expires_in": "300"}), "expires_in"),
        (viewing("p1", fhirAuthorization={"access_token": "a"}), "fhirAuthorization.scope"),
        (sign({**prescribed(SIMVASTATIN, "p1"), "status": "Xactive"}), "entry[0].resource.status"),
        (sign({**prescribed(SIMVASTATIN, "p1"), "subject": "Patient/p1"}), "entry[0].resource.subject"),
        (
            sign({**prescribed(SIMVASTATIN, "p1"), "medicationCodeableConcept": {"coding": {}}}),
            "medicationCodeableConcept",
        ),
        (sign({"resourceType": "Observation"}), "entry[0].resource"),
        (sign(draftOrders={"resourceType": "Bundle", "type": "collection"}), "draftOrders"),
        (sign(draftOrders=None), "draftOrders"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_unsound_request_is_refused_by_place(calls: Calls, said: dict[str, Any], where: str) -> None:
    service = SIGN if "draftOrders" in said["context"] else VIEW
    answer = calls.call(f"/cds-services/{service}", said)
    assert answer.status_code == 422, answer.text
    assert where in answer.json()["error"]


def test_requests_of_the_shape_of_the_published_examples_are_taken(calls: Calls) -> None:
    """HL7's good examples: an http server, active drafts with fullUrl, keys of another service, most of them null."""
    prefetch = {
        "item1": {"resourceType": "Patient", "id": "p1", "gender": "female"},
        **{f"item{n}": None for n in range(2, 10)},
    }
    order = {**prescribed(SIMVASTATIN, "p1"), "status": "active", "dosageInstruction": [{"asNeededBoolean": False}]}
    for hook, service in (("order-select", SELECT), ("order-sign", SIGN)):
        said = ordering("p1", order, hook=hook, prefetch=prefetch, fhirServer="http://localhost:8080/fhir")
        said["context"]["encounterId"] = "e1"
        said["context"]["draftOrders"]["entry"][0]["fullUrl"] = "http://localhost:8080/fhir/MedicationRequest/draft-1"
        assert calls.cards(service, said) == []
    said = viewing("p1", prefetch=prefetch, extension={"org.example": 1}, fhirServer="http://localhost:8080/fhir")
    assert calls.cards(VIEW, said) == []


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b'{"hook": 1, "hook": 2}', b"[" * 200])
def test_what_is_no_json_object_is_refused(calls: Calls, raw: bytes) -> None:
    path = f"/cds-services/{VIEW}"
    headers = {"authorization": f"Bearer {calls.token(path)}", "content-type": "application/json"}
    assert calls.served.client().post(path, content=raw, headers=headers).status_code == 422


def test_selections_are_orders_of_the_draft(calls: Calls) -> None:
    said = ordering("p1", laboratory("p1"), hook="order-select", prefetch={"patient": None})
    assert calls.call(f"/cds-services/{SELECT}", said).status_code == 200
    for wrong in ([], ["ServiceRequest/other"], None, [1]):
        said["context"]["selections"] = wrong
        assert calls.call(f"/cds-services/{SELECT}", said).status_code == 422


def test_a_service_that_is_not_there_is_404(calls: Calls) -> None:
    assert calls.call("/cds-services/none", body()).status_code == 404


# Which patient


def test_a_patient_is_known_by_identifier_and_not_by_an_id_of_another_system(calls: Calls) -> None:
    assert calls.cards(VIEW, body())
    answer = calls.call(f"/cds-services/{VIEW}", viewing(calls.patient))  # our id, said to be of another server
    assert answer.status_code == 412
    ours = viewing(calls.patient, fhirServer="https://localhost:8443/fhir")
    assert calls.cards(VIEW, ours)
    assert calls.cards(VIEW, viewing("x", prefetch={"patient": known("x", "none")})) == []


def test_a_patient_who_came_along_under_another_id_is_not_the_one_asked_about(calls: Calls) -> None:
    assert calls.cards(VIEW, viewing("theirs-7", prefetch={"patient": known("theirs-8", "7")})) == []


def test_an_identifier_with_another_birth_date_is_somebody_else(calls: Calls) -> None:
    said = viewing("x", prefetch={"patient": known("x", "7", birthDate="1975-04-03")})
    answer = calls.call(f"/cds-services/{VIEW}", said)
    assert answer.status_code == 422
    assert "birth date" in answer.json()["error"]
    assert "1975" not in answer.text


def test_a_patient_not_assigned_to_the_system_is_nobody_to_it(calls: Calls) -> None:
    said = viewing(calls.served.own, fhirServer="https://localhost:8443/fhir")
    assert calls.call(f"/cds-services/{VIEW}", said).status_code == 412
    bare = {"resourceType": "Patient", "id": "x", "identifier": [{"value": "MRN-1"}]}
    assert calls.cards(VIEW, viewing("x", prefetch={"patient": bare})) == []  # computed from what was sent alone


def test_without_record_and_prefetch_the_condition_is_not_met(calls: Calls) -> None:
    failed = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-found"}]}
    for prefetch in (None, {}, {"patient": failed, "conditions": failed}):
        assert calls.call(f"/cds-services/{VIEW}", viewing("p1", prefetch=prefetch)).status_code == 412
    assert calls.cards(VIEW, viewing("p1", prefetch={"patient": None, "conditions": failed})) == []


# patient-view


def test_findings_of_the_record_come_as_sound_cards_in_both_languages(calls: Calls) -> None:
    for lang, words in (
        ("en", ("Probability: 40.0%", "Nobody has reviewed it yet")),
        ("zh", ("概率: 40.0%", "尚未经人工复核")),
    ):
        cards = calls.cards(VIEW, body(), lang=lang)
        require_sound({"cards": cards})
        marfan = next(card for card in cards if card["summary"].startswith("Marfan"))
        assert all(one in marfan["detail"] for one in (*words, "long fingers", "HPO 2026"))
        assert marfan["links"][0]["url"] == f"https://localhost:8443/patients/{calls.patient}/findings"
        assert "![x](" not in marfan["detail"]
        assert "<b>" not in marfan["detail"]
        assert len(marfan["summary"]) <= LONGEST
        heart = [card for card in cards if card["source"].get("topic", {}).get("code") == "heart"]
        assert heart
        assert all(card["indicator"] == "info" for card in heart)  # for consideration
        assert len({card["uuid"] for card in cards}) == len(cards)


def test_findings_of_data_sent_along_are_computed_and_nothing_is_kept(calls: Calls) -> None:
    mine = open_patient(calls.served.ward[Role.PHYSICIAN], calls.served.ward.records, calls.patient)
    observations = [
        json.loads(one.payload)["resource"] | {"subject": {"reference": "Patient/p9"}}
        for one in mine
        if one.kind == "Observation"
    ]
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in observations]}
    patient = {"resourceType": "Patient", "id": "p9", "birthDate": "1975-03-04", "gender": "female"}
    said = viewing("p9", prefetch={"patient": patient, "observations": bundle})
    cards = calls.cards(VIEW, said)
    require_sound({"cards": cards})
    assert cards
    assert all("nothing was kept" in card["detail"] and "links" not in card for card in cards)
    for one in bundle["entry"]:
        one["resource"]["subject"] = {"reference": "Patient/somebody-else"}
    assert calls.cards(VIEW, said) == []


def test_a_rejected_finding_is_told_no_more_and_a_revoked_system_nothing(
    tmp_path_factory: pytest.TempPathFactory, keys: Keys
) -> None:
    with serve_cds(tmp_path_factory.mktemp("revoked"), keys) as calls:
        assert "Marfan" in json.dumps(calls.cards(VIEW, body()))
        physician, records = calls.served.ward[Role.PHYSICIAN], calls.served.ward.records
        reject_finding(physician, records, calls.patient, calls.finding, base=1, reason="examined, no sign of it")
        assert "Marfan" not in json.dumps(calls.cards(VIEW, body()))
        revoke_device(calls.served.ward[Role.SECURITY_OFFICER], calls.served.ward.records, "ehr")
        assert calls.call(f"/cds-services/{VIEW}", body()).status_code == 401


# Cards


def test_summaries_are_cut_between_words_and_texts_of_records_stay_texts() -> None:
    assert shortened("a b") == "a b"
    assert len(shortened("word " * 60)) <= LONGEST
    assert shortened("word " * 60).endswith("word…")
    assert len(shortened("字" * 300)) == LONGEST
    assert escaped("![x](y)\n# <b>") == r"\!\[x\]\(y\) \# \<b\>"
    long = Card("word " * 60, "info", Source("s"), "detail").to_json("en")
    assert long["detail"].startswith("**word word")
    assert "selectionBehavior" not in long


def test_identifiers_are_in_no_address(calls: Calls) -> None:
    cards = calls.cards(VIEW, body())
    assert all("?" not in link["url"] for card in cards for link in card.get("links", []))
    assert SYSTEM not in json.dumps(cards)
