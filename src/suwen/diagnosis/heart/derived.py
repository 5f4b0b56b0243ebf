"""What follows from what is stated: body mass index, cholesterol ratio, eGFR; and what follows when a value changes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from suwen.diagnosis.heart.nouns import Person, Value
from suwen.errors import Problem
from suwen.subject import Saying

__all__ = ["derive", "egfr_2021", "with_changes"]

Values = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class _Rule:
    """How one value follows from others; `agree` is how far a stated value may lie from it (1 is exactly), 0: any."""

    key: str
    sources: tuple[str, ...]
    made: Callable[[Values], Value | None]
    said: Saying
    agree: float = 0.0


def egfr_2021(creatinine: float, age: float, sex: str) -> float:
    """Estimated GFR in mL/min/1.73 m² from `creatinine` in µmol/L by CKD-EPI 2021, without race.

    Inker et al., N Engl J Med 2021;385:1737.
    """
    kappa, alpha, factor = (0.7, -0.241, 1.012) if sex == "female" else (0.9, -0.302, 1.0)
    ratio = creatinine / 88.4 / kappa
    return math.pow(min(ratio, 1.0), alpha) * math.pow(max(ratio, 1.0), -1.2) * math.pow(0.9938, age) * 142.0 * factor


def _number(values: Values, key: str) -> float:
    return float(values[key])


def _egfr(values: Values) -> Value:
    made = egfr_2021(_number(values, "creatinine"), _number(values, "age"), str(values["sex"]))
    return min(max(made, 2.0), 180.0)


def _smokes(values: Values) -> Value:
    return float(values["smoking"] in {"light", "moderate", "heavy"})


def _no_diabetes(values: Values) -> Value | None:
    return "none" if values["diabetes"] == 0.0 else None


def _hypertension(values: Values) -> Value | None:
    return 1.0 if values["treated"] == 1.0 else None


_RULES = (
    _Rule(
        "bmi",
        ("height", "weight"),
        lambda values: _number(values, "weight") / (_number(values, "height") / 100) ** 2,
        Saying("body mass index from height and weight", "体重指数由身高和体重计算"),
        agree=1.05,
    ),
    _Rule(
        "cholesterol_ratio",
        ("total_cholesterol", "hdl"),
        lambda values: _number(values, "total_cholesterol") / _number(values, "hdl"),
        Saying("cholesterol ratio from total and HDL cholesterol", "胆固醇比值由总胆固醇和高密度脂蛋白胆固醇计算"),
        agree=1.05,
    ),
    _Rule(
        "egfr",
        ("creatinine", "age", "sex"),
        _egfr,
        Saying("eGFR from creatinine, age and sex by CKD-EPI 2021", "eGFR 由肌酐、年龄和性别按 CKD-EPI 2021 计算"),
    ),
    _Rule(
        "smoker",
        ("smoking",),
        _smokes,
        Saying("current smoking from the amount smoked", "目前吸烟由吸烟状况得出"),
        agree=1.0,
    ),
    _Rule(
        "diabetes",
        ("diabetes_type",),
        lambda values: float(values["diabetes_type"] != "none"),
        Saying("diabetes from its type", "糖尿病由其类型得出"),
        agree=1.0,
    ),
    _Rule(
        "diabetes_type",
        ("diabetes",),
        _no_diabetes,
        Saying("no type of diabetes, as there is none", "无糖尿病，故无类型"),
    ),
    _Rule(
        "ethnicity",
        ("race",),
        lambda values: "chinese" if values["race"] == "chinese" else None,
        Saying("ethnicity of QRISK3 from race", "QRISK3 族裔由种族得出"),
    ),
    _Rule(
        "hypertension",
        ("treated",),
        _hypertension,
        Saying("hypertension, as blood pressure is treated", "正在降压治疗，故有高血压"),
        agree=1.0,
    ),
)
_BMI = (12.0, 80.0)
_RATIO = (1.0, 12.0)


def derive(values: Values, problems: list[Problem]) -> tuple[dict[str, Value], tuple[Saying, ...]]:
    """`values` with what follows from them, and how; what contradicts what was stated joins `problems`."""
    complete = dict(values)
    said = []
    for rule in _RULES:
        if not all(one in complete for one in rule.sources):
            continue
        made = rule.made(complete)
        if made is None:
            continue
        if rule.key not in complete:
            if _possible(rule.key, made, problems, rule.sources):
                complete[rule.key] = made
                said.append(rule.said)
        elif rule.agree and not _agree(complete[rule.key], made, rule.agree):
            what = f"does not agree with {' and '.join(rule.sources)}"
            problems.append(
                Problem(
                    rule.key,
                    what,
                    "leave out the one that is wrong",
                    zh_what=f"与 {'、'.join(rule.sources)} 不符",
                    zh_remedy="请去掉有误的一项",
                )
            )
    return complete, tuple(said)


def _agree(stated: Value, made: Value, within: float) -> bool:
    if within == 1.0 or isinstance(stated, str) or isinstance(made, str):
        return stated == made
    return made / within <= stated <= made * within


def _possible(key: str, made: Value, problems: list[Problem], sources: tuple[str, ...]) -> bool:
    low, high = {"bmi": _BMI, "cholesterol_ratio": _RATIO}.get(key, (float("-inf"), float("inf")))
    if isinstance(made, str) or low <= made <= high:
        return True
    what = f"outside {low:g} to {high:g} by {' and '.join(sources)}"
    problems.append(
        Problem(
            key,
            what,
            "check both and their units",
            zh_what=f"由 {'、'.join(sources)} 得出，超出 {low:g} 至 {high:g}",
            zh_remedy="请核对两者及其单位",
        )
    )
    return False


def with_changes(person: Person, changes: Values) -> tuple[Person, tuple[Saying, ...]]:
    """The person with `changes`, and what follows from them said.

    What was derived from a changed value is derived anew. LDL cholesterol is part of total cholesterol: where only LDL
    changes, total cholesterol changes by the same amount. Who stops smoking has been a smoker.
    """
    values = {**person.values, **changes}
    said = [*_ldl(person, changes, values), *_stopped(person, changes, values)]
    changed = {key for key in values if values[key] != person.values.get(key)}
    for rule in _RULES:
        if rule.key in changes or not changed.intersection(rule.sources) or not set(rule.sources) <= set(values):
            continue
        made = rule.made(values)
        if made is not None and made != values.get(rule.key):
            values[rule.key] = made
            changed.add(rule.key)
            said.append(rule.said)
    return Person(values), tuple(said)


def _ldl(person: Person, changes: Values, values: dict[str, Value]) -> list[Saying]:
    before, total = person.values.get("ldl"), person.values.get("total_cholesterol")
    if "ldl" not in changes or "total_cholesterol" in changes or before is None or total is None:
        return []
    moved = float(changes["ldl"]) - float(before)
    values["total_cholesterol"] = max(float(total) + moved, 1.5)
    return [
        Saying(
            f"total cholesterol changes with LDL cholesterol by {moved:+.2f} mmol/L",
            f"总胆固醇随低密度脂蛋白胆固醇变化 {moved:+.2f} mmol/L",
        )
    ]


def _stopped(person: Person, changes: Values, values: dict[str, Value]) -> list[Saying]:
    if changes.get("smoker") != 0.0 or "smoking" in changes:
        return []
    if person.values.get("smoking") not in {"light", "moderate", "heavy"}:
        return []
    values["smoking"] = "former"
    return [Saying("who stops smoking is a former smoker", "戒烟后为既往吸烟者")]
