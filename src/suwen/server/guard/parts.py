"""Forms as they come in: kept in memory whatever their size, and their token found wherever it stands in them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from suwen.server.visitors import FIELD

if TYPE_CHECKING:
    from starlette.datastructures import Headers

__all__ = ["MOST_FILES", "FormRoute", "InMemory"]

MOST_FILES, MOST_FIELDS = 2_000, 1_000
_LONGEST_FIELD = 2**20  # bytes of a field that is no file
_LONGEST_HEADER = 8 * 1024  # bytes of a header of a part
_MULTIPART = "multipart/form-data"


class InMemory(MultiPartParser):
    """Starlette's parser without its temporary files.

    Threat: beyond a megabyte it writes a part to the disk in the clear, where it outlives the request in the blocks of
    the file system: a patient's images beside the store that seals them. How much all requests together may hold is
    counted by `guard.sizes`.
    """

    spool_max_size = 0  # to SpooledTemporaryFile: never

    def __init__(self, headers: Headers, stream: AsyncGenerator[bytes, None]) -> None:
        super().__init__(headers, stream, max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=_LONGEST_FIELD)

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        """As the parser does it, within bounds: it joins the pieces anew each time, which takes time by the square."""
        super().on_header_field(data, start, end)
        self._require_short(self._current_partial_header_name)

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        """As `on_header_field`."""
        super().on_header_value(data, start, end)
        self._require_short(self._current_partial_header_value)

    @staticmethod
    def _require_short(header: bytes) -> None:
        if len(header) > _LONGEST_HEADER:
            raise MultiPartException("A header of a part is too long.")


class _Formed(Request):
    """A request whose form of several parts is read once, by `InMemory`."""

    _parts: FormData | None = None

    async def form(self, **bounds: Any) -> FormData:  # type: ignore[override]
        """The form, with the bounds of this house whatever `bounds` asks."""
        del bounds
        if self._parts is None:
            try:
                self._parts = await InMemory(self.headers, self.stream()).parse()
            except MultiPartException as wrong:
                raise HTTPException(400, wrong.message) from None
            self.state.form_token = _token(self._parts)
        return self._parts


class FormRoute(APIRoute):
    """A route of pages: a form of several parts is read before anybody asks who sent it, since its token is in it.

    Who sends more than a few kilobytes was asked for before (`guard.sizes`).
    """

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """The handler around the one of FastAPI."""
        inner: Any = super().get_route_handler()

        async def handled(request: Request) -> Response:
            said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if said != _MULTIPART or request.method in {"GET", "HEAD"}:
                answer: Response = await inner(request)
                return answer
            formed = _Formed(request.scope, request.receive)
            form = await formed.form()
            try:
                answer = await inner(formed)
            finally:
                await form.close()
            return answer

        return handled


def _token(form: FormData) -> str:
    """The one token in a form; "" where there is none, or two, of which one might be read here and one there."""
    found = [one for one in form.getlist(FIELD) if isinstance(one, str)]
    return found[0] if len(found) == 1 == len(form.getlist(FIELD)) else ""
