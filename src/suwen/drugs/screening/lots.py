"""Lots of work shared out to processes, answers in the order of the questions, in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from typing import TypeVar

__all__ = ["lots_of", "spread"]

T = TypeVar("T")
R = TypeVar("R")
_AHEAD = 3  # lots for each process that may wait, so that memory does not grow with the library


def lots_of(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of `size`, the last one shorter."""
    source = iter(items)
    return iter(lambda: list(islice(source, size)), [])


def spread(
    work: Callable[[list[T]], list[R]], lots: Iterable[list[T]], processes: int, broken: Callable[[T], R]
) -> Iterator[list[R]]:
    """What `work` answers to each lot, in order; in this process where `processes` is 1.

    A process that dies takes nothing with it: the lots under way are worked again, the deadly one in halves, down to
    the item, which `broken` answers for. A script must guard its start by `if __name__ == "__main__"`.
    """
    if processes == 1:
        yield from map(work, lots)
        return
    pool = _pool(processes)
    waiting: deque[tuple[list[T], Future[list[R]] | None]] = deque()
    try:
        for lot in lots:
            waiting.append((lot, pool.submit(work, lot)))
            if len(waiting) >= _AHEAD * processes:
                pool, answer = _next(work, pool, waiting, processes, broken)
                yield answer
        while waiting:
            pool, answer = _next(work, pool, waiting, processes, broken)
            yield answer
    finally:
        pool.shutdown(cancel_futures=True)


def _next(
    work: Callable[[list[T]], list[R]],
    pool: ProcessPoolExecutor,
    waiting: deque[tuple[list[T], Future[list[R]] | None]],
    processes: int,
    broken: Callable[[T], R],
) -> tuple[ProcessPoolExecutor, list[R]]:
    """The answer that is next, and the pool to go on with: a new one where a process died."""
    lot, future = waiting.popleft()
    if future is None:
        return pool, _apart(work, lot, broken)
    try:
        return pool, future.result()
    except BrokenProcessPool:
        pool.shutdown(cancel_futures=True)
        # Which of the lots under way was the deadly one is not told: all of them are worked apart from the new pool.
        late: list[tuple[list[T], Future[list[R]] | None]] = [(one, None) for one, _ in waiting]
        waiting.clear()
        waiting.extend(late)
        return _pool(processes), _apart(work, lot, broken)


def _apart(work: Callable[[list[T]], list[R]], lot: list[T], broken: Callable[[T], R]) -> list[R]:
    with _pool(1) as pool:
        try:
            return pool.submit(work, lot).result()
        except BrokenProcessPool:
            pass
    if len(lot) == 1:
        return [broken(lot[0])]
    middle = len(lot) // 2
    return [*_apart(work, lot[:middle], broken), *_apart(work, lot[middle:], broken)]


def _pool(processes: int) -> ProcessPoolExecutor:
    # A forked child would inherit locks of other libraries in any state; a new one begins clean.
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
