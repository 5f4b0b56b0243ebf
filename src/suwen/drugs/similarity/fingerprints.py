"""Fingerprints of molecules as packed bits: six kinds, many molecules at once, over both cores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from suwen.errors import InputError, MissingExtraError, Problem

__all__ = [
    "BITS",
    "KINDS",
    "Kind",
    "Words",
    "fingerprint",
    "fingerprints",
    "popcount",
    "readable_fingerprints",
    "several_fingerprints",
]

Kind: TypeAlias = Literal["ecfp4", "fcfp4", "path", "pairs", "torsions", "maccs"]
Words: TypeAlias = NDArray[np.uint64]
KINDS: tuple[Kind, ...] = get_args(Kind)
BITS = MappingProxyType({kind: 192 if kind == "maccs" else 2048 for kind in KINDS})  # MACCS: 167 keys, then nought
_CHUNK = 1000  # SMILES that one process reads at a time
_SHOWN = 20


def fingerprint(smiles: str, *, kind: Kind = "ecfp4") -> Words:
    """Words (BITS[kind] / 64,) of one molecule. Raises InputError where RDKit cannot read it."""
    found: Words = fingerprints([smiles], kind=kind)[0]
    return found


def fingerprints(smiles: Sequence[str], *, kind: Kind = "ecfp4", workers: int = 1) -> Words:
    """Words (molecules, BITS[kind] / 64), little-endian: bit i of a fingerprint is bit i % 64 of word i // 64.

    ecfp4, fcfp4: Morgan, radius 2, of atoms or of pharmacophoric features (Rogers & Hahn 2010); path: RDKit's paths of
    1 to 7 bonds; pairs: atom pairs (Carhart 1985); torsions: topological torsions (Nilakantan 1987); maccs: 166 public
    keys (Durant 2002). Raises InputError naming every SMILES that cannot be read.
    """
    words, good = readable_fingerprints(smiles, kind=kind, workers=workers)
    if not good.all():
        bad = np.flatnonzero(~good)
        problems = [
            Problem(f"molecule {at + 1}", "its SMILES cannot be read", zh_what="其 SMILES 无法读取")
            for at in bad[:_SHOWN].tolist()
        ]
        raise InputError(
            f"{len(bad)} of {len(smiles)} molecules have no fingerprint",
            problems,
            zh=f"{len(smiles)} 个分子中有 {len(bad)} 个没有指纹",
        )
    return words


def readable_fingerprints(
    smiles: Sequence[str], *, kind: Kind = "ecfp4", workers: int = 1
) -> tuple[Words, NDArray[np.bool_]]:
    """As `fingerprints`, and which molecules (molecules,) could be read; those that could not have no bit set."""
    several, good = several_fingerprints(smiles, kinds=(kind,), workers=workers)
    return several[kind], good


def several_fingerprints(
    smiles: Sequence[str], *, kinds: Sequence[Kind], workers: int = 1
) -> tuple[dict[Kind, Words], NDArray[np.bool_]]:
    """Fingerprints of several kinds, each molecule being read once, and which molecules could be read."""
    for kind in kinds:
        _known(kind)
    chunks = [(list(smiles[at : at + _CHUNK]), tuple(kinds)) for at in range(0, len(smiles), _CHUNK)]
    if workers > 1 and len(chunks) > 1:
        with ProcessPoolExecutor(min(workers, len(chunks))) as pool:  # RDKit reads SMILES under the lock of Python
            parts = list(pool.map(_chunk, chunks))
    else:
        parts = [_chunk(chunk) for chunk in chunks]
    nothing = {kind: np.zeros((0, BITS[kind] // 64), np.uint64) for kind in kinds}
    found = {kind: np.concatenate([nothing[kind], *(words[kind] for words, _ in parts)]) for kind in kinds}
    return found, np.concatenate([np.zeros(0, np.bool_), *(good for _, good in parts)])


def popcount(words: Words) -> NDArray[np.int64]:
    """Bits set in each fingerprint (molecules, words) -> (molecules,)."""
    if hasattr(np, "bitwise_count"):  # NumPy 2
        counts = np.asarray(np.bitwise_count(words))
    else:
        counts = np.unpackbits(np.ascontiguousarray(words).view(np.uint8), axis=-1)
    return np.asarray(counts.sum(-1, dtype=np.int64))


def _known(kind: str) -> None:
    if kind not in KINDS:
        raise InputError(
            f"no fingerprint is called {kind!r}; there are {', '.join(KINDS)}",
            zh=f"没有名为 {kind!r} 的指纹；有 {'、'.join(KINDS)}",
        )


def _chunk(job: tuple[list[str], tuple[Kind, ...]]) -> tuple[dict[Kind, Words], NDArray[np.bool_]]:
    try:
        from rdkit import Chem, DataStructs, rdBase  # noqa: PLC0415
    except ImportError:
        raise MissingExtraError("rdkit", "drugs") from None
    smiles, kinds = job
    makers = [(_maker(kind), np.zeros((len(smiles), BITS[kind] // 8), np.uint8)) for kind in kinds]
    good = np.zeros(len(smiles), np.bool_)
    with rdBase.BlockLogs():
        for at, text in enumerate(smiles):
            molecule = Chem.MolFromSmiles(text) if text else None
            if molecule is None:
                continue
            good[at] = True
            for make, packed in makers:
                raw = DataStructs.BitVectToBinaryText(make(molecule))
                packed[at, : len(raw)] = np.frombuffer(raw, np.uint8)
    words = [packed.view("<u8").astype(np.uint64, copy=False) for _, packed in makers]
    return dict(zip(kinds, words, strict=True)), good


def _maker(kind: Kind) -> Callable[[Any], Any]:
    from rdkit.Chem import rdFingerprintGenerator, rdMolDescriptors  # noqa: PLC0415

    if kind == "maccs":
        keys: Callable[[Any], Any] = rdMolDescriptors.GetMACCSKeysFingerprint
        return keys
    makers: dict[str, Callable[[], Any]] = {
        "ecfp4": lambda: rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048),
        "fcfp4": lambda: rdFingerprintGenerator.GetMorganGenerator(
            radius=2, fpSize=2048, atomInvariantsGenerator=rdFingerprintGenerator.GetMorganFeatureAtomInvGen()
        ),
        "path": lambda: rdFingerprintGenerator.GetRDKitFPGenerator(fpSize=2048),
        "pairs": lambda: rdFingerprintGenerator.GetAtomPairGenerator(fpSize=2048),
        "torsions": lambda: rdFingerprintGenerator.GetTopologicalTorsionGenerator(fpSize=2048),
    }
    made: Callable[[Any], Any] = makers[kind]().GetFingerprint
    return made
