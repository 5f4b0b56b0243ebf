"""A small ward at a desk, for the tests of `suwen records`: made once, and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typist import CHEAP, Desk


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the three who run it and two physicians, everybody's password changed; copied for each test."""
    home = tmp_path_factory.mktemp("made")
    desk = Desk(home)
    said = desk.run("init", *CHEAP)
    first = {line.split()[-2]: line.split()[-1] for line in said.splitlines()[1:]}
    assert set(first) == {"administrator", "security", "auditor"}
    for login, password in first.items():
        desk.first_login(login, password)
    for login in ("dr.lin", "dr.wu"):
        opened = desk.run("account", "open", login, "--role", "physician", by="administrator")
        desk.first_login(login, opened.strip())
    return home


@pytest.fixture
def desk(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    shutil.copytree(made, tmp_path / "home")
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path / "home")


@pytest.fixture
def patient(desk: Desk) -> str:
    said = desk.run("register", "--identifier", "MRN-1", "--name", "Test [One]", "--sex", "female", by="dr.lin")
    return said.strip()
