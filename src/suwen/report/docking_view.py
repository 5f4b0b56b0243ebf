"""What the page about docking shows: ligands in a table, contacts of the best poses, residues against ligands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from suwen.drugs.docking.interactions import KINDS, Contact
from suwen.drugs.docking.notices import docking_text
from suwen.drugs.docking.nouns import Docked, Redocked
from suwen.drugs.docking.picture import pose_picture
from suwen.report.docking_strings import say
from suwen.report.molecule_charts import meter
from suwen.report.molecule_pictures import small
from suwen.report.molecule_words import number_text
from suwen.report.strings import Language

__all__ = [
    "SIGNS",
    "BestView",
    "LigandView",
    "MatrixRow",
    "best_views",
    "keys_of",
    "ligand_views",
    "matrix",
    "redocked_text",
]

SIGNS = {
    "hydrogen_bond": "H", "salt_bridge": "±", "stacking": "π", "cation_pi": "+π", "halogen_bond": "X", "metal": "M",
    "hydrophobic": "•",
}  # fmt: skip
"""The sign of each kind of contact in the matrix, so that it is told without colour too."""

_FOUND = 2.0  # Å: the field's usual mark of a pose that is found again


@dataclass(frozen=True, slots=True)
class LigandView:
    """A docked molecule in the table; numbers are (text, what they are sorted by)."""

    place: int
    row: int
    name: str
    smiles: str
    picture: Markup
    bar: Markup
    numbers: list[tuple[str, str]]
    remarks: list[str]


@dataclass(frozen=True, slots=True)
class BestView:
    """One of the best: its pose drawn, the scores of its poses, and its contacts."""

    place: int
    name: str
    form: str
    score: str
    picture: Markup
    scores: list[str]
    contacts: list[tuple[str, str, str, str, str, str]]
    remarks: list[str]


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A residue, and for each of the best ligands the kinds of its contacts as (sign, key, words)."""

    residue: str
    cells: list[list[tuple[str, str, str]]]


def ligand_views(docked: Sequence[Docked], lang: Language) -> list[LigandView]:
    """The molecules in the order given, with their numbers."""
    most = max((-one.score for one in docked), default=0.0)
    return [_ligand(place, one, most, lang) for place, one in enumerate(docked, 1)]


def _ligand(place: int, one: Docked, most: float, lang: Language) -> LigandView:
    share = max(0.0, -one.score / most) if most > 0 else 0.0
    numbers = (one.score, one.efficiency, one.heavy, one.torsions, one.charge, one.forms)
    texts = (f"{one.score:.2f}", f"{one.efficiency:.2f}", *(f"{count:d}" for count in numbers[2:]))
    return LigandView(
        place=place,
        row=one.row,
        name=one.molecule.name,
        smiles=one.molecule.smiles,
        picture=small(one.molecule.smiles, one.molecule.name),
        bar=meter(share, share, texts[0]),
        numbers=[(text.replace("-", "−"), f"{value:.6g}") for text, value in zip(texts, numbers, strict=True)],
        remarks=[docking_text(two, lang) for two in one.noticed],
    )


def best_views(docked: Sequence[Docked], touched: Sequence[Sequence[Contact]], lang: Language) -> list[BestView]:
    """The best molecules with the contacts of their best poses."""
    return [
        BestView(
            place=place,
            name=one.molecule.name,
            form=one.smiles,
            score=f"{one.score:.2f}".replace("-", "−"),
            picture=_inline(pose_picture(one, found)),
            scores=[f"{pose.score:.2f}".replace("-", "−") for pose in one.poses],
            contacts=[_contact(two, lang) for two in found],
            remarks=[docking_text(two, lang) for two in one.noticed],
        )
        for place, (one, found) in enumerate(zip(docked, touched, strict=True), 1)
    ]


def _inline(svg: str) -> Markup:
    # The docking room draws it and escapes what it writes; the head of an XML file has no place in a page.
    return Markup(svg[svg.index("<svg") :])  # noqa: S704


def _contact(one: Contact, lang: Language) -> tuple[str, str, str, str, str, str]:
    given = {None: "", True: say("dock_gives", lang), False: say("dock_takes", lang)}[one.donor]
    atoms = ", ".join(str(at + 1) for at in one.atoms)
    angle = "" if one.angle is None else f"{one.angle:.0f}"
    between = f"{atoms} – {', '.join(one.names)}"
    return one.residue.label, KINDS[one.kind].name.said(lang), given, between, f"{one.distance:.1f}", angle


def matrix(touched: Sequence[Sequence[Contact]], lang: Language) -> list[MatrixRow]:
    """A row for each residue that any of the ligands touches, those touched by most ligands first, then by number."""
    found: dict[object, list[set[str]]] = {}
    residues = {one.residue for contacts in touched for one in contacts}
    for residue in residues:
        found[residue] = [{one.kind for one in contacts if one.residue == residue} for contacts in touched]
    ordered = sorted(residues, key=lambda one: (-sum(map(bool, found[one])), one))
    return [MatrixRow(one.label, [_cell(kinds, lang) for kinds in found[one]]) for one in ordered]


def _cell(kinds: set[str], lang: Language) -> list[tuple[str, str, str]]:
    return [(SIGNS.get(key, key), key, kind.name.said(lang)) for key, kind in KINDS.items() if key in kinds]


def keys_of(touched: Sequence[Sequence[Contact]], lang: Language) -> list[tuple[str, str, str, str, str]]:
    """The kinds that occur: sign, key, name, threshold, source."""
    there = {one.kind for contacts in touched for one in contacts}
    return [
        (SIGNS.get(key, key), key, kind.name.said(lang), kind.threshold.said(lang), kind.source)
        for key, kind in KINDS.items()
        if key in there
    ]


def redocked_text(found: Redocked, lang: Language) -> tuple[str, bool]:
    """Whether the known pose was found again, in words, and whether the pose scored best is it."""
    rmsd, nearest = number_text(found.best, 2), number_text(found.nearest, 2)
    if found.best <= _FOUND:
        return say("dock_redocked_good", lang, rmsd=rmsd), True
    if found.nearest <= _FOUND:
        rank = found.deviations.index(found.nearest) + 1
        return say("dock_redocked_near", lang, rank=rank, nearest=nearest, rmsd=rmsd), False
    return say("dock_redocked_bad", lang, nearest=nearest), False
