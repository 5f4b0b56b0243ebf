"""`suwen records keys`, `export`, `import` and `directory`: records into the house and out of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from suwen.cli.records.choosing import own_patient
from suwen.cli.records.opening import Where, opened, working
from suwen.cli.records.showing import progress, say, show_table, write_whole
from suwen.errors import InputError, Problem

if TYPE_CHECKING:
    from suwen.consult import Actor, Imported, Records

__all__ = ["directory", "export", "import_", "keys"]

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
@click.argument("patients", nargs=-1, metavar="PATIENT...")
@click.option("--identifier", help="An identifier of the patient instead of the id; - to be asked for it.")
@click.option("--to", "recipient", type=_FILE, help="Sealed: file with the other hospital's public keys.")
@click.option("--fhir", is_flag=True, help="In the clear: FHIR, a Bundle (.json) or a folder of .ndjson files.")
@click.option("--no-findings", is_flag=True, help="With --fhir: without the findings that Suwen filed.")
@click.option("--transaction", is_flag=True, help="With --fhir: a Bundle that a FHIR server takes in as it is.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file or folder to write.")
@click.pass_obj
def export(  # noqa: PLR0913 - an option each
    where: Where,
    /,
    patients: tuple[str, ...],
    identifier: str | None,
    recipient: Path | None,
    out: Path,
    *,
    fhir: bool,
    no_findings: bool,
    transaction: bool,
) -> None:
    """Take the record of PATIENT out of the house (physician): sealed to another hospital, or as FHIR in the clear."""
    if fhir is (recipient is not None):
        raise InputError("say how: --to KEYFILE seals the record to another hospital, --fhir writes it in the clear")
    key = _key(recipient, hospital=True) if recipient else ""
    with working(where) as (actor, records):
        chosen = [own_patient(actor, records, one, None) for one in patients]
        if not chosen or identifier is not None:
            chosen.append(own_patient(actor, records, "", identifier))
        if key:
            _sealed(actor, records, chosen, key, out)
        elif out.suffix == ".json":
            _bundle(actor, records, chosen, out, findings=not no_findings, transaction=transaction)
        else:
            _folder(actor, records, chosen, out, findings=not no_findings)


def _sealed(actor: Actor, records: Records, patients: list[str], key: str, out: Path) -> None:
    from suwen.consult import export_bundle  # noqa: PLC0415

    count = export_bundle(actor, records, _only(patients), recipient=key, out=out)
    say(f"{count} records written to {out}")


def _only(patients: list[str]) -> str:
    if len(patients) != 1:
        raise InputError("a bundle holds one patient; write each to a file of its own, or --fhir to a folder")
    return patients[0]


def _bundle(
    actor: Actor, records: Records, patients: list[str], out: Path, *, findings: bool, transaction: bool
) -> None:
    from suwen.consult import export_fhir, fhir_findings  # noqa: PLC0415
    from suwen.formats.fhir import render  # noqa: PLC0415

    extra = (lambda one, about: fhir_findings(actor, records, one, reference=about)) if findings else None
    kind: Literal["collection", "transaction"] = "transaction" if transaction else "collection"
    bundle = export_fhir(actor, records, _only(patients), kind=kind, extra=extra)
    write_whole(out, [render(bundle), b"\n"])
    say(f"{len(bundle.get('entry', ()))} resources written to {out}")


def _folder(actor: Actor, records: Records, patients: list[str], out: Path, *, findings: bool) -> None:
    from suwen.consult import export_lines, fhir_findings  # noqa: PLC0415

    extra = (lambda one, about: fhir_findings(actor, records, one, reference=about)) if findings else None
    with progress("Exporting") as told:
        counts = export_lines(actor, records, patients, out, progress=told, extra=extra)
    say(f"{sum(counts.values())} resources of {len(counts)} types written to {out}")


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True), metavar="FILE...")
@click.option("--source", default="", metavar="URL", help="The system the files are from, where two use the same ids.")
@click.option("--from", "sender", type=_FILE, help="FILE is a sealed bundle of the hospital with these public keys.")
@click.pass_obj
def import_(where: Where, files: tuple[Path, ...], source: str, sender: Path | None) -> None:
    """Take in FHIR (Bundles, resources, .ndjson, folders of these), or a sealed bundle; prints the patients' ids.

    Whoever is new here is registered, in your care. What is there already is not written twice. Exit status 1 when
    something was left out.
    """
    if sender is not None:
        _unsealed(where, files, _key(sender, hospital=False))
        return
    left_out = list[str]()

    def problem(file: Path, line: int, one: Problem) -> None:
        left_out.append(f"{file}{f' line {line}' if line else ''}: {one}")
        say(left_out[-1])

    with working(where) as (actor, records), progress("Importing") as told:
        done = _taken_in(actor, records, files, source, told, problem)
    for patient in done.patients:
        click.echo(patient)
    for remark in done.remarks:
        say(f"note: {remark.en}")
    _sum_up(done)
    if left_out:
        say(f"{len(left_out)} problems: what they name was left out, everything else is in")
        raise SystemExit(1)


def _taken_in(
    actor: Actor, records: Records, files: tuple[Path, ...], source: str, told: Any, problem: Any
) -> Imported:
    from suwen.consult import Imported, import_path, merged  # noqa: PLC0415

    done = Imported()
    for file in files:
        one = import_path(actor, records, file, source=source, progress=told, problems=problem)
        done = merged(done, one)
    return done


def _sum_up(done: Imported) -> None:
    parts = {
        "new": done.written,
        "changed": done.changed,
        "there already": done.unchanged,
        "in the directory": done.directory,
    }
    said = ", ".join(f"{count} {what}" for what, count in parts.items() if count) or "nothing"
    say(f"{said}; {len(done.patients)} patients, {done.registered} of them registered now")


def _unsealed(where: Where, files: tuple[Path, ...], key: str) -> None:
    from suwen.consult import import_bundle  # noqa: PLC0415

    if len(files) != 1 or not files[0].is_file():
        raise InputError("with --from give the one bundle that the other hospital sealed")
    with working(where) as (actor, records), files[0].open("rb") as source:
        click.echo(import_bundle(actor, records, source, sender=key))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The resources as a FHIR Bundle.")
@click.pass_obj
def directory(where: Where, as_json: bool) -> None:
    """List the directory of the house: practitioners, organisations, places, and what else is about no patient."""
    from suwen.consult import Purpose, list_directory  # noqa: PLC0415
    from suwen.formats.fhir import render, summarise, write_bundle  # noqa: PLC0415
    from suwen.govern import own_account  # noqa: PLC0415

    with working(where) as (actor, records):
        runs_the_house = "administrator" in own_account(actor, records).roles
        found = list_directory(actor, records, purpose=Purpose.OPERATIONS if runs_the_house else Purpose.TREATMENT)
    if as_json:
        click.echo(render(write_bundle(found, kind="collection")))
        return
    lines = [summarise(one.resource) for one in found]
    show_table(("type", "id", "what"), [(one.kind, one.id, one.what) for one in lines], empty="the directory is empty")


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
