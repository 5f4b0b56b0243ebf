"""`make run` says in one line what is missing on the way and what to do: no Python, an old one, no Node, an old one."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("bash", "sh", "touch", "awk", "env", "cat")

if shutil.which("make") is None:
    pytest.skip("make is not on this machine", allow_module_level=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout with what `make run` looks at, and a folder of programs that is the whole PATH."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("pyproject.toml", "constraints.txt", "web/package-lock.json", "web/vite.config.js"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(str(shutil.which(tool)))
    return tmp_path


def program(folder: Path, name: str, script: str) -> Path:
    """A program of this name on the PATH that does what the script says."""
    (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bin" / name).chmod(0o755)
    return folder / "bin" / name


def installed(folder: Path) -> None:
    """An environment as if it had been set up, whose `suwen` says what it was called with."""
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / "bin" / "suwen").touch()
    shutil.move(program(folder, "suwen", 'echo "called: $*"'), folder / ".venv" / "bin" / "suwen")
    (folder / ".venv" / ".installed").touch()
    later = time.time() + 5
    os.utime(folder / ".venv" / ".installed", (later, later))


def run(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    line = [str(shutil.which("make")), "run", *more]
    environment = {"PATH": str(folder / "bin"), "LC_ALL": "C"}
    return subprocess.run(line, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)


def told(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What stands on the error channel beside make's own word that it stopped."""
    return [line for line in done.stderr.splitlines() if not line.startswith("make:")]


@pytest.mark.parametrize("found", ["none", "old"])
def test_without_a_python_that_is_new_enough(folder: Path, found: str) -> None:
    if found == "old":
        program(folder, "python3", 'case "$2" in *version_info*) exit 1;; esac')
    done = run(folder)
    assert done.returncode != 0
    (line,) = told(done)
    assert "Suwen needs Python 3.11 or newer" in line
    assert "PYTHON=" in line
    assert not (folder / ".venv").exists()


def test_a_python_that_cannot_make_an_environment(folder: Path) -> None:
    program(folder, "python3.11", 'case "$2" in *ensurepip*) exit 1;; esac')
    (line,) = told(run(folder))
    assert "no ensurepip" in line
    assert "apt install python3-venv" in line


@pytest.mark.parametrize("node", ["none", "old", "unable"])
def test_without_node_the_pages_are_plain_and_served(folder: Path, node: str) -> None:
    """Neither a missing nor an old Node nor a build that fails keeps the workstation from running; it is told once."""
    installed(folder)
    if node != "none":
        program(folder, "npm", "exit 1" if node == "unable" else "exit 0")
        program(folder, "node", "exit 0" if node == "unable" else "exit 1")
    done = run(folder, "PORT=9443")
    assert done.returncode == 0, done.stderr
    (line,) = told(done)
    assert "Node 20" in line
    assert "called: serve --demo --folder demo --port 9443" in done.stdout
    assert not (folder / "src").exists()  # nothing half-built stays, so that the next run tries again
