"""Passkeys over the pages: added, signed in with, taken away; a challenge is good once and for one browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from served import Served, serve_ward
from signing import cookies_of, fresh, signed
from starlette.testclient import TestClient
from ward import open_ward

from suwen.govern import Role
from suwen.server.visitors import HEADER, SESSION

pytest.importorskip("webauthn", reason="the extra passkeys is not installed")
pytest.importorskip("cbor2", reason="cbor2 is not installed")
from security_key import Authenticator


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with open_ward(tmp_path_factory.mktemp("passkeys") / "store") as ward:
        yield serve_ward(ward, tries=10_000)


def with_key(served: Served, login: str) -> tuple[TestClient, str, Authenticator]:
    """Somebody who has added a passkey on their account's page."""
    actor = served.ward.hire(login, Role.NURSE)
    client, token = signed(served, login)
    device = Authenticator(origin="https://localhost:8443", rp_id="localhost", user=actor.id)
    assert added(client, token, device).status_code == 200
    return client, token, device


def added(client: TestClient, token: str, device: Authenticator, name: str = "Phone") -> Any:
    options = client.post("/account/passkeys/begin", headers={HEADER: token}).text
    content = {"answer": json.loads(device.create(options)), "name": name}
    return client.post("/account/passkeys", json=content, headers={HEADER: token})


def begun(served: Served) -> tuple[TestClient, str, str]:
    client, token = fresh(served)
    return client, token, client.post("/sign-in/passkey/begin", headers={HEADER: token}).text


def entered(client: TestClient, token: str, answer: str) -> Any:
    return client.post("/sign-in/passkey", json=json.loads(answer), headers={HEADER: token})


def test_a_passkey_signs_in_without_a_login_name(served: Served) -> None:
    _, _, device = with_key(served, "key-in")
    client, token, options = begun(served)
    assert "allowCredentials" not in options or json.loads(options)["allowCredentials"] == []
    device.count += 1
    answer = entered(client, token, device.get(options))
    assert (answer.status_code, answer.json()) == (200, {"to": "/"})
    assert "key-in" in client.get("/account").text


def test_an_answer_is_good_once_and_from_the_browser_that_began(served: Served) -> None:
    _, _, device = with_key(served, "key-once")
    client, token, options = begun(served)
    device.count += 1
    answer = device.get(options)
    other, foreign, _ = begun(served)
    refused = entered(other, foreign, answer)
    assert (refused.status_code, refused.json(), SESSION in cookies_of(refused)) == (401, {"error": "refused"}, False)
    handle = str(client.cookies.get("__Host-suwen-login"))
    assert entered(client, token, answer).status_code == 200
    again, fresh_token = fresh(served)
    again.cookies.set("__Host-suwen-login", handle, domain="localhost.local")
    device.count += 1  # so that only the challenge is old
    assert entered(again, fresh_token, device.get(options)).status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://localhost.evil.example"},
        {"rp_id": "evil.example"},
        {"flags": 1},
        {"cross_origin": True},
        {"count": 1},
    ],
    ids=["another-site", "another-party", "nobody-verified", "framed", "copied"],
)
def test_a_false_answer_is_refused(served: Served, wrong: dict[str, Any]) -> None:
    login = f"key-false-{'-'.join(wrong)}"
    _, _, device = with_key(served, login)
    client, token, options = begun(served)
    device.count += 1
    for name, value in wrong.items():
        setattr(device, name, value)
    answer = entered(client, token, device.get(options))
    assert (answer.status_code, SESSION in cookies_of(answer)) == (401, False)


@pytest.mark.parametrize("content", [{}, {"id": 1}, {"id": "x", "response": None}, {"id": "x", "response": {}}])
def test_nonsense_is_refused_and_breaks_nothing(served: Served, content: dict[str, Any]) -> None:
    client, token, _ = begun(served)
    assert client.post("/sign-in/passkey", json=content, headers={HEADER: token}).status_code == 401
    for body in (b"", b"[]", b"nul", b'{"a":'):
        answer = client.post(
            "/sign-in/passkey", content=body, headers={HEADER: token, "content-type": "application/json"}
        )
        assert answer.status_code == 422


def test_without_the_token_nothing_begins(served: Served) -> None:
    client, _ = fresh(served)
    assert client.post("/sign-in/passkey/begin").status_code == 403
    assert client.post("/sign-in/passkey", json={}).status_code == 403


def test_a_passkey_is_listed_and_taken_away(served: Served) -> None:
    client, token, device = with_key(served, "key-remove")
    page = client.get("/account")
    assert "Phone" in page.text
    identifier = json.loads(device.get(json.dumps({"challenge": "AA"})))["id"]
    answer = client.post("/account/passkeys/remove", data={"csrf": token, "passkey": identifier})
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=removed")
    assert "Phone" not in client.get("/account").text
    sign_in, form, options = begun(served)
    device.count += 1
    assert entered(sign_in, form, device.get(options)).status_code == 401
    assert client.post("/account/passkeys/remove", data={"csrf": token, "passkey": identifier}).status_code == 404


def test_a_name_is_shortened_and_escaped(served: Served) -> None:
    actor = served.ward.hire("key-name", Role.NURSE)
    client, token = signed(served, "key-name")
    device = Authenticator(origin="https://localhost:8443", rp_id="localhost", user=actor.id)
    assert added(client, token, device, "<b>x</b> " + "y" * 500).status_code == 200
    page = client.get("/account").text
    assert "<b>x</b>" not in page
    assert "y" * 60 not in page
    assert "&lt;b&gt;" in page


def test_how_one_signs_in_is_not_changed_in_an_old_session(served: Served) -> None:
    """Proves that a session found open at a desk is not enough to add a passkey or an app to the account."""
    actor = served.ward.hire("key-old", Role.NURSE)
    client, token = signed(served, "key-old")
    served.ward.clock.now += 601
    device = Authenticator(origin="https://localhost:8443", rp_id="localhost", user=actor.id)
    assert client.post("/account/passkeys/begin", headers={HEADER: token}).status_code == 403
    answer = {"answer": json.loads(device.create('{"challenge": "AA"}')), "name": ""}
    assert client.post("/account/passkeys", json=answer, headers={HEADER: token}).status_code == 403
    for path in ("/account/second-factor/begin", "/account/second-factor", "/account/passkeys/remove"):
        assert client.post(path, data={"csrf": token}).status_code == 403
    assert "Confirm who you are" in client.get("/account").text


def test_the_password_alone_is_no_way_around_the_passkey(served: Served) -> None:
    with_key(served, "key-around")
    client, token = fresh(served)
    answer = client.post("/sign-in", data={"csrf": token, "login": "key-around", "password": "a phrase long enough 7"})
    assert (answer.status_code, SESSION in cookies_of(answer)) == (401, False)
    assert "signs in with its passkey" in answer.text
