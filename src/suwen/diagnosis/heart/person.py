"""What is known of a person, read as clinicians write it: units checked, mistaken units caught, the rest derived."""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from suwen.diagnosis.heart.derived import derive
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.nouns import Factor, FactorKind, Person, Value
from suwen.diagnosis.heart.words import UNIT_NAMES, UNKNOWN, key_of, said_choice, spelled, truth_of, unit_of
from suwen.errors import InputError, Problem
from suwen.subject import Saying

__all__ = ["UNMENTIONED", "Inputs", "read_inputs", "read_person", "read_values"]

_NUMBER = re.compile(r"([-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)\s*(.*)", re.IGNORECASE | re.DOTALL)
_PRESSURE = re.compile(r"(\d{2,3})\s*/\s*\d{2,3}\s*(.*)", re.DOTALL)
# Illnesses and drugs that a record mentions only where they are there. Diabetes, hypertension and the treatment of
# pressure or cholesterol are not among them: they are common, and have to be asked.
UNMENTIONED = (
    *("cvd", "heart_failure", "atrial_fibrillation", "stroke", "vascular_disease", "angina", "known_stenosis"),
    *("kidney_disease", "migraine", "rheumatoid_arthritis", "lupus", "severe_mental_illness", "antipsychotic"),
    *("steroids", "erectile_dysfunction", "liver_disease", "bleeding", "labile_inr", "antiplatelet"),
)
_UNIT_NEEDED = frozenset({"uacr"})  # ordinary in both of its units, so that a bare number cannot be checked
_ALSO = {"sbp": {"kPa": 7.50062}, "st_deviation": {"mV": 10.0}}  # units besides those of the factor
_TWICE, _ONCE = Saying("stated twice, under two names", "以两个名称重复填写"), Saying("state it once", "请只填写一次")
_NOTHING = Saying("", "")
_NO_CHOICE = Saying("not one of its choices", "不在可选项之内")


@dataclass(frozen=True, slots=True)
class Inputs:
    """A person as read, and what was derived rather than stated."""

    person: Person
    derived: tuple[Saying, ...] = ()


def read_person(values: Mapping[str, str | float]) -> Person:
    """The person of `values`; see read_inputs."""
    return read_inputs(values).person


def read_inputs(values: Mapping[str, str | float], *, nothing_else: bool = False) -> Inputs:
    """The person of `values`: by key or name of a factor, a number with or without unit, yes or no, or a choice.

    Numbers come out in the unit of the factor. A bare number is in that unit, unless it looks like another one: then
    it is refused, for a cholesterol of 200 is mg/dL and not mmol/L. Unknown ("unknown", "不详", nothing) stays out.
    `nothing_else` states that the illnesses and drugs of UNMENTIONED that `values` does not mention are absent, and it
    is said. Raises InputError with every problem: unknown keys, units and choices, values outside what an
    adult can have.
    """
    read = read_values(values)
    absent = _absent(values) if nothing_else else ()
    read = {**dict.fromkeys(absent, 0.0), **read}
    problems: list[Problem] = []
    complete, said = derive(read, problems)
    if problems:
        raise InputError("the values do not agree", problems, zh="各数值相互矛盾")
    return Inputs(Person(complete), (*said, *_said_absent(absent)))


def _absent(values: Mapping[str, str | float]) -> tuple[str, ...]:
    """Those of UNMENTIONED that are not mentioned; what was stated as unknown stays unknown."""
    mentioned = {key_of(str(word)) for word in values}
    return tuple(key for key in UNMENTIONED if key not in mentioned)


def _said_absent(keys: tuple[str, ...]) -> tuple[Saying, ...]:
    names = [FACTORS[key].name for key in keys]
    if not names:
        return ()
    en, zh = ", ".join(one.en for one in names), "、".join(one.zh for one in names)
    return (Saying(f"absent, as nothing else was stated to be there: {en}", f"已声明无其他情况，故按无计：{zh}"),)


def read_values(values: Mapping[str, str | float]) -> dict[str, Value]:
    """What is stated in `values` by key, in canonical units, nothing derived. Raises InputError with every problem."""
    found: dict[str, Value] = {}
    problems: list[Problem] = []
    for word, stated in values.items():
        key = key_of(str(word))
        if key is None:
            problems.append(_unknown_key(str(word)))
        elif key in found:
            problems.append(_problem(FACTORS[key], _TWICE, _ONCE))
        elif not _is_unknown(stated):
            value = _read(FACTORS[key], stated, problems)
            if value is not None:
                found[key] = value
    if problems:
        raise InputError("the values cannot be used", problems, zh="无法使用这些数值")
    return found


def _is_unknown(stated: object) -> bool:
    return stated is None or (isinstance(stated, str) and spelled(stated) in UNKNOWN)


def _unknown_key(word: str) -> Problem:
    near = difflib.get_close_matches(word.casefold(), FACTORS, 1)
    return Problem(
        word[:40],
        "no such input",
        f"did you mean {near[0]}?" if near else "see the list of inputs",
        zh_what="没有此项输入",
        zh_remedy=f"是否指 {near[0]}？" if near else "请参阅输入项列表",
    )


def _read(factor: Factor, stated: object, problems: list[Problem]) -> Value | None:
    text = str(stated).strip() if not isinstance(stated, bool) else ("yes" if stated else "no")
    if factor.kind is FactorKind.YES_NO:
        return _yes_or_no(factor, text, problems)
    if factor.kind is FactorKind.CHOICE:
        return _choice(factor, text, problems)
    return _number(factor, unicodedata.normalize("NFKC", text), problems)


def _yes_or_no(factor: Factor, text: str, problems: list[Problem]) -> Value | None:
    value = truth_of(text)
    if value is None:
        problems.append(
            _problem(
                factor,
                Saying("neither yes nor no", "既非是也非否"),
                Saying("write yes or no, 是 or 否", "请写“是”或“否”"),
            )
        )
    return value


def _choice(factor: Factor, text: str, problems: list[Problem]) -> Value | None:
    value = said_choice(text, factor.choices)
    if value is None and truth_of(text) == 0.0:  # a file that says "no" means the choice of having none
        value = next((one for one in factor.choices if one in {"none", "never"}), None)
    if value is None:
        problems.append(
            _problem(
                factor, _NO_CHOICE, Saying(f"choose {', '.join(factor.choices)}", f"请选 {'、'.join(factor.choices)}")
            )
        )
    return value


def _number(factor: Factor, text: str, problems: list[Problem]) -> Value | None:
    pressure = _PRESSURE.fullmatch(text) if factor.key == "sbp" else None  # 130/80: systolic over diastolic
    matched = pressure or _NUMBER.fullmatch(text)
    if matched is None:
        problems.append(_problem(factor, Saying("not a number", "不是数字"), _as_number(factor)))
        return None
    number, unit = float(matched[1]), matched[2].strip()
    if not math.isfinite(number):
        problems.append(_problem(factor, Saying("not a finite number", "不是有限数")))
        return None
    known = unit_of(unit) if unit else None
    if unit and _ratio(factor, known) is None:
        problems.append(
            _problem(factor, Saying("a unit that is not understood", "单位无法识别"), _in_units("use", factor))
        )
        return None
    return _in_range(factor, number, known, problems)


def _in_range(factor: Factor, number: float, unit: str | None, problems: list[Problem]) -> Value | None:
    value = _converted(factor, number, unit or factor.unit)
    others = [one for one in _units_of(factor) if one != (unit or factor.unit)]
    meant = [one for one in others if _usual(factor, number, one)]
    if not factor.low <= value <= factor.high:
        ask = _ask(meant or [one for one in others if factor.low <= _converted(factor, number, one) <= factor.high])
        unit_said = _shown(factor.unit)
        span = Saying(
            f"outside {factor.low:g} to {factor.high:g} {unit_said}".rstrip(),
            f"超出 {factor.low:g} 至 {factor.high:g} {unit_said}".rstrip(),
        )
        problems.append(_problem(factor, span, ask))
        return None
    if unit is None and factor.key in _UNIT_NEEDED:
        problems.append(_problem(factor, Saying("stated without its unit", "未注明单位"), _in_units("write", factor)))
        return None
    if unit is None and meant and not _usual(factor, number, factor.unit):
        unit_said, ask = _shown(factor.unit), _ask(meant)
        what = Saying(
            f"an unusual value in {unit_said}, and stated without a unit", f"以 {unit_said} 计不寻常，且未注明单位"
        )
        problems.append(_problem(factor, what, Saying(f"{ask.en} write the unit", f"{ask.zh}请注明单位")))
        return None
    return value


def _ask(units: list[str]) -> Saying:
    names = [_shown(one) for one in units]
    return Saying(f"did you mean {' or '.join(names)}?", f"是否指 {'或 '.join(names)}？") if units else Saying("", "")


def _in_units(act: str, factor: Factor) -> Saying:
    names = _units(factor)
    return Saying(f"{act} {' or '.join(names)}", f"请用 {'或 '.join(names)}")


def _as_number(factor: Factor) -> Saying:
    unit = _shown(factor.unit)
    return Saying(f"write it as a number in {unit}".rstrip(), f"请以 {unit} 为单位填写数字" if unit else "请填写数字")


def _problem(factor: Factor, what: Saying, remedy: Saying = _NOTHING) -> Problem:
    return Problem(factor.key, what.en, remedy.en, zh_what=what.zh, zh_remedy=remedy.zh, zh_where=factor.name.zh)


def _usual(factor: Factor, number: float, unit: str) -> bool:
    low, high = (float(one) for one in factor.unknown)
    return low <= _converted(factor, number, unit) <= high


def _units_of(factor: Factor) -> tuple[str, ...]:
    also = ("mmol/mol",) if factor.key == "hba1c" else tuple(_ALSO.get(factor.key, ()))
    return (factor.unit, *factor.others, *also)


def _units(factor: Factor) -> list[str]:
    return [_shown(one) or "no unit" for one in _units_of(factor)]


def _ratio(factor: Factor, unit: str | None) -> float | None:
    """What a number in `unit` is multiplied by; None where the unit does not suit the factor."""
    if unit is None:
        return None
    if unit == factor.unit or (factor.key == "hba1c" and unit == "mmol/mol"):
        return 1.0
    return {**factor.others, **_ALSO.get(factor.key, {})}.get(unit)


def _converted(factor: Factor, number: float, unit: str) -> float:
    if factor.key == "hba1c" and unit == "mmol/mol":
        return 0.09148 * number + 2.152  # IFCC to NGSP, the master equation (Hoelzel, Clin Chem 2004;50:166)
    return number * (_ratio(factor, unit) or 1.0)


def _shown(unit: str) -> str:
    name = UNIT_NAMES.get(unit)
    return name.en if name is not None else unit
