"""nnU-Net v2: a folder with plans.json, dataset.json and fold_X/checkpoint_final.pth becomes an engine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import DataError, FormatError, InputError, NotFoundError
from suwen.finding import Maker
from suwen.formats.images.nouns import Image
from suwen.imaging.engines.intensity import scaled
from suwen.imaging.engines.nouns import Progress, Segmentation, require_same_grid
from suwen.imaging.engines.orient import Order, order_to
from suwen.imaging.engines.resample import called, new_shape, resampled
from suwen.imaging.engines.tensors import read_tensors
from suwen.imaging.engines.tiles import Floats, Tiling, tiled

__all__ = ["NnUNet", "open_nnunet", "read_json"]

_CHECKPOINTS = ("checkpoint_final.pth", "checkpoint_best.pth")
_MOST = 32 << 20  # bytes of a JSON file


@dataclass(frozen=True, slots=True, eq=False)
class NnUNet:
    """A trained nnU-Net: what it wants, what it draws, and its networks, one a fold.

    `turn` are the codes a volume is turned to before anything else (TotalSegmentator: `SAR`); empty: as it is stored.
    """

    name: str
    names: Mapping[int, str]
    channels: tuple[str, ...]
    spacing: tuple[float, ...]
    patch: tuple[int, ...]
    transpose: tuple[int, ...]
    schemes: tuple[tuple[str, bool], ...]
    intensities: Mapping[str, Mapping[str, float]]
    resampling: Mapping[str, Mapping[str, Any]]
    regions: tuple[int, ...]  # where structures overlap: the label written for each region, later over earlier
    mirror: tuple[int, ...]
    networks: tuple[Any, ...]
    digest: str
    turn: str = ""
    step: float = 0.5

    def segment(self, images: Sequence[Image], *, progress: Progress | None = None) -> Segmentation:
        """Outline the structures. Raises InputError where the images are not those wanted, or lie on several grids."""
        grid = require_same_grid(images, self.channels)
        if len(grid.shape) != 3 or grid.spacing is None:
            raise InputError(
                "nnU-Net outlines volumes with a spacing in millimetres; this image is flat",
                zh="nnU-Net 勾画以毫米为间距的容积数据；该图像是平面的",
            )
        first = order_to(grid, self.turn) if self.turn else Order((0, 1, 2), (False,) * 3)
        values = np.stack([first.apply(one.float_values()) for one in images])
        order = Order(self.transpose, (False,) * 3)
        values = np.stack([order.apply(one) for one in values])
        spacing = order.spacing(first.spacing(grid.spacing))
        labels = first.undo(order.undo(self._labels(values, spacing, progress)))
        return Segmentation(labels, self.names, grid, Maker(self.name, "nnU-Net v2", self.digest))

    def _labels(self, values: Floats, spacing: tuple[float, ...], progress: Progress | None) -> NDArray[np.uint16]:
        found = np.zeros(values.shape[1:], np.uint16)
        inside = _not_zero(values)
        if not inside.any():
            return found
        box = _box(inside)
        values = self._normalised(values[(slice(None), *box)].astype(np.float32), inside[box])
        before = values.shape[1:]
        wanted = self.spacing if len(self.spacing) == 3 else (spacing[0], *self.spacing)
        spacings = (spacing, wanted)
        order, across, ways = _way(spacings, self.resampling["data"])
        ready = resampled(values, new_shape(before, spacing, wanted), ways, order=order, across=across)
        answers = self._answers(ready, progress)
        order, across, ways = _way(spacings[::-1], self.resampling["probabilities"])
        found[box] = called(answers, before, ways, self.regions, order=order, across=across)
        return found

    def _normalised(self, values: Floats, inside: NDArray[np.bool_]) -> Floats:
        for at, (scheme, masked) in enumerate(self.schemes):
            values[at] = scaled(scheme, values[at], self.intensities.get(str(at), {}), inside if masked else None)
        return values

    def _answers(self, values: Floats, progress: Progress | None) -> Floats:
        """The mean of the raw answers of all folds."""
        import torch  # noqa: PLC0415

        flat = len(self.patch) == 2

        def network(tile: Floats) -> Floats:
            with torch.inference_mode():
                given = torch.from_numpy(tile if not flat else tile[:, 0])[None]
                answer: Floats = sum(one(given)[0] for one in self.networks).float().numpy() / len(self.networks)
            return answer if not flat else answer[:, None]

        tile = (1, *self.patch) if flat else self.patch
        mirror = tuple(one + 1 for one in self.mirror) if flat else self.mirror
        classes = len(self.regions) if self.regions else max(self.names) + 1
        return tiled(network, values, classes, Tiling(tile, step=self.step, mirror=mirror), progress)


def open_nnunet(folder: Path, *, name: str = "", folds: Sequence[str] = (), turn: str = "") -> NnUNet:
    """Read a trained nnU-Net v2 from a folder such as `Dataset004_X/nnUNetTrainer__nnUNetPlans__3d_fullres`.

    `folds` such as `("0", "all")`; all that lie there otherwise. Checkpoints are read as tensors and numbers only:
    nothing that could be called is loaded, and one that holds more is refused.
    Raises NotFoundError, DataError, FormatError.
    """
    plans, dataset = read_json(folder / "plans.json"), read_json(folder / "dataset.json")
    checkpoints = [_checkpoint(one) for one in _folds(folder, folds)]
    first = checkpoints[0]
    try:
        return _opened(name or folder.parent.name or folder.name, plans, dataset, checkpoints, turn)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        if isinstance(error, FormatError):
            raise
        configuration = first.get("init_args", {}).get("configuration", "")
        raise FormatError(
            f"plans.json and dataset.json do not fit the configuration {configuration!r} of the checkpoint: {error}",
            zh=f"plans.json 和 dataset.json 与检查点的配置 {configuration!r} 不符：{error}",
        ) from None


def _opened(
    name: str, plans: Mapping[str, Any], dataset: Mapping[str, Any], checkpoints: Sequence[Mapping[str, Any]], turn: str
) -> NnUNet:
    first = checkpoints[0]
    plan = _configuration(plans, first["init_args"]["configuration"])
    channels = dataset.get("channel_names") or dataset["modality"]
    names, regions = _names(dataset)
    networks = _networks(plan, checkpoints, len(channels), len(regions) or max(names) + 1)
    data = plan.get("resampling_fn_data_kwargs", {})
    chances = plan.get("resampling_fn_probabilities_kwargs", {"order": 1})
    return NnUNet(
        name,
        names,
        tuple(channels[key] for key in sorted(channels, key=int)),
        tuple(float(one) for one in plan["spacing"]),
        tuple(int(one) for one in plan["patch_size"]),
        tuple(int(one) for one in plans["transpose_forward"]),
        tuple(zip(plan["normalization_schemes"], map(bool, plan["use_mask_for_norm"]), strict=True)),
        plans.get("foreground_intensity_properties_per_channel", {}),
        {"data": {"order": 3} | data, "probabilities": {"order": 1} | chances},
        regions,
        tuple(int(one) for one in first.get("inference_allowed_mirroring_axes") or ()),
        networks,
        _digest(checkpoints),
        turn,
    )


def _configuration(plans: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A configuration of the plans with all that it inherits."""
    told = dict(plans["configurations"][name])
    seen = {name}
    while parent := told.pop("inherits_from", None):
        if parent in seen:
            raise FormatError(
                f"configurations of plans.json inherit from one another in a circle at {parent!r}",
                zh=f"plans.json 的配置在 {parent!r} 处循环继承",
            )
        seen.add(parent)
        told = dict(plans["configurations"][parent]) | told
    return told


def _names(dataset: Mapping[str, Any]) -> tuple[dict[int, str], tuple[int, ...]]:
    """Labels and their names; for regions, the labels in the order in which they are written."""
    told = dataset["labels"]
    if any(isinstance(one, list) and len(one) > 1 for one in told.values()):
        order = tuple(int(one) for one in dataset["regions_class_order"])
        regions = [name for name, one in told.items() if name != "ignore" and one not in (0, [0])]
        return dict(zip(order, regions, strict=True)), order
    flat = {name: int(one[0] if isinstance(one, list) else one) for name, one in told.items()}
    return {number: name for name, number in flat.items() if number and name != "ignore"}, ()


def _networks(
    plan: Mapping[str, Any], checkpoints: Sequence[Mapping[str, Any]], channels: int, classes: int
) -> tuple[Any, ...]:
    from suwen.imaging.engines.conv_unet import UNet, plan_of  # noqa: PLC0415

    told = plan["architecture"]
    shape = plan_of(told["network_class_name"], told["arch_kwargs"])
    found = []
    for one in checkpoints:
        network = UNet(shape, channels, classes)
        try:
            network.load_state_dict(one["network_weights"])
        except RuntimeError:
            raise FormatError(
                "the weights of the checkpoint are not those of the network that plans.json describes",
                zh="检查点的权重与 plans.json 描述的网络不符",
            ) from None
        found.append(network.eval())
    return tuple(found)


def _folds(folder: Path, folds: Sequence[str]) -> list[Path]:
    wanted = [folder / f"fold_{one}" for one in folds] or sorted(folder.glob("fold_*"))
    found = [next((one / name for name in _CHECKPOINTS if (one / name).is_file()), None) for one in wanted]
    missing = [one.name for one, file in zip(wanted, found, strict=True) if file is None]
    if not found or missing:
        raise NotFoundError(
            f"no {_CHECKPOINTS[0]} in {', '.join(missing) or 'fold_0, fold_1 ...'} of {folder.name}; "
            "give the folder that holds plans.json, dataset.json and the folds",
            zh=f"{folder.name} 的 {'、'.join(missing) or 'fold_0、fold_1……'} 中没有 {_CHECKPOINTS[0]}"
            "；请给出含 plans.json、dataset.json 和各折的文件夹",
        )
    return [one for one in found if one is not None]


def _checkpoint(file: Path) -> dict[str, Any]:
    found = read_tensors(file)
    if not isinstance(found, dict) or "network_weights" not in found:
        raise FormatError(
            f"{file.name} is no checkpoint of nnU-Net v2: it has no network_weights",
            zh=f"{file.name} 不是 nnU-Net v2 的检查点：没有 network_weights",
        )
    return found


def _digest(checkpoints: Sequence[Mapping[str, Any]]) -> str:
    found = hashlib.sha256()
    for one in checkpoints:
        for key, tensor in sorted(one["network_weights"].items()):
            found.update(key.encode())
            found.update(tensor.contiguous().numpy().tobytes())
    return found.hexdigest()


def read_json(file: Path) -> dict[str, Any]:
    """A JSON object of a model's folder. Raises NotFoundError, DataError, FormatError."""
    try:
        if file.stat().st_size > _MOST:
            raise FormatError(
                f"{file.name} is larger than {_MOST >> 20} MiB; it is no description of a model",
                zh=f"{file.name} 超过 {_MOST >> 20} MiB；不是模型描述",
            )
        found = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise NotFoundError(
            f"{file.parent.name} has no {file.name}", zh=f"{file.parent.name} 没有 {file.name}"
        ) from None
    except OSError as error:
        raise DataError(
            f"cannot read {file.name}: {error.strerror}", zh=f"无法读取 {file.name}：{error.strerror}"
        ) from None
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"{file.name} is not JSON", zh=f"{file.name} 不是 JSON") from None
    if not isinstance(found, dict):
        raise FormatError(f"{file.name} holds no JSON object", zh=f"{file.name} 不含 JSON 对象")
    return found


def _not_zero(values: Floats) -> NDArray[np.bool_]:
    """Where any channel is not zero, holes filled: the body, where the outside was set to zero."""
    from scipy.ndimage import binary_fill_holes  # noqa: PLC0415

    found: NDArray[np.bool_] = binary_fill_holes((values != 0).any(0))
    return found


def _box(mask: NDArray[np.bool_]) -> tuple[slice, ...]:
    found = []
    for axis in range(mask.ndim):
        at = np.flatnonzero(mask.any(tuple(one for one in range(mask.ndim) if one != axis)))
        found.append(slice(int(at[0]), int(at[-1]) + 1))
    return tuple(found)


def _way(spacings: Sequence[Sequence[float]], told: Mapping[str, Any]) -> tuple[int, int, Sequence[Sequence[float]]]:
    """Order in plane and across, and the spacings that decide whether planes are treated apart: equal ones never."""
    whole = told.get("force_separate_z") is False
    return int(told["order"]), int(told.get("order_z", 0)), ((1.0,) * 3,) * 2 if whole else spacings
