"""FHIR search over the sealed records: charts that the actor may view are opened, held against the query, and closed.

Nothing that a search could ask for lies anywhere in the clear: the blind index answers whom an identifier belongs to,
and everything else is looked for in the opened resources of one patient, or of the patients in one's care.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from suwen.consult.fhir.held import resource_in
from suwen.errors import NotFoundError
from suwen.formats.fhir import Json, Stored
from suwen.formats.fhir.documents import write_bundle
from suwen.formats.fhir.searching.parsing import parse_query
from suwen.formats.fhir.searching.query import Query
from suwen.formats.fhir.searching.search import search
from suwen.formats.fhir.searching.table import Kind
from suwen.formats.fhir.searching.values import Token
from suwen.records.access import Act, Purpose, ResourceKind
from suwen.records.audit import EventKind
from suwen.records.gate import Records, Work, patient_id
from suwen.records.noted import note_opened
from suwen.records.people import Actor
from suwen.records.relations import break_glass_uses, caring
from suwen.records.store.charts import Record

__all__ = ["search_records"]

_FOLLOWING = frozenset({Kind.REFERENCE, Kind.COMPOSITE})


@dataclass(frozen=True, slots=True)
class _Opened:
    record: Record
    stored: Stored


def search_records(
    actor: Actor,
    records: Records,
    query_text: str,
    *,
    patient: str = "",
    purpose: Purpose = Purpose.TREATMENT,
    zone: tzinfo = UTC,
) -> Json:
    """Search as FHIR R4 does (`Observation?code=8302-2&date=ge2020`); a searchset Bundle.

    Over one patient (id in hex), or over those whom the actor may view for the purpose: in one's care, or with broken
    glass. Each chart is decided and audited; others are not told. `zone` is that of dates without one.
    Raises FormatError for a query that is not answered, AccessError and NotFoundError for `patient`, TamperError.
    """
    query = parse_query(query_text, zone=zone)
    with records.acting(actor, purpose) as work:
        charts = _one(work, patient) if patient else _several(work, _candidates(work, query))
        found = [one for chart in charts for one in _resources(chart, query)]
        now = datetime.fromtimestamp(work.at / 1e6, UTC)
        answer = search((one.stored for one in found), query, now=now)
        shown = {id(one) for one in answer.stored}
        _note(work, query, answer.total, [one.record for one in found if id(one.stored) in shown])
    return write_bundle(answer.stored, kind="searchset", total=answer.total)


def _one(work: Work, patient: str) -> Iterator[list[Record]]:
    raw = patient_id(patient)
    work.require(Act.VIEW, ResourceKind.PATIENT, patient=raw)
    yield work.store.charts.newest(work.connection, work.store.charts.state(work.connection, raw))


def _several(work: Work, patients: Iterable[bytes]) -> Iterator[list[Record]]:
    charts = work.store.charts
    for patient in sorted(patients):
        if not work.allows(Act.VIEW, ResourceKind.PATIENT, patient=patient):
            continue
        try:
            yield charts.newest(work.connection, charts.state(work.connection, patient))
        except NotFoundError:  # erased
            continue


def _candidates(work: Work, query: Query) -> set[bytes]:
    """Whose charts are opened: those an identifier names where the query asks for one, or else all of the actor's."""
    if query.kind == "Patient":
        for one in query.criteria:
            tokens = [value for value in one.values if isinstance(value, Token)]
            if one.parameter.name == "identifier" and not one.modifier and all(token.code for token in tokens):
                return {patient for token in tokens for patient in _identified(work, token)}
    if work.purpose is Purpose.EMERGENCY:
        uses = break_glass_uses(work.store, work.connection, who=work.actor.id)
        return {bytes.fromhex(one.patient) for one in uses if one.active(work.at)}
    mine = caring(work.store, work.connection, who=work.actor.id)
    return {bytes.fromhex(care.patient) for care in mine if care.active(work.at)}


def _identified(work: Work, token: Token) -> list[bytes]:
    value = f"{token.system}|{token.code}" if token.system else token.code
    return work.store.charts.find(work.connection, [("identifier", value or "")])


def _resources(chart: Iterable[Record], query: Query) -> Iterator[_Opened]:
    """The resources of the type asked for; all, where references have to be followed."""
    follows = bool(query.links) or any(one.parameter.kind in _FOLLOWING for one in query.criteria)
    for record in chart:
        if record.kind == query.kind or follows:
            stored = resource_in(record)
            if stored is not None:
                yield _Opened(record, stored)


def _note(work: Work, query: Query, total: int, shown: Iterable[Record]) -> None:
    """What was asked for without its words, and of every patient what was shown."""
    asked = [one.parameter.name for one in (*query.criteria, *query.links)]
    detail = {"what": "FHIR search", "type": query.kind, "fields": asked, "found": total}
    work.note(EventKind.QUERY, act=Act.VIEW.value, detail=detail)
    by_patient: dict[bytes, list[Record]] = {}
    for one in shown:
        by_patient.setdefault(one.patient, []).append(one)
    for patient, those in by_patient.items():
        note_opened(work, patient, those)
