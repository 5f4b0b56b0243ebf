"""Drawings of molecules fit for a page whose policy forbids inline style: styles become presentation attributes."""

from __future__ import annotations

import re

from markupsafe import Markup

__all__ = ["unstyled"]

_STYLED = re.compile(r"""<([a-zA-Z]+)([^<>]*?)\sstyle=(['"])(.*?)\3([^<>]*)>""")
# Properties that SVG has as presentation attributes (SVG 2, 6.6); whatever else stands in a style is left out.
_PRESENTATION = frozenset(
    {
        *("fill", "fill-opacity", "fill-rule", "font-family", "font-size", "font-style", "font-weight", "opacity"),
        *("stroke", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-opacity"),
        *("stroke-width", "text-anchor"),
    }
)
_VALUE = re.compile(r"[-#.,%()\w\s]*")


def unstyled(drawing: str) -> Markup:
    """The drawing without style attributes, looking the same; it was made here and escaped by its maker."""
    return Markup(_STYLED.sub(_plain, drawing))  # noqa: S704


def _plain(found: re.Match[str]) -> str:
    name, before, _, style, after = found.groups()
    kept = []
    for one in style.split(";"):
        key, colon, value = (part.strip() for part in one.partition(":"))
        there = re.search(rf"\s{re.escape(key)}=", before + after) if key else None
        if colon and key in _PRESENTATION and _VALUE.fullmatch(value) and not there:
            kept.append(f" {key}='{value}'")
    return f"<{name}{before}{''.join(kept)}{after}>"
