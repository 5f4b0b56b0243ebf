"""Work in a process of its own: started afresh, told of by a pipe, killed when it is not wanted any more."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from multiprocessing.connection import Connection, wait
from typing import Any

from suwen import errors
from suwen.errors import DataError, SuwenError
from suwen.subject import Saying

__all__ = ["apart"]

_LOOK = 0.2  # seconds between two looks whether the work is still wanted
_PLAIN = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, SuwenError) and kind is not errors.MissingExtraError
}


def apart(
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    *,
    progress: Callable[[int, int, Saying | None], None],
    stopped: Callable[[], bool],
) -> Any:
    """Call `function(progress, *arguments)` elsewhere. Raises what it did, CancelledError, DataError when it died."""
    spawning = multiprocessing.get_context("spawn")  # a fork would take our threads' locks and the store's keys along
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=_child, args=(theirs, function, arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        return _answer(ours, process, progress, stopped)
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()


def _answer(ours: Connection, process: Any, progress: Callable[..., None], stopped: Callable[[], bool]) -> Any:
    what: str
    said: Any
    while True:
        if stopped():
            raise CancelledError
        if not wait([ours, process.sentinel], timeout=_LOOK):
            continue
        try:
            what, said = ours.recv() if ours.poll() else ("died", ())
        except EOFError:
            what, said = "died", ()
        match what:
            case "progress":
                progress(*said)
            case "done":
                return said
            case "failed":
                raise _PLAIN.get(said[0], SuwenError)(said[1], zh=said[2])
            case _:
                process.join()
                raise DataError(
                    f"the process that did the work ended by itself ({process.exitcode}); is the memory short?",
                    zh=f"执行任务的进程意外终止（{process.exitcode}）；内存是否不足？",
                )


def _child(pipe: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's interrupt reaches us too; the parent decides
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def tell(done: int, whole: int, say: Saying | None = None) -> None:
        pipe.send(("progress", (done, whole, say)))

    with ThreadPoolExecutor(1) as pool:  # its future catches whatever is raised
        future: Future[Any] = pool.submit(function, tell, *arguments)
        failure = future.exception()
    if failure is None:
        pipe.send(("done", future.result()))
    elif isinstance(failure, SuwenError):
        pipe.send(("failed", (type(failure).__name__, str(failure), failure.zh)))
    else:
        raise failure


def _end_with_parent() -> None:
    """Threat: a server that was killed must not leave processes behind that hold data of patients."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
