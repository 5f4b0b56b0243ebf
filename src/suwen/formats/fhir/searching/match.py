"""Whether the elements of a resource answer a search value, by the rules of R4 for each kind of parameter.

Specification: https://hl7.org/fhir/R4/search.html (prefixes, token, string, reference, quantity, uri, composite).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from suwen.errors import InputError
from suwen.formats.fhir.nouns import Json
from suwen.formats.fhir.searching.spans import DATE_RULES, NUMBER_RULES, Amount, Span, hull, widened
from suwen.formats.fhir.searching.table import Kind, Parameter
from suwen.formats.fhir.searching.values import Composite, Moment, Token, Value, Words, date_span, plain
from suwen.formats.fhir.terms.terminology import system_of
from suwen.knowledge.ucum import scale

__all__ = ["Setting", "answers", "elements", "meant", "order_key"]

_UCUM = "http://unitsofmeasure.org"
_HISTORY = re.compile(r"/_history/[^/]*$")
_TYPED = re.compile(r"(?:.*/)?([A-Z][A-Za-z]{1,40})/([A-Za-z0-9\-.]{1,64})")
_WORDS = ("text", "family", "given", "prefix", "suffix", "line", "city", "district", "state", "postalCode", "country")
_IMPLIED = ("http://hl7.org/fhir/", "http://terminology.hl7.org/", "urn:ietf:")
_FILTER = re.compile(r"(\w+)\[(\w+)=(\w+)\]")


@dataclass(frozen=True, slots=True)
class Setting:
    """What a comparison needs besides resource and value.

    `now`: microseconds since 0001-01-01 UTC, for approximate dates (None: no widening). `addresses`: what an address
    within a document (`urn:uuid:...`) is by type and id, as far as it is known.
    """

    zone: tzinfo
    now: int | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)


def elements(resource: Json, path: str) -> list[Any]:
    """Everything at a path of the table, lists opened; null counts as absent."""
    if path == ".":
        return [resource]
    if path.endswith("?"):
        return [_is_there(resource, path[:-1])]
    level: list[Any] = [resource]
    for name in path.split("."):
        match = _FILTER.fullmatch(name)
        level = list(_below(level, match.group(1) if match else name))
        if match:
            level = [one for one in level if isinstance(one, dict) and one.get(match.group(2)) == match.group(3)]
    return level


def _below(level: list[Any], name: str) -> Iterator[Any]:
    for one in level:
        value = one.get(name) if isinstance(one, dict) else None
        if isinstance(value, list):
            yield from (entry for entry in value if entry is not None)
        elif value is not None:
            yield value


def _is_there(resource: Json, name: str) -> bool:
    """Whether a choice such as deceased[x] is there and not false."""
    return any(key.startswith(name) and value not in (None, False) for key, value in resource.items())


def answers(resource: Json, parameter: Parameter, value: Value, modifier: str, setting: Setting) -> bool:
    """Whether any element of the parameter answers the value; `:not` and `:missing` are the caller's."""
    if isinstance(value, Composite):
        return any(
            all(
                answers(one, part, piece, "", setting) for part, piece in zip(parameter.parts, value.parts, strict=True)
            )
            for path in parameter.paths
            for one in elements(resource, path)
            if isinstance(one, dict)
        )
    test = _test(parameter, value, modifier, setting)
    return any(test(one) for path in parameter.paths for one in elements(resource, path))


def _test(parameter: Parameter, value: Value, modifier: str, setting: Setting) -> Callable[[Any], bool]:
    """One comparison of an element with the value, by the kind of the parameter."""
    match value:
        case Token() if parameter.kind is Kind.REFERENCE:
            return lambda one: isinstance(one, dict) and _token(one.get("identifier"), value)
        case Token():
            return lambda one: _token(one, value)
        case Moment():
            return lambda one: _dated(one, value, setting)
        case Amount():
            return lambda one: _amount(one, value)
        case Words():
            return _worded(parameter, value, modifier, setting)
    return lambda _: False


def _worded(parameter: Parameter, value: Words, modifier: str, setting: Setting) -> Callable[[Any], bool]:
    if parameter.kind is Kind.REFERENCE:
        return lambda one: _refers(one, value.text, modifier or parameter.target, setting)
    if parameter.kind is Kind.URI:
        return lambda one: isinstance(one, str) and _is_uri(one, value.text, modifier)
    texts = _texts if parameter.kind is Kind.STRING else _labels
    return lambda one: any(_says(text, value, modifier) for text in texts(one))


# Strings


def _texts(one: Any) -> Iterator[str]:
    """The texts of a string, HumanName or Address."""
    if isinstance(one, str):
        yield one
    elif isinstance(one, dict):
        yield from (text for name in _WORDS for text in _below([one], name) if isinstance(text, str))


def _labels(one: Any) -> Iterator[str]:
    """The texts beside a code: of a CodeableConcept, its codings, a Coding, the type of an Identifier."""
    for path in ("text", "display", "coding.display", "type.text"):
        yield from (text for text in (elements(one, path) if isinstance(one, dict) else ()) if isinstance(text, str))


def _says(text: str, value: Words, modifier: str) -> bool:
    if modifier == "exact":
        return text == value.text
    if modifier == "contains":
        return value.plain in plain(text)
    return plain(text).startswith(value.plain)


# Tokens


@lru_cache(maxsize=4096)
def _system_key(url: str) -> str:
    """One spelling for the addresses under which a terminology is known."""
    found = system_of(url)
    return found.url if found else url


def _tokens(one: Any) -> Iterator[tuple[str | None, str]]:
    """System and code of each coding in an element; the system is None where the element's definition implies it."""
    if isinstance(one, bool):
        yield "", str(one).lower()
    elif isinstance(one, str):
        yield None, one
    elif isinstance(one, dict):
        for coding in [*_below([one], "coding"), *([one] if "coding" not in one else [])]:
            code = coding.get("code", coding.get("value")) if isinstance(coding, dict) else None
            if isinstance(code, str):
                yield str(coding.get("system") or ""), code


def _token(one: Any, value: Token) -> bool:
    """R4: case does not count where it is in doubt, since leaving out what is wanted does more harm."""
    return any(
        (not value.code or code.casefold() == value.code.casefold()) and _is_system(system, value.system)
        for system, code in _tokens(one)
    )


def _is_system(system: str | None, wanted: str | None) -> bool:
    if wanted is None:
        return True
    if system is None:
        return not wanted or wanted.startswith(_IMPLIED)
    return _system_key(system) == _system_key(wanted) if wanted else not system


# Dates


def _time(one: Any, zone: tzinfo) -> Span | None:
    """The span of a date, date-time, instant, Period or Timing (its outer limits); None for none."""
    if isinstance(one, str):
        return date_span(one, zone)
    if not isinstance(one, dict):
        return None
    if "event" in one or "repeat" in one:
        parts = elements(one, "event") + elements(one, "repeat.boundsPeriod")
        return hull([span for part in parts if (span := _time(part, zone))])
    start, end = (date_span(one[name], zone) if isinstance(one.get(name), str) else None for name in ("start", "end"))
    return Span(start.low if start else -math.inf, end.high if end else math.inf) if start or end else None


def _dated(one: Any, value: Moment, setting: Setting) -> bool:
    have = _time(one, setting.zone)
    want = widened(value.span, setting.now) if value.prefix == "ap" else value.span
    return have is not None and DATE_RULES[value.prefix](want, have)


# Numbers and quantities


def _number(one: Any) -> Fraction | None:
    return Fraction(one) if isinstance(one, int | Decimal) and not isinstance(one, bool) else None


def _magnitude(one: Any, value: Amount) -> Span | None:
    """Numbers of an element in the unit asked for: a point, or the span of a Range or comparator; None for none."""
    if not isinstance(one, dict):
        number = _number(one)
        return None if number is None else Span(number, number)
    if "low" in one or "high" in one:
        low, high = (_magnitude(one.get(name), value) for name in ("low", "high"))
        return Span(low.low if low else -math.inf, high.high if high else math.inf) if low or high else None
    number = _in_unit(one, value)
    if number is None:
        return None
    comparator = str(one.get("comparator", ""))
    low_end, high_end = comparator.startswith("<"), comparator.startswith(">")
    return Span(-math.inf if low_end else number, math.inf if high_end else number)


def _in_unit(quantity: Json, value: Amount) -> Fraction | None:
    """A quantity's value in the unit asked for, converted where UCUM can; None where the units differ."""
    number = _number(quantity.get("value"))
    if number is None or not (value.code or value.system):
        return number
    system, code = _system_key(str(quantity.get("system", ""))), str(quantity.get("code", ""))
    if value.system and system != _system_key(value.system):
        return None
    if not value.code or code == value.code or (not value.system and quantity.get("unit") == value.code):
        return number
    found = _scale(code, value.code) if value.system and system == _UCUM else None
    return None if found is None else number * found[0] + found[1]


@lru_cache(maxsize=1024)
def _scale(from_: str, to_: str) -> tuple[Fraction, Fraction] | None:
    try:
        return scale(from_, to_)
    except InputError:
        return None


def _amount(one: Any, value: Amount) -> bool:
    have = _magnitude(one, value)
    return have is not None and NUMBER_RULES[value.prefix](value, have)


# References and addresses


def meant(reference: str, setting: Setting) -> str:
    """What a reference points at, as `Type/id` where its address is known; without a version."""
    text = _HISTORY.sub("", reference)
    return setting.addresses.get(text, text)


def _refers(one: Any, wanted: str, type_: str, setting: Setting) -> bool:
    """Whether a Reference (or canonical address) points at what is wanted: an id, Type/id, or an address."""
    if isinstance(one, str):
        return one == wanted or one.partition("|")[0] == wanted
    text = one.get("reference") if isinstance(one, dict) else None
    if not isinstance(text, str) or text.startswith("#"):
        return False
    text = _HISTORY.sub("", text)
    means = setting.addresses.get(text, text)
    found = _TYPED.fullmatch(means)
    said = found.group(1) if found else str(one.get("type", ""))
    if type_ and said not in {type_, ""}:
        return False
    return _HISTORY.sub("", wanted) in {text, means, *_names(means, found, said)}


def _names(means: str, found: re.Match[str] | None, said: str) -> set[str]:
    """What else a reference may be called: Type/id of a relative one, and the id alone."""
    if found:
        is_relative = "://" not in means
        return {found.group(2), *((f"{found.group(1)}/{found.group(2)}",) if is_relative else ())}
    id_ = means.rpartition(":")[2] if means.startswith(("urn:uuid:", "urn:oid:")) else ""
    return {id_, f"{said}/{id_}"} - {"", "/"} if id_ else set()


def _is_uri(one: str, wanted: str, modifier: str) -> bool:
    if modifier == "below":
        return one == wanted or one.startswith(wanted.rstrip("/") + "/")
    if modifier == "above":
        return one == wanted or wanted.startswith(one.rstrip("/") + "/")
    return one == wanted


# Order


def order_key(resource: Json, parameter: Parameter, setting: Setting, *, last: bool) -> Any:
    """What a resource is sorted by: its earliest value, or its latest where `last`; None where it has none."""
    found = [one for path in parameter.paths for one in elements(resource, path)]
    keys = [key for one in found if (key := _key(one, parameter.kind, setting, last=last)) is not None]
    return (max(keys) if last else min(keys)) if keys else None


def _key(one: Any, kind: Kind, setting: Setting, *, last: bool) -> Any:
    if kind is Kind.DATE:
        span = _time(one, setting.zone)
        return (span.high if last else span.low) if span else None
    if kind in {Kind.NUMBER, Kind.QUANTITY}:
        return _number(one.get("value") if isinstance(one, dict) else one)
    if kind is Kind.TOKEN:
        return next((code for _, code in _tokens(one)), None)
    if kind is Kind.REFERENCE:
        text = one.get("reference") if isinstance(one, dict) else one
        return text if isinstance(text, str) else None
    return next((plain(text) for text in _texts(one)), None)
