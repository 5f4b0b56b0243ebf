"""`suwen records show`: who a patient is and what the record holds, a line for each resource."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from suwen.cli.records.choosing import own_patient, patient_argument
from suwen.cli.records.opening import Where, working
from suwen.cli.records.showing import say, show_table, when
from suwen.errors import InputError

if TYPE_CHECKING:
    from suwen.consult import Actor, Record, Records
    from suwen.formats.fhir import Summary

__all__ = ["show"]

# Kinds of record that are no FHIR resources.
_OWN = frozenset(
    {"Demographics", "Finding", "Consult", "Correction", "DicomSeries", "ImageFile", "ImageMeasurement", "ImageReading"}
)
_LATEST = 20  # lines of a summary without --type or --search


@click.command()
@patient_argument
@click.option("--type", "kind", default="", metavar="TYPE", help="Every resource of this type, such as Observation.")
@click.option(
    "--search", "query", default="", metavar="QUERY", help="A FHIR search, such as 'Observation?date=ge2026-01'."
)
@click.option("--as-of", metavar="DATE", help="As it was at this time, or at the end of this date.")
@click.option("--emergency", is_flag=True, help="For the purpose of emergency treatment, after break-glass.")
@click.option("--json", "as_json", is_flag=True, help="The resources themselves as a FHIR Bundle (with --search).")
@click.pass_obj
def show(
    where: Where, /, patient: str, identifier: str | None, query: str, as_json: bool, **options: str | bool
) -> None:
    """Show who PATIENT is and what the record holds: counts by type, then the latest, newest first."""
    if as_json and not query:
        raise InputError("--json goes with --search; a whole record is written by: suwen records export --fhir")
    with working(where) as (actor, records):
        chosen = own_patient(actor, records, patient, identifier)
        if query:
            _searched(actor, records, chosen, query, as_json=as_json, emergency=bool(options["emergency"]))
            return
        found = _opened(actor, records, chosen, options)
    _show(found, str(options["kind"]))


def _opened(actor: Actor, records: Records, patient: str, options: dict[str, str | bool]) -> list[Record]:
    from suwen.consult import Purpose, open_patient  # noqa: PLC0415

    purpose = Purpose.EMERGENCY if options["emergency"] else Purpose.TREATMENT
    at = when(str(options["as_of"]), end=True) if options["as_of"] else None
    return open_patient(actor, records, patient, purpose=purpose, as_of=at)


def _show(found: list[Record], kind: str) -> None:
    from suwen.consult import Demographics  # noqa: PLC0415

    who = next((one for one in reversed(found) if one.kind == "Demographics"), None)
    if who is not None:
        person = Demographics.from_bytes(who.payload)
        names, sex = ", ".join(person.names), person.sex.value
        rows = [("names", names), ("birth date", person.birth_date), ("sex", sex)]
        rows += [("identifier", one) for one in person.identifiers]
        show_table(("patient", who.patient), rows, empty="")
    lines = [one for one in _summaries(found) if not kind or one.kind == kind]
    if not kind:
        counts = Counter(one.kind for one in found if one.kind != "Demographics")
        show_table(("type", "how many"), [(name, str(count)) for name, count in sorted(counts.items())], empty="")
    _lines(lines if kind else lines[:_LATEST])
    if not kind and len(lines) > _LATEST:
        say(f"the latest {_LATEST} of {len(lines)}; --type TYPE shows every one of a type")


def _summaries(found: list[Record]) -> list[Summary]:
    """Newest first; what bears no date comes last."""
    from suwen.errors import FormatError  # noqa: PLC0415
    from suwen.formats.fhir import Stored, summarise  # noqa: PLC0415

    lines = []
    for one in found:
        if one.kind not in _OWN:
            with suppress(FormatError):  # a record of this kind that is no FHIR resource, such as an image's
                lines.append(summarise(Stored.from_bytes(one.payload).resource))
    return sorted(lines, key=lambda one: (one.when, one.kind, one.id), reverse=True)


def _lines(lines: list[Summary]) -> None:
    header = ("when", "type", "what", "value", "status")
    rows = [(one.when, one.kind, one.what, one.value, one.status) for one in lines]
    show_table(header, rows, empty="nothing was found")


def _searched(actor: Actor, records: Records, patient: str, query: str, *, as_json: bool, emergency: bool) -> None:
    from suwen.consult import Purpose, search_records  # noqa: PLC0415
    from suwen.formats.fhir import render, summarise  # noqa: PLC0415

    purpose = Purpose.EMERGENCY if emergency else Purpose.TREATMENT
    bundle = search_records(actor, records, query, patient=patient, purpose=purpose)
    if as_json:
        click.echo(render(bundle))
        return
    _lines([summarise(one["resource"]) for one in bundle.get("entry", ())])
    say(f"{bundle['total']} found")
