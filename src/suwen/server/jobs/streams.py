"""Server-sent events (WHATWG HTML, 9.2): a part of a page each time that what it shows has changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi.responses import StreamingResponse

from suwen.server.jobs.board import Board

if TYPE_CHECKING:
    from suwen.server.jobs.board import Watcher

__all__ = ["Shown", "event", "streamed"]

_PAUSE = 0.25  # seconds between two parts: faster, nobody sees it
_BEAT = 15.0  # seconds between two signs of life, so that what lies between does not close a quiet stream
_ASK = 60.0  # seconds between two looks whether the session still holds


@dataclass(frozen=True, slots=True)
class Shown:
    """What a stream shows: the topic it follows, the part of the page, whether it is over, whether it may go on.

    `key` tells parts of one topic apart (language, form token); equal keys are drawn once. `holds` runs in a thread.
    """

    topic: str
    key: str
    draw: Callable[[], str]
    over: Callable[[], bool]
    holds: Callable[[], bool]


def streamed(board: Board, shown: Shown) -> StreamingResponse:
    """The answer to an EventSource: events `part` (HTML) and, at the end, `over`."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_events(board, shown), media_type="text/event-stream", headers=headers)


def event(name: str, data: str) -> bytes:
    """One event; each line of its data bears the field's name."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    return f"event: {name}\n{lines}\n".encode()


async def _events(board: Board, shown: Shown) -> AsyncIterator[bytes]:
    """Threat: an open page must not outlive its session: it is asked every minute, which does not count as using it."""
    asked, sent = time.monotonic(), -1
    with board.watch(shown.topic) as watcher:
        yield b"retry: 3000\n\n"
        while not board.closed:  # without `over` the browser asks again, and finds the server that comes after this one
            watcher.changed.clear()
            if sent != board.version(shown.topic):
                sent = board.version(shown.topic)
                over = shown.over()  # before drawing: what is drawn is then at least as new
                yield event("part", board.drawn(shown.topic, shown.key, shown.draw))
                if over:
                    yield event("over", "")
                    return
                await asyncio.sleep(_PAUSE)
            if not await _woken(watcher):
                yield b": still here\n\n"
            if time.monotonic() - asked >= _ASK:
                asked = time.monotonic()
                if not await asyncio.to_thread(shown.holds):
                    yield event("over", "")
                    return


async def _woken(watcher: Watcher) -> bool:
    try:
        await asyncio.wait_for(watcher.changed.wait(), _BEAT)
    except TimeoutError:
        return False
    return True
