"""One's own account: what it shows, the password and the authenticator app, nothing of anybody else's."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from served import Served, serve_ward
from signing import enter, signed, token_in
from ward import PASSWORD, open_ward

from suwen.govern import Role
from suwen.server.pages.account_code import drawn

NEW = "another phrase of mine 9"
ADDRESS = "otpauth://totp/Suwen:lin?secret=JBSWY3DPEHPK3PXP&issuer=Suwen"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with open_ward(tmp_path_factory.mktemp("account") / "store") as ward:
        yield serve_ward(ward, tries=10_000)


def secret_in(page: Any) -> str:
    found = re.search(r"data-secret>([A-Z2-7 ]+)<", page.text)
    assert found
    return found.group(1).replace(" ", "")


def test_who_one_is_in_both_languages(served: Served) -> None:
    served.ward.hire("acc-who", Role.IMAGING_SPECIALIST)
    english, _ = signed(served, "acc-who")
    chinese, _ = signed(served, "acc-who", lang="zh")
    assert "imaging specialist" in english.get("/account").text
    assert "影像医师" in chinese.get("/account").text


def test_no_secret_is_on_the_page(served: Served) -> None:
    client, _ = signed(served, "administrator")
    page = client.get("/account").text
    assert "$argon2" not in page
    assert client.get("/account").headers["cache-control"] == "no-store"


def test_an_authenticator_app_is_set_up_and_asked_for(served: Served) -> None:
    served.ward.hire("acc-app", Role.NURSE)
    client, token = signed(served, "acc-app")
    page = client.post("/account/second-factor/begin", data={"csrf": token})
    secret = secret_in(page)
    app = pyotp.TOTP(secret)
    assert f"secret={secret}" in page.text
    wrong = client.post("/account/second-factor", data={"csrf": token, "code": "000000"})
    assert (wrong.status_code, secret_in(wrong)) == (422, secret)
    done = client.post("/account/second-factor", data={"csrf": token, "code": app.at(int(served.ward.clock.now))})
    assert done.headers["location"] == "/account?done=totp"
    page = client.get("/account?done=totp")
    assert "In force" in page.text
    assert secret not in page.text
    assert 'action="/sign-in/code"' in enter(served, "acc-app")[1].text
    again = client.post("/account/second-factor/begin", data={"csrf": token})
    assert again.status_code == 422  # with an open session alone nobody exchanges it


def test_a_key_begun_in_one_account_is_not_confirmed_in_another(served: Served) -> None:
    served.ward.hire("acc-one", Role.NURSE)
    served.ward.hire("acc-two", Role.NURSE)
    one, token = signed(served, "acc-one")
    secret = secret_in(one.post("/account/second-factor/begin", data={"csrf": token}))
    two, other = signed(served, "acc-two")
    two.cookies.set("__Host-suwen-login", str(one.cookies.get("__Host-suwen-login")), domain="localhost.local")
    code = pyotp.TOTP(secret).at(int(served.ward.clock.now))
    answer = two.post("/account/second-factor", data={"csrf": other, "code": code})
    assert answer.status_code == 422
    assert "Not in force" in two.get("/account").text


def test_the_password_is_changed_and_every_other_session_ends(served: Served) -> None:
    served.ward.hire("acc-pass", Role.NURSE)
    elsewhere, _ = signed(served, "acc-pass")
    client, token = signed(served, "acc-pass")
    wrong = (
        ({"old": "not the password 1", "new": NEW, "again": NEW}, "not accepted"),
        ({"old": PASSWORD, "new": NEW, "again": NEW + "x"}, "differ"),
        ({"old": PASSWORD, "new": "aaaaaaaaaaaaaa", "again": "aaaaaaaaaaaaaa"}, "too easy"),
        ({"old": PASSWORD, "new": PASSWORD, "again": PASSWORD}, "too easy"),
    )
    for data, said in wrong:
        answer = client.post("/account/password", data={"csrf": token, **data})
        assert (answer.status_code, said in answer.text) == (422, True)
    answer = client.post("/account/password", data={"csrf": token, "old": PASSWORD, "new": NEW, "again": NEW})
    assert answer.headers["location"] == "/account?done=password"
    assert client.get("/session").status_code == 204
    assert elsewhere.get("/session").headers["location"] == "/sign-in"
    assert enter(served, "acc-pass")[1].status_code == 401
    signed(served, "acc-pass", NEW)


def test_confirming_who_one_is_opens_what_was_closed(served: Served) -> None:
    served.ward.hire("acc-confirm", Role.NURSE)
    client, token = signed(served, "acc-confirm")
    served.ward.clock.now += 601
    assert client.post("/account/second-factor/begin", data={"csrf": token}).status_code == 403
    assert client.post("/account/confirm", data={"csrf": token, "password": "wrong password 1"}).status_code == 422
    assert client.post("/account/second-factor/begin", data={"csrf": token}).status_code == 403
    done = client.post("/account/confirm", data={"csrf": token, "password": PASSWORD})
    assert done.headers["location"] == "/account?done=confirmed"
    token = token_in(client.get("/account"))
    assert client.post("/account/second-factor/begin", data={"csrf": token}).status_code == 200


def test_one_signs_out_everywhere_else(served: Served) -> None:
    served.ward.hire("acc-else", Role.NURSE)
    elsewhere, _ = signed(served, "acc-else")
    client, token = signed(served, "acc-else")
    page = client.get("/account").text
    assert page.count("since ") >= 3  # the one of the hiring, the one elsewhere, and this one
    assert page.count("this session") == 1
    served.ward.clock.now += 601
    assert client.post("/account/sessions/end", data={"csrf": token}).status_code == 403
    assert elsewhere.get("/session").status_code == 204
    client.post("/account/confirm", data={"csrf": token, "password": PASSWORD})
    token = token_in(client.get("/account"))
    answer = client.post("/account/sessions/end", data={"csrf": token})
    assert answer.headers["location"] == "/account?done=ended"
    assert client.get("/session").status_code == 204
    assert elsewhere.get("/session").headers["location"] == "/sign-in"
    assert "Sign out everywhere else" not in client.get("/account").text


def test_an_unknown_message_in_the_address_shows_nothing(served: Served) -> None:
    client, _ = signed(served, "auditor")
    page = client.get("/account?done=<script>alert(1)</script>")
    assert page.status_code == 200
    assert "alert(1)" not in page.text


def test_the_code_is_drawn_where_segno_is_and_reads_back() -> None:
    """The picture has the modules of the code in their places; a page without a style needs none."""
    segno = pytest.importorskip("segno", reason="segno is not installed")
    picture = str(drawn(ADDRESS, "<title>"))
    assert "style" not in picture
    assert "&lt;title&gt;" in picture
    drawn_at = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", picture)}
    rows = list(segno.make(ADDRESS, error="m", micro=False).matrix_iter(border=4))
    assert drawn_at == {(x, y) for y, row in enumerate(rows) for x, dark in enumerate(row) if dark}


def test_without_segno_the_key_can_still_be_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    assert str(drawn(ADDRESS, "code")) == ""
