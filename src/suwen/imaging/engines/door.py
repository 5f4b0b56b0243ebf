"""The engine that lies in a folder, whatever its kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from suwen.errors import FormatError, NotFoundError
from suwen.imaging.engines.nouns import Engine

__all__ = ["KINDS", "open_engine"]


def _nnunet(folder: Path) -> Engine:
    from suwen.imaging.engines.nnunet import open_nnunet  # noqa: PLC0415

    return open_nnunet(folder)


def _total(folder: Path) -> Engine:
    from suwen.imaging.engines.totalsegmentator import open_totalsegmentator  # noqa: PLC0415

    return open_totalsegmentator(folder)


def _bundle(folder: Path) -> Engine:
    from suwen.imaging.engines.bundle import open_bundle  # noqa: PLC0415

    return open_bundle(folder)


def _onnx(folder: Path) -> Engine:
    from suwen.imaging.engines.onnx import open_onnx  # noqa: PLC0415

    return open_onnx(folder)


# What lies in the folder of each kind, and how it is read; the first that fits counts.
KINDS: dict[str, tuple[str, Callable[[Path], Engine]]] = {
    "nnU-Net v2": ("plans.json", _nnunet),
    "MONAI bundle": ("configs/metadata.json", _bundle),
    "ONNX": ("model.onnx", _onnx),
    "TotalSegmentator": ("Dataset*/*/plans.json", _total),
}


def open_engine(folder: Path) -> Engine:
    """Read an engine from a folder of nnU-Net v2, TotalSegmentator, a MONAI bundle, or ONNX with engine.json.

    Nothing that could be called is loaded from it. Raises NotFoundError, DataError, FormatError, MissingExtraError.
    """
    if not folder.is_dir():
        raise NotFoundError(
            f"{folder.name} is no folder; an engine is a folder with its weights and description",
            zh=f"{folder.name} 不是文件夹；引擎须为含权重和描述的文件夹",
        )
    for sign, read in KINDS.values():
        if any(folder.glob(sign)):
            return read(folder)
    listed = "; ".join(f"{name}: {sign}" for name, (sign, _) in KINDS.items())
    raise FormatError(
        f"{folder.name} holds no engine that is known ({listed})", zh=f"{folder.name} 不含已知的勾画引擎（{listed}）"
    )
