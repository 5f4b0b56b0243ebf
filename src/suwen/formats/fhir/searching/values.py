"""Values of a FHIR search as R4 writes them, and the spans of time and number that they stand for.

Specification: https://hl7.org/fhir/R4/search.html. A date without a time zone counts in the zone that is passed in.
Nothing here is cached: names and birth dates would stay in memory after the patient's record is closed.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from fractions import Fraction

from suwen.formats.fhir.searching.spans import Amount, Span
from suwen.formats.fhir.searching.table import Kind, Parameter

__all__ = [
    "Composite",
    "Moment",
    "NoValueError",
    "Token",
    "Value",
    "Words",
    "date_span",
    "plain",
    "read_value",
    "split",
    "unescaped",
]

_PREFIXED = re.compile(r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?(.*)", re.DOTALL)
_DATE = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?)?)?)?", re.ASCII
)
_NUMBER = re.compile(r"([+-]?[0-9]{1,30}(\.[0-9]{1,30})?)([eE][+-]?[0-9]{1,2})?")
_REFERENCE = re.compile(r"(?:(https?://.+|)/)?([A-Z][A-Za-z]{1,40})/([A-Za-z0-9\-.]{1,64})(?:/_history/[^/]*)?")
_BARE_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_LAST_DAY = date.max.toordinal()


class NoValueError(ValueError):
    """A text is no value of its kind; the message is a clause that says why, without the text. Caught by the reader."""


@dataclass(frozen=True, slots=True)
class Token:
    """`system` None for any, "" for none; `code` "" for any of the system. `text` for the modifier :text."""

    system: str | None
    code: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A date with its prefix and the span that its precision implies."""

    prefix: str
    span: Span


@dataclass(frozen=True, slots=True)
class Words:
    """A string, reference or address: as written, and as it is compared."""

    text: str
    plain: str


@dataclass(frozen=True, slots=True)
class Composite:
    """One value for each part of a composite parameter."""

    parts: tuple[Value, ...]


Value = Token | Moment | Amount | Words | Composite


def split(text: str, mark: str) -> list[str]:
    r"""Pieces between marks that no backslash escapes (`\,` `\|` `\$` `\\`); the pieces keep their escapes."""
    pieces, start, at = list[str](), 0, 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == mark:
            pieces.append(text[start:at])
            start = at + 1
        at += 1
    return [*pieces, text[start:]]


def unescaped(text: str) -> str:
    r"""Without the backslashes of `\,` `\|` `\$` and `\\`."""
    return re.sub(r"\\([\\,|$])", r"\1", text)


def plain(text: str) -> str:
    """A text as strings are compared: without case, accents and runs of white space."""
    parts = unicodedata.normalize("NFKD", text)
    return " ".join("".join(one for one in parts if not unicodedata.combining(one)).casefold().split())


def read_value(parameter: Parameter, text: str, zone: tzinfo, modifier: str = "") -> Value:
    """Parse one value (after splitting at commas). Raises NoValueError."""
    if parameter.kind is Kind.TOKEN and modifier != "text":
        return _token(text)
    if parameter.kind is Kind.REFERENCE and modifier == "identifier":
        return _token(text)
    if parameter.kind is Kind.DATE:
        return _moment(unescaped(text), zone)
    if parameter.kind in {Kind.NUMBER, Kind.QUANTITY}:
        return _amount(text, with_unit=parameter.kind is Kind.QUANTITY)
    if parameter.kind is Kind.COMPOSITE:
        return _composite(parameter, text, zone)
    return _words(unescaped(text), is_reference=parameter.kind is Kind.REFERENCE)


def _words(text: str, *, is_reference: bool) -> Words:
    if not text.strip():
        raise NoValueError("is empty")
    if is_reference and not (
        _REFERENCE.fullmatch(text) or _BARE_ID.fullmatch(text) or re.match(r"https?://|urn:(uuid|oid):", text)
    ):
        raise NoValueError("is no reference: write an id, Patient/id or an address")
    return Words(text, plain(text))


def _token(text: str) -> Token:
    parts = [unescaped(part) for part in split(text, "|")]
    if len(parts) > 2:
        raise NoValueError("has more than one |")
    if not any(parts):
        raise NoValueError("is empty")
    return Token(None, parts[0]) if len(parts) == 1 else Token(parts[0], parts[1])


def _composite(parameter: Parameter, text: str, zone: tzinfo) -> Composite:
    pieces = split(text, "$")
    if len(pieces) != len(parameter.parts):
        raise NoValueError(f"needs {len(parameter.parts)} values with $ between them")
    return Composite(tuple(read_value(part, piece, zone) for part, piece in zip(parameter.parts, pieces, strict=True)))


def _prefixed(text: str) -> tuple[str, str]:
    match = _PREFIXED.fullmatch(text)
    return (match.group(1) or "eq", match.group(2)) if match else ("eq", text)


def _moment(text: str, zone: tzinfo) -> Moment:
    prefix, rest = _prefixed(text.strip())
    span = date_span(rest.replace(" ", "+"), zone)  # a + that was not percent-encoded has become a blank
    if span is None:
        raise NoValueError("is no date: write YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+hh:mm")
    return Moment(prefix, span)


def _amount(text: str, *, with_unit: bool) -> Amount:
    parts = [unescaped(part) for part in split(text, "|")]
    if len(parts) not in ((1, 3) if with_unit else (1,)):
        raise NoValueError("is no quantity: write number|system|code, or number||unit" if with_unit else "is no number")
    prefix, number = _prefixed(parts[0].strip())
    match = _NUMBER.fullmatch(number)
    if match is None:
        raise NoValueError("does not begin with a number")
    value = Decimal(number)
    half = Fraction(1, 2) * Fraction(10) ** int(value.as_tuple().exponent)
    if match.group(3) and not match.group(2):
        half /= 10  # R4's own example: 1e2 stands for 95 to 105
    exact = Fraction(value)
    span = Span(exact - half, exact + half)
    if len(parts) == 1:
        return Amount(prefix, exact, span)
    return Amount(prefix, exact, span, parts[1] or None, parts[2])


def date_span(text: str, zone: tzinfo) -> Span | None:
    """The time that a date or date-time stands for by its precision; None where it is none.

    A year is that whole year, 10:00 the whole minute. Without a zone it counts in `zone`.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        first = date(int(year), int(month or 1), int(day or 1))
        last = date(int(year), int(month or 12), int(day or calendar.monthrange(int(year), int(month or 12))[1]))
        if hour is None:
            return Span(_utc(first.toordinal(), 0, None, zone), _utc(last.toordinal() + 1, 0, None, zone))
        start, width = _clock(hour, minute, second, fraction)
        low = _utc(first.toordinal(), start, offset, zone)
        return Span(low, low + width)
    except ValueError:
        return None


def _clock(hour: str, minute: str, second: str | None, fraction: str | None) -> tuple[int, int]:
    """Microseconds since midnight and how many the precision leaves open. Raises ValueError."""
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 60:
        raise ValueError("no time of day")
    start = (int(hour) * 3600 + int(minute) * 60 + int(second or 0)) * _SECOND
    if second is None:
        return start, 60 * _SECOND
    if fraction is None:
        return start, _SECOND
    digits = fraction[:6]
    return start + int(digits.ljust(6, "0")), int(10 ** (6 - len(digits)))


def _utc(day: int, clock: int, offset: str | None, zone: tzinfo) -> int:
    """Microseconds since 0001-01-01 UTC of a local day (ordinal) and time."""
    local = (day - 1) * _DAY + clock
    if offset == "Z":
        return local
    if offset is not None:
        hours, minutes = int(offset[1:3]), int(offset[4:])
        if hours > 14 or minutes > 59:
            raise ValueError("no time zone")
        return local - int(offset[0] + "1") * (hours * 60 + minutes) * 60 * _SECOND
    whole = datetime.combine(date.fromordinal(min(day, _LAST_DAY)), datetime.min.time())
    shift = (whole + timedelta(microseconds=min(clock, _DAY - 1))).replace(tzinfo=zone).utcoffset() or timedelta()
    return local - round(shift.total_seconds()) * _SECOND
