"""Models that are plain arrays, not a network of the catalogue: safetensors files beside one card that names them all.

The same steps as for networks (`weights`): the card is pinned in this package by its SHA-256, or the caller names the
digest that he trusts; the bytes of every file are those that the card names; nothing in them can hold code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from suwen.errors import FormatError, NotFoundError, TamperError
from suwen.learn.card import Card
from suwen.learn.whole_files import read_whole, write_whole

__all__ = ["SHIPPED_ARRAYS", "array_pins", "load_arrays", "save_arrays", "shipped_arrays"]

SHIPPED_ARRAYS = Path(__file__).parent / "shipped" / "arrays"
_MOST = 64 * 2**20  # bytes of one file; what is shipped stays under 16 MB

Arrays = dict[str, NDArray[Any]]


def array_pins() -> frozenset[str]:
    """SHA-256 of the cards of arrays that this package ships."""
    file = SHIPPED_ARRAYS / "pins.json"
    kept: dict[str, str] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return frozenset(kept.values())


def shipped_arrays(name: str) -> Path:
    """Where the card of shipped arrays lies. Raises NotFoundError where none has this name."""
    card = SHIPPED_ARRAYS / f"{name}.json"
    if not card.is_file():
        raise NotFoundError(
            f"no arrays called {name} are shipped with this release", zh=f"本版本没有随附名为 {name} 的数组"
        )
    return card


def save_arrays(parts: Mapping[str, Mapping[str, NDArray[Any]]], card: Card, folder: Path) -> Card:
    """Write PART.safetensors for each part and CARD.json last; gives the card with the digests of all parts."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {
        part: save({key: np.ascontiguousarray(one) for key, one in arrays.items()}) for part, arrays in parts.items()
    }
    digests = {part: hashlib.sha256(data).hexdigest() for part, data in written.items()}
    card = replace(
        card,
        network={"kind": "arrays", "files": digests},
        weights_sha256=hashlib.sha256("".join(digests[part] for part in sorted(digests)).encode()).hexdigest(),
    )
    for part, data in written.items():
        write_whole(folder / f"{part}.safetensors", data)
    write_whole(folder / f"{card.name}.json", card.to_json().encode())
    return card


def load_arrays(card_file: Path, pinned: frozenset[str]) -> tuple[dict[str, Arrays], Card]:
    """Arrays of each part, and the card, after the audit.

    Raises:
        NotFoundError: the card or a file that it names is not there.
        FormatError: a file is not what it should be.
        TamperError: the card is not pinned, or bytes are not those that it names.

    """
    text = read_whole(card_file, 2**20)
    if hashlib.sha256(text).hexdigest() not in pinned:
        raise TamperError(
            f"{card_file.name} is not the card that was shipped; install Suwen anew",
            zh=f"{card_file.name} 不是随附的模型卡；请重新安装 Suwen",
        )
    card = Card.from_json(text)
    files = card.network.get("files")
    if card.network.get("kind") != "arrays" or not isinstance(files, dict) or not files:
        raise FormatError(f"{card_file.name} names no arrays", zh=f"{card_file.name} 未列出数组")
    return {part: _part(card_file.parent / f"{part}.safetensors", digest) for part, digest in files.items()}, card


def _part(file: Path, digest: str) -> Arrays:
    data = read_whole(file, _MOST)
    if hashlib.sha256(data).hexdigest() != digest:
        raise TamperError(
            f"{file.name} is not the file that its card names: it was changed or cut off; get both anew",
            zh=f"{file.name} 不是其模型卡所列的文件：被改动或截断；请重新获取两者",
        )
    try:
        found: Arrays = load(data)
    except SafetensorError as error:
        raise FormatError(
            f"{file.name} is not a safetensors file, or cut off", zh=f"{file.name} 不是 safetensors 文件，或不完整"
        ) from error
    for key, value in found.items():
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise FormatError(
                f"{file.name}: {key} holds values that are not finite numbers",
                zh=f"{file.name}：{key} 含有非有限的数值",
            )
    return found
