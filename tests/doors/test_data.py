"""The commands `suwen data list`, `fetch` and `path`, with fetching answered by a stand-in for the network."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from suwen import datasets
from suwen.cli.data import data
from suwen.datasets import TABLE, Fetched
from suwen.errors import NetworkError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SUWEN_DATA", str(tmp_path))
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(data, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_list_shows_every_row_and_what_is_here(here: Path) -> None:
    (here / "diagnosis").mkdir()
    (here / "diagnosis/hp-zh.babelon.tsv").write_text("x")
    status, text = run("list")
    assert status == 0
    lines = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    assert {row.name for row in TABLE} <= set(lines)
    assert " yes " in lines["hp-zh"]
    assert " no " in lines["mondo"]
    assert " by hand " in lines["gsc-plus"]
    assert str(here) in text


@pytest.mark.usefixtures("here")
def test_list_as_json() -> None:
    status, text = run("list", "--json")
    rows = {row["name"]: row for row in json.loads(text)}
    assert status == 0
    assert rows["hpo"]["present"] is True
    assert rows["mondo"]["present"] is False
    assert rows["hpo@RELEASE"]["present"] is None
    assert rows["hpo"]["files"][0]["sha256"].startswith("cfa39f14")


def test_path(here: Path) -> None:
    (here / "diagnosis").mkdir()
    (here / "diagnosis/hp-zh.babelon.tsv").write_text("x")
    assert run("path", "hp-zh") == (0, f"{here}/diagnosis/hp-zh.babelon.tsv\n")
    status, text = run("path", "mondo")
    assert status == 2
    assert "suwen data fetch mondo" in text
    status, text = run("path", "mundo")
    assert status == 2
    assert "did you mean: mondo" in text


def test_fetch_reports_digest_and_what_it_was_held_to(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stand_in(name: str, **options: object) -> tuple[Fetched, ...]:
        options["progress"](datasets.named(name).files[0], 5, 10)  # type: ignore[operator]
        return (Fetched(here / "x", "https://example.org/x", "ab" * 32, 10, "first"),)

    monkeypatch.setattr(datasets, "fetch", stand_in)
    status, text = run("fetch", "mondo")
    assert status == 0
    assert "ab" * 32 in text
    assert "later ones must match" in text


def test_fetch_leaves_what_is_here(here: Path) -> None:
    (here / "diagnosis").mkdir()
    (here / "diagnosis/hp-zh.babelon.tsv").write_text("x")
    assert run("fetch", "hp-zh") == (0, f"hp-zh: already here: {here}/diagnosis/hp-zh.babelon.tsv\n")


@pytest.mark.usefixtures("here")
def test_a_misspelt_name_stops_before_the_first_download(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "fetch", lambda *_, **__: pytest.fail("downloaded"))
    status, text = run("fetch", "mondo", "hp-hz")
    assert status == 2
    assert "hp-zh" in text


@pytest.mark.usefixtures("here")
def test_a_failure_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise NetworkError("https://example.org: could not be reached")

    monkeypatch.setattr(datasets, "fetch", offline)
    assert run("fetch", "mondo") == (2, "Error: https://example.org: could not be reached\n")


@pytest.mark.usefixtures("here")
def test_a_set_without_address_names_its_home() -> None:
    status, text = run("fetch", "gsc-plus")
    assert status == 2
    assert "https://github.com/lasigeBioTM/IHP" in text


def test_a_wrong_folder_is_said(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUWEN_DATA", str(here / "nowhere"))
    status, text = run("list")
    assert status == 2
    assert "does not exist" in text


def test_the_commands_load_neither_rich_nor_the_network_at_import() -> None:
    code = "import sys, suwen.cli.data; print(sorted({'rich', 'urllib.request', 'zipfile', 'ssl'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout == "[]\n"
