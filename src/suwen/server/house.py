"""What a request may work with: the open store, the knowledge behind the areas, settings; made once a process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from suwen.consult import Area, default_areas
from suwen.errors import DataError, SuwenError
from suwen.govern import Records, Together
from suwen.server.settings import Settings

if TYPE_CHECKING:
    from fastapi import Request

    from suwen.diagnosis import Engine
    from suwen.language.reader import NoteReader

__all__ = ["House", "Science", "house_of"]


@dataclass(frozen=True, slots=True)
class House:
    """The server's one assembly; `rooms` holds what single rooms keep for themselves (jobs, logins under way)."""

    records: Records
    settings: Settings
    science: Science
    rooms: dict[str, Any] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def room(self, name: str, make: Callable[[], Any]) -> Any:
        """What a room keeps for the life of the process, made at its first use."""
        with self.lock:
            if name not in self.rooms:
                self.rooms[name] = make()
            return self.rooms[name]

    @property
    def together(self) -> Together:
        """Readers of this process, who share transactions: one signature and one write to the disk for all of them."""
        found: Together = self.room("together", lambda: Together(self.records))
        return found


class Science:
    """Knowledge, engine, note reader and areas; opened in the background, so that the first page need not wait."""

    def __init__(self, opening: Callable[[], tuple[Engine, NoteReader] | None]) -> None:
        """`opening` gives the engine and the reader, None where there is no knowledge of diseases here."""
        self._opening = opening
        self._opened = threading.Event()
        self._parts: tuple[Engine, NoteReader] | None = None
        self._areas: tuple[Area, ...] = ()
        self.failure: SuwenError | None = None

    def begin(self) -> None:
        """Open in a thread of its own; what fails is told by `failure`, and the areas that need it say so."""
        threading.Thread(target=self._open, name="science", daemon=True).start()

    def _open(self) -> None:
        try:
            self._parts = self._opening()
        except SuwenError as failure:
            self.failure = failure
        engine, reader = self._parts or (None, None)
        self._areas = default_areas(engine, setting="rare", reader=reader)
        self._opened.set()

    @property
    def ready(self) -> bool:
        """Whether everything is open."""
        return self._opened.is_set()

    def areas(self) -> tuple[Area, ...]:
        """All areas of a consult; waits until they are open."""
        self._opened.wait()
        return self._areas

    def engine(self) -> Engine:
        """The engine of the differential. Raises DataError where there is none."""
        return self._both()[0]

    def reader(self) -> NoteReader:
        """The reader of notes. Raises DataError where there is none."""
        return self._both()[1]

    def _both(self) -> tuple[Engine, NoteReader]:
        self._opened.wait()
        if self._parts is None:
            if self.failure is not None:
                raise DataError(str(self.failure), zh=self.failure.said("zh"))
            raise DataError(
                "no knowledge of diseases is installed; see `suwen data`", zh="未安装疾病知识库；请参阅 `suwen data`"
            )
        return self._parts


def house_of(request: Request) -> House:
    """The assembly behind a request."""
    found: House = request.app.state.house
    return found
