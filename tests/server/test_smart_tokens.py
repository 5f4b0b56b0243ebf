"""Codes and tokens of SMART App Launch 2.2: bound to app, address, verifier, person and session; no step by another."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from served import Served
from smart_app import (
    CHALLENGE,
    PUBLIC,
    SECRET,
    VERIFIER,
    Keys,
    allowed,
    asking,
    basic,
    bearer,
    exchange,
    make_keys,
    serve_apps,
    signed,
    token_for,
)
from starlette.requests import Request

from suwen.errors import LoginError
from suwen.govern import Act, Role, begin_authority, certify_device, grant_care, log_out, revoke_device
from suwen.records.identity import authority as authorities
from suwen.server.callers import caller_of
from suwen.server.smart.boxes import Box
from suwen.server.smart.grants import grants_of, is_verifier, s256
from suwen.server.smart.scopes import allows, granted, read_scope

pytest.importorskip("jwt", reason="the extra oidc is not installed")


@pytest.fixture(scope="module")
def jwks(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory, jwks: Keys) -> Iterator[Served]:
    with serve_apps(tmp_path_factory.mktemp("smart"), jwks[0]) as served:
        yield served


# Codes


def test_the_verifier_of_the_rfc_fits_its_challenge_and_no_other_does() -> None:
    assert s256(VERIFIER) == CHALLENGE
    assert is_verifier("a" * 43)
    assert not any(is_verifier(one) for one in ("a" * 42, "a" * 129, "a" * 42 + "+", "a" * 42 + "é"))


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": VERIFIER[:-1] + "l"},
        {"code_verifier": CHALLENGE},
        {"code_verifier": ""},
        {"redirect_uri": "https://growth.example/back?x=1"},
    ],
)
def test_a_code_is_worth_nothing_without_all_that_binds_it_and_is_tried_once(
    apps: Served, changed: dict[str, str]
) -> None:
    code = allowed(apps.client(Role.PHYSICIAN), asking(), patient=apps.own)["code"]
    refused = exchange(apps, PUBLIC, code, **changed)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert exchange(apps, PUBLIC, code).status_code == 400


def test_a_code_of_one_app_is_nothing_to_another(apps: Served) -> None:
    code = allowed(apps.client(Role.PHYSICIAN), asking(), patient=apps.own)["code"]
    assert exchange(apps, SECRET, code, redirect_uri=PUBLIC.redirects[0]).json()["error"] == "invalid_grant"


def test_a_code_that_comes_twice_takes_back_what_it_gave(apps: Served) -> None:
    code = allowed(apps.client(Role.PHYSICIAN), asking(), patient=apps.own)["code"]
    token = exchange(apps, PUBLIC, code).json()["access_token"]
    assert bearer(apps, token).patient == apps.own
    assert exchange(apps, PUBLIC, code).json()["error"] == "invalid_grant"
    with pytest.raises(LoginError):
        bearer(apps, token)


def test_a_code_lasts_a_minute_and_a_token_a_quarter_of_an_hour(apps: Served) -> None:
    clock, now = apps.ward.clock, apps.ward.clock.now
    try:
        code = allowed(apps.client(Role.PHYSICIAN), asking(), patient=apps.own)["code"]
        clock.now += 61
        assert exchange(apps, PUBLIC, code).status_code == 400
        token = token_for(apps)["access_token"]
        clock.now += 600
        apps.client(Role.PHYSICIAN).get("/worklist")  # the session stays in use, the token runs out all the same
        assert bearer(apps, token)
        clock.now += 301
        with pytest.raises(LoginError):
            bearer(apps, token)
    finally:
        clock.now = now + 1


def test_answers_with_tokens_are_kept_nowhere(apps: Served) -> None:
    code = allowed(apps.client(Role.PHYSICIAN), asking(), patient=apps.own)["code"]
    headers = exchange(apps, PUBLIC, code).headers
    assert (headers["cache-control"], headers["pragma"]) == ("no-store", "no-cache")
    tokens = json.dumps([repr(one) for one in vars(grants_of(apps.house)).values()])
    assert code not in tokens


# Who the app is


def test_an_app_with_a_secret_shows_it_in_the_header_or_the_form(apps: Served) -> None:
    for way in ("header", "form"):
        code = allowed(apps.client(Role.PHYSICIAN), asking(SECRET), patient=apps.own)["code"]
        given = {"client_id": SECRET.id, "client_secret": SECRET.secret} if way == "form" else {}
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": SECRET.redirects[0],
            "code_verifier": VERIFIER,
        }
        answer = apps.client().post("/oauth/token", data=form | given, headers=basic(SECRET) if way == "header" else {})
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("headers", [basic(SECRET, "wrong"), {"authorization": "Basic !"}, {}])
def test_an_app_that_cannot_show_its_secret_gets_nothing(apps: Served, headers: dict[str, str]) -> None:
    code = allowed(apps.client(Role.PHYSICIAN), asking(SECRET), patient=apps.own)["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": SECRET.redirects[0],
        "code_verifier": VERIFIER,
    }
    if not headers:
        form["client_id"] = SECRET.id
    answer = apps.client().post("/oauth/token", data=form, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert "www-authenticate" in answer.headers


@pytest.mark.parametrize("alg", ["ES384", "RS384"])
def test_an_app_may_sign_instead(apps: Served, jwks: Keys, alg: str) -> None:
    app = next(one for one in apps.house.settings.apps if one.id == "signing")
    code = allowed(apps.client(Role.PHYSICIAN), asking(app, scope="user/*.rs"))["code"]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": app.redirects[0],
        "code_verifier": VERIFIER,
    }
    assert apps.client().post("/oauth/token", data={**form, "client_id": app.id}).status_code == 401
    answer = apps.client().post("/oauth/token", data=form | signed(apps, jwks, "signing", alg=alg))
    assert answer.status_code == 200, answer.text
    assert "patient" not in answer.json()


def test_a_service_acts_as_its_registered_device_and_only_while_that_stands(apps: Served, jwks: Keys) -> None:
    administrator = apps.ward[Role.ADMINISTRATOR]
    form = {"grant_type": "client_credentials", "scope": "system/Observation.rs patient/*.rs"}
    refused = apps.client().post("/oauth/token", data=form | signed(apps, jwks, "bulk"))
    assert refused.json()["error"] == "invalid_client"  # not registered yet
    begin_authority(administrator, apps.ward.records, "Hospital")
    _, request = authorities.certificate_request("bulk-device")
    certify_device(administrator, apps.ward.records, request, name="bulk-device", acts=[Act.VIEW])
    grant_care(administrator, apps.ward.records, patient=apps.own, who="bulk-device", device=True)
    said = apps.client().post("/oauth/token", data=form | signed(apps, jwks, "bulk", alg="RS384")).json()
    assert (said["scope"], said["expires_in"]) == ("system/Observation.rs", 300)
    caller = bearer(apps, said["access_token"])
    assert caller.actor.device
    revoke_device(apps.ward[Role.SECURITY_OFFICER], apps.ward.records, "bulk-device")
    with pytest.raises(LoginError):
        bearer(apps, said["access_token"])


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://evil.example/oauth/token"},
        {"exp": 1.0},
        {"exp": 4e9},
        {"exp": float("nan")},
        {"exp": None},
        {"sub": "signing"},
        {"jti": ""},
        {"nbf": 4e9},
        {"alg": "HS384"},
    ],
)
def test_a_signed_token_that_is_not_for_here_and_now_is_refused(
    apps: Served, jwks: Keys, changed: dict[str, Any]
) -> None:
    form = {"grant_type": "client_credentials", "scope": "system/*.rs"}
    answer = apps.client().post("/oauth/token", data=form | signed(apps, jwks, "bulk", **changed))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_signed_token_counts_once_and_unsigned_or_foreign_ones_never(apps: Served, jwks: Keys) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    form = {"grant_type": "client_credentials", "scope": "nothing"} | signed(apps, jwks, "bulk")
    assert apps.client().post("/oauth/token", data=form).json()["error"] == "invalid_scope"  # the token was taken
    assert apps.client().post("/oauth/token", data=form).json()["error"] == "invalid_client"
    stranger = (jwks[0], {"ES384": ec.generate_private_key(ec.SECP384R1())})
    unsigned = signed(apps, jwks, "bulk")
    head, body, _ = unsigned["client_assertion"].split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"ES384"}').decode().rstrip("=")
    for bad in (
        signed(apps, stranger, "bulk"),
        {**unsigned, "client_assertion": f"{none}.{body}."},
        {**unsigned, "client_assertion": f"{head}.{body}.AAAA"},
    ):
        assert apps.client().post("/oauth/token", data=form | bad).json()["error"] == "invalid_client"


def test_a_weak_key_signs_nothing_and_whoever_runs_the_server_is_told(
    apps: Served, jwks: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    """A key set may be exchanged while the server runs; NIST SP 800-57: 2048 bits of RSA are 112 of strength."""
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415
    from jwt.algorithms import RSAAlgorithm  # noqa: PLC0415

    weak, kept = rsa.generate_private_key(65537, 2048), jwks[0].read_text()
    shown = {**RSAAlgorithm.to_jwk(weak.public_key(), as_dict=True), "kid": "RS384"}
    form = {"grant_type": "client_credentials", "scope": "system/*.rs"}
    try:
        jwks[0].write_text(json.dumps({"keys": [shown]}))
        said = signed(apps, (jwks[0], {"RS384": weak}), "bulk", alg="RS384")
        assert apps.client().post("/oauth/token", data=form | said).json()["error"] == "invalid_client"
    finally:
        jwks[0].write_text(kept)
    assert "has 2048 bits" in caplog.text


# Tokens


def test_a_token_ends_with_the_session_of_whoever_granted_it(apps: Served) -> None:
    actor = apps.ward.log_in("physician")
    got = allowed(apps.client_of(actor), asking(), patient=apps.own)
    waiting = allowed(apps.client_of(actor), asking(), patient=apps.own)
    token = exchange(apps, PUBLIC, got["code"]).json()["access_token"]
    assert bearer(apps, token).actor == actor
    log_out(actor, apps.ward.records)
    with pytest.raises(LoginError):
        bearer(apps, token)
    assert exchange(apps, PUBLIC, waiting["code"]).json()["error"] == "invalid_grant"


def test_an_app_gives_its_token_back_and_no_other_can(apps: Served) -> None:
    token = token_for(apps)["access_token"]
    post = apps.client().post
    assert post("/oauth/revoke", data={"token": token}, headers=basic(SECRET)).status_code == 200
    assert bearer(apps, token)
    assert post("/oauth/revoke", data={"token": "unknown", "client_id": "growth"}).status_code == 200
    assert post("/oauth/revoke", data={"token": token, "client_id": "growth"}).status_code == 200
    with pytest.raises(LoginError):
        bearer(apps, token)


def test_an_app_is_told_of_its_own_tokens_alone(apps: Served) -> None:
    code = allowed(apps.client(Role.PHYSICIAN), asking(SECRET), patient=apps.own)["code"]
    token = exchange(apps, SECRET, code).json()["access_token"]
    post = apps.client().post
    said = post("/oauth/introspect", data={"token": token}, headers=basic(SECRET)).json()
    assert (said["active"], said["client_id"], said["patient"]) == (True, SECRET.id, apps.own)
    assert post("/oauth/introspect", data={"token": token, "client_id": "growth"}).status_code == 401
    assert post("/oauth/introspect", data={"token": "x"}, headers=basic(SECRET)).json() == {"active": False}
    other = token_for(apps)["access_token"]
    assert post("/oauth/introspect", data={"token": other}, headers=basic(SECRET)).json() == {"active": False}


@pytest.mark.parametrize("said", ["Bearer", "Bearer ", "Basic abc", "Bearer wrong", ""])
def test_a_wrong_header_is_not_made_good_by_a_session(apps: Served, said: str) -> None:
    client = apps.client(Role.PHYSICIAN)
    cookie = "; ".join(f"{one.name}={one.value}" for one in client.cookies.jar)
    headers = [(b"authorization", said.encode()), (b"cookie", cookie.encode())]
    with pytest.raises(LoginError):
        caller_of(Request({"type": "http", "method": "GET", "path": "/fhir", "headers": headers, "app": apps.app}))


def test_unknown_kinds_of_grant_are_refused(apps: Served) -> None:
    for kind in ("password", "refresh_token", ""):
        answer = apps.client().post("/oauth/token", data={"grant_type": kind, "client_id": "growth"})
        assert answer.json()["error"] == "unsupported_grant_type"
    answer = apps.client().post("/oauth/token", data={"grant_type": "client_credentials", "client_id": "growth"})
    assert answer.json()["error"] == "unauthorized_client"


# Scopes


def test_scopes_are_narrowed_to_what_an_app_is_registered_for() -> None:
    places = frozenset({"patient", "user"})

    def got(asked: str, *registered: str) -> str:
        return " ".join(granted(asked.split(), registered, places=places))

    assert got("patient/Observation.cruds", "patient/*.rs") == "patient/Observation.rs"
    assert (
        got("patient/*.rs", "patient/Observation.r", "patient/Condition.rs")
        == "patient/Observation.r patient/Condition.rs"
    )
    assert got("patient/*.read", "patient/*.rs") == "patient/*.read"
    assert got("patient/*.*", "patient/*.read") == "patient/*.rs"
    assert got("user/Observation.rs", "patient/*.rs") == ""
    assert got("system/*.rs", "system/*.rs") == ""
    assert got("patient/Observation.rs?category=laboratory", "patient/*.rs") == ""
    assert got("patient/Observation.sr patient/.rs patient/*. launch openid", "patient/*.cruds") == ""


def test_a_scope_of_one_patient_says_nothing_of_others() -> None:
    assert allows(["patient/*.rs"], "Observation", "r", of_patient=True)
    assert not allows(["patient/*.rs"], "Observation", "r", of_patient=False)
    assert allows(["user/*.write"], "Observation", "d", of_patient=False)
    assert not allows(["user/Condition.cruds"], "Observation", "r", of_patient=True)
    assert read_scope("patient/*.write") == read_scope("patient/*.cud")


def test_a_box_is_bounded_and_forgets() -> None:
    now = [0.0]
    box: Box[int] = Box(lambda: now[0], lasts=10, most=3)
    handles = [box.put(number) for number in range(4)]
    assert [box.find(one) for one in handles] == [None, 1, 2, 3]
    assert len(set(handles)) == 4
    assert min(map(len, handles)) >= 43
    assert (box.take(handles[1]), box.take(handles[1])) == (1, None)
    assert box.put_first(9, handle="once", lasts=5)
    assert not box.put_first(9, handle="once", lasts=5)
    now[0] = 11.0
    assert box.find(handles[3]) is None
    assert box.put_first(9, handle="once", lasts=5)
