"""Proves the preparation of inputs: what it does to values, and that answers find the way back to the stored shape."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from suwen.errors import InputError
from suwen.learn.nouns import Examples, Task
from suwen.learn.prepare import Prepare
from suwen.learn.source import source_of

SIDES = st.integers(1, 9)


@given(
    values=arrays.arrays(
        np.float32, st.tuples(st.integers(1, 2), SIDES, SIDES), elements=st.floats(-1000, 1000, width=32)
    ),
    factor=st.sampled_from([0.125, 3.0, 1000.0]),
    offset=st.sampled_from([-50.0, 0.0, 400.0]),
)
def test_scaling_each_forgets_the_scale_of_the_scanner(values: np.ndarray, factor: float, offset: float) -> None:
    if values.std() < 1e-2:
        return
    once, again = Prepare(scale="each")(values), Prepare(scale="each")(values * factor + offset)
    assert np.allclose(once, again, atol=2e-2)
    assert once.mean() == pytest.approx(0, abs=1e-2)
    assert once.std() == pytest.approx(1, abs=1e-2)


@given(shape=st.tuples(SIDES, SIDES, SIDES), wanted=st.tuples(SIDES, SIDES, SIDES))
def test_an_answer_comes_back_to_where_it_belongs(shape: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    labels = np.arange(1, 1 + np.prod(shape)).reshape(shape)
    prepare = Prepare(scale="none", shape=wanted)
    back = prepare.back(prepare.mask(labels), shape)
    kept = back != 0
    assert np.array_equal(back[kept], labels[kept])
    if all(have <= want for have, want in zip(shape, wanted, strict=True)):
        assert np.array_equal(back, labels)


@given(shape=st.tuples(SIDES, SIDES), wanted=st.tuples(SIDES, SIDES))
def test_image_and_mask_stay_on_top_of_each_other(shape: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    labels = np.arange(1, 1 + np.prod(shape)).reshape(shape)
    prepare = Prepare(scale="none", shape=wanted)
    image, mask = prepare(labels[None])[0], prepare.mask(labels)
    assert np.array_equal(image[mask > 0], mask[mask > 0])


def test_clipping_takes_what_a_few_wild_voxels_do() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(100, 10, (1, 20, 20, 20)).astype(np.float32)
    wild = values.copy()
    wild[0, 3, 3, 3:6] = 1e6
    prepare = Prepare(clip=(0.5, 99.5), scale="each")
    inside = np.ones_like(values, bool)
    inside[0, 3, 3, 3:6] = False
    assert np.abs(prepare(wild)[inside] - prepare(values)[inside]).max() < 0.1


def test_the_distance_is_half_the_thickness_in_pooled_voxels() -> None:
    ball = np.zeros((1, 40, 40, 40), np.uint8)
    z, y, x = np.ogrid[:40, :40, :40]
    ball[0, (z - 20) ** 2 + (y - 20) ** 2 + (x - 20) ** 2 <= 12**2] = 255
    found = Prepare(scale="unit", pool=2, distance=True)(ball)
    assert found.shape == (2, 20, 20, 20)
    assert found[0].max() == 1
    assert found[1].max() == pytest.approx(12 / 2, abs=0.6)
    assert found[1][found[0] == 0].max() == 0


def test_an_organ_at_the_border_ends_there() -> None:
    slab = np.full((1, 6, 30, 30), 255, np.uint8)
    assert Prepare(scale="unit", distance=True)(slab)[1].max() == 3


def test_pooling_keeps_the_mean() -> None:
    values = np.random.default_rng(0).random((1, 8, 12)).astype(np.float32)
    assert Prepare(scale="none", pool=4)(values).mean() == pytest.approx(values.mean(), abs=1e-6)


@pytest.mark.parametrize("wild", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(wild: float) -> None:
    values = np.zeros((1, 4, 4), np.float32)
    values[0, 1, 1] = wild
    with pytest.raises(InputError, match="clean the data"):
        Prepare()(values)


def test_the_steps_survive_a_card() -> None:
    prepare = Prepare(clip=(1.0, 99.0), scale="fixed", mean=3.5, spread=2.0, shape=(4, 5), pool=2)
    assert Prepare.of(json.loads(json.dumps(prepare.values()))) == prepare
    with pytest.raises(InputError, match="does not know"):
        Prepare.of({"sharpen": True})


def test_inputs_of_several_shapes_need_one_shape() -> None:
    inputs = np.empty(2, object)
    inputs[0], inputs[1] = np.zeros((1, 4, 4)), np.zeros((1, 5, 4))
    examples = Examples(inputs, np.array([0, 1]), Task.CLASSES, ("a", "b"))
    with pytest.raises(InputError, match="several shapes"):
        source_of(examples, Prepare())
    assert source_of(examples, Prepare(shape=(4, 4))).inputs.shape == (2, 1, 4, 4)


def test_a_label_that_is_no_class_is_refused() -> None:
    examples = Examples(np.zeros((2, 1, 4, 4)), np.array([0, 2]), Task.CLASSES, ("a", "b"))
    with pytest.raises(InputError, match="2 classes"):
        source_of(examples, Prepare())


def test_the_digest_sees_every_value_label_and_shape() -> None:
    inputs = np.zeros((3, 1, 4, 4), np.uint8)
    base = Examples(inputs, np.array([0, 1, 0]), Task.CLASSES)
    other = inputs.copy()
    other[2, 0, 3, 3] = 1
    ragged = np.empty(3, object)
    for row in range(3):
        ragged[row] = inputs[row]
    changed = ragged.copy()
    changed[1] = other[2]
    variants = [
        base,
        Examples(other, base.labels, Task.CLASSES),
        Examples(inputs, np.array([0, 1, 1]), Task.CLASSES),
        Examples(inputs.reshape(3, 1, 2, 8), base.labels, Task.CLASSES),
        Examples(ragged, base.labels, Task.CLASSES),
        Examples(changed, base.labels, Task.CLASSES),
    ]
    assert len({one.digest() for one in variants}) == len(variants)
    assert Examples(inputs.copy(), base.labels, Task.CLASSES).digest() == base.digest()
