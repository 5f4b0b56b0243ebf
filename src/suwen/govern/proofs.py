"""Checking published Merkle proof vectors (transparency-dev/merkle) with the proofs of the audit log."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from suwen.errors import DataError
from suwen.records.audit import (
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)

__all__ = ["check_vectors", "vector_files"]


def vector_files(data: Path) -> list[Path]:
    """The vector files in a data folder. Raises DataError where there are none."""
    found = sorted((data / "platform/merkle/testdata").rglob("*.json"))
    if not found:
        raise DataError(f"no Merkle proof vectors in {data}: platform/merkle/testdata is missing")
    return found


def check_vectors(files: Sequence[Path]) -> tuple[int, int]:
    """How many vectors hold (accepted where they are valid, refused where they are not), and how many do not."""
    held = sum(_holds(file) for file in files)
    return held, len(files) - held


def _holds(file: Path) -> bool:
    vector = json.loads(file.read_text("utf-8"))
    kind = next(part for part in reversed(file.parts) if part in _CHECKS)
    return bool(_CHECKS[kind](vector) is not vector["wantErr"])


def _raw(vector: dict[str, Any], name: str) -> bytes:
    return b64decode(vector[name] or "")


def _proof(vector: dict[str, Any]) -> list[bytes]:
    return [b64decode(one) for one in vector["proof"] or []]


def _inclusion(one: dict[str, Any]) -> bool:
    return verify_inclusion(one["leafIdx"], one["treeSize"], _raw(one, "leafHash"), _proof(one), _raw(one, "root"))


def _consistency(one: dict[str, Any]) -> bool:
    return verify_consistency(one["size1"], one["size2"], _proof(one), _raw(one, "root1"), _raw(one, "root2"))


def _subtree_inclusion(one: dict[str, Any]) -> bool:
    place = (one["leafIdx"], one["start"], one["end"])
    return verify_subtree_inclusion(*place, _raw(one, "leafHash"), _proof(one), _raw(one, "root"))


def _subtree_consistency(one: dict[str, Any]) -> bool:
    place = (one["start"], one["end"], one["size"])
    return verify_subtree_consistency(*place, _proof(one), _raw(one, "root1"), _raw(one, "root2"))


_CHECKS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "inclusion": _inclusion,
    "consistency": _consistency,
    "subtreeinclusion": _subtree_inclusion,
    "subtreeconsistency": _subtree_consistency,
}
