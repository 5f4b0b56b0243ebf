"""Molecules as the columns that the learners of endpoints read, for kernels brought to one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.representation.descriptors import DESCRIPTORS
from suwen.drugs.representation.kinds import Representation, Rows, represent, width_of
from suwen.errors import FormatError

__all__ = ["COLUMNS", "KINDS", "Points", "Scales", "evened", "fit_scales", "points_of", "represented", "tree_table"]

KINDS: tuple[Representation, ...] = ("ecfp4", "fcfp4", "avalon", "erg", "descriptors", "language")
_TREES: tuple[Representation, ...] = ("ecfp4", "avalon", "erg", "descriptors")
COLUMNS: tuple[str, ...] = tuple(
    f"{kind}:{DESCRIPTORS[at] if kind == 'descriptors' else at}" for kind in _TREES for at in range(width_of(kind))
)
"""Names of the columns of `tree_table`, "kind:place" or "descriptors:name"."""
_DIRECTIONS = 128  # of the language vectors: what of them varies most
_STEP = 1 / 30  # scaled numbers are kept as whole steps: four deviations fit into a byte
_WIDEST = 4.0
_RARE = 0.05  # added to the spread of a count, so that what hardly occurs is not blown up
_SPREAD = 2.0  # deviations of the first direction after scaling; the others keep their proportion to it
_COUNTED = 6  # counts above are as this


@dataclass(frozen=True, slots=True, eq=False)
class Scales:
    """What brings columns to one scale; all learned from molecules without their measurements.

    Medians in place of the unknown, centres and spreads of descriptors and language vectors, the directions of these
    (384, 128) that vary most, and `counted`, the spread of the logarithm of ECFP4 and FCFP4 counts.
    """

    medians: Rows
    centres: Rows
    spreads: Rows
    language_centres: Rows
    language_spreads: Rows
    directions: Rows
    counted: Rows

    def to_arrays(self) -> dict[str, Rows]:
        """As arrays that safetensors can hold."""
        return {f"scales.{name}": getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Scales:
        """The opposite; raises FormatError where one is absent."""
        try:
            return cls(*(np.asarray(arrays[f"scales.{name}"], np.float32) for name in cls.__slots__))
        except KeyError as absent:
            raise FormatError(
                f"the weights of the endpoints lack {absent.args[0]}", zh=f"终点权重缺少 {absent.args[0]}"
            ) from None


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Molecules as kernels see them: counts of features (n, 1024), descriptors and language as whole steps (n, ...)."""

    features: NDArray[np.uint8]
    descriptors: NDArray[np.int8]
    language: NDArray[np.int8]

    def __len__(self) -> int:
        """Molecules."""
        return len(self.features)

    def __getitem__(self, places: NDArray[np.int64]) -> Points:
        """Some of them."""
        return Points(self.features[places], self.descriptors[places], self.language[places])


def fit_scales(rows: Mapping[Representation, Rows]) -> Scales:
    """Scales of molecules represented by KINDS."""
    given = rows["descriptors"].astype(np.float64)
    medians = np.nan_to_num(np.nanmedian(given, axis=0))
    tamed = _tamed(np.where(np.isnan(given), medians, given))
    centres = rows["language"].mean(0, dtype=np.float64)
    varied = rows["language"] - centres
    _, axes = np.linalg.eigh(varied.T @ varied / len(varied))
    directions = axes[:, ::-1][:, :_DIRECTIONS]
    directions = directions * np.where(directions.sum(0) < 0, -1, 1)  # an axis has no sign of its own
    first = float((varied @ directions[:, 0]).std()) or 1.0
    return Scales(
        *(
            np.asarray(one, np.float32)
            for one in (
                medians,
                tamed.mean(0),
                tamed.std(0),
                centres,
                rows["language"].std(0) + 1e-6,
                directions * (_SPREAD / first),
                np.log1p(np.concatenate([rows["ecfp4"], rows["fcfp4"]], axis=1)).std(0) + _RARE,
            )
        )
    )


def tree_table(rows: Mapping[Representation, Rows], scales: Scales) -> Rows:
    """Columns (n, len(COLUMNS)) for trees; an unknown descriptor is its median."""
    known = np.where(np.isnan(rows["descriptors"]), scales.medians, rows["descriptors"])
    return np.concatenate([known if kind == "descriptors" else rows[kind] for kind in _TREES], axis=1)


def evened(rows: Mapping[Representation, Rows], scales: Scales) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Descriptors (n, ...) and language vectors (n, 384) with mean 0 and deviation 1, at most four deviations wide."""
    known = np.where(np.isnan(rows["descriptors"]), scales.medians, rows["descriptors"]).astype(np.float64)
    varies = scales.spreads > 1e-6
    even = (_tamed(known) - scales.centres) / np.where(varies, scales.spreads, 1) * varies
    spoken = (rows["language"] - scales.language_centres) / scales.language_spreads
    return np.clip(even, -_WIDEST, _WIDEST), np.clip(spoken, -_WIDEST, _WIDEST).astype(np.float64)


def points_of(rows: Mapping[Representation, Rows], scales: Scales) -> Points:
    """Molecules as kernels see them."""
    even, _ = evened(rows, scales)
    turned = (rows["language"] - scales.language_centres) @ scales.directions
    return Points(np.minimum(rows["fcfp4"], _COUNTED).astype(np.uint8), _steps(even), _steps(turned))


def represented(smiles: Sequence[str], *, workers: int = 1) -> dict[Representation, Rows]:
    """Rows of all KINDS; raises as `represent` does."""
    return represent(smiles, kinds=KINDS, workers=workers)


def _tamed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Signed logarithm: surface areas and masses run over decades."""
    tamed: NDArray[np.float64] = np.sign(values) * np.log1p(np.abs(values))
    return tamed


def _steps(values: NDArray[np.floating]) -> NDArray[np.int8]:
    return np.asarray(np.rint(np.clip(values, -_WIDEST, _WIDEST) / _STEP), np.int8)
