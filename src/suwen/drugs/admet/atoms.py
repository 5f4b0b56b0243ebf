"""Which atoms drive a forecast: exact shares of the columns of trees, brought back to the atoms the columns count."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.admet.nouns import AtomShares
from suwen.errors import InputError, MissingExtraError

__all__ = ["ADDITIVE", "COUNTED", "atom_shares"]

COUNTED = ("ecfp4", "ecfp6", "fcfp4", "pairs", "torsions", "path")
"""Representations each column of which counts places in the molecule."""
ADDITIVE = ("MolLogP", "MolMR", "TPSA")
"""Descriptors that are a sum over atoms, by RDKit's own tables."""
_WIDTH = 1024
_STRONGEST = 5
_CANCELLED = 0.25  # of a sum whose parts cancel to less than this share of their sizes, no part stands for the whole

_Place = tuple[int, ...]
_Places = Mapping[int, Sequence[_Place]]
_Parts = NDArray[np.float64]


def atom_shares(
    smiles: str, columns: Sequence[str], shares: Sequence[float], base: float, *, explained: float
) -> AtomShares:
    """The shares of `columns` ("ecfp4:17", "descriptors:MolLogP" ...) divided over the atoms of `smiles`.

    The share of a column of COUNTED that the molecule has is divided equally over the places that it counts, and that
    of a place equally over its atoms: of a circular one (ECFP, FCFP) the atoms within its radius, of a pair both, of a
    torsion or a path those on it. The share of MolLogP, MolMR and TPSA is divided in proportion to RDKit's
    contributions of the atoms (hydrogens with the atom that bears them: Wildman and Crippen 1999, Ertl 2000), unless
    these cancel almost wholly. A column that the molecule has not, and every other one, stands for the whole molecule.
    `columns` of the answer names the strongest descriptors, those divided over atoms among them.

    `atoms` + `whole` + `base` = the sum of `shares` + `base`, whatever the molecule. Raises InputError where columns
    and shares do not agree or RDKit cannot read the SMILES, MissingExtraError without RDKit.
    """
    if len(columns) != len(shares):
        raise InputError(
            f"{len(columns)} columns have {len(shares)} shares; each needs one",
            zh=f"{len(columns)} 列有 {len(shares)} 个贡献值；每列须有一个",
        )
    if not all(map(math.isfinite, (*shares, base, explained))):
        raise InputError(
            "a share is not a finite number; the model that gave it is broken",
            zh="某贡献值不是有限数；给出它的模型有误",
        )
    molecule = _read(smiles)
    atoms: _Parts = np.zeros(molecule.GetNumAtoms())
    whole = 0.0
    places: dict[str, _Places] = {}
    for column, share in zip(columns, shares, strict=True):
        kind, _, name = column.partition(":")
        if kind in COUNTED and kind not in places:
            places[kind] = _places(molecule, kind)
        parts = _over_atoms(molecule, kind, name, places) if share else None
        if parts is None:
            whole += float(share)
        else:
            atoms += parts * share
    named = ((one.partition(":")[2], float(share)) for one, share in zip(columns, shares, strict=True)
             if one.startswith("descriptors:") and share)  # fmt: skip
    return AtomShares(smiles, tuple(atoms.tolist()), whole, float(base), _strongest(named), float(explained))


def _strongest(named: Iterable[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(named, key=lambda one: (-abs(one[1]), one[0]))[:_STRONGEST])


def _over_atoms(molecule: Any, kind: str, name: str, places: Mapping[str, _Places]) -> _Parts | None:
    """The parts (atoms,) of 1 that the atoms have in a column; None where it stands for the whole molecule."""
    if kind == "descriptors" and name in ADDITIVE:
        return _in_proportion(_contributions(molecule, name))
    if kind not in COUNTED:
        return None
    found = places[kind].get(_number(name), ())
    if not found:
        return None
    parts: _Parts = np.zeros(molecule.GetNumAtoms())
    for place in found:
        parts[list(place)] += 1.0 / (len(place) * len(found))
    return parts


def _number(name: str) -> int:
    if not name.isdecimal() or int(name) >= _WIDTH:
        raise InputError(
            f"a column of counts has a number from 0 to {_WIDTH - 1}, not {name!r}",
            zh=f"计数列的编号为 0 至 {_WIDTH - 1}，而非 {name!r}",
        )
    return int(name)


def _in_proportion(contributions: _Parts) -> _Parts | None:
    total = float(contributions.sum())
    if abs(total) <= _CANCELLED * float(np.abs(contributions).sum()):
        return None
    return contributions / total


def _contributions(molecule: Any, name: str) -> _Parts:
    from rdkit.Chem import AddHs, rdMolDescriptors  # noqa: PLC0415

    if name == "TPSA":
        return np.asarray(rdMolDescriptors._CalcTPSAContribs(molecule), np.float64)  # its only door
    whole = AddHs(molecule)  # new hydrogens follow the atoms that were there
    both = np.asarray(rdMolDescriptors._CalcCrippenContribs(whole), np.float64)  # its only door
    parts = both[:, 0 if name == "MolLogP" else 1]
    heavy: _Parts = parts[: molecule.GetNumAtoms()].copy()
    for atom in list(whole.GetAtoms())[molecule.GetNumAtoms() :]:
        heavy[atom.GetNeighbors()[0].GetIdx()] += parts[atom.GetIdx()]
    return heavy


def _places(molecule: Any, kind: str) -> _Places:
    """For each column that the molecule has, the atoms of each place that it counts."""
    from rdkit.Chem import rdFingerprintGenerator  # noqa: PLC0415

    output = rdFingerprintGenerator.AdditionalOutput()
    output.AllocateBitInfoMap()
    output.AllocateBitPaths()
    _GENERATORS[kind]().GetCountFingerprint(molecule, additionalOutput=output)
    if kind in {"ecfp4", "ecfp6", "fcfp4"}:
        return _circles(molecule, output.GetBitInfoMap())
    if kind == "pairs":
        return {bit: [tuple(pair) for pair in found] for bit, found in output.GetBitInfoMap().items()}
    paths = output.GetBitPaths()
    if kind == "torsions":
        return {bit: [tuple(path) for path in found] for bit, found in paths.items()}
    return {bit: [_ends(molecule, path) for path in found] for bit, found in paths.items()}


def _circles(molecule: Any, found: Mapping[int, Iterable[tuple[int, int]]]) -> _Places:
    from rdkit.Chem import GetDistanceMatrix  # noqa: PLC0415

    far = GetDistanceMatrix(molecule)
    return {
        bit: [tuple(np.flatnonzero(far[centre] <= radius).tolist()) for centre, radius in circles]
        for bit, circles in found.items()
    }


def _ends(molecule: Any, bonds: Iterable[int]) -> _Place:
    """The atoms on a path of bonds."""
    ends = (molecule.GetBondWithIdx(bond) for bond in bonds)
    return tuple(sorted({atom for one in ends for atom in (one.GetBeginAtomIdx(), one.GetEndAtomIdx())}))


def _circular(radius: int, *, by_features: bool = False) -> Any:
    from rdkit.Chem import rdFingerprintGenerator  # noqa: PLC0415

    kinds = {"atomInvariantsGenerator": rdFingerprintGenerator.GetMorganFeatureAtomInvGen()} if by_features else {}
    return rdFingerprintGenerator.GetMorganGenerator(radius=radius, fpSize=_WIDTH, **kinds)


def _walked(name: str, **settings: int) -> Any:
    from rdkit.Chem import rdFingerprintGenerator  # noqa: PLC0415

    return getattr(rdFingerprintGenerator, name)(fpSize=_WIDTH, **settings)


_GENERATORS: Mapping[str, Callable[[], Any]] = MappingProxyType(
    {
        "ecfp4": lambda: _circular(2),
        "ecfp6": lambda: _circular(3),
        "fcfp4": lambda: _circular(2, by_features=True),
        "pairs": lambda: _walked("GetAtomPairGenerator"),
        "torsions": lambda: _walked("GetTopologicalTorsionGenerator"),
        "path": lambda: _walked("GetRDKitFPGenerator", maxPath=5),
    }
)  # each as `representation.kinds` makes it: a test holds the counts of both against each other


def _read(smiles: str) -> Any:
    try:
        from rdkit import Chem, rdBase  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("rdkit", "drugs") from None
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles) if smiles else None
    if molecule is None:
        raise InputError(
            "the atoms of a molecule cannot be told: its SMILES cannot be read; check it",
            zh="无法说明该分子各原子的贡献：其 SMILES 无法读取；请检查",
        )
    return molecule
