"""Proves that a text becomes the molecule it describes or one plain refusal with its place, and that nothing hangs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import FormatError, Problem
from suwen.formats.molecules import Molecule, notice_in, notice_key, notice_text, read_molecule
from suwen.formats.molecules.notice_strings import NOTICES
from suwen.formats.molecules.notices import notice

pytest.importorskip("rdkit")


def problem(text: str) -> Problem:
    with pytest.raises(FormatError) as caught:
        read_molecule(text)
    (only,) = caught.value.problems
    return only


def answer(text: str) -> Molecule | Problem:
    """The molecule, or the one problem that says why there is none."""
    try:
        return read_molecule(text)
    except FormatError as error:
        (only,) = error.problems
        return only


@pytest.mark.parametrize(
    ("text", "key"),  # published InChIKeys
    [
        ("CC(=O)Oc1ccccc1C(=O)O", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"),  # aspirin
        ("O=C(C)Oc1ccccc1C(=O)O", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"),
        ("InChI=1S/C9H8O4/c1-6(10)13-8-5-3-2-4-7(8)9(11)12/h2-5H,1H3,(H,11,12)", "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"),
        ("CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "RYYVLZVUVIJVGH-UHFFFAOYSA-N"),  # caffeine
        ("CC(C)Cc1ccc(cc1)[C@H](C)C(=O)O", "HEFNNWSXXWATRW-JTQLQIEISA-N"),  # dexibuprofen
        ("C[C@H](N)C(=O)O", "QNAYBMKLOCPYGJ-REOHCLBHSA-N"),  # L-alanine
    ],
)
def test_published_keys(text: str, key: str) -> None:
    assert read_molecule(text).key == key


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("", "empty", ""),
        ("  \t", "empty", ""),
        ("C1CC", "ring_open", "number 1 at place 2"),
        ("C(C", "branch_open", "place 2"),
        ("CC)C", "branch_closed", "place 3"),
        ("C[N", "bracket_open", "place 2"),
        ("C[Xx]C", "element", "Xx at place 2"),
        ("aspirin", "element", "a at place 1"),
        ("C C", "character", "place 2"),
        ("水", "character", "水 at place 1"),
        ("C\0C", "character", "U+0000"),
        ("C=", "bond_alone", "= at place 2"),
        ("C=-C", "bond_alone", "- at place 3"),
        ("C1C1", "ring_same", "place 4"),
        ("(C)C", "branch_empty", "place 1"),
        ("C.", "dot_end", ""),
        ("[12]", "bracket", "place 1"),
        ("CC(C)(C)(C)C", "valence", "C (atom 2) has 5 bonds"),
        ("c1cccc1", "aromatic", "1, 2, 3, 4, 5"),
        ("cC", "aromatic_chain", "atom 1"),
        ("C" * 5_001, "long", "5001 characters, and at most 5000"),
        ("C" * 1_000, "atoms", "1000 atoms, and at most 999"),
        ("C1CC1" * 201, "rings", "201, and at most 200"),
        ("BSYNRYMUTXBXSQ-UHFFFAOYSA-N", "inchikey", ""),
        ("InChI=1S/C9H8O4/c1-6(10", "inchi", ""),
        ("InChI=1S/C1000H2002/c1-2", "atoms", "1000"),
    ],
)
def test_a_refusal_says_what_and_where(text: str, key: str, said: str) -> None:
    found = problem(text)
    assert notice_key(found) == key
    assert said in found.what


def test_every_remark_is_found_again_and_said_in_chinese() -> None:
    values = {"count": 3, "most": 9, "place": 4, "atom": 2}
    for key, words in NOTICES.items():
        named = re.findall(r"\{(\w+)\}", words["en"])
        filled = {name: values.get(name, "sodium ion") for name in named}
        made = notice(key, where="row 3", **filled)
        assert notice_key(made) == key
        chinese = notice_in(made, "zh")
        assert any("\u4e00" <= one <= "\u9fff" for one in chinese.what)
        assert "{" not in chinese.what + made.what
        assert bool(chinese.remedy) == bool(made.remedy) == ("en_remedy" in words)
        assert notice_text(made, "zh").startswith("row 3：")
    assert "钠离子" in notice_text(notice("salt", parts="sodium ion, water"), "zh")


def test_extensions_are_cut_and_told() -> None:
    made = read_molecule("C[C@H](F)Cl |&1:1|", name="racemate")
    assert (made.smiles, made.name, made.written) == ("C[C@H](F)Cl", "racemate", "C[C@H](F)Cl |&1:1|")
    assert [notice_key(one) for one in made.noticed] == ["extension"]


def dendrimer(generation: int) -> str:
    return "C" if generation == 0 else f"N(CC{dendrimer(generation - 1)})CC{dendrimer(generation - 1)}"


FULLERENE = (
    "c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6c%11c2c2c7c3c3c8c4c4c9c"
    "5c1c1c6c2c3c41"
)
HOSTILE = {
    "fullerenes": ".".join([FULLERENE] * 3),
    "dendrimer": dendrimer(7),
    "chain": "C" * 999,
    "nested": "C(" * 900 + "C" + ")" * 900,
    "unclosed nest": "C(" * 2_400,
    "brackets": "[" * 5_000,
    "peptide": "N" + "[C@@H](C)C(=O)N" * 190 + "C",
    "guanidines": "NC(=N)" * 150,
    "melamines": "Nc1nc(N)nc(Nc2nc(N)nc(Nc3nc(N)nc(Nc4nc(N)nc(N)n4)n3)n2)n1",
    "polyketone": "CC(=O)" * 190,
    "salts": ".".join(["[Na+].[Cl-]"] * 400),
    "parts": ".".join("C" * 900),
    "ring of centres": "[C@@H]1(F)" + "[C@@H](F)" * 200 + "[C@@H]1F",  # InChI alone takes hours
    "zwitterions": "C([N+](C)(C)C)C(C(=O)[O-])" * 90,
    "isotope": "[999C]",
    "charge": "[C+15]",
    "map": "[CH4:999999999]",
    "large map": "[CH3:99999999999]C",
    "wildcards": "*" * 900,
    "spiro rings": "C1(CC1)" * 200,
    "hydrogens": "[H]" * 400,
    "double bonds": "C1" + "CC=C" * 150 + "C1",
    "rings": "%(10)" * 1_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_get_an_answer(name: str) -> None:
    """Each took under half a second when this was written; without its bounds one of them would stop the suite."""
    made = answer(HOSTILE[name])
    assert isinstance(made, Molecule) or notice_key(made)


@given(st.text(max_size=60) | st.text("CNOcn1()[]=#@H+-.%2", max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_molecule_or_one_problem(text: str) -> None:
    made = answer(text)
    assert made == answer(text)
    assert isinstance(made, Molecule) or notice_key(made)
