"""Spans of time and number, and what the prefixes of a FHIR search say of two of them.

Specification: https://hl7.org/fhir/R4/search.html#prefix. `want` is what was asked, `have` what the resource holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

__all__ = ["DATE_RULES", "NUMBER_RULES", "Amount", "Bound", "Span", "hull", "widened"]

Bound = Fraction | int | float  # a float only as an infinity: exact numbers compare exactly with it


@dataclass(frozen=True, slots=True)
class Span:
    """From `low` to `high`, infinite where there is no end; time is half open, in microseconds since 0001-01-01 UTC."""

    low: Bound
    high: Bound


@dataclass(frozen=True, slots=True)
class Amount:
    """A number or quantity asked for.

    `span` is what its digits imply (half open). `system` None for any unit; `code` "" where no unit is asked for.
    """

    prefix: str
    value: Fraction
    span: Span
    system: str | None = None
    code: str = ""


def hull(spans: list[Span]) -> Span | None:
    """The outer limits of all; None for none."""
    return Span(min(one.low for one in spans), max(one.high for one in spans)) if spans else None


def widened(span: Span, now: int | None) -> Span:
    """R4: an approximate date reaches a tenth of its distance from now to either side; nothing where now is unknown."""
    if now is None or not isinstance(span.low, int):
        return span
    reach = abs(now - span.low) // 10
    return Span(span.low - reach, span.high + reach)


def _holds(want: Span, have: Span) -> bool:
    return want.low <= have.low and have.high <= want.high


def _meets(want: Span, have: Span) -> bool:
    return have.high > want.low and have.low < want.high


DATE_RULES: Mapping[str, Callable[[Span, Span], bool]] = MappingProxyType(
    {
        "eq": _holds,
        "ne": lambda want, have: not _holds(want, have),
        "gt": lambda want, have: have.high > want.high,
        "lt": lambda want, have: have.low < want.low,
        "ge": lambda want, have: have.high > want.high or _holds(want, have),
        "le": lambda want, have: have.low < want.low or _holds(want, have),
        "sa": lambda want, have: have.low >= want.high,
        "eb": lambda want, have: have.high <= want.low,
        "ap": _meets,
    }
)


def _fits(want: Amount, have: Span) -> bool:
    """Whether the closed span of a resource lies in the half-open one of the digits asked for."""
    return want.span.low <= have.low and have.high < want.span.high


def _approximates(want: Amount, have: Span) -> bool:
    """R4: a tenth of the number to either side, or what the digits imply where that is more."""
    reach = max(abs(want.value) / 10, want.value - want.span.low)
    return have.high >= want.value - reach and have.low <= want.value + reach


# Digits imply a span for eq and ne only; for the others R4 takes the number as exact.
NUMBER_RULES: Mapping[str, Callable[[Amount, Span], bool]] = MappingProxyType(
    {
        "eq": _fits,
        "ne": lambda want, have: not _fits(want, have),
        "gt": lambda want, have: have.high > want.value,
        "lt": lambda want, have: have.low < want.value,
        "ge": lambda want, have: have.high >= want.value,
        "le": lambda want, have: have.low <= want.value,
        "sa": lambda want, have: have.low > want.value,
        "eb": lambda want, have: have.high < want.value,
        "ap": _approximates,
    }
)
