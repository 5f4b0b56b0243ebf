"""`suwen records rotate`, `passphrase` and `erase`: what the security officer does with keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from suwen.cli.errors import SuwenGroup
from suwen.cli.records.asking import ask_secret, confirm_by_typing
from suwen.cli.records.choosing import one_patient, patient_argument
from suwen.cli.records.opening import Where, working
from suwen.cli.records.showing import progress, say, size

if TYPE_CHECKING:
    from suwen.govern import Actor, Records

__all__ = ["erase", "passphrase", "rotate"]

_DIGITS = 6
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")


@click.group(cls=SuwenGroup)
def rotate() -> None:
    """Renew keys (security officer); an interrupted rotation goes on where it stopped."""


@rotate.command()
@click.option("--retire", is_flag=True, help="Destroy the earlier keys afterwards: old copies cannot be opened then.")
@_DRY_RUN
@click.pass_obj
def kek(where: Where, retire: bool, dry_run: bool) -> None:
    """Make a new key-encryption key and wrap every data key under it; no record is rewritten."""
    from suwen.govern import rotate_kek  # noqa: PLC0415

    with working(where) as (actor, records):
        if dry_run:
            _preview(actor, records, "kek", "would wrap {keys} data keys under a new key-encryption key")
            if retire:
                click.echo("would then destroy the earlier key-encryption keys; this cannot be undone")
            return
        with progress("wrapping data keys") as told:
            key, missed = rotate_kek(actor, records, retire=retire, progress=told)
    click.echo(f"the key-encryption key is now {key}{'; the earlier ones are destroyed' if retire else ''}")
    _say_missed(missed)


@rotate.command()
@_DRY_RUN
@click.pass_obj
def data(where: Where, dry_run: bool) -> None:
    """Give every patient a new data key and seal all records and images under it; this rewrites everything."""
    from suwen.govern import rotate_data_keys  # noqa: PLC0415

    with working(where) as (actor, records):
        if dry_run:
            would = "would renew {keys} data keys and rewrite {versions} versions and {images} images ({image_bytes})"
            _preview(actor, records, "data keys", would)
            return
        with progress("renewing data keys") as told:
            done, missed = rotate_data_keys(actor, records, progress=told)
    click.echo(f"the data keys of {done} patients were renewed")
    _say_missed(missed)


def _preview(actor: Actor, records: Records, which: str, sentence: str) -> None:
    from suwen.govern import preview_rotation  # noqa: PLC0415

    counts, unfinished = preview_rotation(actor, records)
    said = {**counts, "image_bytes": size(counts["image_bytes"])}
    if which in unfinished:
        click.echo("a rotation was begun and not finished; it would be finished instead")
    click.echo(sentence.format(**said))


@click.command()
@click.pass_obj
def passphrase(where: Where) -> None:
    """Change the passphrase of the key file. For scripts: SUWEN_NEW_PASSPHRASE."""
    from suwen.govern import change_passphrase  # noqa: PLC0415

    with working(where) as (actor, records):
        new = ask_secret("new passphrase, at least 12 characters", "SUWEN_NEW_PASSPHRASE", new=True)
        missed = change_passphrase(actor, records, new)
    click.echo("passphrase changed; programs that have the store open must be started again")
    _say_missed(missed)


@click.command()
@patient_argument
@click.option("--reason", required=True, help="Why, for the audit log: a request, the end of the retention period.")
@click.option("--dry-run", is_flag=True, help="Show what would go, and erase nothing.")
@click.option("--yes", is_flag=True, help="Do not ask for the last digits of the id.")
@click.pass_obj
def erase(where: Where, patient: str, identifier: str | None, reason: str, dry_run: bool, yes: bool) -> None:
    """Destroy PATIENT's key, here and in the backups, so that nothing can open their records (security officer).

    This cannot be undone. That it was done, by whom and why stays in the audit log.
    """
    from suwen.govern import erase_patient, preview_erasure  # noqa: PLC0415

    with working(where) as (actor, records):
        chosen = one_patient(actor, records, patient, identifier)
        would = preview_erasure(actor, records, chosen)
        goes = f"{would['versions']} versions of records and {would['images']} images ({size(would['image_bytes'])})"
        if dry_run:
            click.echo(f"patient {chosen}: {goes} would go")
            return
        if not yes:
            say(f"patient {chosen}: {goes} will go, for ever, here and in the backups")
            confirm_by_typing(chosen[-_DIGITS:], f"type the last {_DIGITS} digits of the id to go on")
        missed = erase_patient(actor, records, chosen, reason=reason)
    click.echo(f"patient {chosen}: erased; {goes} are gone")
    _say_missed(missed)


def _say_missed(missed: list[str]) -> None:
    for address in missed:
        say(f"the backup {address} could not be reached and is behind; run `suwen records check` when it is there")
