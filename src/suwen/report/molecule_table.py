"""Profiles of many molecules as one HTML table: drawn small, sorted and filtered on the page, both languages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from markupsafe import Markup

from suwen.drugs.admet.nouns import Forecast
from suwen.drugs.alerts import ALERT_SETS, alert_name
from suwen.drugs.nouns import Profile
from suwen.drugs.quantities import QUANTITIES
from suwen.drugs.rules import RULES
from suwen.drugs.units import unit_text
from suwen.errors import InputError
from suwen.formats.molecules import Refused, notice_text
from suwen.report.html import environment
from suwen.report.molecule_forecasts import number_of
from suwen.report.molecule_pictures import small
from suwen.report.molecule_strings import say
from suwen.report.molecule_view import property_text
from suwen.report.molecule_words import Sources
from suwen.report.strings import Language

__all__ = ["MOST_ON_A_PAGE", "render_molecules"]

MOST_ON_A_PAGE = 500
"""So many molecules are drawn on one page at most: 4 megabytes that a telephone still opens."""

_PROPERTIES = ("weight", "logp", "tpsa", "donors", "acceptors", "rotatable_bonds", "qed", "synthetic_access")
_ENDPOINTS = ("solubility_aqsoldb", "hia_hou", "bbb_martins", "cyp3a4_veith", "herg", "ames", "dili")


@dataclass(frozen=True, slots=True)
class _Cell:
    """A number of a table: in words, and as it is sorted by (empty: unknown, sorted last); `doubtful` is marked."""

    text: str
    value: str
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    """A molecule of the table."""

    name: str
    smiles: str
    picture: Markup
    cells: list[_Cell]
    broken: list[str]
    broken_names: str
    alerts: list[str]


def render_molecules(
    profiles: Iterable[Profile | Refused],
    *,
    endpoints: Sequence[str] = _ENDPOINTS,
    lang: Language = "en",
    created: datetime,
) -> str:
    """Return profiles as one self-contained HTML table; its own short script sorts and filters it, nothing is loaded.

    `endpoints` are the keys of the forecasts that get a column where a profile has them. Rows that are no molecule are
    told apart, with the reason. The same input gives the same text; everything is escaped. Raises InputError above
    MOST_ON_A_PAGE molecules and for a language that the report does not speak.
    """
    given = list(profiles)
    found = [one for one in given if not isinstance(one, Refused)]
    if len(found) > MOST_ON_A_PAGE:
        raise InputError(
            f"a page holds at most {MOST_ON_A_PAGE} molecules, and {len(found)} are given; write a table with --csv",
            zh=f"一页最多 {MOST_ON_A_PAGE} 个分子，而给出了 {len(found)} 个；请用 --csv 写成表格",
        )
    sources = Sources()
    forecasts = [_forecasts(one) for one in found]
    named = {key: one.endpoint for row in forecasts for key, one in row.items()}
    shown = [named[key] for key in endpoints if key in named]
    heads = [_head(QUANTITIES[key].name.said(lang), QUANTITIES[key].unit) for key in _PROPERTIES]
    marks = [sources.number(QUANTITIES[key].source) for key in _PROPERTIES]
    heads += [_head(one.name.said(lang), "" if one.kind == "chance" else one.unit) for one in shown]
    marks += [sources.number(one.source) for one in shown]
    return (
        environment()
        .get_template("molecules.html")
        .render(
            say=partial(say, lang=lang),
            when=f"{created:%Y-%m-%d %H:%M %Z}".strip(),
            heads=list(zip(heads, marks, strict=True)),
            learned=len(shown),
            rows=[_row(one, row, [two.key for two in shown], lang) for one, row in zip(found, forecasts, strict=True)],
            rules=[(key, rule.name.said(lang)) for key, rule in RULES.items()],
            refused=[
                (one.row, one.written, notice_text(one.problem, lang)) for one in given if isinstance(one, Refused)
            ],
            sources=sources.listed(lang),
        )
    )


def _forecasts(profile: Profile) -> dict[str, Forecast]:
    return {one.endpoint.key: one for one in profile.forecasts}


def _head(name: str, unit: str) -> str:
    shown = unit_text(unit)
    return f"{name} ({shown})" if shown else name


def _row(profile: Profile, forecasts: dict[str, Forecast], endpoints: list[str], lang: Language) -> _Row:
    broken = [one.key for one in profile.rules if one.kept is False]
    cells = [_property(profile, key, lang) for key in _PROPERTIES]
    cells += [_forecast(forecasts.get(key)) for key in endpoints]
    return _Row(
        name=profile.molecule.name,
        smiles=profile.molecule.smiles,
        picture=small(profile.molecule.smiles, profile.molecule.name),
        cells=cells,
        broken=broken,
        broken_names=say("list_comma", lang).join(RULES[key].name.said(lang) for key in broken),
        alerts=[f"{alert_name(one).said(lang)} ({ALERT_SETS[one.set].name.said(lang)})" for one in profile.alerts],
    )


def _property(profile: Profile, key: str, lang: Language) -> _Cell:
    one = profile[key]
    text = property_text(one, lang)
    unit = unit_text(one.quantity.unit)
    return _Cell(text.removesuffix(unit).strip(), "" if one.value is None else f"{one.value:.6g}")


def _forecast(one: Forecast | None) -> _Cell:
    if one is None:
        return _Cell("", "")
    text = number_of(one).replace("-", "−")
    return _Cell(text, f"{one.value:.6g}", doubtful=not one.inside)
