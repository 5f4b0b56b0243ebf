"""The measured molecules that are most like a molecule, endpoint by endpoint, and how far out of the known it lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.admet.nouns import Neighbour
from suwen.drugs.similarity.fingerprints import Words, popcount
from suwen.errors import InputError

__all__ = [
    "EDGE",
    "Measured",
    "Measurements",
    "edge",
    "familiarity",
    "gather",
    "is_inside",
    "nearest",
    "nearest_by_endpoint",
    "reference_similarities",
]

EDGE = 0.05  # the share of measured molecules that are taken to lie at the edge of what was measured
_LOT = 64  # molecules compared at once: their similarities to 30,000 measured ones take 8 MB
_BYTE = 255  # bits whose sum still fits a byte


@dataclass(frozen=True, eq=False, slots=True)
class Measurements:
    """What was measured of one endpoint: `rows` (measured,) into a list of molecules, `values` (measured,)."""

    rows: NDArray[np.int64]
    values: NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Measured:
    """All measured molecules: `smiles`, their bits (bits, molecules) as bytes, `counts` of bits, and each endpoint's.

    Bits lie bit by bit, so that a molecule's bits in common with all are the sum of a few dozen contiguous rows.
    """

    smiles: tuple[str, ...]
    bits: NDArray[np.uint8]
    counts: NDArray[np.int64]
    endpoints: Mapping[str, Measurements]


def gather(
    smiles: Sequence[str], words: Words, endpoints: Mapping[str, tuple[Sequence[int], Sequence[float]]]
) -> Measured:
    """Measured molecules from packed ECFP4 `words` (molecules, words) and, by endpoint, rows into them and values.

    Takes a byte for each bit of each molecule: 60 MB for 30,000. Raises InputError where lengths do not agree.
    """
    if len(smiles) != len(words):
        raise InputError(
            f"{len(smiles)} measured molecules have {len(words)} fingerprints; there must be one of each",
            zh=f"{len(smiles)} 个已测分子有 {len(words)} 个指纹；两者须一一对应",
        )
    tables = {key: _measurements(key, rows, values, len(smiles)) for key, (rows, values) in endpoints.items()}
    bits = np.ascontiguousarray(_unpacked(words).T)
    return Measured(tuple(smiles), bits, popcount(words), tables)


def _measurements(key: str, rows: Sequence[int], values: Sequence[float], molecules: int) -> Measurements:
    at, found = np.asarray(rows, np.int64), np.asarray(values, np.float64)
    if at.shape != found.shape or at.ndim != 1 or not len(at) or at.min() < 0 or at.max() >= molecules:
        raise InputError(
            f"the measurements of {key} do not fit its molecules: each row needs one value",
            zh=f"{key} 的测定值与其分子不符：每行须有一个值",
        )
    return Measurements(at, found)


def nearest(
    words: Words, training_words: Words, smiles: Sequence[str], measured: Sequence[float], *, count: int = 3
) -> tuple[Neighbour, ...]:
    """The `count` molecules of `training_words` (molecules, words) most like `words` (words,), nearest first.

    Of equally near ones the earlier comes first. For many molecules or endpoints use `nearest_by_endpoint`.
    """
    common = popcount(training_words & words)
    similarity = _tanimoto(common, popcount(training_words), popcount(words))
    order = np.argsort(-similarity, kind="stable")[:count].tolist()
    return tuple(Neighbour(smiles[at], float(similarity[at]), float(measured[at])) for at in order)


def nearest_by_endpoint(measured: Measured, words: Words, *, count: int = 3) -> list[dict[str, tuple[Neighbour, ...]]]:
    """For each of `words` (molecules, words) and each endpoint its `count` nearest measured molecules, nearest first.

    Each molecule is compared once with all that were measured, and every endpoint picks among its own.
    """
    answers: list[dict[str, tuple[Neighbour, ...]]] = []
    for begin in range(0, len(words), _LOT):
        lot = words[begin : begin + _LOT]
        similarity = _similarities(measured, lot)
        found: list[dict[str, tuple[Neighbour, ...]]] = [{} for _ in range(len(lot))]
        for key, table in measured.endpoints.items():
            for answer, one in zip(found, _picked(measured, table, similarity, count), strict=True):
                answer[key] = one
        answers.extend(found)
    return answers


def _picked(
    measured: Measured, table: Measurements, similarity: NDArray[np.float32], count: int
) -> list[tuple[Neighbour, ...]]:
    places, near = _largest(np.ascontiguousarray(similarity[:, table.rows]), count)
    rows, values = table.rows[places].tolist(), table.values[places].tolist()
    return [
        tuple(Neighbour(measured.smiles[at], far, value) for at, far, value in zip(*one, strict=True))
        for one in zip(rows, near.tolist(), values, strict=True)
    ]


def reference_similarities(measured: Measured) -> dict[str, NDArray[np.float32]]:
    """For each endpoint, sorted, how like each of its molecules is to the nearest other of that endpoint.

    It is what `familiarity` and `edge` are told from. Raises InputError where an endpoint has a single molecule.
    """
    found = {key: np.zeros(len(table.rows), np.float32) for key, table in measured.endpoints.items()}
    for key, table in measured.endpoints.items():
        if len(table.rows) < 2:
            raise InputError(
                f"{key} has a single measured molecule; at least two are needed",
                zh=f"{key} 只有一个已测分子；至少需要两个",
            )
        for begin in range(0, len(table.rows), _LOT):
            lot = table.rows[begin : begin + _LOT]
            similarity = _common(measured.bits, measured.bits[:, lot].T)[:, table.rows]
            close = _tanimoto(similarity, measured.counts[table.rows], measured.counts[lot][:, None])
            close[np.arange(len(lot)), begin + np.arange(len(lot))] = -1.0  # itself
            found[key][begin : begin + _LOT] = close.max(1)
    return {key: np.sort(one) for key, one in found.items()}


def familiarity(similarity: float, reference: NDArray[np.float32]) -> float:
    """The share 0..1 of measured molecules that lie farther from the others than a molecule of this `similarity`.

    `reference` (measured,) is sorted: the similarity of each measured molecule to its nearest other.
    """
    return float(np.searchsorted(reference, np.float32(similarity), side="left") / max(1, len(reference)))


def edge(reference: NDArray[np.float32]) -> float:
    """The similarity below which only EDGE of the measured molecules lie: the edge of the domain."""
    return float(reference[int(EDGE * (len(reference) - 1))])


def is_inside(similarity: float, reference: NDArray[np.float32]) -> bool:
    """Whether a molecule whose nearest measured one has this similarity lies in the domain (see `edge`)."""
    return bool(np.float32(similarity) >= edge(reference))


def _similarities(measured: Measured, words: Words) -> NDArray[np.float32]:
    common = _common(measured.bits, _unpacked(words))
    return _tanimoto(common, measured.counts, popcount(words)[:, None])


def _unpacked(words: Words) -> NDArray[np.uint8]:
    packed = np.ascontiguousarray(words).astype("<u8", copy=False).view(np.uint8)
    return np.unpackbits(packed, axis=-1, bitorder="little")


def _common(bits: NDArray[np.uint8], asked: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Bits in common (asked, molecules) of `asked` (asked, bits) with `bits` (bits, molecules)."""
    common = np.zeros((len(asked), bits.shape[1]), np.uint16)
    part = np.zeros(bits.shape[1], np.uint8)
    for one, row in zip(asked, common, strict=True):
        there = np.flatnonzero(one)
        for begin in range(0, len(there), _BYTE):
            part[:] = 0
            for bit in there[begin : begin + _BYTE]:
                np.add(part, bits[bit], out=part)
            np.add(row, part, out=row)
    return common


def _tanimoto(common: NDArray[np.generic], counts: NDArray[np.int64], asked: NDArray[np.int64]) -> NDArray[np.float32]:
    """Tanimoto; two molecules without any bit are alike (1)."""
    shared = common.astype(np.float32)
    either = counts.astype(np.float32) + asked.astype(np.float32) - shared
    return np.asarray(np.divide(shared, either, out=np.ones_like(shared), where=either > 0))


def _largest(values: NDArray[np.float32], count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Places and values (rows, count) of the largest of each row, of equals the first; `values` is used up."""
    count = min(count, values.shape[1])
    places, found = np.zeros((len(values), count), np.int64), np.zeros((len(values), count), np.float32)
    every = np.arange(len(values))
    for turn in range(count):
        at = values.argmax(1)
        places[:, turn], found[:, turn] = at, values[every, at]
        values[every, at] = -1.0
    return places, found
