"""A network that learns all endpoints at once, so that small tables gain from what large ones tell of molecules.

Two hidden layers upon counted fragments, descriptors and language vectors; every endpoint has an output, and a molecule
counts for those that were measured of it (Ramsundar et al. 2015). Several, each from its own seed, are averaged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.admet.rows import Scales, evened
from suwen.drugs.representation.kinds import Representation, Rows
from suwen.errors import FormatError, MissingExtraError

__all__ = ["Layers", "fit_network", "network_table"]

_HIDDEN = 256
_EPOCHS = 12
_LOT = 128
_STRONG = 0.3  # of the spread of counted columns after scaling: there are many of them, and few tell something
_DROP = (0.2, 0.3)
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """Weights and offsets of the layers of each member, one after the other; half precision is enough for them."""

    weights: tuple[NDArray[np.float16], ...]
    offsets: tuple[NDArray[np.float32], ...]

    def __call__(self, table: Rows) -> Floats:
        """Raw answers (n, endpoints): log-odds of classes, standardised amounts; the mean of the members."""
        answers = []
        for at in range(0, len(self.weights), 3):
            one = table
            for layer in range(at, at + 3):
                one = one @ self.weights[layer].astype(np.float32) + self.offsets[layer]
                if layer < at + 2:
                    np.maximum(one, 0, out=one)
            answers.append(one.astype(np.float64))
        mean: Floats = np.mean(answers, axis=0)
        return mean

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """As arrays that safetensors can hold."""
        found: dict[str, NDArray[np.generic]] = {f"network.weights.{at}": one for at, one in enumerate(self.weights)}
        return found | {f"network.offsets.{at}": one for at, one in enumerate(self.offsets)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Layers:
        """The opposite; raises FormatError where a layer is absent."""
        count = sum(name.startswith("network.weights.") for name in arrays)
        try:
            weights = tuple(np.asarray(arrays[f"network.weights.{at}"], np.float16) for at in range(count))
            offsets = tuple(np.asarray(arrays[f"network.offsets.{at}"], np.float32) for at in range(count))
        except KeyError as absent:
            raise FormatError(
                f"the weights of the endpoints lack {absent.args[0]}", zh=f"终点权重缺少 {absent.args[0]}"
            ) from None
        if not count or count % 3:
            raise FormatError("the network of the endpoints lacks layers", zh="终点网络缺少层")
        return cls(weights, offsets)


def network_table(rows: Mapping[Representation, Rows], scales: Scales) -> Rows:
    """Columns (n, ...) of the network: logarithms of counts, evened descriptors and language vectors."""
    counted = np.log1p(np.concatenate([rows["ecfp4"], rows["fcfp4"]], axis=1))
    descriptors, language = evened(rows, scales)
    return np.concatenate([counted * (_STRONG / scales.counted), descriptors, language], axis=1).astype(np.float32)


def fit_network(
    table: Rows,
    truth: Floats,
    classes: NDArray[np.bool_],
    *,
    seeds: Sequence[int],
    notify: Callable[[int, int], None] = lambda _done, _all: None,
) -> Layers:
    """From rows (n, columns) and answers (n, endpoints), NaN where not measured, amounts standardised.

    Raises MissingExtraError without PyTorch.
    """
    try:
        import torch  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("torch", "learn") from None
    members = []
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the same sums on every machine
    try:
        for done, seed in enumerate(seeds, start=1):
            members.append(_taught(table, truth, classes, seed))
            notify(done, len(seeds))
    finally:
        torch.set_num_threads(threads)
    flat = [one for member in members for one in member]
    return Layers(tuple(one for one, _ in flat), tuple(one for _, one in flat))


def _taught(
    table: Rows, truth: Floats, classes: NDArray[np.bool_], seed: int
) -> list[tuple[NDArray[np.float16], NDArray[np.float32]]]:
    import torch  # noqa: PLC0415
    from torch import nn  # noqa: PLC0415
    from torch.nn import functional  # noqa: PLC0415

    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Dropout(_DROP[0]),
            nn.Linear(table.shape[1], _HIDDEN),
            nn.ReLU(),
            nn.Dropout(_DROP[1]),
            nn.Linear(_HIDDEN, _HIDDEN),
            nn.ReLU(),
            nn.Dropout(_DROP[1]),
            nn.Linear(_HIDDEN, truth.shape[1]),
        )
        known = ~np.isnan(truth)
        rows, answers = torch.from_numpy(table), torch.from_numpy(np.nan_to_num(truth).astype(np.float32))
        there, kind = torch.from_numpy(known), torch.from_numpy(classes)
        weight = _weights(known)
        optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-2)
        steps = _EPOCHS * -(-len(table) // _LOT)
        pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-3, total_steps=steps)
        for _ in range(_EPOCHS):
            order = rng.permutation(len(table))
            for begin in range(0, len(order), _LOT):
                lot = torch.from_numpy(order[begin : begin + _LOT])
                said, right, counted = network(rows[lot]), answers[lot], there[lot]
                wrong = functional.binary_cross_entropy_with_logits(said, right, reduction="none")
                off = functional.smooth_l1_loss(said, right, reduction="none", beta=0.5)
                each = (torch.where(kind, wrong, off) * counted).sum(0) / counted.sum(0).clamp_min(1)
                shares = torch.from_numpy(weight) * counted.any(0)
                loss = (each * shares).sum() / shares.sum()
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                pace.step()
    layers = [one for one in network if isinstance(one, nn.Linear)]
    return [
        (one.weight.detach().numpy().T.astype(np.float16), one.bias.detach().numpy().astype(np.float32))
        for one in layers
    ]


def _weights(known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """A table a quarter as large counts half as much in all, not a quarter."""
    count = np.maximum(known.sum(0), 1)
    weight = np.sqrt(count.max() / count)
    return np.asarray(weight / weight.mean(), np.float32)
