"""The drawings of a training: its course epoch by epoch, and how well the model answers; SVG that stands alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from suwen.errors import InputError
from suwen.learn.fit import Trained
from suwen.learn.measure import auc, decision_curve, decision_svg, dice, reliability, reliability_svg, roc
from suwen.learn.measure.drawing import Chart, Line, draw
from suwen.learn.model import Model
from suwen.learn.nouns import Array, Examples
from suwen.report.card_view import figure_name, told
from suwen.report.strings import Language

__all__ = ["Answers", "answers_of", "class_named", "course_charts", "performance_charts"]

_Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model said of one part: `chances` (n, classes) of a classifier, or `dice` (n, classes - 1) of outlines."""

    examples: Examples
    part: str
    chances: Array | None = None
    dice: Array | None = None

    @property
    def column(self) -> Array:
        """Chances of the second of two classes (n,), else those of all (n, classes)."""
        chances = np.asarray(self.chances)
        return np.asarray(chances[:, 1] if chances.shape[1] == 2 else chances)


def answers_of(model: Model, examples: Examples, part: str) -> Answers:
    """Have the model answer for the examples."""
    if model.card.task == "classes":
        return Answers(examples, part, chances=model.chances(examples.inputs))
    if model.card.task != "masks":
        return Answers(examples, part)
    rows = [
        [dice(truth == one, found == one) for one in range(1, len(examples.classes))]
        for truth, found in (
            (truth, model.labels(one)) for one, truth in zip(examples.inputs, examples.labels, strict=True)
        )
    ]
    return Answers(examples, part, dice=np.array(rows, np.float64))


def course_charts(trainings: Sequence[Trained], lang: Language, classes: Sequence[str] = ()) -> list[str]:
    """Losses, each figure and the learning rate over the epochs, a line for each network."""
    say = partial(told, lang=lang)
    kept = say("list_comma").join(say("training_best_one", epoch=one.best, seed=one.plan.seed) for one in trainings)
    note = say("training_best", best=kept)
    losses = [
        Line(_named(say(f"training_loss_{part}"), one, trainings, lang), _points(one, value))
        for one in trainings
        for part, value in (("training", lambda epoch: epoch.loss), ("validation", lambda epoch: epoch.validation_loss))
    ]
    charts = [_chart(say("training_loss"), losses, lang, note)]
    for name in dict.fromkeys(name for one in trainings for epoch in one.history for name in epoch.figures):
        title = figure_name(class_named(name, classes), lang)
        lines = [Line(_named(title, one, trainings, lang), _points(one, _of(name))) for one in trainings]
        charts.append(_chart(title, lines, lang, note))
    title = say("training_rate")
    rates = [Line(_named(title, one, trainings, lang), _points(one, lambda epoch: epoch.rate)) for one in trainings]
    if len({tuple(one.points) for one in rates}) == 1:
        rates = [Line(title, rates[0].points)]
    return [one for one in [*charts, _chart(title, rates, lang, "")] if one]


def class_named(figure: str, classes: Sequence[str]) -> str:
    """A figure of training with the name of its class: there `dice.1` has only its number."""
    kind, _, number = figure.partition(".")
    known = number.isdecimal() and int(number) < len(classes)
    return f"{kind}.{classes[int(number)]}" if known else figure


def _of(name: str) -> Callable[[Any], float]:
    return lambda epoch: float(epoch.figures.get(name, math.nan))


def _points(trained: Trained, value: Callable[[Any], float]) -> _Points:
    points = [(float(epoch.number), float(value(epoch))) for epoch in trained.history]
    return [point for point in points if math.isfinite(point[1])]


def _named(what: str, one: Trained, trainings: Sequence[Trained], lang: Language) -> str:
    return what if len(trainings) == 1 else told("training_of_seed", lang, what=what, seed=one.plan.seed)


def _chart(title: str, lines: Sequence[Line], lang: Language, note: str) -> str:
    """A chart over epochs; a line of one point gets a mark, as nothing else of it would be seen."""
    drawn = [Line(one.name, one.points, marks=len(one.points) == 1) for one in lines if one.points]
    if not drawn:
        return ""
    values = [y for line in drawn for _, y in line.points]
    last = max(x for line in drawn for x, _ in line.points)
    low, high = min(values), max(values)
    room = 0.05 * (high - low) or max(abs(high) * 0.1, 1e-6)
    ends = (low - room if low < 0 or low - room >= 0 else 0.0, high + room)
    return draw(Chart(title, told("training_epoch", lang), "", (1.0, max(2.0, last)), ends, drawn, note), lang)


def performance_charts(model: Model, answers: Answers, lang: Language) -> Iterator[tuple[str, str]]:
    """Pairs of a drawing and "", or of "" and a sentence that says why there is none."""
    if answers.dice is not None and answers.dice.size:
        yield _dice_chart(answers, lang), ""
    if answers.chances is None:
        return
    wanted: list[tuple[str, Callable[[], str]]] = [
        ("training_reliability", lambda: reliability_svg(_reliability(answers), lang=lang)),
        ("training_roc", lambda: _roc_chart(model, answers, lang)),
    ]
    if answers.chances.shape[1] == 2:
        wanted.append(("training_decision", lambda: _decision_chart(model, answers, lang)))
    for key, made in wanted:
        try:
            yield made(), ""
        except InputError:
            yield "", told("training_undrawn", lang, what=told(key, lang))


def _reliability(answers: Answers) -> Any:
    bins = max(2, min(10, len(answers.examples) // 10))
    return reliability(answers.examples.labels, answers.column, bins=bins)


def _roc_chart(model: Model, answers: Answers, lang: Language) -> str:
    classes, chances, truth = answers.examples.classes, np.asarray(answers.chances), answers.examples.labels
    shown = (1,) if len(classes) == 2 else range(len(classes))
    lines = []
    for one in shown:
        ill = (truth == one).astype(int)
        curve = roc(ill, chances[:, one])
        name = told("training_roc_line", lang, name=classes[one], area=auc(ill, chances[:, one]))
        lines.append(Line(name, list(zip(1 - curve.specificity, curve.sensitivity, strict=True))))
    lines.append(Line(told("training_roc_chance", lang), ((0.0, 0.0), (1.0, 1.0)), grey=True))
    axes = told("training_roc_across", lang), told("training_roc_up", lang)
    return draw(
        Chart(told("training_roc", lang), *axes, (0, 1), (0, 1), lines, _at_threshold(model, answers, lang)), lang
    )


def _at_threshold(model: Model, answers: Answers, lang: Language) -> str:
    at = model.card.threshold
    if at is None:
        return ""
    truth, called = np.asarray(answers.examples.labels) == 1, answers.column >= at
    rates = {"sensitivity": float(called[truth].mean()), "specificity": float((~called[~truth]).mean())}
    return told("training_roc_threshold", lang, at=at, **rates)


def _decision_chart(model: Model, answers: Answers, lang: Language) -> str:
    groups = answers.examples.groups or None
    curve = decision_curve(answers.examples.labels, answers.column, groups=groups, rng=np.random.default_rng(0), n=200)
    return decision_svg({model.card.name: curve}, lang=lang)


def _dice_chart(answers: Answers, lang: Language) -> str:
    scores = np.asarray(answers.dice)
    order = np.argsort(scores.mean(1), kind="stable")
    lines = [
        Line(name, [(place + 1.0, float(scores[row, at])) for place, row in enumerate(order)], marks=True)
        for at, name in enumerate(answers.examples.classes[1:])
    ]
    names = answers.examples.names
    worst = told("list_comma", lang).join(names[row] for row in order[:3]) if names else ""
    note = told("training_worst", lang, names=worst) if worst else ""
    title, across = told("training_dice_cases", lang), told("training_case", lang)
    ends = (1.0, max(2.0, float(len(order))))
    return draw(Chart(title, across, told("training_figure_dice", lang), ends, (0, 1), lines, note), lang)
