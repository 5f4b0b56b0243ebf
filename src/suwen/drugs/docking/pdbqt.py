"""A molecule in space written as PDBQT, the input of AutoDock and Vina: atom types, charges and the tree of torsions.

The format is described in AutoDock's user guide (Morris GM et al. J Comput Chem 2009;30:2785-2791): rigid parts of
atoms, the largest the root, joined by bonds that turn; hydrogens only where they are polar, the charges of others
lumped onto their carbon.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from suwen.drugs.docking.notices import refusal
from suwen.formats.molecules.structure import chemistry

__all__ = ["MACROCYCLE", "Written", "atom_line", "autodock_types", "turning_bonds", "write_ligand"]

MACROCYCLE = 9
"""Atoms of a ring from which its shape is no longer one of a few: such rings stay as they were embedded."""
_ELEMENTS = {1: "HD", 6: "C", 7: "NA", 8: "OA", 9: "F", 14: "Si", 15: "P", 16: "S", 17: "Cl", 35: "Br", 53: "I"}
# Turned neither in AutoDock nor here: what is in a ring, ends in an atom alone, or stands beside a triple bond; amide
# bonds, whose planes the start shape has right. A tertiary amide turns unless its two sides are the same.
_TURNING = "[!D1;!$(*#*)]-;!@[!D1;!$(*#*)]"
_TERTIARY = "[NX3;H0]-;!@[CX3]=[O,S]"
_STIFF = ("[NX3;!H0]-;!@[CX3]=[O,S]", "[NX3;!H0]-;!@[CX3]=[N+]", "[NX3]-;!@[CX3](=[N+])[NX3]")


@dataclass(frozen=True, slots=True)
class Written:
    """PDBQT text, the atoms of the molecule in the order of its lines (serial 1 first), and how many bonds turn."""

    text: str
    order: tuple[int, ...]
    torsions: int


def write_ligand(mol: Any) -> Written:
    """PDBQT of RDKit's molecule with all hydrogens and one conformer.

    Raises InputError for an element that Vina's scoring function does not know, or a molecule of several parts.
    """
    types = autodock_types(mol)
    parts = chemistry().GetMolFrags(mol)
    if len(parts) > 1:
        raise refusal("parts", count=len(parts))
    turning = turning_bonds(mol)
    pieces = _pieces(mol, turning, types)
    joints = _joints(pieces, turning)
    root = min(range(len(pieces)), key=lambda at: (_depth(at, joints), -len(pieces[at]), at))
    lines, order = _Tree(mol, types, _charges(mol, types), pieces, joints).written(root)
    return Written("\n".join([*lines, f"TORSDOF {len(turning)}", ""]), tuple(order), len(turning))


def autodock_types(mol: Any) -> dict[int, str]:
    """The AutoDock type of each atom that is written, by index: all heavy atoms and hydrogens on N, O, S and P.

    A aromatic carbon; NA a nitrogen with a free pair (not of amides, anilines, pyrroles, ammonium); OA oxygen; SA
    sulfur with two neighbours. Raises InputError where an element has none.
    """
    made, unknown = {}, set()
    for atom in mol.GetAtoms():
        number = atom.GetAtomicNum()
        if number not in _ELEMENTS:
            unknown.add(atom.GetSymbol() if number else "*")
        elif number != 1 or _is_polar(atom):
            made[atom.GetIdx()] = "A" if number == 6 and atom.GetIsAromatic() else _ELEMENTS[number]
    if unknown:
        raise refusal("element", elements=", ".join(sorted(unknown)))
    for kind, pattern in _special():
        for (at,) in mol.GetSubstructMatches(pattern, maxMatches=mol.GetNumAtoms()):
            made[at] = kind
    return made


def turning_bonds(mol: Any) -> tuple[tuple[int, int], ...]:
    """The pairs of atoms whose bond turns; hydrogens are explicit in `mol`, so that a hydroxyl's bond turns."""
    most = mol.GetNumBonds() * 2 + 1
    found = {tuple(sorted(pair)) for pair in mol.GetSubstructMatches(_query(_TURNING), maxMatches=most)}
    stiff = {tuple(sorted(hit[:2])) for one in _STIFF for hit in mol.GetSubstructMatches(_query(one), maxMatches=most)}
    stiff |= {
        tuple(sorted((nitrogen, carbon)))
        for nitrogen, carbon, _oxygen in mol.GetSubstructMatches(_query(_TERTIARY), maxMatches=most)
        if _alike(mol, nitrogen, carbon)
    }
    return tuple((first, second) for first, second in sorted(found - stiff) if _moves(mol, first, second))


def _alike(mol: Any, nitrogen: int, carbon: int) -> bool:
    """Whether the two other neighbours of an amide's nitrogen are the same by symmetry."""
    ranks = chemistry().CanonicalRankAtoms(mol, breakTies=False, includeChirality=False)
    return len({ranks[one.GetIdx()] for one in _beyond(mol, nitrogen, carbon)}) == 1


def _moves(mol: Any, first: int, second: int) -> bool:
    """Whether turning moves something that is written: a methyl's hydrogens are not."""
    sides = ((first, second), (second, first))
    return all(any(_is_written(one) for one in _beyond(mol, at, other)) for at, other in sides)


def _beyond(mol: Any, at: int, other: int) -> list[Any]:
    return [one for one in mol.GetAtomWithIdx(at).GetNeighbors() if one.GetIdx() != other]


def _is_written(atom: Any) -> bool:
    return bool(atom.GetAtomicNum() != 1 or _is_polar(atom))


def _is_polar(hydrogen: Any) -> bool:
    return any(one.GetAtomicNum() in (7, 8, 15, 16) for one in hydrogen.GetNeighbors())


@cache
def _query(pattern: str) -> Any:
    return chemistry().MolFromSmarts(pattern)


def _special() -> Iterator[tuple[str, Any]]:
    """Nitrogens whose pair is taken, and sulfur that has one."""
    yield "N", _query("[#7X3;$([#7]a),$([#7]*=,#,:*)]")
    yield "N", _query("[#7+]")
    yield "N", _query("[#7X4]")
    yield "SA", _query("[SX2]")


def _pieces(mol: Any, turning: Sequence[tuple[int, int]], types: Mapping[int, str]) -> list[list[int]]:
    """The atoms that are written, parted at the bonds that turn; each part sorted."""
    cut, seen, made = set(turning), set[int](), []
    for begin in sorted(types):
        if begin in seen:
            continue
        seen.add(begin)
        piece, waiting = [], [begin]
        while waiting:
            at = waiting.pop()
            piece.append(at)
            for one in (other.GetIdx() for other in mol.GetAtomWithIdx(at).GetNeighbors()):
                if one in types and one not in seen and (min(at, one), max(at, one)) not in cut:
                    seen.add(one)
                    waiting.append(one)
        made.append(sorted(piece))
    return made


Joints = list[list[tuple[int, int, int]]]


def _joints(pieces: Sequence[Sequence[int]], turning: Sequence[tuple[int, int]]) -> Joints:
    """Of each piece: its own atom, the other piece's atom, and that piece, for each bond that turns."""
    home = {at: number for number, piece in enumerate(pieces) for at in piece}
    made: Joints = [[] for _ in pieces]
    for first, second in turning:
        made[home[first]].append((first, second, home[second]))
        made[home[second]].append((second, first, home[first]))
    return made


def _depth(root: int, joints: Joints) -> int:
    """The most torsions between the root and a piece: less depth moves fewer atoms by a small turn."""
    deepest, waiting = 0, [(root, -1, 0)]
    while waiting:
        at, behind, depth = waiting.pop()
        deepest = max(deepest, depth)
        waiting += [(next_, at, depth + 1) for _own, _other, next_ in joints[at] if next_ != behind]
    return deepest


def _charges(mol: Any, types: Mapping[int, str]) -> dict[int, float]:
    """Gasteiger's partial charges (Gasteiger J, Marsili M. Tetrahedron 1980;36:3219-3228), hydrogens lumped.

    Vina does not use them; where the method has no parameters of an atom, they are 0.
    """
    with chemistry("rdkit.rdBase").BlockLogs():
        chemistry("rdkit.Chem.rdPartialCharges").ComputeGasteigerCharges(mol)
    raw = [atom.GetDoubleProp("_GasteigerCharge") for atom in mol.GetAtoms()]
    if not all(abs(one) < 10.0 for one in raw):  # not a number, or without bounds
        return dict.fromkeys(types, 0.0)
    made = {at: raw[at] for at in types}
    for atom in mol.GetAtoms():
        if atom.GetIdx() not in made:
            for one in atom.GetNeighbors():
                made[one.GetIdx()] += raw[atom.GetIdx()]
    return made


class _Tree:
    """The lines of a torsion tree as they are written: each atom takes the next serial."""

    def __init__(
        self,
        mol: Any,
        types: Mapping[int, str],
        charges: Mapping[int, float],
        pieces: Sequence[Sequence[int]],
        joints: Joints,
    ) -> None:
        self._mol, self._types, self._charges = mol, types, charges
        self._pieces, self._joints = pieces, joints
        self._places = mol.GetConformer().GetPositions()
        self._serials: dict[int, int] = {}
        self._lines: list[str] = []

    def written(self, root: int) -> tuple[list[str], list[int]]:
        """All lines from the root on, and the atoms in their order."""
        self._lines.append("ROOT")
        self._atoms(self._pieces[root])
        self._lines.append("ENDROOT")
        self._branches(root, -1)
        return self._lines, list(self._serials)

    def _branches(self, piece: int, behind: int) -> None:
        for own, other, next_ in self._joints[piece]:
            if next_ == behind:
                continue
            begin, end = self._serials[own], len(self._serials) + 1
            self._lines.append(f"BRANCH {begin:>3} {end:>3}")
            self._atoms([other, *(at for at in self._pieces[next_] if at != other)])
            self._branches(next_, piece)
            self._lines.append(f"ENDBRANCH {begin:>3} {end:>3}")

    def _atoms(self, atoms: Sequence[int]) -> None:
        for at in atoms:
            self._serials[at] = serial = len(self._serials) + 1
            symbol = self._mol.GetAtomWithIdx(at).GetSymbol()
            place = self._places[at]
            self._lines.append(atom_line(serial, symbol, "UNL", "", 1, "", place, self._charges[at], self._types[at]))


def atom_line(  # noqa: PLR0913, PLR0917 (the columns of the format)
    serial: int,
    name: str,
    residue: str,
    chain: str,
    number: int,
    insertion: str,
    place: Sequence[float],
    charge: float,
    kind: str,
) -> str:
    """One ATOM line of PDBQT: the columns of PDB, then the charge in 71-76 and the type from 78 on."""
    shown = f" {name:<3}" if len(name) < 4 else name[:4]
    x, y, z = place
    head = f"ATOM  {serial % 100_000:>5} {shown} {residue[:3]:>3} {chain[:1]:1}{number:>4}{insertion[:1]:1}   "
    return f"{head}{x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00    {charge:6.3f} {kind:<2}"
