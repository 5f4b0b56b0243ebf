"""`suwen ecg` as its user meets it: text, JSON, page, SVG and PDF; one clear sentence for what cannot be done."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from suwen.cli.ecg import ecg
from suwen.cli.errors import SuwenGroup
from suwen.diagnosis.rhythm.synthetic import LEADS, synthetic_ecg
from suwen.formats.waveforms import write_csv, write_wfdb
from suwen.formats.waveforms.nouns import Recording


def run(*words: object) -> Result:
    group = SuwenGroup("suwen")
    group.add_command(ecg)
    return CliRunner().invoke(group, ["ecg", *map(str, words), "--method", "rules"])


def said(result: Result) -> str:
    return re.sub(r"\s+", " ", result.output)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = synthetic_ecg(np.random.default_rng(9), rate=250, rhythm="pvc")
    path = tmp_path_factory.mktemp("ecg") / "trace.csv"
    return write_csv(Recording("0" * 32, LEADS, 250, made.values), path)


@pytest.mark.parametrize(
    ("lang", "words"), [("en", ("Electrocardiogram", "PR interval")), ("zh", ("心电图", "PR 间期"))]
)
def test_a_trace_is_read(table: Path, lang: str, words: tuple[str, ...]) -> None:
    result = run(table, "--lang", lang)
    assert result.exit_code == 0, result.output
    for one in words:
        assert one in result.stdout
    assert "0:00" not in result.stderr


def test_json_is_the_same_each_time(table: Path) -> None:
    """Proves that standard output is JSON alone, stable, and holds the premature beats with their places."""
    first, again = (
        run(table, "--json", "--age", 61, "--sex", "female"),
        run(table, "--json", "--age", 61, "--sex", "female"),
    )
    assert first.exit_code == 0, first.output
    assert first.stdout == again.stdout
    found = json.loads(first.stdout)
    assert (found["age"], found["sex"], found["recording"]["rate_hz"]) == (61, "female", 250)
    (premature,) = [one for one in found["signs"] if one["key"] == "pvc"]
    assert len(premature["places"]) == premature["figures"]["count"] > 0
    assert premature["finding"]["label"] == "premature ventricular beats"
    assert 30 < found["intervals"]["rate"]["value"] < 150


def test_page_drawing_and_pdf_are_written(table: Path, tmp_path: Path) -> None:
    """Proves that all three come out of one call, hold what they should, and only their owner reads them."""
    page, svg, pdf = (tmp_path / name for name in ("out.html", "out.svg", "out.pdf"))
    result = run(table, "--report", page, "--svg", svg, "--pdf", pdf, "--layout", "6x2", "--speed", 50, "--gain", 5)
    assert result.exit_code == 0, result.output
    assert "<svg" in page.read_text("utf-8")
    assert "50 mm/s" in page.read_text("utf-8")
    assert svg.read_text("utf-8").startswith("<svg")
    assert "5 mm/mV" in svg.read_text("utf-8")
    assert pdf.read_bytes().startswith(b"%PDF")
    assert {one.stat().st_mode & 0o077 for one in (page, svg, pdf)} == {0}
    assert [one.name for one in sorted(tmp_path.iterdir())] == ["out.html", "out.pdf", "out.svg"]
    assert all(str(one) in result.stderr.replace("\n", "") for one in (page, svg, pdf))


def test_a_table_without_rate_names_or_unit(tmp_path: Path) -> None:
    """Proves that what a file does not tell is asked for, and taken from the options."""
    made = synthetic_ecg(np.random.default_rng(2), rate=250, names=("I", "II"))
    bare = tmp_path / "bare.csv"
    np.savetxt(bare, (1000 * made.values.T).round(1), delimiter=",", fmt="%.1f")
    assert "does not tell its rate" in said(run(bare))
    result = run(bare, "--rate", 250, "--unit", "uV", "--leads", "I, II", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["recording"]["leads"] == ["I", "II"]


def test_no_beats_is_an_answer_and_no_error(tmp_path: Path) -> None:
    flat = write_csv(Recording("0" * 32, ("II",), 100, np.full((1, 1000), 0.2, np.float32)), tmp_path / "flat.csv")
    page = tmp_path / "page.html"
    result = run(flat, "--report", page)
    assert result.exit_code == 0, result.output
    assert "no heartbeat could be found" in result.stdout
    assert page.is_file()


def test_long_recordings_are_shown_in_pieces(tmp_path: Path) -> None:
    made = synthetic_ecg(np.random.default_rng(2), rate=100, names=("II",), seconds=420, rhythm="pac")
    folder = write_wfdb(Recording("0" * 32, ("II",), 100, made.values), tmp_path, "long")
    svg = tmp_path / "out.svg"
    result = run(folder, "--svg", svg, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["variability"]["sdnn"] > 0
    drawing = svg.read_text("utf-8")
    assert "Heart rate over the whole recording" in drawing
    assert 2 <= drawing.count('class="beats"') <= 8
    part = run(folder, "--svg", svg, "--begin", 300, "--seconds", 10)
    assert part.exit_code == 0
    assert "5:00 to 5:10" in svg.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--layout", "9x9"), "is not one of"),
        (("--speed", "100"), "is not one of"),
        (("--begin", "20"), "the recording ends after 10.0 s"),
        (("--begin", "-1"), "from 0 on"),
        (("--seconds", "0"), "longer than 0"),
        (("--rate", "500"), "the file has 250 Hz, 500 Hz were stated"),
        (("--unit", "uV"), "uV was stated"),
        (("--leads", "V9"), "there is no lead V9"),
        (("--age", "200"), "between 0 and 130"),
        (("--sex", "x"), "is not one of"),
        (("--mains", "16"), "is not one of"),
        (("--leads", "I,II", "--layout", "3x4"), "take strips"),
    ],
)
def test_wrong_options_give_one_sentence(table: Path, tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    result = run(table, *words, "--svg", tmp_path / "x.svg")
    assert result.exit_code == 2
    assert sentence in said(result)
    assert "Traceback" not in result.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.csv", b"", "empty"),
        ("words.csv", b"this is\nno table\n", ""),
        ("noise.mat", bytes(range(256)) * 8, ""),
        ("lonely.dat", b"\x00\x01" * 500, "put the .hea beside"),
        ("short.csv", b"# rate: 500 Hz\nI (mV)\n" + b"0.1\n0.2\n" * 100, "at least 1 s"),
    ],
)
def test_wrong_files_give_one_sentence(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    result = run(file)
    assert result.exit_code == 2, result.output
    assert sentence in said(result)
    assert "Traceback" not in result.output
    assert result.stdout == ""


def test_absent_files_and_folders(tmp_path: Path) -> None:
    assert "there is no recording at this path" in said(run(tmp_path / "nothing.hea"))
    assert run(tmp_path).exit_code == 2


def test_nothing_of_the_recording_is_written_over(table: Path, tmp_path: Path) -> None:
    """Proves that no output takes the place of a file of the record or of another output, before anything is read."""
    made = synthetic_ecg(np.random.default_rng(2), rate=250, names=("II",))
    header = write_wfdb(Recording("0" * 32, ("II",), 250, made.values), tmp_path, "one")
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    for words, sentence in (
        ((header, "--svg", header), "would overwrite the recording"),
        ((header, "--pdf", tmp_path / "one.dat"), "would overwrite the recording"),
        ((tmp_path / "one", "--svg", tmp_path / "one.dat"), "would overwrite the recording"),
        ((table, "--report", table), "would overwrite the recording"),
        ((header, "--svg", tmp_path / "x", "--pdf", tmp_path / "x"), "name the same file"),
        ((header, "--svg", tmp_path / "no" / "x.svg"), "in a folder that exists"),
        ((tmp_path / "absent.hea", "--svg", tmp_path / "no" / "x.svg"), "in a folder that exists"),
    ):
        result = run(*words)
        assert result.exit_code == 2, words
        assert sentence in said(result)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before
