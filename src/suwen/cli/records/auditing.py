"""`suwen records audit`: reading the audit log, its signed checkpoint, and proofs that need no key of Suwen's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suwen.cli.errors import SuwenGroup
from suwen.cli.records.opening import Where, working
from suwen.cli.records.showing import iso, moment, say, show_table, when, write_whole
from suwen.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from suwen.govern import Event

__all__ = ["KINDS", "audit"]

KINDS = (  # tests hold this against the kinds of the log: importing them loads what `--help` must not wait for
    "decision",
    "open",
    "query",
    "seal",
    "export",
    "erase",
    "key",
    "login",
    "logout",
    "account",
    "role",
    "care",
    "device",
    "break glass",
    "review",
    "backup",
    "restore",
    "verify",
    "check",
    "audit",
    "start",
    "stop",
)
_OUT = click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file instead.")


@click.group(cls=SuwenGroup)
def audit() -> None:
    """Read the audit log and prove what is in it (auditor)."""


@audit.command()
@click.option("--patient", default="", metavar="ID", help="Only what was done to this patient.")
@click.option("--by", default="", metavar="LOGIN", help="Only what this account (login or id) or device did.")
@click.option("--kind", type=click.Choice(KINDS), help="Only entries of this kind.")
@click.option("--since", metavar="DATE", help="Only from this date or time on (local, or with its zone).")
@click.option("--until", metavar="DATE", help="Only before this time, or until the end of this date.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option(
    "--fhir", type=click.Path(path_type=Path, dir_okay=False), help="Write FHIR R4 AuditEvents to this .ndjson file."
)
@_OUT
@click.pass_obj
def read(where: Where, /, fhir: Path | None, out: Path | None, as_json: bool, **options: Any) -> None:
    """Show entries of the log, oldest first. That it was read is an entry too."""
    from suwen.govern import EventKind, audit_events, names_of, read_audit  # noqa: PLC0415

    since = when(options["since"]) if options["since"] else None
    until = when(options["until"], end=True) if options["until"] else None
    kind = EventKind(options["kind"]) if options["kind"] else None
    with working(where) as (actor, records):
        names = names_of(actor, records)
        by = _id_of(options["by"], names)
        found = read_audit(actor, records, subject=options["patient"], by=by, kind=kind, since=since, until=until)
        if fhir:
            write_whole(fhir, (json.dumps(one, ensure_ascii=False) + "\n" for one in audit_events(records, found)))
            say(f"{len(found)} AuditEvents written to {fhir}, as confidential as the log")
            return
    if as_json or out:
        _give(_lines(found, names), out)
        return
    header = ("entry", "time", "who", "what", "act", "purpose", "whom", "outcome", "detail")
    show_table(header, (_row(number, event, names) for number, event in found), empty="no entry is like that")


def _id_of(who: str, names: dict[str, str]) -> str:
    """The id behind a login name or a device's name; an id is itself."""
    if not who or who.lower() in names:
        return who.lower()
    found = [id_ for id_, name in names.items() if name == who.strip().casefold() or name == who]
    if len(found) != 1:
        raise NotFoundError(f"{len(found)} accounts or devices are called so; give the id instead")
    return found[0]


def _row(number: int, event: Event, names: dict[str, str]) -> tuple[str, ...]:
    detail = " ".join(f"{name}={_short(value)}" for name, value in event.detail.items())
    who = names.get(event.actor, event.actor) or "suwen"
    whom = names.get(event.subject, event.subject)
    plain = (event.kind.value, event.act, event.purpose, whom, event.outcome.value, detail)
    return (str(number), moment(event.at), who, *plain)


def _short(value: object) -> str:
    """Lists of hundreds of records would fill the screen; --json gives all of them."""
    if isinstance(value, (list, tuple)):
        return ",".join(str(one) for one in value) if len(value) <= 3 else f"({len(value)})"
    return str(value)


def _lines(found: list[tuple[int, Event]], names: dict[str, str]) -> Iterator[str]:
    for number, event in found:
        said = {
            "entry": number,
            "at": iso(event.at),
            "kind": event.kind.value,
            "actor": event.actor,
            "name": names.get(event.actor, ""),
            "act": event.act,
            "purpose": event.purpose,
            "subject": event.subject,
            "outcome": event.outcome.value,
            "detail": dict(event.detail),
        }
        yield json.dumps(said, ensure_ascii=False) + "\n"


@audit.command()
@_OUT
@click.pass_obj
def checkpoint(where: Where, out: Path | None) -> None:
    """Give the newest signed checkpoint, to be kept where the keepers of the database cannot reach it."""
    from suwen.govern import current_checkpoint  # noqa: PLC0415

    with working(where) as (actor, records):
        _give([current_checkpoint(actor, records)], out)


@audit.command()
@click.argument("entry", type=click.IntRange(0))
@_OUT
@click.pass_obj
def prove(where: Where, entry: int, out: Path | None) -> None:
    """Prove (RFC 6962, as JSON) that ENTRY is in the log under its signed checkpoint."""
    from suwen.govern import prove_entry  # noqa: PLC0415

    with working(where) as (actor, records):
        proof = prove_entry(actor, records, entry)
    said = {
        "entry": proof.index,
        "leaf_hash": proof.leaf.hex(),
        "hashes": [one.hex() for one in proof.hashes],
        "checkpoint": proof.checkpoint,
    }
    _give([json.dumps(said, ensure_ascii=False) + "\n"], out)


@audit.command()
@click.argument("earlier", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_OUT
@click.pass_obj
def consistency(where: Where, earlier: Path, out: Path | None) -> None:
    """Prove (RFC 6962, as JSON) that the log only grew since the EARLIER checkpoint, a file."""
    from suwen.govern import prove_consistency, read_checkpoint  # noqa: PLC0415

    try:
        text = earlier.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{earlier} cannot be read; it holds no checkpoint") from None
    with working(where) as (actor, records):
        hashes, now = prove_consistency(actor, records, read_checkpoint(records, text))
    said = {"earlier": text, "hashes": [one.hex() for one in hashes], "checkpoint": now}
    _give([json.dumps(said, ensure_ascii=False) + "\n"], out)


def _give(parts: Iterator[str] | list[str], out: Path | None) -> None:
    if out is None:
        for part in parts:
            click.echo(part, nl=False)
        return
    write_whole(out, parts)
    say(f"written to {out}")
