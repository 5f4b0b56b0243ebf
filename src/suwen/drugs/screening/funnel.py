"""The funnel: a library through the steps that goals ask for, cheap ones first, counted, journalled, ranked."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import islice, pairwise
from pathlib import Path

from suwen.drugs.screening.best import Candidates, outcomes_of
from suwen.drugs.screening.candidates import Candidate, Dropped, Given, Outcome
from suwen.drugs.screening.dockers import Docker
from suwen.drugs.screening.filters import broken_molecule
from suwen.drugs.screening.final import final_list
from suwen.drugs.screening.goals import Goals
from suwen.drugs.screening.goals_tree import check_goals, goals_digest
from suwen.drugs.screening.journal import Journal, Tally, open_journal
from suwen.drugs.screening.library import Library, LibraryFile, library_digest, rows_of
from suwen.drugs.screening.lots import lots_of, spread
from suwen.drugs.screening.nouns import Screened, Stage, StageCount
from suwen.drugs.screening.predictors import Predictor, usual_predictors
from suwen.drugs.screening.steps import Chosen, Each, Step, Streamed, columns_of, criteria_of, steps_of
from suwen.errors import InputError

__all__ = ["Notify", "Tools", "screen"]

Notify = Callable[[str, int, int], None]
_CHOSEN_TOGETHER = 1000


@dataclass(frozen=True, slots=True)
class Tools:
    """What a funnel asks: `predictors` of models (None: the shipped and the stored), `docker` (None: Vina)."""

    predictors: tuple[Predictor, ...] | None = None
    docker: Docker | None = None


def screen(
    library: Library,
    goals: Goals,
    *,
    processes: int = 2,
    notify: Notify = lambda _stage, _done, _every: None,
    journal: Path | None = None,
    tools: Tools = Tools(),
) -> Screened:
    """Screen a library for goals: cheap tests first, a molecule out at the first that it fails.

    Args:
        library: a file as `read_molecules` takes it, or molecules; one lot is in memory at a time.
        goals: what is asked; checked again here.
        processes: how many work beside each other; with more than one a script must guard its start by
            `if __name__ == "__main__"`.
        notify: is told the stage, how many are done and how many there are (0: not known).
        journal: a folder in which each lot is written down, so that an interrupted screening goes on where it was
            when it is called again with the same goals and library; a temporary one where None.
        tools: other models or another docking program than the usual ones.

    Raises:
        InputError: the goals are wrong (all that is wrong is listed), the journal is of another screening, or a
            stated column is not there.
        NotFoundError, FormatError: there is no such library, or it cannot be read.
        DataError: the journal cannot be written.
        MissingExtraError: RDKit, or what a model or docking needs, is not installed.

    """
    if processes < 1:
        raise InputError(
            f"screening needs at least one process, not {processes}", zh=f"筛选至少需要一个进程，而非 {processes}"
        )
    goals, predictors = _ready(goals, tools)
    docker = _docker(goals, processes, journal) if tools.docker is None else tools.docker
    steps = steps_of(goals, predictors, docker, processes=processes)
    with ExitStack() as closing:
        book = _journal(journal, library, goals, closing)
        run = _Run(book, processes, notify)
        tallies = [run.first(steps[0], partial(rows_of, library), unique=goals.filters.drop_duplicates)]
        for before, step in pairwise(steps):
            tallies.append(run.later(step, partial(book.kept, before.name), tallies[-1].kept))
        begin = time.perf_counter()
        last = partial(book.kept, steps[-1].name)
        kept, ranked = final_list(goals, last, tallies[-1].kept, processes=processes)
        ranked.seconds = time.perf_counter() - begin
    return Screened(
        title=goals.title,
        library=_called(library),
        criteria=criteria_of(goals, predictors),
        columns=columns_of(goals, predictors),
        stages=(*_counted(steps, tallies), _count("rank", [ranked])),
        kept=kept,
        failed=tuple(one for tally in (*tallies, ranked) for one in tally.failed)[:1000],
    )


def _ready(goals: Goals, tools: Tools) -> tuple[Goals, tuple[Predictor, ...]]:
    """The goals checked, and what they need, tried, so that nothing is missing when its stage comes."""
    if tools.predictors is None:
        goals = check_goals(goals)
        predictors = usual_predictors(goals.models)
    else:
        predictors = tools.predictors
        goals = check_goals(goals, endpoints={one.key: one.unit for each in predictors for one in each.columns()})
    return goals, predictors


def _called(library: Library) -> str:
    path = library.path if isinstance(library, LibraryFile) else library
    return Path(path).name if isinstance(path, Path | str) else ""


def _docker(goals: Goals, processes: int, journal: Path | None) -> Docker | None:
    if goals.docking is None:
        return None
    from suwen.drugs.screening.vina import vina_docker  # noqa: PLC0415 (Vina is an extra)

    folder = None if journal is None else journal / "5-docking"
    return vina_docker(goals.docking, seed=goals.seed, processes=processes, folder=folder)


def _journal(folder: Path | None, library: Library, goals: Goals, closing: ExitStack) -> Journal:
    if folder is None:
        scratch = closing.enter_context(tempfile.TemporaryDirectory(prefix="suwen-screen-"))
        return open_journal(Path(scratch), goals="", library="")
    if not isinstance(library, Path | str | LibraryFile):
        raise InputError(
            "a journal is for a library in a file: a stream of molecules cannot be known again",
            zh="日志用于文件中的化合物库：分子流无法再次识别",
        )
    rows_of(library)  # what is wrong with the library is said before a folder is made
    return open_journal(folder, goals=goals_digest(goals), library=library_digest(library))


class _Run:
    """A screening under way: where its lots are written, and who is told."""

    def __init__(self, book: Journal, processes: int, notify: Notify) -> None:
        self.book, self.processes, self.notify = book, processes, notify

    def first(self, step: Step, rows: Callable[[], Iterator[Given]], *, unique: bool) -> Tally:
        """The filters, on the rows of the library; duplicates are known here, where all survivors pass."""
        done = self.book.tally(step.name)
        if done.ended or not isinstance(step, Each):
            return done
        work = step.work(lambda: iter(()))
        lots = lots_of(islice(rows(), done.entered, None), step.together)
        answers = spread(work, lots, self.processes, partial(broken_molecule, stage=step.stage))
        told = map(_Unique(self.book.kept(step.name)), answers) if unique else answers
        self._write(step, told, done.entered, 0)
        return self.book.tally(step.name)

    def later(self, step: Step, candidates: Candidates, every: int) -> Tally:
        """A later step, on what the one before left in."""
        done = self.book.tally(step.name)
        if not done.ended:
            begin = time.perf_counter()
            answers = self._answers(step, candidates, islice(candidates(), done.entered, None))
            self._write(step, answers, done.entered, every, since=begin)
            return self.book.tally(step.name)
        return done

    def _answers(self, step: Step, candidates: Candidates, left: Iterator[Candidate]) -> Iterator[list[Outcome]]:
        if isinstance(step, Streamed):
            return ([one] for one in step.outcomes(left))  # an interrupt costs what is under way, no more
        if isinstance(step, Chosen):
            choice = step.choose(candidates)
            return (outcomes_of(lot, choice, step.stage) for lot in lots_of(left, _CHOSEN_TOGETHER))
        broken = partial(broken_molecule, stage=step.stage)
        return spread(step.work(candidates), lots_of(left, step.together), self.processes, broken)

    def _write(
        self, step: Step, answers: Iterator[list[Outcome]], done: int, every: int, *, since: float | None = None
    ) -> None:
        for count in self.book.write(step.name, _timed(answers, time.perf_counter() if since is None else since)):
            done += count
            self.notify(step.stage, done, every)


def _timed(answers: Iterator[list[Outcome]], begin: float) -> Iterator[tuple[list[Outcome], float]]:
    """Each lot with the seconds since the one before it."""
    for lot in answers:
        now = time.perf_counter()
        yield lot, now - begin
        begin = now


class _Unique:
    """Drops molecules of an InChIKey (of a SMILES, where there is none) that a survivor has."""

    def __init__(self, survivors: Iterable[Candidate]) -> None:
        self.seen = {self._key(one) for one in survivors}

    def __call__(self, lot: list[Outcome]) -> list[Outcome]:
        return [self._one(one) if isinstance(one, Candidate) else one for one in lot]

    def _one(self, one: Candidate) -> Outcome:
        key = self._key(one)
        if key in self.seen:
            return Dropped("duplicate")
        self.seen.add(key)
        return one

    @staticmethod
    def _key(one: Candidate) -> str:
        return one.molecule.key or one.molecule.smiles


def _counted(steps: tuple[Step, ...], tallies: list[Tally]) -> Iterator[StageCount]:
    stages = dict.fromkeys(step.stage for step in steps)
    for stage in stages:
        yield _count(stage, [tally for step, tally in zip(steps, tallies, strict=True) if step.stage == stage])


def _count(stage: Stage, tallies: list[Tally]) -> StageCount:
    dropped: dict[str, int] = {}
    for tally in tallies:
        for key, count in tally.dropped.items():
            dropped[key] = dropped.get(key, 0) + count
    return StageCount(
        stage,
        entered=tallies[0].entered,
        kept=tallies[-1].kept,
        dropped=tuple(sorted(dropped.items(), key=lambda one: (-one[1], one[0]))),
        failed=sum(tally.failures for tally in tallies),
        seconds=sum(tally.seconds for tally in tallies),
    )
