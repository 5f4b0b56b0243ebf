"""Molecules as they come in: SMILES as text."""

from suwen.formats.molecules.tokens import PADDING, TOKENS, numbers_of, tokens_of

__all__ = ["PADDING", "TOKENS", "numbers_of", "tokens_of"]
