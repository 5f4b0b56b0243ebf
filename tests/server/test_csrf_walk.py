"""Every route of the pages: nobody gets in without signing in, nothing is changed without the session's token."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from served import Served, serve_ward
from starlette.routing import BaseRoute
from walked import walked
from ward import open_ward

from suwen.govern import Role
from suwen.server.places import PLACES
from suwen.server.visitors import HEADER

SAFE = {"GET", "HEAD", "OPTIONS"}
INTERFACES = ("/fhir", "/cds-services", "/dicom-web", "/api", "/oauth", "/.well-known", "/openapi.json", "/metrics",
              "/health", "/ready", "/assets")  # fmt: skip
# Before signing in: the token is that of the browser, not of a session.
BEFORE = ("/sign-in",)


def routes() -> list[tuple[str, str]]:
    """Method and path (parameters filled in) of each route that people use."""
    found = {(method, filled(path)) for path, route in walked() for method in methods(route)}
    return sorted(one for one in found if not one[1].startswith(INTERFACES))


def methods(route: BaseRoute) -> list[str]:
    return [method for method in getattr(route, "methods", None) or () if method != "HEAD"]


def filled(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "ab" * 16, path)


ROUTES = routes()
INSIDE = [one for one in ROUTES if not one[1].startswith(BEFORE)]
UNSAFE = [one for one in INSIDE if one[0] not in SAFE]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with open_ward(tmp_path_factory.mktemp("walk") / "store") as ward:
        yield serve_ward(ward, tries=10_000, a_minute=100_000)


def test_there_is_something_to_walk() -> None:
    """Were the list empty, the rest would prove nothing."""
    assert ("GET", "/account") in INSIDE
    assert ("POST", "/sign-out") in UNSAFE
    assert len(UNSAFE) >= 10


@pytest.mark.parametrize(("method", "path"), [one for one in INSIDE if one[1] != "/language"])
def test_nobody_gets_in(served: Served, method: str, path: str) -> None:
    answer = served.client().request(method, path)
    assert (answer.status_code, answer.headers.get("location")) == (303, "/sign-in")
    assert len(answer.content) == 0


@pytest.mark.parametrize(("method", "path"), [one for one in INSIDE if one[1] != "/language"])
def test_a_made_up_session_is_nobody(served: Served, method: str, path: str) -> None:
    client = served.client()
    for cookie in ("ab" * 16 + ".token", "\x7f.\x7f"):
        answer = client.request(method, path, headers={"cookie": f"__Host-suwen={cookie}"})
        allowed = {403, 303} if method not in SAFE else {303}
        assert answer.status_code in allowed
        assert answer.headers.get("location", "/sign-in") == "/sign-in"


@pytest.mark.parametrize(("method", "path"), UNSAFE)
def test_nothing_is_changed_without_the_token(served: Served, method: str, path: str) -> None:
    client = served.client(Role.PHYSICIAN)
    for token in ("", served.client(Role.AUDITOR).headers[HEADER]):
        client.headers[HEADER] = token
        assert client.request(method, path, data={"csrf": token, "lang": "zh", "back": "/"}).status_code == 403


@pytest.mark.parametrize(("method", "path"), [one for one in ROUTES if one[0] not in SAFE])
def test_nothing_is_changed_from_another_site(served: Served, method: str, path: str) -> None:
    """Even with the token: the origin is asked before anything is read."""
    client = served.client(Role.PHYSICIAN)
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},  # another port of this machine
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:8443"},
        {"origin": "https://localhost:9443"},
    ):
        answer = client.request(method, path, headers=headers)
        assert (answer.status_code, "another site" in answer.text) == (403, True)


@pytest.mark.parametrize(
    ("method", "path"), [one for one in ROUTES if one[1].startswith(BEFORE) and one[0] not in SAFE]
)
def test_before_signing_in_the_browser_s_own_token_is_asked(served: Served, method: str, path: str) -> None:
    client = served.client()
    client.get("/sign-in")
    for token in ("", "x"):
        answer = client.request(method, path, data={"csrf": token})
        # a body that is not JSON is refused before the token is asked, and changes as little
        assert answer.status_code in {403, 422}
        assert client.request(method, path, json={}, headers={HEADER: token}).status_code == 403


@pytest.mark.parametrize("role", [Role.PHYSICIAN, Role.ADMINISTRATOR, Role.SECURITY_OFFICER, Role.AUDITOR])
def test_no_form_of_a_page_lacks_its_token(served: Served, role: Role) -> None:
    client = served.client(role)
    pages = ["/account", "/emergency", f"/patients/{served.own}", f"/patients/{served.own}/notes"]
    seen = 0
    for path in (*pages, *(one.path for one in PLACES)):
        for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", client.get(path).text, re.S | re.I):
            seen += 1
            assert 'name="csrf"' in form, path
    assert seen > len(pages)  # the frame has two on each page
