"""`suwen records register`, `list`, `open` and `break-glass`: enough of the ward to try a store by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from suwen.cli.records.alarming import alarm_in_system_log
from suwen.cli.records.asking import ask
from suwen.cli.records.choosing import own_patient, patient_argument, typed_identifier
from suwen.cli.records.opening import Where, working
from suwen.cli.records.showing import iso, moment, show_table, when
from suwen.errors import InputError

if TYPE_CHECKING:
    from suwen.consult import Record

__all__ = ["SEXES", "break_glass", "list_", "open_", "register"]

SEXES = ("unknown", "female", "male", "other")  # tests hold this against suwen.subject.Sex


@click.command()
@click.option("--identifier", "identifiers", multiple=True, help="Of hospital or state; repeatable.")
@click.option("--name", "names", multiple=True, help="A name, as written; repeatable.")
@click.option("--birth-date", help="YYYY-MM-DD.")
@click.option("--sex", type=click.Choice(SEXES), default="unknown", show_default=True, help="As registered.")
@click.pass_obj
def register(
    where: Where, identifiers: tuple[str, ...], names: tuple[str, ...], birth_date: str | None, sex: str
) -> None:
    """Register a patient, who is in your care from then on; prints the id.

    What is left out is asked for: arguments stay in the shell's history.
    """
    from suwen.consult import Demographics, register_patient  # noqa: PLC0415
    from suwen.subject import Sex  # noqa: PLC0415

    if not identifiers and not names:
        identifiers, names = (ask("identifier"),), (ask("name"),)
        birth_date = ask("birth date (YYYY-MM-DD)") if birth_date is None else birth_date
    who = Demographics(identifiers, names, birth_date or "", Sex(sex))
    with working(where) as (actor, records):
        click.echo(register_patient(actor, records, who))


@click.command("list")
@click.pass_obj
def list_(where: Where) -> None:
    """List the patients in your care: id, identifiers, names, birth date, sex."""
    from suwen.consult import list_my_patients  # noqa: PLC0415

    with working(where) as (actor, records):
        found = list_my_patients(actor, records)
    header = ("id", "identifiers", "names", "birth date", "sex")
    rows = [
        (
            one.id,
            ", ".join(one.demographics.identifiers),
            ", ".join(one.demographics.names),
            one.demographics.birth_date,
            one.demographics.sex.value,
        )
        for one in found
    ]
    show_table(header, rows, empty="nobody is in your care")


@click.command("open")
@patient_argument
@click.option("--as-of", metavar="DATE", help="As it was at this time, or at the end of this date.")
@click.option("--emergency", is_flag=True, help="For the purpose of emergency treatment, after break-glass.")
@click.option("--record", default="", metavar="ID", help="Write the content of this record to standard output instead.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def open_(
    where: Where,
    patient: str,
    identifier: str | None,
    as_of: str | None,
    emergency: bool,
    record: str,
    as_json: bool,
) -> None:
    """List the records of PATIENT: id, version, time, type, size, images."""
    from suwen.consult import Purpose, open_patient  # noqa: PLC0415

    if emergency and identifier is not None:
        raise InputError("in an emergency give the id that `suwen records break-glass` printed")
    at = when(as_of, end=True) if as_of else None
    purpose = Purpose.EMERGENCY if emergency else Purpose.TREATMENT
    with working(where) as (actor, records):
        chosen = own_patient(actor, records, patient, identifier)
        found = open_patient(actor, records, chosen, purpose=purpose, as_of=at)
    if record:
        click.echo(_payload(found, record), nl=False)
        return
    if as_json:
        for one in found:
            click.echo(json.dumps(_said(one)))
        return
    rows = [
        (one.id, str(one.version), moment(one.at), one.kind, str(len(one.payload)), str(len(one.images)))
        for one in found
    ]
    show_table(("record", "version", "time", "type", "bytes", "images"), rows, empty="there is no record")


def _payload(found: list[Record], record: str) -> bytes:
    for one in found:
        if one.id == record.strip().lower():
            return one.payload
    raise InputError("the patient has no such record; leave --record out to list them")


def _said(one: Record) -> dict[str, object]:
    return {
        "record": one.id,
        "version": one.version,
        "at": iso(one.at),
        "type": one.kind,
        "bytes": len(one.payload),
        "images": [{"id": id_, "bytes": count} for id_, count in one.images],
    }


@click.command("break-glass")
@patient_argument
@click.option("--reason", required=True, help="Why, in at least 10 characters; it will be reviewed.")
@click.option("--minutes", type=click.IntRange(1, 1440), default=60, show_default=True, help="How long.")
@click.pass_obj
def break_glass(where: Where, patient: str, identifier: str | None, reason: str, minutes: int) -> None:
    """Take access to a patient who is not in your care, in an emergency; it is alarmed and reviewed.

    Prints the patient's id; then: suwen records open ID --emergency.
    """
    from suwen.consult import break_glass as broken  # noqa: PLC0415

    if bool(patient) == (identifier is not None):
        raise InputError("say which patient: the id, or --identifier and not both")
    value = typed_identifier(identifier)
    with working(where) as (actor, records), alarm_in_system_log():
        use = broken(actor, records, patient=patient, identifier=value, reason=reason, minutes=minutes)
    click.echo(use.patient)
