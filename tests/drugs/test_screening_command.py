"""`suwen screen` shows the funnel in both languages, writes whole tables, goes on, and says what is wrong."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("rdkit", reason="RDKit is not installed")

from suwen.cli.screen import screen
from suwen.drugs.screening.funnel import screen as screened
from suwen.drugs.screening.goals import Goals
from suwen.drugs.screening.table import write_poses, write_survivors
from suwen.errors import FormatError, SuwenError
from suwen.formats.molecules import read_molecules
from suwen.formats.molecules.nouns import Molecule

LINES = (
    "CC(=O)Oc1ccccc1C(=O)O aspirin",
    "O=C(O)c1ccccc1O salicylic",
    "CCCCCCCCCCCC fat",
    "C1CC broken",
    "OC(=O)c1ccccc1 b",
)
POSE = "title\n x\n\n  0  0  0  0  0  0  0  0  0  0999 V2000\nM  END\n"
GOALS = """
title = "acids"
[filters.quantities]
logp = { at_most = 3 }
[[rank.parts]]
key = "qed"
want = "high"
low = 0.1
high = 1.0
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "library.smi").write_text("\n".join(LINES), "utf-8")
    (tmp_path / "goals.toml").write_text(GOALS, "utf-8")
    return tmp_path


def run(here: Path, *words: str) -> Result:
    return CliRunner().invoke(screen, [str(here / "library.smi"), "--processes", "1", *words])


def wrong(here: Path, *words: str) -> str:
    found = run(here, *words)
    assert isinstance(found.exception, SuwenError), found.output
    return str(found.exception)


def test_the_example_of_goals_can_be_used(here: Path) -> None:
    example = CliRunner().invoke(screen, ["--example-goals"])
    assert example.exit_code == 0
    (here / "goals.toml").write_text(example.stdout, "utf-8")
    assert run(here, "--goals", str(here / "goals.toml")).exit_code == 0


def test_the_funnel_is_shown_in_both_languages(here: Path) -> None:
    goals = str(here / "goals.toml")
    english, chinese = (run(here, "--goals", goals, "--lang", lang) for lang in ("en", "zh"))
    for told in ("entered", "logP (octanol/water, Crippen) ≤ 3", "aspirin", "nor dropped: 1", "row 4"):
        assert told in english.output
    for told in ("进入", "脂水分配系数logP（Crippen） ≤ 3", "1 个分子出错", "第 4 行", "仅供研究使用"):
        assert told in chinese.output


def test_json_holds_every_count_and_number(here: Path) -> None:
    found = json.loads(run(here, "--goals", str(here / "goals.toml"), "--json").stdout)
    assert found["title"] == "acids"
    assert found["stages"][0]["dropped"] == {"logp": 1}
    assert (found["stages"][0]["entered"], found["stages"][0]["failed"]) == (5, 1)
    assert [one["place"] for one in found["kept"]] == [1, 2, 3]
    assert found["kept"][0]["parts"]["qed"]["value"] == found["kept"][0]["values"]["qed"]
    assert {one["key"] for one in found["columns"]} >= set(found["kept"][0]["values"])


def test_everything_is_written_to_a_folder_and_gone_on_with(here: Path) -> None:
    words = ("--goals", str(here / "goals.toml"), "--out", str(here / "out"))
    assert run(here, *words).exit_code == 0
    rows = list(csv.DictReader((here / "out" / "survivors.csv").read_text("utf-8-sig").splitlines()))
    assert [one["place"] for one in rows] == ["1", "2", "3"]
    assert float(rows[0]["merit"]) >= float(rows[1]["merit"])
    assert float(rows[0]["desirability.qed"]) == pytest.approx(float(rows[0]["merit"]), abs=1e-3)
    records = [one for one in read_molecules(here / "out" / "survivors.sdf") if isinstance(one, Molecule)]
    assert [one.name for one in records] == [one["name"] for one in rows]
    assert "aspirin" in (here / "out" / "screening.html").read_text("utf-8")
    tree = json.loads((here / "out" / "screening.json").read_text("utf-8"))
    assert [one["name"] for one in tree["kept"]] == [one.name for one in records]
    assert "--resume" in wrong(here, *words)
    assert run(here, *words, "--resume").exit_code == 0
    (here / "goals.toml").write_text(GOALS.replace("3 }", "2 }"), "utf-8")
    assert "goals differ" in wrong(here, *words, "--resume")


def test_the_likest_are_found_from_a_list_a_file_and_a_folder(here: Path) -> None:
    like = "O=C(O)c1ccccc1O"
    (here / "known.smi").write_text(f"{like}\nCCO\n", "utf-8")
    by_smiles = json.loads(run(here, "--like", like, "--top", "2", "--json").stdout)
    assert [one["name"] for one in by_smiles["kept"]] == ["salicylic", "b"]
    assert by_smiles["kept"][0]["values"]["likeness"] == 1.0
    by_file = json.loads(run(here, "--like", str(here / "known.smi"), "--top", "2", "--json", "--fused").stdout)
    assert by_file["kept"][0]["name"] == "salicylic"
    folder = ("--library-folder", str(here / "fingerprints"))
    for _ in range(2):
        found = run(here, "--like", like, "--top", "2", "--csv", str(here / "hits.csv"), *folder)
        assert found.exit_code == 0, found.output
        rows = list(csv.DictReader((here / "hits.csv").read_text("utf-8-sig").splitlines()))
        assert [one["name"] for one in rows] == ["salicylic", "b"]
    direct = CliRunner().invoke(screen, [str(here / "fingerprints"), "--like", like, "--top", "1", "--shape", "--json",
                                         "--processes", "1"])  # fmt: skip
    assert json.loads(direct.stdout)["kept"][0]["values"]["overlay"] == pytest.approx(1, abs=0.02)


def test_what_does_not_go_together_is_said(here: Path) -> None:
    goals = ("--goals", str(here / "goals.toml"))
    folder = ("--library-folder", str(here / "f"))
    for words, told in (
        ((), "--goals FILE"),
        ((*goals, "--like", "CCO"), "in the file"),
        ((*goals, *folder), "in the file"),
        ((*folder,), "--goals FILE"),
        (("--like", "CCO", "--fused", *folder), "leave --library-folder out"),
        (("--like", "C1CC"), "like"),
        (("--like", "absent.smi"), "no file"),
        (("--like", str(here / "library.smi")), "row 4"),
        ((*goals, "--resume"), "--out"),
        ((*goals, "--csv", str(here / "x.pdf")), ".csv"),
        ((*goals, "--sdf", str(here / "x.csv")), ".sdf"),
        ((*goals, "--report", str(here / "x.csv")), ".html"),
        ((*goals, "--csv", str(here / "none" / "x.csv")), "cannot be written"),
    ):
        assert told in wrong(here, *words), words
    found = CliRunner().invoke(screen, [])
    assert "name a library" in str(found.exception)
    missing = CliRunner().invoke(screen, [str(here / "none.smi"), *goals])
    assert isinstance(missing.exception, SuwenError)


def test_a_page_is_written_in_the_language_asked(here: Path) -> None:
    page = here / "page.html"
    assert run(here, "--like", "CCO", "--top", "2", "--report", str(page), "--lang", "zh").exit_code == 0
    assert 'lang="zh' in page.read_text("utf-8")


def test_the_library_is_never_overwritten(here: Path) -> None:
    table = here / "library.csv"
    table.write_text("smiles\nCCO\n", "utf-8")
    found = CliRunner().invoke(screen, [str(table), "--like", "CCO", "--csv", str(table)])
    assert "overwrite" in str(found.exception)
    assert table.read_text("utf-8") == "smiles\nCCO\n"


def test_tables_are_safe_in_a_spreadsheet_and_poses_hold_one_record_each(tmp_path: Path) -> None:
    names = ('=cmd|"/c calc"!A1', "$$$$", "> <x>", "a\nb")
    found = screened([Molecule("CCO", "", name=one) for one in names], Goals(), processes=1)
    assert len(found.kept) == 1  # the same molecule four times
    each = tuple(replace(found.kept[0], place=at, pose=POSE, molecule=replace(found.kept[0].molecule, name=name))
                 for at, name in enumerate(names, start=1))  # fmt: skip
    found = replace(found, kept=each)
    write_survivors(found, tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["name"].startswith("'=")
    assert write_poses(found, tmp_path / "x.sdf") == 4
    text = (tmp_path / "x.sdf").read_text("utf-8")
    assert text.splitlines().count("$$$$") == 4
    assert text.count(">  <place>") == 4
    with pytest.raises(FormatError, match=r"x\.sdf cannot be written"):
        write_poses(found, tmp_path / "none" / "x.sdf")
