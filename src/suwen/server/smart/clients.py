"""Registered apps: found by id, and how each shows that it is the one it says."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from hmac import compare_digest
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from fastapi import Request

from suwen.errors import LoginError
from suwen.server.house import house_of
from suwen.server.smart.assertions import claimed, verify
from suwen.server.smart.refusals import RefusedError

if TYPE_CHECKING:
    from suwen.server.house import House
    from suwen.server.settings import SmartClient

__all__ = ["TOKEN_PATH", "authenticated", "client_of", "form_of"]

TOKEN_PATH = "/oauth/token"  # noqa: S105 - an address
_JWT = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FIVE_MINUTES = 300.0  # SMART App Launch 2.2, "exp": no more than five minutes in the future


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form; one that is there twice could be read once here and once there (RFC 6749, 3.1)."""
    pairs = [(name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)]
    found = dict(pairs)
    return found if len(found) == len(pairs) else {}


def client_of(house: House, name: str) -> SmartClient | None:
    """A registered app by its id."""
    return next((one for one in house.settings.apps if one.id == name), None)


def authenticated(request: Request, form: Mapping[str, str]) -> SmartClient:
    """The app behind a request to the token endpoints: by signed token, by secret, or as a public one by its id alone.

    An app that has a secret or keys is never taken by its id alone. Raises RefusedError.
    """
    house = house_of(request)
    if form.get("client_assertion") or form.get("client_assertion_type"):
        return _signing(house, form)
    name, secret = _given(request, form)
    client = client_of(house, name)
    if client is None or client.jwks is not None or not _same(client.secret, secret):
        raise RefusedError("invalid_client", "the app is not known, or did not show that it is the one it says")
    return client


def _given(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
    """Id and secret, in the header (each form-encoded first: RFC 6749, 2.3.1) or in the form, not both."""
    scheme, _, said = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, mark, secret = base64.b64decode(said.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        name = mark = secret = ""
    if not mark or "client_secret" in form:
        raise RefusedError("invalid_client", "give the id and the secret of the app in one way, as RFC 6749 says")
    return unquote_plus(name), unquote_plus(secret)


def _signing(house: House, form: Mapping[str, str]) -> SmartClient:
    """An app that signs (SMART App Launch 2.2, asymmetric authentication): it names itself as issuer and subject."""
    token = form.get("client_assertion", "")
    client = client_of(house, claimed(token))
    if client is None or client.jwks is None or form.get("client_assertion_type") != _JWT:
        raise RefusedError("invalid_client", "the app is not known, or did not show that it is the one it says")
    if form.get("client_id", client.id) != client.id:
        raise RefusedError("invalid_client", "the app names itself in two ways")
    audience = f"{house.settings.address}{TOKEN_PATH}"
    try:
        claims = verify(house, token, jwks=client.jwks, issuer=client.id, audience=audience, longest=_FIVE_MINUTES)
    except LoginError as refused:
        raise RefusedError("invalid_client", str(refused)) from None
    if claims.get("sub") != client.id:
        raise RefusedError("invalid_client", "the signed token is of another subject")
    return client


def _same(expected: str, given: str) -> bool:
    return compare_digest(expected.encode("utf-8", "surrogatepass"), given.encode("utf-8", "surrogatepass"))
