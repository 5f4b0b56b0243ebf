"""Molecules as they come in: SMILES as text, and the noun that a structure becomes."""

from suwen.formats.molecules.nouns import Molecule
from suwen.formats.molecules.tokens import PADDING, TOKENS, numbers_of, tokens_of

__all__ = ["PADDING", "TOKENS", "Molecule", "numbers_of", "tokens_of"]
