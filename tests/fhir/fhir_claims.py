"""Findings of every kind for the tests of what goes out as FHIR: made by hypothesis, a fixed report, ways to look."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from suwen.finding import Bearing, Chance, Evidence, Finding, Maker
from suwen.formats.fhir import parse_tree, render
from suwen.formats.fhir.findings import VERDICTS, Claim, FindingReport, ReviewSaid, write_findings
from suwen.formats.fhir.findings.addresses import Extensions
from suwen.subject import Atoms, Code, Kind, Measurement, Reference, Region, Span

__all__ = ["AT", "REPORT", "claims_of", "drop", "exact", "of_kind", "part_of", "reports", "said", "sent", "walk"]

Json = dict[str, Any]

AT = datetime(2026, 11, 25, 20, 30, 15, 678901, tzinfo=UTC)


def exact(value: Any) -> Any:
    """Everything a noun holds, so that two are alike only bit for bit: codes with labels, -0.0 apart from 0.0."""
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, Mapping):
        return sorted((key, exact(one)) for key, one in value.items())
    if isinstance(value, tuple):
        return [exact(one) for one in value]
    if is_dataclass(value):
        return type(value).__name__, [exact(getattr(value, one.name)) for one in fields(value)]
    return value


# What hypothesis makes

_LETTERS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff")
_SOME = st.sampled_from(
    ("癫痫发作 83 % (43/52)", "<b>&amp;\"'", "a\tb\nc", "한글 🧬", " lead and trail ", "2\u00a0cm\u3000宽")
)
TEXT = _SOME | st.text(_LETTERS, min_size=1, max_size=12).filter(lambda text: text.strip() != "")
NAME = st.just("") | TEXT
FLOAT = st.sampled_from((0.0, -0.0, 5e-324, 0.1 + 0.2, 1.7976931348623157e308, -1e16, 1e22)) | st.floats(
    allow_nan=False, allow_infinity=False
)
SHARE = st.sampled_from((0.0, -0.0, 5e-324, 0.07, 0.57, 0.29, 1.0, math.nextafter(1.0, 0.0))) | st.floats(0.0, 1.0)
INTEGER = st.integers(-(2**31), 2**31 - 1)
INTEGERS = st.lists(INTEGER, max_size=4).map(tuple)
VALUES = st.sampled_from(
    (
        *("HP:0001250", "OMIM:154700", "OMIM:PS154700", "ORPHA:558", "MONDO:0007947", "DECIPHER:1", "LOINC:2160-0"),
        *("SNOMEDCT:84757009", "suwen:none-of-these", "suwen-issue:after-death", "suwen-issue:a  b", "PMID:123"),
        *("HP:1", "HP:HP:0001250", "OMIM:OMIM:154700", "LOINC:2160-1", "two  blanks", "no prefix", ":", "a:b:c"),
    )
)
CODE = st.builds(Code, VALUES | TEXT, NAME)
REGION = st.builds(Region, NAME, INTEGERS, INTEGERS).filter(lambda one: one != Region("", (), ()))
SEEN = (
    CODE
    | st.builds(Measurement, CODE, FLOAT, st.sampled_from(("mm[Hg]", "a", "", "mmol/L", "毫米", "not ucum")))
    | REGION
    | st.builds(Atoms, NAME, INTEGERS).filter(lambda one: one != Atoms("", ()))
    | st.builds(Span, NAME | st.just("DocumentReference/1"), INTEGER, INTEGER, NAME)
)
EVIDENCE = st.builds(Evidence, st.sampled_from(Bearing), SEEN, FLOAT, TEXT, TEXT | st.just("Condition/1, Condition/2"))


@st.composite
def _chances(draw: st.DrawFn) -> Chance:
    low, high = draw(st.none() | SHARE), draw(st.none() | SHARE)
    if low is not None and high is not None:
        low, high = min(low, high), max(low, high)
    return Chance(draw(st.none() | SHARE), low, high, draw(NAME))


MAKER = st.builds(Maker, NAME, NAME, st.just("") | st.text("0123456789abcdef", min_size=8, max_size=8))
FINDING = st.builds(
    Finding,
    st.builds(Reference, st.sampled_from(Kind), NAME),
    CODE,
    _chances(),
    st.lists(EVIDENCE, min_size=1, max_size=3).map(tuple),
    MAKER,
    st.none() | REGION,
    st.none() | MAKER,
)
TIME = st.datetimes(timezones=st.just(UTC))
REVIEW = st.builds(ReviewSaid, st.sampled_from(VERDICTS), NAME, NAME, NAME, TIME)


@st.composite
def _claims(draw: st.DrawFn, number: int) -> Claim:
    finding = draw(FINDING)
    return Claim(
        id=draw(st.sampled_from((f"claim-{number}", f"ab/{number}", f"结论 {number}"))),
        finding=finding,
        words={lang: draw(_worded(finding)) for lang in draw(st.sets(st.sampled_from(("zh", "de-CH"))))},
        verdict=draw(st.sampled_from(("", *VERDICTS))),
        reviews=draw(st.lists(REVIEW, max_size=2).map(tuple)),
        urgency=draw(st.integers(0, 3)),
        area=draw(NAME),
        standing=draw(st.booleans()),
        at=draw(st.none() | TIME),
    )


@st.composite
def _worded(draw: st.DrawFn, finding: Finding) -> Finding:
    """The finding in another language, in which some texts may be the same and some labels missing."""
    evidence = tuple(
        replace(
            one,
            seen=draw(_labelled(one.seen)),
            sentence=draw(TEXT | st.just(one.sentence)),
            source=draw(TEXT | st.just(one.source)),
        )
        for one in finding.evidence
    )
    code = draw(_labelled(finding.code))
    chance = replace(finding.chance, calibration=draw(NAME | st.just(finding.chance.calibration)))
    return replace(finding, code=code, chance=chance, evidence=evidence)


@st.composite
def _labelled(draw: st.DrawFn, seen: Any) -> Any:
    if isinstance(seen, Measurement):
        return replace(seen, code=draw(_labelled(seen.code)))
    return Code(seen.value, draw(NAME | st.just(seen.label))) if isinstance(seen, Code) else seen


@st.composite
def reports(draw: st.DrawFn) -> FindingReport:
    """Reports of none to three claims."""
    claims = tuple(draw(_claims(number)) for number in range(draw(st.integers(0, 3))))
    title = draw(st.just({}) | st.fixed_dictionaries({"en": TEXT}, optional={"zh": NAME}))
    return FindingReport(draw(st.sampled_from(("Patient/1", "urn:uuid:5a"))), draw(TIME), claims, title)


# A fixed report in which everything occurs

_SEEN: tuple[Any, ...] = (
    Code("HP:0001250", "Seizure"),
    Measurement(Code("LOINC:2160-0", "Creatinine"), 0.1 + 0.2, "mg/dL"),
    Region("ImagingStudy/7", (1, 2, 3), (4, 5, 6)),
    Atoms("CCO", (0, 2)),
    Span("DocumentReference/9", 3, 9, "发热 3 天"),
)
_EVIDENCE = tuple(
    Evidence(bearing, _SEEN[index % len(_SEEN)], 0.5 - index / 3, f"Reason <{index}> & more", "PMID:1")
    for index, bearing in enumerate(Bearing)
)
_MODEL = Maker("rare-disease", "2", "ab" * 32)
_FINDING = Finding(
    Reference(Kind.PATIENT, "p7"),
    Code("OMIM:154700", "Marfan syndrome"),
    Chance(0.57, 0.29, 0.7000000000000001, "solved cases of 2026"),
    _EVIDENCE,
    _MODEL,
)
_ZH = replace(
    _FINDING,
    code=Code("OMIM:154700", "马凡综合征"),
    evidence=tuple(replace(one, sentence=f"依据 {index}") for index, one in enumerate(_EVIDENCE)),
)
_REVIEWS = (
    ReviewSaid("rejected", "不符合 <临床>", "李医生", "u-1", AT),
    ReviewSaid("amended", "", "Dr Ada", "u-2", AT),
)


def _other(code: str, label: str, **changes: Any) -> Finding:
    return replace(_FINDING, code=Code(code, label), **changes)


REPORT = FindingReport(
    "Patient/p7",
    AT,
    (
        Claim("one", _FINDING, {"zh": _ZH}, "amended", _REVIEWS, 3, "diagnosis", True, AT),
        Claim("two", _other("HP:0001250", "Seizure", chance=Chance(0.07), region=Region("i", (0,), (1,))), urgency=1),
        Claim("three", _other("LOINC:2160-0", "Creatinine", maker=Maker("Dr Ada")), verdict="confirmed"),
        Claim("four", _other("suwen-issue:after-death", "Dated after death", chance=Chance(None)), urgency=2, area="c"),
        Claim("five", _other("suwen:none-of-these", "", maker=Maker("m", "1")), standing=False, area="diagnosis"),
        Claim("sechs / 六", _other("SNOMEDCT:84757009", "", reviewed_by=Maker("Dr Ada")), {}, "rejected", _REVIEWS[:1]),
    ),
    {"en": "Findings", "zh": "结论"},
)


# What goes out, looked at


def sent(report: FindingReport, lang: str = "en") -> list[Json]:
    """The resources as they arrive elsewhere: written as text, and parsed again."""
    return parse_tree(render(write_findings(report, lang=lang)).decode())


def claims_of(resources: list[Json]) -> list[Json]:
    """The resources that findings became."""
    return [one for one in resources if one["resourceType"] in ("RiskAssessment", "Observation", "DetectedIssue")]


def of_kind(resources: list[Json], kind: str) -> list[Json]:
    """Those of one type."""
    return [one for one in resources if one["resourceType"] == kind]


def walk(node: Any) -> Iterator[Json]:
    """Every object of a tree."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from walk(inner)


def said(node: Json, url: str) -> list[Json]:
    """The extensions with this address."""
    return [one for one in node.get("extension", []) if one["url"] == url]


def part_of(resource: Json, url: Extensions, name: str) -> Json:
    """A part of the first extension with this address."""
    (held, *_) = said(resource, url.value)
    (part, *_) = [one for one in held["extension"] if one["url"] == name]
    return part


def drop(resource: Json, url: Extensions, name: str) -> None:
    """Take a part from the first extension with this address."""
    (held, *_) = said(resource, url.value)
    held["extension"] = [one for one in held["extension"] if one["url"] != name]
