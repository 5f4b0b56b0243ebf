"""Proves that the commands of molecules take long structures for structures, and write no file over another."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("rdkit", reason="RDKit is not installed")

from suwen.cli.fit_activity import fit_activity
from suwen.cli.molecule_files import check_outputs, is_file_of_molecules, meant_file
from suwen.cli.profile import profile
from suwen.cli.screen import screen
from suwen.drugs.screening.reading import goals_of
from suwen.errors import InputError

LONG = "C" * 400  # longer than a file's name can be, which the disk answers with an error


def test_a_long_structure_is_no_file() -> None:
    assert meant_file(LONG) is None
    assert meant_file("C/C=C/C") is None
    assert meant_file("C" * 5000 + ".smi") is None
    assert meant_file("CC\nO") is None
    assert meant_file("absent.SMI.gz") == Path("absent.SMI.gz")
    assert is_file_of_molecules(Path("a.sdf"))
    found = CliRunner().invoke(profile, [LONG, "--no-admet"], catch_exceptions=False)
    assert found.exit_code == 0
    assert LONG in found.stdout.replace("\n", "")


def test_a_long_structure_can_be_sought(tmp_path: Path) -> None:
    library = tmp_path / "library.smi"
    library.write_text("CCO ethanol\n", "utf-8")
    words = [str(library), "--like", LONG, "--processes", "1"]
    assert CliRunner().invoke(screen, words, catch_exceptions=False).exit_code == 0


def test_no_file_is_written_over_another(tmp_path: Path) -> None:
    one, read = tmp_path / "one.csv", tmp_path / "read.csv"
    with pytest.raises(InputError, match="would overwrite"):
        check_outputs({"--csv": read}, [read])
    with pytest.raises(InputError, match="--csv name the same file"):
        check_outputs({"--csv": one, "--report": tmp_path / "." / "one.csv"}, [read])
    with pytest.raises(InputError, match="no such folder"):
        check_outputs({"--csv": tmp_path / "none" / "a.csv"}, [])
    check_outputs({"--csv": one, "--report": None}, [read, None])


def test_a_page_does_not_replace_the_molecules(tmp_path: Path) -> None:
    source, out = tmp_path / "in.smi", tmp_path / "out.csv"
    source.write_text("CCO ethanol\n", "utf-8")
    for words in (
        ("--report", str(source)),
        ("--csv", str(out), "--report", str(out)),
        ("--csv", str(out), "--json"),
    ):
        found = CliRunner().invoke(profile, [str(source), *words, "--no-admet"])
        assert isinstance(found.exception, InputError), words
    assert source.read_text("utf-8") == "CCO ethanol\n"
    assert not out.exists()


@pytest.mark.parametrize(("lang", "said"), [("en", "holds no molecule"), ("zh", "没有可")])
def test_a_file_without_a_molecule_is_a_failure(tmp_path: Path, lang: str, said: str) -> None:
    empty, goals = tmp_path / "empty.smi", tmp_path / "goals.toml"
    empty.write_text("", "utf-8")
    goals.write_text("[filters.quantities]\nweight = { at_most = 500 }\n", "utf-8")
    for command, words in ((profile, ("--json", "--no-admet")), (screen, ("--goals", str(goals), "--processes", "1"))):
        found = CliRunner().invoke(command, [str(empty), *words, "--lang", lang])
        assert found.exit_code == 1, found.output
        assert said in found.stderr


def test_options_that_would_be_passed_over_are_refused(tmp_path: Path) -> None:
    assert isinstance(CliRunner().invoke(profile, ["CCO", "--column", "x", "--no-admet"]).exception, InputError)
    card = str(tmp_path / "model.json")
    for words in (["--unit", "uM"], ["--quick"], ["--activity", "x"]):
        found = CliRunner().invoke(fit_activity, [card, *words])
        assert "is for fitting" in str(found.exception)


def test_chinese_tables_are_not_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told = CliRunner().invoke(profile, ["CCO", "--lang", "zh", "--no-admet"], catch_exceptions=False).stdout
    assert "药物中常见范围" in told
    assert "…" not in told


def test_a_limit_of_a_chance_is_no_percentage() -> None:
    endpoints = {"herg": "1", "ppbr": "%"}
    made = goals_of({"models": [{"endpoint": "herg", "at_most": 0.3}, {"endpoint": "ppbr", "at_most": 90}]},
                    endpoints=endpoints)  # fmt: skip
    assert [one.at_most for one in made.models] == [0.3, 90]
    with pytest.raises(InputError, match="from 0 to 1"):
        goals_of({"models": [{"endpoint": "herg", "at_most": 30}]}, endpoints=endpoints)
