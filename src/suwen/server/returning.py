"""Where somebody was when they had to sign in: kept in a cookie of their browser, and gone back to afterwards.

Not in the address of the sign-in page: addresses stand in histories and logs, and a link that carries one leads whoever
follows it wherever its maker wants (CWE-601).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from suwen.server.showing import is_fragment
from suwen.server.visitors import SESSION, keep

if TYPE_CHECKING:
    from fastapi import Request, Response

    from suwen.govern import Actor

__all__ = ["BACK", "forget_place", "keep_place", "kept_place", "own_path"]

BACK = "__Host-suwen-back"
_LASTS = 600  # seconds
_LONGEST = 512
_NOWHERE = ("/sign-in", "/sign-out", "/session", "/language", "/assets", "/oauth")


def own_path(text: str) -> str:
    r"""A path of this server without what follows it, "/" for anything else.

    Threat: a link that seems to lead here and leads on to another site. Browsers read //x, /\x and a tab or line break
    between them as another host.
    """
    sound = text.startswith("/") and text[1:2] not in {"/", "\\"} and text.isprintable() and "\\" not in text
    return text.partition("?")[0].partition("#")[0] if sound else "/"


def keep_place(request: Request, response: Response) -> None:
    """Keep the page that a browser is at, for the person whose session it was.

    A picture or a stream within a page is no place to go back to, and neither is what changes something. The cookie is
    "lax": an OpenID Connect provider sends the browser back from its own site, and a "strict" one would not come along.
    """
    path = _page(request)
    if path == "/" or len(path) > _LONGEST or path.startswith(_NOWHERE):
        return
    who = request.cookies.get(SESSION, "").partition(".")[0]
    keep(response, BACK, f"{quote(who, safe='')}.{quote(path, safe='/')}", age=_LASTS, sent="lax")


def kept_place(request: Request, actor: Actor) -> str:
    """Where to go on after signing in; the first page for somebody else than whoever was there before."""
    who, _, path = request.cookies.get(BACK, "").partition(".")
    found = own_path(unquote(path))
    return found if unquote(who) in {"", actor.id} and not found.startswith(_NOWHERE) else "/"


def forget_place(response: Response) -> None:
    """Take the place from the browser."""
    keep(response, BACK, "")


def _page(request: Request) -> str:
    if is_fragment(request):
        return _within(request, request.headers.get("hx-current-url", ""))
    if request.method != "GET":
        return _within(request, request.headers.get("referer", ""))
    mode = request.headers.get("sec-fetch-mode", "navigate")
    shown = mode == "navigate" and "text/html" in request.headers.get("accept", "")
    return own_path(quote(request.url.path, safe="/")) if shown else "/"


def _within(request: Request, address: str) -> str:
    """The path of an address of this server, "/" for any other."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    here = (request.url.scheme, request.headers.get("host", ""))
    return own_path(parts.path) if (parts.scheme, parts.netloc) == here else "/"
