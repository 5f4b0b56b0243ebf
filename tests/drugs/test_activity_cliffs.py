"""Cliffs: edit distances are right, the filter before them loses nothing, and published flags are found again."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen import datasets
from suwen.drugs.activity.cliffs import find_cliffs, steepness
from suwen.drugs.activity.nouns import Assay, Measured
from suwen.drugs.activity.strings import letters_of, likenesses, perhaps_alike

TEXT = st.text("CNO()=1c", max_size=14)


def _distance(one: str, two: str) -> int:
    row = list(range(len(two) + 1))
    for i, a in enumerate(one, start=1):
        last, row[0] = row[0], i
        for j, b in enumerate(two, start=1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return row[-1]


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXT, min_size=2, max_size=6), st.floats(0.3, 0.95))
def test_distances_are_right_and_the_filter_loses_no_pair(texts: list[str], least: float) -> None:
    letters = letters_of(texts)
    first, second = np.triu_indices(len(texts), 1)
    found = likenesses(letters, first, second)
    near = perhaps_alike(letters, first, second, least)
    for at, (i, j) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        longer = max(len(texts[i]), len(texts[j]), 1)
        assert found[at] == pytest.approx(1 - _distance(texts[i], texts[j]) / longer)
        assert near[at] or found[at] < least


def _assay(pairs: list[tuple[str, float]], unit: str = "nM", kind: str = "amount") -> Assay:
    molecules = tuple(Measured(smiles, "", "", value) for smiles, value in pairs)
    return Assay(molecules, "y", unit, kind, len(molecules))  # type: ignore[arg-type]


def test_a_cliff_is_alike_and_ten_times_apart_the_stronger_first() -> None:
    pytest.importorskip("rdkit")
    long = "CCCCCCCCCCCCCCCCCC(=O)NCc1ccccc1"
    cliffs = find_cliffs(_assay([(long, 6.0), (long.replace("CCC", "CC", 1), 7.1), ("CC" + long, 6.1), ("CCO", 9.0)]))
    assert [(one.first, one.second) for one in cliffs] == [(1, 0)]
    assert cliffs[0].difference == pytest.approx(1.1)
    assert cliffs[0].string >= 0.9


def test_steepness_follows_the_kind_of_values() -> None:
    logs, percents = np.array([4.0, 9.0, 6.0]), np.array([5.0, 95.0, 40.0])
    assert steepness(logs, "amount", "as is") == 1.0
    assert steepness(percents, "amount", "nM") == 1.0
    assert steepness(percents, "amount", "as is") == pytest.approx(2 * percents.std())
    assert steepness(percents, "classes", "as is") == 0.5


@pytest.mark.parametrize("target", ["CHEMBL4203_Ki", "CHEMBL2835_Ki"])
def test_published_flags_are_found_again(target: str) -> None:
    pytest.importorskip("rdkit")
    file = datasets.folder() / f"drugs/activity_cliffs/{target}.csv"
    if not file.is_file():
        pytest.skip("the tables of MoleculeACE are not at hand")
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    cliffs = find_cliffs(_assay([(row["smiles"], 9 + float(row["y"])) for row in rows]))
    ours = {place for one in cliffs for place in (one.first, one.second)}
    published = {at for at, row in enumerate(rows) if row["cliff_mol"] == "1"}
    assert len(published) > 30
    assert ours == published
