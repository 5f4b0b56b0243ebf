"""Recordings in MATLAB files without a header: `val` of PhysioNet, `ECG.data` of CPSC2018, `ecg` of CPSC2019."""

from __future__ import annotations

import numpy as np

from suwen.errors import FormatError
from suwen.formats.waveforms.blocks import MOST_CHANNELS, Block, Channel
from suwen.formats.waveforms.budget import Budget
from suwen.formats.waveforms.matlab import Arrays, matlab_arrays

__all__ = ["read_matlab"]

_NAMES = ("val", "ECG.data", "ecg", "ECG", "data", "signal", "signals", "X", "x")
_RATES = ("fs", "rate", "frequency", "sampling_rate", "samplingrate", "freq")


def read_matlab(data: bytes, budget: Budget) -> list[Block]:
    """The one block of samples of a MATLAB file; the file names neither leads nor unit, and seldom a rate.

    Raises:
        FormatError: the file is damaged, or none of its arrays is a recording.
        InputError: it is above the limit.

    """
    arrays = matlab_arrays(data, budget)
    name = _recording(arrays)
    values = arrays[name].reshape(arrays[name].shape[0], -1)
    if values.shape[0] > values.shape[1]:  # time runs along the longer side
        values = values.T
    if not values.size or len(values) > MOST_CHANNELS:
        raise FormatError(
            f"an array of the shape {arrays[name].shape} is no recording: leads by time",
            zh=f"形状为 {arrays[name].shape} 的数组不是记录：应为导联 × 时间",
        )
    budget.take(4 * values.size)
    acquired = [("Format", "MATLAB"), ("Variable", name[:40])]
    return [Block(np.array(values, np.float32, order="C"), [Channel()] * len(values), _rate(arrays), acquired=acquired)]


def _recording(arrays: Arrays) -> str:
    """The array with a usual name, or else the only one that is long enough."""
    fitting = [name for name, values in arrays.items() if values.ndim == 2 and values.size >= 16]
    named = next((name for name in _NAMES if name in fitting), None)
    if named is not None:
        return named
    if len(fitting) != 1:
        raise FormatError(
            "no array of the MATLAB file is known as a recording; name it val, or save it as CSV",
            zh="MATLAB 文件中没有可识别为记录的数组；请命名为 val，或存为 CSV",
        )
    return fitting[0]


def _rate(arrays: Arrays) -> float | None:
    for name, values in arrays.items():
        if name.rpartition(".")[2].lower() in _RATES and values.size == 1:
            return float(values.reshape(-1)[0])
    return None
