"""`suwen records keys`, `export` and `import`: handing a patient's records to another hospital."""

from __future__ import annotations

from pathlib import Path

import click

from suwen.cli.records.choosing import own_patient, patient_argument
from suwen.cli.records.opening import Where, opened, working
from suwen.cli.records.showing import say
from suwen.errors import InputError

__all__ = ["export", "import_", "keys"]

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_HOSPITAL = "suwen-hospital-1:"


@click.command()
@click.pass_obj
def keys(where: Where) -> None:
    """Show this hospital's two public keys, to be given to others: what is sealed to it, and what it signs."""
    from suwen.govern import hospital_public_key, log_public_key  # noqa: PLC0415

    with opened(where) as records:
        click.echo(hospital_public_key(records))
        click.echo(log_public_key(records))


@click.command()
@patient_argument
@click.option("--to", "recipient", required=True, type=_FILE, help="File with the other hospital's public keys.")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The bundle to write.")
@click.pass_obj
def export(where: Where, patient: str, identifier: str | None, recipient: Path, out: Path) -> None:
    """Write the records and images of PATIENT to a bundle that only the other hospital can open (physician)."""
    from suwen.consult import export_bundle  # noqa: PLC0415

    key = _key(recipient, hospital=True)
    with working(where) as (actor, records):
        chosen = own_patient(actor, records, patient, identifier)
        count = export_bundle(actor, records, chosen, recipient=key, out=out)
    say(f"{count} records written to {out}")


@click.command("import")
@click.argument("bundle", type=_FILE)
@click.option("--from", "sender", required=True, type=_FILE, help="File with the sending hospital's public keys.")
@click.pass_obj
def import_(where: Where, bundle: Path, sender: Path) -> None:
    """Take in a BUNDLE from another hospital; prints the id of the patient, who is in your care if new here."""
    from suwen.consult import import_bundle  # noqa: PLC0415

    key = _key(sender, hospital=False)
    with working(where) as (actor, records), bundle.open("rb") as source:
        click.echo(import_bundle(actor, records, source, sender=key))


def _key(file: Path, *, hospital: bool) -> str:
    """One of the two lines that `suwen records keys` prints. Raises InputError."""
    try:
        lines = [line.strip() for line in file.read_text("ascii").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError):
        lines = []
    found = [line for line in lines if line.startswith(_HOSPITAL) is hospital]
    if len(found) != 1:
        which = "begins with " + _HOSPITAL if hospital else "is a word like suwen/…+…+…"
        raise InputError(f"{file} holds no such public key: `suwen records keys` there prints it; it {which}")
    return found[0]
