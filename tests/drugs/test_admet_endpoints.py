"""Proves that the 27 endpoints fit the tables they are learned from, and that all is said in both languages."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from suwen.datasets import folder
from suwen.drugs.admet.endpoints import ENDPOINTS, GROUPS
from suwen.drugs.admet.nouns import Endpoint
from suwen.subject import Saying

EVERY = tuple(ENDPOINTS.values())


def tables() -> Path:
    found = folder() / "drugs" / "admet"
    if not found.is_dir():
        pytest.skip("the ADMET tables are not there; set SUWEN_DATA to the folder of the data sets")
    return found


def measured(key: str) -> list[float]:
    with (tables() / f"{key}.csv").open(encoding="utf-8", newline="") as file:
        return [float(row["y"]) for row in csv.DictReader(file)]


def sayings(endpoint: Endpoint) -> list[Saying]:
    return [endpoint.name, endpoint.meaning, *(one for level in endpoint.levels for one in (level.above, level.below))]


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= one <= "\u9fff" for one in text)


def test_each_table_has_its_endpoint_and_each_endpoint_its_table() -> None:
    assert {file.stem for file in tables().glob("*.csv")} == set(ENDPOINTS)


def test_there_are_27_under_their_own_keys_group_by_group() -> None:
    assert len(ENDPOINTS) == 27
    assert all(key == one.key for key, one in ENDPOINTS.items())
    assert list(dict.fromkeys(one.group for one in EVERY)) == list(GROUPS)
    order = [list(GROUPS).index(one.group) for one in EVERY]
    assert order == sorted(order)


@pytest.mark.parametrize("endpoint", EVERY, ids=list(ENDPOINTS))
def test_every_word_is_there_in_both_languages(endpoint: Endpoint) -> None:
    for one in sayings(endpoint):
        assert one.en.strip()
        assert not is_chinese(one.en)
        assert is_chinese(one.zh) or one.zh in {"Ames"}
    assert endpoint.source
    assert endpoint.levels
    assert all(level.source for level in endpoint.levels)
    assert "{" not in "".join((endpoint.source, *(level.source for level in endpoint.levels)))


@pytest.mark.parametrize("endpoint", EVERY, ids=list(ENDPOINTS))
def test_the_kind_unit_and_limits_fit_what_was_measured(endpoint: Endpoint) -> None:
    values = measured(endpoint.key)
    is_of_two = set(values) <= {0.0, 1.0}
    assert (endpoint.kind == "chance") == is_of_two
    assert (endpoint.unit == "") == is_of_two
    ats = [level.at for level in endpoint.levels]
    assert ats == sorted(set(ats))
    # A limit in another unit would leave all molecules on one side.
    for at in ats:
        share = sum(value >= at for value in values) / len(values)
        assert 0.0 < share < 1.0
    if endpoint.log:
        assert min(values) > 0.0
        assert max(values) / min(values) >= 50.0


def test_what_is_learned_on_a_logarithm_is_named() -> None:
    assert {one.key for one in EVERY if one.log} == {"half_life", "vdss", "cl_hepa", "cl_micro"}


@pytest.mark.parametrize(("key", "cells_or_milligrams"), [("cl_micro", 45.0), ("cl_hepa", 120.0)])
def test_limits_of_clearance_are_those_of_a_well_stirred_liver(key: str, cells_or_milligrams: float) -> None:
    """Clearance per mg or million cells, times what 20 g of liver hold of them, against a blood flow of 20 mL/min."""
    for level, share in zip(ENDPOINTS[key].levels, (0.3, 0.7), strict=True):
        cleared = level.at / 1000.0 * cells_or_milligrams * 20.0
        assert cleared / (cleared + 20.0) == pytest.approx(share, abs=0.005)


def test_limits_of_acute_toxicity_are_those_of_the_doses_that_they_name() -> None:
    for level, milligrams in zip(ENDPOINTS["ld50"].levels, (2000.0, 300.0), strict=True):
        assert level.at == pytest.approx(-math.log10(milligrams / 1000.0 / 400.0), abs=0.006)
        assert str(int(milligrams)) in level.above.en
        assert str(int(milligrams)) in level.above.zh
