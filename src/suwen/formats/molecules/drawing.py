"""How a molecule becomes lines: the structure laid flat and drawn as SVG, with its words and a line of text below."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from statistics import median
from typing import Any
from xml.sax.saxutils import escape

from suwen.formats.molecules.nouns import Molecule
from suwen.formats.molecules.structure import chemistry

__all__ = ["LETTER", "WHITE", "Colour", "bond_length", "clean", "draw", "with_line", "with_words"]

Colour = tuple[float, ...]
WHITE = (1.0, 1.0, 1.0)
LETTER = 14  # pixels of a letter's height; a Chinese one is as wide
_PADDING, _PADDING_HALOS = 0.05, 0.13  # of width and height stay free; halos reach farther than lines
_FEWEST = 5  # bonds that a drawing has room for across
_THIN = 160  # pixels: below that, lines are thinner and letters not smaller
_ALONE = 40.0  # pixels that stand for a bond where there is none


def draw(
    mol: Any, colours: dict[int, Colour], size: tuple[int, int], *, stereo: bool = False, halos: bool = False
) -> tuple[str, list[tuple[float, float]]]:
    """RDKit's drawing, and where each atom lies on it in pixels; a molecule that is laid flat already stays so."""
    rdMolDraw2D = chemistry("rdkit.Chem.Draw.rdMolDraw2D")  # noqa: N806
    with chemistry("rdkit.rdBase").BlockLogs():
        mol = chemistry().Mol(mol)
        if not mol.GetNumConformers():
            chemistry("rdkit.Chem.rdDepictor").Compute2DCoords(mol, canonOrient=True)
        drawer = rdMolDraw2D.MolDraw2DSVG(*size)
        chosen = drawer.drawOptions()
        # Dark lines on white of its own stay readable on a dark page as on a light one.
        chosen.setBackgroundColour((*WHITE, 1.0))
        chosen.useBWAtomPalette()
        chosen.addStereoAnnotation = stereo
        chosen.annotationFontScale = 0.65
        chosen.setBondNoteColour((0.0, 0.0, 0.0, 1.0))
        chosen.highlightBondWidthMultiplier = 12
        chosen.padding = _PADDING_HALOS if halos else _PADDING
        if min(size) < _THIN:
            chosen.bondLineWidth, chosen.minFontSize = 1.4, 8
        chosen.fixedBondLength = min(size) / _FEWEST  # where there is room for it: a small molecule is not blown up
        bonds = _colours_of_bonds(mol, colours)
        rdMolDraw2D.PrepareAndDrawMolecule(
            drawer,
            mol,
            highlightAtoms=sorted(colours),
            highlightBonds=sorted(bonds),
            highlightAtomColors=colours,
            highlightBondColors=bonds,
        )
        drawer.FinishDrawing()
        placed = (drawer.GetDrawCoords(at) for at in range(mol.GetNumAtoms()))
        return str(drawer.GetDrawingText()), [(one.x, one.y) for one in placed]


def bond_length(mol: Any, places: Sequence[tuple[float, float]]) -> float:
    """The middle length of a bond on the drawing, in pixels."""
    lengths = [math.dist(places[bond.GetBeginAtomIdx()], places[bond.GetEndAtomIdx()]) for bond in mol.GetBonds()]
    return median(lengths) if lengths else _ALONE


def _colours_of_bonds(mol: Any, colours: dict[int, Colour]) -> dict[int, Colour]:
    """The colour of a bond whose two atoms have the same; none between atoms that differ."""
    ends = ((bond.GetIdx(), bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds())
    return {at: colours[one] for at, one, other in ends if one in colours and colours[one] == colours.get(other)}


def with_line(svg: str, line: str, size: tuple[int, int], height: int) -> str:
    """The drawing with room below for a line of text; RDKit's own letters know no Chinese."""
    width, whole = size
    svg = svg.replace(
        f"height='{height}px' viewBox='0 0 {width} {height}'", f"height='{whole}px' viewBox='0 0 {width} {whole}'", 1
    )
    svg = svg.replace(f"width='{width}.0' height='{height}.0'", f"width='{width}.0' height='{whole}.0'", 1)
    text = (
        f"<text x='{width / 2}' y='{whole - LETTER / 2}' text-anchor='middle' font-family='sans-serif' "
        f"font-size='{LETTER}' fill='#000000'>{clean(line)}</text>\n</svg>"
    )
    return text.join(svg.rsplit("</svg>", 1))


def with_words(svg: str, molecule: Molecule, words: str) -> str:
    """The drawing from its `<svg` on, with a role, a title and a description for readers of screens."""
    begin = svg.index("<svg")
    body = re.sub(r"<!--.*?-->\n?", "", svg[begin:], flags=re.DOTALL)
    head, rest = body.split(">", 1)
    title = f"<title>{clean(molecule.name or molecule.smiles)}</title><desc>{clean(words)}</desc>"
    return f"{head} role='img'>{title}{rest}"


def clean(text: str) -> str:
    """Text that XML can hold."""
    return escape("".join(one if one.isprintable() else " " for one in text))
