"""Refusing before the application is asked, in the words and the form that its own failures have."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request

from suwen.subject import Saying

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

__all__ = ["TurnedAwayError", "refuse"]


class TurnedAwayError(HTTPException):
    """A request that is refused before the application is asked; `zh` says why to people who read Chinese."""

    def __init__(self, status: int, said: Saying, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, said.en, dict(headers or {}))
        self.zh = said.zh


async def refuse(
    scope: Scope, receive: Receive, send: Send, status: int, said: Saying, headers: Mapping[str, str] | None = None
) -> None:
    """Answer with a status and one sentence, as a page, as FHIR or as JSON, by whom it was that asked."""
    handler = scope["app"].exception_handlers[HTTPException]
    answer = handler(Request(scope, receive), TurnedAwayError(status, said, headers))
    if inspect.isawaitable(answer):
        answer = await answer
    answer.headers["connection"] = "close"  # what is still coming is not read
    await answer(scope, receive, send)
