"""Who has just shown who they are: how one signs in is changed by nobody else (ASVS 5.0, 7.5.1)."""

from __future__ import annotations

from threading import Lock

from fastapi import Request

from suwen.errors import AccessError
from suwen.govern import Actor
from suwen.server.house import House, house_of
from suwen.server.visitors import csrf_of

__all__ = ["LASTS", "is_fresh", "mark_fresh", "require_fresh"]

LASTS = 600.0
_MOST = 10_000


class _Shown:
    """When each session was begun or confirmed, in memory: after a restart everybody confirms once more."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self.lock = Lock()


def mark_fresh(house: House, actor: Actor) -> None:
    """Note that somebody has shown just now who they are."""
    shown: _Shown = house.room("fresh", _Shown)
    with shown.lock:
        while len(shown.at) >= _MOST:
            shown.at.pop(next(iter(shown.at)))
        shown.at[csrf_of(actor)] = house.records.store.clock()


def is_fresh(house: House, actor: Actor) -> bool:
    """Whether somebody has shown who they are within the last ten minutes."""
    shown: _Shown = house.room("fresh", _Shown)
    return house.records.store.clock() - shown.at.get(csrf_of(actor), -LASTS) < LASTS


def require_fresh(request: Request, actor: Actor) -> None:
    """Refuse whoever has not.

    Threat: whoever finds a session open could add a passkey of their own and come back at any time.
    Raises AccessError.
    """
    if not is_fresh(house_of(request), actor):
        raise AccessError(
            "confirm on the page of your account who you are, then try again", zh="请先在您的账户页面确认身份，然后重试"
        )
