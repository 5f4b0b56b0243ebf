"""Proves the way from examples to a model: one call trains, calibrates, measures; the saved model answers the same."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from suwen.errors import InputError
from suwen.learn.examples import parts_of, read_examples
from suwen.learn.lesson import Lesson
from suwen.learn.measure import auc
from suwen.learn.model import Model
from suwen.learn.nouns import Examples, Task
from suwen.learn.plan import Plan
from suwen.learn.prepare import Prepare
from suwen.learn.teach import Taught, teach
from suwen.learn.weights import Trust, load_model, save_model

LESSON = Lesson(
    name="square",
    version="1.0.0",
    purpose={"en": "Which side is bright.", "zh": "哪侧较亮。"},
    limits={"en": ("Made-up images.",), "zh": ("虚构图像。",)},
    licence="MIT",
    network={"kind": "residual", "settings": {"widths": [4, 8], "depth": 1, "drop": 0.1}},
    prepare=Prepare(scale="each"),
    augment={"spatial": {"rotation": 5.0, "scale": 0.05}, "intensity": {"noise": 0.05}},
    plan=Plan(epochs=6, batch=16, rate=0.02, watch="last"),
    seeds=(0, 1),
)


def pictures(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    inputs = rng.normal(100, 25, (n, 12, 12))
    for row in range(n):
        left = 1 + 6 * (row % 2)
        inputs[row, 4:8, left : left + 4] += 70
    return inputs.clip(0, 255).astype(np.uint8)


def examples(n: int, seed: int) -> Examples:
    inputs = pictures(n, seed)[:, None]
    names = tuple(f"{seed}-{row}" for row in range(n))
    return Examples(inputs, np.arange(n) % 2, Task.CLASSES, ("left", "right"), names, names, source="made here")


@pytest.fixture(scope="module")
def taught() -> Taught:
    return teach(LESSON, examples(64, 1), examples(40, 2))


def test_the_model_answers_well_on_images_it_never_saw(taught: Taught) -> None:
    unseen = examples(60, 3)
    chances = taught.model.chances(unseen.inputs)
    assert auc(unseen.labels, chances[:, 1]) > 0.95
    assert np.allclose(chances.sum(1), 1)


def test_the_card_tells_how_it_was_made_and_how_good_it_is(taught: Taught) -> None:
    card = taught.model.card
    assert {one.part: one.digest for one in card.data} == {
        "training": examples(64, 1).digest(),
        "validation": examples(40, 2).digest(),
    }
    assert card.training["seeds"] == [0, 1]
    assert card.training["plan"]["epochs"] == 6
    assert card.figures["auc"].n == 40
    assert card.calibration["kind"] == "temperature"
    assert card.threshold is not None
    assert card.network["members"] == 2


def test_a_saved_model_answers_as_before(taught: Taught, tmp_path: Path) -> None:
    card = save_model(taught.model.network, taught.model.card, tmp_path)
    network, read = load_model(tmp_path / "square.safetensors", Trust(unsigned=True))
    assert read == card
    unseen = examples(10, 4).inputs
    assert np.array_equal(Model(network, read).chances(unseen), taught.model.chances(unseen))


def test_each_seed_is_a_network_of_its_own_and_the_ensemble_their_mean(taught: Taught) -> None:
    one, two = (training.model for training in taught.trainings)
    inputs = taught.model.prepared(examples(8, 5).inputs)
    with torch.inference_mode():
        alone = [torch.softmax(net(inputs), 1).numpy() for net in (one, two)]
    assert not np.allclose(alone[0], alone[1], atol=1e-4)
    together = np.exp(taught.model.logits(examples(8, 5).inputs))
    assert np.allclose(together, np.mean(alone, axis=0), atol=1e-5)


def test_mirrored_copies_count_where_the_card_says_so(taught: Taught) -> None:
    inputs = examples(4, 6).inputs
    mirrored = Model(taught.model.network, replace(taught.model.card, flips=(0,)))
    upside_down = inputs[:, :, ::-1]
    assert np.allclose(mirrored.logits(inputs), mirrored.logits(upside_down), atol=1e-4)
    assert not np.allclose(taught.model.logits(inputs), taught.model.logits(upside_down), atol=1e-4)


def test_a_question_the_model_does_not_answer_is_refused(taught: Taught) -> None:
    with pytest.raises(InputError, match="no outlines"):
        taught.model.labels(np.zeros((1, 12, 12)))
    with pytest.raises(InputError, match="2 axes"):
        taught.model.chances(np.zeros((1, 1, 6, 12, 12), np.uint8))
    with pytest.raises(InputError, match="no input"):
        taught.model.chances([])


def test_parts_that_answer_different_questions_are_refused() -> None:
    other = replace(examples(8, 1), classes=("dark", "bright"))
    with pytest.raises(InputError, match="different questions"):
        teach(LESSON, examples(8, 1), other)


def test_outlines_are_taught_and_come_back_in_the_stored_shape() -> None:
    rng = np.random.default_rng(0)
    masks = np.zeros((16, 13, 15), np.int64)
    for row in range(16):
        top, left = rng.integers(1, 6, 2)
        masks[row, top : top + 6, left : left + 6] = 1
    inputs = (rng.normal(0, 0.2, (16, 1, 13, 15)) + masks[:, None]).astype(np.float32)
    whole = Examples(inputs, masks, Task.MASKS, ("background", "square"), spacing=(1.0, 2.0))
    lesson = replace(
        LESSON,
        network={"kind": "unet", "settings": {"axes": 2, "outputs": 2, "widths": [4, 8]}},
        prepare=Prepare(scale="each", shape=(16, 16)),
        augment={},
        plan=Plan(epochs=15, batch=4, rate=1e-2, watch="dice"),
        seeds=(0,),
    )
    model = teach(lesson, whole.chosen(np.arange(12)), whole.chosen(np.arange(12, 16))).model
    assert model.labels(inputs[13]).shape == (13, 15)
    assert model.card.figures["dice.square"].value > 0.85
    assert model.card.figures["hd95_mm.square"].value < 4


def test_an_augmentation_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="spatial"):
        replace(LESSON, augment={"sharpen": {}}).augmentations()
    with pytest.raises(InputError, match="colour"):
        replace(LESSON, augment={"spatial": {"colour": 1}}).augmentations()


def test_a_file_of_arrays_gives_its_parts(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "made.npz",
        train_images=pictures(20, 1),
        train_labels=(np.arange(20) % 2)[:, None],
        val_images=pictures(6, 2),
        val_labels=(np.arange(6) % 2)[:, None],
    )
    training, validation = parts_of(read_examples(tmp_path / "made.npz", classes=("left", "right")))
    assert training.inputs.shape == (20, 1, 12, 12)
    assert validation.labels.tolist() == [0, 1, 0, 1, 0, 1]
    assert training.classes == ("left", "right")
    assert len(set(training.groups)) == 20


def test_a_table_follows_its_manifest(tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "age", "pressure", "label", "patient"])
        writer.writerows([f"r{n}", 40 + n, 120 + 2 * n, "ill" if n % 2 else "well", f"p{n // 2}"] for n in range(10))
    from suwen.learn.clean.cleaning import clean  # noqa: PLC0415
    from suwen.learn.clean.manifest import manifest_lines, manifest_rows  # noqa: PLC0415
    from suwen.learn.clean.reading import read_holding  # noqa: PLC0415

    rows = manifest_rows(clean(read_holding(table)))
    rows[0] = replace(rows[0], keep="no")
    rows[1] = replace(rows[1], label="well")
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("".join(manifest_lines(rows)), "utf-8")
    plain = read_examples(table)[""]
    told = read_examples(table, manifest=manifest)[""]
    assert len(plain) == 10
    assert len(told) == 9
    assert told.classes == ("ill", "well")
    assert told.labels[0] == 1
    assert plain.labels[1] == 0
    short = tmp_path / "short.csv"
    short.write_text("".join(list(manifest_lines(rows))[:-2]), "utf-8")
    with pytest.raises(InputError, match="lacks 2"):
        read_examples(table, manifest=short)


def test_data_without_parts_say_so() -> None:
    with pytest.raises(InputError, match="split"):
        parts_of({"": examples(4, 1)})
