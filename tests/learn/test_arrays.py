"""Models that are plain arrays: the same after storing, and refused when anything was changed or is missing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from suwen.errors import FormatError, NotFoundError, TamperError
from suwen.learn.arrays import SHIPPED_ARRAYS, array_pins, load_arrays, save_arrays, shipped_arrays
from suwen.learn.card import Card

CARD = Card("tiny", "1", {"en": "a"}, "numbers", (), {}, {}, (), {}, {"en": ("b",)}, "MIT")
PARTS = {"one": {"a": np.arange(6, dtype=np.uint16).reshape(2, 3).T}, "two": {"b": np.array([0.5], np.float32)}}


def saved(folder: Path) -> tuple[Path, frozenset[str]]:
    save_arrays(PARTS, CARD, folder)
    card = folder / "tiny.json"
    return card, frozenset({hashlib.sha256(card.read_bytes()).hexdigest()})


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    card, pins = saved(tmp_path)
    parts, read = load_arrays(card, pins)
    assert read.name == "tiny"
    for part, arrays in PARTS.items():
        for name, one in arrays.items():
            assert parts[part][name].dtype == one.dtype
            assert (parts[part][name] == one).all()
    assert not list(tmp_path.glob("*.part"))


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    card, pins = saved(tmp_path)
    file = tmp_path / "two.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(TamperError):
        load_arrays(card, pins)


def test_another_card_is_not_loaded(tmp_path: Path) -> None:
    card, pins = saved(tmp_path)
    card.write_text(card.read_text("utf-8").replace('"b"', '"c"'), "utf-8")
    with pytest.raises(TamperError):
        load_arrays(card, pins)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    card, pins = saved(tmp_path)
    (tmp_path / "one.safetensors").unlink()
    with pytest.raises(NotFoundError, match=r"one\.safetensors"):
        load_arrays(card, pins)
    with pytest.raises(NotFoundError):
        load_arrays(tmp_path / "none.json", pins)
    with pytest.raises(NotFoundError):
        shipped_arrays("no_such_arrays")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_none_are_refused(value: float, tmp_path: Path) -> None:
    save_arrays({"one": {"a": np.array([value])}}, CARD, tmp_path)
    card = tmp_path / "tiny.json"
    with pytest.raises(FormatError):
        load_arrays(card, frozenset({hashlib.sha256(card.read_bytes()).hexdigest()}))


@pytest.mark.skipif(not (SHIPPED_ARRAYS / "pins.json").exists(), reason="this package ships no arrays yet")
def test_every_shipped_card_is_pinned_small_and_says_where_it_ends() -> None:
    cards = {path.stem: path for path in SHIPPED_ARRAYS.glob("*.json") if path.stem != "pins"}
    assert set(cards) == set(json.loads((SHIPPED_ARRAYS / "pins.json").read_text("utf-8")))
    for card_file in cards.values():
        _, card = load_arrays(card_file, array_pins())
        assert all(len(card.limits[lang]) >= 3 and card.purpose[lang] for lang in ("en", "zh"))
        assert all(one.licence and one.digest for one in card.data)
        assert all(figure.low is not None for figure in card.figures.values())
    assert all(path.stat().st_size <= 16 * 2**20 for path in SHIPPED_ARRAYS.iterdir())
