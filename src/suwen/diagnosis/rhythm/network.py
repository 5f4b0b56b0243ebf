"""How likely every hundredth of a second is the top of a QRS complex: the shipped network `qrs`, one lead at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.rhythm.energy import STEPS, scale_over_time
from suwen.diagnosis.rhythm.filters import bandpass, bridged, checked, resampled
from suwen.errors import MissingExtraError

if TYPE_CHECKING:
    from torch import nn

__all__ = ["FOLD", "NAME", "folded", "learned_score", "network_input", "score_of"]

Floats = NDArray[np.float32]
NAME = "qrs"
FOLD = 4  # hundredths of a second that the network takes, and answers, at once
_REACH = 256  # folded steps that a stretch is read beyond its ends, more than the network sees
_STRETCH = 8192  # folded steps computed at once


def learned_score(values: Any, rate: float) -> Floats:
    """Chance (leads, steps) of a QRS at every hundredth of a second of a trace (leads, time) in mV.

    Raises:
        InputError: the trace is no array of leads and time.
        MissingExtraError: PyTorch is not installed.

    """
    return score_of(_loaded(), network_input(values, rate))


def network_input(values: Any, rate: float) -> Floats:
    """The trace at 100 Hz without drift, gaps bridged, as multiples of its usual size, cut at 4."""
    slow = resampled(checked(values, rate), rate, STEPS)
    if slow.shape[1] < 3:
        return np.zeros_like(slow)
    filled, gaps = bridged(bandpass(slow, STEPS, 0.67, 40.0))
    filled = np.where(gaps.all(axis=1, keepdims=True), np.float32(0), filled)
    level = scale_over_time(np.abs(filled), share=0.97)
    return np.asarray(np.clip(filled / np.where(level > 1e-6, level, np.inf), -4, 4), np.float32)


def score_of(network: nn.Module, inputs: Floats) -> Floats:
    """What a network says of prepared leads (leads, steps), in stretches so that a day fits into memory."""
    import torch  # noqa: PLC0415

    found = np.zeros(inputs.shape, np.float32)
    with torch.inference_mode(), _one_thread(torch):
        for lead, row in zip(inputs, found, strict=True):
            for begin in range(0, len(lead), _STRETCH * FOLD):
                first = max(0, begin - _REACH * FOLD)
                piece = folded(lead[first : begin + (_STRETCH + _REACH) * FOLD])
                answer = torch.sigmoid(network(torch.from_numpy(piece)[None]))[0].numpy()
                # copied at once: what is kept of a tensor keeps the memory around it from being used again
                own = row[begin : begin + _STRETCH * FOLD]
                own[:] = answer.T.reshape(-1)[begin - first :][: len(own)]
    return found


@contextmanager
def _one_thread(torch: Any) -> Iterator[None]:
    """The network is so small that threads only wait for each other: on a busy machine four times as long."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def folded(lead: Floats) -> Floats:
    """One lead (steps,) as (FOLD, columns), the end filled with zeros."""
    padded = np.pad(lead, (0, -len(lead) % FOLD))
    return np.ascontiguousarray(padded.reshape(-1, FOLD).T)


@cache
def _loaded() -> nn.Module:
    try:
        from suwen.learn.weights import Trust, load_model, pins, shipped  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("torch", "learn") from error
    return load_model(shipped(NAME), Trust(pinned=pins()))[0]
