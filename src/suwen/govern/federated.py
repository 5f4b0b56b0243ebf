"""Logging in through the hospital's OpenID Connect provider, to an account that an administrator opened for it."""

from __future__ import annotations

from suwen.errors import LoginError
from suwen.govern.people import log_in_as_subject
from suwen.records.audit import EventKind, Outcome
from suwen.records.gate import Records
from suwen.records.identity import oidc
from suwen.records.identity.oidc import Discovered, Pending, Provider
from suwen.records.people import Actor

__all__ = ["begin_federated_login", "log_in_federated"]


def begin_federated_login(records: Records, provider: Provider) -> tuple[str, Discovered, Pending]:
    """The address to send the browser to, and what to hold until it comes back. Raises NetworkError, FormatError."""
    discovered = oidc.discover(provider)
    address, pending = oidc.begin(provider, discovered, clock=records.store.clock)
    return address, discovered, pending


def log_in_federated(
    records: Records, provider: Provider, discovered: Discovered, pending: Pending, callback_url: str
) -> Actor:
    """An actor from the address the browser came back with. Each attempt is audited; take `pending` out before.

    Raises LoginError for an answer that does not hold, and for somebody who has no account here; NetworkError.
    """
    try:
        identity = oidc.finish(provider, discovered, pending, callback_url, clock=records.store.clock)
    except LoginError:
        with records.store.transaction() as ongoing:
            detail = {"reason": "the provider's answer does not hold"}
            ongoing.note(EventKind.LOGIN, act="log in", outcome=Outcome.FAILURE, detail=detail)
        raise
    return log_in_as_subject(records, identity.key, second_factor=identity.second_factor)
