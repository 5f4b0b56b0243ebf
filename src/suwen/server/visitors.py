"""Who stands behind a request of a browser: the session in a cookie, the language, the token its forms must bear."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from hmac import compare_digest
from typing import Annotated, Literal

from fastapi import Depends, Request, Response

from suwen.errors import AccessError, LoginError
from suwen.govern import Account, Actor, Role, own_account
from suwen.server.house import House, house_of

__all__ = [
    "BEFORE",
    "FIELD",
    "HEADER",
    "LANGUAGE",
    "SESSION",
    "Language",
    "Signed",
    "Visitor",
    "choose_language",
    "csrf_before",
    "csrf_of",
    "forget",
    "keep",
    "language_of",
    "remember",
    "require_csrf",
    "require_csrf_before",
    "session_of",
    "visitor_of",
]

# __Host-: set by this host alone, over TLS alone, for all of it (RFC 6265bis, 4.1.3.2): no neighbour can plant one.
SESSION, LANGUAGE, BEFORE = "__Host-suwen", "__Host-suwen-language", "__Host-suwen-form"
HEADER, FIELD = "x-csrf-token", "csrf"
_YEAR = 365 * 24 * 3600
Language = str


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who has signed in; `account` is without secrets, `csrf` is what each form must bear, `lang` en or zh."""

    actor: Actor
    account: Account
    lang: Language
    csrf: str

    def has(self, *roles: Role) -> bool:
        """Whether the account has one of the roles."""
        return any(role.value in self.account.roles for role in roles)


def visitor_of(request: Request) -> Visitor:
    """The person behind a request; a request that changes something must bear the session's token too.

    Raises LoginError where nobody has signed in or the session is over, AccessError for a forged form.
    """
    house = house_of(request)
    actor = session_of(request)
    if request.method not in {"GET", "HEAD", "OPTIONS"}:
        require_csrf(request, csrf_of(actor))
    account = own_account(actor, house.records)
    visitor = Visitor(actor, account, language_of(request), csrf_of(actor))
    request.state.visitor = visitor  # for pages of errors
    return visitor


Signed = Annotated[Visitor, Depends(visitor_of)]


def session_of(request: Request) -> Actor:
    """Whom the cookie names; nothing of it is checked yet. Raises LoginError where there is none."""
    who, mark, token = request.cookies.get(SESSION, "").partition(".")
    if not (mark and who and token):
        raise LoginError("sign in first", zh="请先登录")
    return Actor(who, token)


def csrf_of(actor: Actor) -> str:
    """The token of a session's forms: made from the session's own secret, which no other site can read."""
    raw = hashlib.sha256(b"form\x00" + actor.token.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def csrf_before(request: Request) -> tuple[str, str]:
    """For forms of somebody who has not signed in: the secret that the browser keeps, and the token made from it.

    Threat: another site that makes a browser sign in as somebody else reads along what is then written down.
    """
    secret = request.cookies.get(BEFORE, "") or secrets.token_urlsafe(32)
    return secret, csrf_of(Actor("", secret))


def require_csrf_before(request: Request) -> None:
    """Refuse a form of before signing in that this server has not shown to this browser. Raises AccessError."""
    if not request.cookies.get(BEFORE):
        raise AccessError(
            "this form was not made by this page, or cookies are not allowed here; reload the page",
            zh="该表单并非由本页面生成，或浏览器禁用了 Cookie；请刷新页面",
        )
    require_csrf(request, csrf_before(request)[1])


def require_csrf(request: Request, expected: str) -> None:
    """Refuse a request that another site made the browser send.

    Scripts bear the token in a header. Plain forms have it in their field, which `guard` has put into the state of the
    request: the body is read once. Raises AccessError.
    """
    given = request.headers.get(HEADER, "") or str(getattr(request.state, "form_token", ""))
    if not compare_digest(given.encode(), expected.encode()):
        raise AccessError(
            "this form was not made by this page, or is of a session before; reload the page",
            zh="该表单并非由本页面生成，或属于先前的会话；请刷新页面",
        )


def language_of(request: Request) -> Language:
    """The language chosen, or else the first of the browser's that is spoken here."""
    chosen = request.cookies.get(LANGUAGE, "")
    if chosen in {"en", "zh"}:
        return chosen
    for one in request.headers.get("accept-language", "").split(","):
        if one.strip()[:2].lower() in {"en", "zh"}:
            return one.strip()[:2].lower()
    return "en"


def remember(response: Response, actor: Actor, house: House) -> None:
    """Give the browser its session, for as long as it is open: the next at this desk is somebody else."""
    del house
    keep(response, SESSION, f"{actor.id}.{actor.token}")


def forget(response: Response) -> None:
    """Take the session from the browser."""
    response.delete_cookie(SESSION, path="/", secure=True, httponly=True, samesite="strict")


def choose_language(response: Response, lang: Language) -> None:
    """Keep the language chosen in the browser."""
    keep(response, LANGUAGE, lang, age=_YEAR)


def keep(
    response: Response, name: str, value: str, *, age: int | None = None, sent: Literal["strict", "lax"] = "strict"
) -> None:
    """Have the browser keep a cookie (`age` in seconds, until it is closed without); "" takes it away.

    `sent` "lax" is for what must come back with a browser that another site sends here.
    """
    left = age if value else 0
    response.set_cookie(name, value, max_age=left, path="/", secure=True, httponly=True, samesite=sent)
