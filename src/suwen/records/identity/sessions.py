"""Sessions: an opaque token whose hash alone is kept, ending after quiet minutes and after a working day."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from hmac import compare_digest

from suwen.errors import LoginError
from suwen.records.identity.nouns import Account, Session
from suwen.subject import Saying

__all__ = ["Lifetime", "start", "token_hash", "touch"]

_OVER = Saying("the session is over; log in again", "会话已结束；请重新登录")


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lasts, in seconds: without use (45 CFR 164.312(a)(2)(iii), automatic logoff), and at most."""

    idle: float = 15 * 60
    longest: float = 12 * 3600


def start(
    account: Account,
    *,
    second_factor: bool,
    clock: Callable[[], float],
    lifetime: Lifetime = Lifetime(),
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> tuple[str, Session]:
    """Begin a session after an accepted login: the token goes to the person once, the session to the store."""
    token = base64.urlsafe_b64encode(random(32)).decode("ascii").rstrip("=")
    now = clock()
    return token, Session(token_hash(token), account.id, now, now, now + lifetime.longest, second_factor)


def token_hash(token: str) -> str:
    """Give what a session is looked up by. With 256 random bits in the token, a plain SHA-256 cannot be guessed back.

    Threat: whoever reads the store must not be able to use the sessions in it.
    """
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def touch(
    session: Session,
    token: str,
    *,
    account: Account,
    clock: Callable[[], float],
    lifetime: Lifetime = Lifetime(),
) -> Session:
    """Use a session: check that it is this token's, this account's and not over, and note that it was seen now.

    Raises:
        LoginError: the same for every reason, and for an account that was disabled meanwhile.

    """
    now = clock()
    right = compare_digest(token_hash(token), session.token_hash) and session.account == account.id
    # A lifetime that was shortened since also holds for sessions begun before.
    ends = min(session.expires, session.started + lifetime.longest, session.seen + lifetime.idle)
    if not right or account.disabled or now >= ends:
        raise LoginError(_OVER.en, zh=_OVER.zh)
    # Never backwards: a clock that was put back must not shorten or lengthen what was already used up.
    return replace(session, seen=max(session.seen, now))
