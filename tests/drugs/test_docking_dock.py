"""Proves that docking gives the same poses for the same seed, and that a hang or crash costs one molecule."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rdkit", reason="RDKit is not installed")
pytest.importorskip("vina", reason="Vina is not installed")

from docking_scene import PARP1, parp1, scene
from rdkit import Chem
from rdkit.Chem import rdDepictor

from suwen.drugs.docking import beside, journal
from suwen.drugs.docking.crystal import deviation, known_in_pdb, known_in_sdf, redock
from suwen.drugs.docking.dock import dock
from suwen.drugs.docking.engine import Engine, pose_block
from suwen.drugs.docking.ligand import Ligand, forms_of, ligands_of
from suwen.drugs.docking.many import dock_many
from suwen.drugs.docking.notices import docking_text
from suwen.drugs.docking.nouns import Box, Docked, Receptor, Settings
from suwen.drugs.docking.pdbqt import write_ligand
from suwen.drugs.docking.receptor import read_receptor
from suwen.errors import FormatError, InputError, MissingExtraError, NotFoundError, Problem
from suwen.formats.molecules import Molecule, Refused, read_molecule

FAST = Settings(exhaustiveness=1, poses=3, seed=5)
PHENOL = read_molecule("Oc1ccccc1")
# A stand-in for the process beside that answers, hangs, dies, or says something odd, as the molecule tells it.
STAND_IN = """
import json, os, sys, time
sys.stdin.readline()
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    smiles = json.loads(line)["smiles"]
    if smiles == "CCO":
        time.sleep(600)
    if smiles == "CCN":
        os.abort()
    with open(os.environ["STAND_IN_LOG"], "a") as log:
        log.write(smiles + "\\n")
    pose = {"score": -1.0 * len(smiles), "inter": -1.0, "coordinates": [[0, 0, 0]], "block": "b"}
    print(json.dumps({"smiles": smiles, "charge": 0, "torsions": 0, "heavy": 3, "forms": 1, "poses": [pose],
                      "noticed": [], "seconds": 0.1}), flush=True)
"""


# One that has written its file and is still starting.
STARTING = """
import json, pathlib, sys, time
folder = pathlib.Path(json.loads(sys.stdin.readline())["folder"])
folder.mkdir()
(folder / "receptor.pdbqt").write_text("ATOM")
time.sleep(600)
"""
# A parent that is killed while its process beside docks.
PARENT = """
import sys, time
from suwen.drugs.docking.beside import Beside
from suwen.drugs.docking.nouns import Box, Settings
from suwen.drugs.docking.receptor import read_receptor
beside = Beside(read_receptor(sys.argv[1]), Box(tuple(map(float, sys.argv[2:5])), (16.0,) * 3), Settings(limit=60))
beside.begin("Oc1ccccc1")
print(beside._process.pid, flush=True)
time.sleep(600)
"""


def ligand_of(smiles: str, *, seed: int) -> Ligand:
    """The first shape of a form."""
    return ligands_of(smiles, seed=seed)[0]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Receptor, Box]:
    receptor, box, _file = scene(tmp_path_factory.mktemp("scene"))
    return receptor, box


@pytest.fixture(scope="module")
def docked(place: tuple[Receptor, Box]) -> Docked:
    return dock(place[0], PHENOL, place[1], settings=FAST)


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "docking_stand_in.py").write_text(STAND_IN, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("STAND_IN_LOG", str(tmp_path / "log"))
    monkeypatch.setattr(beside, "_CHILD", "docking_stand_in")
    return tmp_path / "log"


def test_the_same_seed_gives_the_same_poses_however_many_threads(place: tuple[Receptor, Box], docked: Docked) -> None:
    again = dock(place[0], PHENOL, place[1], settings=FAST, processes=2)
    assert [one.score for one in again.poses] == [one.score for one in docked.poses]
    assert [one.block for one in again.poses] == [one.block for one in docked.poses]


def test_poses_are_the_molecule_in_the_box_best_first(place: tuple[Receptor, Box], docked: Docked) -> None:
    scores = [one.score for one in docked.poses]
    assert scores == sorted(scores)
    assert docked.score < 0
    assert docked.efficiency == pytest.approx(-docked.score / 7)
    assert [one.rank for one in docked.poses] == list(range(1, len(scores) + 1))
    for pose in docked.poses:
        mol = Chem.MolFromMolBlock(pose.block, removeHs=False)
        assert Chem.MolToSmiles(Chem.RemoveHs(mol)) == docked.smiles
        assert np.allclose(mol.GetConformer().GetPositions()[:7], pose.coordinates, atol=1e-3)
        assert place[1].inside(pose.coordinates).all()
        lengths = [
            np.linalg.norm(np.subtract(*(mol.GetConformer().GetPositions()[at] for at in pair)))
            for pair in ((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds())
        ]
        assert 0.9 < min(lengths) < max(lengths) < 1.6


def test_the_score_is_that_of_vina_for_the_pose(place: tuple[Receptor, Box], docked: Docked, tmp_path: Path) -> None:
    """The pose, written anew and only scored, has the score it was given by the search."""
    file = tmp_path / "receptor.pdbqt"
    file.write_text(place[0].pdbqt, "utf-8")
    engine = Engine(file, place[1], FAST)
    ligand = ligand_of(docked.smiles, seed=FAST.seed)
    full = Chem.MolFromMolBlock(docked.poses[0].block, removeHs=False)
    places = full.GetConformer().GetPositions()
    hydroxyl = next(one.GetIdx() for one in full.GetAtomWithIdx(0).GetNeighbors() if one.GetAtomicNum() == 1)
    moved = Chem.Mol(ligand.mol)
    for own, theirs in zip(ligand.pdbqt.order, _matched(ligand.pdbqt.order, hydroxyl), strict=True):
        moved.GetConformer().SetAtomPosition(own, places[theirs].tolist())
    score = engine.score(replace(ligand, pdbqt=write_ligand(moved)))
    assert score == pytest.approx(docked.score, abs=0.05)


def _matched(order: tuple[int, ...], hydroxyl: int) -> list[int]:
    return [at if at < 7 else hydroxyl for at in order]


def test_meeko_and_suwen_write_a_pose_that_vina_scores_alike(place: tuple[Receptor, Box], tmp_path: Path) -> None:
    meeko = pytest.importorskip("meeko", reason="Meeko, a peer, is not installed")
    file = tmp_path / "receptor.pdbqt"
    file.write_text(place[0].pdbqt, "utf-8")
    engine = Engine(file, place[1], FAST)
    for smiles in ("Oc1ccccc1CCN", "CC(=O)Nc1ccc(O)cc1", "OC(=O)c1ccccc1Cl"):
        ligand = ligand_of(forms_of(read_molecule(smiles))[0][0], seed=1)
        middle = np.asarray(place[1].centre) - ligand.mol.GetConformer().GetPositions().mean(axis=0)
        moved = Chem.Mol(ligand.mol)
        for at, spot in enumerate(ligand.mol.GetConformer().GetPositions() + middle):
            moved.GetConformer().SetAtomPosition(at, spot.tolist())
        theirs = meeko.PDBQTWriterLegacy.write_string(meeko.MoleculePreparation().prepare(moved)[0])[0]
        ours = write_ligand(moved)
        scores = [engine.score(replace(ligand, pdbqt=replace(ours, text=text))) for text in (ours.text, theirs)]
        assert scores[0] == pytest.approx(scores[1], abs=0.01), smiles


def test_a_known_pose_is_found_again_and_far_ones_are_told(place: tuple[Receptor, Box], docked: Docked,
                                                           tmp_path: Path) -> None:  # fmt: skip
    file = tmp_path / "known.sdf"
    file.write_text(docked.poses[0].block + "$$$$\n", "utf-8")
    known = known_in_sdf(file)
    assert known.molecule.key == PHENOL.key
    found = redock(place[0], known, place[1], settings=FAST)
    assert found.best == pytest.approx(0.0, abs=1e-3)
    assert found.nearest == found.best
    assert all(one > 0.5 for one in found.deviations[1:])
    assert known.box().inside(docked.poses[0].coordinates).all()


def test_deviation_knows_symmetry_and_does_not_move_anything() -> None:
    ligand = ligand_of("O=C([O-])c1ccccc1", seed=1)
    places = ligand.mol.GetConformer().GetPositions()
    block, heavy = pose_block(ligand, places[list(ligand.pdbqt.order)])
    turned = places.copy()
    turned[[0, 2]] = turned[[2, 0]]  # the two oxygens of the acid
    swapped = pose_block(ligand, turned[list(ligand.pdbqt.order)])[0]
    assert deviation(block, swapped) == pytest.approx(0.0, abs=1e-3)
    shifted = pose_block(ligand, (places + np.array([0.0, 3.0, 4.0]))[list(ligand.pdbqt.order)])[0]
    assert deviation(block, shifted) == pytest.approx(5.0, abs=1e-2)
    assert len(heavy) == 9
    other = ligand_of("Oc1ccccc1", seed=1)
    with pytest.raises(InputError, match="different molecules"):
        deviation(block, pose_block(other, other.mol.GetConformer().GetPositions()[list(other.pdbqt.order)])[0])


def test_a_ligand_of_a_pdb_file_gets_its_bonds_from_the_smiles(docked: Docked, tmp_path: Path) -> None:
    mol = Chem.RemoveHs(Chem.MolFromMolBlock(docked.poses[0].block))
    lines = [
        f"HETATM{at + 1:>5}  {atom.GetSymbol()}{at:<2} IPH B 401    "
        + "".join(f"{one:8.3f}" for one in mol.GetConformer().GetPositions()[at])
        + f"  1.00  0.00          {atom.GetSymbol():>2}"
        for at, atom in enumerate(mol.GetAtoms())
    ]
    file = tmp_path / "complex.pdb"
    file.write_text("\n".join(lines), "utf-8")
    known = known_in_pdb(file, "IPH", "c1ccccc1O")
    assert known.molecule.key == PHENOL.key
    assert known.residue is not None
    assert known.residue.label == "B:IPH401"
    assert deviation(known.block, docked.poses[0].block) == pytest.approx(0.0, abs=1e-2)
    with pytest.raises(InputError, match="7 heavy atoms and the SMILES 3"):
        known_in_pdb(file, "IPH", "CCO")
    with pytest.raises(InputError, match="bonds differ"):
        known_in_pdb(file, "IPH", "CCCCCCO")
    with pytest.raises(NotFoundError, match="it has IPH"):
        known_in_pdb(file, "STI", "CCO")


def test_a_flat_drawing_is_no_known_pose(tmp_path: Path) -> None:
    file = tmp_path / "flat.sdf"
    mol = Chem.MolFromSmiles("Oc1ccccc1")
    rdDepictor.Compute2DCoords(mol)
    file.write_text(Chem.MolToMolBlock(mol), "utf-8")
    with pytest.raises(FormatError, match="flat"):
        known_in_sdf(file)


def temporary(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of the system's own for this test, in this process and those that it starts."""
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def wait_for(what: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not what() and time.monotonic() < until:
        time.sleep(0.05)
    assert what()


def test_no_temporary_folder_stays_after_docking_or_a_time_limit(
    place: tuple[Receptor, Box], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = temporary(tmp_path / "system", monkeypatch)
    with beside.Beside(place[0], place[1], FAST) as one:
        assert isinstance(one.ask(PHENOL.smiles), dict)
        assert list(folder.iterdir()) == []  # nothing is left to be cleaned where the machine stops now
    with pytest.raises(InputError, match="not docked"):
        dock(place[0], read_molecule("CCCCCCc1ccccc1"), place[1], settings=replace(FAST, limit=0.001))
    assert list(folder.iterdir()) == []


def test_no_temporary_folder_stays_of_a_process_killed_while_it_starts(
    place: tuple[Receptor, Box], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docking_starting.py").write_text(STARTING, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(beside, "_CHILD", "docking_starting")
    folder = temporary(tmp_path / "system", monkeypatch)
    with beside.Beside(place[0], place[1], FAST) as one:
        one.begin("CCO")
        wait_for(lambda: any(folder.glob("*/receptor.pdbqt")))
    assert list(folder.iterdir()) == []


def test_no_temporary_folder_stays_where_the_parent_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _receptor, box, file = scene(tmp_path)
    folder = temporary(tmp_path / "system", monkeypatch)
    words = [sys.executable, "-c", PARENT, str(file), *(str(one) for one in box.centre)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = Path("/proc") / parent.stdout.readline().strip()
        parent.kill()
    if not Path("/proc/self").exists():
        pytest.skip("whether a process of another has ended is seen in /proc")
    wait_for(lambda: not child.exists() or "Z" in (child / "stat").read_text().rpartition(")")[2][:3])
    assert list(folder.iterdir()) == []


def test_a_box_that_cannot_hold_the_molecule_is_a_refusal_and_no_score(place: tuple[Receptor, Box]) -> None:
    with pytest.raises(InputError) as refused:
        dock(place[0], PHENOL, Box(place[1].centre, (2.0, 2.0, 2.0)), settings=FAST)
    assert refused.value.problems[0].what.startswith("room: the molecule is 4.1")


@pytest.mark.parametrize(("edge", "keys"), [(4.0, ["unfit", "tight"]), (6.0, ["unfit"]), (16.0, [])])
def test_a_box_too_small_and_a_score_not_below_0_are_said(
    place: tuple[Receptor, Box], edge: float, keys: list[str]
) -> None:
    found = dock(place[0], PHENOL, Box(place[1].centre, (edge, edge, edge)), settings=FAST)
    told = [one for one in found.noticed if one.what.startswith(("tight", "unfit"))]
    assert [one.what.partition(":")[0] for one in told] == keys
    assert (found.score >= 0) == ("unfit" in keys)
    assert all("盒子" in docking_text(one, "zh") for one in told)


def test_a_molecule_that_cannot_be_docked_is_an_error_with_its_reason(place: tuple[Receptor, Box]) -> None:
    for smiles, reason in (("OB(O)c1ccccc1", "element: B"), ("CC", "size: 2")):
        with pytest.raises(InputError) as refused:
            dock(place[0], read_molecule(smiles), place[1], settings=FAST)
        assert refused.value.problems[0].what.startswith(reason)


def test_an_absent_vina_is_said_with_its_extra(place: tuple[Receptor, Box], monkeypatch: pytest.MonkeyPatch,
                                                tmp_path: Path) -> None:  # fmt: skip
    (tmp_path / "vina.py").write_text("raise ImportError('no vina')\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(MissingExtraError, match=r"suwen\[drugs\]"):
        dock(place[0], PHENOL, place[1], settings=FAST)


@pytest.mark.usefixtures("stand_in")
def test_a_hang_and_a_crash_cost_one_molecule_and_give_no_score(place: tuple[Receptor, Box]) -> None:
    molecules = [read_molecule(one) for one in ("CCC", "CCO", "CCCC", "CCN", "CCCCC")]
    settings = replace(FAST, limit=1.0)
    found = list(dock_many(place[0], molecules, place[1], settings=settings, processes=2))
    assert [one.row for one in found] == [1, 2, 3, 4, 5]
    assert [type(one).__name__ for one in found] == ["Docked", "Refused", "Docked", "Refused", "Docked"]
    reasons = [one.problem.what.split(":")[0] for one in found if isinstance(one, Refused)]
    assert reasons == ["time", "crash"]
    for smiles, reason in (("CCO", "time: "), ("CCN", "crash: ")):
        with pytest.raises(InputError) as refused:
            dock(place[0], read_molecule(smiles), place[1], settings=settings)
        assert refused.value.problems[0].what.startswith(reason)


def test_a_run_that_was_broken_off_goes_on_where_it_was(place: tuple[Receptor, Box], stand_in: Path,
                                                        tmp_path: Path) -> None:  # fmt: skip
    receptor, box = place
    folder, molecules = tmp_path / "run", [read_molecule("C" * size) for size in range(3, 9)]
    run = dock_many(receptor, molecules, box, settings=FAST, folder=folder, processes=1)
    begun = [next(run), next(run)]
    run.close()  # type: ignore[attr-defined]
    file = folder / journal.FILE
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"smiles": "CCCCCC", "ans')  # torn in the middle of a line
    done_before = len(stand_in.read_text("utf-8").split())
    every = list(dock_many(receptor, molecules, box, settings=replace(FAST, limit=9.0), folder=folder, processes=1))
    assert [one.row for one in every] == list(range(1, 7))
    assert [one.score for one in every if isinstance(one, Docked)] == [-float(size) for size in range(3, 9)]
    assert every[0].score == begun[0].score  # type: ignore[union-attr]
    worked = stand_in.read_text("utf-8").split()
    assert len(worked) <= done_before + 6 - len(begun)
    again = list(dock_many(receptor, molecules, box, settings=FAST, folder=folder, processes=1))
    assert stand_in.read_text("utf-8").split() == worked  # nothing was docked twice
    assert [one.score for one in again] == [one.score for one in every]  # type: ignore[union-attr]


def test_time_outs_are_tried_again_and_refusals_are_kept(place: tuple[Receptor, Box], stand_in: Path,
                                                         tmp_path: Path) -> None:  # fmt: skip
    folder, settings = tmp_path / "run", replace(FAST, limit=0.5)
    molecules = [
        read_molecule("CCO"),
        Refused(2, "x", Problem("", "ring not closed")),
        read_molecule("CCCC"),
        read_molecule("CCCC"),
    ]
    for _turn in range(2):
        found = list(dock_many(place[0], molecules, place[1], settings=settings, folder=folder, processes=1))
        assert [type(one).__name__ for one in found] == ["Refused", "Refused", "Docked", "Docked"]
    assert (folder / journal.FILE).read_text("utf-8").count('"time: ') == 2
    assert stand_in.read_text("utf-8").split() == ["CCCC"]  # the same structure is docked once


@pytest.mark.usefixtures("stand_in")
def test_a_folder_of_another_run_a_second_run_and_damage_are_refused(
    place: tuple[Receptor, Box], tmp_path: Path
) -> None:
    receptor, box = place
    folder, molecules = tmp_path / "run", [read_molecule("CCC"), read_molecule("CCCC")]
    list(dock_many(receptor, molecules, box, settings=FAST, folder=folder, processes=1))
    for changed, word in (
        ({"settings": replace(FAST, seed=6)}, "settings"),
        ({"box": Box(box.centre, (17.0, 16.0, 16.0))}, "box"),
        ({"receptor": replace(receptor, pdbqt=receptor.pdbqt + "REMARK\n")}, "receptor"),
    ):
        given = {"receptor": receptor, "box": box, "settings": FAST, **changed}
        with pytest.raises(InputError, match=f"another {word}"):
            dock_many(given["receptor"], molecules, given["box"], settings=given["settings"], folder=folder)
    with pytest.raises(InputError, match="holds a run already"):
        dock_many(receptor, molecules, box, settings=FAST, folder=folder, resume=False)
    running = dock_many(receptor, [read_molecule("CCCCC")], box, settings=FAST, folder=folder, processes=1)
    with pytest.raises(InputError, match="another run is docking"):
        dock_many(receptor, molecules, box, settings=FAST, folder=folder)
    list(running)
    file = folder / journal.FILE
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([lines[0], b"not json\n", *lines[1:]]))
    with pytest.raises(FormatError, match="line 2 of the journal is damaged"):
        dock_many(receptor, molecules, box, settings=FAST, folder=folder)


def test_ray_is_named_where_it_is_absent(place: tuple[Receptor, Box], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match="ray"):
        dock_many(place[0], [PHENOL], place[1], settings=FAST, engine="ray")
    with pytest.raises(InputError, match="local or ray"):
        dock_many(place[0], [PHENOL], place[1], settings=FAST, engine="cloud")


@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_ray_gives_the_same_as_one_machine(place: tuple[Receptor, Box]) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    molecules = [PHENOL, read_molecule("OB(O)c1ccccc1")]
    found = [
        [one.score if isinstance(one, Docked) else one.problem for one in answers]
        for answers in (
            dock_many(place[0], molecules, place[1], settings=FAST, processes=1, engine=engine)
            for engine in ("local", "ray")
        )
    ]
    assert found[0] == found[1]


def test_known_inhibitors_of_parp1_dock_near_the_published_scores(tmp_path: Path) -> None:
    """Published scores of the same receptor and box by another Vina of exhaustiveness 1: within 1 kcal/mol."""
    file = parp1(tmp_path)
    if file is None:
        pytest.skip("the data set drugs/docking is not here")
    receptor = read_receptor(file)
    published: dict[Molecule, float] = {
        read_molecule("COc1[nH]c3cccc2C(=O)NCCc1c23"): -7.8,
        read_molecule("O/N=C/c1cn3CCNC(=O)c2cccc1c23"): -8.2,
    }
    found = dock_many(receptor, published, PARP1, settings=FAST, processes=1)
    for one, score in zip(found, published.values(), strict=True):
        assert isinstance(one, Docked)
        assert one.score == pytest.approx(score, abs=1.0)
