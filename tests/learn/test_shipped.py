"""Proves that what is shipped loads as pinned, says where it ends, and answers on data it did not learn from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from suwen import datasets
from suwen.errors import InputError, TamperError
from suwen.learn.examples import read_examples
from suwen.learn.inference import fast
from suwen.learn.measure import auc, dice
from suwen.learn.model import Model
from suwen.learn.weights import SHIPPED, Trust, card_path, load_model, pins, shipped

NAMES = (
    "adrenal",
    "chest",
    "chest_anatomy",
    "chest_shadows",
    "heart_disease",
    "hippocampus",
    "molecules",
    "pneumonia",
    "qrs",
)


def model(name: str) -> Model:
    return Model(*load_model(shipped(name), Trust(pinned=pins())))


def data(path: str) -> Path:
    found = datasets.folder() / path
    if not found.exists():
        pytest.skip(f"{path} is not in the data folder (SUWEN_DATA)")
    return found


def test_every_shipped_model_is_pinned_and_small() -> None:
    names = {path.stem for path in SHIPPED.glob("*.safetensors")}
    assert names == set(NAMES) == set(json.loads((SHIPPED / "pins.json").read_text("utf-8")))
    assert all(path.stat().st_size <= 16 * 2**20 for path in SHIPPED.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_the_card_says_what_it_is_for_and_where_it_ends(name: str) -> None:
    card = model(name).card
    for lang in ("en", "zh"):
        assert card.purpose[lang]
        assert len(card.limits[lang]) >= 3
    assert card.licence
    assert all(one.licence and one.digest for one in card.data)
    assert {one.part for one in card.data} == {"training", "validation"}
    assert all(figure.low is not None for figure in card.figures.values())


@pytest.mark.parametrize("name", ["adrenal", "pneumonia"])
def test_the_card_says_that_its_maps_were_checked(name: str) -> None:
    checks = model(name).card.checks["heat_maps"]["consensus"]
    assert {one["check"] for one in checks} == {"parameter randomisation", "label randomisation"}
    assert all(isinstance(one["passes"], bool) for one in checks)


def test_a_changed_copy_is_not_taken_for_the_shipped_one(tmp_path: Path) -> None:
    source = shipped("adrenal")
    copy = tmp_path / source.name
    copy.write_bytes(source.read_bytes())
    card = card_path(source).read_text("utf-8")
    card_path(copy).write_text(card.replace('"version": "1.0.0"', '"version": "1.0.1"'), "utf-8")
    with pytest.raises(InputError, match="neither shipped"):
        load_model(copy, Trust(pinned=pins()))
    card_path(copy).write_text(card, "utf-8")
    changed = bytearray(source.read_bytes())
    changed[-1] ^= 1
    copy.write_bytes(bytes(changed))
    with pytest.raises(TamperError):
        load_model(copy, Trust(pinned=pins()))


def test_pneumonia_is_told_on_films_of_the_validation_part() -> None:
    judged = read_examples(data("imaging/pneumonia.npz"), classes=("normal", "pneumonia"))["val"].chosen(np.arange(120))
    chances = model("pneumonia").chances(judged.inputs)[:, 1]
    assert auc(judged.labels, chances) > 0.98
    assert np.allclose(fast(model("pneumonia")).chances(judged.inputs)[:, 1], chances, atol=1e-4)


def test_an_inverted_or_darker_film_is_the_same_or_another_question() -> None:
    judged = read_examples(data("imaging/pneumonia.npz"), classes=("normal", "pneumonia"))["val"].chosen(np.arange(40))
    ours = model("pneumonia")
    plain = ours.chances(judged.inputs)
    assert np.allclose(ours.chances(judged.inputs.astype(np.float32) * 0.5 + 20), plain, atol=1e-3)
    assert not np.allclose(ours.chances(255 - judged.inputs), plain, atol=0.1)


def test_the_hippocampus_is_outlined_in_volumes_it_did_not_learn_from_whatever_their_scale() -> None:
    whole = read_examples(data("imaging/hippocampus"), classes=("background", "anterior", "posterior"))[""]
    ours = model("hippocampus")
    judged = whole.chosen(np.arange(0, len(whole), 5)[:3])
    for inputs, truth in zip(judged.inputs, judged.labels, strict=True):
        found = ours.labels(inputs)
        assert found.shape == truth.shape
        assert dice(truth == 1, found == 1) > 0.8
        assert dice(truth == 2, found == 2) > 0.8
        assert (ours.labels(inputs * 400.0) != found).mean() < 1e-3
