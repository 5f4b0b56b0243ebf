"""The table of the kinds of long work; each room enters its own when its pages are put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from suwen.errors import InputError, NotFoundError
from suwen.govern import Job
from suwen.server.jobs.context import Context
from suwen.subject import Saying

__all__ = ["KINDS", "Kind", "Run", "kind_of", "register"]

Run = Callable[[Context], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of long work: its name (never renamed: it stands in the store), what does it, what people call it.

    `needs_records`: it acts as its owner on records, so after a restart it waits until they sign in again.
    `page`: where its result is shown (a path); without one the page of the job itself shows it.
    """

    name: str
    run: Run
    title: Saying
    needs_records: bool = True
    page: Callable[[Job], str] | None = None


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Enter a kind into the table. Raises InputError for a name that another kind has."""
    known = KINDS.setdefault(kind.name, kind)
    if known.run is not kind.run:
        raise InputError(
            f"two kinds of jobs are called {kind.name!r}; rename the newer one",
            zh=f"有两类任务同名（{kind.name!r}）；请为较新的一类改名",
        )
    return known


def kind_of(name: str) -> Kind:
    """A kind by its name. Raises NotFoundError."""
    found = KINDS.get(name)
    if found is None:
        raise NotFoundError(
            f"this Suwen does no jobs of the kind {name!r}; was it set back to an older version?",
            zh=f"当前版本不执行 {name!r} 类任务；是否退回了旧版本？",
        )
    return found
