"""Proves that the page of docking orders by score, keeps errors apart without one, and tells every contact."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

pytest.importorskip("rdkit")

from page_reading import CHINESE, EVIL, read, words
from rdkit import Chem
from rdkit.Chem import AllChem

from suwen.drugs.docking.interactions import KINDS, Contact, contacts
from suwen.drugs.docking.notices import notice
from suwen.drugs.docking.nouns import Box, Docked, Pose, Receptor, Redocked, Residue, Settings
from suwen.formats.molecules import Molecule, Refused
from suwen.report.docking_page import MOST_DRAWN, DockingPage, render_docking
from suwen.report.docking_strings import DOCKING_STRINGS, say
from suwen.report.docking_view import SIGNS, keys_of, matrix, redocked_text
from suwen.report.strings import Language

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
LANGUAGES: tuple[Language, ...] = ("en", "zh")
SMILES = "NC(=[NH2+])c1ccccc1"
ACID = Residue("A", 189, "", "ASP")


def pose(score: float, rank: int = 1) -> Pose:
    mol = Chem.AddHs(Chem.MolFromSmiles(SMILES))
    AllChem.EmbedMolecule(mol, randomSeed=7)
    places = mol.GetConformer().GetPositions()[:9]
    return Pose(rank, score, score, places, Chem.MolToMolBlock(mol))


def receptor(laid: Pose) -> Receptor:
    """An aspartate in front of the amidine: its carboxylate 4 Å from the amidine's carbon."""
    amidine = laid.coordinates[1]
    out = amidine - laid.coordinates[3]
    out /= np.linalg.norm(out)
    side = laid.coordinates[0] - laid.coordinates[2]
    side /= np.linalg.norm(side)
    carbon = amidine + 4.2 * out
    oxygens = [carbon - 0.6 * out + sign * 1.1 * side for sign in (1, -1)]
    points = np.array([carbon + 1.5 * out, carbon, *oxygens])
    return Receptor("rec " + EVIL, "ATOM", ("CB", "CG", "OD1", "OD2"), ("C", "C", "OA", "OA"), (ACID,) * 4, points)


def docked(score: float, row: int, name: str = "") -> Docked:
    poses = (pose(score), pose(score + 1, 2))
    return Docked(Molecule("NC(=N)c1ccccc1", "", name=name), SMILES, 1, 1, 9, poses, row=row)


def page_of(count: int = 3) -> DockingPage:
    ligands = [docked(-5.0 - at, at + 1, EVIL if at == 0 else f"ligand {at}") for at in range(count)]
    refused = (
        Refused(8, "[SiH4]" + EVIL, notice("element", elements="Si")),
        Refused(9, "CC", notice("crash")),
    )
    box = Box((1.0, -2.0, 3.0), (20.0, 21.0, 22.0))
    return DockingPage(receptor(ligands[0].poses[0]), box, Settings(exhaustiveness=3), ligands, refused)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_page_tells_scores_best_first_and_errors_apart(lang: Language) -> None:
    page = render_docking(page_of(), lang=lang, created=NOON)
    reader = read(page)
    assert len(reader.scripts) == 1
    text = words(page)
    rows = re.findall(r'<td class="number score-cell" data-value="([^"]*)"', page)
    assert rows == ["-7", "-6", "-5"]
    assert "−7.00" in text
    assert "0.78" in text  # 7 / 9 heavy atoms
    assert EVIL in text
    for one in ("1.0, −2.0, 3.0", "20.0, 21.0, 22.0", "A:ASP189", say("dock_caution", lang)):
        assert one in text
    refused = page.split('aria-labelledby="refused"')[1]
    assert ("Si is not known" if lang == "en" else "不认识Si") in words(refused)
    assert "kcal" not in refused.split("</section>")[0]
    assert page == render_docking(page_of(), lang=lang, created=NOON)


def test_contacts_stand_in_the_matrix_and_in_the_lists() -> None:
    given = page_of()
    found = contacts(given.receptor, given.docked[0].poses[0])
    assert "salt_bridge" in {one.kind for one in found}
    page = render_docking(given, created=NOON)
    sign = f'title="salt bridge" aria-label="salt bridge" role="img">{SIGNS["salt_bridge"]}</span>'
    assert page.count(sign) == len(given.docked)
    assert page.count("OD1") >= 3
    assert KINDS["salt_bridge"].threshold.en in words(page)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_scores_not_below_0_are_said_at_the_head_of_the_list(lang: Language) -> None:
    laid = pose(-7.0)
    good, bad = docked(-7.0, 1), docked(4.2, 2)
    box, settings = Box((0.0, 0.0, 0.0), (20.0, 20.0, 20.0)), Settings()
    page = DockingPage(receptor(laid), box, settings, [good, bad])
    told = say("dock_unfit", lang, count=1)
    assert told in words(render_docking(page, lang=lang, created=NOON))
    assert told not in words(
        render_docking(DockingPage(receptor(laid), box, settings, [good]), lang=lang, created=NOON)
    )


def contact(kind: str, number: int) -> Contact:
    return Contact(kind, Residue("", number, "", "GLY"), (0,), ("CA",), 3.0)


def test_residues_touched_by_most_ligands_come_first() -> None:
    touched = [
        [contact("hydrophobic", 5), contact("hydrogen_bond", 5), contact("metal", 2)],
        [contact("hydrophobic", 5), contact("stacking", 9)],
        [contact("stacking", 9)],
    ]
    rows = matrix(touched, "en")
    assert [one.residue for one in rows] == ["GLY5", "GLY9", "GLY2"]
    assert [[sign for sign, _, _ in cell] for cell in rows[0].cells] == [["H", "•"], ["•"], []]
    assert [one[1] for one in keys_of(touched, "en")] == ["hydrogen_bond", "stacking", "metal", "hydrophobic"]


def test_every_kind_has_a_sign_of_its_own_and_the_same_threshold_in_both_languages() -> None:
    assert set(SIGNS) == set(KINDS)
    assert len(set(SIGNS.values())) == len(KINDS)
    for key, kind in KINDS.items():
        numbers = [re.findall(r"\d+(?:\.\d+)?", text) for text in (kind.threshold.en, kind.threshold.zh)]
        assert numbers[0] == numbers[1], key
        assert kind.threshold.en != kind.threshold.zh, key


@pytest.mark.parametrize(
    ("deviations", "key", "good"),
    [
        ((1.2, 4.0), "dock_redocked_good", True),
        ((3.0, 0.9), "dock_redocked_near", False),
        ((5.0, 6.0), "dock_redocked_bad", False),
    ],
)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_docking_again_says_whether_it_found_the_pose(
    deviations: tuple[float, float], key: str, good: bool, lang: Language
) -> None:
    again = Redocked(docked(-6.0, 1), deviations)
    text, found = redocked_text(again, lang)
    assert found is good
    best, nearest = (f"{one:.2g}" for one in (deviations[0], min(deviations)))
    assert text == say(key, lang, rmsd=best, nearest=nearest, rank=2)
    page = render_docking(replace(page_of(), redocked=again), lang=lang, created=NOON)
    read(page)
    assert text in words(page)


def test_only_the_best_are_drawn() -> None:
    page = render_docking(page_of(MOST_DRAWN + 2), created=NOON)
    assert page.count('<article class="pose"') == MOST_DRAWN
    assert page.count('<tr>\n      <th scope="row" data-value=') == MOST_DRAWN + 2
    read(page)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_docked_is_a_page_that_says_so(lang: Language) -> None:
    page = render_docking(replace(page_of(1), docked=()), lang=lang, created=NOON)
    reader = read(page)
    assert reader.scripts == []
    assert say("dock_lead", lang, docked=0, refused=2) in words(page)


def test_words_stand_in_both_languages() -> None:
    for key, both in DOCKING_STRINGS.items():
        assert set(both) == {"en", "zh"}, key
        fields = [sorted(re.findall(r"\{(\w+)\}", text)) for text in both.values()]
        assert fields[0] == fields[1], key
        assert not CHINESE.search(both["en"]), key
