"""The built files of `web`: kept for a year where the address carries a digest, packed where the browser unpacks.

Pages are never packed. Threat: how long a packed answer is tells how often its words repeat, so whoever makes a browser
send words that the page then shows learns what else stands on it (BREACH, CVE-2013-3587). The token of a form could be
masked anew in every answer; a patient's name and findings could not. These files are the same for everybody.
"""

from __future__ import annotations

import re
from os import PathLike, stat_result
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Scope

__all__ = ["ASSETS", "Assets"]

ASSETS = Path(__file__).with_name("assets")
_LASTING = re.compile(r"-[0-9a-f]{8}\.\w+\Z")  # the end of a name that the build gave: its digest
_PACKED = {"br": ".br", "gzip": ".gz"}  # the build puts them beside the plain file; the smaller first


class Assets(StaticFiles):
    """Files of a folder (the one named `assets`), without listings and without links out of it."""

    def __init__(self, folder: Path = ASSETS) -> None:
        super().__init__(directory=folder, check_dir=False)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with how long it may be kept. Packed files have no address of their own."""
        if path.endswith(tuple(_PACKED.values())):
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        lasting = _LASTING.search(path) is not None
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if lasting else "public, max-age=3600"
        response.headers["vary"] = "accept-encoding"
        return response

    def file_response(
        self, full_path: PathLike[str] | str, stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """The file as the browser would have it: packed where it can unpack it."""
        for coding, ending in _PACKED.items():
            packed = Path(f"{full_path}{ending}")
            if _takes(scope, coding) and packed.is_file():
                response = super().file_response(packed, packed.stat(), scope, status_code)
                if isinstance(response, FileResponse):
                    response.headers["content-encoding"] = coding
                return response
        return super().file_response(full_path, stat_result, scope, status_code)


def _takes(scope: Scope, coding: str) -> bool:
    """Whether a browser says that it unpacks a coding (RFC 9110, 12.5.3); "q=0" says that it does not."""
    for one in Headers(scope=scope).get("accept-encoding", "").lower().split(","):
        name, _, weight = one.partition(";")
        if name.strip() == coding:
            return re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight) is None
    return False
