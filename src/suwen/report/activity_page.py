"""An activity model as one HTML file: its data, its honest errors, cliffs and forecasts, both languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from markupsafe import Markup

from suwen.drugs.activity.nouns import ActivityForecast, Assay, Cliff, Judged, Share
from suwen.errors import InputError
from suwen.formats.molecules import notice_text
from suwen.report.activity_charts import class_chart, scatter
from suwen.report.activity_strings import say
from suwen.report.activity_view import (
    cliff_views,
    error_figures,
    forecast_axis,
    forecast_rows,
    is_concentration,
    learner_rows,
    other_figures,
    potency_text,
    weights_text,
)
from suwen.report.html import environment
from suwen.report.molecule_pictures import small
from suwen.report.molecule_words import number_text
from suwen.report.strings import Language

__all__ = ["MOST_CLIFFS", "MOST_FORECASTS", "ActivityPage", "render_activity"]

MOST_CLIFFS = 24
"""So many cliffs are drawn at most, the steepest."""
MOST_FORECASTS = 300
"""So many forecasts are drawn at most, the first ones; the exported table holds all."""

_MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """What the page shows: the assay, how well the way of fitting did, the learners, cliffs, and forecasts.

    `out_of_fold` holds a forecast for each molecule of `assay`, made while it was held out; empty leaves out the chart.
    `judged` is None where there were too few molecules to tell.
    """

    assay: Assay
    judged: Judged | None
    shares: Sequence[Share]
    out_of_fold: Sequence[float] = ()
    cliffs: Sequence[Cliff] = ()
    forecasts: Sequence[ActivityForecast] = ()

    def __post_init__(self) -> None:
        count = len(self.assay.molecules)
        if len(self.out_of_fold) not in (0, count):
            raise InputError(
                f"{len(self.out_of_fold)} forecasts are given for the assay's {count} molecules",
                zh=f"该试验的 {count} 个分子给出了 {len(self.out_of_fold)} 个预测",
            )


def render_activity(page: ActivityPage, *, lang: Language = "en", created: datetime) -> str:
    """Return an activity model as one self-contained HTML document in English or Chinese; no script, nothing is loaded.

    The same input gives the same text; everything is escaped. Raises InputError for a language that the report does not
    speak, MissingExtraError without RDKit.
    """
    assay, judged, cliffs, forecasts = page.assay, page.judged, page.cliffs, page.forecasts
    axis = forecast_axis(forecasts[:MOST_FORECASTS], assay)
    return (
        environment()
        .get_template("activity.html")
        .render(
            say=partial(say, lang=lang),
            when=f"{created:%Y-%m-%d %H:%M %Z}".strip(),
            title=assay.column,
            whence=assay.whence.said(lang),
            facts=_facts(assay, lang),
            concentration=is_concentration(assay),
            left_out=_left_out(assay, lang),
            contradictory=_contradictory(assay, lang),
            noticed=[notice_text(one, lang) for one in assay.noticed],
            folds=0 if judged is None else judged.folds,
            error_name=say(f"act_error_{assay.kind}", lang),
            errors=None if judged is None else error_figures(judged, lang),
            others=None if judged is None else other_figures(judged, assay, lang),
            kind=assay.kind,
            chart=_chart(assay, page.out_of_fold, cliffs, lang),
            learners=learner_rows(page.shares, lang),
            weights=weights_text(page.shares, lang),
            cliffs=cliff_views(cliffs, assay, MOST_CLIFFS, lang),
            cliff_count=len(cliffs),
            axis=axis,
            forecasts=forecast_rows(forecasts[:MOST_FORECASTS], assay, axis, lang),
            forecast_count=len(forecasts),
        )
    )


def _facts(assay: Assay, lang: Language) -> list[tuple[str, str]]:
    unit = say("act_as_is", lang) if assay.unit == "as is" else assay.unit.replace("u", "µ")
    counts = (
        ("act_rows", assay.rows),
        ("act_molecules", len(assay.molecules)),
        ("act_merged", assay.merged),
        ("act_left_out", len(assay.left_out)),
        ("act_contradictory", len(assay.contradictory)),
    )
    return [
        (say("act_column", lang), assay.column),
        (say("act_unit", lang), unit),
        *((say(key, lang), f"{count:,}") for key, count in counts),
    ]


def _left_out(assay: Assay, lang: Language) -> list[tuple[str, int, list[tuple[int, str]]]]:
    """The rows that were left out by reason: how many, and the first of them."""
    found: dict[str, list[tuple[int, str]]] = {}
    for one in assay.left_out:
        found.setdefault(one.why.said(lang), []).append((one.row, one.written))
    ordered = sorted(found.items(), key=lambda one: -len(one[1]))
    return [(why, len(rows), rows[:_MOST_LISTED]) for why, rows in ordered]


def _contradictory(assay: Assay, lang: Language) -> list[tuple[Markup, str, str, str]]:
    return [
        (
            small(one.smiles, one.name),
            one.name,
            potency_text(one.value, assay, lang),
            say("act_repeats", lang, count=one.repeats, spread=number_text(one.spread)),
        )
        for one in assay.contradictory[:MOST_CLIFFS]
    ]


def _chart(assay: Assay, out_of_fold: Sequence[float], cliffs: Sequence[Cliff], lang: Language) -> list[Markup]:
    """The scatter of amounts; of classes a histogram for each."""
    if not out_of_fold:
        return []
    measured = [one.value for one in assay.molecules]
    if assay.kind == "classes":
        return [
            class_chart(
                [said for said, truth in zip(out_of_fold, measured, strict=True) if bool(truth) is wanted],
                say("act_class_yes" if wanted else "act_class_no", lang),
            )
            for wanted in (True, False)
        ]
    steep = frozenset(at for one in cliffs for at in (one.first, one.second))
    words = say("act_measured", lang), say("act_forecast", lang)
    return [scatter(measured, out_of_fold, steep, words, log=is_concentration(assay))]
