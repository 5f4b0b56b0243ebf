"""Which part of a search for patients a blind index can answer, and what is left to check on opened resources.

A blind index finds equal values and nothing else, so it answers: an identifier's number, a name given `:exact`, and a
birth date to the day. Names by their beginning, dates by before and after, and everything with several values or
another modifier are for resources that have been opened.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, tzinfo

from suwen.errors import FormatError
from suwen.formats.fhir.searching.query import Criterion, Query
from suwen.formats.fhir.searching.spans import Span
from suwen.formats.fhir.searching.values import Moment, Token, Words, date_span

__all__ = ["PatientPart", "patient_part"]

_NAMES = frozenset({"name", "family", "given"})
_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class PatientPart:
    """`fields`: pairs (`identifier`, `name` or `birth_date`, value) that must all be found; `rest`: still to check.

    Without fields the index narrows nothing. The rest keeps what the index answers only loosely: the system of an
    identifier, and the case of a name. The index knows names whole, by their words, and by family and given name; a
    title, or one of several given names that the text of the name does not contain, it does not find.
    """

    fields: tuple[tuple[str, str], ...] = field(repr=False)
    rest: Query


def patient_part(query: Query) -> PatientPart:
    """Divide a search for patients between the blind index and what must be opened.

    Raises FormatError: the search is for another type.
    """
    if query.kind != "Patient":
        raise FormatError(f"the blind index holds patients; a search for {query.kind} opens the patient's resources")
    answered = [(_field(one, query.zone), one) for one in query.criteria]
    fields = tuple(found[:2] for found, _ in answered if found is not None)
    kept = tuple(one for found, one in answered if found is None or not found[2])
    return PatientPart(fields, replace(query, criteria=kept))


def _field(one: Criterion, zone: tzinfo) -> tuple[str, str, bool] | None:
    """Field and value of the index, and whether that settles the criterion; None where the index cannot help."""
    if len(one.values) != 1:
        return None
    name, value = one.parameter.name, one.values[0]
    if name == "identifier" and not one.modifier and isinstance(value, Token) and value.code:
        return "identifier", value.code, value.system is None
    if name in _NAMES and one.modifier == "exact" and isinstance(value, Words):
        return "name", value.text, False
    if name == "birthdate" and not one.modifier and isinstance(value, Moment) and value.prefix == "eq":
        day = _day(value.span, zone)
        return ("birth_date", day, True) if day else None
    return None


def _day(span: Span, zone: tzinfo) -> str:
    """The day that a span is, as ISO 8601; "" where it is longer, shorter or in another zone."""
    near = int(span.low) // _DAY + 1
    days = [date.fromordinal(number).isoformat() for number in range(max(near - 1, 1), near + 2)]
    return next((day for day in days if date_span(day, zone) == span), "")
