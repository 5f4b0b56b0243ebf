"""`suwen read --model-server`: off by default, only at an allowed address, and never trusted beyond the text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from model_server import good, mention, model_server

from suwen.cli import main

pytestmark = pytest.mark.usefixtures("bare")
NOTE = "HPI: A 25-year-old woman with ectopia lentis. She trips over her own feet all day.\n"


def read(*arguments: str, allowed: str = "") -> tuple[int, str, str]:
    environment = {"SUWEN_MODEL_ALLOWED": allowed} if allowed else {"SUWEN_MODEL_ALLOWED": ""}
    result = CliRunner().invoke(main, ["read", "note.txt", "--json", *arguments], env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("note.txt").write_text(NOTE)


def test_an_allowed_server_adds_only_what_the_text_bears_out() -> None:
    told = good(mention("ectopia lentis", "HP:0001083"), mention("blue sclerae", "HP:0000592"))
    with model_server(told) as server:
        asked = ("--model-server", server.address, "--model", "m", "--model-log", "log.jsonl")
        status, shown, errors = read(*asked, allowed=server.address)
        assert status == 0, errors
        assert "dropped" in errors
        assert server.asked
    assert "HP:0000592" not in {one["code"] for one in json.loads(shown)["mentions"]}
    lines = [json.loads(line) for line in Path("log.jsonl").read_text().splitlines()]
    assert all(len(one["prompt_sha256"]) == 64 for one in lines)
    assert "lentis" not in Path("log.jsonl").read_text()


def test_nothing_is_sent_to_an_address_that_nobody_allowed() -> None:
    with model_server(good()) as server:
        for allowed in ("", "https://gateway.hospital/v1"):
            status, shown, errors = read("--model-server", server.address, "--model", "m", allowed=allowed)
            assert (status, shown) == (2, "")
            assert "allowed" in errors
        assert read("--model-server", server.address, allowed=server.address)[0] == 2  # which model?
        assert read()[0] == 0
        assert server.asked == []
