"""Tiny nnU-Net folders with weights by a formula, and images by a formula: the same for our reader and for nnU-Net."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

__all__ = ["CASES", "image", "make"]

_NORM = {"eps": 1e-5, "affine": True}
_ARCHITECTURE: dict[str, Any] = {
    "n_stages": 3,
    "features_per_stage": [4, 6, 8],
    "conv_op": "torch.nn.modules.conv.Conv3d",
    "kernel_sizes": [[3, 3, 3]] * 3,
    "strides": [[1, 1, 1], [2, 2, 2], [2, 2, 2]],
    "n_conv_per_stage_decoder": [1, 1],
    "conv_bias": True,
    "norm_op": "torch.nn.modules.instancenorm.InstanceNorm3d",
    "norm_op_kwargs": _NORM,
    "dropout_op": None,
    "dropout_op_kwargs": None,
    "nonlin": "torch.nn.LeakyReLU",
    "nonlin_kwargs": {"inplace": True},
}
_FLAT = {
    "conv_op": "torch.nn.modules.conv.Conv2d",
    "kernel_sizes": [[3, 3]] * 3,
    "strides": [[1, 1], [2, 2], [2, 2]],
    "norm_op": "torch.nn.modules.instancenorm.InstanceNorm2d",
}
_PLAIN = "dynamic_network_architectures.architectures.unet.PlainConvUNet"
_RESIDUAL = "dynamic_network_architectures.architectures.unet.ResidualEncoderUNet"
_CT = {"mean": 40.0, "std": 120.0, "percentile_00_5": -300.0, "percentile_99_5": 400.0}

# shape and spacing as nnU-Net reads them (slices first), what differs from one plan to the next
CASES: dict[str, dict[str, Any]] = {
    "plain": {"spacing": [2.0, 2.0, 2.0], "image": ((20, 26, 22), (2.5, 1.9, 1.9))},
    "residual": {
        "spacing": [5.0, 1.5, 1.5],
        "image": ((9, 30, 26), (6.0, 1.2, 1.2)),
        "residual": True,
        "scheme": "ZScoreNormalization",
        "masked": True,
        "mirror": (0, 1),
    },
    "turned": {"spacing": [2.0, 2.0, 2.0], "image": ((20, 26, 22), (2.0, 2.0, 2.5)), "transpose": [2, 0, 1]},
    "flat": {"spacing": [1.8, 1.8], "image": ((6, 30, 26), (5.0, 1.6, 1.6)), "flat": True, "mirror": (0, 1)},
    "regions": {
        "spacing": [2.0, 2.0, 2.0],
        "image": ((18, 20, 22), (2.0, 2.0, 2.0)),
        "labels": {"background": 0, "whole": [1, 2], "core": [2]},
        "regions_class_order": [1, 2],
    },
}


def image(name: str) -> tuple[np.ndarray, tuple[float, ...]]:
    """Values (slices, rows, columns) and spacing of the image of one case."""
    shape, spacing = CASES[name]["image"]
    z, y, x = (np.linspace(-1, 1, n) for n in shape)
    grid = np.sin(5 * z)[:, None, None] * np.cos(4 * y)[None, :, None] + np.sin(7 * x + 1)[None, None, :]
    values = 200 * grid + 60 * np.cos(9 * z[:, None, None] * x[None, None, :])
    if CASES[name].get("masked"):
        ball = (z[:, None, None] ** 2 + y[None, :, None] ** 2 + x[None, None, :] ** 2) < 0.8
        values = np.where(ball, values, 0)
    return values.astype(np.float32), spacing


def _plans(case: dict[str, Any]) -> dict[str, Any]:
    residual, flat = case.get("residual", False), case.get("flat", False)
    told = dict(_ARCHITECTURE) | (_FLAT if flat else {})
    told["n_blocks_per_stage" if residual else "n_conv_per_stage"] = [1, 2, 1]
    name = "2d" if flat else "3d_fullres"
    resampling = {"is_seg": False, "order": 3, "order_z": 0, "force_separate_z": None}
    configuration = {
        "data_identifier": "x",
        "preprocessor_name": "DefaultPreprocessor",
        "batch_size": 2,
        "patch_size": [16, 16] if flat else [8, 16, 16],
        "median_image_size_in_voxels": [16.0, 16.0] if flat else [8.0, 16.0, 16.0],
        "spacing": case["spacing"],
        "normalization_schemes": [case.get("scheme", "CTNormalization")],
        "use_mask_for_norm": [case.get("masked", False)],
        "resampling_fn_data": "resample_data_or_seg_to_shape",
        "resampling_fn_seg": "resample_data_or_seg_to_shape",
        "resampling_fn_data_kwargs": resampling,
        "resampling_fn_seg_kwargs": resampling | {"is_seg": True, "order": 1},
        "resampling_fn_probabilities": "resample_data_or_seg_to_shape",
        "resampling_fn_probabilities_kwargs": resampling | {"order": 1},
        "architecture": {
            "network_class_name": _RESIDUAL if residual else _PLAIN,
            "arch_kwargs": told,
            "_kw_requires_import": ["conv_op", "norm_op", "dropout_op", "nonlin"],
        },
        "batch_dice": True,
    }
    transpose = case.get("transpose", [0, 1, 2])
    return {
        "dataset_name": "Dataset900_Tiny",
        "plans_name": "nnUNetPlans",
        "original_median_spacing_after_transp": [2.0, 2.0, 2.0],
        "original_median_shape_after_transp": [20, 20, 20],
        "image_reader_writer": "SimpleITKIO",
        "transpose_forward": transpose,
        "transpose_backward": [int(one) for one in np.argsort(transpose)],
        "configurations": {"base": configuration, name: {"inherits_from": "base"}},
        "experiment_planner_used": "ExperimentPlanner",
        "label_manager": "LabelManager",
        "foreground_intensity_properties_per_channel": {"0": _CT},
    }


def make(folder: Path, name: str, network: Any = None, *, folds: int = 1) -> Path:
    """Write the folder of one case. `network` builds the bare network; ours is asked where none is given."""
    case = CASES[name]
    folder.mkdir(parents=True, exist_ok=True)
    dataset = {
        "channel_names": {"0": "CT"},
        "labels": case.get("labels", {"background": 0, "liver": 1, "spleen": 2}),
        "numTraining": 1,
        "file_ending": ".nii.gz",
    }
    dataset |= {key: case[key] for key in ("regions_class_order",) if key in case}
    (folder / "dataset.json").write_text(json.dumps(dataset))
    (folder / "plans.json").write_text(json.dumps(_plans(case)))
    built = network or _ours(_plans(case), len(case.get("regions_class_order", [0, 1, 2])))
    for fold in range(folds):
        state = {key: _formula(key, one.shape, fold) for key, one in built.state_dict().items()}
        checkpoint = {
            "network_weights": state,
            "init_args": {"configuration": "2d" if case.get("flat") else "3d_fullres", "fold": fold},
            "trainer_name": "nnUNetTrainer",
            "inference_allowed_mirroring_axes": case.get("mirror"),
            "current_epoch": 1000,
            "_best_ema": np.float64(0.9),
            "logging": {"ema_fg_dice": [np.float32(0.5), np.float64(0.9)]},
        }
        (folder / f"fold_{fold}").mkdir(exist_ok=True)
        torch.save(checkpoint, folder / f"fold_{fold}" / "checkpoint_final.pth")
    return folder


def _ours(plans: dict[str, Any], classes: int) -> Any:
    from suwen.imaging.engines.conv_unet import UNet, plan_of  # noqa: PLC0415

    told = plans["configurations"]["base"]["architecture"]
    return UNet(plan_of(told["network_class_name"], told["arch_kwargs"]), 1, classes)


def _formula(key: str, shape: torch.Size, fold: int) -> torch.Tensor:
    """Weights that depend on the name without its alias, so that what is stored twice is stored alike."""
    plain = key.replace("decoder.encoder.", "encoder.").replace(".all_modules.0.", ".conv.")
    plain = plain.replace(".all_modules.1.", ".norm.")
    start = sum(ord(one) * (at + 1) for at, one in enumerate(plain)) % 1000 + fold
    drawn = np.random.RandomState(start).standard_normal(tuple(shape))  # its stream is frozen for ever
    if "norm.weight" in plain:
        drawn = 1 + 0.2 * drawn
    elif "bias" in plain:
        drawn = 0.0 * drawn if "seg_layers" in plain else 0.2 * drawn
    else:
        drawn = drawn * np.sqrt(2 / max(1, np.prod(shape[1:])))
    return torch.from_numpy(drawn.astype(np.float32))
