"""How the commands of records show things: tables, times, progress on standard error, whole files."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from suwen.errors import DataError, InputError

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["iso", "moment", "progress", "say", "show_table", "size", "staged_progress", "when", "write_whole"]

Progress = Callable[[int, int], None]


def say(sentence: str) -> None:
    """A message, on standard error."""
    click.echo(sentence, err=True)


def moment(microseconds: int) -> str:
    """A time as the clock on the wall showed it, with its distance from UTC."""
    return _utc(microseconds).astimezone().isoformat(sep=" ", timespec="seconds")


def iso(microseconds: int) -> str:
    """A time for machines: UTC, to the microsecond."""
    return _utc(microseconds).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _utc(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def when(text: str, *, end: bool = False) -> int:
    """Microseconds UTC of a date or time (ISO 8601; local where it names no zone); of a date its begin, or its `end`.

    Raises InputError.
    """
    try:
        if len(text) <= 10:
            day = date.fromisoformat(text) + timedelta(days=int(end))
            read = datetime.combine(day, time()).astimezone()
        else:
            read = datetime.fromisoformat(text)
            read = read if read.tzinfo else read.astimezone()
        return int(read.timestamp() * 1_000_000)
    except (ValueError, OverflowError):
        raise InputError(f"{text!r} is no time; write 2026-11-25 or 2026-11-25T17:30, with +08:00 if need be") from None


def size(count: int) -> str:
    """Bytes in words a person reads."""
    amount, unit = float(count), "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{count} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"


def show_table(header: Iterable[str], rows: Iterable[Iterable[str]], *, empty: str) -> None:
    """A table on standard output; `empty` on standard error where it has no rows."""
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(*header, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(_printable(cell)) for cell in row))  # Text: brackets in a name are no markup
    if table.row_count:
        _console().print(table)
    else:
        say(empty)


def _printable(cell: str) -> str:
    """Threat: a name or reason that somebody typed could otherwise command the terminal of whoever reads it."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in cell)


def _console() -> Console:
    from rich.console import Console  # noqa: PLC0415

    # Without a terminal there is no width to fit: a pipe gets whole lines, not lines folded at 80 columns.
    console = Console(highlight=False)
    return console if console.is_terminal else Console(width=1000, highlight=False)


@contextlib.contextmanager
def progress(title: str) -> Iterator[Progress]:
    """A bar on standard error while somebody watches; gives what is told how much is done of all."""
    with staged_progress(title) as told:
        yield lambda done, every: told(title, done, every)


@contextlib.contextmanager
def staged_progress(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """As `progress`, one bar for each stage that is named."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks = {title: bars.add_task(title, total=None)}

        def told(stage: str, done: int, every: int) -> None:
            if stage not in tasks:
                if title in tasks:  # it stood for the stages, until the first of them
                    bars.remove_task(tasks.pop(title))
                tasks[stage] = bars.add_task(stage, total=every)
            bars.update(tasks[stage], completed=done, total=every)

        yield told


def write_whole(out: Path, parts: Iterable[str | bytes]) -> None:
    """Write a file (text as UTF-8) that only its owner reads, whole or not at all. Raises DataError."""
    part: str | None = None
    try:
        handle, part = tempfile.mkstemp(dir=out.resolve().parent, prefix=f".{out.name}.", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.writelines(one.encode() if isinstance(one, str) else one for one in parts)
        Path(part).replace(out)
    except OSError as reason:
        raise DataError(
            f"cannot write {out}: {reason.strerror}; name a file in a folder that exists and is yours"
        ) from None
    finally:
        if part:
            with contextlib.suppress(OSError):
                Path(part).unlink()
