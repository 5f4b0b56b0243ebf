"""A folder of fingerprints gives exactly the hits of comparing with all molecules, and knows its own file."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("rdkit", reason="RDKit is not installed")

from suwen.drugs.screening.folder import build_folder, is_folder, search_folder
from suwen.drugs.screening.funnel import screen
from suwen.drugs.screening.goals import Filters, Goals, LikenessGoal, RankGoal
from suwen.drugs.similarity.fingerprints import fingerprints
from suwen.drugs.similarity.fused import highest_tanimoto
from suwen.drugs.similarity.library import open_library
from suwen.errors import FormatError, InputError, NotFoundError
from suwen.formats.molecules import read_molecule

CORES = ("c1ccccc1", "C1CCNCC1", "c1ccncc1", "C1CCOC1", "c1ccsc1", "CCC")
TAILS = ("O", "N", "C(=O)O", "C(=O)N", "CCl", "OC", "S(=O)(=O)C", "F", "N#C", "CCO", "OC(=O)")
LIKE = ("OC(=O)c1ccccc1", "NCC1CCNCC1")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("folder") / "library.smi"
    lines = [f"{tail}{core} {core}{tail}" for core in CORES for tail in TAILS]
    file.write_text("\n".join([*lines, "none here"]), "utf-8")
    return file


@pytest.fixture(scope="module")
def folder(library: Path) -> Path:
    made = library.parent / "fingerprints"
    assert build_folder(library, made, processes=1) >= 1
    return made


@pytest.mark.parametrize(
    "limits",
    [
        {"keep": 7},
        {"keep": 999},
        {"keep": 5, "at_most": 0.4},
        {"keep": 9, "at_least": 0.3},
        {"keep": 1, "at_most": 0.0},
    ],
    ids=str,
)
def test_hits_are_those_of_the_funnel_that_looks_at_all(library: Path, folder: Path, limits: dict[str, float]) -> None:
    goal = LikenessGoal(LIKE, **limits)  # type: ignore[arg-type]
    goals = Goals(likeness=goal, filters=Filters(drop_duplicates=False), rank=RankGoal(keep=goal.keep or 1))
    slow, quick = screen(library, goals, processes=1), search_folder(folder, goal, processes=1)
    assert [one["likeness"] for one in quick.kept] == [one["likeness"] for one in slow.kept]
    if limits == {"keep": 999}:
        assert {one.molecule.smiles for one in quick.kept} == {one.molecule.smiles for one in slow.kept}
    for one in quick.kept:
        assert one.molecule.key
    for stage in quick.stages:
        assert stage.entered == stage.kept + sum(count for _, count in stage.dropped) + stage.failed


def test_every_limit_gives_the_hits_of_comparing_with_all(folder: Path) -> None:
    library = open_library(folder)
    words = fingerprints([library.line(at)[0] for at in range(len(library))])
    queries = fingerprints([read_molecule(one).smiles for one in LIKE])
    truth = highest_tanimoto(queries, words)
    order = sorted(range(len(truth)), key=lambda at: (-truth[at], at))
    for at_most in (0.0, 0.15, 0.3, 0.35, 0.4, 0.5, 1.0):
        for keep in (1, 3, 8, 20):
            expected = [at + 1 for at in order if truth[at] <= at_most][:keep]
            found = search_folder(folder, LikenessGoal(LIKE, keep=keep, at_most=at_most), processes=1)
            assert [one.row for one in found.kept] == expected, (at_most, keep)


def test_overlays_rank_the_hits_of_a_folder(folder: Path) -> None:
    found = search_folder(folder, LikenessGoal(LIKE, keep=3, overlay=6), processes=1)
    assert len(found.kept) == 3
    assert all(0 < one["overlay"] <= 1.01 for one in found.kept)
    assert [one["overlay.place"] for one in found.kept] == sorted(one["overlay.place"] for one in found.kept)


def test_a_folder_is_used_again_and_only_for_its_own_file(library: Path, folder: Path, tmp_path: Path) -> None:
    before = (folder / "library.json").stat().st_mtime_ns
    assert build_folder(library, folder, processes=1) >= 1
    assert (folder / "library.json").stat().st_mtime_ns == before
    other = tmp_path / "other.smi"
    other.write_text("CCO\n", "utf-8")
    with pytest.raises(InputError, match="another file"):
        build_folder(other, folder, processes=1)
    with pytest.raises(InputError, match="another way"):
        build_folder(library, folder, standardised=True, processes=1)


def test_wrong_questions_are_one_error(folder: Path, tmp_path: Path) -> None:
    assert not is_folder(tmp_path)
    for goal in (LikenessGoal(LIKE), LikenessGoal(LIKE, keep=2, method="fused")):
        with pytest.raises(InputError, match="needs"):
            search_folder(folder, goal)
    with pytest.raises(InputError, match="cannot be used"):
        search_folder(folder, LikenessGoal(("C1CC",), keep=2))
    with pytest.raises(NotFoundError):
        search_folder(tmp_path, LikenessGoal(LIKE, keep=2))
    with pytest.raises((NotFoundError, FormatError)):
        build_folder(tmp_path / "none.smi", tmp_path / "new", processes=1)
    assert not (tmp_path / "new").exists()
