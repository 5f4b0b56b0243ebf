"""`suwen records login`, `logout`, `whoami`, `password` and `second-factor`: who acts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from suwen.cli.records.asking import ask, ask_secret, somebody
from suwen.cli.records.opening import Session, Where, current_session, opened, session_file, working
from suwen.cli.records.showing import say
from suwen.errors import InputError, LoginError

if TYPE_CHECKING:
    from suwen.govern import Actor, Records

__all__ = ["login", "logout", "password", "second_factor", "whoami"]

_TRIES = 3  # at a new password that is too weak


@click.command()
@click.argument("login")
@click.pass_obj
def login(where: Where, login: str) -> None:
    """Log in as LOGIN: asks for the password, and at the first login for a new one.

    For scripts: SUWEN_PASSWORD, SUWEN_NEW_PASSWORD, SUWEN_CODE, SUWEN_NEXT_CODE. The session ends
    after 15 minutes without use.
    """
    from suwen.govern import own_account  # noqa: PLC0415

    with opened(where) as records:
        actor = _admitted(records, login)
        account = own_account(actor, records)
        Session(session_file(where, account.id), account.login, account.id, actor.token).keep()
    click.echo(f"{account.login}: logged in ({', '.join(sorted(account.roles)) or 'no role'})")


def _admitted(records: Records, login: str) -> Actor:
    """Ask for what is needed, and for no more; wrong guesses are not asked for again: each counts."""
    from suwen.govern import Lacking, lacking, log_in  # noqa: PLC0415

    secret = ask_secret(f"password of {login}", "SUWEN_PASSWORD")
    code = os.environ.get("SUWEN_CODE") or None
    while True:
        try:
            return log_in(records, login, secret, code=code)
        except LoginError as refused:
            what = lacking(refused)
            if what is Lacking.NEW_PASSWORD:
                say("This is the first login with this password: choose one of your own, of 12 characters or more.")
                # a code is good once, and the one just given was taken
                following = ask("the next code that your authenticator app shows", "SUWEN_NEXT_CODE") if code else None
                return _with_new_password(records, login, secret, following)
            if what is not Lacking.CODE or code is not None:
                raise
            code = ask("code of your authenticator app", "SUWEN_CODE")


def _with_new_password(records: Records, login: str, old: str, code: str | None) -> Actor:
    from suwen.govern import change_password  # noqa: PLC0415

    for left in reversed(range(_TRIES)):
        new = ask_secret("new password", "SUWEN_NEW_PASSWORD", new=True)
        try:
            return change_password(records, login, old, new, code=code)
        except InputError as error:
            if not left or not somebody() or os.environ.get("SUWEN_NEW_PASSWORD"):
                raise
            say(str(error))
    raise InputError("the password was not changed")


@click.command()
@click.pass_obj
def logout(where: Where) -> None:
    """End the session, here and in the store."""
    from suwen.govern import log_out  # noqa: PLC0415

    session = current_session(where)
    with opened(where) as records:
        log_out(session.actor(), records)
    session.forget()
    click.echo(f"{session.login}: logged out")


@click.command()
@click.pass_obj
def whoami(where: Where) -> None:
    """Show who acts: login name, name, roles, second factor."""
    from suwen.govern import own_account  # noqa: PLC0415

    with working(where) as (actor, records):
        account = own_account(actor, records)
    roles = ", ".join(sorted(account.roles)) or "no role"
    factor = "with" if account.totp or account.passkeys else "without"
    click.echo(f"{account.login} ({account.name}): {roles}; {factor} second factor; id {account.id}")


@click.command()
@click.pass_obj
def password(where: Where) -> None:
    """Change your password, ending your other sessions. For scripts: SUWEN_PASSWORD, SUWEN_NEW_PASSWORD."""
    session = current_session(where)
    with opened(where) as records:
        old = ask_secret(f"password of {session.login}", "SUWEN_PASSWORD")
        code = os.environ.get("SUWEN_CODE") or None
        actor = _changed(records, session.login, old, code)
        Session(session.file, session.login, actor.id, actor.token).keep()
    click.echo(f"{session.login}: password changed")


def _changed(records: Records, login: str, old: str, code: str | None) -> Actor:
    from suwen.govern import Lacking, lacking  # noqa: PLC0415

    try:
        return _with_new_password(records, login, old, code)
    except LoginError as refused:
        if lacking(refused) is not Lacking.CODE or code is not None:
            raise
    return _with_new_password(records, login, old, ask("code of your authenticator app", "SUWEN_CODE"))


@click.command("second-factor")
@click.pass_obj
def second_factor(where: Where) -> None:
    """Enrol an authenticator app (TOTP): shows an address for it, then asks for a code."""
    from suwen.govern import begin_second_factor, confirm_second_factor  # noqa: PLC0415

    with working(where) as (actor, records):
        secret, address = begin_second_factor(actor, records)
        say(f"Give your authenticator app this address or this secret; nobody else may see them:\n{address}\n{secret}")
        confirm_second_factor(actor, records, secret, ask("code the app shows"))
    click.echo("second factor in force from the next login on")
