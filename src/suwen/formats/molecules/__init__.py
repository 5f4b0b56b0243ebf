"""Molecules as they come in: read from text and files, brought to one standard form, written out and drawn."""

from suwen.formats.molecules.notices import notice_in, notice_key, notice_text
from suwen.formats.molecules.nouns import Molecule, Refused
from suwen.formats.molecules.parse import read_molecule
from suwen.formats.molecules.picture import picture
from suwen.formats.molecules.read import read_molecules
from suwen.formats.molecules.standardise import standardised
from suwen.formats.molecules.tokens import PADDING, TOKENS, numbers_of, tokens_of
from suwen.formats.molecules.write import write_molecules

__all__ = [
    "PADDING",
    "TOKENS",
    "Molecule",
    "Refused",
    "notice_in",
    "notice_key",
    "notice_text",
    "numbers_of",
    "picture",
    "read_molecule",
    "read_molecules",
    "standardised",
    "tokens_of",
    "write_molecules",
]
