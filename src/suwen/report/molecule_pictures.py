"""The drawings of molecules on a page: whole, small, with marked atoms, and coloured by the shares of atoms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from markupsafe import Markup

from suwen.drugs.admet.nouns import AtomShares
from suwen.errors import FormatError
from suwen.formats.molecules import Molecule, picture
from suwen.formats.molecules.compact import compact
from suwen.formats.molecules.halos import Halos
from suwen.report.molecule_strings import say
from suwen.report.molecule_words import number_text
from suwen.report.strings import Language

__all__ = ["drawn", "shared", "small"]

_WHOLE, _SMALL, _SHARED = (520, 340), (180, 130), (420, 290)


def drawn(
    molecule: Molecule, *, atoms: Sequence[int] = (), stereo: bool = False, size: tuple[int, int] = _WHOLE
) -> Markup:
    """A molecule, perhaps with marked atoms and stereo labels."""
    return _inline(picture(molecule, atoms=atoms, stereo=stereo, size=size))


@lru_cache(maxsize=1024)
def small(smiles: str, name: str = "") -> Markup:
    """A molecule in a table; empty where the text is no structure."""
    try:
        return _inline(picture(Molecule(smiles, "", name=name), size=_SMALL))
    except FormatError:
        return Markup("")


def shared(found: AtomShares, place: str, lang: Language) -> Markup:
    """A molecule whose atoms are coloured by what they add, the number read at each atom; `place` is its own."""
    from rdkit.Chem import MolFromSmiles  # noqa: PLC0415

    symbols = [atom.GetSymbol() for atom in MolFromSmiles(found.smiles).GetAtoms()]
    words = tuple(
        say("mol_atom_word", lang, symbol=symbol, number=at, share=_signed(one))
        for at, (symbol, one) in enumerate(zip(symbols, found.atoms, strict=True), 1)
    )
    halos = Halos(tuple(found.atoms), words=words, place=place)
    return _inline(picture(Molecule(found.smiles, ""), halos=halos, size=_SHARED))


def _signed(number: float) -> str:
    return ("+" if number > 0 else "") + number_text(number)


def _inline(svg: str) -> Markup:
    # The drawing is made here and everything in it that comes from outside was escaped by its maker.
    return Markup(compact(svg))  # noqa: S704
