"""Many molecules docked into one box, in order, over several processes; a run that was broken off goes on."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from suwen.drugs.docking.beside import Answer, Failed
from suwen.drugs.docking.box import check_box
from suwen.drugs.docking.crew import Crew, LocalCrew, RayCrew
from suwen.drugs.docking.dock import answered, problem_of
from suwen.drugs.docking.journal import Journal, bound_to
from suwen.drugs.docking.nouns import Box, Docked, Receptor, Settings
from suwen.errors import InputError, Problem
from suwen.formats.molecules.nouns import Molecule, Refused

__all__ = ["ENGINES", "dock_many"]

ENGINES: dict[str, Callable[[Receptor, Box, Settings, int], Crew]] = {"local": LocalCrew, "ray": RayCrew}
_SHOWN = 80  # characters of a structure that are shown
_AHEAD = 64  # molecules for each process that may wait for a slow one before them

Given = Molecule | Refused


def dock_many(  # noqa: PLR0913 (each is one thing a user may want otherwise)
    receptor: Receptor,
    molecules: Iterable[Given],
    box: Box,
    *,
    settings: Settings | None = None,
    folder: Path | str | None = None,
    resume: bool = True,
    processes: int = 2,
    engine: str = "local",
    notify: Callable[[int], None] | None = None,
) -> Iterator[Docked | Refused]:
    """Dock molecules one after the other: a Docked for each or Refused with the reason, in the order given.

    `row` of each is its place from 1. The same structure is docked once. With a `folder` each result is on disk as soon
    as it is there; the same call again takes what is there and goes on, time-outs and crashes tried anew. A molecule
    that hangs or crashes Vina costs itself only.

    Args:
        receptor: where it is docked.
        molecules: read only so far as needed; what was refused in reading is passed on.
        box: in the receptor.
        settings: how the search is done.
        folder: of the journal; none is kept where None.
        resume: whether a journal that is there is gone on with, else it is an error.
        processes: at once, each one thread.
        engine: "local", or "ray" for a cluster that Ray has joined.
        notify: told how many are done, as they are done.

    Raises:
        InputError: the box is away from the receptor, the folder holds a run of other settings, or an argument is out
            of range.
        FormatError: the journal is damaged or cannot be written.
        MissingExtraError: vina, RDKit, or ray where asked for, is not installed.

    """
    if engine not in ENGINES:
        raise InputError(f"docking runs by {' or '.join(ENGINES)}, not {engine!r}")
    chosen = settings or Settings()
    remarks = check_box(receptor, box)
    bound = bound_to(receptor, box, chosen)
    with ExitStack() as opened:
        journal = opened.enter_context(Journal(Path(folder), bound, resume=resume)) if folder is not None else None
        crew = ENGINES[engine](receptor, box, chosen, processes)
        opened.callback(crew.close)
        run = _Run(crew, journal, processes * _AHEAD, remarks, notify)
        return _closing(opened.pop_all(), run.answers(molecules))


def _closing(opened: ExitStack, answers: Iterator[Docked | Refused]) -> Iterator[Docked | Refused]:
    with opened:
        yield from answers


class _Run:
    """The molecules under way: begun in order, answered in any, given out in order."""

    def __init__(
        self,
        crew: Crew,
        journal: Journal | None,
        ahead: int,
        remarks: tuple[Problem, ...],
        notify: Callable[[int], None] | None,
    ) -> None:
        self._crew, self._journal, self._ahead = crew, journal, ahead
        self._remarks, self._notify = remarks, notify
        self._waiting: deque[tuple[int, Given]] = deque()
        self._answers: dict[str, Answer] = {}  # of those that wait
        self._wanted: Counter[str] = Counter()  # how many that wait need an answer
        self._begun: set[str] = set()
        self._done = 0

    def answers(self, molecules: Iterable[Given]) -> Iterator[Docked | Refused]:
        """Everything, in order."""
        for row, one in enumerate(molecules, start=1):
            self._waiting.append((row, one))
            self._wanted.update([one.smiles] if isinstance(one, Molecule) else [])
            if isinstance(one, Molecule) and not self._is_known(one.smiles):
                while not self._crew.free():
                    self._collect()
                self._begun.add(one.smiles)
                self._crew.begin(one.smiles)
            yield from self._ready()
            while len(self._waiting) > self._ahead:
                self._collect()
                yield from self._ready()
        while self._waiting:
            yield from self._ready()
            if self._waiting:
                self._collect()

    def _is_known(self, smiles: str) -> bool:
        return (
            smiles in self._begun or smiles in self._answers or (self._journal is not None and smiles in self._journal)
        )

    def _collect(self) -> None:
        for smiles, answer in self._crew.finished():
            self._begun.discard(smiles)
            if self._journal is not None:
                self._journal.add(smiles, answer)
            else:
                self._answers[smiles] = answer
            self._tell()

    def _tell(self) -> None:
        self._done += 1
        if self._notify is not None:
            self._notify(self._done)

    def _ready(self) -> Iterator[Docked | Refused]:
        while self._waiting:
            row, one = self._waiting[0]
            if isinstance(one, Refused):
                self._waiting.popleft()
                yield one
                continue
            answer = self._answer(one.smiles)
            if answer is None:
                return
            self._waiting.popleft()
            self._forget(one.smiles)
            yield self._made(row, one, answer)

    def _answer(self, smiles: str) -> Answer | None:
        if smiles in self._begun:
            return None
        if self._journal is not None and smiles in self._journal:
            return self._journal[smiles]
        return self._answers.get(smiles)

    def _forget(self, smiles: str) -> None:
        """Let go of an answer that nobody waits for, so that memory does not grow with the list."""
        self._wanted[smiles] -= 1
        if self._wanted[smiles] <= 0:
            del self._wanted[smiles]
            self._answers.pop(smiles, None)

    def _made(self, row: int, molecule: Molecule, answer: Answer) -> Docked | Refused:
        if isinstance(answer, Failed):
            return Refused(row, (molecule.written or molecule.smiles)[:_SHOWN], problem_of(answer, molecule.name))
        return replace(answered(molecule, answer, self._remarks), row=row)
