"""Molecules as the learners see them: counted fragments, descriptors, language vectors, and kernels of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.activity.counted import Counted, Counts, count_fragments
from suwen.drugs.activity.kernels import Floats, Scaling, fit_scaling, likeness, radial
from suwen.drugs.representation.kinds import Rows, represent

__all__ = ["KERNELS", "Kernel", "Kernels", "Scalings", "Views", "between", "fit_scalings", "see"]

Kernel: TypeAlias = Literal["joint", "circles", "topology", "language"]
Kernels: TypeAlias = Mapping[Kernel, Floats]
Scalings: TypeAlias = Mapping[str, Scaling]
_DESCRIBED = 0.3  # of the joint kernel
# Found by leave-one-out on the training parts of five targets: more kinds are better than any one of them, and a flat
# mean of them better than a product or a power.
KERNELS: MappingProxyType[Kernel, tuple[Counted, ...]] = MappingProxyType(
    {
        "joint": ("circles", "features", "pairs", "torsions", "paths"),
        "circles": ("circles", "features"),
        "topology": ("pairs", "torsions", "paths"),
        "language": (),
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """Of the same molecules: fragments counted without a limit of columns, and rows of numbers.

    `rows` has "ecfp4" and "fcfp4" (counts in 1,024 columns), "descriptors" and "language".
    """

    counts: Mapping[Counted, Counts]
    rows: Mapping[str, Rows]

    def __len__(self) -> int:
        """Molecules."""
        return len(self.rows["descriptors"])

    def some(self, places: NDArray[np.intp]) -> Views:
        """Those molecules only, in this order."""
        counts = {kind: one.rows(places) for kind, one in self.counts.items()}
        return Views(counts, {kind: one[places] for kind, one in self.rows.items()})

    def trees(self) -> Rows:
        """The table that trees read: counts of ECFP4 and FCFP4, then descriptors."""
        return np.concatenate([self.rows[kind] for kind in ("ecfp4", "fcfp4", "descriptors")], axis=1)


def see(smiles: Sequence[str]) -> Views:
    """Views of molecules given as SMILES. Raises InputError, and MissingExtraError without RDKit or PyTorch."""
    rows = represent(smiles, kinds=("ecfp4", "fcfp4", "descriptors", "language"))
    return Views(count_fragments(smiles), {str(kind): one for kind, one in rows.items()})


def fit_scalings(views: Views) -> Scalings:
    """How descriptors and language vectors are brought to one scale."""
    return {kind: fit_scaling(views.rows[kind]) for kind in ("descriptors", "language")}


def between(first: Views, second: Views, scalings: Scalings) -> Kernels:
    """Each kernel (len(first), len(second)), 1 for a molecule and itself."""
    counted = {kind: likeness(first.counts[kind], second.counts[kind]) for kind in KERNELS["joint"]}
    found = {name: _mean([counted[kind] for kind in kinds]) for name, kinds in KERNELS.items() if kinds}
    near = {kind: radial(first.rows[kind], second.rows[kind], one) for kind, one in scalings.items()}
    found["joint"] = (1 - _DESCRIBED) * found["joint"] + _DESCRIBED * near["descriptors"]
    return {**found, "language": near["language"]}


def _mean(kernels: Sequence[Floats]) -> Floats:
    whole = kernels[0].copy()
    for one in kernels[1:]:
        whole += one
    whole /= len(kernels)
    return whole
