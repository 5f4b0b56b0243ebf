"""Signing in: each step, one sentence for whatever is wrong, cookies no other site can plant or read, languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from served import Served, serve_ward
from signing import cookies_of, enter, fresh, signed, token_in
from ward import PASSWORD, open_ward

from suwen.govern import (
    Role,
    begin_second_factor,
    confirm_second_factor,
    lock_account,
    open_account,
    own_account,
    reset_password,
)
from suwen.server.visitors import BEFORE, LANGUAGE, SESSION

NEW = "another phrase of mine 9"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with open_ward(tmp_path_factory.mktemp("sign-in") / "store") as ward:
        yield serve_ward(ward, tries=10_000)


def with_code(served: Served, login: str) -> pyotp.TOTP:
    """Somebody with an authenticator app."""
    actor = served.ward.hire(login, Role.PHYSICIAN)
    secret, _ = begin_second_factor(actor, served.ward.records)
    app = pyotp.TOTP(secret)
    confirm_second_factor(actor, served.ward.records, secret, app.at(int(served.ward.clock.now)))
    served.ward.clock.now += 60
    return app


def code_now(served: Served, app: pyotp.TOTP) -> str:
    return app.at(int(served.ward.clock.now))


def test_a_password_opens_the_first_place_of_the_role(served: Served) -> None:
    for login, role, place in (
        ("in-physician", Role.PHYSICIAN, "/worklist"),
        ("in-nurse", Role.NURSE, "/worklist"),
        ("in-researcher", Role.RESEARCHER, "/molecules"),
    ):
        served.ward.hire(login, role)
        client, _ = signed(served, login)
        answer = client.get("/")
        assert (answer.status_code, answer.headers["location"]) == (303, place)
    client, _ = signed(served, "auditor")
    assert client.get("/").headers["location"] == "/security"


def test_the_session_cookie_is_out_of_reach_of_scripts_and_neighbours(served: Served) -> None:
    served.ward.hire("in-cookie", Role.NURSE)
    _, answer, _ = enter(served, "in-cookie")
    said = cookies_of(answer)[SESSION].lower()
    assert SESSION.startswith("__Host-")
    assert all(part in said for part in ("httponly", "secure", "samesite=strict", "path=/"))
    assert "domain" not in said
    assert "max-age" not in said  # it ends with the browser: the next at this desk is somebody else
    assert "expires" not in said


def test_whatever_is_wrong_is_told_in_one_sentence(served: Served) -> None:
    """Unknown, wrong, disabled, locked and a session's leftovers look the same, so nobody learns who works here."""
    served.ward.hire("in-wrong", Role.NURSE)
    served.ward.hire("in-disabled", Role.NURSE)
    lock_account(served.ward[Role.SECURITY_OFFICER], served.ward.records, "in-disabled")
    answers = [
        enter(served, "in-wrong", "wrong password 11")[1],
        enter(served, "nobody-at-all", "wrong password 11")[1],
        enter(served, "in-disabled")[1],
        enter(served, "", "")[1],
        *(enter(served, "in-wrong", "wrong password 11")[1] for _ in range(5)),
        enter(served, "in-wrong")[1],  # right by now, and locked
    ]
    shown = {one.text.replace(token_in(one), "") for one in answers}
    assert len(shown) == 1
    assert {one.status_code for one in answers} == {401}
    assert not any(SESSION in cookies_of(one) for one in answers)


def test_the_password_is_asked_before_the_code_and_neither_is_sent_back(served: Served) -> None:
    app = with_code(served, "in-code")
    client, answer, token = enter(served, "in-code")
    assert answer.status_code == 200
    assert 'action="/sign-in/code"' in answer.text
    assert PASSWORD not in answer.text
    assert SESSION not in cookies_of(answer)
    answer = client.post("/sign-in/code", data={"csrf": token, "code": code_now(served, app)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_after_a_new_first_password_the_app_is_asked_all_the_same(served: Served) -> None:
    """ASVS 5.0, 6.4.3: the code comes before the change, and the change asks for the next one."""
    app = with_code(served, "in-reset")
    first = reset_password(served.ward[Role.ADMINISTRATOR], served.ward.records, "in-reset")
    client, answer, token = enter(served, "in-reset", first)
    assert 'action="/sign-in/code"' in answer.text
    answer = client.post("/sign-in/code", data={"csrf": token, "code": code_now(served, app)})
    assert 'action="/sign-in/password"' in answer.text
    assert 'name="code"' in answer.text
    new = {"csrf": token, "new": "another phrase of mine 9", "again": "another phrase of mine 9"}
    served.ward.clock.now += 60
    answer = client.post("/sign-in/password", data={**new, "code": code_now(served, app)})
    assert (answer.status_code, SESSION in cookies_of(answer)) == (303, True)


def test_a_code_is_good_once(served: Served) -> None:
    app = with_code(served, "in-once")
    code = code_now(served, app)
    client, _, token = enter(served, "in-once")
    assert client.post("/sign-in/code", data={"csrf": token, "code": code}).status_code == 303
    client, _, token = enter(served, "in-once")
    assert client.post("/sign-in/code", data={"csrf": token, "code": code}).status_code == 401


def test_wrong_codes_end_the_login_after_three(served: Served) -> None:
    app = with_code(served, "in-three")
    client, _, token = enter(served, "in-three")
    for _ in range(2):
        answer = client.post("/sign-in/code", data={"csrf": token, "code": "000000"})
        assert (answer.status_code, 'action="/sign-in/code"' in answer.text) == (401, True)
    answer = client.post("/sign-in/code", data={"csrf": token, "code": "000000"})
    assert 'action="/sign-in/code"' not in answer.text
    answer = client.post("/sign-in/code", data={"csrf": token, "code": code_now(served, app)})
    assert (answer.status_code, SESSION in cookies_of(answer)) == (401, False)


def test_the_second_step_belongs_to_the_browser_that_began(served: Served) -> None:
    app = with_code(served, "in-thief")
    enter(served, "in-thief")
    other, token = fresh(served)
    answer = other.post("/sign-in/code", data={"csrf": token, "code": code_now(served, app)})
    assert (answer.status_code, SESSION in cookies_of(answer)) == (401, False)


def test_the_step_survives_a_reload_and_a_change_of_language(served: Served) -> None:
    app = with_code(served, "in-reload")
    client, _, token = enter(served, "in-reload")
    answer = client.post("/language", data={"lang": "zh", "back": "/sign-in/code"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in/code")
    assert "身份验证器" in client.get("/sign-in/code").text
    answer = client.post("/sign-in/code", data={"csrf": token, "code": code_now(served, app)})
    assert answer.status_code == 303
    assert served.client().get("/sign-in/code").headers["location"] == "/sign-in"


def test_a_first_password_opens_nothing_until_it_is_changed(served: Served) -> None:
    admin = served.ward[Role.ADMINISTRATOR]
    _, first = open_account(admin, served.ward.records, "in-first", "First", roles=[Role.NURSE])
    client, answer, token = enter(served, "in-first", first)
    assert 'action="/sign-in/password"' in answer.text
    assert first not in answer.text
    assert SESSION not in cookies_of(answer)
    for new, again in ((NEW, "something else 12"), ("aaaaaaaaaaaaaa", "aaaaaaaaaaaaaa"), (first, first)):
        answer = client.post("/sign-in/password", data={"csrf": token, "new": new, "again": again})
        assert (answer.status_code, 'action="/sign-in/password"' in answer.text) == (401, True)
    answer = client.post("/sign-in/password", data={"csrf": token, "new": NEW, "again": NEW})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert enter(served, "in-first", first)[1].status_code == 401
    signed(served, "in-first", NEW)


def test_a_form_of_another_browser_or_none_is_refused(served: Served) -> None:
    """Proves that nobody can be signed in as somebody else by a form on another site."""
    served.ward.hire("in-forged", Role.NURSE)
    data = {"login": "in-forged", "password": PASSWORD}
    _, foreign = fresh(served)
    client, _ = fresh(served)
    for token in ("", foreign, "x"):
        answer = client.post("/sign-in", data={"csrf": token, **data})
        assert (answer.status_code, SESSION in cookies_of(answer)) == (403, False)
    without = served.client()
    assert without.post("/sign-in", data={"csrf": foreign, **data}).status_code == 403


def test_a_new_sign_in_ends_the_session_before(served: Served) -> None:
    served.ward.hire("in-twice", Role.NURSE)
    client, _ = signed(served, "in-twice")
    before = client.cookies.get(SESSION)
    token = token_in(client.get("/sign-in", headers={"cookie": f"{SESSION}=; {BEFORE}=x"}))
    data = {"csrf": token, "login": "in-twice", "password": PASSWORD}
    client.post("/sign-in", data=data, headers={"cookie": f"{SESSION}={before}; {BEFORE}=x"})
    assert client.cookies.get(SESSION) != before
    stale = served.client()
    stale.cookies.set(SESSION, str(before), domain="localhost.local")
    assert stale.get("/session").headers["location"] == "/sign-in"


def test_whoever_has_signed_in_goes_on_from_the_sign_in_page(served: Served) -> None:
    served.ward.hire("in-already", Role.NURSE)
    client, _ = signed(served, "in-already")
    answer = client.get("/sign-in")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_signing_out_ends_the_session_here_and_in_the_browser(served: Served) -> None:
    served.ward.hire("in-out", Role.NURSE)
    client, token = signed(served, "in-out")
    held = str(client.cookies.get(SESSION))
    answer = client.post("/sign-out", data={"csrf": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?ended=out")
    assert '"cache"' in answer.headers["clear-site-data"]
    assert "max-age=0" in cookies_of(answer)[SESSION].lower()
    client.cookies.set(SESSION, held, domain="localhost.local")
    assert client.get("/session").headers["location"] == "/sign-in"


def test_a_session_ends_when_nothing_is_done(tmp_path: Path) -> None:
    """The server ends it whatever the page does; and what asks for /session keeps it."""
    with open_ward(tmp_path / "store") as ward:
        served = serve_ward(ward)
        client, _ = signed(served, "physician")
        for _ in range(3):
            ward.clock.now += 14 * 60
            assert client.get("/session").status_code == 204
        ward.clock.now += 15 * 60 + 1
        assert client.get("/session").headers["location"] == "/sign-in"


@pytest.mark.parametrize(
    ("back", "to"),
    [
        ("/worklist", "/worklist"),
        ("/patients/00ff?x=1#y", "/patients/00ff"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nset-cookie: x=1", "/"),
        ("", "/"),
    ],
)
def test_the_language_leads_back_to_a_page_of_this_server_alone(served: Served, back: str, to: str) -> None:
    client = served.client()
    answer = client.post("/language", data={"lang": "zh", "back": back})
    assert (answer.status_code, answer.headers["location"]) == (303, to)
    assert cookies_of(answer)[LANGUAGE].startswith(f"{LANGUAGE}=zh")
    assert "登录" in client.get("/sign-in").text


def test_an_unknown_language_is_refused(served: Served) -> None:
    assert served.client().post("/language", data={"lang": "<b>", "back": "/"}).status_code == 422


def test_both_languages_say_all_of_it(served: Served) -> None:
    for lang, word in (("en", "Sign in"), ("zh", "登录")):
        client, answer, _ = enter(served, "nobody-here", "wrong password 11", lang=lang)
        assert word in answer.text
        assert {"en": "was not accepted", "zh": "登录未成功"}[lang] in answer.text
        assert {"en": "signed out because", "zh": "自动退出"}[lang] in client.get("/sign-in?ended=over").text


def test_accounts_are_shown_in_a_demonstration_alone(served: Served, tmp_path: Path) -> None:
    assert "demonstration" not in served.client().get("/sign-in").text.lower()
    with open_ward(tmp_path / "store") as ward:
        shown = serve_ward(ward, demonstration={"physician": "made-up 1234"})
        assert "made-up 1234" in shown.client().get("/sign-in").text


def test_what_is_typed_is_never_shown_unescaped(served: Served) -> None:
    answer = enter(served, "<script>alert(1)</script>", "x")[1]
    assert "<script>alert" not in answer.text


def test_somebody_without_a_role_reaches_their_account(served: Served) -> None:
    actor = served.ward.hire("in-none")
    assert own_account(actor, served.ward.records).roles == frozenset()
    client, _ = signed(served, "in-none")
    assert "ask an administrator" in client.get("/account").text
