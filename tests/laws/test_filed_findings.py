"""The law of filed findings: whatever a finding says, it is read back from the sealed record unchanged."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.consult.findings import finding_from_bytes, finding_to_bytes
from suwen.errors import FormatError, InputError
from suwen.finding import Bearing, Chance, Evidence, Finding, Maker
from suwen.subject import Atoms, Code, Kind, Measurement, Reference, Region, Span, Stretch

__all__ = ["FINDINGS", "SEEN", "findings"]

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)  # any Unicode but half characters
WORDS = TEXT.filter(str.strip)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
WHOLE = st.integers(-(10**9), 10**9)
PROBABILITY = st.none() | st.floats(0, 1)

CODES = st.builds(Code, TEXT, TEXT)
REGIONS = st.integers(0, 4).flatmap(
    lambda axes: st.builds(Region, TEXT, st.tuples(*[WHOLE] * axes), st.tuples(*[WHOLE] * axes))
)
SEEN = {
    Code: CODES,
    Measurement: st.builds(Measurement, CODES, FINITE, TEXT),
    Region: REGIONS,
    Atoms: st.builds(Atoms, TEXT, st.lists(WHOLE, max_size=5).map(tuple)),
    Span: st.builds(Span, TEXT, WHOLE, WHOLE, TEXT),
    Stretch: st.builds(Stretch, TEXT, FINITE, FINITE, st.lists(TEXT, max_size=3).map(tuple)),
}
MAKERS = st.builds(Maker, TEXT, TEXT, TEXT)


@st.composite
def chances(draw: Callable[..., float | None]) -> Chance:
    low, high = draw(PROBABILITY), draw(PROBABILITY)
    if low is not None and high is not None:
        low, high = sorted((low, high))
    return Chance(draw(PROBABILITY), low, high, draw(TEXT))


def findings(patient: st.SearchStrategy[str], *seen: type) -> st.SearchStrategy[Finding]:
    """Findings about a patient (id) with evidence of the given kinds of `seen`, all when none is given."""
    kinds = st.one_of([SEEN[one] for one in seen or tuple(SEEN)])
    evidence = st.builds(Evidence, st.sampled_from(Bearing), kinds, FINITE, WORDS, WORDS)
    return st.builds(
        Finding,
        subject=st.builds(Reference, st.just(Kind.PATIENT), patient),
        code=CODES,
        chance=chances(),
        evidence=st.lists(evidence, min_size=1, max_size=6).map(tuple),
        maker=MAKERS,
        region=st.none() | REGIONS,
        reviewed_by=st.none() | MAKERS,
    )


FINDINGS = findings(st.just("ab" * 16))


def same(one: Finding, other: Finding) -> bool:
    """Equal, also in what equality leaves out (labels, the sign of zero, int or float)."""
    return one == other and repr(one) == repr(other)


@given(FINDINGS)
def test_a_finding_comes_back_as_it_was_filed(finding: Finding) -> None:
    """Proves that reading undoes writing for every kind of evidence, any Unicode and unknown chances."""
    assert same(finding_from_bytes(finding_to_bytes(finding)), finding)


@pytest.mark.parametrize("kind", SEEN)
def test_each_kind_of_evidence_comes_back(kind: type) -> None:
    """Proves the same for each of the five alone, so that none is covered by luck only."""

    @given(findings(st.just("ab" * 16), kind))
    def law(finding: Finding) -> None:
        read = finding_from_bytes(finding_to_bytes(finding))
        assert {type(one.seen) for one in read.evidence} == {kind}
        assert same(read, finding)

    law()


@given(FINDINGS)
def test_equal_findings_are_equal_bytes(finding: Finding) -> None:
    """Proves that the form is canonical: a digest of it in the audit log is a digest of the finding."""
    payload = finding_to_bytes(finding)
    assert finding_to_bytes(finding_from_bytes(payload)) == payload
    assert json.loads(payload)["format"] == 1


def example(value: float = 1.0, label: str = "Seizure") -> Finding:
    seen = Measurement(Code("LOINC:2345-7", label), value, "mmol/L")
    reasons = (Evidence(Bearing.SUPPORTS, seen, 0.5, "high", "a guideline"),)
    return Finding(Reference(Kind.PATIENT, "ab" * 16), Code("X:1"), Chance(None), reasons, Maker("m"))


@pytest.mark.parametrize("bad", [example(math.nan), example(math.inf), example(label="half \ud800")])
def test_what_json_cannot_hold_is_refused(bad: Finding) -> None:
    """Proves that a measurement that is no number, or half a character, is refused before anything is stored."""
    with pytest.raises(InputError, match="cannot be filed"):
        finding_to_bytes(bad)


@pytest.mark.parametrize(
    "damage",
    [
        lambda said: said.replace('"format":1', '"format":2'),
        lambda said: said.replace('"format":1', '"format":"1"'),
        lambda said: said.replace("Measurement", "Molecule"),
        lambda said: said.replace('"bearing":"supports"', '"bearing":"maybe"'),
        lambda said: said.replace('"kind":"patient"', '"kind":"planet"'),
        lambda said: said.replace('"value":null', '"value":7'),
        lambda said: said.replace('"maker"', '"made"'),
        lambda said: said[:-1],
        lambda _: "[]",
        lambda _: "null",
        lambda _: "",
    ],
)
def test_what_is_no_finding_is_a_format_error(damage: Callable[[str], str]) -> None:
    """Proves that a payload that is not as written ends in FormatError, without quoting it."""
    payload = damage(finding_to_bytes(example()).decode())
    assert payload != finding_to_bytes(example()).decode()
    with pytest.raises(FormatError) as told:
        finding_from_bytes(payload.encode())
    assert "Seizure" not in str(told.value)
