"""Every piece of dirt that was planted is found where it is, nothing else is, and the data stay as they were."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from dirty import holding_of, names_of, picture, write_volumes

from suwen import datasets
from suwen.learn.clean.cleaning import clean
from suwen.learn.clean.manifest import manifest_rows
from suwen.learn.clean.nouns import Cleaning, Form, Severity, Sign
from suwen.learn.clean.reading import read_holding


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[Sign, set[str]], Cleaning]:
    folder = tmp_path_factory.mktemp("dirt") / "vol"
    dirt = write_volumes(folder)
    return folder, dirt, clean(read_holding(folder))


def test_each_planted_volume_is_found_and_no_other(planted: tuple[Path, dict[Sign, set[str]], Cleaning]) -> None:
    _, dirt, cleaning = planted
    found = {sign: names_of(cleaning, sign) for sign in Sign if cleaning.of(sign)}
    assert found == dirt


def test_the_folder_is_not_changed(tmp_path: Path) -> None:
    write_volumes(tmp_path)
    before = {one: hashlib.sha256(one.read_bytes()).digest() for one in tmp_path.rglob("*") if one.is_file()}
    clean(read_holding(tmp_path))
    after = {one: hashlib.sha256(one.read_bytes()).digest() for one in tmp_path.rglob("*") if one.is_file()}
    assert after == before


def test_only_what_cannot_be_used_is_left_out_without_a_person(
    planted: tuple[Path, dict[Sign, set[str]], Cleaning],
) -> None:
    _, dirt, cleaning = planted
    rows = {one.name: one for one in manifest_rows(cleaning)}
    unusable = dirt[Sign.UNREADABLE] | dirt[Sign.NO_LABEL] | dirt[Sign.NO_IMAGE]
    assert {name for name, one in rows.items() if one.keep == "no"} == unusable
    pending = dirt[Sign.MISMATCHED] | dirt[Sign.NOT_FINITE] | dirt[Sign.CONSTANT]
    assert {name for name, one in rows.items() if one.proposed_keep == "no"} == pending
    assert all(one.reasons for one in rows.values() if one.keep == "no" or one.status == "pending")


def test_a_clean_set_gives_no_suspicion() -> None:
    rng = np.random.default_rng(3)
    cleaning = clean(holding_of([picture(rng) for _ in range(60)]))
    assert [one for one in cleaning.suspicions if one.severity is not Severity.HINT] == []


def test_the_same_data_and_seed_give_the_same_answer() -> None:
    rng = np.random.default_rng(4)
    labels = [str(at % 2) for at in range(60)]
    holding = holding_of([picture(rng) for _ in range(60)], labels=labels, site=[str(at % 3) for at in range(60)])
    assert clean(holding, seed=5).suspicions == clean(holding, seed=5).suspicions


def test_a_scale_of_its_own_is_told_with_its_factor() -> None:
    rng = np.random.default_rng(5)
    volumes = [rng.normal(500, 90, (8, 8, 8)) * (300 if at == 7 else 1) for at in range(20)]
    (found,) = clean(holding_of(volumes, Form.VOLUMES)).of(Sign.SCALE)
    assert found.where == ("0007",)
    assert 200 < float(found.facts["factor"]) < 450
    assert found.severity is Severity.NOTABLE


def test_one_patient_on_both_sides_is_grave() -> None:
    rng = np.random.default_rng(6)
    groups = ["a", "a", "b", "b", "c", "c"]
    splits = ["train", "test", "train", "train", "test", "test"]
    cleaning = clean(holding_of([picture(rng) for _ in groups], group=groups, split=splits))
    (leak,) = cleaning.of(Sign.LEAK)
    assert leak.where == ("0000", "0001")
    assert leak.severity is Severity.GRAVE


def test_the_dirt_of_the_hippocampus_set_is_found() -> None:
    folder = datasets.folder() / "imaging" / "hippocampus"
    if not folder.is_dir():
        pytest.skip("reference data 'imaging/hippocampus' are not in the data folder (SUWEN_DATA)")
    holding = read_holding(folder)
    cleaning = clean(holding)
    images = {one.name for one in (folder / "images").iterdir()}
    masks = {one.name for one in (folder / "labels").iterdir()}
    assert names_of(cleaning, Sign.NO_IMAGE) == masks - images
    assert names_of(cleaning, Sign.NO_LABEL) == images - masks
    # Independent of the check: those whose 99 % quantile is beyond any of the scanners of the set.
    wild = {one.sample.name for one in cleaning.measured if one.quantiles[2] > 10_000}
    assert wild
    assert {one.where[0] for one in cleaning.of(Sign.SCALE) if one.severity is Severity.NOTABLE} == wild
