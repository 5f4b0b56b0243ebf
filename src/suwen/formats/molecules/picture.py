"""Molecules drawn as SVG, atoms marked or coloured from blue over white to red, with words for the blind.

Blue and red at equal lightness steps stay apart for the colour-blind (Okabe and Ito 2008), and the sign is also told by
the text alternative.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from suwen.errors import InputError
from suwen.formats.molecules.drawing import LETTER, WHITE, Colour, bond_length, draw, with_line, with_words
from suwen.formats.molecules.halos import Halos, with_halos
from suwen.formats.molecules.nouns import Molecule
from suwen.formats.molecules.structure import mol_of

__all__ = ["picture"]

_SIZES = range(40, 4_001)  # pixels
_MARK = (0.99, 0.80, 0.35)  # amber: dark letters on it keep a contrast above 7 to 1
_FOR = (0.84, 0.19, 0.12)  # red, speaks for
_AGAINST = (0.13, 0.40, 0.75)  # blue, speaks against
_PALEST = 0.62  # of white in the strongest colour, so that letters on it stay readable
_MOST_TOLD = 5
_LEGEND = 24  # pixels of height


def picture(
    molecule: Molecule,
    *,
    atoms: Sequence[int] = (),
    weights: Sequence[float] | None = None,
    halos: Halos | None = None,
    stereo: bool = False,
    size: tuple[int, int] = (360, 260),
    legend: str = "",
) -> str:
    """An SVG of a molecule as its `smiles` says, the same for the same input, without scripts or references.

    Args:
        molecule: what is drawn.
        atoms: atoms to mark, by their place in `smiles` from 0.
        weights: one number for each atom of `smiles`: above 0 red, below blue, the largest in size most strongly.
        halos: a number for each atom as a soft halo, with words where a pointer rests on the atom.
        stereo: whether stated centres and double bonds are named R, S, E or Z.
        size: width and height in pixels, 40 to 4,000 each.
        legend: a line below the structure, cut where it is wider than the picture.

    Raises:
        InputError: an atom is not there, weights or halos are not one finite number for each atom, or the size is out
            of range.
        MissingExtraError: RDKit is not installed.

    """
    if len(size) != 2 or not all(one in _SIZES for one in size):
        raise InputError(
            f"a picture is {_SIZES.start} to {_SIZES.stop - 1} pixels wide and high, not {size}",
            zh=f"图片的宽和高为 {_SIZES.start} 至 {_SIZES.stop - 1} 像素，而非 {size}",
        )
    mol = mol_of(molecule.smiles)[0]
    colours = _colours(mol, atoms, weights)
    if halos is not None and len(halos.numbers) != mol.GetNumAtoms():
        raise InputError(
            f"halos are one number for each of the {mol.GetNumAtoms()} atoms, not {len(halos.numbers)}",
            zh=f"光晕须为 {mol.GetNumAtoms()} 个原子各给一个数，而非 {len(halos.numbers)} 个",
        )
    line = _fitting(legend, size[0])
    height = size[1] - _LEGEND if line and size[1] >= 3 * _LEGEND else size[1]
    svg, places = draw(mol, colours, (size[0], height), stereo=stereo, halos=halos is not None)
    if halos is not None:
        symbols = [atom.GetSymbol() for atom in mol.GetAtoms()]
        svg = with_halos(svg, halos, places, symbols, bond_length(mol, places))
    if height < size[1]:
        svg = with_line(svg, line, size, height)
    return with_words(svg, molecule, _words(mol, molecule, atoms, weights, halos))


def _colours(mol: Any, atoms: Sequence[int], weights: Sequence[float] | None) -> dict[int, Colour]:
    count = mol.GetNumAtoms()
    wrong = [one for one in atoms if not 0 <= one < count]
    if wrong:
        raise InputError(
            f"the molecule has atoms 0 to {count - 1}, and not {wrong[0]}",
            zh=f"该分子的原子编号为 0 至 {count - 1}，没有 {wrong[0]}",
        )
    made: dict[int, Colour] = dict.fromkeys(map(int, atoms), _MARK)
    if weights is None:
        return made
    if len(weights) != count or not all(abs(one) < float("inf") for one in weights):
        raise InputError(
            f"weights are one finite number for each of the {count} atoms; {len(weights)} are given",
            zh=f"权重须为 {count} 个原子各给一个有限数；给出了 {len(weights)} 个",
        )
    most = max((abs(one) for one in weights), default=0.0)
    shaded = {at: _shade(one / most) for at, one in enumerate(weights) if most and abs(one) > 0.02 * most}
    return {**shaded, **made}


def _shade(share: float) -> Colour:
    """White at 0, palest red or blue at ±1."""
    full = _FOR if share > 0 else _AGAINST
    strength = (1 - _PALEST * 0.5) * abs(share)
    return tuple(round(white + (one - white) * strength, 4) for white, one in zip(WHITE, full, strict=True))


def _words(
    mol: Any, molecule: Molecule, atoms: Sequence[int], weights: Sequence[float] | None, halos: Halos | None
) -> str:
    """What the picture shows, in both languages."""
    made = [f"{molecule.name or 'molecule'}: {molecule.smiles}"]
    if atoms:
        made.append(f"marked atoms 标记原子: {_listed(mol, sorted(set(atoms)))}")
    if weights is not None:
        made += _signed(mol, weights, ("red, for 红色（支持）", "blue, against 蓝色（反对）"))
    if halos is not None:
        made += _signed(mol, halos.numbers, ("red, raises 红色（升高）", "blue, lowers 蓝色（降低）"))
    return "; ".join(made)


def _signed(mol: Any, numbers: Sequence[float], words: tuple[str, str]) -> list[str]:
    """The atoms above and those below 0, the strongest first."""
    ordered = sorted(range(len(numbers)), key=lambda at: (-abs(numbers[at]), at))
    both = ([at for at in ordered if numbers[at] > 0], [at for at in ordered if numbers[at] < 0])
    return [f"{said}: {_listed(mol, chosen)}" for said, chosen in zip(words, both, strict=True) if chosen]


def _listed(mol: Any, atoms: Sequence[int]) -> str:
    shown = [f"{mol.GetAtomWithIdx(int(at)).GetSymbol()}{at + 1}" for at in atoms[:_MOST_TOLD]]
    return ", ".join(shown) + (" …" if len(atoms) > _MOST_TOLD else "")


def _fitting(legend: str, width: int) -> str:
    """As much of a line as has room, with an ellipsis where some of it has none."""
    line, room, kept = " ".join(legend.split()), width - 2 * LETTER, ""
    for one in line[:500]:
        room -= LETTER if one > "\u2e7f" else 8
        if room < 0:
            return f"{kept}…"
        kept += one
    return kept
