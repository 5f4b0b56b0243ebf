"""Efficiencies of a ligand: how much of its potency each atom, gram or unit of fat carries."""

from __future__ import annotations

import math

from suwen.drugs.nouns import Profile
from suwen.errors import InputError

__all__ = ["efficiencies"]

_KCAL = 1.37  # kcal/mol per unit of -log10 of a binding constant at 300 K, as in Hopkins 2004


def efficiencies(profile: Profile, potency: float) -> dict[str, float]:
    """Efficiencies of a molecule whose `potency` is -log10 of Ki, Kd or IC50 in mol/L. Raises InputError if not finite.

    ligand: kcal/mol for each heavy atom (Hopkins AL et al. Drug Discov Today 2004;9:430-431). lipophilic: potency less
    logP (Leeson PD, Springthorpe B. Nat Rev Drug Discov 2007;6:881-890). size_independent: potency over heavy atoms to
    the power 0.3 (Nissink JWM. J Chem Inf Model 2009;49:1617-1622). binding: potency for each 1,000 g/mol and surface:
    for each 100 Å² of polar surface (Abad-Zapatero C, Metz JT. Drug Discov Today 2005;10:464-469), the last only where
    there is polar surface.
    """
    if not math.isfinite(potency):
        raise InputError(
            f"a potency is a finite number (-log10 of mol/L), not {potency}",
            zh=f"活性须为有限数（mol/L 的 -log10），而非 {potency}",
        )
    numbers = profile.numbers()
    atoms, polar = numbers["heavy_atoms"], numbers["tpsa"]
    found = {
        "ligand": _KCAL * potency / atoms,
        "lipophilic": potency - numbers["logp"],
        "size_independent": potency / atoms**0.3,
        "binding": potency / numbers["weight"] * 1000.0,
    }
    return found | ({"surface": potency / polar * 100.0} if polar > 0 else {})
