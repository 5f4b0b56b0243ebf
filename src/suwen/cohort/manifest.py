"""The manifest of a cohort as JSON, format 1, and the digest that everything trained on it is traced by.

One object with `format`, `digest` and the fields of `Manifest`; `digest` is the SHA-256 of the canonical JSON (RFC 8785
but for numbers, of which there are only whole ones and those of the criteria) of all the rest. To change what a field
means, raise the number and keep this reader.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from suwen.cohort.nouns import Manifest, Row, Use
from suwen.errors import FormatError
from suwen.formats.decode import parse_json
from suwen.formats.fhir.tree import canonical

__all__ = ["manifest_from_plain", "manifest_plain", "read_manifest", "signed", "write_manifest"]

FORMAT = 1
_FIELDS = ("actor", "anonymity", "approval", "at", "columns", "criteria", "release", "rows", "table", "texts", "use")


def signed(manifest: Manifest) -> Manifest:
    """The manifest with its digest."""
    plain = manifest_plain(manifest)
    del plain["digest"]
    return replace(manifest, digest=hashlib.sha256(canonical(plain)).hexdigest())


def manifest_plain(manifest: Manifest) -> dict[str, Any]:
    """The manifest as JSON."""
    said = {name: getattr(manifest, name) for name in _FIELDS}
    rows = [{"pseudonym": one.pseudonym, "records": one.records} for one in manifest.rows]
    return {
        **said,
        "format": FORMAT,
        "use": manifest.use.value,
        "columns": list(manifest.columns),
        "rows": rows,
        "number": manifest.number,
        "digest": manifest.digest,
    }


def manifest_from_plain(plain: Any) -> Manifest:
    """Read what `manifest_plain` made. Raises FormatError where it is none or its digest is not that of the rest."""
    if not isinstance(plain, Mapping) or plain.get("format") != FORMAT:
        raise FormatError(f"this is no cohort manifest of format {FORMAT}")
    try:
        rows = tuple(Row(one["pseudonym"], one["records"]) for one in plain["rows"])
        rest = {name: plain[name] for name in _FIELDS if name not in {"rows", "columns", "use"}}
        found = Manifest(**rest, rows=rows, columns=tuple(plain["columns"]), use=Use(plain["use"]))
    except (KeyError, TypeError, ValueError):
        raise FormatError("the cohort manifest cannot be read: a field is missing or of the wrong kind") from None
    whole = signed(found)
    if dict(plain) != manifest_plain(whole):  # with the digest that what it says has, and nothing besides
        raise FormatError("the cohort manifest was changed: its digest is not that of what it says")
    return whole


def write_manifest(manifest: Manifest) -> bytes:
    """The manifest as a file."""
    return canonical(manifest_plain(manifest)) + b"\n"


def read_manifest(data: bytes) -> Manifest:
    """Read a manifest file. Raises FormatError."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise FormatError("a cohort manifest is JSON in UTF-8, and this is not") from None
    return manifest_from_plain(parse_json(text))
