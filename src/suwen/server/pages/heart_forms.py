"""The fields of a form as they were sent: read once, each name with all its values, nothing kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request

__all__ = ["Fields", "Sent", "fields_of"]

Fields = Mapping[str, tuple[str, ...]]
_LONGEST = 200_000  # characters of one field


async def fields_of(request: Request) -> Fields:
    """What a form holds besides a file. Longer fields than any page asks for are cut, and so refused."""
    form = await request.form(max_files=1, max_fields=500)
    found: dict[str, tuple[str, ...]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            found[name] = (*found.get(name, ()), value[:_LONGEST])
    return found


Sent = Annotated[Fields, Depends(fields_of)]
