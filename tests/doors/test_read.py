"""`suwen read` and notes as cases: what is shown, corrected, written and refused."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from suwen.cli import main
from suwen.cli.notes import _STATUSES
from suwen.language.nouns import Status

pytestmark = pytest.mark.usefixtures("bare")
NOTE = (
    "主诉：视物模糊3年。\n现病史：患者，女，25岁，双眼视物模糊，无头痛。父亲患有主动脉夹层。\n"
    "查体：蜘蛛指，双眼晶状体脱位，主动脉根部瘤样扩张。血钾 2.8 mmol/L。\n处理：如出现胸痛请立即就诊。\n"
)
ENGLISH = (
    "CC: blurred vision.\nHPI: A 25-year-old woman with ectopia lentis and arachnodactyly. No seizures.\n"
    "Echo: aortic root aneurysm. Her father had aortic dissection.\n"
)


def run(*arguments: str, stdin: str | bytes | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, [*arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("note.txt").write_text(NOTE, "utf-8")
    Path("english.txt").write_text(ENGLISH, "utf-8")


def mentions(*arguments: str) -> list[dict[str, object]]:
    status, shown, errors = run("read", *arguments, "--json")
    assert status == 0, errors
    found: list[dict[str, object]] = json.loads(shown)["mentions"]
    return found


def test_the_statuses_are_those_of_the_room() -> None:
    assert set(_STATUSES) == {one.value for one in Status}


@pytest.mark.parametrize("name", ["note.txt", "english.txt"])
def test_a_note_is_shown_with_its_mentions(name: str) -> None:
    status, shown, _ = run("read", name)
    assert status == 0
    assert "HP:" in shown
    status, shown, _ = run("read", name, "--lang", "zh")
    assert "无" in shown


def test_the_page_marks_the_words_and_escapes_the_note() -> None:
    Path("evil.txt").write_text(ENGLISH + "<script>alert(1)</script> no fever.\n")
    assert run("read", "evil.txt", "--html", "page.html")[0] == 0
    page = Path("page.html").read_text("utf-8")
    assert "<script>" not in page
    assert '<mark class="present">ectopia lentis</mark>' in page
    assert '<mark class="absent">' in page
    assert "http" not in page.replace('href="https://', "")
    assert stat.S_IMODE(Path("page.html").stat().st_mode) == 0o600


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_encodings_of_the_ward(encoding: str) -> None:
    before = mentions("note.txt")
    Path("other.txt").write_bytes(NOTE.encode(encoding))
    assert mentions("other.txt") == before


def test_a_page_of_another_system_is_read() -> None:
    Path("page.html").write_text(f"<html><head><title>seizures</title></head><body><p>{ENGLISH}</p></body></html>")
    assert {one["code"] for one in mentions("page.html")} == {one["code"] for one in mentions("english.txt")}


def test_bytes_that_are_no_text_get_one_message() -> None:
    Path("noise.bin").write_bytes(bytes(range(256)) * 40)
    status, shown, errors = run("read", "noise.bin")
    assert (status, shown) == (2, "")
    assert errors.count("Error: ") == 1
    assert run("read", "nowhere.txt")[0] == 2


def test_the_differential_points_at_the_words_of_the_note() -> None:
    status, shown, errors = run("diagnose", "english.txt", "--json", "--top", "3")
    assert status == 0, errors
    page = json.loads(shown)
    assert page["patient"]["sex"] == "female"
    seen = [one["seen"] for finding in page["findings"] for one in finding["evidence"] if one["seen"]["type"] == "span"]
    assert {"ectopia lentis", "arachnodactyly"} <= {one["text"] for one in seen}
    assert all(ENGLISH[one["start"] : one["end"]] == one["text"] for one in seen)
    features = {one["code"]: one["excluded"] for one in page["patient"]["features"]}
    assert features["HP:0001250"] is True  # no seizures
    assert "HP:0002647" not in features  # the father's


def test_a_note_from_standard_input_and_one_with_nothing_in_it() -> None:
    assert run("diagnose", "-", "--json", stdin=ENGLISH)[0] == 0
    status, _, errors = run("diagnose", "-", stdin="The weather was fine, and we went home. Nothing happened at all.\n")
    assert status == 2
    assert "no phenotypic feature" in errors


def test_what_a_note_says_both_ways_is_told_in_the_language_asked_for() -> None:
    both = ENGLISH + "Later she had seizures.\n"
    assert "present" in run("diagnose", "-", "--json", stdin=both)[2]
    assert "既称有" in run("diagnose", "-", "--json", "--lang", "zh", stdin=both)[2]


def test_corrections_are_kept_and_the_differential_follows() -> None:
    numbers = {str(one["code"]): at for at, one in enumerate(mentions("english.txt"), start=1)}
    lens = numbers["HP:0001083"]
    status, _, errors = run("read", "english.txt", "--status", f"{lens}=absent")
    assert status == 2
    assert "--corrections" in errors
    kept = ("--corrections", "kept.jsonl")
    assert run("read", "english.txt", "--status", f"{lens}=absent", *kept)[0] == 0
    assert run("read", "english.txt", "--code", f"{numbers['HP:0001166']}=HP:0001519", *kept)[0] == 0
    assert len(Path("kept.jsonl").read_text().splitlines()) == 2
    page = json.loads(run("diagnose", "english.txt", "--json", *kept)[1])
    features = {one["code"]: one["excluded"] for one in page["patient"]["features"]}
    assert features["HP:0001083"] is True
    assert "HP:0001519" in features
    assert "HP:0001166" not in features
    after = mentions("english.txt", "--reject", str(numbers["HP:0001250"]), *kept)
    assert "HP:0001250" not in {one["code"] for one in after}


@pytest.mark.parametrize(
    "wrong", [("--reject", "99"), ("--status", "1=maybe"), ("--status", "absent"), ("--code", "1=HP:9999999")]
)
def test_corrections_that_say_nothing_are_refused(wrong: tuple[str, str]) -> None:
    status, shown, errors = run("read", "english.txt", *wrong, "--corrections", "kept.jsonl")
    assert (status, shown) == (2, "")
    assert errors.count("Error: ") == 1
    assert not Path("kept.jsonl").exists()
