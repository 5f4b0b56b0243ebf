"""Vina as the docker of a funnel: real scores and poses, failures apart, nothing docked twice after an interrupt."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("rdkit", reason="RDKit is not installed")
pytest.importorskip("vina", reason="vina is not installed")

from docking_scene import scene

from suwen.drugs.screening.funnel import screen
from suwen.drugs.screening.goals import DockingGoal, Goals
from suwen.drugs.screening.vina import vina_docker
from suwen.drugs.screening.words import problem_text
from suwen.errors import InputError, NotFoundError, Problem, SuwenError
from suwen.formats.molecules import read_molecule
from suwen.formats.molecules.structure import mol_of_block


def test_ligands_are_docked_once_ranked_by_score_and_refused_ones_fail(tmp_path: Path) -> None:
    _receptor, box, file = scene(tmp_path)
    library = tmp_path / "library.smi"
    library.write_text("OCC ethanol\nc1ccccc1O phenol\nCCB(O)O boron\nCCN amine\n", "utf-8")
    goals = Goals(docking=DockingGoal(file, box.centre, box.size, keep=2, exhaustiveness=1), seed=4)
    found = screen(library, goals, processes=1, journal=tmp_path / "journal")
    docking = next(one for one in found.stages if one.stage == "docking")
    assert (docking.entered, docking.kept, docking.failed) == (4, 2, 1)
    assert [one.stage for one in found.failed] == ["docking"]
    assert "B is not known" in found.failed[0].problem.what
    assert found.kept[0].molecule.name == "phenol"
    assert found.kept[0]["docking"] < found.kept[1]["docking"] < 0
    places = mol_of_block(found.kept[0].pose).GetConformer().GetPositions()
    assert (abs(places - box.centre) <= 10).all()
    (tmp_path / "journal" / "5-docking.jsonl").unlink()
    (tmp_path / "journal" / "5-docking-best.jsonl").unlink()
    answers = (tmp_path / "journal" / "5-docking" / "docking.jsonl").read_bytes()
    assert screen(library, goals, processes=1, journal=tmp_path / "journal").kept == found.kept
    assert (tmp_path / "journal" / "5-docking" / "docking.jsonl").read_bytes() == answers


def test_a_molecule_that_fits_nowhere_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    _receptor, box, file = scene(tmp_path)
    goal = DockingGoal(file, box.centre, (6.0, 6.0, 6.0), exhaustiveness=1)
    docker = vina_docker(goal, seed=5, processes=1, folder=None)
    answer = next(docker([read_molecule("Oc1ccccc1", name="phenol")]))
    assert isinstance(answer, Problem)
    assert answer.where == "phenol"
    assert answer.what.startswith("unfit: the best score, ")
    assert "不匹配" in problem_text(answer, "zh")


def test_a_wrong_receptor_or_box_ends_before_anything_begins(tmp_path: Path) -> None:
    _receptor, box, file = scene(tmp_path)

    def wrong(kind: type[SuwenError], goal: DockingGoal) -> None:
        with pytest.raises(kind):
            vina_docker(goal, seed=0, processes=1, folder=None)

    wrong(NotFoundError, DockingGoal(tmp_path / "none.pdbqt", box.centre, box.size))
    wrong(InputError, DockingGoal(file, (500.0, 0.0, 0.0), box.size))
    wrong(InputError, DockingGoal(file))
    wrong(NotFoundError, DockingGoal(file, around=file.with_suffix(".xyz")))
    assert vina_docker(DockingGoal(file, around=file), seed=0, processes=1, folder=None).box.size >= (15, 15, 15)
