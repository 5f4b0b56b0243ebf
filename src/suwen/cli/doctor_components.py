"""A bill of materials of what is installed, as CycloneDX 1.6: each library with version, licence and hash."""

from __future__ import annotations

import datetime
import hashlib
import json
import platform
import re
import sqlite3
import ssl
import uuid
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

from suwen.errors import InputError

__all__ = ["bill_of_materials", "write_components"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LONGEST = 200  # characters of a licence's name: some packages put its whole text there


def bill_of_materials(at: datetime.datetime) -> dict[str, Any]:
    """What is installed now beside Suwen, as a document of CycloneDX 1.6 (ECMA-424); `at`: when it was looked at, UTC.

    `suwen:record` is the SHA-256 of a package's RECORD, which holds the hash of each of its files: two machines on
    which it is the same hold the same files. `hashes` are of the archive, where pip has kept them.
    """
    found = {_normal(one.name): one for one in metadata.distributions() if one.name}
    own = found.pop("suwen", None)
    parts = [_library(name, one) for name, one in sorted(found.items())]
    subject = _described("suwen", own) if own else {"type": "application", "bom-ref": "suwen", "name": "suwen"}
    everything = {**found, **({"suwen": own} if own else {})}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid4()}",
        "version": 1,
        "metadata": {"timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "component": subject},
        "components": [*parts, *_beneath()],
        "dependencies": [
            {
                "ref": _ref(name, one),
                "dependsOn": sorted(_ref(other, everything[other]) for other in _needs(one, found)),
            }
            for name, one in sorted(everything.items())
        ],
    }


def write_components(file: Path) -> int:
    """Write the bill of materials, whole or not at all; how many components it has. Raises InputError."""
    made = bill_of_materials(datetime.datetime.now(datetime.UTC))
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_text(json.dumps(made, ensure_ascii=False, indent=2) + "\n", "utf-8")
        part.replace(file)
    except OSError as refused:
        part.unlink(missing_ok=True)
        raise InputError(f"{file} cannot be written ({refused.strerror}); choose another file") from None
    return len(made["components"])


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()  # PEP 503


def _ref(name: str, found: metadata.Distribution) -> str:
    return f"pkg:pypi/{name}@{quote(found.version, safe='.-_~!')}"  # package-url of type pypi


def _library(name: str, found: metadata.Distribution) -> dict[str, Any]:
    return _described(name, found) | {"type": "library"}


def _described(name: str, found: metadata.Distribution) -> dict[str, Any]:
    ref = _ref(name, found)
    said: dict[str, Any] = {"type": "application", "bom-ref": ref, "name": name, "version": found.version, "purl": ref}
    said |= {key: one for key, one in (("licenses", _licences(found)), ("hashes", _hashes(found))) if one}
    record = found.read_text("RECORD")
    if record:
        digest = hashlib.sha256(record.encode()).hexdigest()
        said["properties"] = [{"name": "suwen:record", "value": f"sha256:{digest}"}]
    return said


def _licences(found: metadata.Distribution) -> list[dict[str, Any]]:
    """The licence as the package says it: an SPDX expression (PEP 639), or whatever name its makers wrote."""
    about = found.metadata
    if "License-Expression" in about:
        return [{"expression": about["License-Expression"]}]
    kinds = [one.rpartition(" :: ")[2] for one in about.get_all("Classifier") or [] if one.startswith("License :: ")]
    lines = about["License"].splitlines() if "License" in about else []
    written = next((line.strip() for line in lines if line.strip()), "")
    names = kinds or ([written] if written else [])
    return [{"license": {"name": one[:_LONGEST]}} for one in dict.fromkeys(names)]


def _hashes(found: metadata.Distribution) -> list[dict[str, str]]:
    """Of the archive it was installed from, where pip has kept them (direct_url.json)."""
    try:
        kept = json.loads(found.read_text("direct_url.json") or "{}").get("archive_info", {}).get("hashes", {})
    except (ValueError, AttributeError):
        return []
    return [{"alg": "SHA-256", "content": kept["sha256"]}] if isinstance(kept.get("sha256"), str) else []


def _needs(found: metadata.Distribution, known: dict[str, metadata.Distribution]) -> set[str]:
    """What it asks for, as far as it is installed; what only its extras ask for counts too, since it may use it."""
    names = (match[0] for one in found.requires or () if (match := _NAME.match(one)))
    return {name for name in map(_normal, names) if name in known and name != _normal(found.name)}


def _beneath() -> Iterator[dict[str, Any]]:
    """What the interpreter brings along and records depend on."""
    for name, version in (
        (platform.python_implementation(), platform.python_version()),
        ("OpenSSL", ssl.OPENSSL_VERSION),
        ("SQLite", sqlite3.sqlite_version),
    ):
        kind = "platform" if name == platform.python_implementation() else "library"
        yield {"type": kind, "bom-ref": f"beneath:{name.lower()}", "name": name, "version": version}
