"""Proves that `suwen dock` ranks what it docked, lists what failed with its reason, and says what is wrong at once."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("rdkit", reason="RDKit is not installed")
pytest.importorskip("vina", reason="Vina is not installed")

from docking_scene import scene
from rdkit import Chem

from suwen.cli.dock import dock
from suwen.errors import FormatError, InputError, NotFoundError, SuwenError

QUICK = ("--exhaustiveness", "1", "--poses", "2", "--processes", "1")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    _receptor, box, file = scene(tmp_path_factory.mktemp("scene"))
    return file, ",".join(str(one) for one in (*box.centre, *box.size))


def run(*words: str) -> Result:
    return CliRunner().invoke(dock, list(words))


def test_a_file_is_ranked_failures_are_listed_and_files_written(made: tuple[Path, str], tmp_path: Path) -> None:
    receptor, box = made
    source, table, records = tmp_path / "in.smi", tmp_path / "out.csv", tmp_path / "out.sdf"
    source.write_text("Oc1ccccc1 =phenol\nC1CC open\nOB(O)c1ccccc1 boronic\nCCCCO butanol\n", "utf-8")
    folder, pictures = tmp_path / "run", tmp_path / "pictures"
    words = (str(receptor), str(source), "--box", box, *QUICK, "--out", str(folder))
    found = run(*words, "--csv", str(table), "--sdf", str(records), "--pictures", str(pictures))
    assert found.exit_code == 0, found.output
    assert "row 2: ring not closed" in found.stderr
    assert "row 3: boronic: element: B" in found.stderr
    assert "histidine: 1" in found.stderr
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    assert [row["rank"] for row in rows] == ["1", "2", "", ""]
    assert {row["name"] for row in rows[:2]} == {"'=phenol", "butanol"}  # no formula for a spreadsheet
    assert float(rows[0]["score"]) <= float(rows[1]["score"]) < 0
    assert all(row["score"] == "" and row["problem"] for row in rows[2:])  # a failure has no score, not even 0
    poses = [one for one in Chem.SDMolSupplier(str(records)) if one is not None]
    assert {one.GetProp("_Name") for one in poses} == {"=phenol", "butanol"}
    assert all(float(one.GetProp("Score")) < 0 for one in poses)
    assert sorted(one.name for one in pictures.iterdir()) == ["pose-1.svg", "pose-4.svg"]
    lines = [json.loads(line) for line in run(*words, "--json", "--lang", "zh").stdout.splitlines()]
    assert [line["row"] for line in lines] == [1, 2, 3, 4]
    assert "元素" in lines[2]["problem"]
    assert {line["score"] for line in lines if "score" in line} == {float(row["score"]) for row in rows[:2]}
    assert run(*words, "--no-resume").exception is not None
    assert isinstance(run(*words, "--seed", "2").exception, InputError)


def test_one_molecule_in_both_languages_charged_or_as_written(made: tuple[Path, str]) -> None:
    receptor, box = made
    charged = run(str(receptor), "CCCN", "--box", box, *QUICK, "--lang", "zh")
    assert charged.exit_code == 0
    assert "CCC[NH3+]" in charged.stdout
    assert "伯胺" in charged.stderr
    assert "接触残基" in charged.stdout
    written = run(str(receptor), "CCCN", "--box", box, *QUICK, "--as-written")
    assert "CCCN" in written.stdout
    assert "[NH3+]" not in written.stdout
    assert "touches" in written.stdout


def test_a_known_ligand_is_docked_again(made: tuple[Path, str], tmp_path: Path) -> None:
    receptor, box = made
    records = tmp_path / "known.sdf"
    assert run(str(receptor), "CCCO", "--box", box, *QUICK, "--sdf", str(records)).exit_code == 0
    found = run(str(receptor), "--redock", str(records), "--box", box, *QUICK)
    assert "best pose 0.00 Å from the known place" in found.stdout
    around = run(str(receptor), "--redock", str(records), "--box-ligand", str(records), *QUICK, "--json")
    told = json.loads(around.stdout)
    assert told["best"] == told["deviations"][0] >= told["nearest"] == min(told["deviations"])
    assert len(told["deviations"]) == len(told["poses"])


def test_nothing_docked_is_exit_status_1_and_no_score(made: tuple[Path, str]) -> None:
    receptor, box = made
    found = run(str(receptor), "OB(O)c1ccccc1", "--box", box, *QUICK)
    assert found.exit_code == 1
    assert "nothing was docked" in found.stderr
    assert not found.stdout.strip()


@pytest.mark.parametrize(("lang", "said"), [("en", "unfit: the best score"), ("zh", "不匹配：最优得分")])
def test_a_score_not_below_0_is_said_on_the_screen_and_in_the_table(
    made: tuple[Path, str], tmp_path: Path, lang: str, said: str
) -> None:
    receptor, box = made
    small = ",".join([*box.split(",")[:3], "3", "3", "3"])
    table = tmp_path / "out.csv"
    found = run(str(receptor), "CCCO", "--box", small, *QUICK, "--csv", str(table), "--lang", lang)
    assert f"! CCCO: {said}" in found.stderr
    row = next(csv.DictReader(table.read_text("utf-8").splitlines()))
    assert float(row["score"]) >= 0
    assert row["noticed"].startswith(said)


def test_what_is_wrong_with_a_file_names_it(made: tuple[Path, str], tmp_path: Path) -> None:
    receptor, box = made
    flat, empty = tmp_path / "flat.sdf", tmp_path / "empty.pdb"
    flat.write_text(Chem.MolToMolBlock(Chem.MolFromSmiles("CCOCC")) + "$$$$\n", "utf-8")
    empty.write_text("HEADER\n", "utf-8")
    for words, name in (
        ((str(receptor), "CCCO", "--box-ligand", str(flat)), "flat.sdf: "),
        ((str(receptor), "--redock", str(flat)), "flat.sdf: "),
        ((str(empty), "CCCO", "--box", box), "empty.pdb: "),
    ):
        found = run(*words)
        assert isinstance(found.exception, FormatError), words
        assert str(found.exception).count(name) == 1, words


@pytest.mark.parametrize(
    ("words", "kind", "match"),
    [
        (("RECEPTOR", "CCCO"), InputError, "say by one of --box"),
        (("RECEPTOR", "CCCO", "--box", "1,2,3"), InputError, "six numbers"),
        (("RECEPTOR", "CCCO", "--box", "900,0,0,9,9,9"), InputError, "away from every atom"),
        (("RECEPTOR", "CCCO", "--box", "BOX", "--box-residues", "A:4"), InputError, "say by one of --box"),
        (("RECEPTOR", "CCCO", "--box-ligand", "none.sdf"), NotFoundError, "there is no file"),
        (("RECEPTOR", "none.smi", "--box", "BOX"), NotFoundError, ""),
        (("RECEPTOR", "C1CC", "--box", "BOX"), FormatError, "cannot be read"),
        (("RECEPTOR",), InputError, "name either LIGANDS"),
        (("RECEPTOR", "CCCO", "--redock", "a.sdf"), InputError, "name either LIGANDS"),
        (("RECEPTOR", "--redock", "STI"), InputError, "--template SMILES"),
        (("RECEPTOR", "--redock", "STI", "--template", "CCO"), NotFoundError, "no ligand STI"),
        (("none.pdbqt", "CCCO", "--box", "BOX"), NotFoundError, "there is no file"),
        (("RECEPTOR", "CCCO", "--box", "BOX", "--keep", "HEM"), InputError, "no residue HEM"),
        (("RECEPTOR", "CCCO", "--box", "BOX", "--sdf", "RECEPTOR"), InputError, "would overwrite"),
        (("RECEPTOR", "CCCO", "--box", "BOX", "--csv", "a.x", "--report", "a.x"), InputError, "the same file"),
        (("RECEPTOR", "CCCO", "--box", "BOX", "--csv", "none/a.csv"), InputError, "no such folder"),
        (("RECEPTOR", "--redock", "a.sdf", "--csv", "a.csv"), InputError, "--csv is for LIGANDS"),
        (("RECEPTOR", "CCCO", "--box", "BOX", "--template", "CCCO"), InputError, "--template is for"),
        (("RECEPTOR", "C" * 6000, "--box", "BOX"), FormatError, "cannot be read"),
    ],
)
def test_what_is_wrong_is_one_clear_error(
    made: tuple[Path, str], words: tuple[str, ...], kind: type[SuwenError], match: str
) -> None:
    receptor, box = made
    found = run(*(str(receptor) if one == "RECEPTOR" else box if one == "BOX" else one for one in words))
    assert isinstance(found.exception, kind), found.exception
    assert match in str(found.exception)
