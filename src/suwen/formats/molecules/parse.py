"""One molecule read from text: a SMILES, CXSMILES or InChI made into its standard form, or one clear refusal."""

from __future__ import annotations

from dataclasses import replace

from suwen.formats.molecules.nouns import Molecule
from suwen.formats.molecules.standardise import standardised
from suwen.formats.molecules.structure import mol_of

__all__ = ["read_molecule"]


def read_molecule(text: str, *, name: str = "") -> Molecule:
    """The molecule that a SMILES or InChI describes, standardised (see `standardised`).

    At most 5,000 characters, 999 atoms and 200 rings are read; what RDKit and InChI might search in without end is
    bounded, so that every text has its answer within seconds.

    Args:
        text: SMILES (OpenSMILES 1.0 and what RDKit adds), CXSMILES, whose extensions are cut and noticed, or InChI.
        name: what the source calls it.

    Returns:
        A Molecule; what was changed in it or is open stands in `noticed`.

    Raises:
        FormatError: it is no structure, or an impossible one; its one problem says what is wrong and where.
        MissingExtraError: RDKit is not installed.

    """
    mol, noticed = mol_of(text)
    made = standardised(mol, written=text.strip(), name=name)
    return replace(made, noticed=(*noticed, *made.noticed)) if noticed else made
