"""Answers of the OAuth 2.0 endpoints: what was wrong in the words of RFC 6749, and headers that keep them uncached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi.responses import JSONResponse

__all__ = ["RefusedError", "answer", "refusal"]

_UNCACHED = {"cache-control": "no-store", "pragma": "no-cache"}


class RefusedError(ValueError):
    """A request to an OAuth endpoint is refused: `code` as RFC 6749 names it, the text for the app's makers."""

    def __init__(self, code: str, said: str) -> None:
        super().__init__(said)
        self.code = code


def answer(content: Mapping[str, Any], status: int = 200) -> JSONResponse:
    """An answer that nobody may keep."""
    return JSONResponse(dict(content), status, _UNCACHED)


def refusal(refused: RefusedError) -> JSONResponse:
    """A refusal as an answer; an app that could not show who it is gets 401 (RFC 6749, 5.2)."""
    unknown = refused.code == "invalid_client"
    response = answer({"error": refused.code, "error_description": str(refused)}, 401 if unknown else 400)
    if unknown:
        response.headers["www-authenticate"] = 'Basic realm="Suwen"'
    return response
