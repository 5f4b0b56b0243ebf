"""Patients of FHIR documents: who each is for the house, and whether the house knows that patient already."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from suwen.consult.patients import amend, having, register
from suwen.errors import InputError, Problem
from suwen.formats.fhir import Json
from suwen.formats.fhir.compartment import PatientEntries
from suwen.records.access import Act, ResourceKind
from suwen.records.demographics import ADDRESS, KIND, Demographics, address_tag
from suwen.records.gate import Work
from suwen.subject import Saying, Sex

__all__ = ["Admitted", "address_of", "admit", "demographics_of"]

_SEXES = {"female": Sex.FEMALE, "male": Sex.MALE, "other": Sex.OTHER}
_SHARED = Saying(
    "two sources give the same id to different patients; name the source (--source) of each",
    "两个来源将同一 id 用于不同患者；请分别说明来源（--source）",
)
_ONE = Saying("give at least one of them", "请至少给出一项")
_RIGHT = Saying("correct whichever is wrong", "请更正有误的一项")
_FIRST = Saying("import the Patient first, from the same source", "请先从同一来源导入该 Patient")
_BIRTH = Saying(
    "give the identifier its system, or correct the birth date here", "请为该标识符注明系统，或更正本院的出生日期"
)


@dataclass(frozen=True, slots=True)
class Admitted:
    """A patient of a document in the house: whether just registered, and what somebody should look at."""

    patient: bytes
    registered: bool
    remarks: tuple[Saying, ...] = ()


def address_of(reference: str, source: str) -> str:
    """Under which address the house remembers a patient: `reference` is `Patient/ID`, or a full address."""
    server, mark, id_ = reference.rpartition("/Patient/")
    return f"fhir:{server}|Patient/{id_}" if mark else f"fhir:{source.rstrip('/')}|{reference}"


def admit(work: Work, one: PatientEntries, source: str) -> Admitted:
    """The patient of the house that entries are about: known, or else registered; the actor may annotate the record.

    Raises InputError with where it stands in the document and what would mend it, AccessError (which tells nobody who
    is treated here beyond what `register_patient` does).
    """
    where = one.patient.where if one.patient else one.entries[0].where
    resource = one.patient.resource if one.patient else None
    # A Patient without id and address is called after its place in the document, which is another's in the next.
    address = "" if one.patient and one.reference == one.patient.where else address_of(one.reference, source)
    who = _who(resource, address, where) if resource is not None else Demographics(addresses=(address,))
    known, by_identifier = _recognised(work, who, where)
    if known is not None:
        work.require(Act.ANNOTATE, ResourceKind.PATIENT, patient=known)
        return Admitted(known, False, _compared(work, known, who, where, by_identifier=by_identifier))
    if resource is None:
        raise _wrong(where, Saying("is about a patient who is unknown here", "涉及本院未登记的患者"), _FIRST)
    patient = register(work, who)
    work.require(Act.ANNOTATE, ResourceKind.PATIENT, patient=patient)
    return Admitted(patient, True)


def _who(resource: Json, address: str, where: str) -> Demographics:
    try:
        return demographics_of(resource, address)
    except InputError:
        raise _wrong(where, Saying("has neither identifier, name nor id", "没有标识符、姓名或 id"), _ONE) from None


def _recognised(work: Work, who: Demographics, where: str) -> tuple[bytes | None, bool]:
    """Who of the house it is, by the blind index alone, and whether an identifier says so. Raises InputError."""
    found = {patient for one in who.identifiers for patient in having(work, one)}
    tags = [(ADDRESS, address_tag(one)) for one in who.addresses]
    addressed = set(work.store.charts.find(work.connection, tags)) if tags else set()
    if len(found) > 1:
        raise _wrong(
            where,
            Saying("has identifiers that belong to different patients here", "其标识符在本院属于不同患者"),
            _RIGHT,
        )
    if found and addressed - found:
        raise _wrong(
            where,
            Saying(
                "has the identifier of one patient here and the id of another",
                "其标识符属于本院一名患者，而 id 属于另一名",
            ),
            _SHARED,
        )
    return next(iter(found or addressed), None), bool(found)


def _compared(work: Work, patient: bytes, who: Demographics, where: str, *, by_identifier: bool) -> tuple[Saying, ...]:
    """Hold who comes against whom the house knows; what needs a look is a remark. Raises InputError."""
    here = _demographics(work, patient)
    if here is None:
        return ()
    if not by_identifier and who.identifiers and here.identifiers:
        raise _wrong(
            where,
            Saying(
                "has the id of a patient known here and none of that patient's identifiers",
                "其 id 属于本院已知患者，而标识符均不是该患者的",
            ),
            _SHARED,
        )
    dates_differ = bool(who.birth_date and here.birth_date and who.birth_date != here.birth_date)
    shared = set(who.identifiers) & set(here.identifiers)
    if dates_differ and by_identifier and not any("|" in one for one in shared):
        raise _wrong(
            where,
            Saying(
                "has the number of a patient known here and another birth date",
                "其号码属于本院已知患者，而出生日期不同",
            ),
            _BIRTH,
        )
    more = () if dates_differ else tuple(one for one in who.identifiers if not having(work, one))
    if more or not set(who.addresses) <= set(here.addresses):  # so that the patient is found by them from now on
        addresses = tuple(dict.fromkeys((*here.addresses, *who.addresses)))
        identifiers = (*here.identifiers, *more)
        amend(work, patient, replace(here, identifiers=identifiers, addresses=addresses, by_number=True))
    remarks = [
        Saying(
            f"{where}: the {what.en} is not that of the patient known here; amend it if it changed",
            f"{where}：{what.zh}与本院已知患者的不同；如有变更请修正",
        )
        for what, differs in (
            (Saying("birth date", "出生日期"), dates_differ),
            (Saying("sex", "性别"), Sex.UNKNOWN not in {who.sex, here.sex} and who.sex is not here.sex),
            (Saying("name", "姓名"), bool(who.names and here.names) and not set(who.names) & set(here.names)),
        )
        if differs
    ]
    return tuple(remarks)


def _demographics(work: Work, patient: bytes) -> Demographics | None:
    charts = work.store.charts
    known = charts.newest(work.connection, charts.state(work.connection, patient), kinds=[KIND])
    return Demographics.from_bytes(known[-1].payload) if known else None


def _wrong(where: str, what: Saying, remedy: Saying) -> InputError:
    problem = Problem(where, what.en, remedy.en, zh_what=what.zh, zh_remedy=remedy.zh)
    return InputError("a patient of the document cannot be taken in:", [problem], zh="无法导入文档中的一名患者：")


# Patient resource to Demographics: http://hl7.org/fhir/R4/patient.html


def demographics_of(resource: Json, address: str = "") -> Demographics:
    """Who a Patient resource says it is. Raises InputError where it has neither identifier, name nor address."""
    names = [one for one in _objects(resource, "name") if _name(one)]
    parts = [part for one in names for part in _parts(one)]
    birth_date = _text(resource, "birthDate")
    return Demographics(
        identifiers=tuple(dict.fromkeys(_identifiers(resource))),
        names=tuple(dict.fromkeys(_name(one) for one in names)),
        birth_date=birth_date if _is_full(birth_date) else "",
        sex=_SEXES.get(_text(resource, "gender"), Sex.UNKNOWN),
        parts=tuple(dict.fromkeys(parts)),
        addresses=(address,) if address else (),
    )


def _identifiers(resource: Json) -> Iterator[str]:
    for one in _objects(resource, "identifier"):
        system, value = _text(one, "system"), _text(one, "value")
        if value:
            yield f"{system}|{value}" if system else value


def _name(name: Mapping[str, Any]) -> str:
    """As it is written: in Chinese characters the family name first and nothing between."""
    family, given = _text(name, "family"), _given(name)
    if _text(name, "text"):
        return _text(name, "text")
    if _is_chinese(family + "".join(given)):
        return family + "".join(given)
    return " ".join(part for part in (*given, family) if part)


def _parts(name: Mapping[str, Any]) -> Iterator[str]:
    """What somebody may type of a name beside the whole and its words."""
    whole = _name(name)
    family, given = _text(name, "family"), _given(name)
    chinese = _is_chinese(family + "".join(given))
    for part in (family, "".join(given) if chinese else " ".join(given)):
        if part and part != whole and part not in whole.split():
            yield part


def _given(name: Mapping[str, Any]) -> list[str]:
    given = name.get("given")
    found = given if isinstance(given, list) else [given]
    return [" ".join(one.split()) for one in found if isinstance(one, str) and one.strip()]


def _is_chinese(text: str) -> bool:
    letters = [one for one in text if not one.isspace() and one not in "·•"]
    return bool(letters) and all(unicodedata.name(one, "").startswith("CJK ") for one in letters)


def _is_full(text: str) -> bool:
    """Whether it is a whole date: FHIR also writes a year or a month, which is no day to search by."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _objects(resource: Json, name: str) -> list[Mapping[str, Any]]:
    found = resource.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _text(node: Mapping[str, Any], name: str) -> str:
    value = node.get(name)
    return " ".join(value.split()) if isinstance(value, str) else ""
