"""`suwen records account`, `grant` and `revoke`: accounts, roles and care relationships."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from suwen.cli.errors import SuwenGroup
from suwen.cli.records.choosing import one_patient, patient_argument
from suwen.cli.records.opening import Where, working
from suwen.cli.records.showing import moment, say, show_table

if TYPE_CHECKING:
    from suwen.govern import Account

__all__ = ["ROLES", "account", "grant", "revoke"]

ROLES = (  # tests hold this against the roles of the records: importing them loads what `--help` must not wait for
    "physician",
    "imaging specialist",
    "nurse",
    "researcher",
    "data scientist",
    "security officer",
    "administrator",
    "auditor",
)
_ROLE = click.Choice(ROLES)


@click.group(cls=SuwenGroup)
def account() -> None:
    """Open, list, lock and unlock accounts (administrator; locking: security officer)."""


@account.command("open")
@click.argument("login")
@click.option("--name", default="", help="The person's name [default: the login name].")
@click.option("--role", "roles", multiple=True, required=True, type=_ROLE, help="A role; repeatable.")
@click.option("--subject", default="", metavar="ISSUER|SUB", help="Logs in with OpenID Connect, without a password.")
@click.pass_obj
def open_(where: Where, login: str, name: str, roles: tuple[str, ...], subject: str) -> None:
    """Open an account LOGIN and print its first password, once."""
    from suwen.govern import Role, open_account  # noqa: PLC0415

    with working(where) as (actor, records):
        chosen = [Role(one) for one in roles]
        _, first = open_account(actor, records, login, name or login, roles=chosen, subject=subject)
    click.echo(first or f"{login}: opened")
    if first:
        say("This is the first password; it is to be changed at the first login and is not shown again.")


@account.command("list")
@click.pass_obj
def list_(where: Where) -> None:
    """Show every account: login, name, roles, state, id."""
    from suwen.govern import list_accounts  # noqa: PLC0415

    with working(where) as (actor, records):
        found = list_accounts(actor, records)
        now = records.store.clock()
    header = ("login", "name", "roles", "state", "id")
    rows = [(one.login, one.name, ", ".join(sorted(one.roles)), _state(one, now), one.id) for one in found]
    show_table(header, rows, empty="there is no account")


def _state(account: Account, now: float) -> str:
    if account.disabled:
        return "locked"
    if account.locked_until > now:
        return f"wrong guesses: waits until {moment(int(account.locked_until * 1_000_000))}"
    return "first password" if account.must_change else "open"


@account.command()
@click.argument("login")
@click.pass_obj
def lock(where: Where, login: str) -> None:
    """Disable the account LOGIN and end its sessions, at once (security officer)."""
    from suwen.govern import lock_account  # noqa: PLC0415

    with working(where) as (actor, records):
        lock_account(actor, records, login)
    click.echo(f"{login}: locked")


@account.command()
@click.argument("login")
@click.pass_obj
def unlock(where: Where, login: str) -> None:
    """Open the account LOGIN again, without the wrong guesses it had."""
    from suwen.govern import unlock_account  # noqa: PLC0415

    with working(where) as (actor, records):
        unlock_account(actor, records, login)
    click.echo(f"{login}: unlocked")


@account.command()
@click.argument("login")
@click.pass_obj
def reset(where: Where, login: str) -> None:
    """Print a new first password for LOGIN; ends their sessions. Their second factor stays in force."""
    from suwen.govern import reset_password  # noqa: PLC0415

    with working(where) as (actor, records):
        click.echo(reset_password(actor, records, login))
    say("This is the first password; it is to be changed at the next login and is not shown again.")


@account.command("remove-factor")
@click.argument("login")
@click.option("--reason", required=True, help="Why, and how you know who asks: stays in the audit.")
@click.pass_obj
def remove_factor(where: Where, login: str, reason: str) -> None:
    """Take authenticator app and passkeys from LOGIN, who has lost them; ends their sessions."""
    from suwen.govern import remove_second_factor  # noqa: PLC0415

    with working(where) as (actor, records):
        remove_second_factor(actor, records, login, reason=reason)
    click.echo(f"{login}: has no second factor any more")


@click.group(cls=SuwenGroup)
def grant() -> None:
    """Give a role, or a care relationship with a patient (administrator)."""


@click.group(cls=SuwenGroup)
def revoke() -> None:
    """Take a role, or end a care relationship, at once (administrator)."""


@grant.command("role")
@click.argument("login")
@click.argument("role", type=_ROLE)
@click.pass_obj
def grant_role(where: Where, login: str, role: str) -> None:
    """Give the account LOGIN a further ROLE."""
    from suwen.govern import Role  # noqa: PLC0415
    from suwen.govern import grant_role as granted  # noqa: PLC0415

    with working(where) as (actor, records):
        granted(actor, records, login, Role(role))
    click.echo(f"{login}: is {role} from now on")


@revoke.command("role")
@click.argument("login")
@click.argument("role", type=_ROLE)
@click.pass_obj
def revoke_role(where: Where, login: str, role: str) -> None:
    """Take ROLE from the account LOGIN."""
    from suwen.govern import Role  # noqa: PLC0415
    from suwen.govern import revoke_role as revoked  # noqa: PLC0415

    with working(where) as (actor, records):
        revoked(actor, records, login, Role(role))
    click.echo(f"{login}: is no longer {role}")


@grant.command("care")
@click.argument("who")
@patient_argument
@click.option("--days", type=float, help="Ends by itself after so many days [default: when revoked].")
@click.option("--device", is_flag=True, help="WHO is the name of a device.")
@click.pass_obj
def grant_care(where: Where, who: str, patient: str, identifier: str | None, days: float | None, device: bool) -> None:
    """Give WHO (a login name) a care relationship with PATIENT: from then on they may open the records."""
    from suwen.govern import grant_care as granted  # noqa: PLC0415

    with working(where) as (actor, records):
        chosen = one_patient(actor, records, patient, identifier)
        care = granted(actor, records, patient=chosen, who=who, days=days, device=device)
    until = "it is revoked" if care.until is None else moment(care.until)
    click.echo(f"{who}: in care of patient {care.patient} until {until}")


@revoke.command("care")
@click.argument("who")
@patient_argument
@click.option("--device", is_flag=True, help="WHO is the name of a device.")
@click.pass_obj
def revoke_care(where: Where, who: str, patient: str, identifier: str | None, device: bool) -> None:
    """End the care relationship of WHO (a login name) with PATIENT."""
    from suwen.govern import revoke_care as revoked  # noqa: PLC0415

    with working(where) as (actor, records):
        chosen = one_patient(actor, records, patient, identifier)
        revoked(actor, records, patient=chosen, who=who, device=device)
    click.echo(f"{who}: no longer in care of patient {chosen}")
