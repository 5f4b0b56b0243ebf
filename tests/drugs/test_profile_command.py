"""Proves that `suwen profile` answers for a molecule and for files in both languages, and says what is wrong in one."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("rdkit", reason="RDKit is not installed")

from suwen.cli.profile import profile
from suwen.errors import SuwenError

SALT = "CC(=O)Oc1ccccc1C(=O)[O-].[Na+]"


def run(*words: str) -> Result:
    return CliRunner().invoke(profile, [*words, "--no-admet"])


def test_a_salt_is_profiled_as_its_parent_and_says_so() -> None:
    found = json.loads(run(SALT, "--json").stdout)
    assert found["inchi_key"] == "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"
    assert any("sodium" in one for one in found["noticed"])
    assert found["properties"]["weight"]["value"] == pytest.approx(180.16, abs=0.01)
    assert found["properties"]["tpsa"]["value"] == pytest.approx(63.60, abs=0.01)
    assert all(one["source"] for one in found["properties"].values())


def test_both_languages_tell_the_same_numbers() -> None:
    english, chinese = (json.loads(run("O=Cc1ccccc1", "--json", "--lang", lang).stdout) for lang in ("en", "zh"))
    assert [one["value"] for one in english["properties"].values()] == [
        one["value"] for one in chinese["properties"].values()
    ]
    assert [one["label"] for one in english["alerts"]] == [one["label"] for one in chinese["alerts"]]
    assert english["alerts"][0]["meaning"] != chinese["alerts"][0]["meaning"]
    assert "结构警示" in run("O=Cc1ccccc1", "--lang", "zh").stdout


def test_a_picture_marks_the_alert(tmp_path: Path) -> None:
    file = tmp_path / "a.svg"
    assert run("O=Cc1ccccc1", "--picture", str(file)).exit_code == 0
    assert file.read_text("utf-8").startswith("<?xml") or "<svg" in file.read_text("utf-8")


def test_a_file_gives_a_row_for_each_and_one_for_what_is_none(tmp_path: Path) -> None:
    source, table = tmp_path / "in.smi", tmp_path / "out.csv"
    source.write_text("CCO =ethanol\nC1CC open\nc1ccccc1 benzene\n", "utf-8")
    found = run(str(source), "--csv", str(table), "--processes", "1")
    assert found.exit_code == 0
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    assert [row["name"] for row in rows] == ["'=ethanol", "", "benzene"]  # no formula for a spreadsheet
    assert rows[1]["problem"].startswith("row 2: ring not closed")
    assert float(rows[2]["weight"]) == pytest.approx(78.11, abs=0.01)
    lines = [json.loads(line) for line in run(str(source), "--json", "--processes", "1").stdout.splitlines()]
    assert [("problem" in one, "row" in one) for one in lines] == [(False, False), (True, True), (False, False)]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("C1CC",), "cannot be read"),
        (("nothing.smi", "--json"), "no file"),
        (("CCO", "--csv", "x.csv"), "file of molecules"),
        (("", "--json"), ""),
    ],
)
def test_what_is_wrong_is_one_error(words: tuple[str, ...], said: str) -> None:
    found = run(*words)
    assert isinstance(found.exception, SuwenError)
    assert said in str(found.exception)


def test_the_file_that_is_read_is_not_overwritten(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("smiles\nCCO\n", "utf-8")
    assert isinstance(run(str(source), "--csv", str(source)).exception, SuwenError)
    assert isinstance(run(str(source), "--picture", str(tmp_path / "a.svg")).exception, SuwenError)
    assert isinstance(run(str(source)).exception, SuwenError)
    assert source.read_text("utf-8") == "smiles\nCCO\n"
