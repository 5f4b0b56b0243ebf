"""SMART App Launch 2.2: an app asks, a person grants it some of that, and nobody is led astray."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from urllib.parse import urlencode

import pytest
from served import Served
from signing import fresh, token_in
from smart_app import (
    ADDRESS,
    PUBLIC,
    Keys,
    asking,
    bearer,
    exchange,
    make_keys,
    question,
    sent,
    serve_apps,
    token_for,
)
from ward import PASSWORD

from suwen.errors import AccessError
from suwen.govern import EventKind, Role, read_audit
from suwen.server.callers import require_scope
from suwen.server.smart.grants import grants_of

pytest.importorskip("jwt", reason="the extra oidc is not installed")


@pytest.fixture(scope="module")
def jwks(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory, jwks: Keys) -> Iterator[Served]:
    with serve_apps(tmp_path_factory.mktemp("smart"), jwks[0]) as served:
        yield served


# What an app can find out


@pytest.mark.parametrize("path", ["/.well-known/smart-configuration", "/fhir/.well-known/smart-configuration"])
def test_the_configuration_says_what_the_guide_requires(apps: Served, path: str) -> None:
    answer = apps.client().get(path)
    assert answer.headers["content-type"].startswith("application/json")
    said = answer.json()
    required = {"authorization_endpoint", "token_endpoint", "grant_types_supported", "capabilities"}
    assert required <= set(said)
    assert said["code_challenge_methods_supported"] == ["S256"]  # plain "SHALL NOT" be
    assert said["token_endpoint"] == f"{ADDRESS}/oauth/token"
    assert "sso-openid-connect" not in said["capabilities"]  # then issuer and keys would be required


# The whole way


def test_an_app_is_granted_a_patient_and_its_token_says_so(apps: Served) -> None:
    said = token_for(apps)
    assert (said["token_type"], said["patient"], said["expires_in"]) == ("Bearer", apps.own, 900)
    assert set(said["scope"].split()) == {"launch/patient", "patient/Observation.rs", "patient/Condition.read"}
    caller = bearer(apps, said["access_token"])
    assert caller.actor == apps.ward[Role.PHYSICIAN]
    assert caller.patient == apps.own
    require_scope(caller, "Observation", "s", patient=apps.own)
    require_scope(caller, "Condition", "r", patient=apps.own)
    for kind, letter, patient in (
        ("Observation", "u", apps.own),
        ("Procedure", "r", apps.own),
        ("Observation", "r", apps.other),
    ):
        with pytest.raises(AccessError):
            require_scope(caller, kind, letter, patient=patient)
    require_scope(replace(caller, scopes=None), "Procedure", "d")  # a person or device: policies alone


def test_what_was_granted_stands_in_the_audit(apps: Served) -> None:
    token_for(apps)
    found = read_audit(apps.ward[Role.AUDITOR], apps.ward.records, kind=EventKind.ACCOUNT)
    event = found[-1][1]
    assert event.actor == apps.ward[Role.PHYSICIAN].id
    assert (event.detail["app"], event.detail["patient"]) == ("growth", apps.own)
    assert "patient/Observation.rs" in event.detail["scopes"]


def test_the_question_says_who_asks_for_what_in_both_languages(apps: Served) -> None:
    for lang, words in (
        ("en", ("observations", "read and search", "Allow")),
        ("zh", ("观察与检验结果", "读取、检索", "允许")),
    ):
        client = apps.client(Role.PHYSICIAN, lang=lang)
        page = client.get(question(client, asking()))
        assert all(one in page.text for one in ("Growth chart", "growth.example", "MRN-1", *words))
        assert "MRN-2" not in page.text  # another physician's patient
        assert "form-action 'self' https://growth.example;" in page.headers["content-security-policy"]
        assert not any(one in page.text for one in ("offline_access", "fhirUser", "openid"))


def test_what_is_unticked_is_not_granted_and_nothing_more_can_be_ticked(apps: Served) -> None:
    client = apps.client(Role.PHYSICIAN)
    where = question(client, asking())
    form = {"decision": "allow", "scope": ["patient/Condition.read", "user/*.cruds"], "patient": apps.own}
    answer = client.post(where, data=form)
    said = exchange(apps, PUBLIC, sent(answer.headers["location"])["code"]).json()
    assert said["scope"] == "launch/patient patient/Condition.read"
    assert client.post(where, data=form).status_code == 404  # answered once


def test_a_person_may_refuse(apps: Served) -> None:
    client = apps.client(Role.PHYSICIAN)
    answer = client.post(question(client, asking()), data={"decision": "deny"})
    said = sent(answer.headers["location"])
    assert (said["error"], said["state"]) == ("access_denied", "state-1")
    assert "code" not in said


def test_signing_in_leads_back_to_the_question(apps: Served) -> None:
    client, _ = fresh(apps)
    where = question(client, asking())
    assert client.get(where, headers={"accept": "text/html"}).headers["location"] == "/sign-in"
    token = token_in(client.get("/sign-in"))
    data = {"csrf": token, "login": Role.PHYSICIAN.value, "password": PASSWORD}
    answer = client.post("/sign-in", data=data)
    assert (answer.status_code, answer.headers["location"]) == (303, where)
    assert "Growth chart" in client.get(where).text


def test_nobody_answers_without_a_session_or_its_token(apps: Served) -> None:
    where = question(apps.client(), asking())
    page = apps.client().get(where)
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in")
    form = {"decision": "allow", "scope": "patient/Observation.rs", "patient": apps.own}
    assert apps.client().post(where, data=form).status_code in {303, 401}
    forged = apps.client(Role.PHYSICIAN)
    forged.headers.pop("x-csrf-token")
    assert forged.post(where, data=form).status_code == 403
    assert grants_of(apps.house).asked.find(where.rpartition("/")[2]) is not None  # still unanswered


def test_an_app_reaches_no_patient_whom_its_person_may_not_see(apps: Served) -> None:
    client = apps.client(Role.PHYSICIAN)
    form = {"decision": "allow", "scope": "patient/Observation.rs"}
    assert client.post(question(client, asking()), data={**form, "patient": apps.other}).status_code == 403
    assert client.post(question(client, asking()), data=form).status_code == 422
    assert client.post(question(client, asking()), data={"decision": "allow", "patient": apps.own}).status_code == 422


def test_an_app_opened_from_a_patients_page_is_bound_to_that_patient_and_person(apps: Served) -> None:
    client = apps.client(Role.PHYSICIAN)
    page = client.get(f"/patients/{apps.own}/apps")
    assert "Growth chart" in page.text
    assert "https://growth.example;" in page.headers["content-security-policy"]
    opened = client.post(f"/patients/{apps.own}/apps/growth")
    launched = sent(opened.headers["location"])
    assert launched["iss"] == f"{ADDRESS}/fhir"
    given = asking(scope="launch patient/Observation.rs", launch=launched["launch"])
    where = question(client, given)
    assert apps.client_of(apps.ward.hire("colleague", Role.PHYSICIAN)).get(where).status_code == 404
    page = client.get(where)
    assert "<select" not in page.text
    assert "Testpatient1" in page.text
    form = {"decision": "allow", "scope": "patient/Observation.rs", "patient": apps.other}  # what is sent is not asked
    said = exchange(apps, PUBLIC, sent(client.post(where, data=form).headers["location"])["code"]).json()
    assert said["patient"] == apps.own
    again = client.get("/oauth/authorize", params=given)
    assert sent(again.headers["location"])["error"] == "invalid_request"  # a launch is good once
    assert client.post(f"/patients/{apps.other}/apps/growth").status_code == 403
    assert client.post(f"/patients/{apps.own}/apps/signing").status_code == 404


# What is refused on the way


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "https://growth.example/back/"},
        {"redirect_uri": "https://growth.example/back?y=1"},
        {"redirect_uri": "https://growth.example.evil.example/back"},
        {"redirect_uri": "https://risk.example/back"},
        {"redirect_uri": None},
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_registered(apps: Served, changed: dict[str, str | None]) -> None:
    answer = apps.client(Role.PHYSICIAN).get("/oauth/authorize", params=asking(**changed))
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"aud": "https://evil.example/fhir"}, "invalid_request"),
        ({"scope": "user/Patient.cud system/*.rs openid"}, "invalid_scope"),
        ({"launch": "guessed"}, "invalid_request"),
    ],
)
def test_an_unsound_request_goes_back_to_the_app_with_what_is_wrong(
    apps: Served, changed: dict[str, str | None], error: str
) -> None:
    answer = apps.client().get("/oauth/authorize", params=asking(**changed))
    assert answer.status_code == 303
    said = sent(answer.headers["location"])
    assert said["error"] == error
    assert said.get("state") == (asking(**changed).get("state"))


def test_a_parameter_that_comes_twice_is_refused(apps: Served) -> None:
    query = urlencode(asking()) + "&client_id=growth"
    assert apps.client().get(f"/oauth/authorize?{query}").status_code == 400


def test_a_request_may_come_as_a_form_and_addresses_may_have_queries_and_schemes(apps: Served) -> None:
    page = apps.client().post("/oauth/authorize", data=asking())
    assert "/apps/consent/" in page.text
    for address, place in (
        ("https://growth.example/back?x=1", "https://growth.example;"),
        ("org.growth:/back", "org.growth:;"),
    ):
        client = apps.client(Role.PHYSICIAN)
        where = question(client, asking(redirect_uri=address))
        assert place in client.get(where).headers["content-security-policy"]
        location = client.post(where, data={"decision": "deny"}).headers["location"]
        assert location.startswith(f"{address}{'&' if '?' in address else '?'}error=")


# Other origins


def test_other_origins_may_call_interfaces_if_listed_and_never_pages(apps: Served) -> None:
    client = apps.client()
    asked = {"origin": "https://growth.example", "access-control-request-method": "POST"}
    for path in ("/oauth/token", "/fhir/Patient", "/.well-known/smart-configuration", "/cds-services"):
        answer = client.options(path, headers=asked)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, asked["origin"])
        assert "access-control-allow-credentials" not in answer.headers
        assert client.options(path, headers={**asked, "origin": "https://evil.example"}).status_code == 403
    for path in ("/worklist", "/oauth/authorize", "/fhirx", "/"):
        answer = client.options(path, headers=asked)
        assert "access-control-allow-origin" not in answer.headers
    read = client.get("/.well-known/smart-configuration", headers={"origin": "https://growth.example"})
    assert read.headers["access-control-allow-origin"] == "https://growth.example"
    assert "origin" in read.headers["vary"].lower()
    evil = client.get("/.well-known/smart-configuration", headers={"origin": "null"})
    assert "access-control-allow-origin" not in evil.headers


def test_pages_of_the_launch_have_no_script_of_their_own(apps: Served) -> None:
    client = apps.client(Role.PHYSICIAN)
    for page in (client.get(question(client, asking())), client.get("/oauth/authorize", params=asking())):
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", unescape(page.text))
