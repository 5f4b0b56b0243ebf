"""A training on disk after each epoch: one file of tensors with its record in the header, replaced as a whole.

Format 1: safetensors; tensors under "model.", "average.", "best." and "optimiser."; the header's `suwen` holds JSON
with `format`, `fingerprint`, `count` of the average, `best` epoch, the `scores` of the epochs and the `history`. A
changed meaning gets a new number and keeps a reader for this one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from suwen.errors import FormatError, InputError

__all__ = ["FORMAT", "Checkpoint", "read_checkpoint", "write_checkpoint"]

FORMAT = 1
_PARTS = ("model", "average", "best", "optimiser")


@dataclass(frozen=True)
class Checkpoint:
    """All that a training needs to go on as if nothing had happened."""

    fingerprint: str  # of plan, data and architecture: another training's checkpoint is refused
    record: dict[str, Any]
    tensors: dict[str, dict[str, Tensor]]


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write next to `path`, then take its place: a kill at any moment leaves the old one or the new one."""
    flat = {f"{part}.{name}": value for part in _PARTS for name, value in checkpoint.tensors.get(part, {}).items()}
    header = {"format": FORMAT, "fingerprint": checkpoint.fingerprint, **checkpoint.record}
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        save_file(
            {name: value.contiguous().cpu() for name, value in flat.items()}, beside, {"suwen": json.dumps(header)}
        )
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read_checkpoint(path: Path, fingerprint: str) -> Checkpoint:
    """Read a checkpoint back.

    Raises:
        FormatError: the file is none of ours, or cut off.
        InputError: it belongs to a training with another plan, other data or another architecture.

    """
    try:
        with safe_open(path, "pt") as file:
            header = _header(path, file.metadata())
            if header["fingerprint"] != fingerprint:
                raise InputError(
                    f"{path.name} belongs to another training (other data, plan or network); name another folder for "
                    "this one, or delete the checkpoint"
                )
            tensors: dict[str, dict[str, Tensor]] = {part: {} for part in _PARTS}
            for name in file.keys():  # noqa: SIM118  # not a mapping
                part, _, rest = name.partition(".")
                tensors[part][rest] = file.get_tensor(name)
    except (SafetensorError, KeyError) as error:
        raise FormatError(f"{path.name} is not a whole checkpoint; delete it to begin again") from error
    return Checkpoint(fingerprint, header, tensors)


def _header(path: Path, metadata: Mapping[str, str] | None) -> dict[str, Any]:
    try:
        header: dict[str, Any] = json.loads((metadata or {})["suwen"])
    except ValueError as error:
        raise FormatError(f"{path.name} is not a checkpoint of Suwen") from error
    if header.get("format") != FORMAT:
        raise FormatError(f"{path.name} has checkpoint format {header.get('format')}; this release reads {FORMAT}")
    return header
