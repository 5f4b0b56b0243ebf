"""Knowledge and engines shared by the tests: compiled once per run into one folder, with and without the open data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from suwen import datasets
from suwen.diagnosis import Engine, load_library
from suwen.knowledge import Knowledge, load_knowledge

NEEDS_DATA = "reference data 'cases' are not in the data folder (SUWEN_DATA)"


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of this run, so that what one compiled the next only loads."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "suwen-shared"
    for name in ("cache", "no-data"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def cache(shared_folder: Path) -> Path:
    return shared_folder / "cache"


@pytest.fixture(scope="session")
def no_data(shared_folder: Path) -> Path:
    """An empty data folder: no library, no Chinese names, no MONDO."""
    return shared_folder / "no-data"


@pytest.fixture(scope="session")
def knowledge(cache: Path, no_data: Path) -> Knowledge:
    """What every installation has: HPO, and nothing else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUWEN_CACHE", str(cache))
        patch.setenv("SUWEN_DATA", str(no_data))
        return load_knowledge()


@pytest.fixture(scope="session")
def engine(knowledge: Knowledge) -> Engine:
    return Engine(knowledge)


@pytest.fixture(scope="session")
def open_engine(cache: Path) -> Engine:
    """HPO, MONDO, Chinese names and the library of open solved cases."""
    if not datasets.present("cases"):
        pytest.skip(NEEDS_DATA)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUWEN_CACHE", str(cache))
        compiled = load_knowledge()
        return Engine(compiled, load_library([datasets.path("cases")], compiled))


@pytest.fixture(params=["alone", "with cases"])
def either_engine(request: pytest.FixtureRequest) -> Engine:
    """The engine of a bare installation, then the one with open data (skipped where there are none)."""
    return request.getfixturevalue("engine" if request.param == "alone" else "open_engine")


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, cache: Path, no_data: Path) -> None:
    """For the doors: an installation without any data, with the shared cache."""
    monkeypatch.setenv("SUWEN_CACHE", str(cache))
    monkeypatch.setenv("SUWEN_DATA", str(no_data))


@pytest.fixture
def furnished(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    """For the doors: the data folder of whoever runs the tests, with the shared cache."""
    if not datasets.present("cases"):
        pytest.skip(NEEDS_DATA)
    monkeypatch.setenv("SUWEN_DATA", str(datasets.folder()))
    monkeypatch.setenv("SUWEN_CACHE", str(cache))
