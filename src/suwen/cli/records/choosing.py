"""Options that several commands share: which patient, and where a new or restored store keeps what it has."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from suwen.cli.records.asking import ask
from suwen.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from suwen.govern import Actor, Records

__all__ = ["one_patient", "own_patient", "patient_argument", "place_options", "typed_identifier"]

_SQLITE = re.compile(r"sqlite:[^\s/\\.][^\s/\\]*")
_POSTGRESQL = re.compile(r"postgresql://[^@/\s]+@[^@/\s]+/[^/\s]+")
Command = TypeVar("Command", bound=Callable[..., Any])


def patient_argument(command: Command) -> Command:
    """A patient: by id, or by an identifier of hospital or state."""
    for option in (
        click.option("--identifier", help="An identifier of the patient instead of the id; - to be asked for it."),
        click.argument("patient", required=False, default=""),
    ):
        command = option(command)
    return command


def typed_identifier(identifier: str | None) -> str:
    """The identifier, asked for where it is "-": what is typed as an argument stays in the shell's history."""
    return ask("identifier of the patient") if identifier == "-" else identifier or ""


def one_patient(actor: Actor, records: Records, patient: str, identifier: str | None) -> str:
    """The id of a patient for those who manage or erase, who open nothing. Raises InputError, NotFoundError."""
    from suwen.govern import identified  # noqa: PLC0415

    value = _either(patient, identifier)
    return identified(actor, records, value) if value else _spelt(patient)


def own_patient(actor: Actor, records: Records, patient: str, identifier: str | None) -> str:
    """The id of a patient for those who treat them. Raises InputError, NotFoundError."""
    from suwen.consult import find_patients  # noqa: PLC0415

    value = _either(patient, identifier)
    if not value:
        return _spelt(patient)
    found = find_patients(actor, records, identifier=value)
    if len(found) != 1:
        raise NotFoundError("none of your patients has this identifier")
    return found[0].id


def _either(patient: str, identifier: str | None) -> str:
    """The identifier, "" where the id was given. Raises InputError for both or neither."""
    if bool(patient) == (identifier is not None):
        raise InputError("say which patient: the id, or --identifier and not both")
    return typed_identifier(identifier)


def _spelt(patient: str) -> str:
    """As Suwen writes ids, so that what is printed, searched and typed to confirm is one text."""
    return patient.strip().lower()


def place_options(command: Command) -> Command:
    """Where a new or restored store keeps its database and its images."""
    for option in (
        click.option(
            "--ca-file",
            default="",
            metavar="FILE",
            callback=_absolute,
            help="Certificates (PEM) that the database server is checked by.",
        ),
        click.option(
            "--blobs",
            default="blobs",
            show_default=True,
            metavar="ADDRESS",
            help="Images and signals: a folder, or the URL of an object store.",
        ),
        click.option(
            "--database",
            default="sqlite:records.db",
            show_default=True,
            callback=_database,
            help="sqlite:NAME (a file in the folder) or postgresql://USER@HOST:PORT/NAME.",
        ),
    ):
        command = option(command)
    return command


def _absolute(_context: click.Context, _option: click.Parameter, value: str) -> str:
    """A path that holds from any folder: the store is opened from others than the one it was made from."""
    if value and not Path(value).is_file():
        raise click.BadParameter(f"there is no file {value}")
    return str(Path(value).absolute()) if value else ""


def _database(_context: click.Context, _option: click.Parameter, value: str) -> str:
    if _SQLITE.fullmatch(value) or _POSTGRESQL.fullmatch(value):
        return value
    raise click.BadParameter(
        "write sqlite:NAME, a file name in the store's folder, or postgresql://USER@HOST:PORT/NAME"
    )
