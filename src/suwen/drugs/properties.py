"""The physicochemical properties of a molecule, computed from its structure alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.drugs.nouns import Property
from suwen.drugs.quantities import QUANTITIES
from suwen.drugs.scores import boiled_egg, central, drug_likeness, esol
from suwen.drugs.synthetic_access import synthetic_access

__all__ = ["formula_of", "properties_of"]

_CARBON, _NITROGEN = 6, 7


def properties_of(structure: Any, bits: NDArray[np.uint64]) -> tuple[Property, ...]:
    """Every property of RDKit's molecule `structure`, in the order of QUANTITIES; `bits` is its screen fingerprint."""
    numbers = {**_sizes(structure), **_lipophilic(structure), **_polar(structure)}
    numbers |= {**_rings(structure), **_centres(structure)}
    numbers["solubility"] = esol(
        numbers["logp"], numbers["weight"], numbers["rotatable_bonds"], numbers["aromatic_share"]
    )
    numbers["egg_intestine"], numbers["egg_brain"] = boiled_egg(numbers["tpsa_sp"], numbers["logp"])
    numbers["forecast_index"] = numbers["logp"] + numbers["aromatic_rings"]
    numbers["synthetic_access"] = synthetic_access(structure)
    basic = any(atom.GetAtomicNum() == _NITROGEN for atom in structure.GetAtoms())
    made = {key: Property(key, value) for key, value in numbers.items()}
    made["logd"] = Property("logd", None, None, numbers["logp"])
    made["qed"] = drug_likeness(structure, numbers, bits)
    made["cns_mpo"] = central(numbers, basic=basic)
    return tuple(made[key] for key in QUANTITIES)


def formula_of(structure: Any) -> str:
    """The molecular formula in Hill's order."""
    from rdkit.Chem import rdMolDescriptors  # noqa: PLC0415

    return str(rdMolDescriptors.CalcMolFormula(structure))


def _sizes(structure: Any) -> dict[str, float]:
    from rdkit.Chem import Descriptors, rdMolDescriptors, rdmolops  # noqa: PLC0415

    descriptors: Any = Descriptors  # half of it is typed
    elements = [atom.GetAtomicNum() for atom in structure.GetAtoms()]
    heavy = [one for one in elements if one > 1]
    hydrogens = sum(atom.GetTotalNumHs() for atom in structure.GetAtoms())
    aromatic = sum(atom.GetIsAromatic() for atom in structure.GetAtoms())
    return {
        "weight": float(descriptors.MolWt(structure)),
        "exact_mass": float(rdMolDescriptors.CalcExactMolWt(structure)),
        "heavy_atoms": float(len(heavy)),
        "atoms": float(len(elements) + hydrogens),
        "carbons": float(heavy.count(_CARBON)),
        "heteroatoms": float(len(heavy) - heavy.count(_CARBON)),
        "charge": float(rdmolops.GetFormalCharge(structure)),
        "aromatic_share": aromatic / len(heavy),
        "fraction_sp3": float(rdMolDescriptors.CalcFractionCSP3(structure)),
    }


def _lipophilic(structure: Any) -> dict[str, float]:
    from rdkit.Chem import rdMolDescriptors  # noqa: PLC0415

    logp, refractivity = rdMolDescriptors.CalcCrippenDescriptors(structure)
    return {"logp": float(logp), "refractivity": float(refractivity)}


def _polar(structure: Any) -> dict[str, float]:
    from rdkit.Chem import rdMolDescriptors  # noqa: PLC0415

    donors, acceptors = (
        float(rdMolDescriptors.CalcNumLipinskiHBD(structure)),
        float(rdMolDescriptors.CalcNumLipinskiHBA(structure)),
    )
    return {
        "tpsa": float(rdMolDescriptors.CalcTPSA(structure)),
        "tpsa_sp": float(rdMolDescriptors.CalcTPSA(structure, force=True, includeSandP=True)),
        "donors": donors,
        "acceptors": acceptors,
        "donors_strict": float(rdMolDescriptors.CalcNumHBD(structure)),
        "acceptors_strict": float(rdMolDescriptors.CalcNumHBA(structure)),
        "hydrogen_bonds": donors + acceptors,
        "rotatable_bonds": float(
            rdMolDescriptors.CalcNumRotatableBonds(structure, rdMolDescriptors.NumRotatableBondsOptions.Strict)
        ),
    }


def _rings(structure: Any) -> dict[str, float]:
    from rdkit.Chem import rdMolDescriptors  # noqa: PLC0415

    return {
        "rings": float(rdMolDescriptors.CalcNumRings(structure)),
        "aromatic_rings": float(rdMolDescriptors.CalcNumAromaticRings(structure)),
        "aliphatic_rings": float(rdMolDescriptors.CalcNumAliphaticRings(structure)),
        "heterocycles": float(rdMolDescriptors.CalcNumHeterocycles(structure)),
        "largest_ring": float(max((len(ring) for ring in structure.GetRingInfo().AtomRings()), default=0)),
        "bridgeheads": float(rdMolDescriptors.CalcNumBridgeheadAtoms(structure)),
        "spiro": float(rdMolDescriptors.CalcNumSpiroAtoms(structure)),
    }


def _centres(structure: Any) -> dict[str, float]:
    """Atoms and double bonds that are stereocentres: how many are stated, how many are open."""
    from rdkit.Chem import FindPotentialStereo, StereoSpecified  # noqa: PLC0415

    stated = [one.specified == StereoSpecified.Specified for one in FindPotentialStereo(structure)]
    return {"centres_stated": float(sum(stated)), "centres_open": float(len(stated) - sum(stated))}
