"""Weighs signs, clinical context and learned scores for and against diseases by the cited table, in the open.

log10 odds = log10 prior odds + the sum of the weights. Weights of one group (signs of one shadow, vital signs) are
damped (`likelihoods.damped`) before they are added. Without a prevalence for the setting the chance stays unknown.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from suwen.finding import Bearing, Chance, Evidence
from suwen.imaging.chest.likelihoods import CAP, Likelihood, Table, capped, damped, effective, malignancy
from suwen.imaging.chest.nouns import Score
from suwen.imaging.chest.opinion_words import DISEASES, FEATURES, SCORES, compose
from suwen.imaging.chest.shadow_nouns import Context, Judged, Margin, Shadow, Shape, Sign, Zone
from suwen.subject import Code, Measurement, Region, Saying

__all__ = ["Opinion", "Reason", "weigh"]

_VISIBLE = 0.005
_SCORES = {"pneumonia": "HP:0002090", "opacity": "HP:0002090"}  # what a learned score speaks for
_UNTRAINED = frozenset({"HP:0032262", "HP:0100526", "HP:0002107", "HP:0002202", "HP:0001635"})
_OURS = "suwen chest reading: limits"


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence in both languages; `group` is what it shares with others, `absent` an excluded finding."""

    seen: Code | Measurement | Region
    weight: float
    sentence: Saying
    source: str
    group: str = ""
    absent: bool = False

    def evidence(self, lang: str) -> Evidence:
        """As evidence of a finding, the bearing by its weight."""
        kind = Bearing.NEUTRAL
        if self.weight > _VISIBLE:
            kind = Bearing.SUPPORTS_EXCLUDED if self.absent else Bearing.SUPPORTS
        elif self.weight < -_VISIBLE:
            kind = Bearing.AGAINST_EXCLUDED if self.absent else Bearing.AGAINST
        return Evidence(kind, self.seen, self.weight, self.sentence.said(lang), self.source)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the image and the context say of one disease. `prior` None: unknown, and so is the chance."""

    code: str
    reasons: tuple[Reason, ...]
    prior: float | None
    basis: Saying
    low: float | None = None
    high: float | None = None

    @property
    def weight(self) -> float:
        """Sum of all weights (log10)."""
        return sum(one.weight for one in self.reasons)

    @property
    def label(self) -> Saying:
        """Name of the disease."""
        return DISEASES[self.code]

    @property
    def region(self) -> Region | None:
        """Where the strongest reason that has a place lies."""
        held = [one for one in self.reasons if isinstance(one.seen, Region) and one.weight > _VISIBLE]
        best = max(held, key=lambda one: one.weight, default=None)
        return best.seen if best is not None and isinstance(best.seen, Region) else None

    def chance(self, lang: str) -> Chance:
        """The chance by the prior and the weights, or unknown; its calibration says what it rests on."""
        value = None
        if self.prior is not None:
            logit = math.log(self.prior / (1 - self.prior)) + math.log(10) * self.weight
            value = 1 / (1 + math.exp(-max(-500.0, min(500.0, logit))))
        return Chance(value, self.low, self.high, self.basis.said(lang))


def weigh(
    signs: Sequence[Sign], shadows: Sequence[Shadow], scores: Sequence[Score], context: Context, *, table: Table
) -> tuple[Opinion, ...]:
    """An opinion of each disease that anything speaks of, the most supported first."""
    found = []
    for code in DISEASES:
        reasons = [*_of_rows(code, signs, shadows, context, table), *_of_scores(code, scores)]
        if reasons:
            limits = [_limit(code)] if code in _UNTRAINED else []
            found.append(_opinion(code, [*_grouped(reasons), *limits], shadows, context, table))
    return tuple(sorted(found, key=lambda one: -one.weight))


def _grouped(reasons: Sequence[Reason]) -> list[Reason]:
    """Reasons with the weights of each group damped; where that changes one, its sentence says so."""
    changed = list(reasons)
    for group in {one.group for one in reasons if one.group}:
        held = [at for at, one in enumerate(reasons) if one.group == group]
        for at, weight in zip(held, damped([reasons[at].weight for at in held]), strict=True):
            if weight != reasons[at].weight:
                shared = compose("shared")
                said = reasons[at].sentence
                changed[at] = replace(
                    reasons[at], weight=weight, sentence=Saying(said.en + shared.en, said.zh + shared.zh)
                )
    return changed


def _of_rows(
    code: str, signs: Sequence[Sign], shadows: Sequence[Shadow], context: Context, table: Table
) -> Iterator[Reason]:
    for row in table.of(code):
        reason = {
            "sign": lambda row=row: _by_sign(row, signs, shadows, table),
            "feature": lambda row=row: _by_feature(row, context),
            "age": lambda row=row: _by_age(row, shadows, context),
            "fact": lambda row=row: _by_smoking(row, shadows, context),
            "size": lambda row=row: _by_size(row, shadows),
        }[row.kind]()
        if reason is not None:
            yield reason


def _by_sign(row: Likelihood, signs: Sequence[Sign], shadows: Sequence[Shadow], table: Table) -> Reason | None:
    nodule = _nodule(shadows)
    special = {
        "sharp nodule": nodule is not None and nodule.margin is Margin.SHARP,
        "upper zone nodule": nodule is not None and nodule.zone is Zone.UPPER,
    }
    if row.what in special:
        return _reason(row, True, nodule.region, FEATURES[row.what], table) if nodule and special[row.what] else None
    mine = [one for one in signs if one.name == row.what]
    present = [one for one in mine if one.state is Judged.PRESENT]
    judged = [one for one in mine if one.state is not Judged.NOT_JUDGED]
    # One lung that could not be judged leaves the sign open, if the other has none.
    if not present and (not judged or len(judged) < len(mine)):
        return None
    sign = present[0] if present else judged[0]
    seen: Code | Region = sign.region if present and sign.region is not None else sign.code
    name = compose_name(sign)
    return _reason(row, bool(present), seen, name, table)


def compose_name(sign: Sign) -> Saying:
    """Name of a sign with what was measured."""
    from suwen.imaging.chest.sign_words import said  # noqa: PLC0415

    name = said(f"name {sign.name}")
    return Saying(f"{name.en} ({sign.basis.en})", f"{name.zh}（{sign.basis.zh}）")


def _reason(row: Likelihood, present: bool, seen: Code | Region, name: Saying, table: Table) -> Reason | None:
    ratio = row.plus if present else row.minus
    if ratio is None:
        return None
    reliability = table.reliability.get(row.what)
    weight, held = effective(row, present=present, reliability=reliability)
    parts = ["present" if present else "absent"]
    values: dict[str, float | str] = {"ratio": ratio, "read": "people", "cap": CAP, "left": 10.0**weight}
    if reliability is not None and row.minus is not None and row.plus is not None:
        parts.append("measured")
        values |= {"found": reliability.sensitivity, "silent": reliability.specificity}
    parts += [
        *(["memory"] if not row.checked else []),
        *(["unmeasured" if reliability is None else "capped"] if held else []),
    ]
    sentence = compose(*parts, what=name, disease=DISEASES[row.disease], **values)
    return Reason(seen, weight, sentence, f"{row.citation}; {row.population}", row.group, not present)


def _by_feature(row: Likelihood, context: Context) -> Reason | None:
    codes = row.what.split("+")
    present, absent = all(code in context.present for code in codes), all(code in context.absent for code in codes)
    if not present and not absent:
        return None
    whole = [FEATURES[code] for code in codes]
    name = Saying(", ".join(one.en for one in whole), "、".join(one.zh for one in whole))
    return _clinical(row, present, Code(codes[0], FEATURES[codes[0]].en), name)


def _clinical(row: Likelihood, present: bool, seen: Code | Measurement, name: Saying) -> Reason | None:
    ratio = row.plus if present else row.minus
    if ratio is None:
        return None
    weight, held = (math.log10(ratio), False) if row.checked else capped(math.log10(ratio))
    parts = [
        "present" if present else "absent",
        *(["memory"] if not row.checked else []),
        *(["capped"] if held else []),
    ]
    sentence = compose(*parts, what=name, disease=DISEASES[row.disease], ratio=ratio, read="clinic", cap=CAP)
    return Reason(seen, weight, sentence, f"{row.citation}; {row.population}", row.group, not present)


def _by_age(row: Likelihood, shadows: Sequence[Shadow], context: Context) -> Reason | None:
    if context.age_years is None or _nodule(shadows) is None or not _within(row.what, context.age_years):
        return None
    return _clinical(
        row, True, Measurement(Code("suwen:age", "age"), context.age_years, "a"), _filled("age", context.age_years)
    )


def _by_smoking(row: Likelihood, shadows: Sequence[Shadow], context: Context) -> Reason | None:
    if context.smoker is None or _nodule(shadows) is None:
        return None
    return _clinical(row, context.smoker, Code("suwen:smoking", "smoking"), FEATURES["smoker"])


def _by_size(row: Likelihood, shadows: Sequence[Shadow]) -> Reason | None:
    nodule = _nodule(shadows)
    size = None if nodule is None else nodule.size.long_mm
    if size is None or not _within(row.what, size):
        return None
    return _clinical(
        row, True, Measurement(Code("suwen:longest-diameter", "longest diameter"), size, "mm"), _filled("size", size)
    )


def _filled(name: str, value: float) -> Saying:
    text = FEATURES[name]
    return Saying(text.en.format(value=value), text.zh.format(value=value))


def _within(span: str, value: float) -> bool:
    low, high = (float(one) for one in span.split("-"))
    return low <= value < high


def _nodule(shadows: Sequence[Shadow]) -> Shadow | None:
    """The largest rounded shadow."""
    held = [one for one in shadows if one.nodular and one.shape in (Shape.ROUND, Shape.OVAL)]
    return max(held, key=lambda one: one.size.share, default=None)


def _of_scores(code: str, scores: Sequence[Score]) -> Iterator[Reason]:
    for score in scores:
        if _SCORES.get(score.name) == code and score.chance.value is not None:
            source = " ".join(part for part in (score.by.name, score.by.version) if part)
            sentence = compose("score", what=SCORES[score.name], chance=score.chance.value)
            # It sees the same shadow as the signs do, so it shares their group.
            yield Reason(Code(f"suwen:score-{score.name}", score.name), score.lift, sentence, source, "shadow")


def _limit(code: str) -> Reason:
    return Reason(Code("suwen:limits", "limits"), 0.0, compose("untrained", disease=DISEASES[code]), _OURS)


def _opinion(
    code: str, reasons: Sequence[Reason], shadows: Sequence[Shadow], context: Context, table: Table
) -> Opinion:
    mayo = _mayo(code, shadows, context)
    if mayo is not None:
        return Opinion(code, tuple(reasons), None, compose("mayo"), *mayo)
    prior, source = _prior(code, context, table)
    if prior is None:
        return Opinion(code, tuple(reasons), None, compose("no prior", disease=DISEASES[code]))
    return Opinion(code, tuple(reasons), prior, compose("prior", prior=prior, source=source))


def _prior(code: str, context: Context, table: Table) -> tuple[float | None, str]:
    if code in context.prevalence:
        return context.prevalence[code], "stated"
    for one in table.prevalences:
        if one.disease == code and one.setting is context.setting and set(one.needs) <= context.present:
            return one.value, one.citation
    return None, ""


def _mayo(code: str, shadows: Sequence[Shadow], context: Context) -> tuple[float, float] | None:
    """Chance that the only nodule is malignant, without and with spiculation; None where the model does not apply."""
    nodule = _nodule(shadows)
    known = context.age_years is not None and context.smoker is not None and context.cancer_history is not None
    if code != "HP:0100526" or nodule is None or not known or code in context.prevalence:
        return None
    size = nodule.size.long_mm
    alone = sum(one.nodular for one in shadows) == 1 and nodule.calcification is not Judged.PRESENT
    if size is None or not 4 <= size <= 30 or not alone:
        return None
    low, high = (
        malignancy(
            age=context.age_years or 0.0,
            smoker=bool(context.smoker),
            cancer_history=bool(context.cancer_history),
            diameter_mm=size,
            spiculated=spiculated,
            upper=nodule.zone is Zone.UPPER,
        )
        for spiculated in (False, True)
    )
    return low, high
