"""The index file: arrays in one safetensors file with a format number, written whole or not at all.

Format 1. A safetensors file whose metadata hold `format` = "1", `arrays` (SHA-256 over names and bytes of all arrays,
in order of name) and what the writer adds (digest of the sources, releases). Strings are packed one per line (see
`arrays.pack`). To change an array's meaning, raise FORMAT: an index of another format is compiled anew from its
sources, so no reader of old formats is needed; nothing in an index exists only there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import platformdirs
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from suwen.errors import DataError

__all__ = ["FORMAT", "cache_folder", "content_digest", "read_index", "stamp", "write_index"]

FORMAT = "1"


def cache_folder() -> Path:
    """Folder of compiled indexes: SUWEN_CACHE, else the user's cache directory. It may be deleted at any time."""
    return Path(os.environ.get("SUWEN_CACHE") or platformdirs.user_cache_dir("suwen"))


def read_index(file: Path) -> tuple[dict[str, np.ndarray], dict[str, str]] | None:
    """Return (arrays, header), or None when the file is absent, damaged, or of another format."""
    if not file.is_file():
        return None
    try:
        with safe_open(file, framework="np") as tensors:
            header = tensors.metadata() or {}
            if header.get("format") != FORMAT:
                return None
            arrays = {name: tensors.get_tensor(name) for name in tensors.keys()}  # noqa: SIM118  # no iterator
    except (SafetensorError, OSError):
        return None
    return (arrays, header) if header.get("arrays") == _fingerprint(arrays) else None


def write_index(file: Path, arrays: Mapping[str, np.ndarray], header: Mapping[str, str]) -> None:
    """Write atomically beside the target, then rename. Raises DataError when the folder cannot be written."""
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    content = save(whole, {**header, "format": FORMAT, "arrays": _fingerprint(whole)})
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.stem, suffix=".part")
    except OSError as reason:
        raise DataError(
            f"cannot write to {file.parent}: {reason.strerror}; set SUWEN_CACHE to a writable folder",
            zh=f"无法写入 {file.parent}：{reason.strerror}；请将 SUWEN_CACHE 设为可写的文件夹",
        ) from None
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        Path(name).replace(file)
    except OSError as reason:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise DataError(
            f"cannot write {file}: {reason.strerror}; free space or set SUWEN_CACHE",
            zh=f"无法写入 {file}：{reason.strerror}；请释放空间或设置 SUWEN_CACHE",
        ) from None


def _fingerprint(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 that tells a damaged index from a whole one."""
    whole = hashlib.sha256()
    for name in sorted(arrays):
        whole.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        whole.update(arrays[name].tobytes())
    return whole.hexdigest()


def stamp(files: Sequence[Path], *more: str) -> str:
    """Key of files by name, size and time, so that loading need not read them to find out that nothing changed."""
    stamps = [(str(file), (status := file.stat()).st_size, status.st_mtime_ns) for file in files]
    return hashlib.sha256(json.dumps([stamps, more]).encode()).hexdigest()[:16]


def content_digest(files: Sequence[Path]) -> str:
    """SHA-256 over the contents of all files in order, hexadecimal."""
    whole = hashlib.sha256()
    for file in files:
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()
