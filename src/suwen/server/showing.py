"""Pages from templates: the frame with its navigation, the words of a page in the visitor's language, fragments."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from types import SimpleNamespace
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from suwen.server.frame_words import FRAME
from suwen.server.house import house_of
from suwen.server.places import PLACES, Place
from suwen.server.visitors import Visitor, language_of
from suwen.subject import Saying

__all__ = ["Words", "asset", "is_fragment", "iso_time", "short_time", "show", "styles", "templates", "worded"]

Words = Mapping[str, Saying]
_MANIFEST = ("assets", ".vite", "manifest.json")


def show(
    request: Request,
    template: str,
    words: Words,
    *,
    visitor: Visitor | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **content: Any,
) -> HTMLResponse:
    """A page (or for htmx a fragment) from a template of this room.

    Templates know `say` (the words in the visitor's language: say.title), `lang`, `visitor` (None before signing in),
    `csrf`, `places` (the navigation), `here` (path), `asset(name)`, `frame` (words of the frame), and `content`.
    All is escaped; a name that does not exist is an error. Nothing of a person may stay in a cache (ASVS 14.3.2).
    """
    lang = visitor.lang if visitor else language_of(request)
    given = {
        "say": worded(words, lang),
        "frame": worded(FRAME, lang),
        "lang": lang,
        "visitor": visitor,
        "csrf": visitor.csrf if visitor else "",
        "places": _places(visitor),
        "here": request.url.path,
        "idle": house_of(request).settings.idle,
        "demonstration": bool(house_of(request).settings.demonstration),
        **content,
    }
    text = templates().get_template(template).render(given)
    return HTMLResponse(text, status, {"cache-control": "no-store", "vary": "cookie, hx-request", **(headers or {})})


def worded(words: Words, lang: str) -> SimpleNamespace:
    """The words of a page in one language, each by its name."""
    return SimpleNamespace(**{name: one.said(lang) for name, one in words.items()})


def is_fragment(request: Request) -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("hx-request") == "true" and request.headers.get("hx-boosted") != "true"


def asset(name: str) -> str:
    """The address of a built file of `web` by its source ("src/app.js"); the address of a build carries its digest."""
    entry = _manifest().get(name)
    return f"/assets/{entry['file'] if entry else name.rpartition('/')[2]}"


def styles(name: str) -> list[str]:
    """The addresses of the styles that come with a built file."""
    entry = _manifest().get(name, {})
    return [f"/assets/{one}" for one in entry.get("css", ())]


@cache
def _manifest() -> dict[str, Any]:
    file = resources.files("suwen.server").joinpath(*_MANIFEST)
    return dict(json.loads(file.read_text("utf-8"))) if file.is_file() else {}


def _places(visitor: Visitor | None) -> list[Place]:
    """The parts of the house that the visitor's roles lead to."""
    return [one for one in PLACES if visitor is not None and (not one.roles or visitor.has(*one.roles))]


@cache
def templates() -> Environment:
    """The templates of this room."""
    found = Environment(
        loader=PackageLoader("suwen.server"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals.update(asset=asset, styles=styles)
    found.filters.update(short_time=short_time, iso_time=iso_time)
    return found


def short_time(at: float) -> str:
    """A time (microseconds, UTC) to the minute, in UTC: a hospital's log and its screens tell the same time."""
    return f"{datetime.fromtimestamp(at / 1e6, UTC):%Y-%m-%d %H:%M}"


def iso_time(at: float) -> str:
    """The same for machines."""
    return datetime.fromtimestamp(at / 1e6, UTC).isoformat()
