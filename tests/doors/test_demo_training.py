"""The demonstration's training is one of `suwen train`: its run can be followed, its model has a card, it runs once."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from suwen.cli.demo_training import train_in
from suwen.server.pages.trainings import run_named, runs_in

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="torch (extra learn) is not installed")


def test_it_runs_once_and_can_be_followed(tmp_path: Path) -> None:
    folder = tmp_path / "trainings"
    train_in(folder, epochs=2)
    (name,) = runs_in(folder)
    run = run_named(folder, name)
    assert (run.over, len(run.epochs)) == (True, 2)
    made = {one.name: one.stat().st_mtime_ns for one in folder.iterdir()}
    assert {"made-up-squares.safetensors", "made-up-squares.json", "made-up-squares.html"} <= set(made)
    train_in(folder, epochs=2)
    assert {one.name: one.stat().st_mtime_ns for one in folder.iterdir()} == made
