"""The shipped endpoints: weights read and audited, and what they say of molecules, with intervals and calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.admet.kernels import Line, kernel
from suwen.drugs.admet.learner import MEMBERS, Floats, Ints, joined_answers, world_of
from suwen.drugs.admet.network import Layers
from suwen.drugs.admet.rows import COLUMNS, Points, Scales, represented, tree_table
from suwen.errors import FormatError
from suwen.explain.tables.oblivious_shapley import oblivious_shapley
from suwen.learn.arrays import array_pins, load_arrays, shipped_arrays
from suwen.learn.card import Card
from suwen.learn.tabular.oblivious import Oblivious

__all__ = ["NAME", "PARTS", "Answers", "Model", "Ruler", "expected_error", "shipped_card", "shipped_model"]

NAME = "admet"
PARTS = ("admet", "admet_landmarks", "admet_trees")
"""Files of the shipped weights: the second holds the molecules that kernels compare with, the third the trees."""
Arrays = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True, eq=False)
class Ruler:
    """What an endpoint's raw answers mean: how members are joined, calibrated, and how far the truth may lie.

    `weights` (members,) sum to 1. Of classes: `slope` and `level` of the log-odds, `limits` the largest chance of being
    wrong (0, 1) that a class may have and stay among the answers. Of amounts: `spread` (base, per unlikeness, per
    discord) the size of an error that is expected, and `limits[0]` how many of them cover the truth. `reference` are
    101 quantiles of how like its nearest other each molecule learned from is, `medicines` of the answers for approved
    medicines.
    """

    key: str
    classes: bool
    log: bool
    weights: Floats
    slope: float
    level: float
    spread: Floats
    limits: Floats
    reference: Floats
    medicines: Floats
    bounds: tuple[float, float]
    count: int

    def joined(self, answers: Floats) -> Floats:
        """Answers (n,) of the members' (n, members): calibrated chances, or amounts as they are learned."""
        mean: Floats = answers @ self.weights
        if not self.classes:
            return mean
        even = np.clip(mean, 1e-4, 1 - 1e-4)
        calibrated: Floats = 1 / (1 + np.exp(-(self.slope * np.log(even / (1 - even)) + self.level)))
        return calibrated

    def width(self, answers: Floats, similarity: Floats) -> Floats:
        """Half the interval (n,) of amounts as they are learned."""
        discord = answers.std(axis=1)
        found: Floats = self.limits[0] * expected_error(self.spread, similarity, discord)
        return found


def expected_error(spread: Floats, similarity: Floats, discord: Floats) -> Floats:
    """The size of error (n,) to expect of molecules so like the nearest known and so discordantly answered."""
    found: Floats = spread[0] + spread[1] * (1 - similarity) + spread[2] * discord
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Of molecules (n): members' answers by endpoint (n, members), and the rows of the trees (n, columns)."""

    members: Mapping[str, Floats]
    table: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """All endpoints: members, rulers, and which molecules were learned from.

    `words` (molecules, 32) are the ECFP4 bits of the molecules learned from, `hashes` (molecules,) the first eight
    bytes of SHA-256 of their SMILES; `places` of each endpoint (measured,) rows among them and `lines` the line of its
    table each was first on, from 1: the tables themselves are not shipped.
    """

    scales: Scales
    points: Points
    layers: Layers
    forests: Mapping[str, Oblivious]
    landmarks: Mapping[str, Ints]
    lines: Mapping[str, Line]
    rulers: Mapping[str, Ruler]
    means: Floats
    spreads: Floats
    words: NDArray[np.uint64]
    hashes: NDArray[np.uint64]
    places: Mapping[str, Ints]
    rows: Mapping[str, Ints]

    def answers(self, smiles: Sequence[str], *, workers: int = 1) -> Answers:
        """What all members say of molecules by their standardised SMILES."""
        world = world_of(represented(smiles, workers=workers), self.scales)
        close = kernel(world.points, self.points)
        said = self.layers(world.inputs)
        found = {}
        for at, (key, ruler) in enumerate(self.rulers.items()):
            trees = self.forests[key].logits(world.table)
            lines = self.lines[key](close[:, self.landmarks[key]])
            scale = (float(self.means[at]), float(self.spreads[at]))
            found[key] = joined_answers(trees, lines, said[:, at], classes=ruler.classes, scale=scale)
        return Answers(found, world.table)

    def shares(self, smiles: str, key: str) -> tuple[Sequence[str], Floats, float, float]:
        """Columns, the exact share of each in what the trees of an endpoint say, the base, and the trees' weight."""
        table = tree_table(represented([smiles]), self.scales)
        shares, base = oblivious_shapley(self.forests[key], table[0])
        return COLUMNS, shares, base, float(self.rulers[key].weights[MEMBERS.index("trees")])

    def to_arrays(self) -> tuple[dict[str, NDArray[Any]], ...]:
        """As the arrays of all files."""
        found: dict[str, NDArray[Any]] = {**self.scales.to_arrays(), **self.layers.to_arrays()}
        found |= {"means": self.means, "spreads": self.spreads, "hashes": self.hashes}
        for at, (key, ruler) in enumerate(self.rulers.items()):
            found[f"{key}.ruler.order"] = np.array([at], np.uint8)
            found[f"{key}.landmarks"] = self.landmarks[key].astype(np.uint16)
            found[f"{key}.line"] = self.lines[key].weights.astype(np.float32)
            found[f"{key}.mean"] = np.array([self.lines[key].mean, self.lines[key].ridge])
            found[f"{key}.places"] = self.places[key].astype(np.uint16)
            found[f"{key}.rows"] = self.rows[key].astype(np.uint16)
            found |= {f"{key}.ruler.{name}": one for name, one in _ruler_arrays(ruler).items()}
        marks: dict[str, NDArray[Any]] = {"descriptors": self.points.descriptors, "language": self.points.language}
        marks |= {f"features.{name}": one for name, one in _sparse(self.points.features).items()}
        marks |= {f"words.{name}": one for name, one in _sparse(_unpacked(self.words)).items()}
        trees = {f"{key}.{name}": one for key in self.rulers for name, one in self.forests[key].to_arrays().items()}
        return found, marks, trees

    @classmethod
    def from_arrays(cls, arrays: Arrays, marks: Arrays, trees: Arrays) -> Model:
        """The opposite; raises FormatError where something is absent or does not fit."""
        try:
            return _restored(arrays, marks, trees)
        except (KeyError, ValueError, IndexError) as wrong:
            raise FormatError(
                f"the weights of the endpoints are not complete: {wrong}", zh=f"终点权重不完整：{wrong}"
            ) from wrong


def shipped_model() -> Model:
    """The endpoints that ship with this release. Raises NotFoundError, FormatError or TamperError."""
    return _shipped()[0]


def shipped_card() -> Card:
    """Their card: tables with their digests, figures, limits. Raises as `shipped_model` does."""
    return _shipped()[1]


@cache
def _shipped() -> tuple[Model, Card]:
    parts, card = load_arrays(shipped_arrays(NAME), array_pins())
    return Model.from_arrays(*(parts[part] for part in PARTS)), card


def _restored(arrays: Arrays, marks: Arrays, trees: Arrays) -> Model:
    keys = [name.removesuffix(".ruler.order") for name in arrays if name.endswith(".ruler.order")]
    if not keys or len(keys) != len(arrays["means"]):
        raise FormatError(
            "the weights of the endpoints do not hold as many endpoints as they say",
            zh="终点权重所含的终点数与其标称不符",
        )
    rulers = {key: _ruler_from(key, arrays) for key in keys}
    order = sorted(keys, key=lambda key: int(np.asarray(arrays[f"{key}.ruler.order"])[0]))
    features = _dense(marks, "features", 1024)
    words = np.packbits(_dense(marks, "words", 2048) > 0, axis=1, bitorder="little").view("<u8").astype(np.uint64)
    return Model(
        Scales.from_arrays(arrays),
        Points(features, np.asarray(marks["descriptors"], np.int8), np.asarray(marks["language"], np.int8)),
        Layers.from_arrays(arrays),
        {key: Oblivious.from_arrays(_under(trees, f"{key}.")) for key in order},
        {key: arrays[f"{key}.landmarks"].astype(np.int64) for key in order},
        {key: _line_from(key, arrays) for key in order},
        {key: rulers[key] for key in order},
        arrays["means"].astype(np.float64),
        arrays["spreads"].astype(np.float64),
        words,
        arrays["hashes"].astype(np.uint64),
        {key: arrays[f"{key}.places"].astype(np.int64) for key in order},
        {key: arrays[f"{key}.rows"].astype(np.int64) for key in order},
    )


def _under(arrays: Arrays, prefix: str) -> dict[str, NDArray[np.generic]]:
    return {name.removeprefix(prefix): one for name, one in arrays.items() if name.startswith(prefix)}


def _line_from(key: str, arrays: Arrays) -> Line:
    mean, ridge = arrays[f"{key}.mean"].astype(np.float64).tolist()
    return Line(arrays[f"{key}.line"].astype(np.float64), mean, ridge)


def _ruler_arrays(ruler: Ruler) -> dict[str, NDArray[Any]]:
    numbers = np.array([ruler.slope, ruler.level, *ruler.bounds, ruler.count], np.float64)
    return {
        "kind": np.array([ruler.classes, ruler.log], np.uint8),
        "weights": ruler.weights,
        "numbers": numbers,
        "spread": ruler.spread,
        "limits": ruler.limits,
        "reference": ruler.reference.astype(np.float32),
        "medicines": ruler.medicines.astype(np.float32),
    }


def _ruler_from(key: str, arrays: Arrays) -> Ruler:
    found = {name: np.asarray(one) for name, one in _under(arrays, f"{key}.ruler.").items()}
    slope, level, low, high, count = found["numbers"].astype(np.float64).tolist()
    classes, log = found["kind"].astype(bool).tolist()
    tables = (found[name].astype(np.float64) for name in ("spread", "limits", "reference", "medicines"))
    spread, limits, reference, medicines = tables
    weights = found["weights"].astype(np.float64)
    return Ruler(
        key, classes, log, weights, slope, level, spread, limits, reference, medicines, (low, high), int(count)
    )


def _sparse(counts: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """Rows of mostly noughts: how many columns of each row hold something, which, and what."""
    rows, columns = np.nonzero(counts)
    return {
        "filled": np.bincount(rows, minlength=len(counts)).astype(np.uint16),
        "columns": columns.astype(np.uint16),
        "counts": counts[rows, columns],
    }


def _dense(arrays: Arrays, name: str, width: int) -> NDArray[np.uint8]:
    filled, columns = (np.asarray(arrays[f"{name}.{one}"], np.int64) for one in ("filled", "columns"))
    found = np.zeros((len(filled), width), np.uint8)
    found[np.repeat(np.arange(len(filled)), filled), columns] = arrays[f"{name}.counts"]
    return found


def _unpacked(words: NDArray[np.uint64]) -> NDArray[np.uint8]:
    return np.unpackbits(words.astype("<u8").view(np.uint8), axis=1, bitorder="little")
