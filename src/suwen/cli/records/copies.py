"""`suwen records backup` and `restore`: a sealed copy elsewhere, and a store made from one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from suwen.cli.records.choosing import place_options
from suwen.cli.records.opening import Where, opened, opening, plainly, working
from suwen.cli.records.showing import progress, say
from suwen.cli.records.verifying import show_report, verify_all

__all__ = ["backup", "restore"]


@click.command()
@click.argument("address")
@click.pass_obj
def backup(where: Where, address: str) -> None:
    """Back everything up to ADDRESS: a folder, or the URL of an object store (administrator).

    Images that are there already are not copied again. Prints the name of the snapshot.
    """
    from suwen.govern import back_up  # noqa: PLC0415

    with working(where) as (actor, records), progress("backing up") as told:
        name = back_up(actor, records, address, progress=told)
    click.echo(name)


@click.command()
@click.argument("address")
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), help="Folder of the new store [default: --store]."
)
@click.option("--snapshot", default="", metavar="NAME", help="Which one [default: the newest].")
@click.option("--rehearsal", is_flag=True, help="Only to try: the copy knows no backup and cannot be backed up.")
@click.option("--list", "listing", is_flag=True, help="Print the names of the snapshots, oldest first, and end.")
@place_options
@click.pass_obj
def restore(
    where: Where, /, address: str, into: Path | None, snapshot: str, rehearsal: bool, listing: bool, **options: str
) -> None:
    """Make a store in an empty folder from the backup at ADDRESS, and verify it.

    Whoever has the backup and its keys may. Exit status 1 when the restored store has faults.
    """
    from suwen.govern import Place, restore_backup, snapshots_in  # noqa: PLC0415

    if listing:
        click.echo("".join(f"{name}\n" for name in snapshots_in(address)), nl=False)
        return
    folder = (into or where.folder).absolute()
    asked = opening(where)
    known: dict[str, str] = {}

    def once(prompt: str) -> str:  # the restored store is opened again to be verified
        kind = prompt.split(" ", maxsplit=1)[0]
        if kind not in known:
            known[kind] = asked.secret(prompt)
        return known[kind]

    place = Place(options["database"], options["blobs"], ca_file=options["ca_file"])
    remembering = replace(asked, secret=once)
    with plainly(folder), progress("restoring") as told:
        name = restore_backup(
            address, folder, place, remembering, snapshot=snapshot, rehearsal=rehearsal, progress=told
        )
    say(f"restored {name} into {folder}")
    with opened(replace(where, folder=folder), trusting=True, using=remembering) as records:
        report = verify_all(records, None)
    show_report(report)
    if not report.whole:
        raise SystemExit(1)
