"""What people granted to apps: requests under way, codes and tokens; held in memory, hashed, for minutes."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, replace
from hmac import compare_digest
from threading import Lock
from typing import TYPE_CHECKING

from suwen.errors import LoginError
from suwen.govern import Actor
from suwen.server.smart.boxes import Box, new_handle

if TYPE_CHECKING:
    from suwen.server.house import House

__all__ = ["Asked", "Grant", "Grants", "Launch", "grants_of", "is_verifier", "s256"]

_CODE = 60.0  # seconds; RFC 6749, 4.1.2 allows ten minutes at most
_TOKEN = 15 * 60.0  # not longer than a quiet session: an app alone must not keep a person signed in for long
_SERVICE = 5 * 60.0  # SMART backend services: "should not exceed 300 seconds"
_ASKED = 10 * 60.0
_LAUNCH = 5 * 60.0
_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")  # RFC 7636, 4.1


@dataclass(frozen=True, slots=True)
class Launch:
    """An app opened from a patient's page: for which patient (id in hex), by which account, which app."""

    patient: str
    account: str
    client: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of an app, found sound: what it may be granted, where the answer goes, and what binds the code to it.

    `picks`: the person has to choose a patient. `launch`: where the app was opened from a patient's page.
    """

    client: str
    redirect: str
    scopes: tuple[str, ...]
    context: tuple[str, ...]
    state: str
    challenge: str
    picks: bool
    launch: Launch | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token carries: who granted it (an app never has more rights), to which app, which scopes, which patient.

    `context` are scopes that only say for whom the app was launched. `family`: of all that came from one code; it
    opens nothing. `since`: when it was granted, `expires`: both seconds UTC. `lasts`: seconds.
    """

    actor: Actor
    client: str
    scopes: frozenset[str]
    patient: str = ""
    context: tuple[str, ...] = ()
    family: str = ""
    since: float = 0.0
    expires: float = 0.0
    lasts: float = _TOKEN

    @property
    def scope(self) -> str:
        """The scopes as one text, in a fixed order."""
        return " ".join((*self.context, *sorted(self.scopes)))


@dataclass(frozen=True, slots=True)
class _Code:
    grant: Grant
    redirect: str
    challenge: str


class Grants:
    """Requests under way, codes and tokens of one server; nothing of it survives a restart."""

    def __init__(self, house: House) -> None:
        self.clock = house.records.store.clock
        self.asked: Box[Asked] = Box(self.clock, lasts=_ASKED)
        self.launches: Box[Launch] = Box(self.clock, lasts=_LAUNCH)
        self._lasts = min(_TOKEN, house.settings.idle)
        self._codes: Box[_Code] = Box(self.clock, lasts=_CODE)
        self._spent: Box[str] = Box(self.clock, lasts=house.settings.longest)
        self._tokens: Box[Grant] = Box(self.clock, lasts=self._lasts)
        self._lock = Lock()

    def code(self, grant: Grant, asked: Asked) -> str:
        """A code for what a person granted, to be exchanged once within a minute."""
        now = self.clock()
        kept = replace(grant, family=new_handle(), since=now, expires=now + _CODE)
        return self._codes.put(_Code(kept, asked.redirect, asked.challenge))

    def redeem(self, code: str, *, client: str, redirect: str, verifier: str) -> tuple[str, Grant] | None:
        """A token for a code, None where anything does not fit. A code is tried once, whatever comes of it.

        A code that comes a second time was stolen, by the first or by the second: what it gave is taken back (RFC
        6749, 10.5). The verifier shows that whoever exchanges it is whoever asked for it (RFC 7636).
        """
        with self._lock:
            found = self._codes.take(code)
            if found is None:
                family = self._spent.find(code)
                if family is not None:
                    self._tokens.drop(lambda one: one.family == family)
                return None
            self._spent.put(found.grant.family, handle=code)
            fits = (
                compare_digest(found.grant.client.encode(), client.encode()),
                compare_digest(found.redirect.encode(), redirect.encode()),
                is_verifier(verifier) and compare_digest(found.challenge, s256(verifier)),
            )
            return self._issued(found.grant, self._lasts) if all(fits) else None

    def issue(self, grant: Grant) -> tuple[str, Grant]:
        """A token for a service that acts for itself."""
        return self._issued(grant, min(_SERVICE, self._lasts))

    def _issued(self, grant: Grant, lasts: float) -> tuple[str, Grant]:
        kept = replace(grant, expires=self.clock() + lasts, lasts=lasts)
        return self._tokens.put(kept, lasts=lasts), kept

    def find(self, token: str) -> Grant:
        """What a token carries. Raises LoginError for one that is not known, over or revoked."""
        found = self._tokens.find(token)
        if found is None:
            raise LoginError(
                "the token is not accepted; have the app ask for a new one", zh="不接受该令牌；请让应用重新申请"
            )
        return found

    def of_account(self, account: str) -> list[Grant]:
        """What apps hold of a person (id of the account): tokens, and codes not exchanged yet; the newest first."""
        with self._lock:
            held = [*self._tokens.values(), *(one.grant for one in self._codes.values())]
        mine = [one for one in reversed(held) if one.family and one.actor.id == account]
        return sorted(mine, key=lambda one: -one.since)

    def end(self, account: str, *, family: str = "") -> int:
        """Take back what apps hold of a person, at once; `family`: of this one grant alone. How much there was.

        A code that is not exchanged yet goes too: else an app that waits would come back with a token.
        """

        def is_meant(one: Grant) -> bool:
            return one.actor.id == account and bool(one.family) and one.family == (family or one.family)

        with self._lock:
            return self._codes.drop(lambda one: is_meant(one.grant)) + self._tokens.drop(is_meant)

    def revoke(self, token: str, client: str) -> None:
        """Take an app's own token back, with all that came from the same code; another's stays (RFC 7009, 2.1)."""
        found = self._tokens.find(token)
        if found is not None and compare_digest(found.client.encode(), client.encode()):
            self._tokens.take(token)
            if found.family:
                self._tokens.drop(lambda one: one.family == found.family)


def grants_of(house: House) -> Grants:
    """The grants of a house, made at their first use."""
    found: Grants = house.room("smart", lambda: Grants(house))
    return found


def is_verifier(text: str) -> bool:
    """Whether a text is a code verifier: 43 to 128 unreserved characters (RFC 7636, 4.1)."""
    return _VERIFIER.fullmatch(text) is not None


def s256(verifier: str) -> str:
    """The challenge of a verifier by the method S256 (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
