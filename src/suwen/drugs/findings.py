"""What a profile warns of, as findings: rules that are broken and structural alerts, each with its evidence."""

from __future__ import annotations

from suwen.drugs.alerts import ALERT_SETS, alert_meaning, alert_name
from suwen.drugs.nouns import Alert, Profile, RuleOutcome
from suwen.drugs.quantities import QUANTITIES
from suwen.drugs.rules import RULES, Limit, Rule
from suwen.finding import Bearing, Chance, Evidence, Finding, Maker
from suwen.subject import Atoms, Code, Kind, Measurement, Reference

__all__ = ["findings"]

_MAKER = Maker("suwen.drugs/profile")
_BROKEN = {"en": "{limit} is not kept: {value:g}", "zh": "未满足{limit}：实际为{value:g}"}
_HIT = {"en": "{name}: {meaning}", "zh": "{name}：{meaning}"}
_RULE = {"en": "breaks the rule: {name}", "zh": "违反规则：{name}"}
_ALERT = {"en": "structural alert ({set}): {name}", "zh": "结构警示（{set}）：{name}"}


def findings(profile: Profile, lang: str) -> tuple[Finding, ...]:
    """A finding for each rule surely broken and each alert hit, worded in `lang` ("en" or "zh").

    The evidence of a rule is each criterion not met; that of an alert its atoms. Weights are 0: no likelihood ratio of
    these has been measured, and the chance is unknown.
    """
    subject = Reference(Kind.MOLECULE, profile.molecule.key)
    rules = [_of_rule(one, subject, lang) for one in profile.rules if one.kept is False]
    return (*rules, *(_of_alert(one, subject, profile.molecule.smiles, lang) for one in profile.alerts))


def _of_rule(outcome: RuleOutcome, subject: Reference, lang: str) -> Finding:
    rule = RULES[outcome.key]
    evidence = [
        _evidence(rule, number, limit, value, lang)
        for number, checked in enumerate(outcome.criteria)
        if checked.met is False
        for limit, value in zip(rule.criteria[number], checked.values, strict=True)
        if value is not None
    ]
    label = _RULE[lang].format(name=rule.name.said(lang))
    code = Code(f"suwen:drug-rule/{rule.key}", label)
    return Finding(subject, code, Chance(None), tuple(evidence), _MAKER)


def _evidence(rule: Rule, number: int, limit: Limit, value: float, lang: str) -> Evidence:
    quantity = QUANTITIES[limit.key]
    seen = Measurement(Code(f"suwen:molecule/{limit.key}", quantity.name.said(lang)), value, quantity.unit)
    sentence = _BROKEN[lang].format(limit=rule.said(number, lang), value=value)
    return Evidence(Bearing.NEUTRAL, seen, 0.0, sentence, f"{rule.source}; {quantity.source}")


def _of_alert(alert: Alert, subject: Reference, smiles: str, lang: str) -> Finding:
    name = alert_name(alert).said(lang)
    meaning, source = alert_meaning(alert)
    sentence = _HIT[lang].format(name=name, meaning=meaning.said(lang))
    # A pattern of what is absent has no atoms of its own: it speaks of the whole molecule.
    places = alert.places or (Atoms(smiles, ()),)
    evidence = tuple(Evidence(Bearing.NEUTRAL, place, 0.0, sentence, source) for place in places)
    label = _ALERT[lang].format(set=ALERT_SETS[alert.set].name.said(lang), name=name)
    return Finding(subject, Code(f"suwen:alert/{alert.set}/{alert.label}", label), Chance(None), evidence, _MAKER)
