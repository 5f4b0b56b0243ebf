"""Representations of molecules by name, what each column counts, and all of them worked out in one reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.representation.descriptors import DESCRIPTORS, describe
from suwen.drugs.representation.language import LANGUAGE_WIDTH, language_vectors
from suwen.errors import InputError, MissingExtraError, Problem

__all__ = ["REPRESENTATIONS", "Representation", "Rows", "represent", "width_of"]

Representation: TypeAlias = Literal[
    "ecfp4", "ecfp6", "fcfp4", "pairs", "torsions", "path", "avalon", "erg", "descriptors", "language"
]
REPRESENTATIONS: tuple[Representation, ...] = get_args(Representation)
Rows: TypeAlias = NDArray[np.float32]
_COUNTED = 1024
_WIDTHS = MappingProxyType({"erg": 315, "descriptors": len(DESCRIPTORS), "language": LANGUAGE_WIDTH})
_CHUNK = 500
_SHOWN = 20


def width_of(kind: Representation) -> int:
    """Columns of a representation."""
    return _WIDTHS.get(kind, _COUNTED)


def represent(
    smiles: Sequence[str], *, kinds: Sequence[Representation], workers: int = 1
) -> dict[Representation, Rows]:
    """Rows (molecules, width_of(kind)) for each kind asked for.

    ecfp4, ecfp6, fcfp4: counts of Morgan environments of radius 2, 3, and 2 by pharmacophoric features (Rogers & Hahn
    2010); pairs: atom pairs (Carhart 1985); torsions: topological torsions (Nilakantan 1987); path: paths of 1 to 5
    bonds; avalon: Avalon counts (Gedeck 2006), each of these hashed to 1,024 columns; erg: extended reduced graph
    (Stiefl 2006); descriptors: RDKit's, NaN where one is not defined; language: vectors of the shipped language model
    of molecules. Raises InputError naming every SMILES that cannot be read, MissingExtraError without RDKit (or,
    for language, PyTorch).
    """
    for kind in kinds:
        if kind not in REPRESENTATIONS:
            raise InputError(f"no representation is called {kind!r}; there are {', '.join(REPRESENTATIONS)}")
    chemical = tuple(kind for kind in kinds if kind != "language")
    chunks = [(list(smiles[at : at + _CHUNK]), chemical) for at in range(0, len(smiles), _CHUNK)]
    if workers > 1 and len(chunks) > 1:
        with ProcessPoolExecutor(min(workers, len(chunks)), mp_context=get_context("spawn")) as pool:
            parts = list(pool.map(_chunk, chunks))
    else:
        parts = [_chunk(chunk) for chunk in chunks]
    _complain(np.concatenate([np.zeros(0, np.bool_), *(good for _, good in parts)]))
    found: dict[Representation, Rows] = {
        kind: np.concatenate([np.zeros((0, width_of(kind)), np.float32), *(rows[kind] for rows, _ in parts)])
        for kind in chemical
    }
    if "language" in kinds:
        found["language"] = language_vectors(smiles)
    return {kind: found[kind] for kind in kinds}


def _complain(good: NDArray[np.bool_]) -> None:
    bad = np.flatnonzero(~good)
    if len(bad):
        problems = [Problem(f"molecule {at + 1}", "its SMILES cannot be read") for at in bad[:_SHOWN].tolist()]
        raise InputError(f"{len(bad)} of {len(good)} molecules cannot be represented", problems)


def _chunk(job: tuple[list[str], tuple[Representation, ...]]) -> tuple[dict[Representation, Rows], NDArray[np.bool_]]:
    try:
        from rdkit import Chem, rdBase  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("rdkit", "drugs") from None
    smiles, kinds = job
    rows: dict[Representation, Rows] = {kind: np.zeros((len(smiles), width_of(kind)), np.float32) for kind in kinds}
    makers = {kind: _maker(kind) for kind in kinds}
    good = np.zeros(len(smiles), np.bool_)
    with rdBase.BlockLogs():
        for at, text in enumerate(smiles):
            molecule = Chem.MolFromSmiles(text) if text else None
            if molecule is None:
                continue
            good[at] = True
            for kind, make in makers.items():
                rows[kind][at] = make(molecule)
    return rows, good


def _maker(kind: Representation) -> Callable[[Any], Any]:
    from rdkit.Avalon import pyAvalonTools  # noqa: PLC0415
    from rdkit.Chem import rdFingerprintGenerator, rdReducedGraphs  # noqa: PLC0415

    if kind == "descriptors":
        return describe
    if kind == "erg":
        return lambda one: rdReducedGraphs.GetErGFingerprint(one, fuzzIncrement=0.3, maxPath=15, minPath=1)
    if kind == "avalon":
        return lambda one: _dense(pyAvalonTools.GetAvalonCountFP(one, nBits=_COUNTED))
    features = rdFingerprintGenerator.GetMorganFeatureAtomInvGen
    makers: dict[str, Callable[[], Any]] = {
        "ecfp4": lambda: rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=_COUNTED),
        "ecfp6": lambda: rdFingerprintGenerator.GetMorganGenerator(radius=3, fpSize=_COUNTED),
        "fcfp4": lambda: rdFingerprintGenerator.GetMorganGenerator(
            radius=2, atomInvariantsGenerator=features(), fpSize=_COUNTED
        ),
        "pairs": lambda: rdFingerprintGenerator.GetAtomPairGenerator(fpSize=_COUNTED),
        "torsions": lambda: rdFingerprintGenerator.GetTopologicalTorsionGenerator(fpSize=_COUNTED),
        "path": lambda: rdFingerprintGenerator.GetRDKitFPGenerator(maxPath=5, fpSize=_COUNTED),
    }
    made: Callable[[Any], Any] = makers[kind]().GetCountFingerprintAsNumPy
    return made


def _dense(counts: Any) -> Rows:
    row = np.zeros(_COUNTED, np.float32)
    found = counts.GetNonzeroElements()
    row[list(found)] = list(found.values())
    return row
