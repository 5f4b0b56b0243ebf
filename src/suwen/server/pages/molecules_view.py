"""What the drug desk shows of a molecule: its profile, learned endpoints, and a list of molecules side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from markupsafe import Markup

from suwen.drugs.admet.forecast import explain, forecasts
from suwen.drugs.admet.nouns import Forecast
from suwen.drugs.alerts import alert_name
from suwen.drugs.nouns import Profile
from suwen.drugs.profile import profile
from suwen.drugs.quantities import QUANTITIES
from suwen.drugs.rules import RULES
from suwen.drugs.units import unit_text
from suwen.errors import InputError, NotFoundError
from suwen.formats.molecules import Molecule, Refused, notice_text
from suwen.report.molecule_forecasts import ForecastView, forecast_groups
from suwen.report.molecule_pictures import drawn, small
from suwen.report.molecule_strings import say
from suwen.report.molecule_view import alert_views, property_groups, property_text, rule_views
from suwen.report.molecule_words import Sources, formula_text
from suwen.report.strings import Language
from suwen.server.pages.molecules_svg import unstyled

__all__ = ["Row", "endpoint_content", "list_content", "one_content", "preview_content", "shares_content"]

_COLUMNS = ("weight", "logp", "tpsa", "donors", "acceptors", "rotatable_bonds", "qed", "synthetic_access")


@dataclass(frozen=True, slots=True)
class Row:
    """A molecule of a list: its drawing, its numbers in words, and how it stands to rules and alerts."""

    name: str
    smiles: str
    picture: Markup
    cells: list[str]
    broken: str
    alerts: str


def given(lang: Language) -> dict[str, Any]:
    """What every template about molecules has: the words of the report, and how a drawing is made fit for the page."""
    return {"tell": partial(say, lang=lang), "unstyled": unstyled}


def one_content(molecule: Molecule, lang: Language) -> dict[str, Any]:
    """The profile of one molecule."""
    found, sources = profile(molecule), Sources()
    rules = rule_views(found, sources, lang)
    properties = property_groups(found, sources, lang)
    alerts = alert_views(found, sources, lang)
    return {
        **given(lang),
        "title": molecule.name or formula_text(found.formula),
        "molecule": molecule,
        "formula": formula_text(found.formula),
        "picture": drawn(molecule, stereo=True),
        "noticed": [notice_text(one, lang) for one in found.notices],
        "properties": properties,
        "rules": rules,
        "counts": {state: sum(one.state == state for one in rules) for state in ("kept", "broken", "open")},
        "alerts": alerts,
        "sources": sources.listed(lang),
    }


def preview_content(found: Sequence[Molecule | Refused], lang: Language) -> dict[str, Any]:
    """The first molecule of what is typed, drawn and in a sentence; of a list how many are read, and what is not."""
    molecules = [one for one in found if isinstance(one, Molecule)]
    wrong = [(one.row, notice_text(one.problem, lang)) for one in found if isinstance(one, Refused)]
    if not molecules:
        return {"wrong": wrong[0][1]}
    first = profile(molecules[0])
    counts = {key: property_text(first[key], lang) for key in ("weight", "heavy_atoms", "rings", "aromatic_rings")}
    return {
        **given(lang),
        "read": {"formula": formula_text(first.formula), "picture": drawn(molecules[0], stereo=True), **counts},
        "name": molecules[0].name,
        "count": len(molecules),
        "refused": wrong,
    }


def endpoint_content(molecule: Molecule, lang: Language) -> dict[str, Any]:
    """The learned endpoints of one molecule; what atoms add is asked for endpoint by endpoint."""
    found, sources = forecasts([molecule])[0], Sources()
    groups = forecast_groups(found, {}, sources, lang)
    rows = [one for _, _, rows in groups for one in rows]
    return {
        **given(lang),
        "molecule": molecule,
        "groups": groups,
        "concerns": [one for one in rows if one.concerns],
        "count": len(rows),
        "outside": sum(not one.inside for one in rows),
        "named": any(one.nearest for one in rows),
        "sources": sources.listed(lang),
        "near": _near(found, lang),
    }


def _near(found: Sequence[Forecast], lang: Language) -> list[tuple[Markup, str, str, str]]:
    """The measured molecules most like this one over all endpoints: drawing, SMILES, likeness, what was measured."""
    by_smiles: dict[str, tuple[float, list[str]]] = {}
    for one in found:
        for near in one.nearest:
            by_smiles.setdefault(near.smiles, (near.similarity, []))[1].append(one.endpoint.name.said(lang))
    best = sorted(by_smiles.items(), key=lambda each: (-each[1][0], each[0]))[:12]
    comma = say("list_comma", lang)
    return [(small(smiles), smiles, f"{near:.2f}", comma.join(names)) for smiles, (near, names) in best]


def shares_content(molecule: Molecule, key: str, lang: Language) -> dict[str, Any]:
    """What the atoms add to one endpoint. Raises NotFoundError for an endpoint there is not."""
    found = forecasts([molecule])[0]
    chosen = [one for one in found if one.endpoint.key == key]
    if not chosen:
        raise NotFoundError("there is no endpoint of this key", zh="没有该名称的预测终点")
    groups = forecast_groups(chosen, {key: explain(molecule, key)}, Sources(), lang)
    one: ForecastView = groups[0][2][0]
    if one.shares is None:
        raise InputError("what the atoms add cannot be told of this endpoint", zh="无法说明各原子对该终点的贡献")
    return {**given(lang), "shares": one.shares}


def list_content(found: Sequence[Molecule | Refused], lang: Language) -> dict[str, Any]:
    """Molecules side by side, and the lines that are none."""
    rows, refused = [], []
    for one in found:
        if isinstance(one, Refused):
            refused.append((one.row, one.written, notice_text(one.problem, lang)))
            continue
        try:
            rows.append(_row(profile(one), lang))
        except InputError as wrong:  # too large to be profiled
            refused.append((0, one.name or one.smiles[:200], wrong.said(lang)))
    heads = [_head(key, lang) for key in _COLUMNS]
    return {**given(lang), "rows": rows, "refused": refused, "heads": heads}


def _head(key: str, lang: Language) -> str:
    name, unit = QUANTITIES[key].name.said(lang), unit_text(QUANTITIES[key].unit)
    return f"{name} ({unit})" if unit else name


def _row(found: Profile, lang: Language) -> Row:
    comma = say("list_comma", lang)
    texts = [(property_text(found[key], lang), unit_text(found[key].quantity.unit)) for key in _COLUMNS]
    broken = [RULES[one.key].name.said(lang) for one in found.rules if one.kept is False]
    return Row(
        found.molecule.name,
        found.molecule.smiles,
        small(found.molecule.smiles, found.molecule.name),
        [text.removesuffix(unit).strip() for text, unit in texts],
        comma.join(broken),
        comma.join(dict.fromkeys(alert_name(one).said(lang) for one in found.alerts)),
    )
