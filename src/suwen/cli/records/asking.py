"""What a person is asked at a terminal, or a script says in its environment: secrets, and consent to what is final."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import click

from suwen.errors import InputError

__all__ = ["ask", "ask_secret", "confirm_by_typing", "key_secret", "somebody"]

# Never as an argument: the list of processes shows the arguments of every command to everybody on the machine.
_VARIABLES = {"PIN": "SUWEN_PIN", "token": "VAULT_TOKEN"}
_PASSPHRASE = "SUWEN_PASSPHRASE"  # noqa: S105 (the name of a variable)


def somebody() -> bool:
    """Whether there is a terminal at which a person can be asked."""
    return sys.stdin.isatty()


def ask(prompt: str, variable: str = "") -> str:
    """A line typed at the terminal, or the value of a variable. Raises InputError where there is neither."""
    given = os.environ.get(variable, "") if variable else ""
    if given:
        return given
    _require_somebody(prompt, variable)
    return str(click.prompt(prompt, err=True))


def ask_secret(prompt: str, variable: str, *, new: bool = False) -> str:
    """As `ask`, not shown while it is typed; twice where it is new, for nobody sees a mistyped one."""
    given = os.environ.get(variable, "")
    if given:
        return given
    _require_somebody(prompt, variable)
    return str(click.prompt(prompt, hide_input=True, err=True, confirmation_prompt=new))


def _require_somebody(prompt: str, variable: str) -> None:
    if not somebody():
        remedy = f"; set {variable}" if variable else ""
        raise InputError(f"needed: {prompt}; there is no terminal to ask at{remedy}")


def key_secret(passphrase_file: Path | None) -> Callable[[str], str]:
    """What a key provider asks for: a passphrase (from the file, where one is named), a PIN or a token."""

    def secret(prompt: str) -> str:
        variable = next((name for start, name in _VARIABLES.items() if prompt.startswith(start)), _PASSPHRASE)
        if passphrase_file is not None and variable == _PASSPHRASE:
            return _first_line(passphrase_file)
        return ask_secret(prompt, variable, new=prompt.startswith("new "))

    return secret


def _first_line(file: Path) -> str:
    try:
        others = stat.S_IMODE(file.stat().st_mode) & stat.S_IROTH
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the passphrase cannot be read from {file}: {error}") from None
    if others:
        click.echo(f"{file} can be read by everybody on this machine; take that right away (chmod 600)", err=True)
    passphrase = text.split("\n", maxsplit=1)[0].removesuffix("\r")
    if not passphrase:
        raise InputError(f"the first line of {file} is empty; it must hold the passphrase")
    return passphrase


def confirm_by_typing(wanted: str, prompt: str) -> None:
    """Have `wanted` typed before something that cannot be undone. Raises InputError when it is not."""
    if not somebody():
        raise InputError("this cannot be undone, and there is no terminal to ask at; add --yes if it is what you want")
    if str(click.prompt(prompt, err=True)).strip().lower() != wanted:
        raise InputError("that is something else; nothing was done")
