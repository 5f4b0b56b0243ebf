"""What a benchmark returns, how it is written, and how it is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from suwen.errors import DataError

__all__ = ["Result", "summary", "write_result"]


@dataclass(frozen=True)
class Result:
    """Figures of one run: flat metric names, peers measured in the same run, published anchors with their source."""

    name: str
    data_digest: str
    n: int
    metrics: Mapping[str, float]
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    anchors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    seconds: float = 0.0


def write_result(result: Result, file: Path) -> None:
    """Write the JSON. Raises DataError when the file cannot be written."""
    try:
        file.write_text(json.dumps(_rounded(asdict(result)), indent=1, ensure_ascii=False) + "\n", "utf-8")
    except OSError as reason:
        raise DataError(f"cannot write {file}: {reason.strerror}") from None


def summary(result: Result) -> list[tuple[str, ...]]:
    """Rows of the table: a header, then a metric each, with every peer and anchor that has it."""
    peers = [*result.baselines.items(), *result.anchors.items()]
    header = ("metric", "Suwen", *(name for name, _ in peers))
    names = [*result.metrics, *(name for _, peer in peers for name in peer if name not in result.metrics)]
    rows = [
        (name, _text(result.metrics.get(name)), *(_text(peer.get(name)) for _, peer in peers))
        for name in dict.fromkeys(names)
        if name != "source"
    ]
    return [header, *rows]


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 5)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return value
