"""CURIEs as documents spell them, brought to the one spelling used inside Suwen."""

from __future__ import annotations

import re
from types import MappingProxyType

__all__ = ["DISEASE_SYSTEMS", "curie"]

DISEASE_SYSTEMS = frozenset({"MONDO", "OMIM", "ORPHA"})

_CURIE = re.compile(r"([A-Za-z][A-Za-z0-9.\-]{0,30})([:_])\s?([A-Za-z0-9][\w.\-]{0,62})", re.ASCII)
_PREFIXES = MappingProxyType(
    {
        "HP": "HP",
        "HPO": "HP",
        "MIM": "OMIM",
        "MONDO": "MONDO",
        "OMIM": "OMIM",
        "ORPHA": "ORPHA",
        "ORPHANET": "ORPHA",
        "SCTID": "SNOMEDCT",
        "SNOMED": "SNOMEDCT",
        "SNOMEDCT": "SNOMEDCT",
    }
)
_SHAPES = MappingProxyType(
    {
        "HP": re.compile(r"[0-9]{7}"),
        "MONDO": re.compile(r"[0-9]{7}"),
        "OMIM": re.compile(r"(?:PS)?[0-9]{6}"),
        "ORPHA": re.compile(r"[0-9]{1,7}"),
        "SNOMEDCT": re.compile(r"[0-9]{6,18}"),
    }
)


def curie(text: str) -> str | None:
    """Give the house spelling of a CURIE (`hp_0001250` is `HP:0001250`, `Orphanet:558` is `ORPHA:558`), or None.

    A known terminology's identifier must have its shape (seven digits in HPO); others pass as they are.
    """
    match = _CURIE.fullmatch(text.strip())
    if match is None:
        return None
    prefix, joint, local = match.groups()
    known = _PREFIXES.get(prefix.upper())
    if known is None:
        return f"{prefix}:{local}" if joint == ":" else None
    return f"{known}:{local}" if _SHAPES[known].fullmatch(local) else None
