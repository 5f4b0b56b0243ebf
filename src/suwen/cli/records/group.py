"""The group `suwen records`: the options that all of its commands share, and the list of them."""

from __future__ import annotations

from pathlib import Path

import click

from suwen.cli.errors import SuwenGroup
from suwen.cli.records.accounts import account, grant, revoke
from suwen.cli.records.auditing import audit
from suwen.cli.records.clinic import break_glass, list_patients, open_, register
from suwen.cli.records.copies import backup, restore
from suwen.cli.records.devices import device
from suwen.cli.records.exchanging import export, import_, keys
from suwen.cli.records.handling import erase, passphrase, rotate
from suwen.cli.records.login import login, logout, password, second_factor, whoami
from suwen.cli.records.opening import Where, default_store
from suwen.cli.records.reviewing import review
from suwen.cli.records.starting import init, upgrade
from suwen.cli.records.verifying import check, verify

__all__ = ["records"]


@click.group(cls=SuwenGroup)
@click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="SUWEN_RECORDS",
    help="Folder of the store [env: SUWEN_RECORDS; default: records in your data directory].",
)
@click.option("--as", "login_", metavar="LOGIN", default="", help="Act as this login [default: who logged in last].")
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File whose first line is the passphrase [else env SUWEN_PASSPHRASE, else asked].",
)
@click.pass_context
def records(context: click.Context, store: Path | None, login_: str, passphrase_file: Path | None) -> None:
    """Keep sealed patient records: who may open them, proof of who did, backup and erasure.

    Every command but init, restore, upgrade, keys and login acts as whoever has logged in.
    """
    context.obj = Where((store or Path(default_store())).absolute(), login_, passphrase_file)


for _command in (
    account,
    audit,
    backup,
    break_glass,
    check,
    device,
    erase,
    export,
    grant,
    import_,
    init,
    keys,
    list_patients,
    login,
    logout,
    open_,
    passphrase,
    password,
    register,
    restore,
    review,
    revoke,
    rotate,
    second_factor,
    upgrade,
    verify,
    whoami,
):
    records.add_command(_command)
