"""Whose charts can answer a search at all: those that it names by ids, and those that the blind index gives."""

from __future__ import annotations

from collections.abc import Iterator

from suwen.consult.fhir.rest.asking import Asked
from suwen.consult.fhir.rest.names import named, patient_of
from suwen.formats.fhir.searching.patient import patient_part
from suwen.formats.fhir.searching.query import Chain, Criterion, Query
from suwen.formats.fhir.searching.table import Kind
from suwen.formats.fhir.searching.values import Token, Words

__all__ = ["indexed", "names_directory", "patients_named"]

_WHOSE = frozenset({"patient", "subject"})  # these point at whose chart it is; `link` of a Patient at another's


def patients_named(asked: Asked) -> set[str] | None:
    """The patients (hex) whose charts alone can answer; None where the criteria do not say."""
    found: set[str] | None = None
    for one in asked.query.criteria:
        here = _named_by(one, asked.query.kind)
        if here is not None:
            found = here if found is None else found & here
    return found


def _named_by(one: Criterion, kind: str) -> set[str] | None:
    if one.parameter.name == "_id" and not one.modifier:
        return {patient for id_ in _ids(one) if (patient := patient_of(f"{kind}/{id_}"))}
    if one.parameter.kind is not Kind.REFERENCE or one.modifier in {"missing", "identifier"}:
        return None
    if kind == "Patient":
        return None
    texts = [value.text for value in one.values if isinstance(value, Words)]
    # A bare id of `performer` and the like may be anybody's; only of these it is a patient's.
    type_ = one.modifier or one.parameter.target or ("Patient" if one.parameter.name in _WHOSE else "")
    found = [patient_of(text if "/" in text else f"{type_}/{text}") for text in texts]
    return set(found) if all(found) and found else None


def _ids(one: Criterion) -> Iterator[str]:
    yield from (value.code for value in one.values if isinstance(value, Token))


def names_directory(asked: Asked) -> bool:
    """Whether a search asks by ids for what may lie in the directory of the house."""
    kind = asked.query.kind
    ids = [id_ for one in asked.query.criteria if one.parameter.name == "_id" and not one.modifier for id_ in _ids(one)]
    return any(name is not None and not name.patient for name in (named(kind, id_) for id_ in ids))


def indexed(query: Query) -> tuple[tuple[str, str], ...]:
    """Fields of the blind index that whoever the resources are about must have; none where it narrows nothing."""
    if query.kind == "Patient":
        return patient_part(query).fields
    for link in query.links:
        if isinstance(link, Chain) and link.parameter.name in _WHOSE and len(link.there) == 1:
            (there,) = link.there
            if there.kind == "Patient" and not there.links and (fields := patient_part(there).fields):
                return fields
    return ()
