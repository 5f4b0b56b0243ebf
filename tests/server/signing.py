"""Signing in as a browser does, for the tests: forms with their tokens, cookies kept."""

from __future__ import annotations

import re
from typing import Any

from served import Served
from starlette.testclient import TestClient
from ward import PASSWORD

from suwen.server.visitors import SESSION

__all__ = ["cookies_of", "enter", "fresh", "signed", "token_in"]


def token_in(page: Any) -> str:
    """The token of a page's forms."""
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, "the page has no form with a token"
    return found.group(1)


def fresh(served: Served, *, lang: str = "en") -> tuple[TestClient, str]:
    """A browser that has opened the sign-in page, and the token of its forms."""
    client = served.client(lang=lang)
    return client, token_in(client.get("/sign-in"))


def enter(served: Served, login: str, password: str = PASSWORD, *, lang: str = "en") -> tuple[TestClient, Any, str]:
    """A browser that has sent the sign-in form, the answer, and the token."""
    client, token = fresh(served, lang=lang)
    return client, client.post("/sign-in", data={"csrf": token, "login": login, "password": password}), token


def signed(served: Served, login: str, password: str = PASSWORD, *, lang: str = "en") -> tuple[TestClient, str]:
    """A browser that has signed in, and the token of its session's forms."""
    client, answer, _ = enter(served, login, password, lang=lang)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert client.cookies.get(SESSION)
    return client, token_in(client.get("/account"))


def cookies_of(answer: Any) -> dict[str, str]:
    """The cookies that an answer sets, each with its attributes."""
    return {one.partition("=")[0]: one for one in answer.headers.get_list("set-cookie")}
