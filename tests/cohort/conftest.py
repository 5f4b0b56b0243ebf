"""A ward with a researcher, a data scientist, an approval, and patients who have something to select by."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from suwen.knowledge import Knowledge, build_knowledge
from tiny import write_sources

# the ward and the bedside live with the tests of those rooms
sys.path.insert(0, str(Path(__file__).parent.parent / "records"))
sys.path.insert(0, str(Path(__file__).parent.parent / "consult"))

from ward import Ward, open_ward


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    with open_ward(tmp_path / "store") as one:
        yield one


@pytest.fixture(scope="session")
def few_terms(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """Seven features, one of them below another and known to SNOMED CT, and four diseases."""
    stanza = "[Term]\nid: HP:0002200\nname: Feature 2200\nxref: SNOMEDCT_US:386661006\nis_a: HP:0002000 ! x"
    return build_knowledge(write_sources(tmp_path_factory.mktemp("few-terms"), stanzas=(stanza,)))
