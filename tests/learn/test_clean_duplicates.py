"""Copies are found through what is done to pictures in practice, and different pictures are not called copies."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from dirty import holding_of, picture

from suwen.learn.clean.checks.duplicates import joined
from suwen.learn.clean.cleaning import clean
from suwen.learn.clean.manifest import manifest_rows
from suwen.learn.clean.nouns import Array, Form, Severity, Sign
from suwen.learn.clean.sketch import shrunk

Image = pytest.importorskip("PIL.Image")


def jpeg(values: Array) -> Array:
    held = io.BytesIO()
    Image.fromarray(values).save(held, "JPEG", quality=40)
    return np.asarray(Image.open(held))


CHANGES: dict[str, Callable[[Array], Array]] = {
    "recompressed": jpeg,
    "resized": lambda one: np.asarray(Image.fromarray(one).resize((96, 96), Image.Resampling.BILINEAR)),
    "brightened": lambda one: np.clip(one * 0.7 + 40, 0, 255).astype(np.uint8),
    "as 16 bits": lambda one: one.astype(np.uint16) * 257,
    "noisy": lambda one: np.clip(one + np.random.default_rng(0).normal(0, 4, one.shape), 0, 255).astype(np.uint8),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_a_near_duplicate_and_nothing_else_is(change: str) -> None:
    rng = np.random.default_rng(1)
    pictures = [picture(rng) for _ in range(120)]
    cleaning = clean(holding_of([*pictures, *(CHANGES[change](one) for one in pictures[:20])]))
    pairs = {one.where for one in cleaning.of(Sign.NEAR_DUPLICATE)}
    expected = {(f"{at:04d}", f"{at + 120:04d}") for at in range(20)}
    assert pairs <= expected
    assert len(pairs) >= 19


def test_equal_values_across_splits_or_with_other_labels_are_grave() -> None:
    rng = np.random.default_rng(2)
    one, two, three = picture(rng), picture(rng), picture(rng)
    pictures = [one, one, two, two, three, three]
    splits = ["train", "test", "train", "train", "train", "train"]
    cleaning = clean(holding_of(pictures, labels=list("000111"), split=splits))
    found = {each.where: each for each in cleaning.of(Sign.DUPLICATE)}
    assert {where: each.severity for where, each in found.items()} == {
        ("0000", "0001"): Severity.GRAVE,
        ("0002", "0003"): Severity.GRAVE,
        ("0004", "0005"): Severity.NOTABLE,
    }
    proposed = {row.name for row in manifest_rows(cleaning) if row.proposed_keep == "no"}
    assert "0000" in proposed  # the copy in train goes, the one that was tested on stays
    assert "0001" not in proposed
    assert {"0002", "0003"} <= proposed  # labels contradict: nobody knows which holds


def test_copies_and_patients_are_kept_together() -> None:
    rng = np.random.default_rng(3)
    one, two = picture(rng), picture(rng)
    cleaning = clean(holding_of([one, two, one, picture(rng)], group=["a", "a", "b", "c"]))
    numbers = joined(cleaning.measured, cleaning.suspicions)
    assert numbers[0] == numbers[1] == numbers[2]
    assert numbers[3] != numbers[0]


def test_copies_of_volumes_and_signals_are_found() -> None:
    rng = np.random.default_rng(4)
    volumes = [shrunk(rng.normal(size=(5, 5, 5)), (20, 20, 20)) for _ in range(20)]
    volumes.append(volumes[3] * 300 + rng.normal(0, 5, (20, 20, 20)))
    assert {one.where for one in clean(holding_of(volumes, Form.VOLUMES)).of(Sign.NEAR_DUPLICATE)} == {("0003", "0020")}
    signals = [np.cumsum(rng.normal(size=(2, 2000)), axis=1) for _ in range(20)]
    signals.append(signals[5] * 2 + 1)
    assert {one.where for one in clean(holding_of(signals, Form.SIGNALS)).of(Sign.NEAR_DUPLICATE)} == {("0005", "0020")}


def test_where_everything_looks_alike_nothing_is_called_a_copy() -> None:
    rng = np.random.default_rng(5)
    one = picture(rng).astype(float)
    cleaning = clean(holding_of([one + rng.normal(0, 1, one.shape) for _ in range(40)]))
    assert cleaning.of(Sign.NEAR_DUPLICATE) == ()
    assert "all_alike" in {remark.key for remark in cleaning.remarks}


def test_shrinking_keeps_the_mean_and_whole_blocks() -> None:
    values = np.arange(36, dtype=np.float32).reshape(6, 6)
    assert shrunk(values, (3, 2)).tolist() == values.reshape(3, 2, 2, 3).mean(axis=(1, 3)).tolist()
    odd = np.random.default_rng(0).normal(size=(29, 31)).astype(np.float32)
    assert float(shrunk(odd, (7, 9)).mean()) == pytest.approx(float(odd.mean()), abs=1e-5)
