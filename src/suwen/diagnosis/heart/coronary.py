"""Chance of a coronary stenosis from the examinations before an angiogram, with what each factor adds to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from suwen.diagnosis.heart.coronary_exam import COLUMNS, DIRECTIONS, EXAMS, exam_row
from suwen.diagnosis.heart.coronary_missing import expectation
from suwen.diagnosis.heart.coronary_weights import Part, conformal_sets, level_for, part, score, shipped_card
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.nouns import FactorKind, Person, Value
from suwen.diagnosis.heart.person import read_person
from suwen.errors import InputError, Problem
from suwen.explain.tables import Attribution, Column, Shares, as_evidence
from suwen.finding import Chance, Evidence, Maker
from suwen.subject import Saying

__all__ = ["CoronaryAnswer", "coronary"]

Floats = NDArray[np.float64]

_WIDE = 1.96  # standard deviations of a 95 % interval
_SOURCE = (
    "Suwen heart_disease 1.0.0; UCI Heart Disease (Detrano et al., Am J Cardiol 1989;64:304), 720 people referred for "
    "angiography 1981-88"
)
_CALIBRATION = {
    True: "levelled to the stated share of diseased people; slope from people left out of the fit",
    False: "level in the middle of the hospitals learned from; slope from people left out of the fit",
}
_SETS = (Saying("no stenosis above 50 %", "无超过 50% 的狭窄"), Saying("stenosis above 50 %", "狭窄超过 50%"))
_REFERRED = Saying(
    "For people referred for angiography as in 1981-88; not for screening, emergencies or known infarction.",
    "适用于（1981–88 年标准下）转诊行冠脉造影者；不适用于筛查、急诊或已知心梗。",
)
_LEVEL = Saying(
    "The share of diseased people where this person is examined was not stated; in the hospitals learned from it was "
    "36 to 93 of a hundred, so the interval is wide. State it.",
    "未给出本机构受检者的患病比例；训练医院为 36% 至 93%，故区间很宽。请给出该比例。",
)
_PAINLESS = Saying(
    "Painless people in these data were sent to angiography for reasons not recorded (selection) and were ill more "
    "often than those with typical angina; elsewhere it is the other way round (Vavalle 2016). The model lets no pain "
    "count at most as much as typical angina, so it may overstate the chance; not for people who were not referred.",
    "数据中无胸痛者因未记录的原因转诊造影（选择偏倚），患病率高于典型心绞痛者；其他研究则相反（Vavalle 2016）。"
    "模型限定无胸痛的权重不高于典型心绞痛，故可能高估；不可用于未转诊者。",
)
_MOST_MISSING = 6
_FEW = Saying(
    "More than half of the examinations are unknown; what is left says little.", "超过一半检查未知，所余信息有限。"
)


@dataclass(frozen=True, slots=True)
class CoronaryAnswer:
    """The chance of a stenosis above 50 %, why, and what would make it surer.

    `chance` has a 95 % interval: the doubt of the fit, what the unknown examinations leave open, and, where the share
    of diseased people was not stated, the levels of all hospitals learned from. `terms` are the log-odds each known
    factor adds to `base`; they add up to the log-odds of the chance. `possible` is the conformal set of 90 %: with both
    in it the examinations do not decide. `missing` are the unknown factors, the most telling first.
    """

    chance: Chance
    base: float
    terms: Mapping[str, float]
    evidence: tuple[Evidence, ...]
    missing: tuple[str, ...]
    possible: tuple[Saying, ...]
    limits: tuple[Saying, ...]
    maker: Maker


def coronary(
    person: Person | Mapping[str, str | float], *, share: float | None = None, left_out: str = "", lang: str = "en"
) -> CoronaryAnswer:
    """The chance of `person`: read, or as `read_person` takes it. See `EXAMS` for the thirteen factors.

    `share` is the share of people with a stenosis among those examined where the person is; `left_out` names a hospital
    of the data whose people the model must not have seen.

    Raises:
        InputError: a value is out of range, nothing useful is known, or the share is none.
        MissingExtraError: PyTorch is not installed.

    """
    known = person if isinstance(person, Person) else read_person(person)
    _check(known.values, share, lang)
    one = part(left_out)
    row = exam_row(known.values)
    level = one.level if share is None else level_for(one, share)
    base, terms = _terms(one, row, level)
    missing = _missing(one, row)
    return CoronaryAnswer(
        _chance(one, row, level, stated=share is not None),
        base,
        terms,
        _evidence(known.values, base, terms, lang),
        missing,
        _possible(one, row),
        _limits(known.values, missing, stated=share is not None),
        Maker(f"model {shipped_card().name}", shipped_card().version, shipped_card().data[0].digest),
    )


def _check(values: Mapping[str, Value], share: float | None, lang: str) -> None:
    problems = []
    if share is not None and not (isinstance(share, int | float) and 0 < share < 1):
        problems.append(
            Problem(
                "share",
                "not a share of people",
                "a number between 0 and 1, such as 0.4",
                zh_what="不是人群比例",
                zh_remedy="请填 0 与 1 之间的数，例如 0.4",
            )
        )
    if lang not in ("en", "zh"):
        problems.append(
            Problem(
                "lang",
                "not a language of the answer",
                "use en or zh",
                zh_what="不是可用的语言",
                zh_remedy="请用 en 或 zh",
            )
        )
    if not any(key in values for key in EXAMS):
        problems.append(
            Problem(
                "person",
                "none of the examinations is known",
                "give some of " + ", ".join(EXAMS),
                zh_what="各项检查均未知",
                zh_remedy=f"请至少给出其中几项：{'、'.join(EXAMS)}",
            )
        )
    for key in EXAMS:
        problems += _odd(key, values[key]) if key in values else []
    if problems:
        raise InputError(
            "the chance of a coronary stenosis cannot be told", problems, zh="无法估计冠状动脉狭窄的可能性"
        )


def _odd(key: str, value: Value) -> list[Problem]:
    factor = FACTORS[key]
    if factor.kind is FactorKind.CHOICE:
        return (
            []
            if value in factor.choices
            else [
                Problem(
                    key,
                    "not one of its choices",
                    ", ".join(factor.choices),
                    zh_what="不在可选项之内",
                    zh_remedy=f"{'、'.join(factor.choices)}",
                )
            ]
        )
    if isinstance(value, str) or not math.isfinite(value):
        return [Problem(key, "not a number", zh_what="不是数字")]
    if not factor.low <= value <= factor.high:
        return [
            Problem(
                key,
                f"outside {factor.low:g} to {factor.high:g} {factor.unit}".rstrip(),
                zh_what=f"超出 {factor.low:g} 至 {factor.high:g} {factor.unit}",
            )
        ]
    return []


def _chance(one: Part, row: Floats, level: float, *, stated: bool) -> Chance:
    scored = score(one, row[None])
    value = float(scored.chances(level)[0])
    half = _WIDE * math.sqrt(float(scored.doubt[0] + scored.open[0]))
    levels = (level, level) if stated else (min(one.levels.values()), max(one.levels.values()))
    low, high = (_chance_of(float(scored.line[0]) + at + side) for at, side in zip(levels, (-half, half), strict=True))
    return Chance(value, min(low, value), max(high, value), _CALIBRATION[stated])


def _chance_of(odds: float) -> float:
    return 0.5 * (1 + math.tanh(odds / 2))


def _terms(one: Part, row: Floats, level: float) -> tuple[float, dict[str, float]]:
    """Base and log-odds by known factor: with what is expected of unknown columns the answer is a line in known ones.

    Of a function that is a sum over factors the Shapley value is the term less its mean, exactly (Strumbelj 2014).
    """
    known = ~np.isnan(row)
    shrink = float(score(one, row[None]).shrink[0])
    lines = expectation(known, one.covariance, DIRECTIONS).lines
    weights = one.weights[0, known] + lines @ one.weights[0, ~known]
    shares = shrink * weights * (row[known] - one.mean[known])
    terms: dict[str, float] = {}
    for place, value in zip(np.flatnonzero(known), shares, strict=True):
        key = COLUMNS[place].key
        terms[key] = terms.get(key, 0.0) + float(value)
    return shrink * (level + float(one.weights[0] @ one.mean)), terms


def _missing(one: Part, row: Floats) -> tuple[str, ...]:
    """Unknown factors, by how much of the line's variance each leaves open."""
    known = ~np.isnan(row)
    left = expectation(known, one.covariance, DIRECTIONS).left
    weights = one.weights[0, ~known]
    open_by: dict[str, float] = {}
    for place, value in zip(np.flatnonzero(~known), weights * (left @ weights), strict=True):
        key = COLUMNS[place].key
        open_by[key] = open_by.get(key, 0.0) + float(value)
    return tuple(sorted(open_by, key=lambda key: -open_by[key]))


def _evidence(values: Mapping[str, Value], base: float, terms: Mapping[str, float], lang: str) -> tuple[Evidence, ...]:
    columns = tuple(_column(key, values[key]) for key in terms)
    row = tuple(_number(key, values[key]) for key in terms)
    shares, none = np.array(list(terms.values())), np.zeros(len(terms))
    total = base + float(shares.sum())
    found = Attribution(
        row,
        columns,
        Shares(shares, none, none, base, total, 1.0, 0),
        "exact, interventional",
    )
    return as_evidence(found, source=_SOURCE, lang=lang, most=len(EXAMS))


def _column(key: str, value: Value) -> Column:
    factor, number = FACTORS[key], _number(key, value)
    choices: tuple[tuple[float, str, str], ...] = ()
    if factor.kind is FactorKind.YES_NO:
        choices = ((0.0, "no", "否"), (1.0, "yes", "是"))
    elif factor.kind is FactorKind.CHOICE:
        choices = ((number, str(value), _CHOSEN.get(str(value), str(value))),)
    return Column(key, factor.name.en, factor.name.zh, factor.unit, choices=choices)


def _number(key: str, value: Value) -> float:
    return float(FACTORS[key].choices.index(value)) if isinstance(value, str) else float(value)


_CHOSEN = {
    "female": "女",
    "male": "男",
    "typical angina": "典型心绞痛",
    "atypical angina": "不典型心绞痛",
    "non-anginal": "非心绞痛性胸痛",
    "dyspnoea only": "仅呼吸困难",
    "none": "无",
    "not limiting": "有，未限制运动",
    "limiting": "有，限制运动",
}


def _possible(one: Part, row: Floats) -> tuple[Saying, ...]:
    members = conformal_sets(one).predict(score(one, row[None]).chances(one.level))[0]
    return tuple(name for name, there in zip(_SETS, members, strict=True) if there)


def _limits(values: Mapping[str, Value], missing: tuple[str, ...], *, stated: bool) -> tuple[Saying, ...]:
    found = [_REFERRED]
    if not stated:
        found.append(_LEVEL)
    if values.get("chest_pain") in ("none", "dyspnoea only"):
        found.append(_PAINLESS)
    if len(missing) > _MOST_MISSING:
        found.append(_FEW)
    return tuple(found)
