"""The only links a report carries: identifiers of publications and diseases, to the three sites that resolve them."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

__all__ = ["address", "linked"]

_SITES = {
    "PMID": "https://pubmed.ncbi.nlm.nih.gov/{}",
    "OMIM": "https://omim.org/entry/{}",
    "ORPHA": "https://www.orpha.net/en/disease/detail/{}",
}
# ASCII digits only: a link's address must never hold anything a document author chose freely.
_IDENTIFIER = re.compile(r"(?<![A-Za-z0-9_:])(PMID|OMIM|ORPHA):([0-9]{1,9})(?![A-Za-z0-9])")


def address(identifier: str) -> str:
    """Return the address of `PMID:1`, `OMIM:1` or `ORPHA:1`; empty for anything else."""
    match = _IDENTIFIER.fullmatch(identifier)
    return _SITES[match[1]].format(match[2]) if match else ""


def linked(text: str) -> Markup:
    """Escape a text and turn the identifiers in it into links."""
    parts: list[Markup] = []
    end = 0
    for match in _IDENTIFIER.finditer(text):
        parts += [escape(text[end : match.start()]), _anchor(match[0])]
        end = match.end()
    return Markup("").join([*parts, escape(text[end:])])


def _anchor(identifier: str) -> Markup:
    # no-referrer: the site learns nothing about the page, whose file name may hold a patient's identifier.
    # Markup.format escapes what it puts in.
    link = Markup('<a href="{}" rel="noopener noreferrer" referrerpolicy="no-referrer">{}</a>')
    return link.format(address(identifier), identifier)
