"""`suwen data`: which reference data there are, whether they are here, and fetching them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from suwen import datasets
from suwen.cli.errors import SuwenGroup
from suwen.datasets import TABLE, Dataset, Fetched, File

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["data"]

# rich and the network are loaded inside the commands that need them: `suwen --help` must start at once.


@click.group(cls=SuwenGroup)
def data() -> None:
    """List, fetch and find reference data.

    They lie in the folder SUWEN_DATA names, or in your data directory. Only `fetch` uses the network.
    """


@data.command("list")
@click.option("--json", "as_json", is_flag=True, help="Write the table as JSON, with addresses and digests.")
def list_(as_json: bool) -> None:
    """Show every data set, its licence, and whether it is here."""
    rows = [(row, _present(row)) for row in TABLE]
    if as_json:
        click.echo(json.dumps([_document(row, here) for row, here in rows], ensure_ascii=False, indent=2))
        return
    from rich.table import Column, Table  # noqa: PLC0415

    name = Column("name", no_wrap=True)  # a name is there to be copied
    table = Table(name, "version", "licence", "here", "what", box=None, pad_edge=False, header_style="bold")
    for row, here in rows:
        licence = f"{row.licence} (accept)" if row.accept else row.licence
        table.add_row(row.name, row.version, licence, _mark(row, here), row.what)
    console = _console()
    console.print(table)
    console.print(f"\nData folder: {datasets.folder()}", highlight=False, markup=False, soft_wrap=True)
    console.print("here: yes; no: fetch it; by hand: get it from its home (see --json)", highlight=False)


@data.command("fetch")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--accept-licence", is_flag=True, help="Accept the licence of the named data sets.")
@click.option("--again", is_flag=True, help="Download even what is already here; the digest must not have changed.")
def fetch(names: tuple[str, ...], accept_licence: bool, again: bool) -> None:
    """Download the data sets NAME, each whole or not at all."""
    for name in names:
        datasets.named(name)  # a misspelt last name is told before the first download, not after it
    for name in names:
        with _progress() as told:
            received = datasets.fetch(name, accept_licence=accept_licence, again=again, progress=told)
        for one in received:
            click.echo(_sentence(name, one))


@data.command("path")
@click.argument("name")
def path(name: str) -> None:
    """Print where the data set NAME lies."""
    click.echo(datasets.path(name))


def _present(row: Dataset) -> bool | None:
    """Whether the set is here; None for a row that stands for many releases."""
    return None if "@" in row.name else datasets.present(row.name)


def _mark(row: Dataset, here: bool | None) -> str:
    if here is None:
        return "-"
    if here:
        return "yes"
    return "no" if row.files else "by hand"


def _document(row: Dataset, here: bool | None) -> dict[str, object]:
    return {
        "name": row.name,
        "what": row.what,
        "version": row.version,
        "present": here,
        "where": row.where,
        "licence": row.licence,
        "licence_url": row.licence_url,
        "accept": row.accept,
        "weights": row.weights,
        "home": row.home,
        "files": [{"path": file.path, "url": file.url, "sha256": file.sha256} for file in row.files],
    }


_HELD = {
    "table": "as pinned",
    "lock": "as at the first download",
    "first": "first download, recorded in digests.json: later ones must match",
}


def _sentence(name: str, one: Fetched) -> str:
    if one.held_to == "present":
        return f"{name}: already here: {one.path}"
    return f"{name}: {one.path}\n  {one.size} bytes, SHA-256 {one.sha256} ({_HELD[one.held_to]})"


def _console() -> Console:
    from rich.console import Console  # noqa: PLC0415

    # Without a terminal there is no width to fit: a pipe gets whole lines, not lines folded at 80 columns.
    console = Console()
    return console if console.is_terminal else Console(width=200)


@contextmanager
def _progress() -> Iterator[Callable[[File, int, int | None], None]]:
    """Draw one bar a file on standard error, so that standard output stays clean for pipes."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks = {}

        def told(file: File, done: int, total: int | None) -> None:
            if file.path not in tasks:
                tasks[file.path] = bars.add_task(file.path.rpartition("/")[2], total=total)
            bars.update(tasks[file.path], completed=done)

        yield told
