"""Weights of others' networks, read from PyTorch's files as tensors and numbers and nothing else."""

from __future__ import annotations

import warnings
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np

from suwen.errors import DataError, FormatError, MissingExtraError

__all__ = ["read_tensors"]

_WRONG = (UnpicklingError, RuntimeError, ValueError, LookupError, EOFError, AttributeError, TypeError, AssertionError)


def read_tensors(file: Path) -> Any:
    """What a `.pth` or `.pt` file holds. Such a file is a program: it is read by an interpreter that knows tensors,
    containers and numbers of numpy, and one that calls anything else is refused before it does.

    Raises DataError, FormatError, MissingExtraError.
    """
    try:
        import torch  # noqa: PLC0415
        from torch.serialization import safe_globals  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("torch", "learn") from error
    try:
        with safe_globals(_numbers()), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Detected pickle protocol", UserWarning)
            return torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise DataError(
            f"cannot read {file.name}: {error.strerror or error}", zh=f"无法读取 {file.name}：{error.strerror or error}"
        ) from None
    except _WRONG as error:
        raise FormatError(
            f"{file.name} holds no weights, or more than tensors, and is not loaded ({type(error).__name__})",
            zh=f"{file.name} 不含权重，或含张量以外的内容，不予载入（{type(error).__name__}）",
        ) from None


def _numbers() -> list[Any]:
    """What beside tensors such a file may hold: numbers of numpy, under the names of numpy 1 and 2."""
    scalar = type(np.float64(0)).__reduce__(np.float64(0))[0]
    kinds = [type(np.dtype(one)) for one in ("float64", "float32", "int64", "int32", "bool")]
    return [np.dtype, *kinds, (scalar, "numpy.core.multiarray.scalar"), (scalar, "numpy._core.multiarray.scalar")]
