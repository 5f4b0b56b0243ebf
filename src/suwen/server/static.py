"""The built files of `web`: addresses that carry a digest stay in caches for a year, others for an hour."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Scope

__all__ = ["ASSETS", "Assets"]

ASSETS = Path(__file__).with_name("assets")


class Assets(StaticFiles):
    """Files of the folder `assets`, without listings and without links out of it."""

    def __init__(self) -> None:
        super().__init__(directory=ASSETS, check_dir=False)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with how long it may be kept."""
        response = await super().get_response(path, scope)
        lasting = "-" in Path(path).stem
        response.headers["cache-control"] = "public, max-age=31536000, immutable" if lasting else "public, max-age=3600"
        return response
