"""The profile of one molecule: what its structure tells by itself."""

from __future__ import annotations

from collections.abc import Iterable

from suwen.drugs.alerts import USUAL_SETS, alerts_of
from suwen.drugs.nouns import Profile
from suwen.drugs.properties import formula_of, properties_of
from suwen.drugs.rules import check_rules
from suwen.drugs.screen import fingerprint
from suwen.drugs.structure import structure_of
from suwen.formats.molecules.nouns import Molecule

__all__ = ["profile"]


def profile(molecule: Molecule, *, alert_sets: Iterable[str] = USUAL_SETS) -> Profile:
    """Properties, rules and structural alerts of a standardised molecule; `alert_sets` are keys of ALERT_SETS.

    Raises InputError where RDKit cannot read the SMILES, where it is too large, and for an unknown set;
    MissingExtraError without RDKit.
    """
    structure = structure_of(molecule)
    seen = fingerprint(structure)
    properties = properties_of(structure, seen)
    return Profile(
        molecule=molecule,
        formula=formula_of(structure),
        properties=properties,
        rules=check_rules({one.key: one for one in properties}),
        alerts=alerts_of(structure, molecule.smiles, seen, sets=alert_sets),
    )
