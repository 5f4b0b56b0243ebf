"""What the page about an activity model shows: potencies in words, figures with intervals, cliffs, forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from suwen.drugs.activity.nouns import MEMBERS, ActivityForecast, Assay, Cliff, Judged, Share
from suwen.drugs.admet.nouns import Neighbour
from suwen.drugs.units import same_decimals
from suwen.formats.molecules import Molecule
from suwen.formats.molecules.compact import compact
from suwen.formats.molecules.pair import pair_pictures
from suwen.learn.measure.intervals import Estimate
from suwen.report.activity_charts import estimate_bar
from suwen.report.activity_strings import say
from suwen.report.molecule_charts import Marks, Scale, interval, meter, scale_of
from suwen.report.molecule_pictures import small
from suwen.report.molecule_words import number_text
from suwen.report.strings import Language
from suwen.report.wording import chance_text

__all__ = [
    "CliffView",
    "Figure",
    "ForecastRow",
    "cliff_views",
    "error_figures",
    "forecast_axis",
    "forecast_rows",
    "is_concentration",
    "learner_rows",
    "other_figures",
    "potency_text",
    "weights_text",
]

_CONCENTRATIONS = ((1e-12, 1e-9, "pM"), (1e-9, 1e-6, "nM"), (1e-6, 1e-3, "µM"), (1e-3, 1.0, "mM"))
_NEAREST = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of how well the model did: its name, its value with interval in words, and its drawing."""

    name: str
    value: str
    picture: Markup
    own: bool


@dataclass(frozen=True, slots=True)
class CliffView:
    """A pair: both drawn alike, both potencies, how far they lie apart, and how alike they are."""

    pictures: tuple[Markup, Markup]
    names: tuple[str, str]
    potencies: tuple[str, str]
    difference: str
    likeness: str


@dataclass(frozen=True, slots=True)
class ForecastRow:
    """A molecule that was asked about."""

    name: str
    smiles: str
    picture: Markup
    value: str
    interval: str
    drawn: Markup
    inside: bool
    remarks: list[str]
    warning: str
    nearest: list[tuple[Markup, str, str]]


def is_concentration(assay: Assay) -> bool:
    """Whether values are -log10 of a concentration in mol/l."""
    return assay.kind == "amount" and assay.unit != "as is"


def potency_text(value: float, assay: Assay, lang: Language) -> str:
    """A value of the assay: "7.30 (50 nM)" of a concentration, a class or its chance, or the number itself."""
    if assay.kind == "classes":
        if value in (0.0, 1.0):
            return say("act_class_yes" if value else "act_class_no", lang)
        return chance_text(value, lang)
    if not is_concentration(assay):
        return number_text(value)
    return f"{value:.2f} ({_concentration(10.0**-value)})".replace("-", "−")


def _concentration(molar: float) -> str:
    for low, high, unit in _CONCENTRATIONS:
        if molar < high:
            return f"{number_text(molar / low, 2)} {unit}"
    return f"{number_text(molar, 2)} M"


def error_figures(judged: Judged, lang: Language) -> tuple[Scale, list[Figure]]:
    """The error of the model beside those it is measured against, on one axis from 0."""
    average = Estimate(judged.average, None, None, judged.error.n)
    named = [
        (say("act_this", lang), judged.error, True),
        (say("act_baseline", lang), judged.baseline, False),
        (say("act_average", lang), average, False),
    ]
    if judged.cliffs is not None:
        named.insert(1, (say("act_on_cliffs", lang, count=judged.cliff_molecules), judged.cliffs, True))
    ends = [end for _, one, _ in named for end in (one.value, one.low, one.high) if end is not None]
    axis = scale_of([0.0, *ends])
    return axis, [_figure(name, one, axis, own=own) for name, one, own in named]


def other_figures(judged: Judged, assay: Assay, lang: Language) -> tuple[Scale, list[Figure]]:
    """Rank and how many intervals held, on an axis from 0 to 1 (from below 0 where the rank is)."""
    low = min(0.0, judged.rank.value, judged.rank.low or 0.0)
    axis = scale_of([low, 1.0]) if low < 0 else scale_of([], chance=True)
    promised = say("act_promised", lang, share=f"{100 * judged.coverage:.0f}%")
    held = f"{say('act_held', lang)} ({promised})"
    return axis, [
        _figure(say(f"act_rank_{assay.kind}", lang), judged.rank, axis, own=True),
        _figure(held, judged.held, axis, own=True),
    ]


def _figure(name: str, estimate: Estimate, axis: Scale, *, own: bool) -> Figure:
    value = number_text(estimate.value)
    if estimate.low is not None and estimate.high is not None:
        value += f" ({' – '.join(same_decimals(number_text(estimate.low), number_text(estimate.high)))})"
    return Figure(name, value, estimate_bar(estimate, axis, f"{name} {value}", plain=not own), own)


def learner_rows(shares: Sequence[Share], lang: Language) -> list[tuple[str, str, str, Markup]]:
    """Each learner with its weight and error in words, and its weight as a bar; the heaviest first."""
    whole = sum(one.weight for one in shares) or 1.0
    rows = []
    for one in sorted(shares, key=lambda two: -two.weight):
        name, weight = MEMBERS[one.member].said(lang), say("act_weight", lang, weight=f"{one.weight:.2f}")
        error = say("act_own_error", lang, error=number_text(one.error))
        rows.append((name, weight, error, meter(one.weight / whole, one.weight / whole, f"{name} {weight}")))
    return rows


def weights_text(shares: Sequence[Share], lang: Language) -> str:
    """What the weights make together, and what that means."""
    return say("act_weights_sum", lang, whole=f"{sum(one.weight for one in shares):.2f}")


def cliff_views(cliffs: Sequence[Cliff], assay: Assay, most: int, lang: Language) -> list[CliffView]:
    """The steepest cliffs, drawn as pairs."""
    return [_cliff(one, assay, lang) for one in sorted(cliffs, key=lambda one: -one.difference)[:most]]


def _cliff(one: Cliff, assay: Assay, lang: Language) -> CliffView:
    both = (assay.molecules[one.first], assay.molecules[one.second])
    first, second = (Molecule(two.smiles, two.key, name=two.name) for two in both)
    # Drawings are made here, and everything in them that comes from outside was escaped by their maker.
    drawings = tuple(Markup(compact(svg)) for svg in pair_pictures(first, second))  # noqa: S704
    times = number_text(10.0**one.difference, 2) if is_concentration(assay) else number_text(one.difference)
    return CliffView(
        pictures=(drawings[0], drawings[1]),
        names=(both[0].name, both[1].name),
        potencies=(potency_text(both[0].value, assay, lang), potency_text(both[1].value, assay, lang)),
        difference=say("act_times", lang, times=times) if is_concentration(assay) else f"Δ {times}",
        likeness=say(
            "act_likeness",
            lang,
            fragments=f"{one.fragments:.2f}",
            scaffold=f"{one.scaffold:.2f}",
            string=f"{one.string:.2f}",
        ),
    )


def forecast_axis(forecasts: Sequence[ActivityForecast], assay: Assay) -> Scale:
    """The axis common to all forecasts: of chances from 0 to 1, else as wide as what was measured and is forecast."""
    if assay.kind == "classes":
        return scale_of([], chance=True)
    ends = [end for one in forecasts for end in (one.value, one.low, one.high) if end is not None]
    return scale_of([*ends, *(one.value for one in assay.molecules)])


def forecast_rows(
    forecasts: Sequence[ActivityForecast], assay: Assay, axis: Scale, lang: Language
) -> list[ForecastRow]:
    """The molecules that were asked about, in the order given."""
    return [_row(one, assay, axis, lang) for one in forecasts]


def _row(one: ActivityForecast, assay: Assay, axis: Scale, lang: Language) -> ForecastRow:
    value, coverage = potency_text(one.value, assay, lang), f"{100 * one.coverage:.0f}%"
    if one.low is not None and one.high is not None:
        low, high = same_decimals(number_text(one.low), number_text(one.high))
        said = say("mol_interval", lang, low=low, high=high, coverage=coverage)
    else:
        kind = {(True,): "yes", (False,): "no", (): "none"}.get(one.classes, "both")
        said = say(f"mol_class_{kind}", lang, coverage=coverage)
    near = one.nearest[:_NEAREST]
    known = () if one.known is None else (one.known,)
    marks = Marks(one.value, one.low, one.high, known, [two.measured for two in near], sure=one.inside)
    remarks = [
        say("act_nearest", lang, share=f"{one.similarity:.2f}"),
        say("act_disagreement", lang, spread=number_text(one.disagreement, 2)),
    ]
    if one.known is not None:
        remarks.insert(0, say("act_known", lang, value=potency_text(one.known, assay, lang)))
    return ForecastRow(
        name=one.name,
        smiles=one.smiles,
        picture=small(one.smiles, one.name),
        value=value,
        interval=said,
        drawn=interval(marks, axis, f"{value}{say('mol_semicolon', lang)}{said}"),
        inside=one.inside,
        remarks=remarks,
        warning=say("act_near_cliff", lang) if one.cliffs else "",
        nearest=[_near(two, assay, lang) for two in near],
    )


def _near(one: Neighbour, assay: Assay, lang: Language) -> tuple[Markup, str, str]:
    measured = say("mol_measured", lang, value=potency_text(one.measured, assay, lang))
    return small(one.smiles), measured, say("mol_similarity", lang, share=f"{one.similarity:.2f}")
