"""The group `suwen records`: the options that all of its commands share, and the list of them."""

from __future__ import annotations

import click

from suwen.cli.errors import SuwenGroup
from suwen.cli.records.accounts import account, grant, revoke
from suwen.cli.records.auditing import audit
from suwen.cli.records.clinic import break_glass, list_, open_, register
from suwen.cli.records.copies import backup, restore
from suwen.cli.records.devices import device
from suwen.cli.records.ecg import ecg
from suwen.cli.records.exchanging import directory, export, import_, keys
from suwen.cli.records.handling import erase, passphrase, rotate
from suwen.cli.records.login import login, logout, password, second_factor, whoami
from suwen.cli.records.opening import Where
from suwen.cli.records.reviewing import review
from suwen.cli.records.starting import init, upgrade
from suwen.cli.records.store_options import store_options
from suwen.cli.records.summing_up import show
from suwen.cli.records.verifying import check, verify

__all__ = ["records"]


@click.group(cls=SuwenGroup)
@store_options
@click.pass_context
def records(context: click.Context, where: Where) -> None:
    """Keep sealed patient records: who may open them, proof of who did, backup and erasure.

    Every command but init, restore, upgrade, keys and login acts as whoever has logged in.
    """
    context.obj = where


for _command in (
    account,
    audit,
    backup,
    break_glass,
    check,
    device,
    directory,
    ecg,
    erase,
    export,
    grant,
    import_,
    init,
    keys,
    list_,
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
    show,
    upgrade,
    verify,
    whoami,
):
    records.add_command(_command)
