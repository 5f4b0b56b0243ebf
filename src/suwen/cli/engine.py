"""The one place of this door where knowledge, case library and prior are put together."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from suwen import datasets
from suwen.errors import FormatError

if TYPE_CHECKING:
    from suwen.diagnosis import Engine, Prior

__all__ = ["Setup", "engine_options", "open_engine", "read_prior"]

Command = TypeVar("Command", bound=Callable[..., Any])
Setup = tuple[Path | None, tuple[Path, ...], bool]


def engine_options(command: Command) -> Command:
    """Options of every command that weighs a patient."""
    existing = click.Path(path_type=Path, exists=True)
    for option in (
        click.option(
            "--no-library",
            is_flag=True,
            help="Do not use solved cases.",
        ),
        click.option("--library", type=existing, multiple=True, help="Solved cases of your own: a file or folder."),
        click.option("--hpo", type=existing, help="Folder of another HPO release: hp.obo, phenotype.hpoa, ..."),
        click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language."),
    ):
        command = option(command)
    return command


def open_engine(setup: Setup, notify: Callable[[str], None]) -> Engine:
    """Load knowledge and, unless refused or absent, the case library with the user's own cases."""
    from suwen.diagnosis import Engine, load_library  # noqa: PLC0415  # numpy is loaded only when a patient is weighed
    from suwen.knowledge import load_knowledge  # noqa: PLC0415

    hpo, own, no_library = setup
    knowledge = load_knowledge(hpo, notify=notify)
    shipped = [datasets.path("cases")] if datasets.present("cases") else []
    paths = [] if no_library else [*shipped, *own]
    if not paths:
        return Engine(knowledge)
    library = load_library(paths, knowledge, notify=notify)
    if not len(library):
        named = ", ".join(str(path) for path in paths)
        raise FormatError(f"{named}: no solved case was found; a case needs a diagnosis and at least one HPO term")
    return Engine(knowledge, library)


def read_prior(table: Path | None, setting: str) -> Prior:
    """Build the prior from a table of `disease code, prevalence` lines (comma or tab; a header line is allowed)."""
    from suwen.diagnosis import Prior  # noqa: PLC0415

    return Prior(dict(_prevalences(table)) if table else {}, setting)


def _prevalences(table: Path) -> Sequence[tuple[str, float]]:
    try:
        text = table.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as reason:
        raise FormatError(f"{table} cannot be read as UTF-8 text: {reason}") from None
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter="\t" if "\t" in text else ","))
    except csv.Error as reason:
        raise FormatError(f"{table} is not a table: {reason}; check its quotation marks") from None
    found = []
    for number, row in enumerate(rows, start=1):
        if not row or (number == 1 and not (len(row) > 1 and _number(row[1]))):
            continue
        if len(row) < 2 or not _number(row[1]):
            raise FormatError(
                f"{table} line {number}: expected a disease code and a prevalence, such as OMIM:154700,0.0002"
            )
        found.append((row[0].strip(), float(row[1])))
    if not found:
        raise FormatError(f"{table} holds no prevalence; write lines such as OMIM:154700,0.0002")
    return found


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
