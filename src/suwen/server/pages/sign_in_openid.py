"""Signing in with the hospital's OpenID Connect provider: authorization code with PKCE."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from suwen.errors import DataError, FormatError, LoginError, NotFoundError
from suwen.govern import OpenIdLogin, OpenIdProvider, begin_openid_login, log_in_with_openid
from suwen.server.guard.parts import FormRoute
from suwen.server.house import House, house_of
from suwen.server.pages.sign_in import show_sign_in
from suwen.server.pages.sign_in_held import OPENID, hold, taken, welcome
from suwen.server.pages.sign_in_words import SIGN_IN
from suwen.server.returning import kept_place
from suwen.server.showing import show
from suwen.server.visitors import require_csrf_before

__all__ = ["router"]

router = APIRouter(include_in_schema=False, route_class=FormRoute)
_BACK = "/sign-in/openid/back"


@router.post("/sign-in/openid")
def begin(request: Request) -> Response:
    """Send the browser to the provider; the handle of this login comes back with it, so its cookie is "lax"."""
    require_csrf_before(request)
    house = house_of(request)
    try:
        address, begun = begin_openid_login(house.records, _provider(house))
    except (DataError, FormatError):
        return show_sign_in(request, said="openid_failed")
    response = _onward(request, address)
    hold(request, response, begun, cookie=OPENID, sent="lax")
    return response


@router.get(_BACK)
def back(request: Request) -> Response:
    """What the provider sent the browser back with."""
    house = house_of(request)
    _provider(house)
    address = f"{house.settings.address}{_BACK}?{request.url.query}"
    try:
        begun = taken(request, OpenIdLogin, cookie=OPENID)
        actor = log_in_with_openid(house.records, begun, address)
    except LoginError:
        return show_sign_in(request, said="refused")
    except (DataError, FormatError):
        return show_sign_in(request, said="openid_failed")
    response = _onward(request, kept_place(request, actor))
    welcome(request, response, actor)
    return response


def _onward(request: Request, address: str) -> Response:
    """A page that leads on by itself.

    A redirect would not do: after a form it falls under `form-action`, and one that began at the provider's site comes
    without the strict cookie of the session.
    """
    return show(request, "sign_in_onward.html", SIGN_IN, address=address)


def _provider(house: House) -> OpenIdProvider:
    one = house.settings.provider
    if one is None:
        raise NotFoundError(
            "no OpenID Connect provider is set up here; sign in another way",
            zh="此处未设置统一身份认证（OpenID Connect）；请用其他方式登录",
        )
    back = f"{house.settings.address}{_BACK}"
    return OpenIdProvider(one.issuer, one.client, back, client_secret=one.secret, ca_file=one.ca_file)
