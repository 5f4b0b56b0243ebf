"""Molecules drawn as SVG, atoms marked or coloured by weight from blue over white to red, with words for the blind.

Blue and red at equal lightness steps stay apart for the colour-blind (Okabe and Ito 2008), and the sign is also told by
the text alternative.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from suwen.errors import InputError
from suwen.formats.molecules.nouns import Molecule
from suwen.formats.molecules.structure import chemistry, mol_of

__all__ = ["picture"]

_SIZES = range(40, 4_001)  # pixels
_MARK = (0.99, 0.80, 0.35)  # amber: dark letters on it keep a contrast above 7 to 1
_FOR = (0.84, 0.19, 0.12)  # red, speaks for
_AGAINST = (0.13, 0.40, 0.75)  # blue, speaks against
_WHITE = (1.0, 1.0, 1.0)
_PALEST = 0.62  # of white in the strongest colour, so that letters on it stay readable
_MOST_TOLD = 5
_LEGEND = 24  # pixels of height
_LETTER = 14  # pixels of a letter's height; a Chinese one is as wide


def picture(
    molecule: Molecule,
    *,
    atoms: Sequence[int] = (),
    weights: Sequence[float] | None = None,
    size: tuple[int, int] = (360, 260),
    legend: str = "",
) -> str:
    """An SVG of a molecule as its `smiles` says, the same for the same input, without scripts or references.

    Args:
        molecule: what is drawn.
        atoms: atoms to mark, by their place in `smiles` from 0.
        weights: one number for each atom of `smiles`: above 0 red, below blue, the largest in size most strongly.
        size: width and height in pixels, 40 to 4,000 each.
        legend: a line below the structure, cut where it is wider than the picture.

    Raises:
        InputError: an atom is not there, weights are not one finite number for each atom, or the size is out of range.
        MissingExtraError: RDKit is not installed.

    """
    if len(size) != 2 or not all(one in _SIZES for one in size):
        raise InputError(f"a picture is {_SIZES.start} to {_SIZES.stop - 1} pixels wide and high, not {size}")
    mol = mol_of(molecule.smiles)[0]
    colours = _colours(mol, atoms, weights)
    line = _fitting(legend, size[0])
    height = size[1] - _LEGEND if line and size[1] >= 3 * _LEGEND else size[1]
    svg = _drawn(mol, colours, (size[0], height))
    if height < size[1]:
        svg = _with_line(svg, line, size, height)
    return _with_words(svg, molecule, _words(mol, molecule, atoms, weights))


def _colours(mol: Any, atoms: Sequence[int], weights: Sequence[float] | None) -> dict[int, tuple[float, ...]]:
    count = mol.GetNumAtoms()
    wrong = [one for one in atoms if not 0 <= one < count]
    if wrong:
        raise InputError(f"the molecule has atoms 0 to {count - 1}, and not {wrong[0]}")
    made: dict[int, tuple[float, ...]] = dict.fromkeys(map(int, atoms), _MARK)
    if weights is None:
        return made
    if len(weights) != count or not all(abs(one) < float("inf") for one in weights):
        raise InputError(f"weights are one finite number for each of the {count} atoms; {len(weights)} are given")
    most = max((abs(one) for one in weights), default=0.0)
    shaded = {at: _shade(one / most) for at, one in enumerate(weights) if most and abs(one) > 0.02 * most}
    return {**shaded, **made}


def _shade(share: float) -> tuple[float, ...]:
    """White at 0, palest red or blue at ±1."""
    full = _FOR if share > 0 else _AGAINST
    strength = (1 - _PALEST * 0.5) * abs(share)
    return tuple(round(white + (one - white) * strength, 4) for white, one in zip(_WHITE, full, strict=True))


def _drawn(mol: Any, colours: dict[int, tuple[float, ...]], size: tuple[int, int]) -> str:
    rdMolDraw2D = chemistry("rdkit.Chem.Draw.rdMolDraw2D")  # noqa: N806
    with chemistry("rdkit.rdBase").BlockLogs():
        mol = chemistry().Mol(mol)
        chemistry("rdkit.Chem.rdDepictor").Compute2DCoords(mol, canonOrient=True)
        drawer = rdMolDraw2D.MolDraw2DSVG(*size)
        chosen = drawer.drawOptions()
        # Dark lines on white of its own stay readable on a dark page as on a light one.
        chosen.setBackgroundColour((*_WHITE, 1.0))
        chosen.useBWAtomPalette()
        chosen.addStereoAnnotation = False
        chosen.highlightBondWidthMultiplier = 12
        bonds = {
            bond.GetIdx(): colours[bond.GetBeginAtomIdx()]
            for bond in mol.GetBonds()
            if bond.GetBeginAtomIdx() in colours
            and colours[bond.GetBeginAtomIdx()] == colours.get(bond.GetEndAtomIdx())
        }
        rdMolDraw2D.PrepareAndDrawMolecule(
            drawer,
            mol,
            highlightAtoms=sorted(colours),
            highlightBonds=sorted(bonds),
            highlightAtomColors=colours,
            highlightBondColors=bonds,
        )
        drawer.FinishDrawing()
    return str(drawer.GetDrawingText())


def _colours_of_bonds(mol: Any, colours: dict[int, tuple[float, ...]]) -> dict[int, tuple[float, ...]]:
    """The colour of a bond whose two atoms have the same; none between atoms that differ."""
    ends = ((bond.GetIdx(), bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds())
    return {at: colours[one] for at, one, other in ends if one in colours and colours[one] == colours.get(other)}


def _words(mol: Any, molecule: Molecule, atoms: Sequence[int], weights: Sequence[float] | None) -> str:
    """What the picture shows, in both languages."""
    made = [f"{molecule.name or 'molecule'}: {molecule.smiles}"]
    if atoms:
        made.append(f"marked atoms 标记原子: {_listed(mol, sorted(set(atoms)))}")
    if weights is not None:
        ordered = sorted(range(len(weights)), key=lambda at: (-abs(weights[at]), at))
        for words, chosen in (
            ("red, for 红色（支持）", [at for at in ordered if weights[at] > 0]),
            ("blue, against 蓝色（反对）", [at for at in ordered if weights[at] < 0]),
        ):
            if chosen:
                made.append(f"{words}: {_listed(mol, chosen)}")
    return "; ".join(made)


def _listed(mol: Any, atoms: Sequence[int]) -> str:
    shown = [f"{mol.GetAtomWithIdx(int(at)).GetSymbol()}{at + 1}" for at in atoms[:_MOST_TOLD]]
    return ", ".join(shown) + (" …" if len(atoms) > _MOST_TOLD else "")


def _fitting(legend: str, width: int) -> str:
    """As much of a line as has room, with an ellipsis where some of it has none."""
    line, room, kept = " ".join(legend.split()), width - 2 * _LETTER, ""
    for one in line[:500]:
        room -= _LETTER if one > "\u2e7f" else 8
        if room < 0:
            return f"{kept}…"
        kept += one
    return kept


def _with_line(svg: str, line: str, size: tuple[int, int], height: int) -> str:
    """The drawing with room below for a line of text; RDKit's own letters know no Chinese."""
    width, whole = size
    svg = svg.replace(
        f"height='{height}px' viewBox='0 0 {width} {height}'", f"height='{whole}px' viewBox='0 0 {width} {whole}'", 1
    )
    svg = svg.replace(f"width='{width}.0' height='{height}.0'", f"width='{width}.0' height='{whole}.0'", 1)
    text = (
        f"<text x='{width / 2}' y='{whole - _LETTER / 2}' text-anchor='middle' font-family='sans-serif' "
        f"font-size='{_LETTER}' fill='#000000'>{_clean(line)}</text>\n</svg>"
    )
    return text.join(svg.rsplit("</svg>", 1))


def _with_words(svg: str, molecule: Molecule, words: str) -> str:
    """The drawing from its `<svg` on, with a role, a title and a description for readers of screens."""
    begin = svg.index("<svg")
    body = re.sub(r"<!--.*?-->\n?", "", svg[begin:], flags=re.DOTALL)
    head, rest = body.split(">", 1)
    title = f"<title>{_clean(molecule.name or molecule.smiles)}</title><desc>{_clean(words)}</desc>"
    return f"{head} role='img'>{title}{rest}"


def _clean(text: str) -> str:
    """Text that XML can hold."""
    return escape("".join(one if one.isprintable() else " " for one in text))
