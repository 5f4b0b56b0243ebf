"""Wards for the tests of records: one on SQLite, and the same on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ward import CHEAP_FILE, Ward, new_database, open_ward, postgres_server

from suwen.govern.hospital import Place


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    with open_ward(tmp_path / "store") as one:
        yield one


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A real PostgreSQL for this worker."""
    with postgres_server() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def either_ward(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ward]:
    """The same ward on SQLite, then on PostgreSQL."""
    place = Place(settings=CHEAP_FILE)
    if request.param == "postgresql":
        place = Place(database=new_database(request.getfixturevalue("server")), settings=CHEAP_FILE)
    with open_ward(tmp_path / "store", place) as one:
        yield one
