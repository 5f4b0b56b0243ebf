"""Who stands behind a request of another system: a certified device or system, an app with a token, a signed-in person.

There is no other way to an interface. A certificate comes from the finished TLS handshake, never from a header.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from suwen.errors import LoginError
from suwen.govern import Actor, recognise_device
from suwen.server.house import house_of
from suwen.server.tls.protocol import certificate_of
from suwen.server.visitors import SESSION, visitor_of

__all__ = ["Called", "Caller", "caller_of"]


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
    if request.headers.get("authorization"):
        raise LoginError("the token is not accepted; have the app ask for a new one")
    if request.cookies.get(SESSION):
        return Caller(visitor_of(request).actor)
    certificate = certificate_of(request.scope)
    if certificate is None:
        raise LoginError("send a certificate that is registered here, or a token")
    return Caller(recognise_device(house_of(request).records, certificate))


Called = Annotated[Caller, Depends(caller_of)]
