"""Logging in with the hospital's OpenID Connect provider: begun here, answered there, decided here."""

from __future__ import annotations

from dataclasses import dataclass, field

from suwen.errors import LoginError
from suwen.govern.people import log_in_as_subject
from suwen.records.audit import EventKind, Outcome
from suwen.records.gate import Records
from suwen.records.identity import oidc
from suwen.records.identity.oidc import Discovered, Pending, Provider
from suwen.records.people import Actor

__all__ = ["OpenIdLogin", "begin_openid_login", "log_in_with_openid"]


@dataclass(frozen=True, slots=True)
class OpenIdLogin:
    """A login under way: hold it in `Waiting` until the browser comes back, its handle in a cookie of that browser."""

    provider: Provider
    discovered: Discovered = field(repr=False)
    pending: Pending = field(repr=False)


def begin_openid_login(records: Records, provider: Provider) -> tuple[str, OpenIdLogin]:
    """The address to send the browser to, and the login to hold.

    Raises InputError, NetworkError, FormatError (the provider), MissingExtraError.
    """
    discovered = oidc.discover(provider)
    address, pending = oidc.begin(provider, discovered, clock=records.store.clock)
    return address, OpenIdLogin(provider, discovered, pending)


def log_in_with_openid(records: Records, begun: OpenIdLogin, address: str) -> Actor:
    """An actor from the address (whole, with its query) that the browser came back to. Each attempt is audited.

    Raises LoginError: one sentence for whatever was wrong; NetworkError, FormatError where the provider fails.
    """
    try:
        found = oidc.finish(begun.provider, begun.discovered, begun.pending, address, clock=records.store.clock)
    except LoginError:
        with records.store.transaction() as ongoing:
            detail = {"reason": "answer of the provider refused"}
            ongoing.note(EventKind.LOGIN, act="log in", outcome=Outcome.FAILURE, detail=detail)
        raise
    return log_in_as_subject(records, found.key, second_factor=found.second_factor)
