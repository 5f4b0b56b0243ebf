"""Rules of thumb that medicinal chemists go by: each criterion with its value, its limit and whether it is met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from suwen.drugs.nouns import Checked, Property, RuleOutcome
from suwen.drugs.quantities import QUANTITIES
from suwen.subject import Saying

__all__ = ["RULES", "Limit", "Rule", "check_rules"]


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of a molecule and where it may lie: from `low` to `high`, both ends allowed unless `strict`."""

    key: str
    low: float | None = None
    high: float | None = None
    strict: bool = False

    def met(self, one: Property) -> bool | None:
        """Whether the property surely keeps the limit (True), surely breaks it (False), or neither can be told."""
        low, high = one.bounds
        if self._outside(low, above=True) or self._outside(high, above=False):
            return False
        known_low = self.low is None or (low is not None and not self._outside(low, above=False))
        known_high = self.high is None or (high is not None and not self._outside(high, above=True))
        return True if known_low and known_high else None

    def _outside(self, end: float | None, *, above: bool) -> bool:
        edge = self.high if above else self.low
        if end is None or edge is None:
            return False
        beyond = end > edge if above else end < edge
        return beyond or (self.strict and end == edge)

    def said(self, lang: str) -> str:
        """The limit for a reader: "logP ≤ 5"."""
        name = QUANTITIES[self.key].name.said(lang)
        at_most, at_least = ("<", ">") if self.strict else ("≤", "≥")
        if self.low is not None and self.high is not None:
            return f"{self.low:g} {at_most} {name} {at_most} {self.high:g}"
        return f"{name} {at_most} {self.high:g}" if self.low is None else f"{name} {at_least} {self.low:g}"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: of each criterion one limit must be met; so many criteria may be broken as `forgiven` says."""

    key: str
    name: Saying
    meaning: Saying
    source: str
    criteria: tuple[tuple[Limit, ...], ...]
    forgiven: int = 0

    def said(self, number: int, lang: str) -> str:
        """The criterion of that number for a reader; alternatives are joined by "or"."""
        return (" 或 " if lang == "zh" else " or ").join(limit.said(lang) for limit in self.criteria[number])


def check_rules(properties: Mapping[str, Property]) -> tuple[RuleOutcome, ...]:
    """How the molecule of these properties (by key) stands to every rule, in the order of RULES."""
    return tuple(_check(rule, properties) for rule in RULES.values())


def _check(rule: Rule, properties: Mapping[str, Property]) -> RuleOutcome:
    criteria = tuple(_checked(limits, properties) for limits in rule.criteria)
    surely = sum(one.met is False for one in criteria)
    perhaps = sum(one.met is None for one in criteria)
    if surely > rule.forgiven:
        return RuleOutcome(rule.key, criteria, kept=False)
    return RuleOutcome(rule.key, criteria, kept=True if surely + perhaps <= rule.forgiven else None)


def _checked(limits: tuple[Limit, ...], properties: Mapping[str, Property]) -> Checked:
    each = [limit.met(properties[limit.key]) for limit in limits]
    met = True if True in each else None if None in each else False
    return Checked(tuple(properties[limit.key].value for limit in limits), met)


def _all(*limits: Limit) -> tuple[tuple[Limit, ...], ...]:
    return tuple((limit,) for limit in limits)


_THREE = (Limit("weight", high=300), Limit("logp", high=3), Limit("donors", high=3), Limit("acceptors", high=3))
_ORAL = Saying("likely to be absorbed by mouth", "可能经口吸收")

_ALL = (
    Rule("lipinski", Saying("rule of five (Lipinski)", "类药五规则（Lipinski）"),
         Saying("poor absorption is likelier when two or more are broken", "违反两条及以上时吸收不良的可能性增加"),
         "Lipinski CA et al. Adv Drug Deliv Rev 1997;23:3-25",
         _all(Limit("weight", high=500), Limit("logp", high=5), Limit("donors", high=5), Limit("acceptors", high=10)),
         forgiven=1),
    Rule("veber", Saying("Veber", "Veber规则"), _ORAL, "Veber DF et al. J Med Chem 2002;45:2615-2623",
         ((Limit("rotatable_bonds", high=10),), (Limit("tpsa", high=140), Limit("hydrogen_bonds", high=12)))),
    Rule("egan", Saying("Egan", "Egan规则"), _ORAL, "Egan WJ, Merz KM, Baldwin JJ. J Med Chem 2000;43:3867-3877",
         _all(Limit("logp", high=5.88), Limit("tpsa", high=131.6))),
    Rule("ghose", Saying("Ghose", "Ghose规则"),
         Saying("lies where more than 80 % of drugs lie", "处于80%以上药物所在范围"),
         "Ghose AK, Viswanadhan VN, Wendoloski JJ. J Comb Chem 1999;1:55-68",
         _all(Limit("weight", 160, 480), Limit("logp", -0.4, 5.6), Limit("refractivity", 40, 130),
              Limit("atoms", 20, 70))),
    Rule("muegge", Saying("Muegge", "Muegge规则"),
         Saying("looks like a drug rather than a reagent", "更像药物而非试剂"),
         "Muegge I, Heald SL, Brittelli D. J Med Chem 2001;44:1841-1846",
         _all(Limit("weight", 200, 600), Limit("logp", -2, 5), Limit("tpsa", high=150), Limit("rings", high=7),
              Limit("carbons", low=4, strict=True), Limit("heteroatoms", low=1, strict=True),
              Limit("rotatable_bonds", high=15), Limit("donors", high=5), Limit("acceptors", high=10))),
    Rule("lead_like", Saying("lead-like (Teague)", "类先导（Teague）"),
         Saying("leaves room to grow while it is optimised", "为后续优化留出余地"),
         "Teague SJ et al. Angew Chem Int Ed 1999;38:3743-3748, limits as in SwissADME 2017",
         _all(Limit("weight", 250, 350), Limit("logp", high=3.5), Limit("rotatable_bonds", high=7))),
    Rule("lead_like_oprea", Saying("lead-like (Hann and Oprea)", "类先导（Hann与Oprea）"),
         Saying("leaves room to grow while it is optimised", "为后续优化留出余地"),
         "Hann MM, Oprea TI. Curr Opin Chem Biol 2004;8:255-263",
         _all(Limit("weight", high=460), Limit("logp", -4, 4.2), Limit("solubility", low=-5),
              Limit("rotatable_bonds", high=10), Limit("rings", high=4), Limit("donors", high=5),
              Limit("acceptors", high=9))),
    Rule("fragment", Saying("rule of three for fragments", "片段三规则"),
         Saying("small enough to begin from a fragment", "可作为片段起点"),
         "Congreve M et al. Drug Discov Today 2003;8:876-877", _all(*_THREE)),
    Rule("fragment_narrow", Saying("rule of three with its two further limits", "片段三规则（含两项附加限值）"),
         Saying("small enough to begin from a fragment", "可作为片段起点"),
         "Congreve M et al. Drug Discov Today 2003;8:876-877",
         _all(*_THREE, Limit("rotatable_bonds", high=3), Limit("tpsa", high=60))),
    Rule("gsk_4_400", Saying("GSK 4/400", "GSK 4/400规则"),
         Saying("absorption, distribution and safety get worse beyond", "超出后吸收、分布与安全性变差"),
         "Gleeson MP. J Med Chem 2008;51:817-834", _all(Limit("weight", high=400), Limit("logp", high=4))),
    Rule("pfizer_3_75", Saying("Pfizer 3/75", "辉瑞3/75规则"),
         Saying("fat and little polar molecules were toxic in animals more often",
                "高脂溶且低极性的分子更常见动物毒性"),
         "Hughes JD et al. Bioorg Med Chem Lett 2008;18:4872-4875",
         ((Limit("logp", high=3), Limit("tpsa", low=75)),)),
    Rule("beyond_five", Saying("outer limits of oral drugs (Doak)", "口服药物的外缘（Doak）"),
         Saying("beyond the rule of five, but oral drugs are still found", "超出五规则但仍有口服药物"),
         "Doak BC et al. Chem Biol 2014;21:1115-1142",
         _all(Limit("weight", high=1000), Limit("logp", -2, 10), Limit("donors", high=6), Limit("acceptors", high=15),
              Limit("tpsa", high=250), Limit("rotatable_bonds", high=20))),
    Rule("golden_triangle", Saying("box around the golden triangle", "黄金三角外框"),
         Saying("permeable and stable molecules were mostly found within; the triangle itself is narrower on top",
                "渗透性与稳定性兼备的分子多在其中；三角形本身上部更窄"),
         "Johnson TW, Dress KR, Edwards M. Bioorg Med Chem Lett 2009;19:5560-5564",
         _all(Limit("weight", 200, 500), Limit("logd", -2, 5))),
)  # fmt: skip

RULES: Mapping[str, Rule] = MappingProxyType({one.key: one for one in _ALL})
"""Every rule by its key, in the order they are shown."""
