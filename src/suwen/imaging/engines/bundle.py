"""MONAI bundles: a folder with configs/inference.json and models/model.pt, read as data, becomes an engine.

A bundle's configuration can hold any Python expression. None is run here: the network must be one of a visible list,
its settings plain numbers, and the steps before it among those that are known; anything else is refused by name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from suwen.errors import FormatError, MissingExtraError, NotFoundError
from suwen.imaging.engines.intensity import scaled
from suwen.imaging.engines.nnunet import read_json
from suwen.imaging.engines.pipeline import Pipeline, Step
from suwen.imaging.engines.tensors import read_tensors
from suwen.imaging.engines.tiles import Floats, Tiling

__all__ = ["open_bundle"]

NETWORKS = ("AttentionUnet", "BasicUNet", "DynUNet", "SegResNet", "SwinUNETR", "UNETR", "UNet", "VNet")
_NOTHING = {"LoadImaged", "EnsureChannelFirstd", "AddChanneld", "EnsureTyped", "ToTensord", "CastToTyped"}


def open_bundle(folder: Path) -> Pipeline:
    """Read a segmentation bundle of MONAI (needs the extra `bundles`).

    Raises NotFoundError, DataError, FormatError (also for what is known but not read here), MissingExtraError.
    """
    config = _config(folder / "configs")
    metadata = read_json(folder / "configs" / "metadata.json")
    file = folder / "models" / "model.pt"
    if not file.is_file():
        raise NotFoundError(
            f"{folder.name} has no models/model.pt; weights as TorchScript are programs and are not run",
            zh=f"{folder.name} 没有 models/model.pt；TorchScript 权重属于程序，不予运行",
        )
    try:
        return _opened(folder.name, config, metadata, file)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(
            f"the configuration of {folder.name} is incomplete or wrong: {error}",
            zh=f"{folder.name} 的配置不完整或有误：{error}",
        ) from None


def _opened(name: str, config: Mapping[str, Any], metadata: Mapping[str, Any], file: Path) -> Pipeline:
    wanted = metadata["network_data_format"]
    names, overlapping = _labels(wanted["outputs"]["pred"], config)
    turn, spacing, order, steps = _steps(_plain(config["preprocessing"], config)["transforms"])
    inferer = _plain(config["inferer"], config)
    channels = wanted["inputs"]["image"]
    return Pipeline(
        str(metadata.get("name") or name),
        names,
        tuple(str(channels["channel_def"][key]) for key in sorted(channels["channel_def"], key=int)),
        _network(_plain(config["network_def"], config), file),
        Tiling([int(one) for one in inferer["roi_size"]], step=1 - float(inferer.get("overlap", 0.25))),
        hashlib.sha256(file.read_bytes()).hexdigest(),
        steps,
        turn,
        spacing,
        order=order,
        overlapping=overlapping,
        version=str(metadata.get("version", "")),
    )


def _config(folder: Path) -> dict[str, Any]:
    """configs/inference.json, or .yaml."""
    for name in ("inference.yaml", "inference.yml"):
        if (folder / name).is_file() and not (folder / "inference.json").is_file():
            import yaml  # noqa: PLC0415

            try:
                found = yaml.safe_load((folder / name).read_text("utf-8"))
            except (OSError, UnicodeDecodeError, yaml.YAMLError):
                raise FormatError(f"{name} is not YAML", zh=f"{name} 不是 YAML") from None
            if not isinstance(found, dict):
                raise FormatError(f"{name} holds no mapping", zh=f"{name} 不含映射")
            return found
    return read_json(folder / "inference.json")


def _plain(told: Any, config: Mapping[str, Any], depth: int = 0) -> Any:
    """A part of the configuration with references `@name` to plain values put in; an expression is refused."""
    if depth > 20:
        raise FormatError("the configuration refers to itself in a circle", zh="配置循环引用自身")
    if isinstance(told, Mapping):
        return {key: _plain(one, config, depth + 1) for key, one in told.items() if not _device(key, one)}
    if isinstance(told, list):
        return [_plain(one, config, depth + 1) for one in told]
    if isinstance(told, str) and told.startswith("@"):
        return _plain(_referred(told[1:], config), config, depth + 1)
    if isinstance(told, str) and told.startswith("$"):
        raise FormatError(
            f"the configuration holds the expression {told[:60]!r}; expressions are not run: write its value",
            zh=f"配置含有表达式 {told[:60]!r}；表达式不予运行：请写出其值",
        )
    return told


def _device(key: str, told: Any) -> bool:
    """What says where and how to compute, and with which network, is not of interest: it is decided here."""
    return key in {"device", "sw_device", "network"} or (isinstance(told, str) and told in {"@device", "@network"})


def _referred(name: str, config: Mapping[str, Any]) -> Any:
    found: Any = config
    for part in name.replace("::", "#").split("#"):
        found = found[int(part)] if isinstance(found, list) else found[part]
    return found


def _labels(told: Mapping[str, Any], config: Mapping[str, Any]) -> tuple[dict[int, str], bool]:
    """Names by label, and whether each output stands for itself (a sigmoid)."""
    outputs = {int(key): str(one) for key, one in told["channel_def"].items()}
    overlapping = '"sigmoid": true' in _text(config.get("postprocessing")).lower()
    if overlapping:
        return {number + 1: name for number, name in outputs.items()}, True
    return {number: name for number, name in outputs.items() if number}, False


def _text(told: Any) -> str:
    import json  # noqa: PLC0415

    return json.dumps(told)


def _steps(told: Sequence[Mapping[str, Any]]) -> tuple[str, tuple[float, ...], int, tuple[Step, ...]]:
    """Axes, spacing, order of the spline, and the steps on intensities, in the order of the bundle."""
    turn, spacing, order, steps = "", (), 1, list[Step]()
    for one in told:
        kind = str(one["_target_"]).rpartition(".")[2]
        if one.get("_disabled_") or kind in _NOTHING:
            continue
        if kind == "Orientationd":
            turn = str(one["axcodes"])
        elif kind == "Spacingd":
            spacing = tuple(float(side) for side in one["pixdim"])  # type: ignore[assignment]
            order = 0 if "nearest" in str(one.get("mode", "bilinear")) else 1
        elif kind in _INTENSITIES:
            steps.append(partial(_each, *_INTENSITIES[kind](one)))
        else:
            raise FormatError(
                f"the bundle prepares its images by {kind}, which is not known here",
                zh=f"该模型包以 {kind} 预处理图像，此处不支持",
            )
    return turn, spacing, order, tuple(steps)


def _each(scheme: str, told: Mapping[str, Any], body: bool, together: bool, values: Floats) -> Floats:
    """One scheme on every channel by itself, or on all together; on what is not zero where so said."""
    parts = values[None] if together else values[:, None]
    found = [scaled(scheme, one, told, one != 0 if body else None) for one in parts]
    return np.concatenate(found) if not together else found[0]


def _ranged(one: Mapping[str, Any]) -> tuple[str, dict[str, Any], bool, bool]:
    told = {"from_low": one["a_min"], "from_high": one["a_max"], "to_low": one.get("b_min", 0)}
    return "Range", told | {"to_high": one.get("b_max", 1), "clip": one.get("clip", False)}, False, False


def _normalised(one: Mapping[str, Any]) -> tuple[str, dict[str, Any], bool, bool]:
    if one.get("subtrahend") is not None or one.get("divisor") is not None:
        raise FormatError(
            "the bundle scales by NormalizeIntensityd with numbers of its own, which is not read here",
            zh="该模型包以自定数值的 NormalizeIntensityd 标度，此处不支持",
        )
    return "ZScoreNormalization", {}, bool(one.get("nonzero")), not one.get("channel_wise")


def _unit(one: Mapping[str, Any]) -> tuple[str, dict[str, Any], bool, bool]:
    if (one.get("minv", 0), one.get("maxv", 1)) != (0, 1):
        raise FormatError(
            "the bundle scales by ScaleIntensityd to another range than 0 to 1, which is not read here",
            zh="该模型包以 ScaleIntensityd 标度到 0 至 1 以外的范围，此处不支持",
        )
    return "RescaleTo01Normalization", {}, False, not one.get("channel_wise")


_INTENSITIES: dict[str, Callable[[Mapping[str, Any]], tuple[str, dict[str, Any], bool, bool]]] = {
    "NormalizeIntensityd": _normalised,
    "ScaleIntensityRanged": _ranged,
    "ScaleIntensityd": _unit,
}


def _network(told: Mapping[str, Any], file: Path) -> Callable[[Floats], Floats]:
    kind = str(told["_target_"]).rpartition(".")[2]
    if kind not in NETWORKS:
        raise FormatError(
            f"the bundle's network is {kind}; {', '.join(NETWORKS)} can be read",
            zh=f"该模型包的网络为 {kind}；可读取 {'、'.join(NETWORKS)}",
        )
    import torch  # noqa: PLC0415

    try:
        from monai.networks import nets  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("monai", "bundles") from error
    network = getattr(nets, kind)(**{key: one for key, one in told.items() if not key.startswith("_")})
    try:
        network.load_state_dict(_weights(file))
    except RuntimeError:
        raise FormatError(
            "models/model.pt does not hold the weights of the network that the bundle describes",
            zh="models/model.pt 所含权重与模型包描述的网络不符",
        ) from None
    network.eval()

    def run(tile: Floats) -> Floats:
        with torch.inference_mode():
            answer = network(torch.from_numpy(tile)[None])
        first = answer[0] if isinstance(answer, list | tuple) else answer
        found: Floats = first[0].float().numpy()
        return found

    return run


def _weights(file: Path) -> dict[str, Any]:
    found = read_tensors(file)
    for key in ("state_dict", "model"):
        found = found[key] if isinstance(found, dict) and key in found else found
    return dict(found)
