"""A pose as a drawing: the molecule flat, the residues it touches around it, a dashed line for each contact; SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from suwen.drugs.docking.interactions import KINDS, Contact
from suwen.drugs.docking.nouns import Docked, Points, Residue
from suwen.errors import InputError
from suwen.formats.molecules.structure import chemistry

__all__ = ["pose_picture"]

_SIZES = range(320, 4_001)  # pixels
_LETTER = 13  # pixels of a letter's height
_CHIP = (74, 24)  # pixels of a residue's label
_ROW = 20  # pixels of a line of the legend
_MOST = 28  # residues that have room
_GAP = 5.0  # pixels between labels


@dataclass(frozen=True, slots=True)
class _Line:
    """How a kind of contact is drawn: colours of Okabe and Ito (2008), and a dash of its own for who sees none."""

    colour: str
    dash: str


_LINES: Mapping[str, _Line] = MappingProxyType(
    {
        "hydrogen_bond": _Line("#0072b2", "6 3"),
        "salt_bridge": _Line("#b5361b", "2 2"),
        "stacking": _Line("#007a5a", "10 3"),
        "cation_pi": _Line("#a6478a", "10 3 2 3"),
        "halogen_bond": _Line("#8a6d00", "4 2 1 2"),
        "metal": _Line("#000000", "8 2 2 2 2 2"),
        "hydrophobic": _Line("#767676", "1 4"),
    }
)
_COLOURS = {"N": "#1f4fbf", "O": "#c0261c", "S": "#7a6400", "P": "#a04a00", "F": "#1f7a1f", "Cl": "#1f7a1f",
            "Br": "#7a2a1f", "I": "#5a1f7a"}  # fmt: skip


def pose_picture(
    docked: Docked, contacts: Sequence[Contact], *, rank: int = 1, size: tuple[int, int] = (720, 560)
) -> str:
    """An SVG of the contacts of a pose, the same for the same input, without scripts or references.

    The drawing is flat: where atoms stand in space it does not tell. Words are in English and Chinese.

    Args:
        docked: the molecule, of which pose `rank` is told.
        contacts: of that pose; at most 28 residues are drawn, the others named in the description.
        rank: of the pose, from 1.
        size: width and height in pixels, 320 to 4,000 each.

    Raises:
        InputError: the size is out of range, there is no such pose, or a contact names an atom that is not there.

    """
    if len(size) != 2 or not all(one in _SIZES for one in size):
        raise InputError(f"a picture is {_SIZES.start} to {_SIZES.stop - 1} pixels wide and high, not {size}")
    if not 1 <= rank <= len(docked.poses):
        raise InputError(f"there are poses 1 to {len(docked.poses)}, not {rank}")
    mol, flat = _flat(docked.smiles)
    if any(not 0 <= atom < len(flat) for one in contacts for atom in one.atoms):
        raise InputError("a contact names an atom that the docked molecule has not; give the contacts of this pose")
    kinds = [key for key in KINDS if any(one.kind == key for one in contacts)]
    below = _ROW * (2 + (len(kinds) + 1) // 2)
    layout = _Layout(flat, contacts, (size[0], size[1] - below))
    parts = [
        *layout.lines(),
        *_molecule(mol, layout.points),
        *layout.chips(),
        *_legend(docked, kinds, rank, size, below),
    ]
    head = f"<svg xmlns='http://www.w3.org/2000/svg' role='img' width='{size[0]}' height='{size[1]}'"
    told = _clean(_told(docked, contacts, rank))
    words = f"<title>{_clean(docked.molecule.name or docked.smiles)}</title><desc>{told}</desc>"
    paper = f"<rect width='{size[0]}' height='{size[1]}' fill='#ffffff'/>"
    style = f" viewBox='0 0 {size[0]} {size[1]}' font-family='sans-serif' font-size='{_LETTER}'>"
    return "\n".join([head + style, words, paper, *parts, "</svg>", ""])


def _flat(smiles: str) -> tuple[Any, Points]:
    """The molecule with single and double bonds and its wedges, and flat places [n, 2]."""
    Chem = chemistry()  # noqa: N806
    with chemistry("rdkit.rdBase").BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
        if mol is None:
            raise InputError("the docked molecule cannot be drawn: its SMILES cannot be read")
        chemistry("rdkit.Chem.rdDepictor").Compute2DCoords(mol, canonOrient=True)
        Chem.Kekulize(mol)
        Chem.WedgeMolBonds(mol, mol.GetConformer())
    return mol, np.asarray(mol.GetConformer().GetPositions())[:, :2] * (1.0, -1.0)


class _Layout:
    """Where everything stands: the molecule in the middle, residues on an oval around it, each near what it touches."""

    def __init__(self, flat: Points, contacts: Sequence[Contact], size: tuple[int, int]) -> None:
        width, height = size
        self._middle = np.array([width / 2, height / 2])
        room = np.array([width - 2.6 * _CHIP[0] - 40, height - 4 * _CHIP[1] - 40])
        extent = np.maximum(np.ptp(flat, axis=0), 1.0)
        scale = float(min(38.0, *(room / extent)))
        self.points: Points = (flat - (flat.max(axis=0) + flat.min(axis=0)) / 2) * scale + self._middle
        self._radii = np.array([width / 2 - _CHIP[0] / 2 - 6, height / 2 - _CHIP[1] / 2 - 6])
        self._contacts = contacts
        self._places = self._placed()

    def _placed(self) -> dict[Residue, Points]:
        """Of each residue the middle of its label, those beyond the room left out."""
        touched: dict[Residue, list[Points]] = {}
        for one in self._contacts:
            touched.setdefault(one.residue, []).append(self.points[list(one.atoms)].mean(axis=0))
        chosen = list(touched)[:_MOST]
        if not chosen:
            return {}
        towards = [np.mean(touched[one], axis=0) - self._middle for one in chosen]
        angles = np.array([math.atan2(y / self._radii[1], x / self._radii[0]) for x, y in towards])
        return {one: self._on_oval(angle) for one, angle in zip(chosen, _spread(angles, self._apart), strict=True)}

    def _on_oval(self, angle: float) -> Points:
        # A flattened oval: labels near the corners stay inside the picture and away from the molecule.
        x, y = math.cos(angle), math.sin(angle)
        stretch = (abs(x) ** 3 + abs(y) ** 3) ** (-1 / 3)
        place: Points = self._middle + np.array([x, y]) * stretch * self._radii
        return place

    def _apart(self, one: float, other: float) -> bool:
        """Whether labels at two angles do not cover each other."""
        away = np.abs(self._on_oval(one) - self._on_oval(other))
        return bool(away[0] >= _CHIP[0] + _GAP or away[1] >= _CHIP[1] + _GAP)

    def lines(self) -> Iterator[str]:
        """A dashed line for each contact, with its length in Å."""
        for one in self._contacts:
            if one.residue not in self._places:
                continue
            end, begin = self._places[one.residue], self.points[list(one.atoms)].mean(axis=0)
            line = _LINES[one.kind]
            yield (
                f"<line x1='{begin[0]:.1f}' y1='{begin[1]:.1f}' x2='{end[0]:.1f}' y2='{end[1]:.1f}' "
                f"stroke='{line.colour}' stroke-width='1.8' stroke-dasharray='{line.dash}'/>"
            )
            if one.kind != "hydrophobic":
                x, y = begin + (end - begin) * 0.55
                yield _text(f"{one.distance:.1f}", x, y, colour=line.colour, size=_LETTER - 3, halo=True)

    def chips(self) -> Iterator[str]:
        """The labels of the residues, framed in the colour of their first contact."""
        first = {one.residue: one.kind for one in reversed(self._contacts)}
        for residue, (x, y) in self._places.items():
            left, top = x - _CHIP[0] / 2, y - _CHIP[1] / 2
            yield (
                f"<rect x='{left:.1f}' y='{top:.1f}' width='{_CHIP[0]}' height='{_CHIP[1]}' rx='11' fill='#f7f7f7' "
                f"stroke='{_LINES[first[residue]].colour}' stroke-width='1.5'/>"
            )
            yield _text(residue.label[:11], x, y + 4.5, size=_LETTER - 2)


def _spread(angles: Points, apart: Any) -> list[float]:
    """Angles near the wanted ones, their order kept, so that no two labels cover each other where there is room."""
    made = angles.copy()
    order = list(np.argsort(made))
    for _round in range(400):
        moved = False
        for at, one in enumerate(order):
            other = order[(at + 1) % len(order)]
            if one == other or apart(made[one], made[other]):
                continue
            made[one] -= 0.02
            made[other] += 0.02
            moved = True
        if not moved:
            break
    return [float(one) for one in made]


def _molecule(mol: Any, points: Points) -> Iterator[str]:
    for bond in mol.GetBonds():
        yield from _bond(bond, points, str(bond.GetBondDir()))
    for atom in mol.GetAtoms():
        label = _label(atom)
        if label:
            x, y = points[atom.GetIdx()]
            radius = 4 + 3.4 * len(label)
            yield f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{radius:.1f}' fill='#ffffff' fill-opacity='0.85'/>"
            yield _text(label, x, y + 4.5, colour=_COLOURS.get(atom.GetSymbol(), "#000000"), weight="bold")


def _bond(bond: Any, points: Points, direction: str) -> Iterator[str]:
    begin, end = points[bond.GetBeginAtomIdx()], points[bond.GetEndAtomIdx()]
    along = end - begin
    across = np.array([-along[1], along[0]]) / max(float(np.linalg.norm(along)), 1e-6)
    if direction == "BEGINWEDGE":
        one, other = end + 4 * across, end - 4 * across
        corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in (begin, one, other))
        yield f"<polygon points='{corners}' fill='#222222'/>"
    elif direction == "BEGINDASH":
        yield _stroke(begin, end, width=6.0, dash="1.5 2.5")
    else:
        order = round(bond.GetBondTypeAsDouble())
        for shift in {1: (0.0,), 2: (-2.2, 2.2), 3: (-4.0, 0.0, 4.0)}.get(order, (0.0,)):
            yield _stroke(begin + shift * across, end + shift * across)


def _stroke(begin: Points, end: Points, *, width: float = 1.7, dash: str = "") -> str:
    dashed = f" stroke-dasharray='{dash}'" if dash else ""
    places = f"x1='{begin[0]:.1f}' y1='{begin[1]:.1f}' x2='{end[0]:.1f}' y2='{end[1]:.1f}'"
    return f"<line {places} stroke='#222222' stroke-width='{width}'{dashed}/>"


def _label(atom: Any) -> str:
    """What is written at an atom: nothing at carbon in a chain."""
    charge = atom.GetFormalCharge()
    if atom.GetSymbol() == "C" and not charge and atom.GetDegree():
        return ""
    hydrogens = atom.GetTotalNumHs()
    count = "H" + ("₂₃₄"[hydrogens - 2] if hydrogens > 1 else "") if 0 < hydrogens < 5 else ""
    return str(atom.GetSymbol()) + count + {1: "⁺", -1: "⁻"}.get(charge, f"{charge:+d}" if charge else "")


def _legend(docked: Docked, kinds: Sequence[str], rank: int, size: tuple[int, int], below: int) -> Iterator[str]:
    top = size[1] - below + _ROW
    score = docked.poses[rank - 1].score
    name = f"{docked.molecule.name[:40]} · " if docked.molecule.name else ""
    yield _text(f"{name}pose 位姿 {rank} · {score:.1f} kcal/mol", size[0] / 2, top, weight="bold")
    for at, key in enumerate(kinds):
        x, y = 30 + (at % 2) * size[0] / 2, top + _ROW * (1 + at // 2)
        line, said = _LINES[key], KINDS[key].name
        yield (
            f"<line x1='{x:.0f}' y1='{y - 4:.0f}' x2='{x + 46:.0f}' y2='{y - 4:.0f}' stroke='{line.colour}' "
            f"stroke-width='2.2' stroke-dasharray='{line.dash}'/>"
        )
        yield _text(f"{said.en} {said.zh}", x + 56, y, anchor="start")


def _told(docked: Docked, contacts: Sequence[Contact], rank: int) -> str:
    """The picture in words, for readers of screens."""
    lines = [f"{docked.smiles}; pose 位姿 {rank}, {docked.poses[rank - 1].score:.2f} kcal/mol"]
    for one in contacts:
        said = KINDS[one.kind].name
        lines.append(f"{one.residue.label}: {said.en} {said.zh} {one.distance:.1f} Å")
    return "; ".join(lines)


def _text(  # noqa: PLR0913 (what a line of SVG needs)
    words: str,
    x: float,
    y: float,
    *,
    colour: str = "#000000",
    size: int = _LETTER,
    weight: str = "normal",
    anchor: str = "middle",
    halo: bool = False,
) -> str:
    around = " stroke='#ffffff' stroke-width='3' paint-order='stroke'" if halo else ""
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' font-size='{size}' font-weight='{weight}' "
        f"fill='{colour}'{around}>{_clean(words)}</text>"
    )


def _clean(text: str) -> str:
    """Text that XML can hold."""
    return escape("".join(one if one.isprintable() else " " for one in text))
