"""A ward, a tiny engine and probing areas for the tests of the consult."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from suwen.diagnosis import Engine
from suwen.knowledge import build_knowledge
from tiny import write_sources

sys.path.insert(0, str(Path(__file__).parent.parent / "doors"))  # the desk lives with the tests of the commands
sys.path.insert(0, str(Path(__file__).parent.parent / "records"))  # the ward lives with the tests of the records

from ward import Ward, open_ward

NAMES_ZH = {"OMIM:1": "疾病一", "OMIM:2": "疾病二"}


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    with open_ward(tmp_path / "store") as one:
        yield one


@pytest.fixture(scope="session")
def tiny_engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """Four diseases over seven features, with a few Chinese names and two SNOMED CT concepts."""
    folder = tmp_path_factory.mktemp("tiny-knowledge")
    stanzas = (
        "[Term]\nid: HP:0002200\nname: Feature 2200\nxref: SNOMEDCT_US:386661006\nis_a: HP:0002000 ! x",
        "[Term]\nid: HP:0009999\nname: obsolete Feature 9999\nis_obsolete: true\nreplaced_by: HP:0001100",
    )
    return Engine(build_knowledge(write_sources(folder, names_zh=NAMES_ZH, stanzas=stanzas)))
