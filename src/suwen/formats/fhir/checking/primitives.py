"""Checks values of FHIR's primitive types: http://hl7.org/fhir/R4/datatypes.html#primitive."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType

__all__ = ["MAX_STRING", "flaw", "is_earlier", "json_kind", "remark"]

MAX_STRING = 1_048_576  # characters; base64Binary may be longer

_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_DAY = r"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_PARTIAL = r"(?!0000)[0-9]{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?"
_BASE64 = re.compile(r"[0-9A-Za-z+/]*={0,2}")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")

# The pattern of a type (ASCII digits only, as those of R4), and how to say what is expected.
_PATTERNS = MappingProxyType(
    {
        "canonical": (re.compile(r"\S+"), "an address without blanks"),
        "code": (re.compile(r"[^\s]+(\s[^\s]+)*"), "a code without blanks at its ends, and single ones inside"),
        "date": (re.compile(_PARTIAL), "a date such as YYYY, YYYY-MM or YYYY-MM-DD"),
        "dateTime": (
            re.compile(rf"{_PARTIAL}|{_DAY}T{_CLOCK}{_ZONE}"),
            "a date such as YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+hh:mm",
        ),
        "id": (re.compile(r"[A-Za-z0-9\-.]{1,64}"), "an id of 1 to 64 letters, digits, - and ."),
        "instant": (re.compile(rf"{_DAY}T{_CLOCK}{_ZONE}"), "a moment such as YYYY-MM-DDThh:mm:ss.sss+hh:mm"),
        "oid": (re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+"), "an OID such as urn:oid:1.2.3"),
        "time": (re.compile(_CLOCK), "a time such as hh:mm:ss"),
        "uri": (re.compile(r"\S+"), "an address without blanks"),
        "url": (re.compile(r"\S+"), "an address without blanks"),
        "uuid": (
            re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
            "a UUID such as urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
        ),
    }
)
_INTEGERS = MappingProxyType({"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1})
_CALENDAR = frozenset({"date", "dateTime", "instant"})


def flaw(value: object, kind: str) -> str:
    """Say what is wrong with a value of type `kind`, without quoting it; "" where nothing is."""
    if kind == "boolean":
        return "" if isinstance(value, bool) else f"true or false is expected, not {json_kind(value)}"
    if kind in _INTEGERS:
        return _integer_flaw(value, _INTEGERS[kind])
    if kind == "decimal":
        is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        return "" if is_number else f"a number is expected, not {json_kind(value)}"
    if not isinstance(value, str):
        return f"text is expected, not {json_kind(value)}"
    return _text_flaw(value, kind)


def _integer_flaw(value: object, least: int) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return f"a whole number is expected, not {json_kind(value)}"
    if not isinstance(value, int):
        return "a whole number is expected, without point or exponent"
    return "" if least <= value < 2**31 else f"a whole number from {least} to {2**31 - 1} is expected"


def _text_flaw(value: str, kind: str) -> str:
    if not value:
        return "is empty; FHIR has no empty text, so leave it out"
    if kind == "base64Binary":
        return _base64_flaw(value)
    if len(value) > MAX_STRING:
        return f"is longer than the {MAX_STRING:,} characters that FHIR allows"
    pattern = _PATTERNS.get(kind)
    if pattern is not None and pattern[0].fullmatch(value) is None:
        return f"{pattern[1]} is expected"
    return "no such day in the calendar" if kind in _CALENDAR and not _is_day(value) else ""


def _base64_flaw(value: str) -> str:
    """Blanks may stand between groups of four characters only."""
    pieces = value.split()
    is_sound = pieces and all(len(piece) % 4 == 0 for piece in pieces) and _BASE64.fullmatch("".join(pieces))
    return "" if is_sound else "base64 (RFC 4648) is expected"


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat((value + "-01-01")[:10])
    except ValueError:
        return False
    return True


def remark(value: object) -> str:
    """Say what R4 advises against in a text, though it is allowed; "" where there is nothing."""
    if not isinstance(value, str):
        return ""
    if value.isspace():
        return "consists of blanks only"
    return "contains control characters" if _CONTROL.search(value) else ""


_JSON_KINDS: MappingProxyType[type, str] = MappingProxyType(
    {bool: "true or false", dict: "an object", int: "a number", float: "a number", list: "a list", str: "text"}
)


def json_kind(value: object) -> str:
    """What JSON calls a value, for a message."""
    return "null" if value is None else _JSON_KINDS.get(type(value), "a number")


def is_earlier(first: object, second: object) -> bool:
    """Whether one date lies certainly before another, as FHIRPath compares dates: known parts only."""
    if not (isinstance(first, str) and isinstance(second, str)) or flaw(first, "dateTime") or flaw(second, "dateTime"):
        return False
    if "T" in first and "T" in second:
        return _moment(first) < _moment(second)
    known = min(len(first.partition("T")[0]), len(second.partition("T")[0]))
    return first[:known] < second[:known]


def _moment(value: str) -> datetime:
    """Date with time as Python knows it: a leap second is the one before, digits after the sixth are not seen."""
    text = re.sub(r"(:[0-9]{2}):60", r"\1:59", value.replace("Z", "+00:00"))
    text = re.sub(r"\.([0-9]+)", lambda digits: "." + digits[1][:6].ljust(6, "0"), text)
    moment = datetime.fromisoformat(text)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # at the ends of the calendar
        return moment.replace(tzinfo=UTC)
