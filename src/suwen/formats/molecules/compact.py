"""A drawing of a molecule in a fourth of its size, for pages that hold hundreds of them: the same lines, joined."""

from __future__ import annotations

import re
from itertools import groupby

__all__ = ["compact"]

_PATH = re.compile(r"<path(?: class='[^']*')? d='([^']*)'((?: style='[^']*'| fill='[^']*')+)\s*/>")
# What a browser takes for granted, and names of other vocabularies that the drawing does not use
_GRANTED = (
    ("fill-rule:evenodd;", ""), (";stroke-linecap:butt", ""), (";stroke-linejoin:miter", ""), (";stroke-opacity:1", ""),
    (";stroke-miterlimit:10", ""), (";fill-opacity:1", ""), ("px;", ";"),
)  # fmt: skip
_HEAD = re.compile(r"\s+(?:version|baseProfile|xmlns:rdkit|xmlns:xlink|xml:space)='[^']*'")


def compact(svg: str) -> str:
    """The drawing with neighbouring paths of one style joined to one path, and without what says nothing.

    Looks the same: only paths that follow each other directly are joined, so nothing comes to lie over or under
    something else. Titles, descriptions and halos stay.
    """
    head, body = svg.split(">", 1)
    parts = [one.strip() for one in re.split(r"(<path[^>]*/>)", body) if one.strip()]
    made: list[str] = []
    for style, group in groupby(parts, key=_style_of):
        if style is None:
            made += group
        else:
            lines = " ".join(" ".join(found[1].split()) for one in group if (found := _PATH.fullmatch(one)))
            made.append(f"<path d='{lines}'{style}/>")
    return f"{' '.join(_HEAD.sub('', head).split())}>{''.join(made)}\n"


def _style_of(part: str) -> str | None:
    found = _PATH.fullmatch(part)
    if found is None:
        return None
    style = found[2].replace(";'", "'")
    for granted, shorter in _GRANTED:
        style = style.replace(granted, shorter)
    return style
