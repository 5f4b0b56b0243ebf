"""What if: the controls of a page for what can be changed or is unknown, and the risks before and after. Nothing stays.

The difference is between two people who differ in the values changed, not the effect of a treatment in a trial.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from suwen.diagnosis.heart.derived import with_changes
from suwen.diagnosis.heart.estimate import Change, NotFor
from suwen.diagnosis.heart.factors import FACTORS
from suwen.diagnosis.heart.nouns import Equation, FactorKind, Person, Risk, Value
from suwen.diagnosis.heart.words import CHOICE_NAMES, UNIT_NAMES
from suwen.errors import InputError
from suwen.report.heart_view import Turned, risk_text, turned
from suwen.report.strings import Language
from suwen.server.pages.heart_estimates import risk_for
from suwen.server.pages.heart_forms import Fields
from suwen.server.pages.heart_said import clinic_value
from suwen.subject import Saying

__all__ = ["Slider", "Switch", "Then", "Turn", "changes_of", "sliders_of", "switches_of", "then_of"]

# From where to where a slider goes, and its step: what is met in a clinic, narrower than what an adult can have.
_SLIDERS: Mapping[str, tuple[float, float, float]] = {
    "sbp": (90, 200, 1),
    "total_cholesterol": (2.0, 10.0, 0.1),
    "ldl": (0.5, 8.0, 0.1),
    "hdl": (0.5, 3.0, 0.1),
    "hba1c": (4.0, 14.0, 0.1),
    "weight": (35, 180, 1),
    "bmi": (15, 50, 0.5),
    "waist": (55, 150, 1),
    "egfr": (10, 130, 1),
}
_USUAL: Mapping[str, float] = {  # where the slider of an unknown value begins: about the middle of adults, not a guess
    "sbp": 125, "total_cholesterol": 4.8, "ldl": 2.9, "hdl": 1.3, "hba1c": 5.7, "weight": 65, "bmi": 24, "waist": 85,
    "egfr": 90,
}  # fmt: skip
_SWITCHES = ("smoker", "treated", "statin", "diabetes", "family_history", "north", "urban", "antiplatelet", "alcohol")
_ASSUME, _UNSAID = "assume", "unsaid"
_MILLIGRAMS = "mg/dL"
_SAME = 1e-9  # a browser sends 1.0 as 1


@dataclass(frozen=True, slots=True)
class Slider:
    """A number that can be moved; `said` is the record's value in words ("" unknown), `position` where it stands.

    `other` is a second unit with the number by which the first is multiplied, 0 for none.
    """

    key: str
    name: str
    unit: str
    low: str
    high: str
    step: str
    position: str
    said: str
    other: str
    factor: float


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that is so or not; `state` is the record's: "yes", "no" or "unsaid"."""

    key: str
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A risk before and after, with the strata of its equation."""

    key: str
    turned: Turned
    band: str
    band_after: str
    direction: str
    by_record: str


@dataclass(frozen=True, slots=True)
class Then:
    """What was stated of the unknown and what changed, in words, with what followed; the risks now and then.

    `gained` are equations that apply only then, `lost` those that no longer do. A turn's `by_record` is the risk of the
    record alone, where something unknown was stated.
    """

    stated: list[tuple[str, str, str]]
    changed: list[tuple[str, str, str]]
    followed: list[str]
    turns: list[Turn]
    gained: list[tuple[str, str]]
    lost: list[tuple[str, str]]


def sliders_of(person: Person, equations: Iterable[Equation], lang: Language) -> list[Slider]:
    """Sliders of the numbers that these equations look at; weight in place of the index where the height is known."""
    used = _used(equations)
    keys = [key for key in _SLIDERS if key in used]
    if "ldl" in person.values and "total_cholesterol" in used:
        keys.insert(keys.index("total_cholesterol") + 1, "ldl")
    if "bmi" in keys and {"height", "weight"} <= set(person.values):
        keys[keys.index("bmi")] = "weight"
    return [_slider(key, person, lang) for key in dict.fromkeys(keys)]


def _used(equations: Iterable[Equation]) -> set[str]:
    used = {key for one in equations for key in (*one.needs, *one.uses)}
    return used | ({"total_cholesterol", "hdl"} if "cholesterol_ratio" in used else set())


def _slider(key: str, person: Person, lang: Language) -> Slider:
    factor, (low, high, step) = FACTORS[key], _SLIDERS[key]
    known = person.values.get(key)
    unit = UNIT_NAMES.get(factor.unit, Saying(factor.unit, factor.unit)).said(lang)
    other = factor.others.get(_MILLIGRAMS, 0.0)
    ends = (low, high) if known is None else (min(low, float(known)), max(high, float(known)))
    return Slider(
        key=key,
        name=factor.name.said(lang),
        unit=unit,
        low=_number(_stepped(ends[0], step), step),
        high=_number(_stepped(ends[1], step), step),
        step=f"{step:g}",
        position=_position(key, known),
        said="" if known is None else clinic_value(key, known, lang),
        other=_MILLIGRAMS if other else "",
        factor=1 / other if other else 0.0,
    )


def _position(key: str, known: Value | None) -> str:
    step = _SLIDERS[key][2]
    return _number(_stepped(_USUAL[key] if known is None else float(known), step), step)


def _stepped(value: float, step: float) -> float:
    return round(value / step) * step


def _number(value: float, step: float) -> str:
    return f"{value:.0f}" if step >= 1 else f"{value:.1f}"


def switches_of(person: Person, equations: Iterable[Equation], lang: Language) -> list[Switch]:
    """What is so or not, of what these equations look at."""
    used = _used(equations)
    state = {1.0: "yes", 0.0: "no"}
    return [
        Switch(key, FACTORS[key].name.said(lang), state.get(_truth(person.values.get(key)), _UNSAID))
        for key in _SWITCHES
        if key in used
    ]


def _truth(value: Value | None) -> float:
    return float(value) if isinstance(value, float | int) else -1.0


def changes_of(fields: Fields, person: Person) -> dict[str, Value]:
    """What a form changes against the record, in the units of the factors.

    A slider that stands where the record put it changes nothing; one of an unknown value counts where it is assumed.
    Raises InputError for what is no number or nothing that a person can have.
    """
    assumed = set(fields.get(_ASSUME, ()))
    found: dict[str, Value] = {}
    for key in _SLIDERS:
        sent = fields.get(key, ("",))[0].strip()
        known = person.values.get(key)
        if sent and (known is not None or key in assumed):
            number = _sent_number(key, sent)
            if known is None or abs(number - float(_position(key, known))) > _SAME:
                found[key] = number
    for key in _SWITCHES:
        sent = fields.get(key, (_UNSAID,))[0]
        if sent not in {"yes", "no", _UNSAID, ""}:
            raise InputError(
                f"{FACTORS[key].name.en}: choose yes, no or not stated",
                zh=f"{FACTORS[key].name.zh}：请选择“是”、“否”或“未说明”",
            )
        if sent in {"yes", "no"} and _truth(person.values.get(key)) != float(sent == "yes"):
            found[key] = float(sent == "yes")
    if found.get("diabetes") == 0.0:
        found.setdefault("diabetes_type", "none")
    return found


def _sent_number(key: str, sent: str) -> float:
    factor = FACTORS[key]
    try:
        number = float(sent)
    except ValueError:
        raise InputError(f"{factor.name.en}: write a number", zh=f"{factor.name.zh}：请填写数字") from None
    if not factor.low <= number <= factor.high:
        raise InputError(
            f"{factor.name.en} lies between {factor.low:g} and {factor.high:g} {factor.unit}",
            zh=f"{factor.name.zh}应在 {factor.low:g} 至 {factor.high:g} {factor.unit} 之间",
        )
    return number


def then_of(person: Person, changes: Mapping[str, Value], equations: Iterable[Equation], lang: Language) -> Then:
    """The risks by these equations now, and then.

    What the record leaves open and the form states is knowledge and no change: it holds before and after, or filling
    in that somebody does not smoke would look like a gain.
    """
    stated = {key: value for key, value in changes.items() if key not in person.values}
    moved = {key: value for key, value in changes.items() if key in person.values}
    base, known = with_changes(person, stated)
    after, followed = with_changes(base, moved)
    turns, gained, lost = [], [], []
    for one in equations:
        before, then = risk_for(one, base), risk_for(one, after)
        if isinstance(before, Risk) and isinstance(then, Risk):
            record = risk_for(one, person) if stated else before
            turns.append(_turn(one, before, then, record, lang))
        elif isinstance(before, NotFor) and isinstance(then, Risk):
            gained.append((one.name.said(lang), one.outcome.said(lang)))
        elif isinstance(before, Risk) and isinstance(then, NotFor):
            lost.append((one.name.said(lang), "; ".join(reason.said(lang) for reason in then.reasons)))
    said = [one.said(lang) for one in (*known, *followed)]
    return Then(_changed(person, stated, lang), _changed(person, moved, lang), said, turns, gained, lost)


def _turn(equation: Equation, before: Risk, then: Risk, record: Risk | NotFor, lang: Language) -> Turn:
    band, band_after = ("" if one.band is None else one.band.said(lang) for one in (before, then))
    moved = (then.low + then.high) - (before.low + before.high)
    direction = "same" if abs(moved) < _SAME else "down" if moved < 0 else "up"
    by_record = "" if record is before or isinstance(record, NotFor) else risk_text(record, lang)
    return Turn(equation.key, turned(Change(before, then, ()), lang), band, band_after, direction, by_record)


def _changed(person: Person, changes: Mapping[str, Value], lang: Language) -> list[tuple[str, str, str]]:
    """Name, value now ("" unknown), value then."""
    return [
        (
            FACTORS[key].name.said(lang),
            clinic_value(key, person.values[key], lang) if key in person.values else "",
            clinic_value(key, value, lang),
        )
        for key, value in changes.items()
        if not (key == "diabetes_type" and FACTORS[key].kind is FactorKind.CHOICE and value in CHOICE_NAMES)
    ]
