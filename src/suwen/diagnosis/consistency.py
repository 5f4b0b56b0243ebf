"""The chart held against itself: what cannot be so, or was written twice, as findings about the record.

The rules need no knowledge of diseases: they compare what is said with what else is said. Where a day is not exact
(`1980`, `1980-05`) only what is impossible for every day it may mean is an issue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from types import MappingProxyType

from suwen.errors import InputError
from suwen.finding import Bearing, Chance, Evidence, Finding, Maker
from suwen.subject import Code, Kind, Reference

__all__ = ["LIMITS", "VERSION", "Chronicle", "Dated", "Moment", "Stated", "inconsistencies"]

VERSION = "1"  # raised whenever a rule or a sentence changes, so that charts are held against themselves again
_GESTATION_DAYS = 305.0  # ten months
_SHOWN = 20  # places of one kind of issue that are named; how many more there are is said

# What is done to or ordered for the living. Documents, claims, reports and notes are written after a death as well.
_LIVING = frozenset(
    {
        *("Observation", "Encounter", "Procedure", "Immunization"),
        *("MedicationRequest", "MedicationAdministration", "ServiceRequest"),
    }
)
# Certifying a death and opening the body come after it: SNOMED CT death certification, autopsy examination; LOINC
# cause, date and pronouncement of death, death certificates, autopsy report.
_POSTMORTEM = frozenset(
    {
        *("308646001", "29240004"),
        *("69453-9", "69409-1", "64297-5", "80616-6", "81956-5", "18743-5"),
    }
)
Place = tuple[Code, Mapping[str, str], str]  # what was seen, the sentence by language, the resources that say so

LIMITS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "en": (
            "Not checked: free text, images, doses, units, whether a value is plausible, and whether a resource "
            "belongs to another patient.",
        ),
        "zh": ("未检查：自由文本、影像、剂量、单位、数值是否合理，以及资料是否属于他人。",),
    }
)


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was: the days `low` to `high` it may mean, local, with fractions, counted from any fixed day.

    `exact` is the same moment in days UTC where the time zone is known, else None.
    """

    low: float
    high: float
    exact: float | None = None

    def precedes(self, other: Moment) -> bool:
        """Whether this lies before the other whatever the two may mean, in whatever zone (UTC-12 to UTC+14)."""
        if self.exact is not None and other.exact is not None:
            return self.exact < other.exact
        if self.exact is not None:
            return self.exact < other.low - 14 / 24
        if other.exact is not None:
            return self.high + 12 / 24 <= other.exact
        return self.high <= other.low if self.low < self.high else self.high < other.low

    def later(self, days: float) -> Moment:
        """The moment so many days later."""
        return Moment(self.low + days, self.high + days, None if self.exact is None else self.exact + days)


@dataclass(frozen=True, slots=True)
class Stated:
    """A phenotypic feature said to be present, or `excluded`, by the resource `where` (`Condition/12`)."""

    code: Code
    excluded: bool
    where: str


@dataclass(frozen=True, slots=True)
class Dated:
    """Something with a time: type of resource, its codes (the first is shown), begin and end, `where` it stands.

    `value` is the same for two results that say the same, "" where there is none.
    """

    kind: str
    codes: tuple[Code, ...]
    start: Moment | None
    end: Moment | None
    where: str
    value: str = ""

    @property
    def seen(self) -> Code:
        """What is pointed at: the first code, or the type of resource where it has none."""
        return self.codes[0] if self.codes else Code(self.kind, self.kind)


@dataclass(frozen=True, slots=True)
class Chronicle:
    """A chart as its own witness: birth, death, what is stated and what is dated, of one patient (id)."""

    patient: str
    birth: Moment | None = None
    death: Moment | None = None
    features: tuple[Stated, ...] = ()
    events: tuple[Dated, ...] = ()


def inconsistencies(chronicle: Chronicle, *, lang: str = "en") -> tuple[Finding, ...]:
    """One finding for each kind of issue, with the places as evidence; its chance is unknown.

    `lang` is "en" or "zh". Raises InputError for another language.
    """
    if lang not in LIMITS:
        raise InputError(
            f"the language is one of {', '.join(LIMITS)}, not {lang!r}",
            zh=f"语言须为 {'、'.join(LIMITS)} 之一，而非 {lang!r}",
        )
    found = ((kind, list(places)) for kind, places in _issues(chronicle))
    return tuple(_finding(chronicle.patient, kind, places, lang) for kind, places in found if places)


def _issues(chronicle: Chronicle) -> Iterator[tuple[str, Iterable[Place]]]:
    events = sorted(chronicle.events, key=lambda one: (one.kind, one.where))
    yield "contradiction", _contradicted(chronicle.features)
    yield "before-birth", _before_birth(chronicle.birth, events)
    yield "after-death", _after_death(chronicle.death, events)
    yield "ends-first", _ending_first(events)
    yield "stated-twice", _stated_twice(events)


def _contradicted(features: Iterable[Stated]) -> Iterator[Place]:
    said: dict[str, dict[bool, set[str]]] = {}
    shown: dict[str, Code] = {}
    for one in sorted(features, key=lambda each: (each.code.value, each.where)):
        said.setdefault(one.code.value, {False: set(), True: set()})[one.excluded].add(one.where)
        shown.setdefault(one.code.value, one.code)
    for value, places in sorted(said.items()):
        if places[False] and places[True]:
            present, absent = (", ".join(sorted(places[excluded])) for excluded in (False, True))
            yield shown[value], _say("contradiction", present=present, absent=absent), f"{present}; {absent}"


def _before_birth(birth: Moment | None, events: Iterable[Dated]) -> Iterator[Place]:
    if birth is None:
        return
    antenatal = birth.later(-_GESTATION_DAYS)
    for one in events:
        earliest = antenatal if one.kind == "Condition" else birth
        if any(moment is not None and moment.precedes(earliest) for moment in (one.start, one.end)):
            yield one.seen, _say("before-birth", where=one.where), one.where


def _after_death(death: Moment | None, events: Iterable[Dated]) -> Iterator[Place]:
    if death is None:
        return
    last = death.later(1.0)
    for one in events:
        if one.kind not in _LIVING or any(code.value.rpartition(":")[2] in _POSTMORTEM for code in one.codes):
            continue
        if one.start is not None and last.precedes(one.start):
            yield one.seen, _say("after-death", where=one.where), one.where


def _ending_first(events: Iterable[Dated]) -> Iterator[Place]:
    for one in events:
        if one.start is not None and one.end is not None and one.end.precedes(one.start):
            yield one.seen, _say("ends-first", where=one.where), one.where


def _stated_twice(events: Iterable[Dated]) -> Iterator[Place]:
    alike: dict[tuple[tuple[str, ...], Moment, str], list[Dated]] = {}
    for one in events:
        if one.kind == "Observation" and one.codes and one.start is not None and one.value:
            codes = tuple(sorted({code.value for code in one.codes}))
            alike.setdefault((codes, one.start, one.value), []).append(one)
    for group in alike.values():
        places = sorted({one.where for one in group})
        if len(places) > 1:
            named = ", ".join(places)
            yield group[0].seen, _say("stated-twice", where=named), named


def _finding(patient: str, kind: str, places: list[Place], lang: str) -> Finding:
    more = len(places) - _SHOWN
    shown = (Evidence(Bearing.NEUTRAL, seen, 0.0, said[lang], source) for seen, said, source in islice(places, _SHOWN))
    code = Code(f"suwen-issue:{kind}", _LABELS[kind][lang])
    rest = (
        Evidence(Bearing.NEUTRAL, code, 0.0, _say("more", count=str(more))[lang], _SOURCE[lang])
        for _ in range(more > 0)
    )
    maker = Maker("suwen-consistency", VERSION)
    return Finding(Reference(Kind.PATIENT, patient), code, Chance(None), tuple(chain(shown, rest)), maker)


def _say(key: str, **values: str) -> Mapping[str, str]:
    return {lang: sentence.format(**values) for lang, sentence in _SENTENCES[key].items()}


_SOURCE: Mapping[str, str] = MappingProxyType({"en": "the patient's record", "zh": "患者记录"})
_LABELS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "contradiction": {"en": "Record: a feature both present and absent", "zh": "记录：同一表现既有又无"},
        "before-birth": {"en": "Record: dated before birth", "zh": "记录：日期早于出生"},
        "after-death": {"en": "Record: dated after death", "zh": "记录：日期晚于死亡"},
        "ends-first": {"en": "Record: an end before its beginning", "zh": "记录：结束早于开始"},
        "stated-twice": {"en": "Record: the same observation twice", "zh": "记录：同一观察重复"},
    }
)
_SENTENCES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "contradiction": {
            "en": "Said to be present ({present}) and absent ({absent}); one is wrong unless it came and went",
            "zh": "既记为有（{present}）又记为无（{absent}）；除非曾出现后消失，否则其一有误",
        },
        "before-birth": {
            "en": "{where} is dated before the patient's birth",
            "zh": "{where} 的日期早于患者出生",
        },
        "after-death": {
            "en": "{where} is dated more than a day after the patient's death",
            "zh": "{where} 的日期晚于患者死亡一天以上",
        },
        "ends-first": {"en": "{where} ends before it begins", "zh": "{where} 的结束早于开始"},
        "stated-twice": {
            "en": "{where} state the same observation, with the same time and value",
            "zh": "{where} 为同一观察，时间与数值均相同",
        },
        "more": {"en": "{count} further places are not named here", "zh": "另有 {count} 处未在此列出"},
    }
)
