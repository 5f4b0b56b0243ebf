"""A row's evidence adds up as Shapley values do, follows the card's columns, and a tree speaks only where faithful."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from planted_models import blob, lawful, load, table, teach_rows
from suwen.errors import FormatError, InputError
from suwen.explain.opening.door import open_model
from suwen.explain.opening.example import Example, Rows
from suwen.explain.surrogate import Fidelity, Surrogate
from suwen.explain.tables import Column, Node, Tree
from suwen.learn.model import Model
from suwen.subject import Kind


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def perceptron(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load(teach_rows(tmp_path_factory.mktemp("rows")))


def rows(at: int = 2, n: int = 30) -> tuple[Example, NDArray[np.float32]]:
    values, _ = table(n, seed=3)
    others = np.delete(values, at, axis=0).astype(np.float64)
    row = Example(values[at].astype(np.float64), "row", "t.csv:3", Path("t.csv"), rows=Rows(("a", "b", "c"), others))
    return row, values


def log10_odds(chances: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.log10(chances) - np.log10(1 - chances))


@pytest.mark.parametrize("target", [0, 1])
def test_the_evidence_of_a_row_adds_up(perceptron: Model, target: int) -> None:
    example, values = rows()
    opened = open_model(perceptron, example, target=target)
    lawful(opened, "en")
    odds = log10_odds(perceptron.chances(values)[:, target])
    expected = odds[2] - np.delete(odds, 2).mean()
    assert sum(one.weight for one in opened.finding.evidence) == pytest.approx(expected, abs=1e-3)
    assert opened.finding.subject.kind is Kind.PATIENT
    lawful(open_model(perceptron, example, target=target, lang="zh"), "zh")


def test_columns_are_taken_in_the_order_of_the_card(perceptron: Model) -> None:
    example, _ = rows()
    assert example.rows is not None
    turned = Example(
        example.values[[2, 0, 1]],
        "row",
        example.name,
        example.file,
        rows=Rows(("c", "a", "b"), example.rows.others[:, [2, 0, 1]]),
    )
    columns = [{"name": "a", "en": "age", "zh": "年龄", "unit": "a"}, "b", "c"]
    model = Model(perceptron.network, replace(perceptron.card, training={"columns": columns}))
    plain, named = open_model(perceptron, example), open_model(model, turned, lang="zh")
    assert plain.finding.chance == replace(named.finding.chance, calibration=plain.finding.chance.calibration)
    assert [one.weight for one in plain.finding.evidence] == [one.weight for one in named.finding.evidence]
    assert any("年龄" in one.sentence for one in named.finding.evidence)


def surrogate(agreement: float, chance: float) -> Surrogate:
    leaves = Node(chance, 50, count=50, positives=5), Node(0.9, 50, count=50, positives=45)
    nodes = (Node(0.5, 100, 0, 0.0, 1, 2, 100, 50), *leaves)
    said = Fidelity(agreement, agreement - 0.02, agreement + 0.02, 0.8, 0.7, 0.9, 200, "held out")
    return Surrogate(Tree(nodes), tuple(Column(name) for name in "abc"), said, (), threshold=0.5)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_tree_explains_only_where_it_is_faithful(perceptron: Model, lang: str) -> None:
    example, values = rows(int(np.argmin(table(30, seed=3)[0][:, 0])))
    network = perceptron.chances([example.values.astype(np.float32)])[0, 1]
    assert network < 0.5
    good = open_model(perceptron, example, surrogate=surrogate(0.97, 0.1), lang=lang)
    assert len(good.surrogate) == 2
    assert not good.warnings
    refused = {
        0.1: ("0.800", "at least" if lang == "en" else "至少"),
        0.8: ("0.80", "than" if lang == "en" else "不同"),
    }
    for agreement, chance in ((0.8, 0.1), (0.97, 0.8)):
        opened = open_model(perceptron, example, surrogate=surrogate(agreement, chance), lang=lang)
        assert opened.surrogate == ()
        assert all(word in opened.warnings[0] for word in refused[chance])
    assert len(values) == 30


def test_wrong_rows_are_refused_in_one_line(perceptron: Model) -> None:
    row = rows()[0]
    lonely = replace(row, rows=Rows(("a", "b", "c"), np.empty((0, 3))))
    narrow = replace(row, values=row.values[:2], rows=Rows(("a", "b"), np.zeros((3, 2))))
    refused = [
        (Example(blob((20, 24), (6, 18)), "picture", "film.png"), "", "takes rows of a table"),
        (row, "grad_cam", "rows of tables"),
        (lonely, "", "compare"),
        (narrow, "", "3 columns"),
    ]
    for example, method, said in refused:
        with pytest.raises(InputError, match=said) as caught:
            open_model(perceptron, example, method=method)
        assert "\n" not in str(caught.value)
    for columns in ([{"name": "a", "size": 1}, "b", "c"], [7, "b", "c"], 7):
        model = Model(perceptron.network, replace(perceptron.card, training={"columns": columns}))
        with pytest.raises(FormatError, match="columns"):
            open_model(model, row)
