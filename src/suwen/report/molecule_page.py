"""A molecule's profile as one HTML file that opens anywhere: no script, no request, both languages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from suwen.drugs.admet.nouns import AtomShares
from suwen.drugs.nouns import Profile
from suwen.formats.molecules import notice_text
from suwen.report.html import environment
from suwen.report.molecule_forecasts import forecast_groups
from suwen.report.molecule_pictures import drawn
from suwen.report.molecule_strings import say
from suwen.report.molecule_view import alert_views, property_groups, rule_views
from suwen.report.molecule_words import Sources, formula_text
from suwen.report.strings import Language

__all__ = ["render_molecule"]

_SHARES: Mapping[str, AtomShares] = {}


def render_molecule(
    profile: Profile,
    *,
    shares: Mapping[str, AtomShares] = _SHARES,
    lang: Language = "en",
    created: datetime,
) -> str:
    """Return the profile as one self-contained HTML document in English or Chinese.

    `shares` maps keys of endpoints to what
    the atoms add to their forecasts. The same input gives the same text, byte for byte; everything is escaped. Raises
    InputError for a language that the report does not speak, MissingExtraError without RDKit.
    """
    sources, molecule = Sources(), profile.molecule
    groups = forecast_groups(profile.forecasts, shares, sources, lang)
    properties = property_groups(profile, sources, lang)
    rules = rule_views(profile, sources, lang)
    alerts = alert_views(profile, sources, lang)
    return (
        environment()
        .get_template("molecule.html")
        .render(
            say=partial(say, lang=lang),
            when=f"{created:%Y-%m-%d %H:%M %Z}".strip(),
            title=molecule.name or formula_text(profile.formula),
            molecule=molecule,
            formula=formula_text(profile.formula),
            picture=drawn(molecule, stereo=True),
            noticed=[notice_text(one, lang) for one in profile.notices],
            properties=properties,
            rules=rules,
            counts={state: sum(one.state == state for one in rules) for state in ("kept", "broken", "open")},
            alerts=alerts,
            groups=groups,
            concerns=[one for _, _, rows in groups for one in rows if one.concerns],
            forecasts=len(profile.forecasts),
            outside=sum(not one.inside for one in profile.forecasts),
            sources=sources.listed(lang),
        )
    )
