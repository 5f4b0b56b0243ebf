"""Proves that `suwen heart` and `suwen ecg` refuse what cannot be meant, in a sentence, and destroy nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from ecg_maker import made

from suwen.cli.ecg import ecg
from suwen.cli.errors import SuwenGroup
from suwen.cli.heart import heart
from suwen.formats.waveforms.nouns import Recording
from suwen.formats.waveforms.write import write_wfdb

PERSON = "age: 55\nsex: male\nsbp: 150\nsmoker: yes\ntotal_cholesterol: 6.0\nhdl: 1.2\ndiabetes: no\n"


def run(*arguments: str, text: str | None = None) -> Result:
    group = SuwenGroup("suwen")
    group.add_command(heart)
    group.add_command(ecg)
    return CliRunner().invoke(group, arguments, input=text)


def refused(ran: Result, *words: str) -> None:
    """Exit 2, an error that says these words, nothing on standard output."""
    assert ran.exit_code == 2, ran.output
    assert ran.stdout == ""
    for word in words:
        assert word in ran.stderr


def test_the_page_never_replaces_the_person(tmp_path: Path) -> None:
    file = tmp_path / "person.yaml"
    file.write_text(PERSON, "utf-8")
    refused(run("heart", str(file), "--report", str(file)), "would overwrite")
    (tmp_path / "other.yaml").symlink_to(file)
    refused(run("heart", str(file), "--report", str(tmp_path / "other.yaml")), "would overwrite")
    assert file.read_text("utf-8") == PERSON


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("age: 55\nage: 60\nsex: male\n", (), ("age", "twice")),
        ('{"age": 55, "age": 60}', (), ("age", "twice")),
        (PERSON, ("--set", "sbp=120", "--set", "sbp=130"), ("sbp", "twice")),
        (PERSON, ("--what-if", "sbp=120,sbp=130"), ("sbp", "twice")),
        (PERSON, ("--what-if", "spb=120"), ("spb", "did you mean sbp")),
        (PERSON, ("--what-if", "sbp=999"), ("sbp", "60 to 260")),
        (PERSON, ("--set", "total_cholesterol=230"), ("did you mean mg/dL",)),
        (PERSON, ("--equation", "prevnt"), ("nearest",)),
        ("- 1\n- 2\n", (), ("key: value",)),
        ("age: [1, 2]\n", (), ("age", "not one value")),
        ("age: &a 55\nsex: *b\n", (), ("neither YAML nor JSON",)),
        ("", (), ("key: value",)),
    ],
)
def test_inputs_that_cannot_be_meant(text: str, options: tuple[str, ...], words: tuple[str, ...]) -> None:
    refused(run("heart", "-", *options, text=text), *words)


def test_a_report_that_cannot_be_written_is_refused_before_anything_is_shown(tmp_path: Path) -> None:
    refused(run("heart", "-", "--report", str(tmp_path / "no" / "a.html"), text=PERSON), "folder that exists")


def _record(folder: Path) -> Path:
    values = np.asarray(made(seconds=5.0), np.float32)
    names = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
    return write_wfdb(Recording("x", names, 500.0, values), folder, "r1")


def test_no_file_of_any_record_beside_is_replaced(tmp_path: Path) -> None:
    _record(tmp_path)
    header = next(tmp_path.glob("*.hea"))
    other = tmp_path / "other.dat"
    other.write_bytes(b"samples of somebody else")
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    for name in before:
        refused(run("ecg", str(header), "--svg", str(tmp_path / name)), "would overwrite")
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (b"", (), ("empty",)),
        (b"\x89PNG\r\n\x1a\n" + bytes(5_000), (), ("neither a known format",)),
        (b"I,II\nhello,1\n", ("--rate", "500"), ("word", "number")),
        (b"I,II\n1,1\n", (), ("rate",)),
        (b"I,II\n1,1\n2,2\n", ("--rate", "500"), ("s are needed",)),
        (b"I,II\n" + b"1,1\n" * 2_000, ("--rate", "500", "--seconds", "0"), ("longer than 0",)),
        (b"I,II\n" + b"1,1\n" * 2_000, ("--rate", "0"), ("0 Hz",)),
        (b"1,1\n" * 2_000, ("--rate", "500", "--leads", "I,II,III"), ("3 leads", "2")),
        (b"I,II\n" + b"1,1\n" * 2_000, ("--rate", "500", "--age", "nan"), ("age",)),
    ],
)
def test_files_that_are_no_recordings(
    tmp_path: Path, content: bytes, options: tuple[str, ...], words: tuple[str, ...]
) -> None:
    file = tmp_path / "心电 图.csv"
    file.write_bytes(content)
    refused(run("ecg", str(file), *options, "--svg", str(tmp_path / "a.svg")), *words)
    assert [one.name for one in tmp_path.iterdir()] == [file.name]


def test_a_folder_is_called_a_folder(tmp_path: Path) -> None:
    refused(run("ecg", str(tmp_path)), "is a folder", "name the file")
