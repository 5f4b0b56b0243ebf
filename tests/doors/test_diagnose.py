"""The commands `suwen diagnose`, `explain`, `similar` and `next`: what they print, write, refuse, and how they end."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from suwen.cli import main
from suwen.formats import read

GOLDEN = Path(__file__).parents[1] / "golden" / "formats"
MARFAN = str(GOLDEN / "marfan.json")
TERMS = "HP:0001083\nHP:0002616\nHP:0001166\n"

pytestmark = pytest.mark.usefixtures("bare")


def run(*arguments: str | Path, stdin: str | bytes | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, [str(one) for one in arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result.exit_code, result.stdout, result.stderr


def refused(*arguments: str | Path, stdin: str | bytes | None = None) -> str:
    """The one message with which a command ends; nothing else is printed."""
    status, shown, errors = run(*arguments, stdin=stdin)
    assert (status, shown) == (2, "")
    assert errors.count("Error: ") == 1
    return errors


def chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def parts(folder: Path) -> list[str]:
    return [file.name for file in folder.rglob("*.part")]


# --- one case ---------------------------------------------------------------------------------------------------------


def test_a_case_as_a_table() -> None:
    status, shown, _ = run("diagnose", MARFAN, "--top", "3")
    assert status == 0
    assert "Marfan syndrome" in shown
    assert "%" in shown


def test_a_case_as_json() -> None:
    status, shown, _ = run("diagnose", MARFAN, "--json", "--top", "4")
    found = json.loads(shown)
    assert status == 0
    assert len(found["findings"]) == 5  # four diseases and none of these
    assert [one["probability"] for one in found["findings"]] == sorted(
        (one["probability"] for one in found["findings"]), reverse=True
    )
    assert all(one["evidence"] for one in found["findings"])
    assert found["sources"]
    assert shown.count("\n") == 1


def test_in_chinese() -> None:
    status, shown, _ = run("diagnose", MARFAN, "--lang", "zh", "--top", "2")
    assert status == 0
    assert chinese(shown)
    assert "以上均不是" in shown
    for command in (("explain", MARFAN, "OMIM:154700"), ("next", MARFAN)):
        status, shown, _ = run(*command, "--lang", "zh")
        assert status == 0
        assert chinese(shown)


@pytest.mark.parametrize("suffix", [".html", ".json", ".jsonl", ".csv", ".phenopacket.json"])
def test_a_file_is_written(suffix: str, tmp_path: Path) -> None:
    out = tmp_path / f"report{suffix}"
    status, _, errors = run("diagnose", MARFAN, "--top", "3", "--out", out)
    assert status == 0
    assert str(out) in errors
    assert [file.name for file in tmp_path.iterdir()] == [out.name]
    text = out.read_text("utf-8")
    if suffix == ".html":
        assert text.lower().startswith("<!doctype html>")
        assert "Marfan syndrome" in text
    elif suffix == ".csv":
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [row["rank"] for row in rows] == ["1", "2", "3", "4"]
        assert {"OMIM:154700", "suwen:none-of-these"} <= {row["code"] for row in rows}
    elif suffix == ".phenopacket.json":
        written, given = read(out)[0], read(MARFAN)[0]
        assert {f.code.value for f in written.observed} == {f.code.value for f in given.observed}
        assert {f.code.value for f in written.excluded} == {f.code.value for f in given.excluded}
        assert (written.id, written.sex, written.diagnoses) == (given.id, given.sex, given.diagnoses)
    else:
        assert len(json.loads(text)["findings"]) == 4


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    status, _, errors = run("diagnose", MARFAN, "--out", tmp_path / "report.pdf")
    assert status == 2
    assert ".phenopacket.json" in errors
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_replaced_whole(tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    out.write_text("x" * 10**6)
    assert run("diagnose", MARFAN, "--top", "1", "--out", out)[0] == 0
    json.loads(out.read_text("utf-8"))


def test_an_unwritable_place_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    for out in (tmp_path / "nowhere" / "report.json", tmp_path / "folder.json", Path("/proc/report.json")):
        status, _, errors = run("diagnose", MARFAN, "--out", out)
        assert status == 2
        assert out.name in errors
    assert parts(tmp_path) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_leaves_nothing_behind(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    status, _, errors = run("diagnose", MARFAN, "--out", tmp_path / "report.json")
    tmp_path.chmod(0o700)
    assert status == 2
    assert "cannot write" in errors
    assert list(tmp_path.iterdir()) == []


# --- standard input and many cases ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [TERMS, Path(MARFAN).read_text("utf-8")], ids=["list", "phenopacket"])
def test_standard_input(text: str) -> None:
    status, shown, _ = run("diagnose", "-", "--json", "--top", "1", stdin=text)
    assert status == 0
    assert json.loads(shown)["findings"]


@pytest.mark.parametrize("data", ["", "{", b"\xff\xfe\x00"])
def test_standard_input_that_is_no_case(data: str | bytes) -> None:
    refused("diagnose", "-", stdin=data)


@pytest.fixture
def ward(tmp_path: Path) -> Path:
    """Three cases, two of which cannot be used: one is no document, one names a term that does not exist."""
    folder = tmp_path / "ward"
    folder.mkdir()
    (folder / "a.json").write_text(Path(MARFAN).read_text("utf-8"), "utf-8")
    (folder / "b.json").write_text("{broken", "utf-8")
    (folder / "c.txt").write_text("HP:9999999\n", "utf-8")
    (folder / "d.txt").write_text(TERMS, "utf-8")
    return folder


def test_a_folder_goes_on_after_a_bad_file(ward: Path) -> None:
    status, shown, errors = run("diagnose", ward, "--json", "--top", "2")
    assert status == 1
    found = {Path(one["case"]).name: one for one in map(json.loads, shown.splitlines())}
    assert list(found) == ["a.json", "b.json", "c.txt", "d.txt"]
    assert [name for name, one in found.items() if "error" in one] == ["b.json", "c.txt"]
    assert all(len(found[name]["findings"]) == 3 for name in ("a.json", "d.txt"))
    assert "b.json" in errors
    assert "c.txt" in errors
    assert "HP:9999999" in errors
    assert "2 of 4 cases could not be used" in errors


def test_a_folder_as_a_table_and_as_a_file(ward: Path, tmp_path: Path) -> None:
    status, shown, _ = run("diagnose", ward)
    assert status == 1
    assert "Marfan" in shown
    out = tmp_path / "all.csv"
    assert run("diagnose", ward, "--out", out, "--top", "2")[0] == 1
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8"))))
    assert sum(bool(row["error"]) for row in rows) == 2
    assert len(rows) == 2 + 2 * 3
    assert "several cases" in run("diagnose", ward, "--out", tmp_path / "all.html")[2]


def test_a_folder_of_good_cases_ends_well(ward: Path) -> None:
    (ward / "b.json").unlink()
    (ward / "c.txt").unlink()
    assert run("diagnose", ward, "--json")[0] == 0


def test_several_processes_give_what_one_gives(tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    packet = json.loads(Path(MARFAN).read_text("utf-8"))
    file.write_text("".join(json.dumps(packet | {"id": f"c{n}"}) + "\n" for n in range(41)), "utf-8")
    one, two = (run("diagnose", file, "--json", "--top", "1", "--jobs", jobs) for jobs in ("1", "2"))
    assert one[0] == two[0] == 0
    assert one[1] == two[1]
    assert one[1].count("\n") == 41


# --- explain, similar, next -------------------------------------------------------------------------------------------


def test_explain_by_code_and_by_name() -> None:
    found = [run("explain", MARFAN, name, "--json") for name in ("OMIM:154700", "Marfan syndrome", "marfan SYNDROME")]
    assert {status for status, _, _ in found} == {0}
    assert len({shown for _, shown, _ in found}) == 1
    answer = json.loads(found[0][1])
    assert answer["code"] == "OMIM:154700"
    assert answer["rank"] >= 1
    status, shown, _ = run("explain", MARFAN, "OMIM:154700")
    assert status == 0
    assert "Marfan syndrome" in shown


def test_explain_an_unknown_disease() -> None:
    assert "did you mean Marfan syndrome (OMIM:154700)" in refused("explain", MARFAN, "Marfan syndrom")


def test_similar_without_a_library_says_how_to_get_one() -> None:
    assert "suwen data fetch cases" in refused("similar", MARFAN)


def test_similar_with_cases_of_ones_own(tmp_path: Path) -> None:
    packet = json.loads(Path(MARFAN).read_text("utf-8"))
    packet |= {"id": "mine", "diseases": [{"term": {"id": "OMIM:154700", "label": "Marfan syndrome"}}]}
    packet["metaData"] = {**packet["metaData"], "externalReferences": [{"id": "PMID:424242"}]}
    (tmp_path / "mine.json").write_text(json.dumps(packet), "utf-8")
    status, shown, _ = run("similar", MARFAN, "--library", tmp_path / "mine.json", "--json")
    assert status == 0
    assert [one["id"] for one in json.loads(shown)] == ["mine"]
    assert "--library" in refused("similar", MARFAN, "--library", tmp_path / "mine.json", "--no-library")


def test_next_lists_questions() -> None:
    status, shown, _ = run("next", MARFAN, "--most", "3", "--json")
    assert status == 0
    questions = json.loads(shown)
    assert len(questions) == 3
    known = {feature.code.value for feature in read(MARFAN)[0].features}
    assert not known & {question["code"] for question in questions}
    assert run("next", MARFAN)[0] == 0


@pytest.mark.parametrize("command", [("explain", "OMIM:154700"), ("similar",), ("next",)])
def test_commands_for_one_patient_refuse_several(command: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "two.json"
    packet = json.loads(Path(MARFAN).read_text("utf-8"))
    file.write_text(json.dumps([packet, packet | {"id": "other"}]), "utf-8")
    assert "2 patients" in refused(command[0], file, *command[1:])


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("diagnose",), ("explain",), ("similar",), ("next",)])
def test_a_path_that_is_not_there(command: tuple[str, ...]) -> None:
    more = ("OMIM:154700",) if command == ("explain",) else ()
    assert "nowhere.json" in refused(*command, "nowhere.json", *more)


def test_all_problems_of_a_case_in_one_message(tmp_path: Path) -> None:
    (tmp_path / "case.txt").write_text("HP:9999999\nHP:0000006\n", "utf-8")
    message = refused("diagnose", tmp_path / "case.txt")
    assert "2 problem" in message
    assert "HP:9999999" in message
    assert "HP:0000006" in message


def test_a_table_of_prevalences(tmp_path: Path) -> None:
    table = tmp_path / "prior.csv"
    table.write_text("code,prevalence\nOMIM:154700,0.0002\nOMIM:121050,0.0000001\n\n", "utf-8")
    tabs = tmp_path / "prior.tsv"
    tabs.write_text("OMIM:154700\t0.0002\nOMIM:121050\t1e-7\n", "utf-8")
    shown = [run("diagnose", MARFAN, "--json", "--prior", file) for file in (table, tabs)]
    assert [status for status, _, _ in shown] == [0, 0]
    assert shown[0][1] == shown[1][1]
    assert shown[0][1] != run("diagnose", MARFAN, "--json")[1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"OMIM:154700,often\nOMIM:154700,often\n", "line 2"),
        (b"OMIM:154700,1\nOMIM:219700\n", "line 2"),
        (b"OMIM:154700,1\nOMIM:219700,-1\n", "OMIM:219700"),
        (b"OMIM:154700,nan\n", "OMIM:154700"),
        (b"\xff\xfe\x00", "prior.csv"),
    ],
)
def test_a_wrong_table_of_prevalences(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "prior.csv").write_bytes(content)
    assert words in refused("diagnose", MARFAN, "--prior", tmp_path / "prior.csv")


@pytest.mark.parametrize(
    "content",
    [
        "OMIM:154700,0.0002,a remark\nOMIM:609192,0.00001\n",  # its last cell is no number, so it is taken for a header
        "OMIM:154700,often\n",  # a table without any prevalence
        'OMIM:154700,1\n"' + "1" * 200_000,  # an open quote: csv.Error
    ],
    ids=["remark", "no number", "open quote"],
)
def test_a_table_of_prevalences_is_never_dropped_in_silence(content: str, tmp_path: Path) -> None:
    (tmp_path / "prior.csv").write_text(content, "utf-8")
    status, shown, errors = run("diagnose", MARFAN, "--json", "--prior", tmp_path / "prior.csv")
    told = status == 2 and "prior.csv" in errors
    assert told or (status == 0 and shown != run("diagnose", MARFAN, "--json")[1])


def test_general_practice_is_another_setting() -> None:
    chance = {}
    for setting in ("rare", "common"):
        found = json.loads(run("diagnose", MARFAN, "--json", "--setting", setting)[1])["findings"]
        chance[setting] = next(one["probability"] for one in found if one["code"] == "suwen:none-of-these")
    assert chance["common"] > chance["rare"]


def test_another_release_that_is_not_one(tmp_path: Path) -> None:
    assert "lacks hp.obo" in refused("diagnose", MARFAN, "--hpo", tmp_path)


def test_the_installed_command_shows_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "case.json").write_text("{", "utf-8")
    command = [sys.executable, "-c", "from suwen.cli import main; main()"]
    for arguments, status in ((["diagnose", str(tmp_path / "case.json")], 2), (["diagnose", MARFAN, "--json"], 0)):
        ran = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False, timeout=120)
        assert ran.returncode == status
        assert "Traceback" not in ran.stderr
        assert (ran.stdout == "") == (status != 0)
