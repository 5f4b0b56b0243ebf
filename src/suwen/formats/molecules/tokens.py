"""SMILES cut into tokens: elements of two letters, chirality and ring numbers as one, all else by the character.

What stands in brackets is cut up too, so that atoms never seen in learning are still made of tokens that were.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["BEGIN", "END", "MASK", "PADDING", "TOKENS", "UNKNOWN", "numbers_of", "tokens_of"]

PADDING, BEGIN, END, MASK, UNKNOWN = range(5)
_ELEMENTS = (
    "Cl", "Br", "Si", "Se", "Na", "Li", "Mg", "Ca", "Zn", "Fe", "Cu", "Co", "Mn", "Al", "Ag", "Pt", "Au", "Hg", "As",
    "Te", "Sn", "Ge", "Pd", "Ru", "Rh", "Ni", "Cr", "Ti", "Gd", "Tc", "Bi", "Sb", "Ba", "Sr", "Cs", "Rb", "se", "te",
    "as", "si",
)  # fmt: skip
_SINGLE = "BCNOPSFIHKVWUYbcnops()[]=#-+/\\.:@*$~0123456789"
TOKENS: tuple[str, ...] = ("<pad>", "<begin>", "<end>", "<mask>", "<unknown>", *_ELEMENTS, "@@", "%", *_SINGLE)
"""Every token by its number; the order is that of the shipped weights and never changes, new ones go to the end."""

_NUMBERS: Mapping[str, int] = MappingProxyType({token: number for number, token in enumerate(TOKENS)})
_CUT = re.compile("|".join([*map(re.escape, sorted(_ELEMENTS, key=len, reverse=True)), "@@", "."]), re.DOTALL)


def tokens_of(smiles: str) -> list[str]:
    """The tokens of a SMILES; joined they are the SMILES again."""
    return _CUT.findall(smiles)


def numbers_of(smiles: str) -> list[int]:
    """The numbers of the tokens of a SMILES in `TOKENS`, between that of the begin and that of the end."""
    return [BEGIN, *(_NUMBERS.get(token, UNKNOWN) for token in tokens_of(smiles)), END]
