"""A card comes back as it was written, whatever it says, and what is no card is refused with every problem named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.errors import FormatError
from suwen.learn.card import FORMAT, Card, Figure, Provenance

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(TEXTS, PLAIN, max_size=4)
FIGURES = st.builds(
    Figure,
    NUMBERS,
    st.none() | NUMBERS,
    st.none() | NUMBERS,
    st.integers(0, 10**6),
    st.sampled_from(["validation", "test"]),
)
CARDS = st.builds(
    Card,
    name=st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True),
    version=TEXTS,
    purpose=st.fixed_dictionaries({"en": TEXTS, "zh": TEXTS}),
    task=st.sampled_from(["classes", "masks", "numbers"]),
    classes=st.lists(TEXTS, max_size=4).map(tuple),
    network=OBJECTS,
    prepare=OBJECTS,
    data=st.lists(st.builds(Provenance, TEXTS, TEXTS, TEXTS, TEXTS, st.integers(0, 10**6), TEXTS), max_size=3).map(
        tuple
    ),
    figures=st.dictionaries(TEXTS, FIGURES, max_size=4),
    limits=st.fixed_dictionaries(
        {"en": st.lists(TEXTS, max_size=3).map(tuple), "zh": st.lists(TEXTS, max_size=3).map(tuple)}
    ),
    licence=TEXTS,
    weights_sha256=st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
    calibration=OBJECTS,
    threshold=st.none() | st.floats(0, 1),
    flips=st.lists(st.integers(0, 2), max_size=3).map(tuple),
    training=OBJECTS,
    checks=OBJECTS,
    cohort=TEXTS,
)


@settings(max_examples=150, deadline=None)
@given(CARDS)
def test_a_card_comes_back_as_it_was(card: Card) -> None:
    text = card.to_json()
    assert Card.from_json(text) == card
    assert Card.from_json(text.encode()) == card
    assert Card.from_json(text).to_json() == text


def values(**changes: Any) -> dict[str, Any]:
    card = Card(
        "one", "1", {"en": "x", "zh": "x"}, "classes", ("a", "b"), {}, {}, (), {}, {"en": ("x",), "zh": ("x",)}, "CC0"
    )
    told: dict[str, Any] = json.loads(card.to_json())
    return {**told, **changes}


def test_fields_with_defaults_may_be_missing_and_the_others_not() -> None:
    told = values()
    optional = {"calibration", "threshold", "flips", "training", "checks", "cohort", "weights_sha256"}
    Card.from_json(json.dumps({name: value for name, value in told.items() if name not in optional}))
    for name in set(told) - optional - {"format"}:
        with pytest.raises(FormatError, match=f"{name}: is missing"):
            Card.from_json(json.dumps({one: value for one, value in told.items() if one != name}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", 7),
        ("classes", "ab"),
        ("classes", [1]),
        ("network", []),
        ("prepare", "x"),
        ("data", {}),
        ("data", [{"name": "x"}]),
        ("data", [7]),
        ("figures", []),
        ("figures", {"auc": 0.9}),
        ("figures", {"auc": {"value": 0.9, "more": 1}}),
        ("limits", {"en": "x"}),
        ("purpose", "x"),
        ("purpose", {"en": 1}),
        ("threshold", 1.5),
        ("threshold", "0.5"),
        ("threshold", True),
        ("flips", 0),
        ("flips", ["x"]),
        ("weights_sha256", None),
        ("wights", "x"),
    ],
)
def test_what_is_of_the_wrong_kind_is_named(name: str, value: object) -> None:
    with pytest.raises(FormatError, match=name):
        Card.from_json(json.dumps(values(**{name: value})))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("flips", [9]),
        ("flips", [-1]),
        ("figures", {"auc": {"value": "0.9"}}),
        ("figures", {"auc": {"value": float("nan")}}),
        ("data", [{"name": "a", "source": 2, "licence": "b", "digest": "c", "n": "five"}]),
        ("name", "../../elsewhere"),
        ("task", "everything"),
    ],
)
def test_what_is_of_the_wrong_kind_deeper_down_is_named(name: str, value: object) -> None:
    with pytest.raises(FormatError, match=name):
        Card.from_json(json.dumps(values(**{name: value})))


def test_all_problems_are_listed_together() -> None:
    with pytest.raises(FormatError) as told:
        Card.from_json(json.dumps(values(name=1, classes=2, colour="red")))
    assert {one.where for one in told.value.problems} == {"name", "classes", "colour"}


@pytest.mark.parametrize("text", ["", "[]", "7", "null", "{", "[" * 100_000, "{}", "\ufeff{}"])
def test_what_is_no_card_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        Card.from_json(text)


@pytest.mark.parametrize("format_", [None, 0, FORMAT + 1, "1", [1]])
def test_another_format_is_refused(format_: object) -> None:
    with pytest.raises(FormatError, match="format"):
        Card.from_json(json.dumps(values(format=format_)))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(FormatError):
        Card.from_json(noise)
