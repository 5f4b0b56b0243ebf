"""Whoever had to sign in goes on where they were: the same person, on this server alone, and never to a change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from served import Served, serve_ward
from signing import cookies_of, enter, fresh, signed, token_in
from starlette.testclient import TestClient
from ward import PASSWORD, open_ward

from suwen.govern import Role
from suwen.server.returning import BACK, own_path
from suwen.server.visitors import SESSION

PAGE = {"accept": "text/html,application/xhtml+xml"}
HERE = "https://localhost:8443"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with open_ward(tmp_path_factory.mktemp("return") / "store") as ward:
        yield serve_ward(ward, tries=10_000)


def entered(client: TestClient, login: str = "physician") -> str:
    """Where signing in leads."""
    data = {"csrf": token_in(client.get("/sign-in")), "login": login, "password": PASSWORD}
    answer = client.post("/sign-in", data=data)
    assert answer.status_code == 303
    assert client.cookies.get(BACK) is None
    return str(answer.headers["location"])


def test_a_page_asked_for_before_signing_in_comes_after_it(served: Served) -> None:
    client = fresh(served)[0]
    path = f"/patients/{served.own}/timeline"
    answer = client.get(path, headers=PAGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert served.own not in answer.headers["location"]  # no id in a history or a log
    said = cookies_of(answer)[BACK].lower()
    assert all(one in said for one in ("httponly", "secure", "samesite=lax", "path=/", "max-age=600"))
    assert entered(client) == path
    assert entered(fresh(served)[0]) == "/"


def test_a_page_comes_back_after_its_session_has_ended(tmp_path: Path) -> None:
    with open_ward(tmp_path / "store") as ward:
        served = serve_ward(ward)
        ward.hire("next", Role.NURSE)
        for login, place in (("physician", "/worklist"), ("next", "/")):
            client, _ = signed(served, "physician")
            ward.clock.now += 16 * 60
            assert client.get("/worklist", headers=PAGE).headers["location"] == "/sign-in"
            assert client.cookies.get(SESSION) is None
            assert entered(client, login) == place  # the next at this desk does not see where the last one was


def test_fragments_and_forms_lead_back_to_their_page(served: Served) -> None:
    page = f"/patients/{served.own}/heart"
    for headers in (
        {"hx-request": "true", "hx-current-url": f"{HERE}{page}?x=1"},
        {"referer": f"{HERE}{page}", "accept": "text/html"},
    ):
        client = fresh(served)[0]
        client.post(f"{page}/what-if", headers=headers)
        assert entered(client) == page


def test_what_is_no_page_is_no_place(served: Served) -> None:
    """Pictures, streams, what changes something, other sites, and the ways of signing in."""
    for method, path, headers in (
        ("GET", f"/patients/{served.own}", {"accept": "image/png"}),
        ("GET", f"/patients/{served.own}", {**PAGE, "sec-fetch-mode": "no-cors"}),
        ("POST", f"/patients/{served.own}/notes", PAGE),
        ("POST", "/emergency", {"referer": f"https://evil.example/patients/{served.own}"}),
        ("POST", "/emergency", {"referer": "https://[x/patients"}),
        ("GET", "/session", PAGE),
        ("GET", "/", PAGE),
        ("GET", "/" + "patients/" * 100, PAGE),
    ):
        client = fresh(served)[0]
        client.request(method, path, headers=headers)
        assert entered(client) == "/", path


@pytest.mark.parametrize(
    "place",
    [
        "//evil.example", "/\\evil.example", "/%09/evil.example", "https://evil.example", "javascript:alert(1)",
        "/%0d%0aset-cookie:%20x=1", "%2f%2fevil.example", "/%5cevil.example", "evil", "", "/sign-in", "/sign-out",
        "/oauth/authorize",
    ],
)  # fmt: skip
def test_a_planted_place_leads_to_no_other_site(served: Served, place: str) -> None:
    """Threat: whoever gets a cookie into a browser would have its owner sign in here and land there."""
    for value in (f".{place}", place, f"{served.ward[Role.PHYSICIAN].id}.{place}", f"x.{place}"):
        client = fresh(served)[0]
        client.cookies.set(BACK, value, domain="localhost.local")
        assert entered(client) == "/"


def test_only_paths_of_this_server_are_own() -> None:
    assert own_path("/a/b?c#d") == "/a/b"
    for odd in ("//a", "/\\a", "a", "", "/a\n", "/\ta", "https://a", "/a\\b", "/\u202e"):
        assert own_path(odd) == "/"


def test_signing_out_forgets_the_place_but_a_page_that_ends_itself_keeps_it(served: Served) -> None:
    page = {"referer": f"{HERE}/patients/{served.own}"}
    for ended, place in (("", "/"), ("over", f"/patients/{served.own}")):
        client, token = signed(served, "physician")
        client.cookies.set(BACK, f".{quote('/worklist')}", domain="localhost.local")
        client.post("/sign-out", data={"csrf": token, "ended": ended}, headers=page)
        client.cookies.delete(SESSION, domain="localhost.local")
        if not ended:
            client.cookies.delete(BACK, domain="localhost.local")
        assert entered(client) == place


def test_a_session_that_was_planted_is_not_the_one_begun(served: Served) -> None:
    """Session fixation: what a browser bore before is worth nothing after; the new one is the server's own making."""
    planted = f"{served.ward[Role.NURSE].id}.planted-token-that-an-attacker-knows"
    client, token = fresh(served)
    client.cookies.set(SESSION, planted, domain="localhost.local")
    answer = client.post("/sign-in", data={"csrf": token, "login": "physician", "password": PASSWORD})
    begun = cookies_of(answer)[SESSION]
    assert planted not in begun
    stale = served.client()
    stale.cookies.set(SESSION, planted, domain="localhost.local")
    assert stale.get("/session").headers["location"] == "/sign-in"
    again = cookies_of(enter(served, "physician")[1])[SESSION]
    assert begun.partition(";")[0] != again.partition(";")[0]
