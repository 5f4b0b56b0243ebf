"""`suwen records verify` and `check`: is everything there that was written, and what did killed writers leave?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from suwen.cli.records.opening import Session, Where, current_session, opened, opening, working
from suwen.cli.records.showing import say, size, staged_progress
from suwen.errors import InputError, LoginError, StoreError, TamperError

if TYPE_CHECKING:
    from suwen.govern import Checkpoint, Found, Records, Report

__all__ = ["check", "show_report", "verify", "verify_all"]

_HINT = "; or, where nobody can log in any more, verify with --without-login"


@click.command()
@click.option("--log-only", is_flag=True, help="Verify the audit log alone.")
@click.option(
    "--checkpoint",
    "files",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A signed checkpoint that was kept elsewhere; repeatable.",
)
@click.option("--without-login", is_flag=True, help="As whoever can open the store; the log says that it was so.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_obj
def verify(where: Where, log_only: bool, files: tuple[Path, ...], without_login: bool, as_json: bool) -> None:
    """Hold everything in the store against everything, and print each fault.

    Shows nothing of what the store holds (administrator or auditor). Exit status 0 when it is whole, 1 when there are
    faults, 2 when it cannot be opened.
    """
    session = None if without_login else _session(where)
    with opened(where, trusting=True) as records:
        kept, refused = _checkpoints(records, files)
        report = verify_all(records, session, log_only=log_only, checkpoints=kept)
    for where_, what in refused:
        report.say(where_, what)
    show_report(report, as_json=as_json)
    if not report.whole:
        raise SystemExit(1)


def _session(where: Where) -> Session:
    try:
        return current_session(where)
    except LoginError as error:
        raise LoginError(f"{error}{_HINT}") from None


def verify_all(
    records: Records, session: Session | None, *, log_only: bool = False, checkpoints: list[Checkpoint] | None = None
) -> Report:
    """Verify as whoever has logged in, or without a login where the store no longer lets anybody in."""
    from suwen.govern import is_set_back, verify_store  # noqa: PLC0415

    with staged_progress("verifying") as told:

        def verified(who: Session | None) -> Report:
            actor = who.actor() if who else None
            return verify_store(actor, records, log_only=log_only, checkpoints=checkpoints or (), progress=told)

        if is_set_back(records):
            say("the store was set back or its witness changed: verifying without a login, and writing nothing to it")
            return verified(None)
        try:
            return verified(session)
        except StoreError as error:
            say(f"nobody can log in to the store as it is ({error}): verifying without a login")
            return verified(None)
        except LoginError as error:
            raise LoginError(f"{error}{_HINT}") from None


def _checkpoints(records: Records, files: tuple[Path, ...]) -> tuple[list[Checkpoint], list[tuple[str, str]]]:
    """Those that this store's key signed; and as faults those that it did not: the store may have been replaced."""
    from suwen.govern import read_checkpoint  # noqa: PLC0415

    kept, refused = [], []
    for file in files:
        try:
            kept.append(read_checkpoint(records, file.read_text("utf-8")))
        except TamperError as error:
            refused.append((str(file), str(error)))
        except (OSError, UnicodeDecodeError):
            raise InputError(f"{file} cannot be read; it holds no checkpoint") from None
    return kept, refused


def show_report(report: Report, *, as_json: bool = False) -> None:
    """What was looked at, and each fault."""
    seen = {name: getattr(report, name) for name in ("entries", "patients", "versions", "images", "documents")}
    if as_json:
        faults = [{"where": one.where, "what": one.what} for one in report.faults]
        click.echo(json.dumps({"whole": report.whole, **seen, "faults": faults}, ensure_ascii=False))
        return
    for one in report.faults:
        click.echo(f"{one.where}: {' '.join(one.what.split())}")
    said = ", ".join(f"{count} {name}" for name, count in seen.items() if count)
    verdict = "whole" if report.whole else f"NOT whole: {len(report.faults)} faults"
    click.echo(f"{verdict} ({said or 'nothing could be read'})")


@click.command()
@click.option("--dry-run", is_flag=True, help="Show what is left over, and remove nothing.")
@click.option(
    "--grace",
    type=click.FloatRange(0),
    default=3600.0,
    show_default=True,
    metavar="SECONDS",
    help="Leave alone what is younger: somebody may be writing it.",
)
@click.option(
    "--renew-witness",
    "kept",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Make the lost file `checkpoints` anew, from a signed checkpoint that was kept elsewhere.",
)
@click.pass_obj
def check(where: Where, dry_run: bool, grace: float, kept: Path | None) -> None:
    """Remove what killed writers left, and bring backups that could not be reached up to date (administrator)."""
    from suwen.govern import check_store, clean_store  # noqa: PLC0415

    if kept is not None:
        _renew(where, kept)
        return
    with working(where) as (actor, records):
        found = check_store(actor, records, grace=grace)
        _show_found(found)
        if dry_run or found.nothing:
            return
        for address in clean_store(actor, records, found):
            say(f"the backup {address} still cannot be reached")


def _renew(where: Where, kept: Path) -> None:
    """Nobody can log in without a witness, so nobody is asked to; the kept checkpoint vouches for the log."""
    from suwen.govern import renew_witness  # noqa: PLC0415

    try:
        text = kept.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{kept} cannot be read; it holds no checkpoint") from None
    entries = renew_witness(where.folder, opening(where), text)
    click.echo(f"the witness is made anew; the log of {entries} entries fits the checkpoint kept")


def _show_found(found: Found) -> None:
    if found.nothing:
        click.echo("nothing is left over")
    for name, count in found.orphans:
        click.echo(f"object {name}: no record names it ({size(count)})")
    for path in found.leftovers:
        click.echo(f"file {path.name}: half-written")
    if found.witness_damaged:
        click.echo("witness: a checkpoint in it was changed; it is written anew if the log reaches as far")
    for address in found.backups_behind:
        click.echo(f"backup {address}: behind; its keys are brought up to date")
    for name in found.rotations:
        command = "kek" if name == "kek" else "data"
        click.echo(f"rotation of {name}: not finished; the security officer runs `suwen records rotate {command}`")
