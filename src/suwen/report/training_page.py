"""A training for its reader as one page: course, figures with intervals, drawings, subgroups, data, plan and limits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
from markupsafe import Markup

from suwen.errors import InputError
from suwen.learn.measure import Note, Subgroup, SubgroupTable, accuracy, age_bands, auc, subgroup_table
from suwen.learn.nouns import Examples
from suwen.learn.teach import Taught
from suwen.report.card_view import card_view, figure_name, figure_number, told
from suwen.report.html import environment
from suwen.report.strings import Language
from suwen.report.training_charts import Answers, answers_of, class_named, course_charts, performance_charts

__all__ = ["TrainingPage", "subgroups_of", "training_html"]

_MOST_VALUES = 8  # of an attribute that is taken for subgroups
_MOST_ATTRIBUTES = 6
_FIRST = ("sex", "gender", "age", "site", "hospital", "scanner", "view", "device")
_RESAMPLES = 500


@dataclass(frozen=True)
class TrainingPage:
    """What was taught, and the part it is shown on: a test part where there is one, else the validation part.

    `vouched` is what `vouched_by` says of the model as it was written.
    """

    taught: Taught
    shown: Examples
    part: str = "validation"
    vouched: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Group:
    attribute: str
    value: str
    n: int
    events: str
    cells: tuple[str, ...]
    remarks: str


def training_html(page: TrainingPage, *, lang: Language = "en", created: datetime) -> str:
    """Return the report as one self-contained HTML document; everything that comes from outside is escaped.

    The limits of the card stand on its first screen. Raises InputError for a language that it does not speak.
    """
    model, trainings = page.taught.model, page.taught.trainings
    say = partial(told, lang=lang)
    view = card_view(model.card, lang, page.vouched)
    answers = answers_of(model, page.shown, page.part)
    drawn = list(performance_charts(model, answers, lang))
    notices = [(one.plan.seed, notice) for one in trainings for notice in one.notices]
    table = subgroups_of(answers, model.card.threshold)
    return (
        environment()
        .get_template("training.html")
        .render(
            say=say,
            view=view,
            when=f"{created:%Y-%m-%d %H:%M %Z}".strip(),
            notices=[
                (say(f"training_kind_{one.kind}"), seed, one.chinese if lang == "zh" else one.english)
                for seed, one in notices
            ],
            # The drawings are our own, and escape what comes from outside themselves.
            courses=[Markup(one) for one in course_charts(trainings, lang, model.card.classes)],  # noqa: S704
            charts=[Markup(svg) for svg, _ in drawn if svg],  # noqa: S704
            undrawn=[why for _, why in drawn if why],
            names=[figure_name(class_named(name, model.card.classes), lang) for name in _names(page)],
            epochs=list(_epochs(page)),
            n=len(page.shown),
            part=say(f"training_part_{page.part}"),
            measures=[figure_name(name, lang) for name in (table.overall if table else ())],
            groups=[] if table is None else [_group(row, lang) for row in table.rows],
            comparisons=0 if table is None else table.comparisons,
        )
    )


def subgroups_of(answers: Answers, threshold: float | None) -> SubgroupTable | None:
    """AUC and accuracy by attributes of few values, ages in bands; None where there is none, or no classifier."""
    examples = answers.examples
    attributes = _attributes(examples)
    if answers.chances is None or not attributes:
        return None
    column, truth = answers.column, np.asarray(examples.labels)
    binary = column.ndim == 1 and threshold is not None
    called = (column >= threshold).astype(int) if binary else np.asarray(answers.chances).argmax(1)
    shared: dict[str, Any] = {"groups": examples.groups or None, "n": _RESAMPLES}
    try:
        # One measure a table: so all resamples are one calculation.
        ranked, right = (
            subgroup_table({name: measure}, [truth, said], attributes, rng=np.random.default_rng(0), **shared)
            for name, measure, said in (("auc", auc, column), ("accuracy", accuracy, called))
        )
    except InputError:
        return None
    rows = tuple(_merged(one, two) for one, two in zip(ranked.rows, right.rows, strict=True))
    overall = {**ranked.overall, **right.overall}
    return SubgroupTable(overall, ranked.n, rows, ranked.comparisons + right.comparisons)


def _merged(one: Subgroup, two: Subgroup) -> Subgroup:
    return Subgroup(
        one.attribute,
        one.value,
        one.n,
        one.rows,
        one.events,
        {**one.estimates, **two.estimates},
        {**one.differences, **two.differences},
        tuple(note for note in Note if note in {*one.notes, *two.notes}),
        (*one.different, *two.different),
    )


def _attributes(examples: Examples) -> dict[str, Sequence[Any]]:
    found: dict[str, Sequence[Any]] = {}
    for name, values in sorted(examples.attributes.items(), key=lambda one: _order(one[0])):
        chosen = _bands(values) if name.lower() in {"age", "age_years", "age (years)"} else values
        known = {str(one) for one in chosen if one not in {None, ""}}
        if 2 <= len(known) <= _MOST_VALUES:
            found[name] = chosen
    return dict(list(found.items())[:_MOST_ATTRIBUTES])


def _order(name: str) -> tuple[int, str]:
    place = next((at for at, start in enumerate(_FIRST) if name.lower().startswith(start)), len(_FIRST))
    return place, name


def _bands(values: Sequence[Any]) -> Sequence[Any]:
    try:
        ages = [None if one in {None, ""} else float(one) for one in values]
        return age_bands([None if one is None or math.isnan(one) else one for one in ages])
    except (ValueError, TypeError, InputError):
        return values


def _group(row: Subgroup, lang: Language) -> _Group:
    remarks = [told(f"training_note_{one.value}", lang) for one in row.notes if one is not Note.DIFFERENT]
    remarks += [f"{figure_name(name, lang)} {told('training_note_different', lang)}" for name in row.different]
    cells = tuple(told("unknown", lang) if one is None else one.text() for one in row.estimates.values())
    value = told("unknown", lang) if row.value is None else row.value
    events = "" if row.events is None else str(row.events)
    return _Group(row.attribute, value, row.n, events, cells, told("list_comma", lang).join(remarks))


def _names(page: TrainingPage) -> list[str]:
    histories = [epoch.figures for one in page.taught.trainings for epoch in one.history]
    return list(dict.fromkeys(name for figures in histories for name in figures))


def _epochs(page: TrainingPage) -> Any:
    names = _names(page)
    for one in page.taught.trainings:
        for epoch in one.history:
            figures = [_number(name, epoch.figures) for name in names]
            losses = [f"{epoch.rate:.3g}", f"{epoch.loss:.4f}", f"{epoch.validation_loss:.4f}"]
            yield one.plan.seed, epoch.number, epoch.number == one.best, [*losses, *figures, f"{epoch.seconds:.1f}"]


def _number(name: str, figures: Mapping[str, float]) -> str:
    value = figures.get(name, math.nan)
    return figure_number(name, value) if math.isfinite(value) else "-"
