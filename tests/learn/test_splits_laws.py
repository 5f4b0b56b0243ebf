"""Splits lose no row, part no group, do not depend on the order of rows, and keep the labels balanced."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import InputError, MissingExtraError
from suwen.learn import splits
from suwen.learn.nouns import Examples, Task

ROWS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 2)), min_size=3, max_size=60)
SALTS = st.text(max_size=5)
GOLDEN = {"train": [1, 4, 7, 8, 9, 10], "val": [2, 3, 5, 6], "test": [0, 11]}


def named(rows: list[tuple[int, int]]) -> tuple[list[str], list[int]]:
    return [f"patient {group}" for group, _ in rows], [label for _, label in rows]


def is_partition(parts: Mapping[str, splits.Index], n: int) -> bool:
    return sorted(row for part in parts.values() for row in part.tolist()) == list(range(n))


@settings(deadline=None)
@given(ROWS, SALTS)
def test_a_split_holds_every_row_once_and_no_group_twice(rows: list[tuple[int, int]], salt: str) -> None:
    groups, labels = named(rows)
    for parts in (splits.split(groups, labels, salt=salt), splits.by_hash(groups, salt=salt)):
        assert is_partition(parts, len(rows))
        assert list(parts) == ["train", "val", "test"]
        splits.check(parts, groups)


@settings(deadline=None)
@given(ROWS, SALTS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows: list[tuple[int, int]], salt: str, random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    places = []
    for order in (rows, shuffled):
        groups, labels = named(order)
        parts = splits.split(groups, labels, salt=salt)
        places.append({groups[row]: part for part, index in parts.items() for row in index})
    assert places[0] == places[1]


@settings(deadline=None)
@given(ROWS, st.integers(2, 4))
def test_folds_test_every_row_once_and_part_no_group(rows: list[tuple[int, int]], k: int) -> None:
    groups, labels = named(rows)
    if len(set(groups)) < k:
        with pytest.raises(InputError, match="folds"):
            splits.folds(groups, labels, k=k)
        return
    pairs = splits.folds(groups, labels, k=k)
    assert is_partition({str(fold): test for fold, (_, test) in enumerate(pairs)}, len(rows))
    for train, test in pairs:
        assert is_partition({"train": train, "test": test}, len(rows))
        splits.check({"train": train, "test": test}, groups)
        assert len(test)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_nested_folds_never_choose_on_what_they_report(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = [f"patient {one}" for one in rng.integers(0, 25, 80)] + [f"patient {one}" for one in range(25)]
    labels = rng.integers(0, 2, len(groups))
    triples = list(splits.nested(groups, labels, outer=3, inner=4))
    assert len(triples) == 12
    for place, (train, val, test) in enumerate(triples):
        assert is_partition({"train": train, "val": val, "test": test}, len(groups))
        splits.check({"train": train, "val": val, "test": test}, groups)
        np.testing.assert_array_equal(test, triples[place // 4 * 4][2])
    assert sorted(row for triple in triples[::4] for row in triple[2]) == list(range(len(groups)))


def test_labels_are_balanced_to_the_group_when_each_row_is_its_own_group() -> None:
    labels = np.array([0] * 800 + [1] * 180 + [2] * 20)
    parts = splits.split([f"p{row}" for row in range(1000)], labels)
    for name, share in splits.PARTS.items():
        found = np.bincount(labels[parts[name]], minlength=3)
        np.testing.assert_allclose(found, share * np.array([800, 180, 20]), atol=1.0)


def test_stratified_parts_are_nearer_to_the_whole_than_unstratified_ones() -> None:
    rng = np.random.default_rng(1)
    groups = [f"p{one}" for one in rng.integers(0, 120, 600)]
    ill = rng.random(120) < 0.1
    labels = np.array([int(ill[int(group[1:])]) for group in groups])

    def gap(stratify: bool) -> float:
        parts = splits.split(groups, labels, stratify=stratify)
        return max(abs(labels[rows].mean() - labels.mean()) for rows in parts.values())

    assert gap(True) < 0.02 < gap(False)


def test_big_groups_do_not_all_go_to_the_biggest_part() -> None:
    groups = [f"big {one}" for one in range(20) for _ in range(50)] + [f"small {one}" for one in range(1000)]
    parts = splits.split(groups)
    for name, share in splits.PARTS.items():
        big = len({groups[row] for row in parts[name] if groups[row].startswith("big")})
        assert abs(big - 20 * share) <= 1


def test_a_hash_split_stays_when_data_grow_and_meets_its_shares() -> None:
    few, many = [f"p{one}" for one in range(500)], [f"p{one}" for one in range(20_000)]
    place = {many[row]: name for name, rows in splits.by_hash(many).items() for row in rows}
    for name, rows in splits.by_hash(few).items():
        assert all(place[few[row]] == name for row in rows)
    for name, share in splits.PARTS.items():
        assert abs(sum(one == name for one in place.values()) / len(many) - share) < 0.015


def test_the_hash_is_the_one_of_the_first_release() -> None:
    parts = splits.by_hash([f"p{one}" for one in range(12)], salt="suwen")
    assert {name: rows.tolist() for name, rows in parts.items()} == GOLDEN


def test_the_salt_and_the_generator_change_the_split_and_repeat_it() -> None:
    groups = [f"p{one}" for one in range(200)]

    def test_rows(**how: object) -> list[int]:
        return splits.split(groups, **how)["test"].tolist()  # type: ignore[arg-type]

    assert test_rows(salt="a") == test_rows(salt="a") != test_rows(salt="b")
    seeded = [test_rows(rng=np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert seeded[0] == seeded[1] != seeded[2]


def test_examples_bring_their_own_groups_and_labels() -> None:
    rng = np.random.default_rng(0)
    masks = np.zeros((90, 4, 4), dtype=int)
    masks[::3, 0, 0] = 1
    for labels, task in ((rng.random(90), Task.NUMBERS), (masks, Task.MASKS), (np.arange(90) % 3, Task.CLASSES)):
        examples = Examples(np.zeros((90, 2)), labels, task, groups=tuple(f"p{row // 2}" for row in range(90)))
        parts = splits.split(examples)
        splits.check(parts, examples.groups)
        assert is_partition(parts, 90)
    assert is_partition(splits.split(Examples(np.zeros((9, 2)), np.arange(9) % 3, Task.CLASSES)), 9)


def test_each_site_is_left_out_once() -> None:
    sites = ["b", "a", "b", "c"]
    found = [(name, rest.tolist(), own.tolist()) for name, rest, own in splits.leave_one_out(sites)]
    assert found == [("a", [0, 2, 3], [1]), ("b", [1, 3], [0, 2]), ("c", [0, 1, 2], [3])]
    with pytest.raises(InputError, match="two groups"):
        list(splits.leave_one_out(["a", "a"]))


def test_time_splits_put_the_past_before_the_future_and_leave_known_patients_out() -> None:
    times = ["2020-01-01", "2021-05-01", "2022-01-01", "2023-01-01"]
    plain = splits.by_time(times, "2021-05-01")
    assert {name: rows.tolist() for name, rows in plain.items()} == {"train": [0], "test": [1, 2, 3]}
    three = splits.by_time(times, "2021-01-01", "2022-06-01", groups=["a", "b", "a", "b"])
    assert {name: rows.tolist() for name, rows in three.items()} == {
        "train": [0],
        "val": [1],
        "test": [],
        "left_out": [2, 3],
    }
    assert splits.by_time([1, 2, 3], 2.5)["test"].tolist() == [2]


@pytest.mark.parametrize(
    ("times", "cuts"),
    [
        (["2020-01-01", None], ("2021-01-01",)),
        ([1.0, np.nan], (1,)),
        ([1, 2], ("2020-01-01",)),
        ([1, 2], (2, 1)),
        ([1], ()),
    ],
)
def test_times_that_cannot_be_ordered_are_refused(times: list[object], cuts: tuple[object, ...]) -> None:
    with pytest.raises(InputError):
        splits.by_time(times, *cuts)


def test_leakage_is_told_in_numbers_without_names() -> None:
    with pytest.raises(InputError, match="1 of 3 groups") as told:
        splits.check({"train": [0, 1], "test": [2, 3]}, ["Wang", "Li", "Li", "Zhao"])
    assert "Li" not in str(told.value)
    with pytest.raises(InputError, match="outside"):
        splits.check({"train": [4]}, ["a", "b", "c", "d"])


@pytest.mark.parametrize(
    "how",
    [
        {"parts": {"train": 0.5, "test": 0.6}},
        {"parts": {"train": 1.5, "test": -0.5}},
        {"labels": [0, 1]},
    ],
)
def test_impossible_requests_are_refused(how: dict[str, object]) -> None:
    with pytest.raises(InputError):
        splits.split(["a", "b", "c"], **how)  # type: ignore[arg-type]
    for unknown in (None, "", float("nan")):
        with pytest.raises(InputError, match="1 of 3 rows name no group"):
            splits.split(["a", "b", unknown])
    assert is_partition(splits.split(["Nan", "nan", "None"]), 3)  # names of people, not unknown ones


def test_scaffolds_name_the_extra_when_rdkit_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rdkit", None)
    monkeypatch.setitem(sys.modules, "rdkit.Chem", None)
    with pytest.raises(MissingExtraError, match="drugs"):
        splits.scaffolds(["CCO"])


def test_molecules_of_one_scaffold_stay_together() -> None:
    pytest.importorskip("rdkit", reason="rdkit is not installed (extra drugs)")
    tails = ["C", "CC", "CCO", "N", "C(=O)O", "Cl", "F", "Br"]
    smiles = [head + tail for head in ("c1ccccc1", "C1CCCCC1", "c1ccncc1", "C1CC1") for tail in tails] + tails
    found = splits.scaffolds(smiles)
    assert found[:8] == ("c1ccccc1",) * 8
    assert found[-8:-5] == ("C", "CC", "CCO")
    splits.check(splits.by_scaffold(smiles, parts={"train": 0.6, "test": 0.4}), found)
    with pytest.raises(InputError, match="1 texts are not SMILES: rows 1"):
        splits.scaffolds(["CC", "not a molecule"])
