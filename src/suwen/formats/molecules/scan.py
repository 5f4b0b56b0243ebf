"""A SMILES read character by character: how large it is before RDKit sees it, and where it is wrong when RDKit fails.

The grammar is that of OpenSMILES 1.0 (2016) with RDKit's additions (dative bonds, `~`, `%(123)`, `[#6]`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from suwen.errors import FormatError
from suwen.formats.molecules.notices import refusal

__all__ = ["MOST_ATOMS", "MOST_RINGS", "MOST_TEXT", "check_length", "check_size", "fault_of"]

MOST_TEXT = 5_000  # characters of a structure
MOST_ATOMS = 999  # as many as a V2000 mol block can hold
MOST_RINGS = 200  # RDKit's search for rings takes a second at 900 of them, and a drug has under 20

_SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb "
    "Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au "
    "Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts "
    "Og D T b c n o p s se as te si *"
)
_ELEMENTS = frozenset(_SYMBOLS.split())
_ATOM = re.compile(r"\[[^\[\]]*\]|Cl|Br|[BCNOPSFI*bcnops]")
_RING = re.compile(r"%\(\d{1,5}\)|%\d\d|\d")
_BRACKETED = re.compile(r"\[[^\[\]]*\]?")
_INSIDE = re.compile(
    r"\d{0,3}(?P<element>[A-Z][a-z]?|[a-z]{1,2}|\*|#\d{1,3})(?:@(?:@|(?:TH|AL|SP|TB|OH)\d{1,2})?)?(?:H\d?)?(?:[+-]{1,4}|[+-]\d{1,2})?(?::\d{1,9})?"
)
_TOKEN = re.compile(
    r"(?P<bracket>\[[^\[\]]*\])|(?P<atom>Cl|Br|[BCNOPSFI*bcnops])|(?P<ring>%\(\d{1,5}\)|%\d\d|\d)|"
    r"(?P<bond>->|<-|\\\\|[-=#$:/\\~])|(?P<open>\()|(?P<close>\))|(?P<dot>\.)"
)


def check_length(text: str) -> None:
    """Refuse a structure of more characters than are read; FormatError then."""
    if len(text) > MOST_TEXT:
        raise refusal("long", count=len(text), most=MOST_TEXT)


def check_size(text: str) -> None:
    """Refuse a SMILES of more characters, atoms or rings than are read; FormatError then."""
    check_length(text)
    atoms = len(_ATOM.findall(text))
    if atoms > MOST_ATOMS:
        raise refusal("atoms", count=atoms, most=MOST_ATOMS)
    rings = len(_RING.findall(_BRACKETED.sub("*", text))) // 2
    if rings > MOST_RINGS:
        raise refusal("rings", count=rings, most=MOST_RINGS)


@dataclass(slots=True)
class _Walk:
    """Where the walk over a SMILES stands: the last atom, the branches open, the rings open, a bond that waits."""

    atom: int = -1
    count: int = 0
    branches: list[tuple[int, int]] = field(default_factory=list)  # place, atom
    rings: dict[int, tuple[int, str, int]] = field(default_factory=dict)  # number: place, as written, atom
    bond: tuple[str, int] | None = None
    bonded: set[tuple[int, int]] = field(default_factory=set)
    last: str = ""


def fault_of(text: str) -> FormatError | None:
    """The first thing wrong with the grammar of a SMILES, with its place from 1; None where the grammar is kept."""
    walk, at = _Walk(), 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            return _stranger(text, at)
        fault = _step(walk, str(found.lastgroup), found[0], at + 1)
        if fault is not None:
            return fault
        at = found.end()
    return _left_over(walk)


def _stranger(text: str, at: int) -> FormatError:
    """What cannot begin anything in a SMILES."""
    if text[at] == "[":
        return refusal("bracket_open", place=at + 1)
    word = re.compile(r"[A-Z][a-z]?|.", re.DOTALL).match(text, at)
    written = word[0] if word is not None else text[at]
    key = "element" if written[0].isalpha() and written.isascii() and written not in _ELEMENTS else "character"
    return refusal(key, written=_quoted(written), place=at + 1)


def _quoted(written: str) -> str:
    return written if written.isprintable() and not written.isspace() else f"U+{ord(written[0]):04X}"


def _step(walk: _Walk, kind: str, written: str, place: int) -> FormatError | None:
    fault = _STEPS[kind](walk, written, place)
    walk.last = kind
    return fault


def _atom(walk: _Walk, written: str, place: int) -> FormatError | None:
    fault = _bracket(written, place) if written.startswith("[") else None
    if fault is not None:
        return fault
    if walk.atom >= 0:
        walk.bonded.add((walk.atom, walk.count))
    walk.atom, walk.count, walk.bond = walk.count, walk.count + 1, None
    return None


def _bracket(written: str, place: int) -> FormatError | None:
    inside = _INSIDE.fullmatch(written[1:-1])
    if inside is None:
        return refusal("bracket", written=_cut(written), place=place)
    element = inside["element"]
    if element.startswith("#"):
        return None if int(element[1:]) <= 118 else refusal("element", written=_cut(written), place=place)
    if element in _ELEMENTS:
        return None
    # "[nH]" is n with a hydrogen, which the pattern takes for an element of two letters only where one exists.
    return None if element[0] in _ELEMENTS and element[1:] == "H" else refusal("element", written=element, place=place)


def _cut(written: str) -> str:
    shown = "".join(one if one.isprintable() else "?" for one in written)
    return shown if len(shown) <= 24 else f"{shown[:22]}…]"


def _ring(walk: _Walk, written: str, place: int) -> FormatError | None:
    if walk.atom < 0 or walk.last in {"open", "dot"}:
        return refusal("ring_alone", written=written, place=place)
    number = int(written.strip("%()"))
    walk.bond = None
    if number not in walk.rings:
        walk.rings[number] = (place, written, walk.atom)
        return None
    other = walk.rings.pop(number)[2]
    pair = (min(other, walk.atom), max(other, walk.atom))
    if other == walk.atom or pair in walk.bonded:
        return refusal("ring_same", written=written, place=place)
    walk.bonded.add(pair)
    return None


def _bond(walk: _Walk, written: str, place: int) -> FormatError | None:
    if walk.atom < 0 or walk.bond is not None or walk.last == "dot":
        return refusal("bond_alone", written=written, place=place)
    walk.bond = (written, place)
    return None


def _open(walk: _Walk, written: str, place: int) -> FormatError | None:
    if walk.atom < 0 or walk.bond is not None or walk.last in {"open", "dot"}:
        return refusal("branch_empty", written=written, place=place)
    walk.branches.append((place, walk.atom))
    return None


def _close(walk: _Walk, written: str, place: int) -> FormatError | None:
    if not walk.branches:
        return refusal("branch_closed", place=place)
    if walk.last in {"open", "dot"}:
        return refusal("branch_empty", written=written, place=place)
    if walk.bond is not None:
        return refusal("bond_alone", written=walk.bond[0], place=walk.bond[1])
    walk.atom = walk.branches.pop()[1]
    return None


def _dot(walk: _Walk, written: str, place: int) -> FormatError | None:
    if walk.bond is not None:
        return refusal("bond_alone", written=walk.bond[0], place=walk.bond[1])
    if walk.atom < 0:
        return refusal("character", written=written, place=place)
    walk.atom = -1
    return None


_STEPS = {
    "bracket": _atom,
    "atom": _atom,
    "ring": _ring,
    "bond": _bond,
    "open": _open,
    "close": _close,
    "dot": _dot,
}


def _left_over(walk: _Walk) -> FormatError | None:
    """What is still open at the end."""
    if walk.branches:
        return refusal("branch_open", place=walk.branches[-1][0])
    if walk.bond is not None:
        return refusal("bond_alone", written=walk.bond[0], place=walk.bond[1])
    if walk.last == "dot":
        return refusal("dot_end")
    if walk.rings:
        place, written, _atom_of = min(walk.rings.values())
        return refusal("ring_open", written=written, place=place)
    return None
