"""Architecture search: which network and plan answer best on the validation part, within a budget, by Optuna.

Trials are proposed by a tree-structured Parzen estimator (Bergstra et al. 2011), ended early where their validation
figure lags behind the others' (median rule, or Hyperband of Li et al. 2018), and kept in a journal, so that a search
that was interrupted goes on. The best figure of many trials is better than the model: measure it on a part not used.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import torch

from suwen.errors import InputError, MissingExtraError
from suwen.learn.figures import score
from suwen.learn.fit import Progress, Trained, train
from suwen.learn.lesson import Lesson
from suwen.learn.measure.drawing import Chart, Line, draw
from suwen.learn.nets.catalogue import build
from suwen.learn.nouns import Examples
from suwen.learn.parallel import run_all
from suwen.learn.plan import Plan
from suwen.learn.source import Source, source_of
from suwen.learn.space import Space

__all__ = ["Budget", "Searched", "Trial", "search"]

_ASKED = 10  # times as many proposals as trials: those that are too large cost nothing, but must end
_WORDS = {
    "en": (
        "Figure against size",
        "number of weights, power of ten",
        "validation figure",
        "trials",
        "best of their size",
    ),
    "zh": ("指标与规模", "权重数（10 的幂）", "验证指标", "全部试验", "同规模最优"),
}


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be spent: trials that are trained, seconds of the clock, weights of a network, early ending.

    `pruner` is `median`, `hyperband` or `none`; it needs a plan whose `watch` is a figure of its own, not the loss.
    """

    trials: int = 20
    seconds: float = 3600.0
    weights: int = 2_000_000
    pruner: str = "median"

    def __post_init__(self) -> None:
        if (
            self.trials < 1
            or self.seconds <= 0
            or self.weights < 1
            or self.pruner not in {"median", "hyperband", "none"}
        ):
            raise InputError("a budget has trials, seconds, weights, and the pruner median, hyperband or none")


@dataclass(frozen=True, slots=True)
class Trial:
    """One network that was tried: `ending` is `complete`, `pruned`, `too large` or `failed`.

    `figure` is the watched figure of the best epoch on the validation part, higher is better; None unless complete.
    """

    number: int
    ending: str
    figure: float | None
    weights: int
    seconds: float
    epochs: int
    settings: dict[str, Any] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Searched:
    """All trials in the order they were proposed, and the lesson of the best."""

    trials: tuple[Trial, ...]
    best: Lesson
    watch: str

    @property
    def pareto(self) -> tuple[Trial, ...]:
        """Complete trials that no other beats with as few weights, the smallest first."""
        kept: list[Trial] = []
        for trial in sorted(_complete(self.trials), key=lambda one: (one.weights, -_figure(one), one.number)):
            if not kept or _figure(trial) > _figure(kept[-1]):
                kept.append(trial)
        return tuple(kept)

    def to_csv(self) -> str:
        """The trials as a table: one row each, settings and plan values as JSON."""
        written = io.StringIO()
        rows = csv.writer(written, lineterminator="\n")
        rows.writerow(["number", "ending", self.watch, "weights", "seconds", "epochs", "settings", "plan"])
        for one in self.trials:
            texts = (json.dumps(one.settings, sort_keys=True), json.dumps(one.plan, sort_keys=True))
            figure = "" if one.figure is None else one.figure
            rows.writerow([one.number, one.ending, figure, one.weights, round(one.seconds, 2), one.epochs, *texts])
        return written.getvalue()

    def svg(self, lang: Literal["zh", "en"] = "en") -> str:
        """Figure against number of weights, the best of each size marked, as an SVG document."""
        title, across, up, every, best = _WORDS[lang]
        groups = {every: sorted(_complete(self.trials), key=lambda one: one.weights), best: self.pareto}
        lines = [
            Line(name, [(math.log10(one.weights), _figure(one)) for one in group], grey=name == every, marks=True)
            for name, group in groups.items()
        ]
        x, y = zip(*lines[0].points, strict=True)
        ranges = ((min(x) - 0.1, max(x) + 0.1), (min(y) - 0.02, max(y) + 0.02))
        return draw(Chart(title, across, f"{up} ({self.watch})", *ranges, lines), lang)


@dataclass(frozen=True)
class _Job:
    """What one worker needs: sent to another process as it is."""

    worker: int
    workers: int
    journal: Path
    study: str
    lesson: Lesson
    space: Space
    budget: Budget
    training: Examples
    validation: Examples
    seed: int
    end: float  # by the clock of `time.time`, which processes share


class _EndedError(Exception):
    """Leaves a training early; not an error of anyone's."""

    def __init__(self, ending: str) -> None:
        super().__init__(ending)
        self.ending = ending


def search(  # noqa: PLR0913  # a search has this many parts
    lesson: Lesson,
    training: Examples,
    validation: Examples,
    space: Space,
    *,
    budget: Budget | None = None,
    folder: Path | None = None,
    workers: int = 1,
    seed: int = 0,
    notify: Callable[[Trial], None] = lambda _trial: None,
    run: Callable[..., Sequence[Any]] = run_all,
) -> Searched:
    """Try networks of `space` in the place of the lesson's, each trained by its plan once, with the plan's seed.

    With a `folder`, trials are kept in `search.journal` there, and the same call goes on; trials already made count.
    One worker proposes the same trials for the same seed, interrupted or not, as long as time does not run out.
    Several train at once on `run` (processes, or Ray where the caller has joined a cluster), one thread each, and
    `notify` hears of trials at the end only.

    Raises:
        InputError: no trial was complete within the budget, or the folder holds another search.
        MissingExtraError: optuna is not installed.

    """
    budget = budget or Budget()
    if folder is None:
        with TemporaryDirectory() as there:
            return search(
                lesson, training, validation, space,
                budget=budget, folder=Path(there), workers=workers, seed=seed, notify=notify, run=run,
            )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    name = _fingerprint(lesson, space, training, validation, seed)
    journal, end = folder / "search.journal", time.time() + budget.seconds
    study = _opened(journal, name, budget, lesson.plan.epochs)
    _bury(study)
    jobs = [
        _Job(worker, workers, journal, name, lesson, space, budget, training, validation, seed, end)
        for worker in range(workers)
    ]
    if workers == 1:
        _work(jobs[0], notify)
    else:
        run(_work, jobs)
    found = tuple(_read(one) for one in study.get_trials(deepcopy=False) if "ending" in one.user_attrs)
    if workers > 1:
        for trial in found:
            notify(trial)
    return Searched(found, _best(lesson, space, found), lesson.plan.watch)


def _optuna() -> Any:
    try:
        import optuna  # noqa: PLC0415
    except ModuleNotFoundError:
        raise MissingExtraError("optuna", "learn") from None
    return optuna


def _opened(journal: Path, name: str, budget: Budget, epochs: int) -> Any:
    """The study in the journal, made where there is none."""
    optuna = _optuna()
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(journal)))
        names = optuna.get_all_study_names(storage)
        if names and name not in names:
            raise InputError("the folder holds the search of another lesson, space, seed or data; give another folder")
        return optuna.create_study(
            storage=storage, study_name=name, direction="maximize", load_if_exists=True, pruner=_pruner(budget, epochs)
        )
    finally:
        optuna.logging.set_verbosity(before)


def _pruner(budget: Budget, epochs: int) -> Any:
    pruners = _optuna().pruners
    if budget.pruner == "median":
        return pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=max(1, epochs // 10))
    return pruners.NopPruner() if budget.pruner == "none" else pruners.HyperbandPruner(1, epochs)


def _bury(study: Any) -> None:
    """Trials of a process that died are not under way any more."""
    states = _optuna().trial.TrialState
    for one in study.get_trials(deepcopy=False, states=(states.RUNNING,)):
        study.tell(one.number, state=states.FAIL)


def _work(job: _Job, notify: Callable[[Trial], None] = lambda _trial: None) -> int:
    """Make trials until the budget is spent; gives back how many this worker made."""
    if job.workers > 1:
        torch.set_num_threads(1)
    study = _opened(job.journal, job.study, job.budget, job.lesson.plan.epochs)
    parts = source_of(job.training, job.lesson.prepare), source_of(job.validation, job.lesson.prepare)
    made = 0
    while time.time() < job.end and _left(study, job.budget):
        ended = _tried(study, job, parts)
        if ended is not None:
            made += 1
            notify(_read(ended))
    return made


def _left(study: Any, budget: Budget) -> bool:
    endings = [one.user_attrs.get("ending", "") for one in study.get_trials(deepcopy=False) if not _dead(one)]
    return len(endings) < _ASKED * budget.trials and len(endings) - endings.count("too large") < budget.trials


def _dead(trial: Any) -> bool:
    return bool(trial.state == _optuna().trial.TrialState.FAIL)


def _tried(study: Any, job: _Job, parts: tuple[Source, Source]) -> Any:
    """One trial proposed, trained and told; None where time ran out."""
    optuna = _optuna()
    states, begin = optuna.trial.TrialState, time.perf_counter()
    done = sum(not _dead(one) for one in study.get_trials(deepcopy=False))
    digest = hashlib.sha256(f"{job.seed} {job.worker} {done}".encode()).digest()
    study.sampler = optuna.samplers.TPESampler(seed=int.from_bytes(digest[:4], "big"), n_startup_trials=5)
    trial = study.ask()
    settings, plan = job.space.drawn(trial)
    trial.set_user_attr("settings", settings)
    trial.set_user_attr("plan", plan)
    try:
        figure, epochs = _figure_of(trial, job, settings, replace(job.lesson.plan, **plan), parts)
        ending, state = "complete", states.COMPLETE
    except _EndedError as ended:
        if ended.ending == "time":
            study.tell(trial, state=states.FAIL)
            return None
        figure, epochs, ending, state = None, len(_reports(study, trial)), ended.ending, states.PRUNED
    trial.set_user_attr("epochs", epochs)
    trial.set_user_attr("seconds", time.perf_counter() - begin)
    trial.set_user_attr("ending", ending)
    return study.tell(trial, figure, state=state)


def _reports(study: Any, trial: Any) -> dict[int, float]:
    found: dict[int, float] = study.get_trials(deepcopy=False)[trial.number].intermediate_values
    return found


def _figure_of(
    trial: Any, job: _Job, settings: dict[str, Any], plan: Plan, parts: tuple[Source, Source]
) -> tuple[float, int]:
    whole = {**_base(job.lesson, job.space), **settings}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        network = build(job.space.kind, whole)
    weights = sum(one.numel() for one in network.parameters())
    trial.set_user_attr("weights", weights)
    if weights > job.budget.weights:
        raise _EndedError("too large")

    def watched(progress: Progress) -> None:
        if time.time() > job.end:
            raise _EndedError("time")
        if progress.step == 1 and plan.watch in progress.figures:  # the figures are those of the epoch before
            trial.report(score(plan.watch, dict(progress.figures), 0.0), progress.epoch - 1)
            if trial.should_prune():
                raise _EndedError("pruned")

    try:
        trained = train(network, *parts, plan, augment=job.lesson.augmentations(), notify=watched)
    except InputError:  # a rate so high that the loss is no number: the search learns to keep away
        raise _EndedError("failed") from None
    return _reached(trained), len(trained.history)


def _reached(trained: Trained) -> float:
    epoch = trained.history[trained.best - 1]
    return score(trained.plan.watch, dict(epoch.figures), epoch.validation_loss)


def _base(lesson: Lesson, space: Space) -> dict[str, Any]:
    """Settings that the search leaves alone: those of the lesson where its network is of the same kind, or that fit."""
    settings = dict(lesson.network["settings"])
    if lesson.network["kind"] == space.kind:
        return settings
    return {name: value for name, value in settings.items() if name in {"axes", "channels", "outputs", "features"}}


def _read(trial: Any) -> Trial:
    kept = trial.user_attrs
    return Trial(
        trial.number,
        kept["ending"],
        trial.value if kept["ending"] == "complete" else None,
        kept["weights"],
        kept["seconds"],
        kept["epochs"],
        kept["settings"],
        kept["plan"],
    )


def _complete(trials: Sequence[Trial]) -> list[Trial]:
    return [one for one in trials if one.ending == "complete"]


def _figure(trial: Trial) -> float:
    return -math.inf if trial.figure is None else trial.figure


def _best(lesson: Lesson, space: Space, trials: Sequence[Trial]) -> Lesson:
    """The lesson with the network and plan of the highest figure; of equals, the one with fewer weights."""
    complete = _complete(trials)
    if not complete:
        raise InputError("no trial was complete within the budget; give it more seconds, trials or weights")
    best = max(complete, key=lambda one: (_figure(one), -one.weights, -one.number))
    network = {"kind": space.kind, "settings": {**_base(lesson, space), **best.settings}}
    return replace(lesson, network=network, plan=replace(lesson.plan, **best.plan))


def _fingerprint(lesson: Lesson, space: Space, training: Examples, validation: Examples, seed: int) -> str:
    parts = [lesson.values(), dict(lesson.network), lesson.prepare.values(), asdict(space), seed]
    text = json.dumps([*parts, training.digest(), validation.digest()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
