"""ONNX: a folder with model.onnx and engine.json, which says what goes in and what comes out, becomes an engine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from suwen.errors import FormatError, InputError, MissingExtraError, NotFoundError
from suwen.imaging.engines.intensity import SCHEMES, scaled
from suwen.imaging.engines.nnunet import read_json
from suwen.imaging.engines.pipeline import Pipeline, Step
from suwen.imaging.engines.tiles import Floats, Tiling

__all__ = ["FORMAT", "open_onnx"]

FORMAT = 1
_KNOWN = {
    "format", "name", "version", "channels", "labels", "spacing", "orientation", "tile", "step", "mirror", "intensity",
    "overlapping",
}  # fmt: skip


def open_onnx(folder: Path) -> Pipeline:
    """Read `model.onnx` and `engine.json` (format 1; docs/reference/file-formats.md describes it).

    The network takes (1, channels, *tile) float32 and gives raw answers (1, outputs, *tile). Weights kept in further
    files are not read. Raises NotFoundError, DataError, FormatError, MissingExtraError.
    """
    told, file = read_json(folder / "engine.json"), folder / "model.onnx"
    if not file.is_file():
        raise NotFoundError(f"{folder.name} has no model.onnx", zh=f"{folder.name} 没有 model.onnx")
    if told.get("format") != FORMAT or set(told) - _KNOWN:
        unknown = ", ".join(sorted(set(told) - _KNOWN)) or f"format {told.get('format')!r}"
        raise FormatError(
            f"engine.json is not of format {FORMAT}, or says what is not known: {unknown}",
            zh=f"engine.json 不是格式 {FORMAT}，或含有未知内容：{unknown}",
        )
    try:
        return _opened(told, file, folder.name)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(
            f"engine.json is incomplete or wrong: {error}", zh=f"engine.json 不完整或有误：{error}"
        ) from None


def _opened(told: Mapping[str, Any], file: Path, name: str) -> Pipeline:
    channels = tuple(str(one) for one in told["channels"])
    names = {int(number): str(one) for number, one in told["labels"].items()}
    if sorted(names) != list(range(1, len(names) + 1)):
        raise FormatError(
            "labels of engine.json are numbered from 1 without a gap", zh="engine.json 的标签须从 1 连续编号"
        )
    tile = tuple(int(one) for one in told["tile"])
    return Pipeline(
        str(told.get("name") or name),
        names,
        channels,
        _network(file),
        Tiling(tile, step=float(told.get("step", 0.5)), mirror=tuple(told.get("mirror", ()))),
        hashlib.sha256(file.read_bytes()).hexdigest(),
        (_intensities(told.get("intensity", []), len(channels)),),
        str(told.get("orientation", "")),
        tuple(float(one) for one in told.get("spacing", ())),
        order=3,
        overlapping=bool(told.get("overlapping", False)),
        version=str(told.get("version", "")),
    )


def _intensities(told: list[Mapping[str, Any]], channels: int) -> Step:
    """One scheme a channel: `{"scheme": "CTNormalization", "mean": ..., ...}`; none leaves the values."""
    if told and len(told) != channels:
        raise FormatError(
            f"engine.json has {len(told)} intensity schemes for {channels} channels",
            zh=f"engine.json 有 {len(told)} 个强度方案，而通道有 {channels} 个",
        )
    unknown = {str(one["scheme"]) for one in told} - set(SCHEMES)
    if unknown:
        raise FormatError(
            f"the intensity scheme {min(unknown)!r} is not known; known are {', '.join(sorted(SCHEMES))}",
            zh=f"未知的强度方案 {min(unknown)!r}；已知的有 {'、'.join(sorted(SCHEMES))}",
        )

    def step(values: Floats) -> Floats:
        if not told:
            return values
        return np.stack([scaled(str(one["scheme"]), channel, one) for one, channel in zip(told, values, strict=True)])

    return step


def _network(file: Path) -> Callable[[Floats], Floats]:
    try:
        import onnxruntime  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("onnxruntime", "learn") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    try:  # from bytes: a model that names further files finds none
        session = onnxruntime.InferenceSession(file.read_bytes(), options, providers=["CPUExecutionProvider"])
    except _refusals():
        raise FormatError(
            f"{file.name} is no ONNX model that this machine can run", zh=f"{file.name} 不是本机可运行的 ONNX 模型"
        ) from None
    if len(session.get_inputs()) != 1:
        raise FormatError(
            f"{file.name} takes {len(session.get_inputs())} inputs; an engine has one, of all channels",
            zh=f"{file.name} 有 {len(session.get_inputs())} 个输入；引擎只有一个，含全部通道",
        )
    return partial(_run, session, session.get_inputs()[0].name)


def _run(session: Any, name: str, tile: Floats) -> Floats:
    try:
        (answer, *_) = session.run(None, {name: tile[None]})
    except _refusals():
        raise InputError(
            f"the network does not take a tile of the shape {tile.shape}", zh=f"该网络不接受形状为 {tile.shape} 的图块"
        ) from None
    found: Floats = np.asarray(answer[0], np.float32)
    return found


def _refusals() -> tuple[type[Exception], ...]:
    """What onnxruntime raises: its own kinds of error, which share no parent but Exception, and ValueError."""
    from onnxruntime.capi import onnxruntime_pybind11_state as raised  # noqa: PLC0415

    kinds = (getattr(raised, name) for name in ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf"))
    return *kinds, raised.NoSuchFile, raised.NotImplemented, raised.RuntimeException, ValueError
