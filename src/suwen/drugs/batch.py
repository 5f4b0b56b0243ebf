"""Profiles of many molecules: a stream in the order given, over several processes, in bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from itertools import islice
from multiprocessing import get_context

from suwen.drugs.alerts import USUAL_SETS
from suwen.drugs.nouns import Profile
from suwen.drugs.profile import profile
from suwen.errors import InputError, MissingExtraError, Problem
from suwen.formats.molecules.nouns import Molecule, Refused
from suwen.subject import Saying

__all__ = ["Answer", "Given", "profiles"]

Answer = Profile | Refused
Given = Molecule | Refused
_Work = Callable[[list[Given]], list[Answer]]
_Sent = tuple[list[Given], "Future[list[Answer]] | None"]
_TOGETHER = 64  # molecules sent to a process at once: a third of a second of work
_ODD = (ValueError, RuntimeError, OverflowError)  # what RDKit raises on odd chemistry; InputError is a ValueError
_SHOWN = 80  # characters of a structure that are shown
_AHEAD = 4  # such lots for each process that may wait, so that memory does not grow with the list
_BROKE = Saying(
    "the chemistry library broke down on this molecule; check its structure", "化学库处理该分子时崩溃；请检查其结构"
)


def profiles(
    molecules: Iterable[Given],
    *,
    processes: int = 2,
    notify: Callable[[int], None] | None = None,
    alert_sets: Iterable[str] = USUAL_SETS,
    admet: bool = False,
) -> Iterator[Answer]:
    """A profile of each molecule, in order, as they are ready; a molecule that fails gives Refused and stops nothing.

    `molecules` is read only so far as needed; what was refused in reading is passed on. `row` of a molecule refused
    here is its place in the stream, from 1. `notify` is told how many are done. With one process the work is done
    in this one; with more, a script must guard its start by `if __name__ == "__main__"`. With `admet` each profile has
    its `forecasts`; every process then loads the models once. Raises InputError for `processes` below 1,
    MissingExtraError without RDKit (or, with `admet`, PyTorch).
    """
    if processes < 1:
        raise InputError(
            f"profiles need at least one process, not {processes}", zh=f"计算性质至少需要一个进程，而非 {processes}"
        )
    work = partial(_profile_all, alert_sets=tuple(alert_sets), admet=admet)
    source = iter(molecules)
    lots = iter(lambda: list(islice(source, _TOGETHER)), [])
    answers = map(work, lots) if processes == 1 else _spread(work, lots, processes)
    return _told(answers, notify)


def _told(answers: Iterable[list[Answer]], notify: Callable[[int], None] | None) -> Iterator[Answer]:
    done = 0
    for lot in answers:
        begin, done = done, done + len(lot)
        if notify is not None:
            notify(done)
        for place, one in enumerate(lot, begin + 1):
            yield replace(one, row=place) if isinstance(one, Refused) and not one.row else one


def _spread(work: _Work, lots: Iterator[list[Given]], processes: int) -> Iterator[list[Answer]]:
    pool = _pool(processes)
    waiting: deque[_Sent] = deque()
    try:
        for lot in lots:
            waiting.append((lot, pool.submit(work, lot)))
            if len(waiting) < _AHEAD * processes:
                continue
            pool, answer = _received(work, pool, waiting, processes)
            yield answer
        while waiting:
            pool, answer = _received(work, pool, waiting, processes)
            yield answer
    finally:
        pool.shutdown(cancel_futures=True)


def _received(
    work: _Work, pool: ProcessPoolExecutor, waiting: deque[_Sent], processes: int
) -> tuple[ProcessPoolExecutor, list[Answer]]:
    """The answer that is next, and the pool to go on with: a new one where a process died of a molecule."""
    lot, future = waiting.popleft()
    if future is None:
        return pool, _apart(work, lot)
    try:
        return pool, future.result()
    except BrokenProcessPool:
        pool.shutdown(cancel_futures=True)
        # Which of the lots under way was the deadly one is not told: all of them are worked apart from the new pool.
        late: list[_Sent] = [(one, None) for one, _ in waiting]
        waiting.clear()
        waiting.extend(late)
        return _pool(processes), _apart(work, lot)


def _apart(work: _Work, lot: list[Given]) -> list[Answer]:
    """The lot in a process of its own; where that dies too, its halves, down to the molecule that is refused."""
    with _pool(1) as pool:
        try:
            return pool.submit(work, lot).result()
        except BrokenProcessPool:
            pass
    if len(lot) == 1:
        return [_refused(lot[0], _BROKE)]
    middle = len(lot) // 2
    return [*_apart(work, lot[:middle]), *_apart(work, lot[middle:])]


def _pool(processes: int) -> ProcessPoolExecutor:
    # A forked child would inherit locks of other libraries in any state; a new one begins clean.
    return ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_on_one_thread)


def _on_one_thread() -> None:
    # Each process would else start a thread for every core, and they would wait for each other.
    os.environ["OMP_NUM_THREADS"] = "1"


def _profile_all(molecules: list[Given], alert_sets: tuple[str, ...], admet: bool) -> list[Answer]:
    answers = [one if isinstance(one, Refused) else _profile_one(one, alert_sets) for one in molecules]
    return _forecast_all(answers) if admet else answers


def _profile_one(molecule: Molecule, alert_sets: tuple[str, ...]) -> Answer:
    return _tried(molecule, lambda: profile(molecule, alert_sets=alert_sets))


def _tried(molecule: Molecule, work: Callable[[], Profile]) -> Answer:
    try:
        return work()
    except MissingExtraError:
        raise
    except InputError as refused:
        return _refused(molecule, Saying(str(refused), refused.said("zh")))
    except _ODD as failed:
        why = str(failed).split("\n", maxsplit=1)[0][:120]
        said = Saying(f"the chemistry library failed on this molecule ({why})", f"化学库处理该分子时出错（{why}）")
        return _refused(molecule, said)


def _forecast_all(answers: list[Answer]) -> list[Answer]:
    """The profiles with their forecasts, all worked out at once; one by one where one of them cannot be."""
    from suwen.drugs.admet.forecast import forecasts  # noqa: PLC0415

    found = [one for one in answers if isinstance(one, Profile)]
    if not found:
        return answers
    try:
        made: list[Answer] = [
            replace(one, forecasts=its)
            for one, its in zip(found, forecasts([one.molecule for one in found]), strict=True)
        ]
    except MissingExtraError:
        raise
    except _ODD:
        made = [_tried(one.molecule, partial(_with_forecasts, one)) for one in found]
    ready = iter(made)
    return [next(ready) if isinstance(one, Profile) else one for one in answers]


def _with_forecasts(found: Profile) -> Profile:
    from suwen.drugs.admet.forecast import forecasts  # noqa: PLC0415

    return replace(found, forecasts=forecasts([found.molecule])[0])


def _refused(molecule: Given, why: Saying) -> Refused:
    if isinstance(molecule, Refused):
        return molecule
    return Refused(0, (molecule.written or molecule.smiles)[:_SHOWN], Problem(molecule.name, why.en, zh_what=why.zh))
