"""What the page of a molecule shows of its profile: properties, rules and alerts, worded and drawn."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from suwen.drugs.alerts import ALERT_SETS, alert_meaning, alert_name
from suwen.drugs.nouns import Alert, Part, Profile, Property, RuleOutcome
from suwen.drugs.rules import RULES, Rule
from suwen.drugs.units import unit_text
from suwen.formats.molecules import Molecule
from suwen.report.molecule_charts import meter, usual_band
from suwen.report.molecule_pictures import drawn
from suwen.report.molecule_strings import say
from suwen.report.molecule_words import Sources, amount_text, number_text, span_text
from suwen.report.strings import Language

__all__ = [
    "AlertView",
    "CriterionView",
    "GroupView",
    "PartView",
    "PropertyView",
    "RuleView",
    "alert_views",
    "property_groups",
    "property_text",
    "rule_views",
]

_GROUPS = {
    "size": ("weight", "exact_mass", "heavy_atoms", "atoms", "carbons", "heteroatoms", "charge"),
    "fat": ("logp", "logd", "solubility", "refractivity", "forecast_index"),
    "polar": (
        "tpsa", "tpsa_sp", "donors", "acceptors", "donors_strict", "acceptors_strict", "hydrogen_bonds",
    ),
    "scores": ("qed", "synthetic_access", "cns_mpo", "egg_intestine", "egg_brain"),
}  # fmt: skip
_ORDER = ("size", "fat", "polar", "shape", "scores")  # what is in no other group is of the shape
_FEW = 1  # so many properties without a range stay rows among the others
_ALERT = (300, 210)


@dataclass(frozen=True, slots=True)
class PartView:
    """One part of a score: its name, its number, and how desirable that is."""

    name: str
    value: str
    desirable: str
    picture: Markup


@dataclass(frozen=True, slots=True)
class PropertyView:
    """A property in words; `picture` is empty where no usual range can be cited, `odd` where it lies outside."""

    name: str
    value: str
    limits: str
    usual: str
    of: str
    picture: Markup
    odd: bool
    marks: tuple[int, ...]
    parts: list[PartView]


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group of properties: those with a usual range or parts as rows, the others close together.

    `limits` are what the others cannot tell, each with the names it holds for.
    """

    name: str
    rows: list[PropertyView]
    others: list[PropertyView]
    limits: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class CriterionView:
    """One criterion: what is asked, this molecule's numbers, and "met", "not" or "open"."""

    asked: str
    value: str
    state: str
    said: str


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule with its criteria; `state` is "kept", "broken" or "open"."""

    key: str
    name: str
    meaning: str
    state: str
    said: str
    forgiven: str
    criteria: list[CriterionView]
    mark: int


@dataclass(frozen=True, slots=True)
class AlertView:
    """A structural alert with its drawing."""

    set: str
    name: str
    meaning: str
    places: str
    picture: Markup
    mark: int


def property_text(one: Property, lang: Language) -> str:
    """The number of a property with its unit, or the interval that holds it."""
    if one.value is not None:
        return amount_text(one.value, one.quantity.unit, 4)
    unit = unit_text(one.quantity.unit)
    return span_text(one.low, one.high, lang) + (f" {unit}" if unit else "")


def property_groups(profile: Profile, sources: Sources, lang: Language) -> list[GroupView]:
    """The properties in groups, in the order of the table of quantities within each."""
    group_of = {key: group for group, keys in _GROUPS.items() for key in keys}
    found: dict[str, list[PropertyView]] = {group: [] for group in _ORDER}
    for one in profile.properties:
        found[group_of.get(one.key, "shape")].append(_property(one, sources, lang))
    return [_group(say(f"mol_group_{group}", lang), views, lang) for group, views in found.items() if views]


def _group(name: str, views: list[PropertyView], lang: Language) -> GroupView:
    others = [one for one in views if not one.usual and not one.parts]
    if len(others) <= _FEW:
        others = []
    limits: dict[str, list[str]] = {}
    for one in others:
        limits.setdefault(one.limits, []).append(one.name)
    said = [(say("list_comma", lang).join(names), text) for text, names in limits.items()]
    return GroupView(name, [one for one in views if one not in others], others, said)


def _property(one: Property, sources: Sources, lang: Language) -> PropertyView:
    quantity = one.quantity
    usual, name = quantity.usual, quantity.name.said(lang)
    picture, span, odd = Markup(""), "", False
    if usual is not None and one.value is not None:
        odd = (usual.low is not None and one.value < usual.low) or (usual.high is not None and one.value > usual.high)
        span = say("mol_usual", lang, span=span_text(usual.low, usual.high, lang))
        where = say("mol_outside" if odd else "mol_within", lang)
        picture = usual_band(one.value, usual.low, usual.high, f"{name}{say('colon', lang)}{where}")
    marks = (sources.number(quantity.source), *(() if usual is None else (sources.number(usual.source),)))
    return PropertyView(
        name=name,
        value=property_text(one, lang),
        limits=quantity.limits.said(lang),
        usual=span,
        of="" if usual is None else usual.of.said(lang),
        picture=picture,
        odd=odd,
        marks=tuple(dict.fromkeys(marks)),
        parts=[_part(part, lang) for part in one.parts],
    )


def _part(part: Part, lang: Language) -> PartView:
    name = part.name.said(lang)
    value = say("mol_unknown", lang) if part.value is None else number_text(part.value, 4)
    ends = dict.fromkeys((f"{part.low:.2f}", f"{part.high:.2f}"))
    desirable = "–".join(ends)
    return PartView(name, value, desirable, meter(part.low, part.high, f"{name}{say('colon', lang)}{desirable}"))


def rule_views(profile: Profile, sources: Sources, lang: Language) -> list[RuleView]:
    """Every rule with its criteria, in the order of the table of rules."""
    return [_rule(one, sources, lang) for one in profile.rules]


def _rule(outcome: RuleOutcome, sources: Sources, lang: Language) -> RuleView:
    rule = RULES[outcome.key]
    state = "open" if outcome.kept is None else "kept" if outcome.kept else "broken"
    return RuleView(
        key=rule.key,
        name=rule.name.said(lang),
        meaning=rule.meaning.said(lang),
        state=state,
        said=say(f"mol_{state}", lang),
        forgiven=say("mol_forgiven", lang, count=rule.forgiven) if rule.forgiven else "",
        criteria=[_criterion(rule, at, outcome, lang) for at in range(len(rule.criteria))],
        mark=sources.number(rule.source),
    )


def _criterion(rule: Rule, number: int, outcome: RuleOutcome, lang: Language) -> CriterionView:
    checked = outcome.criteria[number]
    state = "open" if checked.met is None else "met" if checked.met else "not"
    values = (say("mol_unknown", lang) if one is None else number_text(one, 4) for one in checked.values)
    said = say({"open": "mol_open", "met": "mol_met", "not": "mol_not_met"}[state], lang)
    return CriterionView(rule.said(number, lang), say("list_comma", lang).join(values), state, said)


def alert_views(profile: Profile, sources: Sources, lang: Language) -> list[AlertView]:
    """Every alert that was hit, with its atoms marked."""
    return [_alert(one, profile.molecule, sources, lang) for one in profile.alerts]


def _alert(alert: Alert, molecule: Molecule, sources: Sources, lang: Language) -> AlertView:
    meaning, source = alert_meaning(alert)
    atoms = sorted({atom for place in alert.places for atom in place.indices})
    return AlertView(
        set=ALERT_SETS[alert.set].name.said(lang),
        name=alert_name(alert).said(lang),
        meaning=meaning.said(lang),
        places=say("mol_places", lang, count=len(alert.places)) if len(alert.places) > 1 else "",
        picture=drawn(molecule, atoms=atoms, size=_ALERT),
        mark=sources.number(source),
    )
