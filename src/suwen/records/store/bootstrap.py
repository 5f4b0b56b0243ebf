"""store.json: where a store's database, objects and keys are, and its root key, wrapped; authenticated as a whole."""

# store.json, format 1. Canonical JSON, one line, so that any changed byte shows:
#     format, id (hex), database, blobs, provider (settings of the key provider, no secrets), ca_file,
#     root: [[id of the key-encryption key, base64 of the wrapped root key], ...]   two only while the key is rotated
#     log_key: public key of the audit log's checkpoints
#     seal: HMAC-SHA256 (hex) of the canonical JSON of all the rest, under a key derived from the root key
# The root key (32 random bytes) never seals anything itself; HKDF-SHA256 gives with these infos:
#     "suwen pages 1" pages of the SQLite file        "suwen documents 1" accounts, relationships, devices
#     "suwen blind 1" blind index                     "suwen audit 1"     audit entries
#     "suwen log signing 1" Ed25519 seed              "suwen digest 1"    digests of records in the audit log
#     "suwen backup 1" backups                        "suwen bundle 1/2/3" this hospital's key for bundles
#     "suwen register 1" register of documents         "suwen bootstrap 1" the seal of this file
# Promise: a number once released is read for ever.

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from suwen.errors import FormatError, NotFoundError, StoreError, TamperError
from suwen.records.durable import keep
from suwen.records.keys import KeyProvider, Wrapped
from suwen.records.vault import derive

__all__ = ["Bootstrap", "read_bootstrap", "unwrap_root", "write_bootstrap"]

_NAME = "store.json"
_FIELDS = {"format", "id", "database", "blobs", "provider", "ca_file", "root", "log_key", "seal"}


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """What must be known before anything can be opened; `root`: the root key, wrapped once per key-encryption key."""

    id: str
    database: str
    blobs: str
    provider: Mapping[str, Any]
    root: tuple[Wrapped, ...]
    log_key: str
    ca_file: str = ""


def read_bootstrap(folder: Path) -> tuple[Bootstrap, str]:
    """Read store.json; its seal is checked by `unwrap_root`. Raises NotFoundError, FormatError, TamperError."""
    file = folder / _NAME
    try:
        text = file.read_text("utf-8")
        document = json.loads(text)
    except FileNotFoundError:
        raise NotFoundError(
            f"no store of records in {folder}; make one with `suwen records init`",
            zh=f"{folder} 中没有病历存储；请用 `suwen records init` 建立",
        ) from None
    except (OSError, ValueError):
        raise TamperError(
            f"{file} cannot be read: damaged; restore it from a backup", zh=f"无法读取 {file}：已损坏；请从备份恢复"
        ) from None
    if not isinstance(document, dict) or set(document) != _FIELDS or _canonical(document) != text:
        raise TamperError(
            f"{file} is not as Suwen wrote it; restore it from a backup", zh=f"{file} 并非 Suwen 所写；请从备份恢复"
        )
    if document["format"] != 1:
        raise FormatError(
            f"{file} has format {document['format']}; this Suwen reads format 1: install a newer one",
            zh=f"{file} 的格式为 {document['format']}；本版本读取格式 1：请升级",
        )
    try:
        root = tuple(Wrapped(kek, base64.b64decode(data)) for kek, data in document["root"])
    except (TypeError, ValueError):
        raise TamperError(
            f"{file} is not as Suwen wrote it; restore it from a backup", zh=f"{file} 并非 Suwen 所写；请从备份恢复"
        ) from None
    names = ("id", "database", "blobs", "provider", "log_key", "ca_file")
    bootstrap = Bootstrap(root=root, **{name: document[name] for name in names})
    if {**_document(bootstrap), "seal": document["seal"]} != document:  # base64 has several spellings of the same bytes
        raise TamperError(
            f"{file} is not as Suwen wrote it; restore it from a backup", zh=f"{file} 并非 Suwen 所写；请从备份恢复"
        )
    return bootstrap, document["seal"]


def unwrap_root(bootstrap: Bootstrap, seal: str, provider: KeyProvider) -> bytes:
    """The root key, once the file is known to be genuine. Raises TamperError, KeyProviderError."""
    failure: StoreError | None = None
    for wrapped in reversed(bootstrap.root):  # the newest last: after a kill while rotating, either may be the one
        try:
            root = provider.unwrap(wrapped)
        except StoreError as error:
            failure = error
            continue
        if not hmac.compare_digest(_seal(bootstrap, root), seal):
            raise TamperError("store.json was changed; restore it from a backup", zh="store.json 被改动；请从备份恢复")
        return root
    raise failure or TamperError(
        "store.json holds no root key; restore it from a backup", zh="store.json 没有根密钥；请从备份恢复"
    )


def write_bootstrap(folder: Path, bootstrap: Bootstrap, root: bytes) -> None:
    """Replace store.json whole or not at all."""
    document = {**_document(bootstrap), "seal": _seal(bootstrap, root)}
    keep(folder / _NAME, [_canonical(document).encode()])


def with_root(bootstrap: Bootstrap, wrapped: tuple[Wrapped, ...]) -> Bootstrap:
    """The same store with its root key wrapped otherwise."""
    return replace(bootstrap, root=wrapped)


def _document(bootstrap: Bootstrap) -> dict[str, Any]:
    return {
        "format": 1,
        "id": bootstrap.id,
        "database": bootstrap.database,
        "blobs": bootstrap.blobs,
        "provider": dict(bootstrap.provider),
        "ca_file": bootstrap.ca_file,
        "root": [[one.kek, base64.b64encode(one.data).decode()] for one in bootstrap.root],
        "log_key": bootstrap.log_key,
    }


def _canonical(document: Mapping[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n"


def _seal(bootstrap: Bootstrap, root: bytes) -> str:
    said = _canonical(_document(bootstrap)).encode()
    return hmac.digest(derive(root, "suwen bootstrap 1"), said, "sha256").hex()
