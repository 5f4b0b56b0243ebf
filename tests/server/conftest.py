"""The served ward that the tests of one file share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra server is not installed")

sys.path[:0] = [str(Path(__file__).parents[1] / "records"), str(Path(__file__).parent)]
from served import Served, serve_ward  # noqa: E402
from ward import open_ward  # noqa: E402


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A ward with two patients, without knowledge of diseases."""
    with open_ward(tmp_path_factory.mktemp("served") / "store") as ward:
        yield serve_ward(ward)
