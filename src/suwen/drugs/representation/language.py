"""Vectors of the shipped language model of molecules: what it read in a million structures about one of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from suwen.errors import MissingExtraError
from suwen.formats.molecules.tokens import numbers_of

if TYPE_CHECKING:
    from suwen.learn.nets.tokens import TokenTransformer

__all__ = ["LANGUAGE_WIDTH", "language_vectors"]

LANGUAGE_WIDTH = 384
_TOGETHER = 64  # molecules of like length that run through the network at once


def language_vectors(smiles: Sequence[str]) -> NDArray[np.float32]:
    """Vectors (molecules, LANGUAGE_WIDTH): mean and maximum over the tokens of each canonical SMILES.

    Runs on one thread. Raises MissingExtraError without PyTorch.
    """
    try:
        import torch  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("torch", "learn") from None
    numbers = [numbers_of(text) for text in smiles]
    order = sorted(range(len(numbers)), key=lambda at: len(numbers[at]))
    found = np.zeros((len(numbers), LANGUAGE_WIDTH), np.float32)
    network = _network()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the sums of one thread do not depend on the machine
    try:
        with torch.inference_mode():
            for begin in range(0, len(order), _TOGETHER):
                lot = order[begin : begin + _TOGETHER]
                rows = torch.zeros(len(lot), max(1, *(len(numbers[at]) for at in lot)), dtype=torch.long)
                for row, at in zip(rows, lot, strict=True):
                    row[: len(numbers[at])] = torch.tensor(numbers[at], dtype=torch.long)
                features = network.features(rows)
                there = rows.ne(0).unsqueeze(2)
                mean = (features * there).sum(1) / there.sum(1).clamp_min(1)
                most = features.masked_fill(~there, -torch.inf).max(1).values
                found[lot] = torch.cat([mean, most.nan_to_num(neginf=0.0)], 1).numpy()
    finally:
        torch.set_num_threads(threads)
    return found


@cache
def _network() -> TokenTransformer:
    from suwen.learn.weights import Trust, load_model, pins, shipped  # noqa: PLC0415

    network, _ = load_model(shipped("molecules"), Trust(pinned=pins()))
    return cast("TokenTransformer", network.eval())
