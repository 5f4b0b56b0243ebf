"""Who stands behind a request of another system: a certified device or system, an app with a token, a signed-in person.

There is no other way to an interface. A certificate comes from the finished TLS handshake, never from a header.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Request
from starlette.types import Scope

from suwen.errors import AccessError, DataError, LoginError, MissingExtraError
from suwen.govern import Actor, recognise_device, require_known
from suwen.server.house import House, house_of
from suwen.server.smart.assertions import claimed, require_signed
from suwen.server.smart.grants import grants_of
from suwen.server.smart.scopes import allows
from suwen.server.tls.protocol import certificate_of, kept_of
from suwen.server.visitors import SESSION, session_of, visitor_of

__all__ = ["Called", "Caller", "caller_of", "is_known", "require_scope"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever calls: `scopes` limit an app beyond its person's rights (SMART App Launch 2.2), None where nothing does.

    `patient` is the one patient (id in hex) an app was launched for, "" where it was launched for none.
    """

    actor: Actor
    scopes: frozenset[str] | None = None
    patient: str = ""


def caller_of(request: Request) -> Caller:
    """The caller of a request. Raises LoginError where nobody vouches for it, AccessError for a forged one."""
    house = house_of(request)
    said = request.headers.get("authorization")
    if said is not None:
        return _app(house, said)
    if request.cookies.get(SESSION):
        return Caller(visitor_of(request).actor)
    certificate = certificate_of(request.scope)
    if certificate is None:
        raise LoginError("send a certificate that is registered here, or a token")
    return Caller(_device(house, certificate, kept_of(request.scope)))


Called = Annotated[Caller, Depends(caller_of)]


def require_scope(caller: Caller, kind: str, letter: str, *, patient: str = "") -> None:
    """Refuse an app what it was not granted: `letter` is one of c r u d s (create, read, update, delete, search).

    `kind` is the type of resource, `patient` whose it is (id in hex), "" where no single one's. An app that was
    launched for one patient reaches no other by its patient scopes. Whoever comes without scopes is limited by the
    policies alone, which are asked after this in any case. Raises AccessError.
    """
    if caller.scopes is None:
        return
    if not allows(caller.scopes, kind, letter, of_patient=bool(caller.patient) and patient == caller.patient):
        raise AccessError(f"the token's scopes do not cover this ({kind}.{letter})")


def is_known(scope: Scope) -> bool:
    """Whether somebody vouches for a request, as far as can be told before its body is read; it permits nothing.

    Threat: strangers who fill the memory with bodies that nobody would have taken from them.
    """
    request = Request(scope)
    house = house_of(request)
    said = request.headers.get("authorization")
    try:
        if said is not None:
            _vouched(house, said.partition(" ")[2].strip())
        elif request.cookies.get(SESSION):
            require_known(session_of(request), house.records)
        else:
            return certificate_of(scope) is not None
    except (LoginError, DataError, MissingExtraError):
        return False
    return True


def _vouched(house: House, token: str) -> None:
    """A token of an app, or one that a system of CDS Hooks has signed; whether it came before is asked later."""
    if token.count(".") != 2:
        require_known(grants_of(house).find(token).actor, house.records)
        return
    issuer = claimed(token)
    client = next((one for one in house.settings.cds_clients if one.issuer == issuer), None)
    if client is None:
        raise LoginError("the signed token is not accepted")
    require_signed(token, jwks=client.jwks)


def _app(house: House, said: str) -> Caller:
    """The app behind a bearer token (RFC 6750), as long as the person who granted it is signed in."""
    scheme, _, token = said.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise LoginError("send a token of the kind Bearer")
    grant = grants_of(house).find(token.strip())
    require_known(grant.actor, house.records)
    return Caller(replace(grant.actor, through=grant.client), grant.scopes, grant.patient)


def _device(house: House, certificate: bytes, kept: dict[str, Actor]) -> Actor:
    """The device or system of a connection.

    It signs in once a connection, and once that stands in the audit: each thing it then does has entries of its own,
    and one more for every request would bury them and cost a write. Whether it was revoked or its time is over is
    asked of the register at every request all the same, and once more by whatever touches a record.
    """
    known = kept.get("device")
    if known is None:
        known = recognise_device(house.records, certificate)
        kept["device"] = known
    require_known(known, house.records)
    return known
