"""A model opened on one row of a table: Shapley values against the other rows, and what a faithful tree says of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suwen.errors import FormatError, InputError
from suwen.explain.opening.answer import answer_of, finding_of, source_of_card
from suwen.explain.opening.example import Example, Rows
from suwen.explain.opening.opened import Opened
from suwen.explain.opening.words import said
from suwen.explain.surrogate import Surrogate, explain_row, unfaithful
from suwen.explain.surrogate.words import fidelity_words
from suwen.explain.tables import Column, as_evidence, attribute, named_columns
from suwen.learn.card import Card
from suwen.learn.model import Model

__all__ = ["columns_of", "open_row"]

COMPARED = 64  # rows compared with: more change the last digit and take as much longer


def open_row(
    model: Model,
    example: Example,
    *,
    target: int | None,
    surrogate: Surrogate | None,
    rng: np.random.Generator,
    lang: str,
) -> Opened:
    """Answer and explain one row; the weights add up to its log10 odds less the mean of the rows compared with.

    Raises:
        InputError: the input is no row, its columns are not the model's, or no other row is there to compare with.

    """
    if example.rows is None:
        raise InputError(f"{model.card.name} takes rows of a table (file.csv:3), and {example.name} is none")
    columns, row, others, notes = _fitted(model.card, example, example.rows, lang)
    answer = answer_of(model, [row.astype(np.float32)], target, lang)
    background = others[np.unique(np.linspace(0, len(others) - 1, COMPARED).round().astype(int))]

    def chances(rows: NDArray[Any]) -> NDArray[Any]:
        return model.chances(rows.astype(np.float32), batch=4096)

    found = attribute(chances, row, background, columns, rng=rng, target=answer.target)
    shares = found.shares
    ten = math.log(10)
    sums = said(
        "sums",
        lang,
        total=f"{(shares.total - shares.base) / ten:+.2f}",
        row=f"{shares.total / ten:+.2f}",
        base=f"{shares.base / ten:+.2f}",
        name=answer.name,
    )
    compared = said("compared", lang, n=len(background), file=example.file.name)
    weighed = as_evidence(found, source=source_of_card(model.card), lang=lang, most=len(columns))
    warnings, sentences = _surrogate(surrogate, columns, row, answer.target, answer.chance.value, lang)
    return Opened(
        finding_of(model.card, example, answer, weighed),
        model.card,
        example.name,
        answer.target,
        answer.name,
        said(f"method_{found.method}", lang),
        answer.scores,
        answer.called,
        warnings=warnings,
        notes=(*notes, compared, sums),
        surrogate=sentences,
    )


def columns_of(card: Card) -> tuple[Column, ...]:
    """The columns that the card names (`training.columns`: names, or the fields of a Column); none where it does not.

    Raises FormatError where it names them wrongly.
    """
    named = card.training.get("columns", ())
    try:
        return tuple(_column(one) for one in named)
    except (TypeError, InputError):
        raise FormatError(f"the card of {card.name} does not describe its columns properly") from None


def _column(one: Any) -> Column:
    if isinstance(one, str):
        return Column(one)
    if not isinstance(one, Mapping) or set(one) - {field.name for field in fields(Column)}:
        raise TypeError("column")
    choices = tuple((float(value), str(en), str(zh)) for value, en, zh in one.get("choices", ()))
    return Column(**{**one, "choices": choices})


def _fitted(
    card: Card, example: Example, rows: Rows, lang: str
) -> tuple[tuple[Column, ...], NDArray[np.float64], NDArray[np.float64], tuple[str, ...]]:
    """Row and other rows with the model's columns in the model's order."""
    settings = card.network.get("settings", {})
    width = int(settings.get("features", len(settings.get("kinds", ())) or 1))
    columns = columns_of(card)
    notes: tuple[str, ...] = ()
    if columns:
        missing = [one.name for one in columns if one.name not in rows.columns]
        if missing:
            raise InputError(f"{example.file.name} lacks the columns {', '.join(missing)} that {card.name} takes")
    else:
        columns = named_columns(rows.columns)
        notes = (said("columns_header", lang, columns=", ".join(rows.columns)),)
    if len(columns) != width:
        raise InputError(
            f"{card.name} takes {width} columns of numbers, and {example.file.name} has {len(columns)}: "
            f"{', '.join(one.name for one in columns)}; leave out what the model does not take"
        )
    if not len(rows.others):
        raise InputError(f"{example.file.name} has no other whole row to compare with; add some of the same kind")
    order = [rows.columns.index(one.name) for one in columns]
    row = np.asarray(example.values, np.float64)[order]
    return columns, row, rows.others[:, order], notes


def _surrogate(
    surrogate: Surrogate | None,
    columns: tuple[Column, ...],
    row: NDArray[np.float64],
    target: int,
    chance: float | None,
    lang: str,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Warnings and sentences of the tree beside the model; refusals are words, for there is something else to show."""
    if surrogate is None or chance is None:
        return (), ()
    if unfaithful(surrogate) is not None:
        had, floor = surrogate.fidelity, surrogate.floor
        shares = {"agreement": f"{had.agreement:.3f}", "least": f"{floor.agreement:.3f}", "r2": f"{had.r2:.3f}"}
        return (said("surrogate_refused", lang, n=had.n, least_r2=f"{floor.r2:.3f}", **shares),), ()
    if [one.name for one in surrogate.columns] != [one.name for one in columns]:
        return (said("surrogate_columns", lang),), ()
    network = chance if target == 1 else 1 - chance
    try:
        reading = explain_row(surrogate, row, network=network, lang=lang)
    except InputError:
        tree = f"{_tree_chance(surrogate, row):.2f}"
        return (said("surrogate_differs", lang, tree=tree, network=f"{network:.2f}"),), ()
    return (), (reading.sentence, fidelity_words(surrogate, lang))


def _tree_chance(surrogate: Surrogate, row: NDArray[np.float64]) -> float:
    from suwen.explain.tables.trees import route  # noqa: PLC0415

    return float(surrogate.tree.nodes[int(route(surrogate.tree, row[None])[0])].value)
