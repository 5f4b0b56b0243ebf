"""Guards around every request: headers, lengths, rate, name, origin, form tokens; the outermost is asked first."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from suwen.server.guard.challenges import Challenges
from suwen.server.guard.forms import FormTokens
from suwen.server.guard.headers import Headers
from suwen.server.guard.hosts import Hosts, names_here
from suwen.server.guard.origins import Origins
from suwen.server.guard.rates import Rates
from suwen.server.guard.sharing import Sharing
from suwen.server.guard.sizes import Sizes

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Scope

    from suwen.server.house import House

__all__ = ["guarded"]


def guarded(app: FastAPI, house: House, *, known: Callable[[Scope], bool]) -> None:
    """Put the guards around an application; what is added last stands outermost.

    `known` says of a request's scope whether somebody vouches for it, before much of its body is read.
    """
    settings = house.settings
    app.add_middleware(FormTokens)
    app.add_middleware(Sizes, largest=settings.largest, at_once=settings.at_once, known=known)
    app.add_middleware(Origins, allowed=settings.origins)
    app.add_middleware(Sharing, allowed=settings.origins)
    app.add_middleware(Rates, a_minute=settings.a_minute, tries=settings.tries, clock=time.monotonic)
    app.add_middleware(Hosts, names=names_here(settings))
    app.add_middleware(Challenges)
    app.add_middleware(Headers)
