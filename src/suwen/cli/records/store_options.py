"""The options by which every command that works on a store says which, as whom, and with which passphrase."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from suwen.cli.records.opening import Where, default_store

__all__ = ["store_options"]


def store_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--store`, `--as` and `--passphrase-file`; the command takes what they say as `where`."""

    @functools.wraps(command)
    def told(*given: Any, store: Path | None, login_: str, passphrase_file: Path | None, **rest: Any) -> Any:
        where = Where((store or Path(default_store())).absolute(), login_, passphrase_file)
        return command(*given, where=where, **rest)

    for option in (
        click.option(
            "--passphrase-file",
            type=click.Path(path_type=Path, exists=True, dir_okay=False),
            help="File whose first line is the passphrase [else env SUWEN_PASSPHRASE, else asked].",
        ),
        click.option(
            "--as", "login_", metavar="LOGIN", default="", help="Act as this login [default: who logged in last]."
        ),
        click.option(
            "--store",
            type=click.Path(path_type=Path, file_okay=False),
            envvar="SUWEN_RECORDS",
            help="Folder of the store [env: SUWEN_RECORDS; default: records in your data directory].",
        ),
    ):
        told = option(told)
    return told
