"""Search: the examples of R4's search page hold, prefixes agree with an independent model of time, and or, and, not are
what they say.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fhir_searching import CONDITION, PATIENT, hit, observation, period
from hypothesis import given
from hypothesis import strategies as st

from suwen.errors import FormatError
from suwen.formats.fhir.searching.parsing import parse_query
from suwen.formats.fhir.searching.search import matches

PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")


# Examples of https://hl7.org/fhir/R4/search.html, section "Prefixes" and below


@pytest.mark.parametrize(
    ("value", "resource", "answer"),
    [
        ("eq2013-01-14", observation(effectiveDateTime="2013-01-14T00:00:00Z"), True),
        ("eq2013-01-14", observation(effectiveDateTime="2013-01-14T10:00:00Z"), True),
        ("eq2013-01-14", observation(effectiveDateTime="2013-01-15T00:00:00Z"), False),
        ("ne2013-01-14", observation(effectiveDateTime="2013-01-15T00:00:00Z"), True),
        ("ne2013-01-14", observation(effectiveDateTime="2013-01-14T00:00:00Z"), False),
        ("ne2013-01-14", observation(effectiveDateTime="2013-01-14T10:00:00Z"), False),
        ("lt2013-01-14T10:00", observation(effectiveDateTime="2013-01-14"), True),
        ("gt2013-01-14T10:00", observation(effectiveDateTime="2013-01-14"), True),
        ("ge2013-03-14", period("2013-01-21"), True),
        ("le2013-03-14", period("2013-01-21"), True),
        ("sa2013-03-14", period("2013-03-15"), True),
        ("sa2013-03-14", period("2013-01-21"), False),
        ("sa2013-03-14", period("", "2013-01-21"), False),
        ("eb2013-03-14", period("2013-03-15"), False),
        ("eb2013-03-14", period("2013-01-21"), False),
        ("eb2013-03-14", period("", "2013-01-21"), True),
        ("ap2013-03-14", observation(effectiveDateTime="2013-03-14"), True),
        ("ap2013-03-14", period("2013-01-21"), True),
        ("lt0001-01-01", period("", "2013-01-21"), True),
        ("2020-01", observation(effectiveDateTime="2020-01-31T23:59:59.999Z"), True),
        ("2020-01", observation(effectiveDateTime="2020"), False),
        ("2020", observation(effectiveTiming={"event": ["2020-01-01", "2020-12-31"]}), True),
        ("2020", observation(effectiveTiming={"event": ["2020-01-01", "2021-01-01"]}), False),
    ],
)
def test_dates_as_the_search_page_has_them(value: str, resource: dict[str, Any], answer: bool) -> None:
    assert hit(resource, f"date={value}") is answer


@pytest.mark.parametrize(
    ("value", "number", "answer"),
    [
        ("100", "99.5", True),
        ("100", "100.4999", True),
        ("100", "100.5", False),
        ("100", "99.49", False),
        ("100.00", "99.995", True),
        ("100.00", "100.005", False),
        ("1e2", "95", True),
        ("1e2", "105", False),
        ("lt100", "99.99", True),
        ("lt100", "100", False),
        ("le100", "100", True),
        ("le100", "100.1", False),
        ("gt100", "100.01", True),
        ("ge100", "99.99", False),
        ("ne100", "100.4", False),
        ("ne100", "101", True),
        ("ap100", "90", True),
        ("ap100", "89.9", False),
        ("sa100", "100.1", True),
        ("eb100", "100", False),
    ],
)
def test_numbers_as_the_search_page_has_them(value: str, number: str, answer: bool) -> None:
    risk = {"resourceType": "RiskAssessment", "prediction": [{"probabilityDecimal": Decimal(number)}]}
    assert hit(risk, f"probability={value}") is answer


def quantity(value: str, code: str = "mg", **more: Any) -> dict[str, Any]:
    said = {"value": Decimal(value), "unit": code, "system": "http://unitsofmeasure.org", "code": code}
    return observation(valueQuantity=said | more)


@pytest.mark.parametrize(
    ("value", "resource", "answer"),
    [
        ("5.4|http://unitsofmeasure.org|mg", quantity("5.4"), True),
        ("5.4|http://unitsofmeasure.org|mg", quantity("5.44"), True),
        ("5.4|http://unitsofmeasure.org|mg", quantity("5.45"), False),
        ("5.40e-3|http://unitsofmeasure.org|g", quantity("0.0054", "g"), True),
        ("5.40e-3|http://unitsofmeasure.org|g", quantity("5.4"), True),  # the same in another unit
        ("5.40e-3|http://unitsofmeasure.org|g", quantity("5.406"), False),
        ("5.4||mg", quantity("5.4"), True),
        ("5.4||mg", observation(valueQuantity={"value": Decimal("5.4"), "unit": "mg"}), True),
        ("5.4||mg", quantity("5.4", "mL"), False),
        ("5.4", quantity("5.4", "mL"), True),
        ("ap5.4|http://unitsofmeasure.org|mg", quantity("5.9"), True),
        ("ap5.4|http://unitsofmeasure.org|mg", quantity("6"), False),
        ("5.4|http://example.org|mg", quantity("5.4"), False),
        ("lt10", quantity("10", comparator="<"), True),
        ("gt10", quantity("10", comparator="<"), False),
        ("gt10", quantity("10", comparator=">"), True),
        ("ge37|http://unitsofmeasure.org|Cel", quantity("98.6", "[degF]"), True),
        ("gt37|http://unitsofmeasure.org|Cel", quantity("98.6", "[degF]"), False),
        ("120|http://unitsofmeasure.org|mm[Hg]", quantity("16.0", "kPa"), True),
        ("5.4|http://unitsofmeasure.org|mg/dL", quantity("5.4", "mmol/L"), False),
    ],
)
def test_quantities_as_the_search_page_has_them(value: str, resource: dict[str, Any], answer: bool) -> None:
    assert hit(resource, f"value-quantity={value}") is answer


@pytest.mark.parametrize(
    ("criterion", "answer"),
    [
        ("code=http://acme.org/conditions/codes|ha125", True),
        ("code=HA125", True),
        ("code=ha125", True),
        ("code=ha12", False),
        ("code=http://acme.org/conditions/codes|", True),
        ("code=http://other.org|", False),
        ("code=|ha125", False),
        ("code=|x", True),
        ("code=ha126,ha125", True),
        ("code:not=ha125", False),
        ("code:not=ha126", True),
        ("code:not=ha126,ha125", False),
        ("severity:not=1", True),
        ("code:text=headache", False),
        ("code:text=bad head", True),
        ("code:text=cephalee grave", True),
        ("identifier=urn:a|2345", True),
        ("identifier=2345", True),
        ("identifier=|77", True),
        ("identifier=|2345", False),
        ("subject=Patient/123", True),
        ("subject=123", True),
        ("subject=Group/123", False),
        ("subject:Patient=123", True),
        ("subject:Group=123", False),
        ("patient=123", True),
        ("patient=Patient/123", True),
        ("patient=12", False),
        ("asserter=http://other.org/fhir/Practitioner/9", True),
        ("asserter=9", True),
        ("asserter=Practitioner/9", False),  # of another server
        ("asserter:identifier=lic", True),
        ("asserter:identifier=no", False),
        ("encounter=urn:uuid:00000000-0000-4000-8000-000000000001", True),
        ("encounter=00000000-0000-4000-8000-000000000001", True),
        ("severity:missing=true", True),
        ("severity:missing=false", False),
        ("code:missing=true", False),
        ("_id=c1", True),
        ("_id=C2", False),
        ("_profile=http://example.org/a/b", True),
        ("_profile=http://example.org/a", False),
        ("_profile:below=http://example.org/a", True),
        ("_profile:above=http://example.org/a/b/c", True),
        ("_lastUpdated=ge2020-05-01", True),
        ("_lastUpdated=lt2020-05-01", False),
        ("onset-age=36||mo", False),
        ("onset-age=36|http://unitsofmeasure.org|mo", True),
    ],
)
def test_tokens_references_and_addresses(criterion: str, answer: bool) -> None:
    assert hit(CONDITION, criterion) is answer


@pytest.mark.parametrize(
    ("criterion", "answer"),
    [
        ("family=muller", True),
        ("family:exact=muller-ludenscheidt", False),
        ("family:exact=Müller-Lüdenscheidt", True),
        ("family:contains=LÜDEN", True),
        ("family=luden", False),
        ("given=jose", True),
        (r"given=Ann\, Mary", True),
        ("given=Nobody,Jos", True),
        ("name=三", True),
        ("name=张", True),
        ("name:exact=张三", True),
        ("phone=555", True),
        ("email=555", False),
        ("telecom=phone|555", True),
        ("address=zurich", True),
        ("address-city=Zür", True),
        ("gender=male", True),
        ("gender=http://hl7.org/fhir/administrative-gender|male", True),
        ("gender=http://loinc.org|male", False),
        ("active=true", True),
        ("deceased=true", True),
        ("deceased=false", False),
        ("death-date=2020", True),
        ("birthdate=1970-03-04", True),
        ("birthdate=1970", True),
        ("birthdate=lt1970-03-04", False),
        ("_tag=urn:t|made-up", True),
    ],
)
def test_people(criterion: str, answer: bool) -> None:
    assert hit(PATIENT, criterion) is answer


def test_who_is_said_not_to_be_dead_is_alive() -> None:
    for members, answer in (({"deceasedBoolean": False}, "false"), ({"deceasedBoolean": True}, "true"), ({}, "false")):
        assert hit({"resourceType": "Patient", **members}, f"deceased={answer}")


def test_a_composite_holds_within_one_element() -> None:
    def part(code: str, value: str) -> dict[str, Any]:
        unit = {"value": Decimal(value), "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}
        return {"code": {"coding": [{"system": "http://loinc.org", "code": code}]}, "valueQuantity": unit}

    pressure = observation(component=[part("8480-6", "120"), part("8462-4", "80")])
    assert hit(pressure, "component-code-value-quantity=http://loinc.org|8480-6$gt110")
    assert hit(pressure, "combo-code-value-quantity=8480-6$gt110|http://unitsofmeasure.org|mm[Hg]")
    assert not hit(pressure, "component-code-value-quantity=http://loinc.org|8462-4$gt110")
    assert not hit(pressure, "code-value-quantity=8480-6$gt110")


def test_a_terminology_is_the_same_under_all_its_addresses() -> None:
    height = observation(code={"coding": [{"system": "urn:oid:2.16.840.1.113883.6.1", "code": "8302-2"}]})
    assert hit(height, "code=http://loinc.org|8302-2")
    assert not hit(height, "code=http://snomed.info/sct|8302-2")


# Time


@st.composite
def stamps(draw: st.DrawFn) -> tuple[str, datetime, datetime]:
    """A date as text, and first and last moment of what it says, by datetime arithmetic alone."""
    moment = draw(st.datetimes(datetime(1999, 12, 30), datetime(2000, 3, 2)))  # noqa: DTZ001  made aware below
    shape = draw(st.sampled_from(["%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]))
    hours = draw(st.sampled_from([None, 0, 8, -5])) if "H" in shape else None
    start = datetime.strptime(moment.strftime(shape), shape).replace(tzinfo=timezone(timedelta(hours=hours or 0)))
    end = {
        "%Y": lambda: start.replace(year=start.year + 1),
        "%Y-%m": lambda: (start + timedelta(days=32)).replace(day=1),
        "%Y-%m-%d": lambda: start + timedelta(days=1),
        "%Y-%m-%dT%H:%M": lambda: start + timedelta(minutes=1),
        "%Y-%m-%dT%H:%M:%S": lambda: start + timedelta(seconds=1),
    }[shape]()
    zone = "" if hours is None else "Z" if hours == 0 else f"{hours:+03d}:00"
    return moment.strftime(shape) + zone, start, end - timedelta(microseconds=1)


MODEL: dict[str, Callable[[datetime, datetime, datetime, datetime], bool]] = {
    "eq": lambda a, z, first, last: a <= first and last <= z,
    "ne": lambda a, z, first, last: not (a <= first and last <= z),
    "gt": lambda _, z, __, last: last > z,
    "lt": lambda a, _, first, __: first < a,
    "ge": lambda a, z, first, last: last > z or (a <= first and last <= z),
    "le": lambda a, z, first, last: first < a or (a <= first and last <= z),
    "sa": lambda _, z, first, __: first > z,
    "eb": lambda a, _, __, last: last < a,
    "ap": lambda a, z, first, last: first <= z and a <= last,
}


@given(asked=stamps(), held=stamps())
def test_prefixes_agree_with_a_model_of_first_and_last_moments(
    asked: tuple[str, datetime, datetime], held: tuple[str, datetime, datetime]
) -> None:
    resource = observation(effectiveDateTime=held[0])
    for prefix in PREFIXES:
        assert hit(resource, f"date={prefix}{asked[0]}") is MODEL[prefix](*asked[1:], *held[1:])


@given(asked=stamps(), start=stamps(), end=stamps())
def test_prefixes_agree_with_the_model_for_periods(
    asked: tuple[str, datetime, datetime],
    start: tuple[str, datetime, datetime],
    end: tuple[str, datetime, datetime],
) -> None:
    for prefix in PREFIXES:
        both = hit(period(start[0], end[0]), f"date={prefix}{asked[0]}")
        assert both is MODEL[prefix](*asked[1:], start[1], end[2])
        far = datetime.max.replace(tzinfo=UTC)
        assert hit(period(start[0]), f"date={prefix}{asked[0]}") is MODEL[prefix](*asked[1:], start[1], far)


@given(asked=stamps(), held=stamps())
def test_equal_and_unequal_divide_what_has_a_date(asked: tuple[str, Any, Any], held: tuple[str, Any, Any]) -> None:
    resource = observation(effectiveDateTime=held[0])
    assert hit(resource, f"date=eq{asked[0]}") is not hit(resource, f"date=ne{asked[0]}")
    later = hit(resource, f"date=sa{asked[0]}")
    assert not later or hit(resource, f"date=gt{asked[0]}")
    assert not (later and hit(resource, f"date=eb{asked[0]}"))


def test_a_date_without_a_zone_counts_in_the_zone_of_the_query() -> None:
    early = observation(effectiveDateTime="2020-01-01T07:00:00+08:00")  # still the old year in UTC
    assert not hit(early, "date=2020-01-01")
    assert hit(early, "date=2020-01-01", zone=ZoneInfo("Asia/Shanghai"))
    local = observation(effectiveDateTime="2020-01-01")
    assert hit(local, "date=2020-01-01", zone=ZoneInfo("Asia/Shanghai"))
    assert hit(local, "date=ge2019-12-31T16:00:00Z", zone=ZoneInfo("Asia/Shanghai"))


def test_an_approximate_date_reaches_a_tenth_of_the_way_from_now() -> None:
    now = datetime(2020, 4, 10, tzinfo=UTC)
    query = parse_query("Observation?date=ap2020-01-01")
    for day, answer in (("2020-01-10", True), ("2020-01-12", False), ("2019-12-23", True), ("2019-12-21", False)):
        assert matches(observation(effectiveDateTime=day), query, now=now) is answer


def test_the_ends_of_the_calendar_and_a_blank_for_plus() -> None:
    last = observation(effectiveDateTime="9999-12-31T23:59:60-14:00")
    assert matches(last, parse_query("Observation?date=ge9999-12-31"))
    assert matches(observation(effectiveDateTime="0001-01-01"), parse_query("Observation?date=0001"))
    assert matches(last, parse_query("Observation?date=gt9999-12-31T00:00:00+08:00"))
    for text in ("0000-01-01", "2020-13-01", "2020-02-30", "2020-01-01T24:00", "2020-01-01T10", "20200101"):
        with pytest.raises(FormatError, match="is no date"):
            parse_query(f"Observation?date={text}")
        assert not hit(observation(effectiveDateTime=text), "date=ge0001")


# Laws


CODES = st.sampled_from(["a", "b", "c", "d"])
RESOURCES = st.builds(
    lambda codes, day, value: observation(
        code={"coding": [{"system": "urn:s", "code": code} for code in codes]},
        effectiveDateTime=day.isoformat(),
        valueQuantity={"value": value, "code": "mg", "system": "http://unitsofmeasure.org"},
    ),
    st.lists(CODES, max_size=3),
    st.dates(date(2000, 1, 1), date(2000, 1, 9)),
    st.integers(0, 9),
)
CRITERIA = st.one_of(
    CODES.map(lambda code: f"code={code}"),
    CODES.map(lambda code: f"code=urn:s|{code}"),
    CODES.map(lambda code: f"code:not={code}"),
    st.builds("date={}2000-01-0{}".format, st.sampled_from(PREFIXES), st.integers(1, 9)),
    st.builds("value-quantity={}{}".format, st.sampled_from(PREFIXES), st.integers(0, 9)),
)


@given(resource=RESOURCES, one=CRITERIA, other=CRITERIA)
def test_repeated_parameters_are_and(resource: dict[str, Any], one: str, other: str) -> None:
    both = hit(resource, one) and hit(resource, other)
    assert hit(resource, one, other) is both
    assert hit(resource, other, one) is both


@given(resource=RESOURCES, codes=st.lists(CODES, min_size=1, max_size=4))
def test_commas_are_or_and_not_is_its_opposite(resource: dict[str, Any], codes: list[str]) -> None:
    either = any(hit(resource, f"code={code}") for code in codes)
    assert hit(resource, f"code={','.join(codes)}") is either
    assert hit(resource, f"code:not={','.join(codes)}") is not either


@given(resource=RESOURCES)
def test_a_resource_answers_to_what_it_says_itself(resource: dict[str, Any]) -> None:
    for coding in resource["code"]["coding"]:
        assert hit(resource, f"code={coding['system']}|{coding['code']}")
    assert hit(resource, f"date={resource['effectiveDateTime']}")
    assert hit(resource, f"value-quantity={resource['valueQuantity']['value']}|http://unitsofmeasure.org|mg")
    assert hit(resource, "code:missing=false") is bool(resource["code"])


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1, max_size=20))
def test_any_text_can_be_asked_for_when_it_is_escaped(text: str) -> None:
    escaped = "".join(f"\\{one}" if one in "\\,|$" else one for one in text)
    condition = {"resourceType": "Condition", "code": {"coding": [{"code": text}]}, "onsetString": text}
    assert hit(condition, f"code={escaped}")
    if text.strip():
        assert hit(condition, f"onset-info:exact={escaped}")
