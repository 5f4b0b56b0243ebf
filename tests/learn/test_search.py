"""Proves the architecture search: budget and size kept, seeded, resumable, pruned, parallel, best put in a lesson."""

from __future__ import annotations

import csv
import io
import math
import sys
import types
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from suwen.errors import InputError, MissingExtraError
from suwen.learn.fit import train
from suwen.learn.lesson import Lesson
from suwen.learn.nets.catalogue import build
from suwen.learn.nouns import Examples, Task
from suwen.learn.parallel import run_all
from suwen.learn.plan import Plan
from suwen.learn.search import Budget, Searched, Trial, search
from suwen.learn.source import source_of
from suwen.learn.space import SPACES, Among, Real, Space, Whole

pytest.importorskip("optuna", reason="architecture search needs optuna")

SPACE = Space(
    "perceptron",
    {"width": Whole(2, 32, 2), "stages": Whole(1, 2), "activation": Among(("relu", "silu"))},
    {"rate": Real(1e-4, 3e-2, log=True)},
)
LESSON = Lesson(
    "test", "1", {}, {}, "MIT", {"kind": "perceptron", "settings": {"features": 4, "drop": 0.0}},
    plan=Plan(epochs=4, batch=32, watch="auc"),
)  # fmt: skip
BUDGET = Budget(trials=8, pruner="none")


def table(n: int, seed: int) -> Examples:
    rng = np.random.default_rng(seed)
    inputs = rng.normal(0, 1, (n, 4)).astype(np.float32)
    labels = (inputs[:, 0] * inputs[:, 1] > 0).astype(np.int64)
    return Examples(inputs, labels, Task.CLASSES, ("no", "yes"))


PARTS = table(96, 0), table(64, 1)


def sought(**changes: Any) -> Searched:
    return search(LESSON, *PARTS, SPACE, **{"budget": BUDGET, **changes})


@pytest.fixture(scope="module")
def found() -> Searched:
    return sought()


def outcome(one: Searched) -> list[tuple[Any, ...]]:
    return [(trial.ending, trial.figure, trial.weights, trial.settings, trial.plan) for trial in one.trials]


def test_the_best_lesson_trains_to_the_figure_it_was_chosen_by(found: Searched) -> None:
    figures = [trial.figure for trial in found.trials]
    assert len(found.trials) == 8
    assert None not in figures
    network = found.best.network
    import torch  # noqa: PLC0415

    with torch.random.fork_rng():
        torch.manual_seed(found.best.plan.seed)
        net = build(network["kind"], network["settings"])
    assert network["settings"]["features"] == 4
    trained = train(net, *(source_of(part) for part in PARTS), found.best.plan)
    assert trained.history[trained.best - 1].figures["auc"] == max(figures)  # type: ignore[type-var]


def test_the_same_seed_proposes_the_same_and_another_seed_others(found: Searched) -> None:
    assert outcome(sought(budget=replace(BUDGET, trials=3))) == outcome(found)[:3]
    assert outcome(sought(budget=replace(BUDGET, trials=3), seed=1)) != outcome(found)[:3]


class _KilledError(Exception):
    """Stands for a process that died."""


def test_killed_and_resumed_equals_uninterrupted(found: Searched, tmp_path: Path) -> None:
    made: list[Trial] = []

    def kill(trial: Trial) -> None:
        made.append(trial)
        if len(made) == 3:
            raise _KilledError

    with pytest.raises(_KilledError):
        sought(folder=tmp_path, notify=kill)
    later: list[Trial] = []
    resumed = sought(folder=tmp_path, notify=later.append)
    assert outcome(resumed) == outcome(found)
    assert len(later) == 5


def test_killed_within_a_trial_the_trial_is_made_again(
    found: Searched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def broken(*args: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise _KilledError
        return train(*args, **options)

    monkeypatch.setattr("suwen.learn.search.train", broken)
    with pytest.raises(_KilledError):
        sought(folder=tmp_path)
    assert outcome(sought(folder=tmp_path)) == outcome(found)


def test_a_finished_search_is_not_made_again(tmp_path: Path) -> None:
    small = replace(BUDGET, trials=2)
    first, heard = sought(folder=tmp_path, budget=small), list[Trial]()
    assert sought(folder=tmp_path, budget=small, notify=heard.append) == first
    assert not heard


@pytest.mark.parametrize(
    "change", [{"seed": 5}, {"space": replace(SPACE, plan={})}, {"lesson": replace(LESSON, rule="x")}]
)
def test_the_journal_of_another_search_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    small = replace(BUDGET, trials=1)
    sought(folder=tmp_path, budget=small)
    seed = change.get("seed", 0)
    with pytest.raises(InputError, match="another"):
        search(
            change.get("lesson", LESSON), *PARTS, change.get("space", SPACE), budget=small, folder=tmp_path, seed=seed
        )


def test_no_network_above_the_limit_is_trained_and_they_cost_no_trial() -> None:
    limit = 150
    found = sought(budget=replace(BUDGET, weights=limit, trials=4))
    large = [trial for trial in found.trials if trial.weights > limit]
    assert large
    assert {trial.ending for trial in large} == {"too large"}
    assert all(trial.epochs == 0 and trial.figure is None for trial in large)
    assert sum(trial.weights <= limit for trial in found.trials) == 4
    assert sum(one.numel() for one in build(**_network(found.best)).parameters()) <= limit


def _network(lesson: Lesson) -> dict[str, Any]:
    return {"kind": lesson.network["kind"], "settings": lesson.network["settings"]}


def test_a_space_in_which_nothing_fits_ends_and_is_told() -> None:
    with pytest.raises(InputError, match="budget"):
        sought(budget=replace(BUDGET, weights=1, trials=1))


def test_time_ends_a_search_in_the_middle_of_a_trial() -> None:
    with pytest.raises(InputError, match="seconds"):
        search(
            replace(LESSON, plan=replace(LESSON.plan, epochs=4000)), *PARTS, SPACE, budget=replace(BUDGET, seconds=0.3)
        )


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_what_lags_behind_ends_early(pruner: str) -> None:
    space = Space("perceptron", {"width": Among((16,)), "stages": Among((1,))}, {"rate": Among((1e-7, 1e-7, 3e-2))})
    plan = replace(LESSON.plan, epochs=12)
    found = search(replace(LESSON, plan=plan), *PARTS, space, budget=Budget(trials=14, pruner=pruner), seed=3).trials
    pruned = [trial for trial in found if trial.ending == "pruned"]
    assert pruned
    assert all(0 < trial.epochs < 12 and trial.figure is None for trial in pruned)
    assert all(trial.epochs == 12 for trial in found if trial.ending == "complete")


def test_a_training_that_fails_is_listed_and_the_search_goes_on() -> None:
    space = Space("perceptron", {"activation": Among(("relu",))}, {"rate": Among((1e-3, 1e30))})
    lesson = replace(LESSON, plan=replace(LESSON.plan, clip=None, optimiser="sgd"))
    found = search(lesson, *PARTS, space, budget=Budget(trials=8, pruner="none"))
    endings = {trial.ending for trial in found.trials}
    assert endings == {"complete", "failed"}
    assert found.best.plan.rate == 1e-3


def test_two_workers_share_one_budget(tmp_path: Path) -> None:
    sent: list[Any] = []

    def run(work: Callable[[Any], int], jobs: Sequence[Any]) -> list[int]:
        import torch  # noqa: PLC0415

        before = torch.get_num_threads()
        sent.extend(jobs)
        try:
            return [work(replace(jobs[0], budget=replace(BUDGET, trials=2))), work(jobs[1])]
        finally:
            torch.set_num_threads(before)

    heard: list[Trial] = []
    found = sought(folder=tmp_path, workers=2, run=run, budget=replace(BUDGET, trials=5), notify=heard.append)
    assert [job.worker for job in sent] == [0, 1]
    assert 5 <= len(found.trials) <= 8
    assert tuple(heard) == found.trials
    drawn = [(str(trial.settings), str(trial.plan)) for trial in found.trials]
    assert len(set(drawn)) == len(drawn)


def test_jobs_run_on_processes_in_their_order() -> None:
    assert run_all(math.sqrt, [4.0, 9.0, 16.0], workers=2) == [2.0, 3.0, 4.0]
    with pytest.raises(ValueError, match=r"domain|nonnegative"):
        run_all(math.sqrt, [4.0, -1.0], workers=2)


@pytest.mark.parametrize("joined", [True, False])
def test_ray_is_used_where_the_caller_has_joined_a_cluster(monkeypatch: pytest.MonkeyPatch, joined: bool) -> None:
    calls: list[float] = []

    class Remote:
        def __init__(self, work: Callable[[float], float]) -> None:
            self.work = work

        def remote(self, job: float) -> Callable[[], float]:
            calls.append(job)
            return lambda: self.work(job)

    ray = types.ModuleType("ray")
    ray.__dict__.update(is_initialized=lambda: joined, remote=Remote, get=lambda asked: [one() for one in asked])
    monkeypatch.setitem(sys.modules, "ray", ray)
    assert run_all(math.sqrt, [4.0, 9.0]) == [2.0, 3.0]
    assert calls == ([4.0, 9.0] if joined else [])


def trial(number: int, figure: float | None, weights: int) -> Trial:
    return Trial(number, "pruned" if figure is None else "complete", figure, weights, 1.0, 3)


def test_pareto_holds_what_no_smaller_network_reaches() -> None:
    trials = (
        trial(0, 0.8, 100), trial(1, 0.7, 200), trial(2, 0.9, 300), trial(3, None, 10),
        trial(4, 0.9, 300), trial(5, 0.8, 90), trial(6, 0.9, 500),
    )  # fmt: skip
    assert [one.number for one in Searched(trials, LESSON, "auc").pareto] == [5, 2]


def test_table_and_picture_hold_every_trial(found: Searched) -> None:
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert [float(row["auc"]) for row in rows] == [one.figure for one in found.trials]
    for lang in ("en", "zh"):
        svg = found.svg(lang)  # type: ignore[arg-type]
        ElementTree.fromstring(svg)  # noqa: S314
        assert svg.count("<circle") == len(found.trials) + len(found.pareto)


def test_without_optuna_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtraError, match="learn"):
        sought()


class _Edge:
    """Stands for a trial: takes the first or lowest of everything."""

    def suggest_categorical(self, name: str, values: list[Any]) -> Any:
        del name
        return values[0]

    def suggest_int(self, name: str, low: int, high: int, *, step: int) -> int:
        del name
        assert low <= high
        assert (high - low) % step == 0
        return low

    def suggest_float(self, name: str, low: float, high: float, *, log: bool) -> float:
        del name
        assert low < high
        assert low > 0 or not log
        return low


@pytest.mark.parametrize("kind", SPACES)
def test_every_space_builds_networks_of_its_kind(kind: str) -> None:
    settings, plan = SPACES[kind].drawn(_Edge())
    build(kind, settings)
    Plan.of({"epochs": 1, **plan})
    if "widths" in settings:
        factor = 0.5 if kind == "perceptron" else 2
        assert settings["widths"][1:] == [int(width * factor) for width in settings["widths"][:-1]]


@pytest.mark.parametrize(
    ("kind", "settings", "plan"),
    [("nothing", {}, {}), ("residual", {"colour": Whole(1, 2)}, {}), ("residual", {"width": Whole(1, 2)}, {}),
     ("residual", {}, {"colour": Whole(1, 2)})],
)  # fmt: skip
def test_a_space_that_is_none_is_refused(kind: str, settings: dict[str, Any], plan: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        Space(kind, settings, plan)


@pytest.mark.parametrize("values", [{"trials": 0}, {"seconds": 0.0}, {"weights": 0}, {"pruner": "axe"}])
def test_a_budget_that_is_none_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="budget"):
        Budget(**values)


def test_workers_that_begin_together_do_not_propose_the_same(found: Searched) -> None:
    def second_only(work: Callable[[Any], int], jobs: Sequence[Any]) -> list[int]:
        return [work(replace(jobs[1], workers=1))]

    other = sought(workers=2, run=second_only, budget=replace(BUDGET, trials=1))
    assert outcome(other) != outcome(found)[:1]
