"""`suwen records init` and `upgrade`: making a store, and bringing it to a newer Suwen."""

from __future__ import annotations

from typing import Any

import click

from suwen.cli.records.choosing import place_options
from suwen.cli.records.opening import Where, opening, plainly
from suwen.cli.records.showing import say, show_table
from suwen.errors import InputError

__all__ = ["PROVIDERS", "init", "upgrade"]

PROVIDERS = ("file", "environment", "keyring", "transit", "pkcs11")  # tests hold this against the rooms' own lists
_NUMBERS = ("time", "memory_kib", "lanes", "timeout_s")  # a label or a key's name may consist of digits


@click.command()
@place_options
@click.option(
    "--keys", type=click.Choice(PROVIDERS), default="file", show_default=True, help="Who holds the key-encryption key."
)
@click.option(
    "--key-setting", "settings", multiple=True, metavar="NAME=VALUE", help="A setting of that key provider; repeatable."
)
@click.option("--administrator", default="administrator", show_default=True, help="Login name of the first of them.")
@click.option("--security-officer", default="security", show_default=True, help="Login name of the first of them.")
@click.option("--auditor", default="auditor", show_default=True, help="Login name of the first of them.")
@click.pass_obj
def init(where: Where, /, settings: tuple[str, ...], **options: Any) -> None:
    """Make a store with three accounts kept apart: administrator, security officer, auditor.

    Prints their first passwords, once; each is to be changed at the first login.
    """
    from suwen.govern import Place, create_records  # noqa: PLC0415

    place = Place(options["database"], options["blobs"], options["keys"], _read(settings), options["ca_file"])
    logins = (options["administrator"], options["security_officer"], options["auditor"])
    with plainly(where.folder):
        records, first = create_records(where.folder, place, opening(where), logins=logins)
        records.store.close()
    rows = [(one.role.value, one.login, one.password) for one in first]
    show_table(("role", "login", "first password"), rows, empty="")
    say(f"The store is in {where.folder}. Hand each password to one person; they are not shown again.")
    say("Next: suwen records login LOGIN, for each of the three")


def _read(settings: tuple[str, ...]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for one in settings:
        name, sign, value = one.partition("=")
        if not sign or not name:
            raise InputError(f"{one!r} is no setting; write NAME=VALUE")
        if name in read:
            raise InputError(f"the setting {name!r} is given twice")
        if name in _NUMBERS and not value.isdecimal():
            raise InputError(f"the setting {name!r} is a whole number, not {value!r}")
        read[name] = int(value) if name in _NUMBERS else value
    return read


@click.command()
@click.pass_obj
def upgrade(where: Where) -> None:
    """Bring the store's database to this Suwen's schema. Back it up first."""
    from suwen.govern import upgrade_store  # noqa: PLC0415

    with plainly(where.folder):
        before, now = upgrade_store(where.folder, opening(where))
    click.echo(f"schema {now}: nothing to do" if before == now else f"upgraded from schema {before} to {now}")
