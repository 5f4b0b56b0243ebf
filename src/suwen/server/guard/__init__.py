"""Guards around every request: headers, size, rate, form tokens; the outermost is asked first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suwen.server.guard.forms import FormTokens
from suwen.server.guard.headers import Headers

if TYPE_CHECKING:
    from fastapi import FastAPI

    from suwen.server.house import House

__all__ = ["guarded"]


def guarded(app: FastAPI, house: House) -> None:
    """Put the guards around an application; what is added last stands outermost."""
    app.add_middleware(FormTokens, largest=house.settings.largest)
    app.add_middleware(Headers)
