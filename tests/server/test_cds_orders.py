"""order-select and order-sign: orders against the record, feedback on cards, and data read from known servers alone."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cds_client import (
    ATC,
    PENICILLIN,
    SIMVASTATIN,
    Calls,
    known,
    laboratory,
    ordering,
    prescribed,
    serve_cds,
    viewing,
)
from smart_app import Keys, make_keys
from test_cds_services import SELECT, SIGN, VIEW, require_sound

from suwen.consult import open_patient
from suwen.formats.fhir import Stored, check
from suwen.govern import Role
from suwen.server.cds.concepts import Concept, atc_group, concept_of, inside, same
from suwen.server.cds.hooks import read_hook
from suwen.server.cds.remote import completed
from suwen.server.tls.certificates import own_certificate

pytest.importorskip("jwt", reason="the extra oidc is not installed")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory, keys: Keys) -> Iterator[Calls]:
    with serve_cds(tmp_path_factory.mktemp("orders"), keys) as found:
        yield found


def signing(calls: Calls, *orders: dict[str, Any], lang: str = "en", hook: str = "order-sign") -> list[dict[str, Any]]:
    prefetch = {"patient": known("t7", "7")}
    cards = calls.cards(
        SIGN if hook == "order-sign" else SELECT, ordering("t7", *orders, hook=hook, prefetch=prefetch), lang=lang
    )
    require_sound({"cards": cards})
    return cards


def summaries(cards: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(card["indicator"], card["summary"]) for card in cards]


def test_an_order_that_is_active_already_is_told_with_its_date_and_can_be_removed(calls: Calls) -> None:
    card, risk = signing(calls, prescribed(SIMVASTATIN, "t7"))
    assert (card["indicator"], card["summary"]) == (
        "warning",
        "Simvastatin 10 MG Oral Tablet: already ordered and active",
    )
    assert "since 2026-02-03 (by code)" in card["detail"]
    assert "Not checked: interactions, doses" in card["detail"]
    assert card["suggestions"][0]["actions"][0]["resourceId"] == "MedicationRequest/draft-1"
    assert risk["summary"].startswith("Cardiovascular risk in the record")  # simvastatin is given for it
    zh = signing(calls, prescribed(SIMVASTATIN, "t7"), lang="zh")
    assert "已有生效中的相同医嘱" in zh[0]["summary"]
    assert "自 2026-02-03 起" in zh[0]["detail"]


def test_laboratory_orders_are_held_against_the_record_as_well(calls: Calls) -> None:
    cards = signing(calls, laboratory("t7"))
    assert summaries(cards) == [("warning", "HbA1c: already ordered and active")]


def test_an_allergy_a_prohibition_and_an_earlier_stop_are_told(calls: Calls) -> None:
    orders = [
        prescribed(PENICILLIN, "t7"),
        prescribed({"text": "aspirin"}, "t7", id="d2"),
        prescribed({"text": "Ibuprofen  400 mg"}, "t7", id="d3"),
    ]
    cards = signing(calls, *orders)
    assert [card["indicator"] for card in cards] == ["critical", "critical", "info", "info"]
    assert "allergy to Allergy to penicillin v" in cards[0]["summary"]
    assert "active since 2019-01-02 and matches the order by name" in cards[0]["detail"]
    assert "must not be given" in cards[1]["summary"]
    assert any("the reason given: stomach bleeding" in card["detail"] for card in cards)
    assert "suggestions" not in cards[2]


@pytest.mark.parametrize("id_", ["draft-1", None], ids=["same id", "no id"])
def test_an_allergy_is_told_whatever_its_id(calls: Calls, id_: str | None) -> None:
    """Ids are unique within a type alone, and what is sent along may have none."""
    allergy: dict[str, Any] = {"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/t7"}}
    allergy |= {"code": {"text": "Cefaclor"}} | ({"id": id_} if id_ else {})
    order = prescribed({"text": "Cefaclor"}, "t7")
    order = order | {"id": id_} if id_ else {name: one for name, one in order.items() if name != "id"}
    prefetch = {"patient": known("t7", "7"), "allergies": allergy}
    cards = calls.cards(SIGN, ordering("t7", order, hook="order-sign", prefetch=prefetch))
    assert [card["indicator"] for card in cards] == ["critical"]


def test_an_order_for_somebody_else_is_critical(calls: Calls) -> None:
    cards = signing(calls, prescribed({"text": "Amoxicillin"}, "t8"))
    assert [(one, "another patient" in said) for one, said in summaries(cards)] == [("critical", True)]


def test_the_same_order_twice_and_one_of_the_same_group_are_told(calls: Calls) -> None:
    enalapril = {"coding": [{"system": ATC, "code": "C09AA02"}], "text": "enalapril"}
    cards = signing(calls, prescribed(enalapril, "t7"), prescribed(enalapril, "t7", id="d2"))
    told = summaries(cards)
    assert told.count(("warning", "enalapril: twice among these orders")) == 1
    assert ("info", "enalapril: another drug of the same ATC group is active") in told


def test_order_select_looks_at_what_was_just_chosen(calls: Calls) -> None:
    cards = signing(
        calls, prescribed(SIMVASTATIN, "t7"), prescribed({"text": "Amoxicillin"}, "t7", id="d2"), hook="order-select"
    )
    assert cards == []


def test_a_draft_as_the_sandbox_makes_it_is_taken(calls: Calls) -> None:
    """Its orders have neither intent nor id, and their doses stand where FHIR had them before R4."""
    draft = prescribed(SIMVASTATIN, "t7", authoredOn="2027-01-15", dosageInstruction=[{"doseQuantity": {"value": 1}}])
    draft = {name: value for name, value in draft.items() if name not in {"id", "intent"}}
    card, _ = signing(calls, draft)
    assert card["indicator"] == "warning"
    assert "suggestions" not in card  # there is nothing by which to remove it


def test_nothing_amiss_is_an_empty_list_and_no_reassurance(calls: Calls) -> None:
    assert signing(calls, prescribed({"text": "Amoxicillin"}, "t7")) == []


def test_without_a_record_what_was_sent_along_is_held_against(calls: Calls) -> None:
    active = {**prescribed(SIMVASTATIN, "p5", id="m1"), "status": "active"}
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": active}]}
    said = ordering("p5", prescribed(SIMVASTATIN, "p5"), prefetch={"patient": known("p5"), "medications": bundle})
    (card,) = calls.cards(SIGN, said)
    assert card["source"]["label"] == "Data sent along with the order"
    said["context"]["draftOrders"]["entry"][0]["resource"]["id"] = "m1"  # the active one itself, to be changed
    assert calls.cards(SIGN, said) == []


def test_an_allergy_that_was_refuted_or_is_over_is_none(calls: Calls) -> None:
    system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
    for status, count in (("confirmed", 1), ("refuted", 0), ("entered-in-error", 0)):
        allergy = {
            "resourceType": "AllergyIntolerance",
            "id": "a",
            "verificationStatus": {"coding": [{"system": system, "code": status}]},
            "code": {"text": "Penicillin V"},
            "patient": {"reference": "Patient/p6"},
        }
        said = ordering("p6", prescribed(PENICILLIN, "p6"), prefetch={"allergies": allergy})
        assert len(calls.cards(SIGN, said)) == count


# What is the same


def concept(*codes: tuple[str, str], text: str = "") -> Concept:
    coding = [{"system": system, "code": code} for system, code in codes]
    return concept_of({"code": {"coding": coding, **({"text": text} if text else {})}})


def test_only_what_is_equal_is_the_same() -> None:
    assert same(concept(("s", "1")), concept(("s", "1"), ("t", "2"))) == "by_code"
    assert same(concept(("s", "1")), concept(("t", "1"))) == ""
    assert same(concept(text="Aspirin  100"), concept(text="aspirin 100")) == "by_name"
    assert same(concept(), concept()) == ""
    assert atc_group(concept((ATC, "C09AA03")), concept((ATC, "C09AA02"))) == "C09AA"
    assert atc_group(concept((ATC, "C09AA03")), concept((ATC, "C09CA01"))) == ""


@pytest.mark.parametrize(
    ("substance", "product", "how"),
    [
        ("Penicillin V", "Penicillin V Potassium 250 MG Oral Tablet", "by_name"),
        ("Allergy to aspirin (finding)", "aspirin 81 MG Chewable Tablet", "by_name"),
        ("阿司匹林过敏", "阿司匹林肠溶片 100mg", "by_name"),
        ("对青霉素过敏", "注射用青霉素钠", "by_name"),
        ("Allergy to mould", "Mouldex tablet", ""),
        ("Tin", "Tin oxide", ""),  # too short to be sure
        ("Shellfish", "Penicillin V", ""),
    ],
)
def test_a_substance_is_found_in_a_product_by_whole_words(substance: str, product: str, how: str) -> None:
    assert inside(concept(text=substance), concept(text=product)) == how


def test_a_substance_group_of_atc_covers_its_drugs() -> None:
    assert inside(concept((ATC, "J01C")), concept((ATC, "J01CA04"))) == "by_atc"
    assert inside(concept((ATC, "J01CA04")), concept((ATC, "J01C"))) == ""


def test_a_medication_that_an_order_refers_to_is_found_in_it_and_beside_it() -> None:
    held = {"resourceType": "Medication", "id": "m", "code": {"text": "Warfarin"}}
    order = {"resourceType": "MedicationRequest", "contained": [held], "medicationReference": {"reference": "#m"}}
    assert concept_of(order).shown == "Warfarin"
    beside = {"resourceType": "MedicationRequest", "medicationReference": {"reference": "Medication/m"}}
    assert concept_of(beside, [held]).shown == "Warfarin"
    assert not concept_of(beside)


# Feedback


def feedback(given: dict[str, Any], **changed: Any) -> dict[str, Any]:
    said = {"card": given["uuid"], "outcome": "overridden", "outcomeTimestamp": "2027-01-15T08:00:00Z", **changed}
    return {"feedback": [{name: value for name, value in said.items() if value is not None}]}


def kept(calls: Calls) -> list[dict[str, Any]]:
    found = open_patient(calls.served.ward[Role.PHYSICIAN], calls.served.ward.records, calls.patient, kinds=["Basic"])
    return [Stored.from_bytes(one.payload).resource for one in found]


def told(resource: dict[str, Any]) -> dict[str, str]:
    return {one["url"].rpartition(":")[2]: one["valueString"] for one in resource["extension"]}


def test_feedback_is_filed_in_the_record_and_is_no_verdict(calls: Calls) -> None:
    path = f"/cds-services/{SIGN}/feedback"
    card = signing(calls, prescribed(SIMVASTATIN, "t7"))[0]
    reason = {"reason": {"code": "benefit", "system": "x"}, "userComment": "told the patient"}
    answer = calls.call(path, feedback(card, overrideReason=reason))
    assert (answer.status_code, answer.json()) == (200, {"kept": 1})
    taken = [{"id": card["suggestions"][0]["uuid"]}]
    assert calls.call(path, feedback(card, outcome="accepted", acceptedSuggestions=taken)).status_code == 200
    first, second = kept(calls)[-2:]
    assert {name: told(first)[name] for name in ("outcome", "reason", "comment", "about")} == {
        "outcome": "overridden", "reason": "benefit", "comment": "told the patient", "about": "order/duplicate"
    }  # fmt: skip
    assert told(second)["suggestions"] == taken[0]["id"]
    assert not check(first).problems
    finding = calls.cards(VIEW, viewing("t7", prefetch={"patient": known("t7", "7")}))[0]
    assert calls.call(f"/cds-services/{VIEW}/feedback", feedback(finding)).status_code == 200
    assert told(kept(calls)[-1])["about"].startswith("Finding/")


@pytest.mark.parametrize(
    "changed",
    [
        {"outcome": "ignored"},  # cds-fb-1
        {"outcome": "accepted"},  # cds-fb-2
        {"outcome": "accepted", "acceptedSuggestions": []},
        {"outcome": "accepted", "acceptedSuggestions": [{"id": "another card's"}]},
        {"overrideReason": {}},  # cds-fb-3
        {"overrideReason": {"reason": {"display": "x"}}},
        {"overrideReason": {"userComment": "x" * 5000}},
        {"outcomeTimestamp": None},
        {"outcomeTimestamp": "2027-01-15T08:00:00+08:00"},  # "in UTC"
        {"card": None},
    ],
)
def test_unsound_feedback_is_refused(calls: Calls, changed: dict[str, Any]) -> None:
    card = signing(calls, prescribed(SIMVASTATIN, "t7"))[0]
    before = len(kept(calls))
    assert calls.call(f"/cds-services/{SIGN}/feedback", feedback(card, **changed)).status_code == 422
    assert len(kept(calls)) == before


def test_feedback_is_taken_from_whoever_was_given_the_card_alone(calls: Calls) -> None:
    card = signing(calls, prescribed(SIMVASTATIN, "t7"))[0]
    before = len(kept(calls))
    client = calls.served.client(Role.PHYSICIAN)
    assert client.post(f"/cds-services/{SIGN}/feedback", json=feedback(card)).status_code == 404
    assert calls.call(f"/cds-services/{VIEW}/feedback", feedback(card)).status_code == 404
    assert calls.call(f"/cds-services/{SIGN}/feedback", feedback({"uuid": str(uuid.uuid4())})).status_code == 404
    for wrong in ({}, {"feedback": []}, {"feedback": [1]}, {"feedback": {}}):
        assert calls.call(f"/cds-services/{SIGN}/feedback", wrong).status_code == 422
    assert len(kept(calls)) == before


def test_feedback_on_a_patient_without_a_record_is_counted_and_not_kept(calls: Calls) -> None:
    (card,) = calls.cards(SIGN, ordering("p1", prescribed(SIMVASTATIN, "p2"), prefetch={"patient": known("p1")}))
    answer = calls.call(f"/cds-services/{SIGN}/feedback", feedback(card))
    assert (answer.status_code, answer.json()) == (200, {"kept": 0})


# Reading what a request lacks


@contextmanager
def fhir_server(folder: Path, patient: dict[str, Any], asked: list[tuple[str, str]]) -> Iterator[str]:
    """A FHIR server of another system, over TLS, that gives one Patient and leads elsewhere for all else."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("authorization", "")))
            if self.path.startswith("/r4/Patient/"):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(patient).encode())
                return
            self.send_response(302)
            self.send_header("location", "/secret")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    certificate, key = own_certificate(folder, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"https://localhost:{server.server_address[1]}/r4"
        finally:
            server.shutdown()
            thread.join()


def test_what_a_request_lacks_is_read_from_servers_of_the_settings_alone(
    calls: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []
    token = {
        "access_token": "secret-1",
        "token_type": "Bearer",
        "expires_in": 60,
        "scope": "patient/*.rs",
        "subject": "us",
    }
    templates = {
        "patient": "Patient/{{context.patientId}}",
        "medications": "MedicationRequest?patient={{context.patientId}}",
    }
    with fhir_server(tmp_path, known("t7", "7"), asked) as base:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.crt"))
        hook = read_hook(viewing("t7", fhirServer=base, fhirAuthorization=token), "patient-view")
        house = calls.served.house
        assert completed(house, hook, templates) == hook  # in no settings: nobody is asked
        trusting = replace(house, settings=replace(house.settings, fhir_servers=(f"{base}/",)))
        for other in (
            f"{base}x",
            base.replace("localhost", "127.0.0.1"),
            f"{base}/../secret",
            base.replace("https", "http"),
        ):
            assert completed(trusting, replace(hook, server=other), templates).came == frozenset()
        assert completed(trusting, replace(hook, authorization=None), templates).came == frozenset()
        assert asked == []
        found = completed(trusting, hook, templates)
        assert (found.came, found.of("Patient")[0]["id"]) == (frozenset({"patient"}), "t7")
        assert asked == [
            ("/r4/Patient/t7", "Bearer secret-1"),
            ("/r4/MedicationRequest?patient=t7", "Bearer secret-1"),  # its redirect was not followed
        ]
        monkeypatch.delenv("SSL_CERT_FILE")
        assert completed(trusting, hook, templates).came == frozenset()  # a certificate that nobody vouches for


def test_a_request_is_never_a_reason_to_go_anywhere(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses of a request lead to nothing: neither its server nor where its token says its keys are."""
    gone: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _self, address: gone.append(address))
    token = {"access_token": "a", "token_type": "Bearer", "expires_in": 60, "scope": "user/*.rs", "subject": "us"}
    said = viewing("t7", fhirServer="https://169.254.169.254/r4", fhirAuthorization=token)
    assert calls.call(f"/cds-services/{VIEW}", said).status_code == 412
    assert gone == []
