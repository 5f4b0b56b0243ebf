"""The Chinese lexicon against the ontology: every code lives, every expression is one, and bad lines are named."""

from __future__ import annotations

from collections import defaultdict

import pytest

from suwen.diagnosis import Engine
from suwen.errors import FormatError
from suwen.knowledge import Knowledge
from suwen.language.lexicon import expressions_of, official_labels, parse_lexicon, read_lexicon
from suwen.language.normal import normalise


def test_every_code_is_a_living_phenotype(knowledge: Knowledge) -> None:
    ontology = knowledge.ontology
    unknown = [entry.place for entry in read_lexicon() if entry.code not in ontology.number]
    assert unknown == []
    outside = [entry.place for entry in read_lexicon() if not ontology.in_branch(ontology.number[entry.code])]
    assert outside == []


def test_no_expression_has_two_codes() -> None:
    codes: dict[str, set[str]] = defaultdict(set)
    for entry in read_lexicon():
        for expression in entry.expressions:
            codes[normalise(expression).text].add(entry.code)
    assert {expression: found for expression, found in codes.items() if len(found) > 1} == {}


def test_expressions_are_clean() -> None:
    every = [(entry.place, one) for entry in read_lexicon() for one in entry.expressions]
    assert [pair for pair in every if len(pair[1]) < 2] == []
    assert [pair for pair in every if pair[1] != pair[1].strip() or "\u3000" in pair[1] or "  " in pair[1]] == []
    traditional = [pair for pair in every if len(normalise(pair[1]).text) == len(pair[1]) and _is_traditional(pair[1])]
    assert traditional == []


def _is_traditional(expression: str) -> bool:
    pairs = zip(expression, normalise(expression).text, strict=True)
    return any(one != other and "\u4e00" <= one <= "\u9fff" for one, other in pairs)


def test_the_lexicon_is_large() -> None:
    assert len({entry.code for entry in read_lexicon()}) >= 1500
    assert len({one for entry in read_lexicon() for one in entry.expressions}) >= 4000


@pytest.mark.parametrize(
    "line",
    [
        "HP:123\t头痛",
        "HP:0002315",
        "HP:0002315\t",
        "HP:0002315\t头痛||头疼",
        "HP:0002315\t头痛\tno mark",
        "头痛\tHP:0002315",
    ],
)
def test_a_bad_line_is_named(line: str) -> None:
    with pytest.raises(FormatError, match=r"^made\.tsv, line 3: not a lexicon line"):
        list(parse_lexicon(f"# comment\n\n{line}\n", "made.tsv"))


def test_a_good_line() -> None:
    entries = list(parse_lexicon("#\nHP:0002315\t头痛|头疼\t# usual\n", "made.tsv"))
    assert [(entry.code, entry.expressions) for entry in entries] == [("HP:0002315", ("头痛", "头疼"))]


def test_it_works_without_official_labels(knowledge: Knowledge) -> None:
    assert official_labels(knowledge.ontology) == {}
    assert len(expressions_of(knowledge.ontology)) >= 4000


def test_official_labels_are_added_and_the_lexicon_wins(open_engine: Engine) -> None:
    ontology = open_engine.knowledge.ontology
    labels = official_labels(ontology)
    assert len(labels) > 10_000
    assert all(ontology.in_branch(ontology.number[code]) for code in labels.values())
    label = next(iter(labels))
    other = list(parse_lexicon(f"HP:0002315\t{label}", "made.tsv"))
    assert expressions_of(ontology, other)[label] == "HP:0002315"


def test_retired_codes_are_followed_and_unknown_ones_left_out(knowledge: Knowledge) -> None:
    old, new = next((old, new) for old, new in knowledge.ontology.retired.items() if new)
    entries = list(parse_lexicon(f"{old}\t旧的说法\nHP:9999999\t没有的说法", "made.tsv"))
    assert expressions_of(knowledge.ontology, entries)["旧的说法"] == new
    assert "没有的说法" not in expressions_of(knowledge.ontology, entries)
