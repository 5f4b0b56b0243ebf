"""Checks the XHTML of a narrative: http://hl7.org/fhir/R4/narrative.html."""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

__all__ = ["is_narrative"]

_XHTML = "http://www.w3.org/1999/xhtml"
_ALLOWED = (
    "a abbr acronym address area b bdo big blockquote br caption center cite code col colgroup dd dfn div dl dt em font"
    " h1 h2 h3 h4 h5 h6 hr i img kbd li map ol p pre q s samp small span strike strong sub sup table tbody td tfoot th"
    " thead tr tt u ul var"
)
# Chapters 7-11 (without 9.4) and 15 of HTML 4.0, links and images. A narrative may be shown to a person, so nothing
# that runs, loads a page or asks for input gets through.
_ELEMENTS = frozenset(_ALLOWED.split())
_SCHEMES = ("javascript:", "vbscript:", "data:text", "file:")


class _RefusedError(Exception):
    """The narrative holds something that R4 does not allow."""


def is_narrative(div: str) -> bool:
    """Whether a text is one well-formed div of basic formatting that says something (txt-1, txt-2)."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = reader.refuse  # also the door of entities that expand to gigabytes
    parser.StartElementHandler = reader.start
    parser.CharacterDataHandler = reader.characters
    parser.ProcessingInstructionHandler = reader.refuse
    try:
        parser.Parse(div.encode(), True)
    except (expat.ExpatError, _RefusedError, ValueError):
        return False
    return reader.says_something


class _Reader:
    """What the parser meets on its way."""

    def __init__(self) -> None:
        self.says_something = False
        self._is_inside = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, tag = name.rpartition(" ")
        if space not in {"", _XHTML} or tag not in _ELEMENTS or (not self._is_inside and tag != "div"):
            raise _RefusedError
        for attribute, value in attributes.items():
            if attribute.lower().startswith("on") or value.strip().lower().startswith(_SCHEMES):
                raise _RefusedError
        self._is_inside = True
        self.says_something = self.says_something or tag == "img"

    def characters(self, data: str) -> None:
        self.says_something = self.says_something or not data.isspace()

    def refuse(self, *_: Any) -> None:
        raise _RefusedError
