"""The shipped networks of the learned scores: maps of evidence over the lungs, and the signs that are read off them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import DataError, MissingExtraError, TamperError
from suwen.finding import Maker
from suwen.imaging.chest.scores_input import Lungs
from suwen.imaging.chest.scores_texture import CELLS, textures

if TYPE_CHECKING:
    from torch import Tensor, nn

    from suwen.learn.card import Card

__all__ = [
    "FORMAT",
    "LABELS",
    "NAME",
    "READOUT",
    "SIGNS",
    "Readout",
    "Seen",
    "cells",
    "coarse",
    "first_network",
    "look",
    "maker",
    "member_maps",
    "network_inputs",
    "parse_readout",
    "pooled",
    "readout",
    "scaled",
    "shadowed",
]

Floats = NDArray[np.float64]
Maps = NDArray[np.float32]

NAME = "chest"
READOUT = "scores_readout.json"
FORMAT = 1
LABELS = ("pneumonia", "infiltration", "consolidation", "edema", "effusion", "atelectasis")
SIGNS = ("line", *LABELS, "shadow")  # the line over all cells; the networks' labels; shadows as drawn into clear lungs
_REACH = 4.0  # standard deviations beyond which a texture tells no more
_STRONGEST = 8  # cells of the lungs whose mean is the sign "shadow": a thirtieth of the box
_NONE = -9.0  # log-odds of a shadow where there is no lung


@dataclass(frozen=True, slots=True, eq=False)
class Readout:
    """What stands beside the weights: how inputs are scaled, lines over the cells, and how scores are read off signs.

    `mean`, `spread` (inputs,) scale the networks' inputs; `lines` (folds, features) and `levels` (folds,) are the
    logistic lines; `scores` names for each score its `weights` by sign, `level`, `share`, `map` and `calibrated`;
    `trained` names the images learned from, each with the fold whose networks did not see it; `patients` the people.
    """

    mean: NDArray[np.float32]
    spread: NDArray[np.float32]
    lines: Floats
    levels: Floats
    scores: Mapping[str, Mapping[str, Any]]
    trained: Mapping[str, int]
    patients: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What each network finds: `maps` (members, labels and shadow, cells, cells) and `signs` (members, SIGNS)."""

    maps: Maps
    signs: Floats


def look(lungs: Lungs) -> Seen:
    """Ask every network. Raises MissingExtraError when PyTorch is not installed."""
    network, known = _loaded()[0], readout()
    import torch  # noqa: PLC0415

    with torch.inference_mode():
        found = textures(torch.from_numpy(lungs.rank)[None])
        inputs = scaled(cells(found), known.mean, known.spread)
        maps = torch.cat([member_maps(one, inputs) for one in getattr(network, "members", [network])])
    answers = np.asarray(maps.numpy(), np.float32)
    line = known.lines @ coarse(found.numpy())[0] + known.levels
    line = np.repeat(line, len(answers) // len(line))  # the networks of one fold stand together
    inside = np.repeat(_coarse_lungs(lungs)[None], len(answers), 0)
    return Seen(answers, np.column_stack([line, pooled(answers[:, :-1]), shadowed(answers[:, -1], inside)]))


def first_network() -> nn.Module:
    """One of the shipped networks, for explanations made of a single one."""
    network: Any = _loaded()[0]
    one: nn.Module = next(iter(getattr(network, "members", [network])))
    return one


def network_inputs(lungs: Lungs) -> NDArray[np.float32]:
    """What every network is given of one radiograph: (inputs, CELLS, CELLS)."""
    import torch  # noqa: PLC0415

    known = readout()
    with torch.no_grad():
        found = cells(textures(torch.from_numpy(lungs.rank)[None]))
        return np.asarray(scaled(found, known.mean, known.spread)[0].numpy(), np.float32)


def cells(found: Tensor) -> Tensor:
    """Inputs of the networks from textures (n, c, CELLS, CELLS): themselves, less the mirror side's, and the place."""
    import torch  # noqa: PLC0415

    at = (torch.arange(CELLS) + 0.5) / CELLS * 2 - 1
    place = torch.stack([at[:, None].expand(CELLS, CELLS), at.abs()[None].expand(CELLS, CELLS)])
    return torch.cat([found, found - found.flip(-1), place.expand(len(found), -1, -1, -1)], 1)


def scaled(inputs: Tensor, mean: NDArray[np.float32], spread: NDArray[np.float32]) -> Tensor:
    """Inputs (n, c, ...) less their mean, by their spread, held within 4."""
    import torch  # noqa: PLC0415

    middle, wide = (torch.from_numpy(one)[None, :, None, None] for one in (mean, spread))
    return ((inputs - middle) / wide).clamp(-_REACH, _REACH)


def member_maps(network: Any, inputs: Tensor) -> Tensor:
    """Log-odds (n, outputs, CELLS, CELLS) of every cell: the mean of the lungs and of their mirror image."""
    return (_maps(network, inputs) + _maps(network, inputs.flip(3)).flip(3)) / 2


def _maps(network: Any, inputs: Tensor) -> Tensor:
    """The last layer of a residual classifier put to each place, not to the mean of all."""
    from torch.nn import functional  # noqa: PLC0415

    features = network.blocks(network.stem(inputs))
    found: Tensor = functional.conv2d(features, network.head.weight[:, :, None, None], network.head.bias)
    return found


def pooled(maps: Maps) -> Floats:
    """Log-odds (n, channels) of the whole from maps (n, channels, ...): the log of the mean exponential.

    It lies between the mean and the greatest (log-sum-exp pooling, Pinheiro & Collobert, CVPR 2015).
    """
    flat = np.asarray(maps, np.float64).reshape(*maps.shape[:2], -1)
    most = flat.max(2)
    return np.asarray(np.log(np.exp(flat - most[..., None]).mean(2)) + most)


def shadowed(maps: Maps, inside: NDArray[np.float32]) -> Floats:
    """Mean log-odds (n,) of the eight most shadowed cells of the lungs; `inside` (n, CELLS, CELLS) is lung, 0 to 1."""
    held = np.where(inside > 0.5, np.asarray(maps, np.float64), _NONE).reshape(len(maps), -1)
    return np.asarray(np.sort(held, axis=1)[:, -_STRONGEST:].mean(1))


def coarse(found: NDArray[np.float32]) -> Floats:
    """What the lines are drawn over, (n, features): textures in blocks of four cells, both sides' mean and difference.

    So a shadow says the same on either side; that the sides differ says something by itself.
    """
    edge = CELLS // 2
    blocks = np.asarray(found, np.float64).reshape(*found.shape[:2], edge, 2, edge, 2).mean((3, 5))
    other, half = blocks[..., ::-1], edge // 2
    both, apart = (blocks + other) / 2, np.abs(blocks - other)
    return np.concatenate([one[..., :half].reshape(len(found), -1) for one in (both, apart)], axis=1)


def _coarse_lungs(lungs: Lungs) -> NDArray[np.float32]:
    edge = len(lungs.rank) // CELLS
    both = (lungs.right + lungs.left).reshape(CELLS, edge, CELLS, edge).mean((1, 3))
    return np.asarray(np.clip(both, 0, 1), np.float32)


@cache
def _loaded() -> tuple[nn.Module, Card]:
    try:
        from suwen.learn.weights import Trust, load_model, pins, shipped  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("torch", "learn") from error
    return load_model(shipped(NAME), Trust(pinned=pins()))


@cache
def readout() -> Readout:
    """The readout that belongs to the shipped weights: the card, which is pinned, names its digest.

    Raises:
        TamperError: it is not the one that the card names.

    """
    written = files("suwen.imaging.chest").joinpath(READOUT).read_bytes()
    if hashlib.sha256(written).hexdigest() != _loaded()[1].training["readout_sha256"]:
        raise TamperError(
            f"{READOUT} is not the file that the card of {NAME} names: it was changed; get it anew",
            zh=f"{READOUT} 不是 {NAME} 的模型卡所列的文件：已被改动；请重新获取",
        )
    return parse_readout(written)


def parse_readout(written: bytes) -> Readout:
    """A readout from its JSON. Raises DataError when it is of a later format."""
    values = json.loads(written)
    if values.get("format") != FORMAT:
        raise DataError(
            f"{READOUT} has format {values.get('format')}, and this release reads {FORMAT}",
            zh=f"{READOUT} 的格式为 {values.get('format')}，本版本读取 {FORMAT}",
        )
    mean, spread = (np.array(values[name], np.float32) for name in ("mean", "spread"))
    lines, levels = (np.array(values[name], np.float64) for name in ("lines", "levels"))
    patients = frozenset(values["patients"])
    return Readout(mean, spread, lines, levels, values["scores"], values["trained"], patients)


def maker() -> Maker:
    """The model as it is named in findings: card name, version, digest of the images it learned from."""
    card = _loaded()[1]
    return Maker(f"model {card.name}", card.version, card.data[0].digest if card.data else "")
