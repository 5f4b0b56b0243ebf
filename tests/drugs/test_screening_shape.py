"""Overlays in space: a molecule fits itself, a chain does not fit a ring, and what has no shape has no score."""

from __future__ import annotations

import pytest

pytest.importorskip("rdkit", reason="RDKit is not installed")

from suwen.drugs.screening.conformers import conformers
from suwen.drugs.screening.funnel import screen
from suwen.drugs.screening.goals import Goals, LikenessGoal, RankGoal
from suwen.drugs.screening.nouns import Overlay
from suwen.drugs.screening.shape import FLAT, rerank
from suwen.drugs.screening.words import problem_text
from suwen.errors import InputError
from suwen.formats.molecules import read_molecule
from suwen.formats.molecules.nouns import Molecule
from suwen.formats.molecules.structure import mol_of_block

QUERY = "O=C(O)c1cccc(Cl)c1"
HITS = ("CCCCCCCC", "*C", "O=C(O)c1cccc(Br)c1", QUERY, "C1CCCCC1")


def _laid(hits: tuple[str, ...] = HITS, **options: int) -> list[Overlay]:
    molecules = [read_molecule(one) for one in hits]
    return rerank([read_molecule(QUERY)], molecules, shapes=4, **{"seed": 2, **options})


@pytest.fixture(scope="module")
def laid() -> list[Overlay]:
    return _laid()


def test_a_molecule_fits_itself_wholly(laid: list[Overlay]) -> None:
    own = next(one for one in laid if one.number == 3)
    assert own.shape == pytest.approx(1.0, abs=0.01)
    assert own.colour == pytest.approx(1.0, abs=0.01)
    like = next(one for one in laid if one.number == 2)
    chain = next(one for one in laid if one.number == 0)
    assert like.shape is not None
    assert chain.shape is not None
    assert 1 > like.shape > chain.shape > 0
    assert chain.colour == pytest.approx(0, abs=0.05)


def test_every_hit_has_a_place_by_both_ranks(laid: list[Overlay]) -> None:
    assert [one.place for one in laid] == [1, 2, 3, 4, 5]
    assert sorted(one.number for one in laid) == [0, 1, 2, 3, 4]
    scored = sorted((one for one in laid if one.combined is not None), key=lambda one: -(one.combined or 0))
    ranks = {one.number: rank for rank, one in enumerate(scored)}
    means = [FLAT * one.number + ranks.get(one.number, one.number) for one in laid]
    assert means == sorted(means)


def test_the_same_seed_gives_the_same_and_processes_change_nothing(laid: list[Overlay]) -> None:
    assert _laid() == laid
    assert _laid(processes=2) == laid


def test_poses_lie_in_one_frame(laid: list[Overlay]) -> None:
    own = next(one for one in laid if one.number == 3)
    hit, query = (mol_of_block(block).GetConformer().GetPositions() for block in (own.pose, own.query_pose))
    assert abs(hit - query).max() < 0.1


def test_what_has_no_shape_has_a_problem_and_no_score() -> None:
    hits = ["CCO", "C" * 101, "CCN"]
    found = rerank([read_molecule("CCO")], [Molecule(one, "", name=f"M{at}") for at, one in enumerate(hits)], shapes=2)
    failed = next(one for one in found if one.number == 1)
    assert failed.combined is None
    assert failed.problem is not None
    assert "heavy atoms" in failed.problem.what
    assert "重原子" in problem_text(failed.problem, "zh")
    assert failed.place == 2


def test_a_hit_that_fails_stays_between_its_neighbours() -> None:
    hits = [Molecule(one, "") for one in (*[QUERY] * 4, "C" * 12, "C" * 101, *[QUERY] * 4)]
    found = rerank([read_molecule(QUERY)], hits, shapes=1)
    assert [one.number for one in found if one.problem is not None] == [5]
    assert [one.number for one in found] == [*range(10)]


def test_an_overlay_far_better_moves_a_hit_up() -> None:
    hits = [read_molecule(one) for one in ("CCCCCCCC", "CCCCCCC", *["C1CCCCC1"] * 8, "CCCCCCCCC", QUERY)]
    found = rerank([read_molecule(QUERY)], hits, shapes=2)
    places = {one.number: one.place for one in found}
    assert places[11] < 12
    assert places[0] == 1


def test_conformers_are_few_and_of_low_energy() -> None:
    made = conformers(read_molecule("CCCCCCc1ccccc1"), seed=1, count=6)
    assert 1 <= made.GetNumConformers() <= 6
    assert all(one.Is3D() for one in made.GetConformers())
    assert made.GetNumAtoms() == 12


def test_a_query_without_a_shape_is_one_error() -> None:
    with pytest.raises(InputError, match="known molecule 2"):
        rerank([read_molecule("CCO"), Molecule("C" * 101, "")], [], shapes=2)
    with pytest.raises(InputError, match="at least one"):
        rerank([], [read_molecule("CCO")])


def test_the_funnel_ranks_by_both_and_fails_what_cannot_be_laid() -> None:
    library = [read_molecule(one) for one in ("CCO", "O=C(O)c1cccc(Br)c1", QUERY, "O=C(O)" + "C" * 101, "CC(=O)O")]
    like = LikenessGoal((QUERY,), keep=2, overlay=4)
    found = screen(library, Goals(likeness=like, rank=RankGoal(keep=9)), processes=1)
    assert [one.row for one in found.kept] == [3, 2]
    assert [(one.row, one.stage) for one in found.failed] == [(4, "likeness")]
    assert [one["overlay.place"] for one in found.kept] == [1, 2]
    assert found.kept[0]["overlay"] == pytest.approx(1, abs=0.01)
    count = found.stages[1]
    assert (count.entered, count.kept, count.failed) == (5, 2, 1)
    assert dict(count.dropped) == {"likeness.best": 2}
