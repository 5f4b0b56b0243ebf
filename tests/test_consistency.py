"""The chart held against itself: what is impossible is found, what is merely uncertain is not, in both languages."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suwen.diagnosis import Chronicle, Dated, Moment, Stated, inconsistencies
from suwen.errors import InputError
from suwen.finding import Bearing, Chance, Finding
from suwen.subject import Code

DAY = 1.0
BIRTH, DEATH = Moment(0, 1), Moment(1000, 1001)


def day(number: float) -> Moment:
    return Moment(number, number + 1)


def exact(local: float, zone_hours: float = 0) -> Moment:
    return Moment(local, local, local - zone_hours / 24)


def dated(
    kind: str, start: Moment | None, end: Moment | None = None, *, id_: str = "1", codes: tuple[str, ...] = (), **more
) -> Dated:
    return Dated(kind, tuple(Code(one) for one in codes), start, end, f"{kind}/{id_}", **more)


def found(*events: Dated, birth: Moment | None = BIRTH, death: Moment | None = None, features=()) -> dict[str, Finding]:
    chronicle = Chronicle("ab" * 16, birth, death, tuple(features), tuple(events))
    return {one.code.value.partition(":")[2]: one for one in inconsistencies(chronicle)}


def sources(finding: Finding) -> list[str]:
    return [one.source for one in finding.evidence]


def test_a_sound_chart_gives_no_finding() -> None:
    events = [dated("Encounter", day(5), day(5)), dated("Condition", day(7), None), dated("Observation", day(9))]
    assert found(*events, death=DEATH, features=[Stated(Code("HP:1"), False, "Condition/1")]) == {}
    assert found(birth=None) == {}


def test_a_feature_both_present_and_absent() -> None:
    """Proves that the resources on both sides are named, and two that agree are no issue."""
    said = [
        Stated(Code("HP:1", "One"), False, "Condition/a"),
        Stated(Code("HP:1", "One"), True, "Observation/b"),
        Stated(Code("HP:2"), False, "Condition/a"),
        Stated(Code("HP:2"), False, "Condition/c"),
        Stated(Code("HP:3"), True, "Observation/d"),
    ]
    (finding,) = found(features=said).values()
    assert sources(finding) == ["Condition/a; Observation/b"]
    assert finding.evidence[0].seen.label == "One"


@pytest.mark.parametrize(
    ("kind", "moment", "wrong"),
    [
        ("Observation", day(-1), True),
        ("Observation", day(0), False),
        ("Condition", day(-300), False),  # antenatal
        ("Condition", day(-307), True),
        ("Procedure", Moment(-200, 165), False),  # a year that holds the birth
        ("Procedure", Moment(-365, 0), True),  # the year before
        ("Encounter", exact(-0.4, 0), False),  # perhaps the day of birth where it was
        ("Encounter", exact(-0.6, 0), True),
        ("Encounter", exact(-0.1, 8), False),
    ],
)
def test_dated_before_birth(kind: str, moment: Moment, wrong: bool) -> None:
    assert ("before-birth" in found(dated(kind, moment))) is wrong
    assert ("before-birth" in found(dated(kind, None, moment))) is wrong
    assert found(dated(kind, moment), birth=None) == {}


@pytest.mark.parametrize(
    ("event", "wrong"),
    [
        (dated("Observation", day(1002)), True),
        (dated("Observation", day(1001)), False),  # the day after
        (dated("Encounter", day(1003)), True),
        (dated("MedicationRequest", day(1400)), True),
        (dated("ServiceRequest", day(1400)), True),
        (dated("DocumentReference", day(1400)), False),
        (dated("Claim", day(1400)), False),
        (dated("DiagnosticReport", day(1400)), False),
        (dated("Encounter", day(1003), codes=("SNOMEDCT:308646001",)), False),  # death certification
        (dated("Procedure", day(1003), codes=("X:1", "SNOMEDCT:29240004")), False),  # autopsy
        (dated("Observation", day(1003), codes=("LOINC:69453-9",)), False),  # cause of death
        (dated("Observation", Moment(900, 1300)), False),  # a year that holds the death
        (dated("Observation", exact(1002.3)), False),  # perhaps the day after, west of Greenwich
        (dated("Observation", exact(1002.6)), True),
    ],
)
def test_dated_after_death(event: Dated, wrong: bool) -> None:
    assert ("after-death" in found(event, death=DEATH)) is wrong
    assert found(event) == {}


@pytest.mark.parametrize(
    ("start", "end", "wrong"),
    [
        (day(5), day(4), True),
        (day(5), day(5), False),
        (exact(5.5), exact(5.4), True),
        (exact(5.5), exact(5.5), False),
        (exact(5.5, 8), exact(5.4, 0), False),  # later, in another zone
        (exact(5.4, 0), exact(5.5, 8), True),
        (Moment(0, 365), day(40), False),
        (Moment(365, 730), day(364), True),
        (Moment(5.5, 5.5), Moment(5.4, 5.4), True),  # no zone on either side
        (None, day(4), False),
    ],
)
def test_an_end_before_its_beginning(start: Moment | None, end: Moment, wrong: bool) -> None:
    assert ("ends-first" in found(dated("Encounter", start, end))) is wrong


def test_the_same_observation_twice() -> None:
    """Proves that code, time and value must all agree, in two records; the order of the codes does not matter."""
    one = dated("Observation", day(5), codes=("A:1", "A:2"), value="x")
    alike = replace(one, where="Observation/2", codes=one.codes[::-1])
    (finding,) = found(one, alike).values()
    assert sources(finding) == ["Observation/1, Observation/2"]
    for other in (
        {"value": "y"},
        {"value": ""},
        {"start": day(6)},
        {"codes": (Code("A:1"),)},
        {"kind": "Procedure"},
        {"where": one.where},
    ):
        assert found(one, replace(alike, **other)) == {}


def test_at_most_twenty_places_are_named_and_the_rest_counted() -> None:
    for count, shown in ((20, 20), (21, 21), (45, 21)):
        events = [dated("Observation", day(-9), id_=f"{number:03}") for number in range(count)]
        finding = found(*events)["before-birth"]
        assert len(finding.evidence) == shown
        assert ("further places" in finding.evidence[-1].sentence) is (count > 20)
    assert finding.evidence[-1].sentence.startswith("25 ")


def everything() -> Chronicle:
    return Chronicle(
        "ab" * 16,
        BIRTH,
        DEATH,
        (Stated(Code("HP:1"), False, "Condition/a"), Stated(Code("HP:1"), True, "Observation/b")),
        (
            dated("Observation", day(-400)),
            dated("Encounter", day(1400)),
            dated("CarePlan", day(9), day(8)),
            dated("Observation", day(5), codes=("A:1",), value="x", id_="2"),
            dated("Observation", day(5), codes=("A:1",), value="x", id_="3"),
        ),
    )


def test_the_same_chart_gives_the_same_findings_in_both_languages() -> None:
    """Proves that neither order nor language changes what is found; only words differ, and all of them do."""
    one = everything()
    english, chinese = (inconsistencies(one, lang=lang) for lang in ("en", "zh"))
    assert len(english) == len(chinese) == 5
    mixed = list(one.events)
    random.Random(7).shuffle(mixed)  # noqa: S311
    assert repr(inconsistencies(replace(one, events=tuple(mixed), features=one.features[::-1]))) == repr(english)
    for first, second in zip(english, chinese, strict=True):
        assert first.code == second.code
        assert first.code.label != second.code.label
        assert first.chance == second.chance == Chance(None)
        for reason, grund in zip(first.evidence, second.evidence, strict=True):
            assert (reason.source, reason.weight, reason.bearing) == (grund.source, 0.0, Bearing.NEUTRAL)
            assert reason.sentence != grund.sentence
    with pytest.raises(InputError):
        inconsistencies(one, lang="fr")


MOMENTS = st.builds(
    lambda low, span, zone: Moment(low, low + span, None if zone is None or span else low - zone / 24),
    st.integers(-50, 50).map(lambda number: number / 4),
    st.sampled_from([0, 1, 30]),
    st.none() | st.integers(-12, 14),
)


@settings(deadline=None)
@given(MOMENTS, MOMENTS)
def test_nothing_lies_before_itself_or_both_ways(one: Moment, other: Moment) -> None:
    """Proves that what is surely before is not surely after, and that shifting both changes nothing."""
    assert not one.precedes(one)
    assert not (one.precedes(other) and other.precedes(one))
    assert one.later(64).precedes(other.later(64)) is one.precedes(other)
