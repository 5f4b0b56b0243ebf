"""What the page of a molecule shows of its learned endpoints: axes, levels, similar molecules, atoms' shares."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from suwen.drugs.admet import words
from suwen.drugs.admet.levels import concern, is_sure
from suwen.drugs.admet.nouns import AtomShares, Endpoint, Forecast, Level, Neighbour
from suwen.drugs.quantities import QUANTITIES
from suwen.drugs.units import unit_text
from suwen.report.molecule_charts import Marks, Scale, interval, ramp, scale_of, share_bar
from suwen.report.molecule_pictures import shared, small
from suwen.report.molecule_strings import say
from suwen.report.molecule_words import Sources, number_text
from suwen.report.strings import Language

__all__ = ["GROUPS", "ForecastView", "LevelView", "NearView", "SharesView", "forecast_groups", "number_of"]

GROUPS = ("absorption", "distribution", "metabolism", "excretion", "toxicity")
_NEAREST = 3
_COLUMNS = 6
_DESCRIPTORS = {
    "MolLogP": "logp", "MolMR": "refractivity", "TPSA": "tpsa", "MolWt": "weight", "NumHDonors": "donors_strict",
    "NumHAcceptors": "acceptors_strict", "NumRotatableBonds": "rotatable_bonds", "RingCount": "rings",
    "NumAromaticRings": "aromatic_rings", "FractionCSP3": "fraction_sp3", "HeavyAtomCount": "heavy_atoms", "qed": "qed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LevelView:
    """A level of an endpoint in words; `above` tells on which side this molecule lies."""

    at: str
    above_text: str
    below_text: str
    above: bool
    mark: int


@dataclass(frozen=True, slots=True)
class NearView:
    """A measured molecule that is similar, drawn small."""

    picture: Markup
    smiles: str
    similarity: str
    measured: str


@dataclass(frozen=True, slots=True)
class SharesView:
    """What atoms add to a forecast: the coloured drawing, its legend, the sum in words, the strongest properties."""

    picture: Markup
    legend: Markup
    lead: str
    total: str
    columns: list[tuple[str, str, Markup]]


@dataclass(frozen=True, slots=True)
class ForecastView:
    """A learned endpoint in words and drawn; `side` is the text of the level that applies.

    `concerns`: the value lies on the unwanted side of the most serious level.
    """

    key: str
    name: str
    value: str
    unit: str
    interval: str
    axis: Scale
    picture: Markup
    inside: bool
    percentile: str
    percentile_short: str
    domain: str
    meaning: str
    wanted: str
    side: str
    concerns: bool
    levels: list[LevelView]
    nearest: list[NearView]
    shares: SharesView | None
    mark: int


def number_of(one: Forecast) -> str:
    """The value in words, without its unit."""
    return words.value_text(one).removesuffix(one.endpoint.unit).strip()


def _shown(text: str, endpoint: Endpoint) -> str:
    """A text with the unit of the endpoint as it is written on paper."""
    shown = text.replace(endpoint.unit, unit_text(endpoint.unit)) if endpoint.unit else text
    return re.sub(r"-(?=\d)", "−", shown)


def forecast_groups(
    forecasts: Sequence[Forecast], shares: Mapping[str, AtomShares], sources: Sources, lang: Language
) -> list[tuple[str, str, list[ForecastView]]]:
    """The endpoints by group: its key, its name, and its endpoints in the order given."""
    found: dict[str, list[ForecastView]] = {group: [] for group in GROUPS}
    for one in forecasts:
        found[one.endpoint.group].append(_forecast(one, shares.get(one.endpoint.key), sources, lang))
    return [(group, say(f"mol_{group}", lang), rows) for group, rows in found.items() if rows]


def _forecast(one: Forecast, shares: AtomShares | None, sources: Sources, lang: Language) -> ForecastView:
    endpoint = one.endpoint
    mark = sources.number(endpoint.source)
    name, value = endpoint.name.said(lang), _shown(words.value_text(one), endpoint)
    near = one.nearest[:_NEAREST]
    measured, levels = [two.measured for two in near], [two.at for two in endpoint.levels]
    ends = [end for end in (one.low, one.high) if end is not None]
    axis = scale_of([one.value, *ends, *levels, *measured], log=endpoint.log, chance=endpoint.kind == "chance")
    marks = Marks(one.value, one.low, one.high, levels, measured, sure=one.inside)
    said = _shown(words.interval_text(one, lang), endpoint)
    return ForecastView(
        key=endpoint.key,
        name=name,
        value=number_of(one).replace("-", "−"),
        unit=say("mol_chance_of", lang) if endpoint.kind == "chance" else unit_text(endpoint.unit),
        interval=said,
        axis=axis,
        picture=interval(marks, axis, f"{name}{say('colon', lang)}{value}{say('mol_semicolon', lang)}{said}"),
        inside=one.inside,
        percentile=words.percentile_text(one, lang),
        percentile_short=_percentile(one, lang),
        domain=words.domain_text(one, lang),
        meaning=endpoint.meaning.said(lang),
        wanted=say(f"mol_wanted_{endpoint.wanted}", lang),
        side=_side(one, lang),
        concerns=concern(one) is not None,
        levels=[_level(two, one, sources, lang) for two in endpoint.levels],
        nearest=[_near(two, endpoint, lang) for two in near],
        shares=None if shares is None else _shares(shares, endpoint, lang),
        mark=mark,
    )


def _percentile(one: Forecast, lang: Language) -> str:
    return "" if one.percentile is None else say("mol_percentile_short", lang, share=f"{one.percentile:.0f}%")


def _side(one: Forecast, lang: Language) -> str:
    """What the levels say of this value: of several, the highest one that is reached, else the lowest."""
    levels = sorted(one.endpoint.levels, key=lambda two: two.at)
    if not levels:
        return ""
    reached = [two for two in levels if one.value >= two.at]
    level = reached[-1] if reached else levels[0]
    said = (level.above if reached else level.below).said(lang)
    unsure = one.endpoint.kind == "amount" and not is_sure(one, level)
    return say("mol_unsure", lang, said=said) if unsure else said


def _level(level: Level, one: Forecast, sources: Sources, lang: Language) -> LevelView:
    return LevelView(
        at=_shown(words.value_text(replace(one, value=level.at)), one.endpoint),
        above_text=level.above.said(lang),
        below_text=level.below.said(lang),
        above=one.value >= level.at,
        mark=sources.number(level.source),
    )


def _near(near: Neighbour, endpoint: Endpoint, lang: Language) -> NearView:
    measured = _shown(words.measured_text(endpoint, near.measured, lang), endpoint)
    return NearView(
        small(near.smiles),
        near.smiles,
        say("mol_similarity", lang, share=f"{near.similarity:.2f}"),
        say("mol_measured", lang, value=measured),
    )


def _shares(found: AtomShares, endpoint: Endpoint, lang: Language) -> SharesView:
    most = max((abs(one) for one in found.atoms), default=0.0)
    columns = found.columns[:_COLUMNS]
    widest = max((abs(share) for _, share in columns), default=0.0)
    atoms = sum(found.atoms)
    total = found.base + atoms + found.whole
    return SharesView(
        picture=shared(found, endpoint.key, lang),
        legend=ramp(most, say("mol_lowers", lang), say("mol_raises", lang)),
        lead=say("mol_shares_lead", lang, explained=f"{100 * found.explained:.0f}%", unit=_unit(endpoint, lang)),
        total=say(
            "mol_sum", lang, base=number_text(found.base), atoms=_signed(atoms), whole=_signed(found.whole),
            total=number_text(total),
        ),
        columns=[
            (_column(name, lang), _signed(share), share_bar(share, widest, f"{name} {_signed(share)}"))
            for name, share in columns
        ],
    )  # fmt: skip


def _column(name: str, lang: Language) -> str:
    key = _DESCRIPTORS.get(name, name)
    return QUANTITIES[key].name.said(lang) if key in QUANTITIES else name


def _unit(endpoint: Endpoint, lang: Language) -> str:
    if endpoint.kind == "chance":
        return say("mol_log_odds", lang)
    unit = unit_text(endpoint.unit) or say("mol_plain_number", lang)
    return say("mol_log_unit", lang, unit=unit) if endpoint.log else unit


def _signed(number: float) -> str:
    return ("+" if number > 0 else "") + number_text(number)
